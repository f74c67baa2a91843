"""Faults that `selftest` injects into registries of any shape.

A registry has no place of its own for one more entry, so a real entry is changed: the text that
its target is made of. What a change means is not computed but read: the changed file is parsed, and
what is new in it is the fault.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from posixpath import splitext
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from jit_guard.registry.registry import Registry, RegistryEntry, read
from jit_guard.registry.syntax.syntax import syntax_name
from jit_guard.registry.target import RESERVED
from jit_guard.registry.tree_globs import TreeGlobs
from jit_guard.rules.fault import GOAL, Breakage, CannotInjectError
from jit_guard.text.names import never_counts, unportable

if TYPE_CHECKING:
    from jit_guard.config import Settings
    from jit_guard.contracts.contract import Contract

_T = TypeVar("_T")
_MOST = 20  # entries that are tried
_INSIDE = "jit_guard_selftest.txt"


class _Slot(NamedTuple):
    """A text that a target is made of: a value or a key, and what it is now."""

    keys: tuple[str, ...]
    is_key: bool
    now: Any


class RegistrySample:
    """The parts of a registry that a fault is injected into; the interface is that of `Sample`.

    Args:
        registry: has at least one entry.
        together: the files whose entries count as those of one registry.
        named: the paths that entries name, which are not orphans, nor is what they contain.
    """

    def __init__(self, registry: Registry, together: Sequence[str], named: frozenset[str]) -> None:
        self.map = registry.path
        self.text = registry.text
        self._registry = registry
        self._table = registry.table
        self._syntax = registry.table.syntax or syntax_name(registry.path) or "json"
        self._together = together
        self._named = named
        self._renamed: dict[str, tuple[str, RegistryEntry]] = {}
        all_directories = all(one.directory for one in registry.listed[0].paths)
        self.noun = "directory" if all_directories else "file"

    def entry(self, filename: str) -> dict[str, Any]:
        """Return the registry with an entry that names something of this name."""
        return {self.map: self._rename(filename)[0]}

    def path(self, filename: str) -> str:
        """Return the path of a file that makes what such an entry names exist."""
        path = self._rename(filename)[1].paths[0]
        return f"{path.path}/{_INSIDE}" if path.directory else path.path

    def unportable(self) -> dict[str, Any]:
        """Return the registry with an entry that names what Windows does not allow."""
        for filename in ("jit_guard:selftest.txt", "aux.txt"):
            try:
                changed, entry = self._rename(filename)
            except CannotInjectError:
                continue
            if any(map(unportable, entry.paths[0].path.split("/"))):
                return {self.map: changed}
        raise CannotInjectError("every name that an entry takes is portable")

    def component(self, filename: str) -> str:
        """Return the path of a file whose content is checked."""
        for path in self._rename(filename)[1].paths:
            if not path.directory:
                return path.path
        raise CannotInjectError("entries name directories, whose files are not read")

    def text_of(self, filename: str) -> str:
        """Return the path of a file that is text."""
        if not self._table.text:
            raise CannotInjectError("the registry has text = false")
        return self.component(filename)

    def orphan(self, filename: str) -> str:
        """Return the path of a file that no entry names."""
        if not self._table.tree:
            raise CannotInjectError("the registry has no tree")
        globs = TreeGlobs(self._table.tree)
        known = splitext(self._registry.listed[0].paths[0].path)[1]
        stem = splitext(filename)[0]
        for pattern in self._table.tree:
            for name in dict.fromkeys((filename, f"{stem}{known}", stem)):
                path = _filled(pattern, name)
                if path is None or never_counts(path.rstrip("/").rpartition("/")[2]):
                    continue
                directory = path.endswith("/")
                accepted = globs.accepts(path.rstrip("/"), directory=directory)
                if accepted and not self._is_named(path.rstrip("/")):
                    return f"{path}{_INSIDE}" if directory else path
        raise CannotInjectError("no path of the tree can be an orphan")

    def broken(self) -> Breakage:
        """Return the registry with text that has not its syntax."""
        return Breakage("a closing bracket precedes the registry", {self.map: f"]\n{self.text}"})

    def badly_encoded(self) -> Breakage:
        """Return the registry with an illegal encoding."""
        return Breakage("the registry is not valid UTF-8", {self.map: self.text.encode() + b"\xff"})

    def repeated(self) -> Breakage:
        """Return the registry with one more key, which is defined twice."""
        if self._syntax == "toml":
            raise CannotInjectError("a repeated key is invalid TOML, which is JG001")
        for text in self._with_repeated_key():
            found = self._read(text)
            if found is not None and found.repeats_keys:
                return Breakage("a key is defined twice", {self.map: text})
        raise CannotInjectError("no object of the registry can get one more key")

    def emptied(self) -> Breakage:
        """Return the registry without an entry, in all its files."""
        text = "" if self._syntax == "toml" else "{}"
        found = self._read(text)
        if found is None or found.listed or found.problems:
            raise CannotInjectError("the expression also selects the document itself")
        return Breakage("the registry has no entries", dict.fromkeys(self._together, text))

    def wrong_value(self) -> Breakage:
        """Return the registry with a value that names nothing."""

        def replace(slot: _Slot) -> Iterator[str]:
            yield from () if slot.is_key else (self._raw(slot, one) for one in ("true", "{}"))

        found = self._first(replace, lambda changed: changed.problems or None)
        if found is None:
            raise CannotInjectError("whatever the expression selects names something")
        return Breakage("a value is not a name", {self.map: found[0]})

    def misplaced(self) -> Breakage:
        """Return an entry that names something of the wrong kind."""
        changed, entry = self._rename("jit_guard_selftest")
        kinds = {one.directory for one in entry.paths}
        if len(kinds) > 1:
            raise CannotInjectError("an entry may name a file or a directory")
        path = entry.paths[0]
        if path.directory:
            what, there = "an entry names a file as a directory", path.path
        else:
            what, there = "an entry names a directory", f"{path.path}/{_INSIDE}"
        return Breakage(what, {self.map: changed, there: "text"})

    def outside(self) -> Breakage:
        """Return an entry that leads out of the project."""
        depth = max(one.filename.count("/") for one in self._registry.listed[:_MOST])
        up = "../" * (depth + self.map.count("/") + 3)

        def replace(slot: _Slot) -> Iterator[str]:
            if not isinstance(slot.now, (dict, list)):
                yield self._with(slot, lambda tail: f"{up}{tail}")

        found = self._first(
            replace, lambda changed: [one for one in changed.listed if one.unsafe] or None
        )
        if found is None:
            raise CannotInjectError("no entry can lead out of the project")
        return Breakage("an entry leaves the project with ..", {self.map: found[0]})

    def _rename(self, filename: str) -> tuple[str, RegistryEntry]:
        """Return the registry with an entry of this name, and that entry."""
        if filename not in self._renamed:
            known = {one.paths for one in self._registry.listed}
            stem = splitext(filename)[0]

            def replace(slot: _Slot) -> Iterator[str]:
                for name in dict.fromkeys((stem, stem.replace("_", "-"))):
                    yield self._with(slot, partial(_renamed, name))

            def is_new(changed: Registry) -> RegistryEntry | None:
                for one in changed.listed:
                    if one.unsafe is None and one.paths not in known and not changed.problems:
                        return one
                return None

            found = self._first(replace, is_new)
            if found is None:
                raise CannotInjectError("no entry takes another name")
            self._renamed[filename] = found
        return self._renamed[filename]

    def under(self, contract: Contract, settings: Settings) -> Settings:
        """Return the settings with a contract for the targets of this registry."""
        tables = tuple(
            one._replace(contract=contract) if one.number == self._table.number else one
            for one in settings.registry
        )
        return settings._replace(registry=tables)

    def _first(
        self, replace: Callable[[_Slot], Iterator[str]], wanted: Callable[[Registry], _T | None]
    ) -> tuple[str, _T] | None:
        """Return the first changed text that is read as wanted, and what was wanted of it."""
        for entry in islice(self._registry.listed, _MOST):
            for slot in self._slots(entry):
                for text in replace(slot):
                    changed = self._read(text)
                    found = None if changed is None else wanted(changed)
                    if found is not None:
                        return text, found
        return None

    def _read(self, text: str) -> Registry | None:
        found = read(self._table, self.map, text.encode())
        return found if isinstance(found, Registry) else None

    def _slots(self, entry: RegistryEntry) -> Iterator[_Slot]:
        """Yield the texts that the target of an entry may be made of, the likeliest first."""
        names = [part for part, field in reversed(self._table.targets[0].parts) if field]
        names += [one for one in self._table.match if one not in names]
        above = self._around(entry)
        yield _Slot(entry.keys, False, above[-1])
        for name in names:
            for depth, one in reversed(list(enumerate(above))):
                if name not in RESERVED and isinstance(one, dict) and name in one:
                    yield _Slot((*entry.keys[:depth], name), False, one[name])
                    break
        for depth in range(len(entry.keys), 0, -1):
            if isinstance(above[depth - 1], dict):
                yield _Slot(entry.keys[:depth], True, entry.keys[depth - 1])

    def _around(self, entry: RegistryEntry) -> list[Any]:
        """Return the values around an entry from the top, and its own."""
        found = [self._registry.value]
        for key in entry.keys:
            found.append(found[-1][int(key) if isinstance(found[-1], list) else key])
        return found

    def _with(self, slot: _Slot, name: Callable[[str], str]) -> str:
        """Return the registry with another last name in a slot."""
        now = str(slot.now)
        bare = now.rstrip("/")
        head, slash, tail = bare.rpartition("/")
        if tail in ("", ".", ".."):
            head, slash, tail = bare, "/" if bare else "", ""
        new = f"{head}{slash}{name(tail)}{now[len(bare) :]}"
        return self._raw(slot, json.dumps(new, ensure_ascii=False))  # in every syntax

    def _raw(self, slot: _Slot, spelled: str) -> str:
        """Return the registry with a literal in place of a value or a key."""
        member = self._registry.positions.find(slot.keys)
        if member is None:
            return self.text
        span = member.key_span if slot.is_key else member.value_span
        return f"{self.text[: span.start]}{spelled}{self.text[span.end :]}"

    def _with_repeated_key(self) -> Iterator[str]:
        """Yield texts in which the object around an entry may have a key twice."""
        for entry in islice(self._registry.listed, _MOST):
            inside = self._around(entry)[-1]
            keys = [(*entry.keys, key) for key in inside] if isinstance(inside, dict) else []
            keys += [entry.keys[:depth] for depth in range(len(entry.keys), 0, -1)]
            for one in keys:
                member = self._registry.positions.find(one)
                if member is not None:
                    at = member.key_start
                    line = self.text[self.text.rfind("\n", 0, at) + 1 : at]
                    added = f'"{GOAL}": 0'
                    yield f"{self.text[:at]}{added}, {added}, {self.text[at:]}"
                    gap = f"\n{' ' * len(line)}"
                    yield f"{self.text[:at]}{added}{gap}{added}{gap}{self.text[at:]}"

    def _is_named(self, path: str) -> bool:
        names = path.split("/")
        return any("/".join(names[:end]) in self._named for end in range(len(names) + 1))


def _renamed(stem: str, tail: str) -> str:
    return stem + splitext(tail)[1]


def _filled(pattern: str, name: str) -> str | None:
    """Return a path that a glob matches, with a name for its stars; None if that is not easy."""
    if pattern.startswith("!") or "*" not in pattern or any(one in pattern for one in "?[\\"):
        return None
    parts = pattern.split("/")
    stem = splitext(name)[0]
    last = max(number for number, part in enumerate(parts) if part)
    filled = []
    for number, part in enumerate(parts):
        if part in ("*", "**"):
            filled.append(name if number == last == len(parts) - 1 else stem)
        else:
            filled.append(part.replace("*", stem, 1).replace("*", ""))
    return "/".join(filled)
