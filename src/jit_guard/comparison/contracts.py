"""The contract pass: the components that exist, against the contracts of their types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from jit_guard.comparison.content import STARTS
from jit_guard.comparison.content import Content as ContentPass
from jit_guard.comparison.result import Comparison, Reference
from jit_guard.config import Settings, toml_key
from jit_guard.contracts.component import (
    MOST_READ,
    Component,
    Content,
    LoadedContract,
    files,
    goal_map_context,
    load,
    required,
)
from jit_guard.contracts.contract import Contract
from jit_guard.contracts.examination import Examiner, codes_about_content, is_text
from jit_guard.contracts.violation import Violation
from jit_guard.errors import ConfigError, UnreadableError
from jit_guard.registry.goal_map import Entry, GoalMap
from jit_guard.registry.syntax.syntax import MissingLibraryError
from jit_guard.registry.target import Context
from jit_guard.sources.answers import SUBMODULE
from jit_guard.sources.read_maps import Maps
from jit_guard.sources.source import Chunks, Source
from jit_guard.sources.tree import Tree
from jit_guard.text.names import by_directory, join

if TYPE_CHECKING:
    from jit_guard.registry.registry import Registry


class Broken(NamedTuple):
    """A violation of a contract, and the first entry that names the component."""

    reference: Reference
    violation: Violation


class Contracted(NamedTuple):
    """What the contract pass found.

    Args:
        broken: every violation.
        unread: files whose content git keeps elsewhere -> why.
        unchecked: codes of the rules that could not be checked for them.
        unreadable: files that could not be read.
        not_text: files that are not UTF-8.
    """

    broken: list[Broken]
    unread: dict[str, str]
    unchecked: dict[str, None]
    unreadable: list[UnreadableError]
    not_text: list[str]


class _Named(NamedTuple):
    """A component that exists, and the entries that name it. A directory has a final slash."""

    path: str
    references: list[Reference]


Named = dict[str, _Named]  # by real path


def load_contracts(source: Source, settings: Settings) -> dict[str, LoadedContract]:
    """Read the schemas of every contract, by the name of its table in the configuration.

    Raises:
        ConfigError: a schema does not exist, or is not JSON.
        UnreadableError: a path leaves the project, or cannot be read.
    """
    types = {of_type(name): one.contract for name, one in settings.types.items()}
    tables = {of_table(one.number): one.contract for one in settings.registry}
    return {
        where: load(contract, where, source.read)
        for where, contract in {**types, **tables}.items()
        if contract is not None
    }


def verify_contracts(source: Source, settings: Settings) -> None:
    """Check the schemas of every contract. Raises ConfigError, UnreadableError."""
    from jit_guard.registry.bounded import apply

    for loaded in load_contracts(source, settings).values():
        for schema in filter(None, (loaded.front_matter, loaded.schema)):
            apply(schema, ())


def of_type(name: str) -> str:
    """Return the name of the table of a component type's contract."""
    return f"types.{toml_key(name)}.contract"


def of_table(number: int) -> str:
    """Return the name of the table of a registry's contract."""
    return f"registry[{number}].contract"


def check_contracts(
    source: Source,
    settings: Settings,
    maps: Maps,
    tree: Tree,
    comparison: Comparison,
    content: ContentPass,
) -> Contracted:
    """Examine every component that exists and has a contract, once.

    A file with a problem that the content pass reports, such as an empty one, is not examined.

    Raises:
        ConfigError: a contract cannot be applied.
        UnreadableError: a schema cannot be read.
    """
    contracts = load_contracts(source, settings)
    together: dict[Contract, tuple[LoadedContract, Named]] = {}  # equal contracts are one
    named: dict[str, Named] = {}
    for where, one in contracts.items():
        _, named[where] = together.setdefault(one.contract, (one, {}))
    _add_components(named, settings, maps.read, tree, comparison)
    found = Contracted([], {}, {}, [], [])
    with_contract = [one for one in maps.registries if one.table.contract is not None]
    if with_contract:
        _add_targets(named, with_contract, tree, contracts, found)
    reported = {*content.empty, *content.blank, *content.drafts, *content.vanished}
    reported.update(path for path, _ in content.not_text)
    forms = {path: f"is {form.one}" for path, form in content.converted}
    for loaded, components in together.values():
        reader = _Reader(source, tree, loaded, reported, forms, found)
        try:
            violations = reader.violations(components)
        except MissingLibraryError as error:
            raise ConfigError([f"{loaded.where}: {error}"]) from None
        for path, some in violations.items():
            found.broken.extend(Broken(components[path].references[0], one) for one in some)
    return _without_filtered(source, found)


def _add_components(
    named: Mapping[str, Named],
    settings: Settings,
    maps: Iterable[GoalMap],
    tree: Tree,
    comparison: Comparison,
) -> None:
    """Add the components of goal maps that exist as their entries spell them."""
    types = {one: of_type(one) for one in settings.types if of_type(one) in named}
    unsafe = {one.reference.path for one in comparison.unsafe}
    for goal_map in maps:
        for goal, parts in goal_map.goals.items():
            for component_type, filename in parts.items():
                if component_type not in types:
                    continue
                path = settings.path(component_type, filename)
                place = tree.resolve(path)
                if place.kind == "file" and place.spelled == path and path not in unsafe:
                    entry = Entry(goal, component_type, filename)
                    reference = Reference(goal_map, entry, path)
                    _add(named[types[component_type]], place.real, reference)


def _add_targets(
    named: Mapping[str, Named],
    registries: Iterable[Registry],
    tree: Tree,
    contracts: Mapping[str, LoadedContract],
    found: Contracted,
) -> None:
    """Add the targets of other registries that exist as their entries spell them."""
    from jit_guard.comparison.modules import Modules
    from jit_guard.comparison.registries import land

    modules = Modules(tree)
    for registry in registries:
        where = of_table(registry.table.number)
        for entry in registry.entries():
            if entry.unsafe is not None:
                continue
            path, place = landing = land(entry, tree, modules)
            if place.what == SUBMODULE:
                codes = ("JG604", *codes_about_content(contracts[where].contract))
                found.unread[path.shown] = "is in a git submodule"
                found.unchecked.update(dict.fromkeys(codes))
            elif landing.exists and place.spelled == path.path:
                slash = "/" if path.directory else ""
                reference = Reference(registry, entry, path.shown)
                _add(named[where], f"{place.real}{slash}", reference)


def _add(named: Named, path: str, reference: Reference) -> None:
    named.setdefault(path, _Named(path, [])).references.append(reference)


def context_of(reference: Reference) -> Context:
    """Return what an entry says of its component."""
    registry, entry = reference.map, reference.entry
    if not isinstance(registry, GoalMap):
        return registry.context_of(entry.keys)
    directory = registry.path.rpartition("/")[0]
    goal, kind = entry.goal, entry.component_type
    return goal_map_context(goal, kind, entry.filename, directory, registry.value)


class _Reader:
    """Reads the components of one contract and examines them, one after the other."""

    def __init__(
        self,
        source: Source,
        tree: Tree,
        loaded: LoadedContract,
        reported: set[str],
        forms: Mapping[str, str],
        found: Contracted,
    ) -> None:
        self._source = source
        self._tree = tree
        self._loaded = loaded
        self._reported = reported
        self._forms = forms
        self._found = found
        self._examiner = Examiner(loaded)
        self._waiting: dict[str, Component] = {}
        self._left: dict[str, int] = {}  # files of a component that are still to be read
        self._paths: dict[str, list[tuple[str, str]]] = {}  # real path -> component, and its path

    def violations(self, components: Named) -> dict[str, list[Violation]]:
        """Return the violations of each component, by its path."""
        for one in components.values():
            self._expect(one)
        for directory, names in sorted(by_directory(self._paths).items()):
            for name, chunks in self._source.chunks(directory, names):
                self._give(join(directory, name), self._content(directory, name, chunks))
        return self._examiner.violations()

    def _expect(self, named: _Named) -> None:
        """Find the files of a component; examine it at once if none is to be read."""
        path = named.path
        compares = bool(self._loaded.contract.equal)
        contexts = tuple(map(context_of, named.references)) if compares else ()
        missing = dict(self._missing(path)) if self._loaded.contract.requires else {}
        component = Component(path, {}, missing, contexts)
        wanted: dict[str, str | None] = {}
        if codes_about_content(self._loaded.contract):
            is_file = not path.endswith("/")  # and then its path is the real one
            named_files = files(self._loaded, path).paths
            wanted = {one: one if is_file else self._real(one) for one in named_files}
        here = {one: real for one, real in wanted.items() if real and self._is_here(real)}
        if not here:
            self._examiner.add(component)
            return
        self._waiting[path] = component
        self._left[path] = len(here)
        for one, real in here.items():
            self._paths.setdefault(str(real), []).append((path, one))

    def _is_here(self, path: str) -> bool:
        """Return whether the content of a file is to be read."""
        if path in self._forms:
            self._unread(path, self._forms[path])
            return False
        return path not in self._reported

    def _missing(self, path: str) -> Iterator[tuple[str, str]]:
        for name, needed in required(self._loaded.contract, path).items():
            place = self._tree.resolve(needed)
            if place.kind == "absent":
                yield name, "does not exist"
            elif place.kind != "file":
                yield name, "is not a file"
            elif place.spelled != needed:
                yield name, f"does not exist, but {place.spelled} does, in another case"

    def _real(self, path: str) -> str | None:
        place = self._tree.resolve(path)
        return place.real if place.kind == "file" and place.spelled == path else None

    def _content(
        self, directory: str, name: str, chunks: Chunks | UnreadableError | None
    ) -> Content | None:
        """Return the content of a file; None if it is not examined."""
        path = join(directory, name)
        if chunks is None:
            return None
        try:
            if isinstance(chunks, UnreadableError):
                raise chunks
            content = _read(chunks)
        except UnreadableError as error:
            self._found.unreadable.append(error)
            return None
        if content.data.startswith(STARTS):
            from jit_guard.text.stored_form import stored_form

            form = stored_form(content.data)
            if form is not None:
                self._unread(path, f"is {form.one}")
                return None
        if not (content.data.isascii() or is_text(content)):
            self._found.not_text.append(path)
        return content

    def _give(self, path: str, content: Content | None) -> None:
        """Give a content to the components that it is a part of, and examine what is complete."""
        for owner, one in self._paths.pop(path, ()):
            if content is not None:
                component = self._waiting[owner]
                contents = {**component.contents, one: content}
                self._waiting[owner] = component._replace(contents=contents)
            self._left[owner] -= 1
            if not self._left[owner]:
                self._examiner.add(self._waiting.pop(owner))

    def _unread(self, path: str, why: str) -> None:
        self._found.unread[path] = why
        self._found.unchecked.update(dict.fromkeys(codes_about_content(self._loaded.contract)))


def _read(chunks: Chunks) -> Content:
    """Return the start of a file, and its size."""
    first = next(chunks, b"")
    data, size = [first], len(first)
    for piece in chunks:
        if size < MOST_READ:
            data.append(piece)
        size += len(piece)
    return Content(b"".join(data)[:MOST_READ], size)


def _without_filtered(source: Source, found: Contracted) -> Contracted:
    """Return what was found without files that are not texts here, but what a filter made."""
    paths = {one.violation.path for one in found.broken if one.violation.line is not None}
    if not paths:
        return found
    try:
        filtered = source.filtered(by_directory(paths), sorted(paths.intersection(found.not_text)))
    except UnreadableError as error:
        found.unreadable.append(error)
        return found
    if not filtered:
        return found
    from jit_guard.text.stored_form import filtered as form_of

    kept: list[Broken] = []
    for one in found.broken:
        if one.violation.path in filtered:
            found.unchecked[one.violation.code] = None
        else:
            kept.append(one)
    unread = {path: f"is {form_of(attribute).one}" for path, attribute in filtered.items()}
    return found._replace(broken=kept, unread={**found.unread, **unread})
