"""Plain TOML files are parsed as `tomllib` does; all others are left to it."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_guard.text.plain_toml import plain_table

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PLAIN = """\
# what a team writes
maps = ["goal_map.json", "more.json"]
components = "prompts"   # beside the code
types.strategy.directory = "strategies"
types.image.text = false\r
jobs = 8
orphan-ignore = []
"""


def test_plain_lines_are_read() -> None:
    assert plain_table(PLAIN) == {
        "maps": ["goal_map.json", "more.json"],
        "components": "prompts",
        "types": {"strategy": {"directory": "strategies"}, "image": {"text": False}},
        "jobs": 8,
        "orphan-ignore": [],
    }


@pytest.mark.parametrize(
    "text",
    [
        "[types]",
        "a = 'literal'",
        'a = "\\u0041"',
        'a = """long"""',
        "a = 1.5",
        "a = 01",
        "a = 1_000",
        "a = 2026-01-01",
        "a = [1,\n2]",
        "a = {b = 1}",
        "a = 1\na = 2",
        "a = 1\na.b = 2",
        "a.b = 1\na = 2",
        "a = [1]\na.b = 2",
        "a",
        "a = ",
        "= 1",
        '"a b" = 1',
        "a = 1 b = 2",
        "# bell \x07",
        "a = 1\r",
        "\ufeffa = 1",
        'a = "tab\tin it"',
    ],
)
def test_any_other_line_needs_a_parser(text: str) -> None:
    assert plain_table(text) is None


KEYS = st.lists(st.sampled_from(["a", "b", "maps", "x-y", "1", "é"]), min_size=1, max_size=3)
VALUES = st.sampled_from(
    ["1", "0", "-1", "true", "false", '"x"', '"é\u2028"', '"\\n"', "[]", '["x", 2]', "[1,]", "1e3"]
)
ENDS = st.sampled_from(["", " # note", "#", "\t", "\r", " \x00"])
LINES = st.one_of(
    st.builds(lambda keys, value, end: f"{'.'.join(keys)} = {value}{end}", KEYS, VALUES, ENDS),
    st.text(alphabet="ab=.[]\"'#, \t\r1", max_size=12),
)


@given(st.lists(LINES, max_size=5), st.sampled_from(["\n", "\r\n"]))
def test_it_never_differs_from_a_parser(lines: list[str], end: str) -> None:
    text = end.join(lines)
    found = plain_table(text)
    if found is not None:
        expected: dict[str, Any] = tomllib.loads(text)
        assert found == expected
        assert repr(found) == repr(expected)  # true is not 1
