"""The excerpt of a map: one line, with a caret under the exact character."""

from __future__ import annotations

import pytest

from jit_guard.formats.block import lines_of
from jit_guard.pytest_plugin.failure import describe
from jit_guard.report import Finding


def described(text: str, column: int, line: int = 1) -> list[str]:
    finding = Finding("JG201", "missing-component", "error", "m", map="m.json")
    return list(
        describe(
            finding._replace(line=line, column=column), lines_of(text.encode(), [line]).get(line)
        )
    )


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
def test_the_caret_is_under_the_position(line: str, column: int, shown: str, caret: str) -> None:
    assert described(line, column)[1:] == [shown, caret]


def test_a_long_line_is_cut_around_the_position() -> None:
    line = "x" * 5000 + '"here"' + "y" * 5000
    shown, caret = described(line, 5001)[1:]
    assert len(shown) < 120
    assert shown[caret.index("^")] == '"'
    assert shown.count("…") == 2


def test_a_position_that_the_map_no_longer_has_shows_no_line() -> None:
    assert len(described("{}", 1, line=7)) == 1
    assert described("{}", 9)[2].endswith("^")


def test_a_file_without_an_entry_is_described_by_its_path() -> None:
    finding = Finding(
        "JG301", "orphan-component", "error", "no entry references this file", path="a/b.txt"
    )
    assert list(describe(finding, None)) == [
        "a/b.txt: JG301 orphan-component  no entry references this file"
    ]
