"""Missing entries, and the positions of their values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_guard.comparison.result import Missing
from jit_guard.config import Settings, TypeSettings
from jit_guard.registry import goal_map
from jit_guard.registry.goal_map import GoalMap

KEYS = st.sampled_from(["A", "B", '"', "\\", '": "', "\n", "é", "$schema", "{", "}", ","])
FILENAMES = st.sampled_from(["x", "y", 'z"', "\\", "{", '": {', "é/}"])
PARTS = st.lists(st.tuples(KEYS, FILENAMES), max_size=4)
MEMBERS = st.lists(st.tuples(KEYS, PARTS), max_size=5)
SPACE = st.text(" \t\r\n", max_size=3)


@st.composite
def maps(draw: st.DrawFn) -> str:
    """Generate the text of a map with any whitespace, escapes and repeated keys."""
    import json

    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=draw(st.booleans()))

    def spaced(*tokens: str) -> str:
        return "".join(f"{draw(SPACE)}{token}" for token in tokens)

    members = []
    for key, parts in draw(MEMBERS):
        if key == "$schema":
            members.append(spaced(quoted(key), ":", quoted(draw(FILENAMES))))
            continue
        inner = ",".join(spaced(quoted(one), ":", quoted(file)) for one, file in parts)
        members.append(spaced(quoted(key), ":", "{", inner, "}"))
    return spaced("{", ",".join(members), "}")


def parsed(text: str) -> GoalMap:
    found = goal_map.parse("goal_map.json", text.encode())
    assert isinstance(found, GoalMap)
    return found


@given(maps(), st.sets(FILENAMES))
def test_entries_are_placed_in_bulk_as_one_by_one(text: str, wanted: set[str]) -> None:
    one = parsed(text)
    absent: dict[str, Any] = {key: wanted for parts in one.goals.values() for key in parts}
    goals = [goal for goal, parts in one.goals.items() if wanted.intersection(parts.values())]
    placed = list(one.placed(goals, absent))
    expected = []
    for entry in one.entries():
        if entry.filename in wanted:
            member = one.positions.find(entry[:2])
            assert member is not None
            expected.append((entry, one.positions.line_column(member.start)))
    assert placed == sorted(expected, key=lambda pair: pair[1])


@given(maps(), st.sets(FILENAMES))
def test_missing_entries_are_counted_and_listed_in_the_order_of_the_map(
    text: str, absent: set[str]
) -> None:
    one = parsed(text)
    settings = Settings(types={"A": TypeSettings("as/deep")})
    missing = Missing([one], settings, {"A": absent, "B": absent} if absent else {})
    expected = [
        entry
        for entry in one.entries()
        if entry.component_type in ("A", "B") and entry.filename in absent
    ]
    assert [reference.entry for reference in missing] == expected
    assert len(missing) == missing.count(one) == len(expected)
    assert sorted(reference.entry for reference, _ in missing.placed(one)) == sorted(expected)
    for reference in missing:
        directory = "as/deep" if reference.entry.component_type == "A" else "Bs"
        assert reference.path == f"components/{directory}/{reference.entry.filename}"


@pytest.mark.parametrize("count", [0, 3])
def test_each_map_has_its_own_missing_entries(count: int) -> None:
    first = parsed('{"A": {"t": "x"}, "B": {"t": "y"}}')
    second = parsed("{" + ",".join(f'"G{number}": {{"t": "x"}}' for number in range(count)) + "}")
    missing = Missing([second, first], Settings(), {"t": {"x"}})
    assert (missing.count(first), missing.count(second), len(missing)) == (1, count, count + 1)
    assert [one.map for one in missing] == [second] * count + [first]
