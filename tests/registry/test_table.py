"""A `[[registry]]` of the configuration: what its keys accept, and their defaults."""

from __future__ import annotations

from typing import Any

import pytest

from jit_guard.registry.table import Table, tables

PLAIN = {"file": "r.json", "entries": "$[*]", "target": "docs/{value}"}


def read(**more: Any) -> Table:
    """The only table of a configuration."""
    ((made,), with_goal_map) = tables([{**PLAIN, **more}])
    assert not with_goal_map
    return made


def fault(**more: Any) -> str:
    with pytest.raises(ValueError, match=r"^\[1\]") as caught:
        read(**more)
    return str(caught.value)


def test_the_defaults() -> None:
    made = read()
    assert (made.text, made.required, made.tree, made.number) == (
        True,
        False,
        ("docs/*",),
        1,
    )
    assert (made.several, dict(made.match), made.contract) == (False, {}, None)
    assert read(text=False).text is False
    assert read(file="*/r.json").several


def test_a_pattern_is_short_and_can_be_compiled() -> None:
    assert set(read(match={"value": "a" * 1000, "name": "(?P<lang>..)"}).match) == {"value", "name"}
    for wrong in ("a" * 1001, 1, None, ["a"]):
        words = "[1].match.value must be a pattern of at most 1,000 characters"
        assert fault(match={"value": wrong}) == words
    assert "is not a pattern" in fault(match={"value": "("})
    assert "must be a table of fields and patterns" in fault(match="a")
