"""Discovery of a project's root and configuration."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from jit_guard.config import (
    CONFIG_FILE,
    GOAL_MAP_FILE,
    PRESETS,
    PYPROJECT,
    Settings,
    from_table,
    toml_key,
)
from jit_guard.errors import ConfigError, OutsideError, UsageError
from jit_guard.named_tuple import NamedTuple
from jit_guard.text.printable import cut_quotes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Path = str | os.PathLike[str]
Reader = Callable[[str], bytes | None]  # a path below the root -> the bytes of the file, or None
_MOST_DOTS = 2000  # in a line: TOML parsers take quadratic time for dotted keys
_MARKS = (CONFIG_FILE, GOAL_MAP_FILE, *PRESETS)


class Configuration(NamedTuple):
    """The settings, the origin of each one that is set, and the configuration file.

    `preset` is the one that was taken because there is no configuration and no goal map.
    """

    settings: Settings
    origins: dict[str, str]
    file: str | None = None
    preset: str | None = None


def find_root(start: str, reader: Callable[[str], Reader]) -> str:
    """Return the nearest project directory at or above `start`, within the git repository.

    A project has a `jit-guard.toml`, a `[tool.jit-guard]`, a `goal_map.json`, or the file of a
    preset. If there is none, the result is `start`, so that the check reports that there is
    nothing to check.

    Args:
        start: an absolute path.
        reader: returns the reader of a directory.
    """
    here = start
    while True:
        if any(os.path.lexists(os.path.join(here, name)) for name in _MARKS):
            return here
        try:
            pyproject = reader(here)(PYPROJECT)
        except OutsideError:
            pyproject = None  # not this project's own; if this is the root, `load` refuses it
        if pyproject is not None and _tool_table(pyproject, PYPROJECT) is not None:
            return here
        parent = os.path.dirname(here)
        if parent == here or os.path.lexists(os.path.join(here, ".git")) or is_bare(here):
            return start
        here = parent


def is_bare(directory: str) -> bool:
    """Check whether a directory is a git directory itself, as a bare repository is."""
    parts = ("HEAD", "objects", "refs")
    return all(os.path.exists(os.path.join(directory, name)) for name in parts)


def existing_directory(path: Path) -> str:
    """Return the absolute path of a directory. Raises UsageError if it is not one."""
    full = os.path.abspath(path)
    if not os.path.lexists(full):
        raise UsageError(f"{os.fspath(path)} does not exist")
    if not os.path.isdir(full):
        raise UsageError(f"{os.fspath(path)} is not a directory")
    return full


def inside(root: str, path: str, what: str) -> str:
    """Convert a path relative to the working directory to one relative to the root.

    Raises UsageError if it is outside the root; `what` is the name of the option.
    """
    relative = below(root, path)
    if relative is None:
        raise UsageError(f"{what} {path} is outside the root {shown(root)}")
    return relative


def below(root: str, path: str) -> str | None:
    """Return a path relative to the root, with `/`; None if it is outside. Follows no links."""
    full = os.path.abspath(path)
    for base in (root, os.path.realpath(root)):
        try:
            relative = os.path.relpath(full, base).replace(os.sep, "/")
        except ValueError:  # another drive on Windows
            continue
        if relative != ".." and not relative.startswith("../"):
            return "" if relative == "." else relative
    return None


def shown(path: str) -> str:
    """Return a path for messages: relative to the working directory if possible."""
    try:
        return os.path.relpath(path).replace(os.sep, "/")
    except ValueError:  # another drive on Windows
        return path.replace(os.sep, "/")


def load(read: Reader) -> Configuration:
    """Load the configuration of a snapshot.

    Args:
        read: returns the bytes of a file, relative to the root; None if it does not exist.

    Raises:
        ConfigError: invalid TOML, unknown keys, invalid values, or two configurations.
    """
    own = read(CONFIG_FILE)
    pyproject = read(PYPROJECT)
    tool = _tool_table(pyproject, PYPROJECT) if pyproject is not None else None
    if own is not None and tool is not None:
        raise ConfigError(
            [f"{CONFIG_FILE} and [tool.jit-guard] in {PYPROJECT} both exist; keep one"]
        )
    if own is not None:
        return _configuration(_toml(own, CONFIG_FILE), CONFIG_FILE)
    if tool is not None:
        return _configuration(tool, f"{PYPROJECT} [tool.jit-guard]")
    return Configuration(Settings(), {})


def detected(found: Configuration, exists: Callable[[str], bool]) -> Configuration:
    """Return the configuration of the preset that fits, if there is none and no goal map.

    Args:
        found: the configuration that was loaded.
        exists: returns whether a path exists in the snapshot.
    """
    if found.file is not None or exists(GOAL_MAP_FILE):
        return found
    preset = next((name for file, name in PRESETS.items() if exists(file)), None)
    if preset is None:
        return found
    where = f"preset {preset}"
    return _configuration({"registry": [{"preset": preset}]}, where)._replace(
        file=None, preset=preset
    )


def load_file(data: bytes, path: str) -> Configuration:
    """Load a configuration file that a flag names; of a `pyproject.toml`, `[tool.jit-guard]`."""
    if os.path.basename(path) == PYPROJECT:
        return _configuration(_tool_table(data, path) or {}, f"{path} [tool.jit-guard]")
    return _configuration(_toml(data, path), path)


def _configuration(table: dict[str, Any], where: str) -> Configuration:
    fields = from_table(table, where)
    if "registry" in fields:
        _read_registries(fields, where)
    settings = Settings(**fields)
    if settings.contracts:
        settings = _with_contracts(settings, where)
    return Configuration(settings, dict.fromkeys(fields, where), where)


def _read_registries(fields: dict[str, Any], where: str) -> None:
    """Replace the registries by validated ones. With them, no goal map is implied."""
    try:
        from jit_guard.registry.table import tables

        fields["registry"], with_goal_map = tables(fields["registry"])
    except ModuleNotFoundError as error:
        missing = f"{error.name} is not installed, and has no wheel for every platform"
        raise ConfigError([f"{where}: registry: {missing}"]) from None
    except ValueError as error:
        raise ConfigError([f"{where}: registry{line}" for line in str(error).split("\n")]) from None
    if not with_goal_map:
        fields.setdefault("maps", ())


def _with_contracts(settings: Settings, where: str) -> Settings:
    """Return the settings with validated contracts. Raises ConfigError."""
    from jit_guard.contracts.contract import parse_contract

    problems: dict[str, None] = {}  # the tables of one preset have the same contract

    def read(name: str, table: Any) -> Any:
        try:
            return None if table is None else parse_contract(table)
        except ValueError as error:
            lines = str(error).split("\n")
            problems.update((f"{where}: {name}.contract{line}", None) for line in lines)
            return None

    types = {
        name: one._replace(contract=read(f"types.{toml_key(name)}", one.contract))
        for name, one in settings.types.items()
    }
    tables = tuple(
        one._replace(contract=read(f"registry[{one.number}]", one.contract))
        for one in settings.registry
    )
    if problems:
        raise ConfigError(list(problems))
    return settings._replace(types=types, registry=tables)


def _tool_table(data: bytes, where: str) -> dict[str, Any] | None:
    # A file without our name, also in UTF-16, needs no TOML parser (escapes can spell a key, too).
    if b"jit-guard" not in data.replace(b"\0", b"") and b"\\u" not in data.lower():
        return None
    tool = _toml(data, where).get("tool")
    table = tool.get("jit-guard") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigError([f"{where}: tool.jit-guard must be a table"])
    return table


def _toml(data: bytes, where: str) -> dict[str, Any]:
    try:
        return _parsed(data, where)
    except ConfigError:
        from jit_guard.text.stored_form import stored_form

        form = stored_form(data)
        if form is None:
            raise
        raise ConfigError([f"{where}: {form.refusal}"]) from None


def _parsed(data: bytes, where: str) -> dict[str, Any]:
    from jit_guard.text.plain_toml import plain_table

    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ConfigError([f"{where}: not UTF-8 (byte {error.start})"]) from None
    plain = plain_table(text)
    if plain is not None:
        return plain
    if any(line.count(".") > _MOST_DOTS for line in text.splitlines()):
        raise ConfigError([f"{where}: a line has more than {_MOST_DOTS:,} dots"])
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise ConfigError([f"{where}: invalid TOML: {cut_quotes(str(error))}"]) from None
