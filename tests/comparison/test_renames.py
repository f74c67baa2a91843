"""Hints name the file that a missing component most likely is, or nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_guard.comparison import renames
from jit_guard.comparison.near_names import typos
from jit_guard.config import TypeSettings
from jit_guard.report import Finding
from projects import TEXT, Content, configured, found


def findings_for(
    goals: Mapping[str, Mapping[str, str]], tree: list[str], **settings: object
) -> tuple[dict[str, Finding], dict[str, Finding]]:
    """Return missing components and orphans, by path below the components directory."""
    files: dict[str, Content] = {f"components/{path}": TEXT for path in tree}
    files["goal_map.json"] = json.dumps(goals)
    findings = found(files, **settings)  # type: ignore[arg-type]
    top = len("components/")
    missing = {(one.path or "")[top:]: one for one in findings if one.code == "JG201"}
    orphans = {(one.path or "")[top:]: one for one in findings if one.code == "JG301"}
    return missing, orphans


@pytest.mark.parametrize(
    ("goal", "entry", "file", "why"),
    [
        ("A", "host.txt", "personas/host.md", "same name, different suffix"),
        ("A", "host.txt", "personas/Host.md", "same name, different suffix"),
        ("A", "cold_host.txt", "personas/cold-host.txt", "same words"),
        ("A", "persona_cold_host.txt", "personas/persona_persona_cold_host.txt", "same words"),
        ("A", "sub/host.txt", "protocols/sub/host.txt", "another directory"),
        ("A", "old/host.txt", "personas/new/host.txt", "same base name"),
        ("A", "a/skill/SKILL.md", "personas/b/skill/SKILL.md", "same end of the path"),
        ("GREET_GUESTS", "x.txt", "personas/greet-guests.txt", "named after the goal"),
        ("A", "incident_comander.txt", "personas/incident_commander.txt", "similar name"),
        ("A", "summarise_logs.txt", "personas/summarize_logs.txt", "similar name"),
        ("A", "hots.txt", "personas/host.txt", "similar name"),
    ],
)
def test_a_likely_rename_gives_two_findings_that_name_each_other(
    goal: str, entry: str, file: str, why: str
) -> None:
    goals = {goal: {"persona": entry}, "OTHER": {"protocol": "other_thing.txt"}}
    missing, orphans = findings_for(goals, [file, "protocols/other_thing.txt"])
    one, other = missing[f"personas/{entry}"], orphans[file]
    assert one.related == (other.path,)
    assert other.related == (one.path,)
    assert one.hint is not None
    assert other.hint is not None
    assert why in one.hint
    assert why in other.hint
    assert other.path is not None
    assert other.path in one.hint
    assert one.path is not None
    assert one.path in other.hint


@pytest.mark.parametrize(
    ("entry", "files"),
    [
        ("host.txt", ["personas/waiter.txt"]),
        ("host.txt", ["personas/host.md", "personas/host.rst"]),  # two files fit
        ("level_1.txt", ["personas/level_2.txt"]),  # a different number
        ("v1.2.txt", ["personas/v1.3.txt"]),
        ("a.txt", ["personas/b.txt"]),
        ("cat.txt", ["personas/car.txt"]),
    ],
)
def test_an_uncertain_rename_gives_no_hint(entry: str, files: list[str]) -> None:
    missing, orphans = findings_for({"GOAL": {"persona": entry}}, files)
    assert missing[f"personas/{entry}"].related == ()
    assert all(one.related == () for one in orphans.values())


def test_a_base_name_that_is_everywhere_gives_no_hint() -> None:
    tree = [f"patterns/p{number}/system.md" for number in range(5)]
    missing, orphans = findings_for({"A": {"pattern": "gone/system.md"}}, tree)
    assert missing["patterns/gone/system.md"].related == ()
    assert all(one.related == () for one in orphans.values())


def test_a_file_is_suggested_for_one_missing_component_only() -> None:
    goals = {"A": {"persona": "cold_host.txt"}, "B": {"persona": "cold host.txt"}}
    missing, orphans = findings_for(goals, ["personas/cold-host.txt"])
    assert [one.related for one in missing.values()] == [(), ()]
    assert orphans["personas/cold-host.txt"].related == ()


def test_a_name_longer_than_any_file_name_takes_no_time() -> None:
    start = time.process_time()
    findings_for({"A": {"persona": "x" * 100_000}}, ["personas/orphan.txt"])
    assert time.process_time() - start < 5


def test_a_typo_of_a_mapped_file_gives_a_hint_without_an_orphan() -> None:
    goals = {"A": {"persona": "commander.txt"}, "B": {"persona": "comander.txt"}}
    missing, orphans = findings_for(goals, ["personas/commander.txt"])
    assert missing["personas/comander.txt"].related == ("components/personas/commander.txt",)
    assert orphans == {}


def test_entries_of_one_missing_file_have_the_same_hint() -> None:
    goals = {"A": {"persona": "host.txt"}, "B": {"persona": "host.txt"}}
    files: dict[str, Content] = {
        "goal_map.json": json.dumps(goals),
        "components/personas/host.md": TEXT,
    }
    first, second, orphan = found(files)
    assert first.hint == second.hint
    assert first.related == second.related == (orphan.path,)


def test_a_directory_with_another_plural_is_named_once_for_the_type() -> None:
    goals = {"A": {"strategy": "x.txt"}, "B": {"strategy": "y.txt"}}
    missing, _ = findings_for(goals, ["strategies/x.txt", "strategies/y.txt"])
    for one in missing.values():
        assert one.hint is not None
        assert 'types.strategy.directory = "strategies"' in one.hint


def test_a_directory_that_another_type_uses_is_not_suggested() -> None:
    goals = {"A": {"strategy": "x.txt", "plan": "y.txt"}}
    missing, _ = findings_for(
        goals,
        ["strategies/x.txt", "strategies/y.txt"],
        **configured(plan=TypeSettings("strategies")),
    )
    hint = missing["strategys/x.txt"].hint
    assert hint is not None
    assert "types.strategy.directory" not in hint


@pytest.mark.parametrize("count", [1_000])
def test_the_time_for_hints_does_not_grow_quadratically(count: int) -> None:
    def seconds(size: int) -> float:
        goals = {f"G{n}": {"persona": f"the_{n:05}_wanted_one.txt"} for n in range(size)}
        tree = [f"personas/the_{n:05}_other_thing_{n}.txt" for n in range(size)]
        start = time.process_time()
        findings_for(goals, tree)
        return time.process_time() - start

    seconds(10)
    # Eleven times the size takes 11 times as long if growth is linear, 121 times if quadratic.
    assert seconds(count) < 40 * max(seconds(count // 10), 0.02)


RENAMED = {
    "A": {"persona": "host.txt", "protocol": "cold-start.txt"},
    "B": {"persona": "sub/guide.txt", "protocol": "incident_comander.txt"},
    "C": {"persona": "escalate.txt", "protocol": "runbok_for_b.txt"},
}
LEFT = [
    "personas/host.md",
    "protocols/cold_start.txt",
    "protocols/sub/guide.txt",
    "protocols/incident_commander.txt",
    "personas/zzz.txt",
    "personas/aaa/escalate.txt",
    "protocols/runbook_for_b.txt",
    "protocols/runbook_for_c.txt",
]


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_hints_do_not_depend_on_the_batches(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = findings_for(RENAMED, LEFT)
    assert sum(bool(one.related) for one in whole[0].values()) == 6
    monkeypatch.setattr(renames, "_BATCH", batch)
    monkeypatch.setattr(renames, "_BATCH_OF_NEIGHBOURS", batch)
    assert findings_for(RENAMED, LEFT) == whole


@pytest.mark.parametrize("batch", [1, 5000])
def test_missing_files_beyond_the_limit_get_no_hint_but_make_others_ambiguous(
    batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renames, "_MOST", 2)
    monkeypatch.setattr(renames, "_BATCH", batch)
    goals = {
        "A": {"persona": "host.txt"},
        "B": {"persona": "deep/down/somewhere/guide.txt"},
        "C": {"persona": "other/quite/different/guide.txt"},  # may be the same file
        "D": {"persona": "host.txt"},  # the same missing file again changes nothing
        "E": {"persona": "late.txt"},
    }
    tree = ["personas/host.md", "personas/zzzzzzzzzzzz/guide.txt", "personas/late.md"]
    missing, orphans = findings_for(goals, tree)
    related = {path: one.related for path, one in missing.items()}
    assert related == {
        "personas/host.txt": ("components/personas/host.md",),
        "personas/deep/down/somewhere/guide.txt": (),
        "personas/other/quite/different/guide.txt": (),
        "personas/late.txt": (),
    }
    assert orphans["personas/host.md"].related == ("components/personas/host.txt",)
    assert orphans["personas/late.md"].related == ()
    del goals["C"]
    missing, _ = findings_for(goals, tree)
    assert missing["personas/deep/down/somewhere/guide.txt"].related


@given(st.text("abc_", min_size=4, max_size=12), st.data())
def test_the_shortcut_overlooks_no_typing_error(name: str, data: st.DataObject) -> None:
    typo = data.draw(st.sampled_from(sorted(set(typos(name)) - {name})))
    assert renames._share_a_half(name, typo)
