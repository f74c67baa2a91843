"""Test names: unchanged if possible, unique, and without characters that pytest splits at."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_guard.pytest_plugin.parts import slugs
from projects import sound
from sessions import collected, plant, run

HOSTILE = [
    "Diagnose root cause",
    "billing/refund",
    "a[b]::c[d]",
    "::",
    "@group",
    "線上/客服 診斷",
    "प्रश्न",
    "\x1b[2Jwiped\r\n",
    "\u202eright to left",
    "!?",
    "schema",
    "orphans",
    "x" * 500,
    "--flag",
    "🚀",
]


@pytest.mark.parametrize(
    ("goal", "name"),
    [
        ("DIAGNOSE_ROOT_CAUSE", "DIAGNOSE_ROOT_CAUSE"),
        ("v1.2-beta", "v1.2-beta"),
        ("診斷", "診斷"),
        ("प्रश्न", "प्रश्न"),
        ("cafe\u0301", "caf\u00e9"),
        ("Diagnose root cause", "Diagnose-root-cause"),
        ("a[b]::c[d]", "a-b-c-d"),
        ("billing/refund", "billing-refund"),
        ("\x1b[2Jwiped\r\n", "2Jwiped"),
        ("!?", "goal"),
        ("", "goal"),
        ("x" * 500, "x" * 120),
    ],
)
def test_a_name_keeps_all_safe_characters(goal: str, name: str) -> None:
    assert slugs([goal]) == [name]


def test_equal_names_end_in_a_hash_that_is_each_goals_own() -> None:
    both = slugs(["a b", "a/b"])
    assert all(re.fullmatch("a-b-[0-9a-f]{8}", one) for one in both)
    assert slugs(["a/b", "other", "a b"]) == [both[1], "other", both[0]]


def test_a_safe_name_is_kept_whatever_the_other_goals_are() -> None:
    assert slugs(["a b", "a-b"])[1] == "a-b"
    assert slugs(["a-b", "a b"]) == ["a-b", slugs(["a b", "a/b"])[0]]
    assert re.fullmatch("schema-[0-9a-f]{8}", slugs(["schema"])[0])


def test_a_goal_named_like_anothers_hashed_name_keeps_its_name() -> None:
    taken = slugs(["a b", "a/b"])[0]
    found = slugs(["a b", taken, "a/b"])
    assert found[1] == taken
    assert found[0].startswith(taken)
    assert len(set(found)) == 3


@given(st.lists(st.text(), unique=True))
def test_names_are_distinct_and_contain_nothing_that_pytest_splits_at(goals: list[str]) -> None:
    found = slugs(goals)
    assert len(set(found)) == len(goals)
    assert not {"schema", "orphans"}.intersection(found)
    assert not any(re.search(r"[\[\]:@/\\\s\x00-\x1f]", one) for one in found)
    assert all(found)


@given(st.permutations(["a b", "a/b", "a-b", "a:b", "c", "schema", "a\tb"]))
def test_a_name_does_not_depend_on_the_order_of_the_map(goals: list[str]) -> None:
    ordered = sorted(goals)
    assert dict(zip(goals, slugs(goals), strict=True)) == dict(
        zip(ordered, slugs(ordered), strict=True)
    )


def test_every_name_selects_its_test_and_no_other(pytester: pytest.Pytester) -> None:
    plant(pytester, sound({goal: {"persona": "host.txt"} for goal in HOSTILE}))
    ids = collected(pytester, "--jit-guard")
    assert len(ids) == len(HOSTILE) + 2
    for one in ids:
        assert collected(pytester, "--jit-guard", one) == [one]


def test_every_name_is_recognized_by_last_failed(pytester: pytest.Pytester) -> None:
    goals = {goal: {"persona": f"{number}.txt"} for number, goal in enumerate(HOSTILE)}
    plant(pytester, {"goal_map.json": sound(goals)["goal_map.json"]})
    failed = run(pytester, "--jit-guard").failed
    assert len(failed) == len(HOSTILE)
    assert list(run(pytester, "--jit-guard", "--lf").outcomes) == failed
