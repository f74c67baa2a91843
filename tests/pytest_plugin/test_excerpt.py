"""The excerpt of a map: one line of it, with a caret under the very character."""

from __future__ import annotations

import pytest

from jit_guard.pytest_plugin.failure import tell
from jit_guard.report import Finding


def told(text: str, column: int, line: int = 1) -> list[str]:
    finding = Finding("JG201", "missing-component", "error", "m", map="m.json")
    return list(tell(finding._replace(line=line, column=column), [text]))


@pytest.mark.parametrize(
    ("line", "column", "shown", "caret"),
    [
        ('{"a": "b"}', 7, '  1 | {"a": "b"}', "    |       ^"),
        ('\t"a": "b"', 7, '  1 | \\t"a": "b"', "    |        ^"),
        ('"診斷": "b"', 7, '  1 | "診斷": "b"', "    |         ^"),
        ('"e\u0301": "b"', 7, '  1 | "e\u0301": "b"', "    |      ^"),
        ('"\x1b": "b"', 6, '  1 | "\\x1b": "b"', "    |         ^"),
    ],
    ids=["ASCII", "tab", "wide", "combining", "control"],
)
def test_the_caret_stands_under_the_place(line: str, column: int, shown: str, caret: str) -> None:
    assert told(line, column)[1:] == [shown, caret]


def test_a_long_line_is_cut_around_the_place() -> None:
    line = "x" * 5000 + '"here"' + "y" * 5000
    shown, caret = told(line, 5001)[1:]
    assert len(shown) < 120
    assert shown[caret.index("^")] == '"'
    assert shown.count("…") == 2


def test_a_place_that_the_map_no_longer_has_is_told_without_a_line() -> None:
    assert len(told("{}", 1, line=7)) == 1
    assert told("{}", 9)[2].endswith("^")


def test_a_file_without_an_entry_is_told_by_its_path() -> None:
    finding = Finding("JG301", "orphan-component", "error", "no entry names it", path="a/b.txt")
    assert list(tell(finding, [])) == ["a/b.txt: JG301 orphan-component  no entry names it"]
