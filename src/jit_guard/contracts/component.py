"""A component as a contract sees it: the files that matter, and what an entry says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from jit_guard.contracts.agreement import directory_of
from jit_guard.contracts.contract import Contract
from jit_guard.errors import ConfigError
from jit_guard.registry.schema import Schema
from jit_guard.registry.syntax.syntax import syntax_name
from jit_guard.registry.target import Context
from jit_guard.text.names import join

MOST_READ = 4_000_000  # bytes of a file; the rest is counted, but not looked at


class LoadedContract(NamedTuple):
    """A contract with its schemas; `where` is its name in messages."""

    where: str
    contract: Contract
    front_matter: Schema | None
    schema: Schema | None


def load(contract: Contract, where: str, read: Callable[[str], bytes | None]) -> LoadedContract:
    """Read the schemas of a contract.

    Args:
        contract: the contract.
        where: the name of its table in the configuration.
        read: returns the bytes of a file of the project; None if it does not exist.

    Raises:
        ConfigError: a schema does not exist, or is not JSON.
        UnreadableError: a path leaves the project, or cannot be read.
    """

    def schema(key: str, path: str | None) -> Schema | None:
        if path is None:
            return None
        data = read(path)
        if data is None:
            raise ConfigError([f"{where}.{key}: {path} does not exist"])
        return Schema.load(path, data)

    front_matter = schema("front-matter", contract.front_matter)
    return LoadedContract(where, contract, front_matter, schema("schema", contract.schema))


class Content(NamedTuple):
    """The bytes of a file, up to `MOST_READ`, and its size."""

    data: bytes
    size: int

    @property
    def cut(self) -> bool:
        """Whether the bytes are only the start of the file."""
        return self.size > len(self.data)


class Component(NamedTuple):
    """A component that exists.

    Args:
        path: relative to the root; of a directory, with a final slash.
        contents: the content of each of its `files`, as far as they exist.
        missing: files that the contract requires and that do not exist, with the reason.
        contexts: what the entries that name it say.
    """

    path: str
    contents: Mapping[str, Content]
    missing: Mapping[str, str] = {}
    contexts: tuple[Context, ...] = ()


def goal_map_context(
    goal: str, component_type: str, filename: str, directory: str = "", document: Any = None
) -> Context:
    """Return what an entry of a goal map says of its component.

    Args:
        goal: of the entry.
        component_type: of the entry.
        filename: that it names.
        directory: of the map.
        document: the whole map; None: only this entry is known.
    """
    known = {goal: {component_type: filename}} if document is None else document
    return Context((goal, component_type), filename, known, directory, lambda: filename)


class Files(NamedTuple):
    """The files of a component that a contract is about, as paths; None: there is none.

    Args:
        text: has front matter and headings.
        data: satisfies the schema.
    """

    text: str | None
    data: str | None

    @property
    def paths(self) -> tuple[str, ...]:
        """Each of them once."""
        return tuple(dict.fromkeys(one for one in self if one is not None))


def files(loaded: LoadedContract, path: str) -> Files:
    """Return the files of a component that its contract is about.

    A file component is itself. With a schema beside demands on the text, its suffix decides which
    of them it must meet. Of a directory, these are the first required files of each kind.

    Raises:
        ConfigError: no file of the directory is named.
    """
    contract = loaded.contract
    about_text = bool(contract.front_matter or contract.headings)
    is_about_text = about_text or contract.compares_front_matter
    if not path.endswith("/"):
        if syntax_name(path) is not None:
            return Files(path if contract.schema is None else None, path)
        return Files(path, path if contract.schema is not None and not about_text else None)
    named = [join(directory_of(path), name) for name in contract.requires]
    text = next((one for one in named if syntax_name(one) is None), None)
    data = next((one for one in named if syntax_name(one) is not None), None)
    for key, needed, found in (
        ("front-matter", is_about_text, text),
        ("schema", contract.schema is not None, data),
        ("max-bytes", contract.max_bytes is not None, text or data),
    ):
        if needed and found is None:
            kind = {"schema": "JSON, YAML or TOML ", "front-matter": "text "}.get(key, "")
            raise ConfigError(
                [f"{loaded.where}: {path} is a directory; name its {kind}file in requires"]
            )
    return Files(text, data)


def required(contract: Contract, path: str) -> dict[str, str]:
    """Return each file that a contract requires of a component, with its path."""
    return {name: join(directory_of(path), name) for name in contract.requires}
