"""Suggested descriptions read like English."""

from __future__ import annotations

import pytest

from jit_guard.fixing.descriptions import suggestion
from jit_guard.registry.goal_map import Entry


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (Entry("GREET", "persona", "host.txt"), "A persona to greet: host"),
        (Entry("B", "evaluation", "autogen_x.txt"), "An evaluation to b"),
        (Entry("B", "Outline", "b.txt"), "An outline to b"),
        (Entry("B", "日本", "x.txt"), "A 日本 to b: x"),
    ],
)
def test_a_suggestion_is_made_of_the_names(entry: Entry, words: str) -> None:
    assert suggestion(entry) == words
