"""Finding the project: its root, and its configuration file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from jit_guard.config import CONFIG_FILE, PYPROJECT, Settings, from_table
from jit_guard.errors import ConfigError, UsageError
from jit_guard.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Path = str | os.PathLike[str]
Reader = Callable[[str], bytes | None]  # a path -> the bytes of its file, or None
_MARKS = (CONFIG_FILE, Settings().maps[0])


class Configuration(NamedTuple):
    """Settings, the file they come from, and for each key that is set what set it."""

    settings: Settings
    origins: dict[str, str]
    file: str | None = None


def find_root(start: str, read: Reader) -> str:
    """The nearest folder at or above `start` that is a project, not above the git top.

    A project holds `jit-guard.toml`, a `[tool.jit-guard]` or a `goal_map.json`. When there is
    none, `start` itself, so that the check can say that there is nothing to check.

    Args:
        start: an absolute path.
        read: gives the bytes of a file at an absolute path, or None.
    """
    here = start
    while True:
        if any(os.path.lexists(os.path.join(here, name)) for name in _MARKS):
            return here
        pyproject = read(os.path.join(here, PYPROJECT))
        if pyproject is not None and _tool_table(pyproject, PYPROJECT) is not None:
            return here
        parent = os.path.dirname(here)
        if parent == here or os.path.lexists(os.path.join(here, ".git")):
            return start
        here = parent


def existing_folder(path: Path) -> str:
    """The absolute path of a folder. Raises UsageError when there is none."""
    full = os.path.abspath(path)
    if not os.path.isdir(full):
        raise UsageError(f"{os.fspath(path)} is not a directory")
    return full


def inside(root: str, path: str, what: str) -> str:
    """A path relative to the working directory, made relative to the root.

    Raises UsageError when it lies outside the root; `what` names the option.
    """
    full = os.path.abspath(path)
    for base in (root, os.path.realpath(root)):
        relative = os.path.relpath(full, base).replace(os.sep, "/")
        if relative != ".." and not relative.startswith("../"):
            return "" if relative == "." else relative
    raise UsageError(f"{what} {path} lies outside the root {shown(root)}")


def shown(path: str) -> str:
    """An absolute path as it is shown: relative to the working directory where it can be."""
    try:
        return os.path.relpath(path).replace(os.sep, "/")
    except ValueError:  # another drive on Windows
        return path.replace(os.sep, "/")


def load(read: Reader) -> Configuration:
    """The configuration of a snapshot.

    Args:
        read: gives the bytes of a file at a path relative to the root, or None.

    Raises:
        ConfigError: unreadable TOML, wrong keys or values, or two configurations at once.
    """
    own = read(CONFIG_FILE)
    pyproject = read(PYPROJECT)
    tool = _tool_table(pyproject, PYPROJECT) if pyproject is not None else None
    if own is not None and tool is not None:
        raise ConfigError(
            [f"{CONFIG_FILE} and [tool.jit-guard] in {PYPROJECT} both stand; keep one of them"]
        )
    if own is not None:
        return _configuration(_toml(own, CONFIG_FILE), CONFIG_FILE)
    if tool is not None:
        return _configuration(tool, f"{PYPROJECT} [tool.jit-guard]")
    return Configuration(Settings(), {})


def load_file(data: bytes, path: str) -> Configuration:
    """The configuration of a file that a flag names: `[tool.jit-guard]` in a `pyproject.toml`."""
    if os.path.basename(path) == PYPROJECT:
        return _configuration(_tool_table(data, path) or {}, f"{path} [tool.jit-guard]")
    return _configuration(_toml(data, path), path)


def _configuration(table: dict[str, Any], where: str) -> Configuration:
    fields = from_table(table, where)
    return Configuration(Settings(**fields), dict.fromkeys(fields, where), where)


def _tool_table(data: bytes, where: str) -> dict[str, Any] | None:
    # A file that never says our name needs no TOML parser (a key can be spelled by escapes).
    if b"jit-guard" not in data and b"\\u" not in data.lower():
        return None
    tool = _toml(data, where).get("tool")
    table = tool.get("jit-guard") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigError([f"{where}: tool.jit-guard must be a table"])
    return table


def _toml(data: bytes, where: str) -> dict[str, Any]:
    from jit_guard.text.plain_toml import plain_table

    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ConfigError([f"{where}: not UTF-8 (byte {error.start})"]) from None
    plain = plain_table(text)
    if plain is not None:
        return plain
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise ConfigError([f"{where}: not TOML: {error}"]) from None
