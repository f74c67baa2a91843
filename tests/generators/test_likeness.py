"""Examples: those most like the request, within a limit, the same every time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jit_guard.generators import budget
from jit_guard.generators.generator import Example, Request
from jit_guard.generators.likeness import ExamplePool

TRIAGE = Example("components/protocols/alert_triage.txt", "Decide whether an alert is an incident.")
CAUSE = Example("components/protocols/cause_drilldown.txt", "Find the cause of the outage, why.")
HANDOVER = Example("components/protocols/shift_handover.txt", "Hand the open incident over.")
POOL = (TRIAGE, CAUSE, HANDOVER)


def wanted(description: str, goal: str = "GOAL") -> Request:
    return Request(goal, "protocol", "new.txt", "components/protocols/new.txt", description)


def test_the_likest_comes_first() -> None:
    assert ExamplePool(POOL).choose(wanted("find the cause"))[0] == CAUSE
    assert ExamplePool(POOL).choose(wanted("decide on an alert"))[0] == TRIAGE
    assert ExamplePool(POOL).choose(wanted("", goal="SHIFT_HANDOVER"))[0] == HANDOVER


def test_no_more_than_asked_for_and_none_for_none() -> None:
    assert len(ExamplePool(POOL).choose(wanted("x"), 2)) == 2
    assert ExamplePool(POOL).choose(wanted("x"), 0) == ()
    assert ExamplePool(()).choose(wanted("x")) == ()


def test_one_that_does_not_fit_is_passed_over_for_the_next() -> None:
    long = CAUSE._replace(text=CAUSE.text * 100)
    assert ExamplePool((TRIAGE, long)).choose(wanted("find the cause"), limit=50) == (TRIAGE,)


def test_a_request_has_up_to_three_examples_of_about_6000_tokens_together() -> None:
    texts = [Example(f"components/protocols/{name}.txt", "Find the cause.") for name in "abcd"]
    assert ExamplePool(texts).choose(wanted("find the cause")) == tuple(texts[:3])
    most = CAUSE._replace(text="find " + "x" * 23_995)  # 6,000 tokens
    assert ExamplePool([most]).choose(wanted("find the cause")) == (most,)
    assert ExamplePool([most, TRIAGE]).choose(wanted("find the cause")) == (most,)
    more = most._replace(text=most.text + "x")
    assert ExamplePool([more, TRIAGE]).choose(wanted("find the cause")) == (TRIAGE,)


def test_rare_words_count_more_and_a_long_text_does_not_match_everything() -> None:
    common = [Example(f"p/{name}.txt", "the incident of the day") for name in "abc"]
    rare = Example("p/z.txt", "an avalanche of the day")
    assert ExamplePool([*common, rare]).choose(wanted("incident avalanche"), 1) == (rare,)
    short = Example("p/z.txt", "cause")
    long = Example("p/a.txt", "cause " + " ".join(f"word{number}" for number in range(50)))
    assert ExamplePool([long, short]).choose(wanted("the cause"), 1) == (short,)


def test_blank_components_and_the_file_itself_are_no_examples() -> None:
    itself = Example("components/protocols/new.txt", "find the cause")
    blank = Example("components/protocols/cause.txt", " \n")
    assert ExamplePool((itself, blank, TRIAGE)).choose(wanted("find the cause")) == (TRIAGE,)


def test_scripts_without_spaces_are_compared_too() -> None:
    cjk = Example("components/protocols/z.txt", "根本原因を調べる手順")
    assert ExamplePool((*POOL, cjk)).choose(wanted("原因を調べる"))[0] == cjk


@given(
    st.permutations([*POOL, *(Example(f"p/{n}", f"word{n} incident") for n in range(9))]),
    st.text("find cause incident", max_size=30),
    st.integers(0, 5),
    st.integers(0, 60),
)
def test_the_order_of_the_candidates_means_nothing_and_the_limit_holds(
    candidates: list[Example], description: str, count: int, limit: int
) -> None:
    chosen = ExamplePool(candidates).choose(wanted(description), count, limit)
    assert chosen == ExamplePool(sorted(candidates)).choose(wanted(description), count, limit)
    assert len(chosen) <= count
    assert sum(budget.about(one.text) for one in chosen) <= limit
