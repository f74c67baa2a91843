"""A registry's file, read: the entries that the table selects, and the paths that they name."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

from jit_guard.registry import strict_json
from jit_guard.registry.goal_map import MapFault, Position, fault_at
from jit_guard.registry.positions import Positions
from jit_guard.registry.schema import Violation
from jit_guard.registry.selection import Deadline, Selected
from jit_guard.registry.strict_json import ReadError
from jit_guard.registry.syntax.spans import Spans
from jit_guard.registry.syntax.syntax import Document, syntax, syntax_name
from jit_guard.registry.table import Table
from jit_guard.registry.target import (
    Context,
    MissingFieldError,
    OutsideTargetError,
    Path,
    normalized,
)
from jit_guard.text.printable import quote


class RegistryEntry(NamedTuple):
    """An entry: its location as in a JSON Pointer, and the paths that it may name.

    `unsafe`: why a path is not below the root; the only path is then what is written. Such an entry
    has no goal and no component type.
    """

    keys: tuple[str, ...]
    paths: tuple[Path, ...]
    unsafe: str | None = None
    goal: str = ""
    component_type: str = ""

    @property
    def filename(self) -> str:
        """The path that the entry names, the first of several."""
        return self.paths[0].shown


class Registry:
    """A parsed registry file.

    Attributes:
        listed: its entries, in the order of the expression.
        problems: nodes that are selected but name nothing.
    """

    def __init__(self, path: str, text: str, document: Document, table: Table) -> None:
        self.path = path
        self.text = text
        self.value = document.value
        self.repeats_keys = document.repeats_keys
        self.table = table
        self.syntax = _syntax_of(table, path)
        self._document = document
        self.listed: list[RegistryEntry] = []
        self.problems: list[Violation] = []
        deadline = Deadline(len(text))
        for node in table.entries.nodes(self.value, len(text)):
            self._add(node, deadline)

    @cached_property
    def positions(self) -> Positions | Spans:
        """The positions of keys and values in the text, found when first needed."""
        return self._document.spans()

    @property
    def sound(self) -> bool:
        """True if every entry names something, so that all paths that it names are known."""
        return not self.problems

    @property
    def size(self) -> int:
        """The number of entries that name something."""
        return len(self.listed)

    def entries(self) -> list[RegistryEntry]:
        """Return every entry that names something."""
        return self.listed

    def names(self, _keys: tuple[str, ...]) -> tuple[None, None]:
        """Return no goal and no component type: such a registry has none."""
        return None, None

    def position(self, keys: tuple[str, ...]) -> Position:
        """Return line and column of an entry's value, 1-based, in characters."""
        member = self.positions.find(keys)
        return self.positions.line_column(member.start if member else self.positions.top().start)

    def described(self, keys: tuple[str, ...]) -> tuple[str, str]:
        """Return a location in words, and the same with what survives reordering.

        `plugins[3].source` becomes `plugins[review].source`, with the `name` or `id` of an element
        that is an object, the element itself if it is a text or a number, or else the value of
        the entry.
        """
        words, lasting = "", ""
        here = self.value
        value = here
        for key in keys:
            value = value[int(key) if isinstance(value, list) else key]
        for key in keys:
            if isinstance(here, list):
                here = here[int(key)]
                words, lasting = f"{words}[{key}]", f"{lasting}[{_lasting(here, value) or key}]"
            else:
                here = here[key]
                words, lasting = (f"{one}.{key}" if one else key for one in (words, lasting))
        return words, lasting

    @property
    def directory(self) -> str:
        """The directory of the file, relative to the root."""
        return self.path.rpartition("/")[0]

    def context(self, location: tuple[str | int, ...], value: Any) -> Context:
        """Return what the fields of an entry are taken from."""

        def written() -> str:
            member = self.positions.find(tuple(map(str, location)))
            return self.text[member.start : member.end] if member else str(value)

        return Context(location, value, self.value, self.directory, written)

    def context_of(self, keys: tuple[str, ...]) -> Context:
        """Return what the fields of an entry are taken from, by its keys."""
        here, location = self._at(keys)
        context = self.context(location, here)
        return context._replace(groups=self._groups(context, Deadline(len(self.text))) or {})

    def with_value(self, entry: RegistryEntry, value: str) -> RegistryEntry | None:
        """Return what an entry would be if its node were this text; None if it names nothing."""
        if not entry.keys:
            return None
        _, location = self._at(entry.keys)
        around, _ = self._at(entry.keys[:-1])
        before = around[location[-1]]
        around[location[-1]] = value  # fields may be members around the node
        try:
            found = self._read(Selected(location, value), Deadline(len(self.text)))
        finally:
            around[location[-1]] = before
        return found if isinstance(found, RegistryEntry) else None

    def _at(self, keys: tuple[str, ...]) -> tuple[Any, tuple[str | int, ...]]:
        """Return the node at keys, and its location."""
        here = self.value
        location: list[str | int] = []
        for key in keys:
            location.append(int(key) if isinstance(here, list) else key)
            here = here[location[-1]]
        return here, tuple(location)

    def _add(self, node: Selected, deadline: Deadline) -> None:
        found = self._read(node, deadline)
        if isinstance(found, Violation):
            self.problems.append(found)
        elif found is not None:
            self.listed.append(found)

    def _read(self, node: Selected, deadline: Deadline) -> RegistryEntry | Violation | None:
        """Return the entry at a node; why it names nothing; None if there is no entry."""
        keys = tuple(map(str, node.location))
        context = self.context(*node)
        try:
            groups = self._groups(context, deadline)
            if groups is None:
                return None
            context = context._replace(groups=groups)
            base = self.table.base.expand(context)
            targets = [target.expand(context) for target in self.table.targets]
        except MissingFieldError as error:
            field = str(error)
            reason = f"the entry has no {quote(field)}, which its target needs"
            return Violation(keys, "target", reason)
        try:
            paths = tuple(normalized(base, target) for target in targets)
        except OutsideTargetError as error:
            written = (Path(targets[0], directory=False),)
            return RegistryEntry(keys, written, f"the target {error}")
        return RegistryEntry(keys, paths)

    def _groups(self, context: Context, deadline: Deadline) -> dict[str, str] | None:
        """Return the named groups of the `match` patterns; None if one does not match."""
        groups: dict[str, str] = {}
        for field, pattern in self.table.match.items():
            try:
                text = context.field(field)
            except MissingFieldError:
                return None
            found = pattern.fullmatch(text, timeout=deadline.check())
            if found is None:
                return None
            groups |= {name: text for name, text in found.groupdict().items() if text is not None}
        return groups


def _lasting(element: Any, value: Any) -> str | None:
    """Return what identifies an element of an array wherever it is; None if nothing does.

    Args:
        element: the element.
        value: of the entry that is in it.
    """
    own = (element.get("name"), element.get("id")) if isinstance(element, dict) else (element,)
    for one in (*own, value):
        if isinstance(one, (str, int, float)) and not isinstance(one, bool):
            return str(one)
    return None


def read(table: Table, path: str, data: bytes) -> Registry | MapFault:
    """Read a registry file. Raises SelectionError, MissingLibraryError."""
    how = syntax(_syntax_of(table, path))
    try:
        text = how.decode(data)
    except strict_json.EncodingError as error:
        before = data[: error.offset].decode()
        return fault_at("JG003", before, len(before), error.reason)
    try:
        return Registry(path, text, how.read(text), table)
    except ReadError as error:
        return fault_at("JG001", text, error.offset, error.reason)


def _syntax_of(table: Table, path: str) -> str:
    return table.syntax or syntax_name(path) or "json"
