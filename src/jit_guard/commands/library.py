"""An existing library of components, as `init` brings it in: a map that names every file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, count
from json import dumps
from typing import NamedTuple

from jit_guard.config import toml_key, toml_string
from jit_guard.errors import UnreadableError
from jit_guard.sources.source import Source
from jit_guard.sources.tree import Tree
from jit_guard.text.derived import goal_name, singular, words_of
from jit_guard.text.names import join, never_counts, temporary, unsafe_filename
from jit_guard.text.printable import printable

TOP = ""  # the directory of the files directly in the components directory
_NUL_WITHIN = 8000  # bytes, as in git
NameType = Callable[[str, str], str]


class LeftOut(NamedTuple):
    """A file without an entry. `pattern`: for `orphan-ignore`, if that is where it belongs."""

    path: str
    why: str
    pattern: str | None = None


class Library(NamedTuple):
    """What was found below the components directory.

    Attributes:
        goals: goal -> component type -> filename.
        directories: component type -> its directory, relative to the components directory.
        binary: the component types without a text file.
        left_out: the files without an entry.
    """

    goals: Mapping[str, Mapping[str, str]]
    directories: Mapping[str, str]
    binary: frozenset[str]
    left_out: tuple[LeftOut, ...]

    @property
    def entries(self) -> int:
        """The number of entries."""
        return sum(map(len, self.goals.values()))

    def map(self, schema: str) -> str:
        """Return the text of the map. `schema`: where its JSON Schema is, as seen from it."""
        return dumps({"$schema": schema, **self.goals}, indent=2, ensure_ascii=False) + "\n"

    def settings(self) -> list[str]:
        """Return the configuration lines without which the check would not find the files."""
        lines: list[str] = []
        for component_type, directory in self.directories.items():
            key = f"types.{toml_key(component_type)}"
            if directory != f"{component_type}s":
                lines.append(f"{key}.directory = {toml_string(directory or '.')}")
            if component_type in self.binary:
                lines.append(f"{key}.text = false")
        patterns = dict.fromkeys(one.pattern for one in self.left_out if one.pattern)
        if patterns:
            listed = ", ".join(map(toml_string, filter(None, patterns)))
            lines.insert(0, f"orphan-ignore = [{listed}]")
        return lines


def read_library(source: Source, components: str, name_type: NameType) -> Library:
    """Read the files below the components directory.

    A file `protocols/triage.txt` becomes the goal `TRIAGE` with that protocol. The first directory
    is the component type; what is below it belongs to the filename.

    Args:
        source: the worktree.
        components: the real components directory, relative to the root.
        name_type: returns the component type of a directory, given a suggestion.
    """
    tree = Tree(source)
    files, left_out = _files(tree, components)
    ignored = source.ignored([join(components, path) for path in files])
    kept = [path for path in files if join(components, path) not in ignored]
    left_out += (LeftOut(path[len(components) + 1 :], "git ignores it") for path in sorted(ignored))
    by_directory: dict[str, dict[str, bool]] = {}
    for path in kept:
        directory = path.partition("/")[0] if "/" in path else TOP
        text = _is_text(source, join(components, path))
        if text is None:
            left_out.append(LeftOut(path, "it cannot be read"))
        else:
            by_directory.setdefault(directory, {})[path] = text
    goals: dict[str, dict[str, str]] = {}
    directories: dict[str, str] = {}
    binary: set[str] = set()
    for directory in sorted(by_directory, key=lambda one: (one == TOP, one)):
        found = by_directory[directory]
        component_type = name_type(directory, _suggested(directory, components, directories))
        directories[component_type] = directory
        if not any(found.values()):
            binary.add(component_type)
        for path, text in found.items():
            if not text and component_type not in binary:
                left_out.append(LeftOut(path, "it is not text", _pattern(path)))
                continue
            filename = path[len(directory) + 1 :] if directory else path
            goals.setdefault(_goal(goals, component_type, filename), {})[component_type] = filename
    order = sorted(left_out)
    return Library(goals, directories, frozenset(binary), tuple(order))


def _files(tree: Tree, components: str) -> tuple[list[str], list[LeftOut]]:
    """Return the files that may get an entry, relative to the components directory, in order."""
    found: list[str] = []
    left_out: list[LeftOut] = []
    for directory, listing in tree.walk(components).items():
        below = directory[len(components) :].strip("/")
        for name in sorted({*listing.files, *listing.links, *listing.others}):
            path = join(below, name)
            hidden = next((part for part in path.split("/") if part.startswith(".")), None)
            if unsafe := unsafe_filename(path):
                left_out.append(LeftOut(path, unsafe[0]))
            elif never_counts(name):
                left_out.append(LeftOut(path, "a file of this name is not a component"))
            elif temporary(name):
                left_out.append(LeftOut(path, "it looks like a temporary file"))
            elif hidden is not None:
                above = path[: path.index(hidden) + len(hidden)]
                left_out.append(LeftOut(path, "it is hidden", _pattern(above)))
            elif name in listing.others:
                left_out.append(LeftOut(path, f"it is a {listing.others[name]}"))
            elif name in listing.files or (kind := tree.resolve(join(directory, name)).kind) == (
                "file"
            ):
                found.append(path)
            elif kind == "directory":
                left_out.append(LeftOut(path, "it is a link to a directory", _pattern(path)))
            else:
                left_out.append(LeftOut(path, "it is a link that leads to no file of the project"))
    return found, left_out


def _is_text(source: Source, path: str) -> bool | None:
    """Check whether a file is text; None if it cannot be read."""
    try:
        data = source.read(path)
    except UnreadableError:  # or it leads outside
        return None
    if data is None or b"\0" in data[:_NUL_WITHIN]:
        return None if data is None else False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _suggested(directory: str, components: str, taken: Mapping[str, str]) -> str:
    """Return a component type for a directory that no other directory has."""
    base = directory or components.rpartition("/")[2]
    for name in (singular(base), base):
        if name not in taken:
            return name
    return next(name for name in _numbered(base) if name not in taken)


def _goal(goals: Mapping[str, Mapping[str, str]], component_type: str, filename: str) -> str:
    """Return a goal for a file that has no component of this type yet."""
    name = goal_name(filename) or "GOAL"
    suffix = "_".join(words_of(filename.rpartition(".")[2] if "." in filename else ""))
    names = (name, *([f"{name}_{suffix.upper()}"] if suffix else []))
    possible = chain(names, _numbered(name))
    return next(goal for goal in possible if component_type not in goals.get(goal, ()))


def _numbered(name: str) -> Iterator[str]:
    return (f"{name}_{number}" for number in count(2))


def _pattern(path: str) -> str | None:
    """Return the gitignore pattern of exactly this path; None if a configuration cannot hold it."""
    if printable(path) != path:
        return None
    escaped = re.sub(r"([\\*?\[\]!#])", r"\\\1", path)
    if escaped.endswith(" "):
        escaped = f"{escaped[:-1]}\\ "
    return f"/{escaped}"
