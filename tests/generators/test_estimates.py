"""Numbers to the last one: budgets, costs, estimates, and which example is the likest."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jit_guard.config import Price
from jit_guard.generators import budget, prompt
from jit_guard.generators.budget import Budget, OverBudgetError
from jit_guard.generators.choice import EMBEDDED
from jit_guard.generators.generator import (
    Example,
    GenerationError,
    Options,
    Request,
    Text,
    Usage,
    suffix_of,
    token_count,
)
from jit_guard.generators.likeness import ExamplePool, _words
from jit_guard.generators.screening import cleaned, screened
from jit_guard.generators.usage_line import Totals, cost, usage_line

REQUEST = Request("GREET", "persona", "host.txt", "components/host.txt", "Says hello.")


def test_a_promise_takes_what_is_left_of_every_bound() -> None:
    free = Budget()
    assert free.promise(10, most=5, least=1).output == 5
    assert free.spent == 15
    limited = Budget(20)
    assert limited.promise(10, most=20, least=5).output == 10
    assert Budget(15).promise(10, most=20, least=5).output == 5
    with pytest.raises(OverBudgetError, match="20 reserved for batches, up to 15 needed"):
        limited.promise(10, most=20, least=5)
    assert Budget(20).reserve(10, most=20, least=10).output == 10
    both = Budget(40)
    both.promise(10, most=5, least=1)
    both.reserve(10, most=5, least=1)
    assert both.promise(1, most=90, least=9).output == 9


def test_what_is_agreed_to_begins_beyond_what_is_reserved_and_promised() -> None:
    spending = Budget()
    spending.reserve(10, most=5, least=1)
    spending.promise(10, most=5, least=1)
    spending.agree(20)
    assert spending.promise(10, most=90, least=10).output == 10
    with pytest.raises(OverBudgetError, match=r"^more tokens are needed than were agreed to: "):
        spending.promise(1, most=1, least=1)
    equal = Budget(5)
    equal.agree(5)
    with pytest.raises(OverBudgetError, match=r"^--max-tokens-total 5 would be exceeded: "):
        equal.promise(10, most=1, least=1)


@pytest.mark.parametrize(("limit", "fits"), [(39, False), (40, True)])
def test_a_retry_must_fit_beside_the_call_that_may_have_been_paid(limit: int, fits: bool) -> None:
    spending = Budget(limit)
    kept = spending.reserve(10, most=10, least=10)
    if fits:
        spending.again(kept, unknown=True)
    else:
        with pytest.raises(OverBudgetError):
            spending.again(kept, unknown=True)


def test_tokens_are_estimated() -> None:
    assert budget.at_most("a", "ä") == 256 + 3
    assert budget.about("12345ä") == 3
    none = prompt.about_tokens([REQUEST], "")
    examples = (Example("a", "x" * 400), Example("b", "x" * 40))
    some = REQUEST._replace(examples=examples)
    sent = sum(budget.about(one.content) for one in prompt.messages(some, ""))
    assert prompt.about_tokens([some], "") == sent + (100 + 10) // 2
    assert none == sum(budget.about(one.content) for one in prompt.messages(REQUEST, "")) + 700
    assert len(prompt.version("a")) == len(f"{prompt.BUILDER}-") + 12
    for text, fence in (("a", "```"), ("``", "```"), ("```", "````"), ("a ````` b", "``````")):
        assert prompt.fenced(text) == f"{fence}text\n{text}\n{fence}"


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0.0, "0.00"),
        (1.0, "1.00"),
        (1.5, "1.50"),
        (1234.5, "1,234.50"),
        (0.5, "0.50"),
        (0.0091, "0.0091"),
        (0.00000003, "0.00000003"),
        (0.000000001, "0.00000000"),
    ],
)
def test_a_cost_has_two_digits_that_say_something(amount: float, shown: str) -> None:
    totals = Totals(1, 1_000_000, 0)
    assert cost(totals, Price(amount, 7.0)) == amount
    assert usage_line(totals, "m", {"m": Price(amount, 7.0)}).endswith(f", cost {shown}")
    assert cost(Totals(1, 0, 2_000_000), Price(7.0, amount)) == 2 * amount


def test_a_rare_word_counts_more_than_three_that_most_texts_have() -> None:
    common = [Example(f"p{number}", f"aa bb cc w{number}") for number in range(9)]
    rare = Example("p", "zz yy xx vv")
    wanted = REQUEST._replace(description="aa bb cc zz")
    assert ExamplePool([*common, rare]).choose(wanted, 1) == (rare,)
    blank = Example("…", "…")
    assert ExamplePool([blank, *common]).choose(wanted, 1)[0] in common


def test_words_that_are_not_ascii_are_pairs_of_characters() -> None:
    assert _words("Ab 日本語 é") == {"ab", "日本", "本語", "é"}


def test_numbers_of_a_server_are_plausible_or_not_known() -> None:
    assert [token_count(one) for one in (0, 10**9, 10**9 + 1, -1, True, "1", None)] == [
        *(0, 10**9, None, None, None, None, None)
    ]
    assert Usage() == Usage(None, None, 0)
    assert Options(".").timeout == 120
    assert EMBEDDED["scaffold"].deterministic
    assert not EMBEDDED["openai"].deterministic
    assert not EMBEDDED["command"].network


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("a.TXT", ".txt"), ("d.e/a", ""), ("d/.env", ""), ("README", ""), ("a.b.md", ".md")],
)
def test_a_name_has_a_suffix_after_something(name: str, suffix: str) -> None:
    assert suffix_of(name) == suffix


def test_the_text_of_an_error_is_kept() -> None:
    def failing(text: Text | None) -> Callable[[Request], Text]:
        def write(_: Request) -> Text:
            raise GenerationError("no", text)

        return write

    for text in (None, Text("a")):
        with pytest.raises(GenerationError) as error:
            screened(failing(text))(REQUEST)
        assert error.value.text == text


def test_details_without_a_credential_stay_and_others_lose_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1234567890abcdef")
    details = {("a",): 1, "b": "sk-1234567890abcdef", "c": 2}
    found = cleaned(Text("a", details=details)).details  # type: ignore[arg-type]
    assert set(found) == {"b", "c"}
    assert "sk-1234567890abcdef" not in str(found)
