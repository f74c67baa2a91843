"""Entries that are added are formatted like their neighbours; removing them restores the map."""

from __future__ import annotations

import difflib
import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_guard.registry.diff import unified_diff
from jit_guard.registry.edit import Edit, EditError, splice
from repositories import NEEDS_GIT

TWO = '{\n  "A": {\n    "p": "x.txt"\n  },\n  "B": {\n    "p": "y.txt",\n    "q": "z.txt"\n  }\n}\n'
ENTRY = Edit(("B", "r"), None, "n.txt")
GOAL = Edit(("C", "r"), None, "n.txt")


def added(before: str, edit: Edit) -> str:
    return splice(before.encode(), [edit]).decode()


FORMATS = {
    "usual": (
        TWO,
        TWO.replace('"z.txt"\n', '"z.txt",\n    "r": "n.txt"\n'),
        TWO.replace("  }\n}", '  },\n  "C": {\n    "r": "n.txt"\n  }\n}'),
    ),
    "tabs": (
        '{\n\t"A" : { "p" : "x" },\n\t"B" : { "p" : "y" }\n}',
        '{\n\t"A" : { "p" : "x" },\n\t"B" : { "p" : "y", "r" : "n.txt" }\n}',
        '{\n\t"A" : { "p" : "x" },\n\t"B" : { "p" : "y" },\n\t"C" : { "r" : "n.txt" }\n}',
    ),
    "minified": (
        '{"A":{"p":"x"},"B":{"p":"y"}}',
        '{"A":{"p":"x"},"B":{"p":"y","r":"n.txt"}}',
        '{"A":{"p":"x"},"B":{"p":"y"},"C":{"r":"n.txt"}}',
    ),
    "one goal": (
        '{ "B": {"p": "y"} }\n',
        '{ "B": {"p": "y", "r": "n.txt"} }\n',
        '{ "B": {"p": "y"}, "C": {"r": "n.txt"} }\n',
    ),
    "schema last": (
        '{\n "B": {"p": "y"},\n "$schema": "s"\n}',
        '{\n "B": {"p": "y", "r": "n.txt"},\n "$schema": "s"\n}',
        '{\n "B": {"p": "y"},\n "$schema": "s",\n "C": {"r": "n.txt"}\n}',
    ),
    "an empty goal last": (
        '{\n "B": {"p": "y"},\n "D": {}\n}',
        '{\n "B": {"p": "y", "r": "n.txt"},\n "D": {}\n}',
        '{\n "B": {"p": "y"},\n "D": {},\n "C": {"r": "n.txt"}\n}',
    ),
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_an_entry_is_formatted_like_its_neighbour(name: str, ends: str) -> None:
    before, entry, goal = (text.replace("\n", ends) for text in FORMATS[name])
    assert added(before, ENTRY) == entry
    assert added(before, GOAL) == goal


def test_repeated_goals_and_escapes() -> None:
    before = '{"B": {"p": "x"}, "\\u0042": {"q": "y"}}'
    assert added(before, ENTRY) == '{"B": {"p": "x"}, "\\u0042": {"q": "y", "r": "n.txt"}}'


def test_an_ascii_map_stays_ascii() -> None:
    edit = Edit(("Ä", "é"), None, "日.txt")
    assert splice(TWO.encode(), [edit]).isascii()
    assert "日.txt" in splice(TWO.replace('"A"', '"Ö"').encode(), [edit]).decode()


@pytest.mark.parametrize(
    ("text", "edit", "why"),
    [
        (TWO, Edit(("B", "q"), None, "n"), "already has an entry B/q"),
        ('{"B": {}}', ENTRY, "no goal 'B' with entries"),
        ('{"B": "x"}', ENTRY, "no goal 'B' with entries"),
        ("{}", GOAL, "has no object at its top"),
        ("[]", GOAL, "has no object at its top"),
        ('{"$schema": "s"}', GOAL, "no goal yet whose format"),
        ('{"B": {}}', GOAL, "no goal yet whose format"),
        (TWO, Edit(("C", "\ud800"), None, "n"), "lone surrogate"),
        (TWO, Edit(("C", "r"), None, "\ud800"), "lone surrogate"),
        ("{", GOAL, "invalid JSON"),
        (TWO, Edit(("X", "p"), "x", None), "has no goal 'X'"),
        (TWO, Edit(("B", "x"), "x", None), "has no entry B/x"),
        ('{"B": {"p": "x"}}', Edit(("B", "p"), "x", None), "has no entry B/p"),
    ],
)
def test_what_cannot_be_added_or_removed(text: str, edit: Edit, why: str) -> None:
    with pytest.raises(EditError, match=why):
        splice(text.encode(), [edit])


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)
MAPS = st.dictionaries(
    NAMES, st.dictionaries(NAMES, NAMES, min_size=1, max_size=3), min_size=1, max_size=4
)
INDENTS = st.sampled_from([None, 0, 1, 2, "\t"])


@given(goals=MAPS, indent=INDENTS, goal=NAMES, kind=NAMES, value=NAMES, ascii_only=st.booleans())
def test_adding_and_removing_restores_every_byte(
    goals: dict[str, dict[str, str]],
    indent: int | str | None,
    goal: str,
    kind: str,
    value: str,
    ascii_only: bool,
) -> None:
    before = json.dumps(goals, indent=indent, ensure_ascii=ascii_only).encode()
    goal = next(iter(goals)) if len(goal) > 3 else goal
    if kind in goals.get(goal, {}):
        return
    after = splice(before, [Edit((goal, kind), None, value)])
    expected = {**goals, goal: {**goals.get(goal, {}), kind: value}}
    assert json.loads(after) == expected
    assert splice(after, [Edit((goal, kind), value, None)]) == before
    if indent is not None and max(map(len, goals.values())) > 1:
        assert len(after.split(b"\n")) > len(before.split(b"\n"))


def test_changes_and_additions_in_one_step() -> None:
    edits = [GOAL, Edit(("A", "p"), "x.txt", "w.txt"), ENTRY, Edit(("C", "s"), None, "s.txt")]
    assert json.loads(splice(TWO.encode(), edits)) == {
        "A": {"p": "w.txt"},
        "B": {"p": "y.txt", "q": "z.txt", "r": "n.txt"},
        "C": {"r": "n.txt", "s": "s.txt"},
    }


@NEEDS_GIT
@pytest.mark.parametrize("ends", ["", "\n", "\n\n"])
@pytest.mark.parametrize("edits", [[ENTRY], [GOAL], [ENTRY, GOAL], [Edit(("A", "z"), None, "n")]])
def test_git_applies_the_diff(tmp_path: Path, ends: str, edits: list[Edit]) -> None:
    filler = "".join(f'  "F{number}": {{"p": "f.txt"}},\n' for number in range(20))
    before = TWO.rstrip("\n").replace('  "B"', f'{filler}  "B"').encode() + ends.encode()
    after = splice(before, edits)
    (tmp_path / "map.json").write_bytes(before)
    patch = "\n".join(unified_diff("map.json", before, after)) + "\n"
    done = subprocess.run(
        ["git", "apply", "-"], cwd=tmp_path, input=patch.encode(), capture_output=True, check=False
    )
    assert done.returncode == 0, (done.stderr, patch)
    assert (tmp_path / "map.json").read_bytes() == after


@pytest.mark.parametrize("end", ["", "\n"])
def test_changed_lines_make_the_hunks_that_difflib_makes(end: str) -> None:
    old = [f"line {number}" for number in range(24)]
    for changed in [{0}, {23}, {0, 1, 23}, *({3, 3 + gap, 20} for gap in range(1, 12))]:
        new = [f"{line}!" if at in changed else line for at, line in enumerate(old)]
        texts = ["\n".join(lines) + end for lines in (old, new)]
        made = list(unified_diff("m", *(text.encode() for text in texts)))
        theirs = list(difflib.unified_diff(old, new, "a/m", "b/m", lineterm=""))
        assert [line for line in made if not line.startswith("\\ No newline")] == theirs
        assert sum(line.startswith("\\ No newline") for line in made) == (
            0 if end or 23 - max(changed) > 3 else 1 + (23 in changed)
        )
