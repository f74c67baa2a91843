"""The library: a table of goals and component types for each map, a list for each registry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from jit_guard.formats.html.markup import breakable, count, identifier, name, path
from jit_guard.inventory.inventory import STATUSES, Component, Inventory, ListedEntry, Register
from jit_guard.registry.positions import pointer
from jit_guard.report import Finding

MOST_TYPES = 40  # columns; more are a list
SPARSE = 4  # cells for each entry; more are a list
_WIDE = 7  # columns that fit on a screen
_ELSEWHERE = "elsewhere"
MEANINGS = {
    "missing": "an entry names it, and it does not exist",
    "broken": "it exists, but not as its entry needs it",
    "orphan": "no entry names it",
    "unclear": "no known entry names it",
    "draft": "still the generated draft",
    "untracked": "git does not have it",
    "generated": "written by a generator",
    "present": "nothing is special about it",
}


class Cell(NamedTuple):
    """A place in a table: the id of its link, the component, and what the link says."""

    id: str
    path: str
    label: str


class Row(NamedTuple):
    """A row of a table: its header, and its cells by column."""

    header: str
    cells: dict[str, list[Cell]]


class Table(NamedTuple):
    """A table; `corner` is the header of its first column."""

    title: str
    size: str
    corner: str
    columns: tuple[str, ...]
    rows: list[Row]


class Library:
    """An inventory as tables."""

    def __init__(self, inventory: Inventory | None) -> None:
        empty = Inventory((), {}, {})
        self.known = inventory is not None
        self.inventory = inventory or empty
        self.components = self.inventory.components
        self.named_by: dict[str, list[tuple[Register, ListedEntry]]] = {}
        self._by_pointer: dict[tuple[str, str], str] = {}
        for register in self.inventory.registers:
            for entry in register.entries:
                self.named_by.setdefault(entry.path, []).append((register, entry))
                self._by_pointer[register.path, pointer(*entry.keys)] = entry.path
        self.tables = [
            *(_table_of(one) for one in self.inventory.registers if one.entries),
            *self._unnamed(),
        ]

    @property
    def rules(self) -> str:
        """The rules of the style sheet that depend on the tables: the number of columns."""
        sizes = sorted({len(one.columns) for one in self.tables})
        return "".join(f".n{size}{{--n:{size}}}\n" for size in sizes)

    def concerned(self, finding: Finding) -> list[str]:
        """The listed components that a finding is about: that of its entry, and its own path."""
        pointer = "" if finding.in_path else finding.pointer or ""
        entry = self._by_pointer.get((finding.map or "", pointer))
        found = dict.fromkeys((entry, finding.path))
        return [one for one in found if one is not None and one in self.components]

    def _unnamed(self) -> Iterator[Table]:
        """The table of what no entry names, with the columns of the maps."""
        unnamed = self.inventory.unnamed
        if not unnamed:
            return
        certain = self.inventory.certain
        types = dict.fromkeys(one for each in self.inventory.registers for one in each.types)
        columns = tuple(one for one in types if len(types) <= MOST_TYPES)
        if not columns or any(one is None for one in unnamed.values()):
            columns = (*columns, _ELSEWHERE if columns else "status")
        rows = []
        for one, component_type in unnamed.items():
            column = component_type if component_type in columns else columns[-1]
            cell = Cell(identifier("e", one), one, "no entry" if certain else "not known")
            rows.append(Row(path(one), {column or columns[-1]: [cell]}))
        title = "Files that no entry names" if certain else "Files that no known entry names"
        yield Table(title, count(self.inventory.unnamed_size, "file"), "File", columns, rows)


def _table_of(register: Register) -> Table:
    goals: dict[str, list[ListedEntry]] = {}
    for entry in register.entries:
        goals.setdefault(entry.goal or "", []).append(entry)
    size = count(register.size, "entry", "entries")
    cells = len(goals) * len(register.types)
    if (
        not register.types
        or len(register.types) > MOST_TYPES
        or cells > SPARSE * register.size + 50
    ):
        rows = [
            Row(breakable(_words(entry)), {"component": [_cell(register, entry, entry.path)]})
            for entry in register.entries
        ]
        return Table(name(register.path), size, "Entry", ("component",), rows)
    rows = [
        Row(
            breakable(goal),
            {
                entry.component_type or "": [_cell(register, entry, _filename(entry))]
                for entry in entries
            },
        )
        for goal, entries in goals.items()
    ]
    size = f"{count(len(goals), 'goal')}, {size}"
    return Table(name(register.path), size, "Goal", register.types, rows)


def _cell(register: Register, entry: ListedEntry, label: str) -> Cell:
    return Cell(entry_id(register, entry), entry.path, label)


def entry_id(register: Register, entry: ListedEntry) -> str:
    """The id of the link of an entry."""
    return identifier("e", register.path, *entry.keys)


def _words(entry: ListedEntry) -> str:
    return entry.words or "/".join(filter(None, (entry.goal, entry.component_type)))


def _filename(entry: ListedEntry) -> str:
    return entry.path.rpartition("/")[2] or entry.path


def library_section(library: Library) -> Iterator[str]:
    """The filter, and every table."""
    if not library.known:
        return
    yield '<section id="library" aria-label="Library">'
    yield "<h2>Library</h2>"
    if not library.components:
        yield '<p class="more">There is no entry and no component.</p></section>'
        return
    yield from _filter(library)
    for number, table in enumerate(library.tables, 1):
        yield from _table(table, f"t{number}", library.components)
    yield "</section>"


def _filter(library: Library) -> Iterator[str]:
    """Radio buttons that filter by status without a script, and a field that needs one."""
    counts = Counter(one for each in library.components.values() for one in each.statuses)
    yield '<form class="filter" role="search">'
    yield '<label class="search" hidden><span class="v">Filter by name or text</span>'
    yield '<input type="search" id="search" placeholder="Filter by name or text" '
    yield 'autocomplete="off" spellcheck="false" enterkeyhint="search"><kbd>/</kbd></label>'
    yield '<fieldset><legend class="v">Show</legend>'
    yield '<input type="radio" name="show" id="show-all" value="" checked>'
    yield f'<label for="show-all">all <b>{len(library.components):,}</b></label>'
    for status in STATUSES:
        if counts[status]:
            yield f'<input type="radio" name="show" id="show-{status}" value="{status}">'
            yield f'<label for="show-{status}" class="s-{status}" title="{MEANINGS[status]}">'
            yield f"{status} <b>{counts[status]:,}</b></label>"
    yield '</fieldset><output id="count" for="search" aria-live="polite"></output></form>'


def _table(table: Table, number: str, components: Mapping[str, Component]) -> Iterator[str]:
    wide = ' wide" tabindex="0' if len(table.columns) > _WIDE else ""
    yield f'<div class="frame{wide}" role="region" aria-labelledby="{number}">'
    yield f'<h3 id="{number}">{table.title} <span class="number">{table.size}</span></h3>'
    yield f'<table role="table" class="n{len(table.columns)}" aria-labelledby="{number}">'
    yield '<thead role="rowgroup"><tr role="row">'
    yield f'<th role="columnheader" scope="col">{table.corner}</th>'
    for column in table.columns:
        yield f'<th role="columnheader" scope="col">{name(column)}</th>'
    yield '</tr></thead><tbody role="rowgroup">'
    columns = [(one, name(one)) for one in table.columns]
    for row in table.rows:
        yield from _row(row, columns, components)
    yield "</tbody></table></div>"


def _row(
    row: Row, columns: list[tuple[str, str]], components: Mapping[str, Component]
) -> Iterator[str]:
    paths = [cell.path for cells in row.cells.values() for cell in cells]
    known = {status for one in paths for status in components[one].statuses}
    statuses = " ".join(one for one in STATUSES if one in known)
    yield f'<tr role="row" data-s="{statuses}"><th role="rowheader" scope="row">{row.header}</th>'
    for column, label in columns:
        links = "".join(_link(cell, components) for cell in row.cells.get(column, ()))
        yield f'<td role="cell" data-t="{label}">{links}</td>'
    yield "</tr>"


def _link(cell: Cell, components: Mapping[str, Component]) -> str:
    status = components[cell.path].statuses[0]
    return (
        f'<a id="{cell.id}" class="s-{status}" href="#{identifier("c", cell.path)}">'
        f'<span class="v">{status}: </span>{name(cell.label)}</a>'
    )
