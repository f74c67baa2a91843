"""The diff of a registry: what it says leads from the old text to the new one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_guard.registry.diff import unified_diff

LINES = st.lists(st.sampled_from(["{", "}", "  1,", "é", ""]), max_size=12)
END = "\\ No newline at end of file"


def applied(diff: list[str], old: str) -> str:
    """Apply a diff as `patch` does, and check its context and the numbers of its lines."""
    assert diff[:2] == ["--- a/x.json", "+++ b/x.json"]
    before, after, at = old.splitlines(keepends=True), "", 0
    body = "\n".join(diff[2:]) + "\n"
    for start, count, new_start, new_count, hunk in re.findall(
        r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n((?:[^@].*\n)+)", body, re.MULTILINE
    ):
        lines = re.findall(rf"^([ +-])(.*\n)({re.escape(END)}\n)?", hunk, re.MULTILINE)
        texts = [(mark, text[:-1] if ends else text) for mark, text, ends in lines]
        first = int(start) - (count != "0")
        assert [text for mark, text in texts if mark != "+"] == before[first:][: int(count or 1)]
        after += "".join(before[at:first])
        assert after.count("\n") == int(new_start) - (new_count != "0")
        new = [text for mark, text in texts if mark != "-"]
        assert len(new) == int(new_count or 1)
        after += "".join(new)
        at = first + int(count or 1)
        changed = [number for number, (mark, _) in enumerate(texts) if mark != " "]
        assert changed[0] <= 3
        assert len(texts) - 1 - changed[-1] <= 3
    return after + "".join(before[at:])


def shown(old: str, new: str) -> list[str]:
    return list(unified_diff("x.json", old.encode(), new.encode()))


@given(LINES, LINES, LINES, LINES, st.sampled_from(["", "\n"]), st.sampled_from(["", "\n"]))
def test_a_diff_leads_to_the_new_text(
    head: list[str], old: list[str], new: list[str], tail: list[str], end: str, new_end: str
) -> None:
    before = "\n".join([*head, *old, *tail]) + end
    after = "\n".join([*head, *new, *tail]) + new_end
    if before != after:
        assert applied(shown(before, after), before) == after
    assert shown(before, before) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x\n" * 9, "x\n" * 9 + "y\n"),
        ("x\n" * 9, "y\n" + "x\n" * 9),
        ("x\n" * 9, "x\n" * 8),
        ("x\n" * 9, "x\n" * 9 + "y"),
        ("a\n" * 9 + "b\n" + "c\n" * 9, "a\n" * 9 + "b\nd\n" + "c\n" * 9),
        ("a\n" * 9 + "b\n" + "c\n" * 8 + "c", "a\n" * 9 + "c\n" * 8 + "c"),
        ("a", "a\nb"),
    ],
)
def test_lines_are_added_and_removed_beside_equal_ones(old: str, new: str) -> None:
    diff = shown(old, new)
    assert applied(diff, old) == new
    assert len([line for line in diff[2:] if line[0] in "+-"]) <= 3
