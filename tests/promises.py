"""The tables of promises in the documentation, and the tests that they name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
TABLES = "docs/testing.md"  # all promises but those of a page that has its own
OWN_TABLES = ("docs/security.md",)  # | promise | how | tests |, in the section of each promise
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
_SKIPS = ("pytest.skip(", "pytest.xfail(")
_CELL = re.compile(r"(?<!\\)\|")
_SPAN = re.compile(r"`([^`]+)`")
_SECTION = re.compile(r"\[([\w./-]+)\]\(")


class Promise(NamedTuple):
    """A row: what is promised under a heading of a page, and the tests that would fail."""

    page: str  # relative to the root of the repository
    where: str  # the title of the heading
    text: str
    tests: tuple[tuple[str, str], ...]  # file, and a function of it, or nothing for all of it

    @property
    def names(self) -> set[str]:
        """The first words of what is written as code, such as the options."""
        return {span.split()[0] for span in _SPAN.findall(self.text)}


class Exempt(NamedTuple):
    """A page, or one heading of it, that promises nothing, and why."""

    page: str
    where: str
    why: str


@cache
def read(path: str) -> str:
    """The text of a file of the repository."""
    return (ROOT / path).read_text("utf-8")


def pages() -> list[str]:
    """The pages of the documentation that may promise something."""
    found = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md"))
    return ["README.md", *(page for page in found if page != TABLES)]


def titles(page: str) -> list[tuple[int, str]]:
    """The headings of a page, as level and title without markup."""
    prose = re.sub(r"(?ms)^ *```.*?^ *```$", "", read(page))
    found = re.findall(r"(?m)^(#+) (.*)$", prose)
    return [(len(marks), plain(title)) for marks, title in found]


def plain(title: str) -> str:
    """A title without markup, as it is written in the tables."""
    return re.sub(r"\[(.*?)\]\(.*?\)", r"\1", title).replace("`", "").strip()


def promises() -> list[Promise]:
    """All rows of all tables."""
    found = list(_rows_of_all_pages())
    for page in OWN_TABLES:
        found += (
            Promise(page, title, cells[0], _named(cells[-1]))
            for title, cells in _tables(read(page))
            if len(cells) == 3 and _named(cells[-1])
        )
    return found


def exempt() -> list[Exempt]:
    """What the last table lists: pages and headings that promise nothing."""
    found = []
    for title, cells in _tables(read(TABLES)):
        if title == "What promises nothing":
            page, where, why = cells
            found.append(Exempt(_page(page), plain(where), why))
    return found


@cache
def _parsed(path: str) -> ast.Module:
    return ast.parse(read(path))


@cache
def functions(path: str) -> dict[str, ast.FunctionDef]:
    """The test functions of a file, also those in classes; by name, whatever their parameters."""
    body = _parsed(path).body
    inner = [one for part in body if isinstance(part, ast.ClassDef) for one in part.body]
    return {
        one.name: one
        for one in (*body, *inner)
        if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")
    }


def always_skipped(path: str, test: str) -> bool:
    """Whether a test never runs: a skip without a condition, or an expected failure."""
    marks = [
        one.value
        for one in _parsed(path).body
        if isinstance(one, ast.Assign)
        and isinstance(one.targets[0], ast.Name)
        and one.targets[0].id == "pytestmark"
    ]
    function = functions(path)[test]
    first = next((one for one in function.body if not _is_docstring(one)), None)
    ends = isinstance(first, ast.Expr) and ast.unparse(first).startswith(_SKIPS)
    return ends or any(
        re.search(r"pytest\.mark\.(skip|xfail)\b", ast.unparse(mark))
        for mark in (*marks, *function.decorator_list)
    )


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _rows_of_all_pages() -> Iterator[Promise]:
    for title, cells in _tables(read(TABLES)):
        if title.endswith(".md"):
            page = title if title == "README.md" else f"docs/{title}"
            where, text, tests = cells
            yield Promise(page, plain(where), text, _named(tests))


def _tables(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the rows of all tables, without their heads, with the title of the section."""
    title, head = "", True
    for line in text.splitlines():
        if line.startswith("#"):
            title = plain(line.lstrip("#"))
        if not line.startswith("| "):
            head = True
        elif re.fullmatch(r"[| :-]+", line):
            head = False
        elif not head:
            yield title, [cell.strip() for cell in _CELL.split(line)[1:-1]]


def _named(cell: str) -> tuple[tuple[str, str], ...]:
    return tuple(_TEST.findall(cell))


def _page(cell: str) -> str:
    found = _SECTION.search(cell)
    name = found[1] if found else cell
    return name if name == "README.md" else f"docs/{name}"
