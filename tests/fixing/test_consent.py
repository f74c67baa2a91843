"""The user agrees to a number of texts and tokens; whatever is beyond is asked for again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jit_guard.fixing.consent import Consent
from jit_guard.fixing.delivery import Order
from jit_guard.fixing.interaction import Silent
from jit_guard.generators.budget import Budget, OverBudgetError
from jit_guard.generators.generator import Options, Request, Text, Writer
from jit_guard.generators.prompt import about_tokens, system_prompt
from jit_guard.ledger.records import Key, Wanted

_MOST = 1000  # tokens of one call


class User(Silent):
    """A user who agrees a number of times, and what was asked."""

    def __init__(self, *answers: bool) -> None:
        super().__init__()
        self._answers = list(answers)
        self.asked: list[tuple[str, bool]] = []

    def agree(self, question: str, *, again: bool = False) -> bool:
        """Return the next answer."""
        self.asked.append((question, again))
        return self._answers.pop(0)


def order(name: str) -> Order:
    path = f"components/personas/{name}.txt"
    request = Request(name, "persona", f"{name}.txt", path, "Be kind.")
    return Order(
        Wanted(path, Key(name, "persona", f"{name}.txt", "Be kind.", "g", "m", "1")), request
    )


def consent(
    user: User,
    *,
    needed: bool = True,
    given: bool = False,
    model: str = "m",
    most: Callable[[Request], int] | None = lambda _: _MOST,
    limit: int | None = None,
    prompt: str | None = "Be short.",
    bounded: bool = True,
) -> tuple[Consent, Budget]:
    budget = Budget(limit)
    options = Options(".", prompt=prompt, budget=budget if bounded else None)
    writer = Writer(lambda _: Text(""), model, most_tokens=most)
    made = Consent(
        needed=needed, given=given, writer=writer, name="paid", options=options, interaction=user
    )
    return made, budget


def spend(budget: Budget, tokens: int, text: str = "") -> None:
    """Use so many tokens. Raises OverBudgetError."""
    budget.settle(budget.reserve(tokens, most=0, least=0, text=text), (tokens, 0))


A, B, C, D = map(order, "abcd")


def test_the_question_names_the_texts_the_model_and_the_tokens() -> None:
    def asked(**options: Any) -> str:
        user = User(True)
        made, budget = consent(user, **options)
        if budget.limit:
            spend(budget, 5)
        assert made.ask([A, B]) is None
        ((question, again),) = user.asked
        assert not again
        return question

    about = f"{about_tokens([A.request, B.request], 'Be short.'):,} tokens"
    two = f"Generating 2 texts with m takes about {about}"
    assert asked() == f"{two}, at most 4,000."
    assert asked(model="") == two.replace(" m ", " paid ") + ", at most 4,000."
    assert asked(limit=4004) == f"{two}, at most 3,999."
    assert asked(limit=4006) == f"{two}, at most 4,000."
    assert asked(most=None, limit=14) == f"{two}, at most 9."
    assert asked(most=None) == f"{two}."
    about = f"{about_tokens([A.request, B.request], system_prompt()):,} tokens"
    assert f"takes about {about}, at most" in asked(prompt=None)


def test_what_was_agreed_to_is_not_asked_for_again_and_anything_more_is() -> None:
    user = User(True, True, False)
    made, _ = consent(user)
    assert made.ask([]) is None
    assert made.ask([A, B]) is None
    made.begin(A)
    made.begin(A)  # in another round
    assert made.ask([A, B]) is None
    made.begin(B)
    assert made.ask([A, B]) is None
    assert len(user.asked) == 1
    assert made.ask([A, C]) is None
    assert user.asked[1][0].startswith("Generating 1 text more with m takes about ")
    assert user.asked[1][1]
    made.begin(C)
    refusal = made.ask([A, C, D])
    assert refusal is not None
    assert [one.request.goal for one in refusal.orders] == ["d"]
    assert refusal.reason == "it would cost more than was agreed to; run --fix again"


def test_a_text_that_was_begun_without_a_question_hides_none_that_follow() -> None:
    """Its text in the ledger was rejected by another process after the question."""
    user = User(True)
    made, _ = consent(user)
    made.begin(A)
    assert made.ask([B, C]) is None
    assert "Generating 2 texts" in user.asked[0][0]


def test_texts_beyond_those_that_were_agreed_to_are_refused_and_the_others_are_not() -> None:
    user = User(True, False)
    made, _ = consent(user)
    assert made.ask([A, B]) is None
    made.begin(A)
    refusal = made.ask([B, C, D])
    assert refusal is not None
    assert [one.request.goal for one in refusal.orders] == ["c", "d"]


def test_without_consent_the_reason_says_how_many_and_how_to_agree() -> None:
    for orders, words in (([A], "1 text"), ([A, B], "2 texts")):
        refusal = consent(User(False))[0].ask(orders)
        assert refusal is not None
        assert refusal.orders == orders
        assert refusal.reason == f"generating {words} with m may cost money; pass --yes to agree"


def test_consent_given_beforehand_covers_the_first_question_only() -> None:
    user = User(False)
    made, budget = consent(user, given=True)
    assert made.ask([A]) is None
    assert user.asked == []
    made.begin(A)
    assert made.ask([B]) is not None
    assert [again for _, again in user.asked] == [True]
    spend(budget, 2000)  # two calls for A, and no more
    with pytest.raises(OverBudgetError):
        spend(budget, 1)


def test_a_generator_that_costs_nothing_is_never_asked_about_nor_bounded() -> None:
    user = User()
    made, budget = consent(user, needed=False)
    assert made.ask([A]) is None
    made.another(B.request)
    assert user.asked == []
    spend(budget, 10_000)
    assert not made.is_short(A)


def test_a_text_that_needed_more_tokens_is_asked_for_again() -> None:
    user = User(True, True)
    made, budget = consent(user)
    assert made.ask([A, B]) is None
    made.begin(A)
    made.begin(B)
    with pytest.raises(OverBudgetError):
        spend(budget, 4001, A.request.path)
    assert [made.is_short(one) for one in (A, B)] == [True, False]
    assert made.ask([A, B]) is None
    assert user.asked[1][0].startswith("Generating 1 text more ")
    assert not made.is_short(A)
    spend(budget, 2000)
    with pytest.raises(OverBudgetError):
        spend(budget, 1)


@pytest.mark.parametrize("most", [None, lambda _: _MOST], ids=["unknown", "known"])
def test_without_a_budget_the_texts_are_asked_about_all_the_same(
    most: Callable[[Request], int] | None,
) -> None:
    user = User(True, True)
    made, _ = consent(user, most=most, bounded=False)
    assert made.ask([A]) is None
    made.begin(A)
    made.another(A.request)
    assert not made.is_short(A)
    assert made.ask([B]) is None
    assert [question.partition(" takes ")[0] for question, _ in user.asked] == [
        "Generating 1 text with m",
        "Generating 1 text more with m",
    ]


def test_another_text_on_request_may_take_the_tokens_of_two_calls_more() -> None:
    made, budget = consent(User(True))
    made.another(A.request)  # before anything was agreed to
    assert made.ask([A]) is None
    spend(budget, 2000)
    made.another(A.request)
    spend(budget, 2000)
    with pytest.raises(OverBudgetError):
        spend(budget, 1)
