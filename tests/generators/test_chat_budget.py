"""The token limit: its arithmetic, and its effect on requests."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_client import all_at_once, needs_sdk, outcome, retry_soon, writing
from chat_server import Asked, Reply, answer, completion, error, good, serving
from jit_guard.config import Price
from jit_guard.generators.budget import Budget, OverBudgetError
from jit_guard.generators.usage_line import Totals, cost, usage_line


@given(
    st.integers(0, 3000),
    st.lists(
        st.tuples(
            st.integers(1, 400),  # the bound of the tokens sent
            st.floats(0, 1),  # how much of each was used
            st.lists(st.booleans(), max_size=3),  # earlier attempts, possibly paid
            st.booleans(),  # whether the server reports usage
        ),
        max_size=20,
    ),
)
def test_no_order_of_calls_exceeds_the_limit(
    limit: int, calls: list[tuple[int, float, list[bool], bool]]
) -> None:
    budget = Budget(limit)
    spent = 0
    for sent, share, attempts, reported in calls:
        try:
            kept = budget.reserve(sent, most=500, least=50)
            for unknown in attempts:
                before = budget.spent
                budget.again(kept, unknown=unknown)
                spent += budget.spent - before
        except OverBudgetError:
            spent = budget.spent
            continue
        used = (int(kept.input * share), int(kept.output * share))
        budget.settle(kept, used if reported else None)
        spent += sum(used) if reported else kept.tokens
        assert budget.spent == spent <= limit


def test_a_reservation_waits_for_room_from_a_call_in_progress() -> None:
    budget = Budget(1000)
    first = budget.reserve(100, most=600, least=50)
    with ThreadPoolExecutor(1) as threads:
        second = threads.submit(budget.reserve, 100, most=300, least=50)
        time.sleep(0.1)
        assert not second.done()
        budget.settle(first, (100, 100))
        assert second.result(2).tokens == 400


def test_near_the_limit_a_shorter_answer_is_reserved_and_then_none() -> None:
    budget = Budget(1000)
    kept = budget.reserve(400, most=4096, least=512)
    assert kept.tokens == 1000
    budget.settle(kept, (300, 300))
    with pytest.raises(OverBudgetError, match=r"--max-tokens-total 1,000 .* 600 used, up to 612"):
        budget.reserve(100, most=4096, least=512)


def test_a_closed_budget_lets_no_call_wait() -> None:
    budget = Budget(1000)
    budget.reserve(100, most=900, least=50)
    closing = threading.Timer(0.1, budget.close)
    closing.start()
    with pytest.raises(OverBudgetError):
        budget.reserve(100, most=800, least=50)
    closing.join()


def test_without_a_limit_everything_is_counted_and_nothing_refused() -> None:
    budget = Budget()
    kept = [budget.reserve(10**9, most=10**9, least=1) for _ in range(3)]
    budget.again(kept[0], unknown=True)
    budget.settle(kept[0], (100, 20))
    budget.settle(kept[1], None)
    budget.give_back(kept[2])
    assert budget.totals == Totals(3, 100, 20, retries=1, unreported=4 * 10**9)


def test_the_last_line_shows_calls_tokens_retries_and_cost() -> None:
    totals = Totals(12, 34_210, 8_904, 1)
    prices = {"m": Price(0.25, 2.0)}
    assert cost(totals, prices["m"]) == pytest.approx(0.0263605)
    line = "12 calls, 34,210 tokens in, 8,904 out, 1 retry"
    assert usage_line(totals, "other", prices) == line
    assert usage_line(totals, "m", prices) == f"{line}, cost 0.026"
    assert usage_line(Totals(1), "m", prices) == (
        "1 call, 0 tokens in, 0 out, 0 retries, cost 0.00"
    )


@pytest.mark.parametrize(
    ("tokens", "shown"),
    [(5_000_000, "5.00"), (120_000, "0.12"), (3_456, "0.0035"), (1, "0.0000010")],
)
def test_a_cost_is_shown_to_two_significant_digits(tokens: int, shown: str) -> None:
    assert usage_line(Totals(1, tokens), "m", {"m": Price(1.0)}).endswith(f"cost {shown}")


def test_with_a_limit_the_request_limits_the_answer() -> None:
    needs_sdk()
    with serving(good()) as server, writing(server.url, budget=Budget(100_000)) as made:
        assert outcome(made).text.content
        assert server.asked[0].body["max_tokens"] == 4096


def test_calls_stop_before_the_limit_and_texts_are_kept() -> None:
    needs_sdk()

    def as_long_as_it_may(_: int, asked: Asked) -> Reply:
        body = completion()
        sent, given = len(asked.text.encode()), asked.body["max_tokens"]
        spent.append(sent + given)
        return answer({**body, "usage": {"prompt_tokens": sent, "completion_tokens": given}})

    spent: list[int] = []
    budget = Budget(30_000)
    with serving(as_long_as_it_may) as server, writing(server.url, budget=budget) as made:
        results = all_at_once(made, 8)
        written = [one for one in results if hasattr(one.result, "content")]
        assert 2 <= len(written) < 8
        assert len(server.asked) == len(written) == budget.totals.calls
        assert sum(spent) == budget.spent <= 30_000
        for one in results:
            if one not in written:
                assert "--max-tokens-total 30,000 would be exceeded" in one.failed.reason


def test_a_call_without_an_answer_counts_with_its_worst_case(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needs_sdk()
    retry_soon(monkeypatch)
    budget = Budget(100_000)
    broken = good()._replace(cut=5)
    with serving(broken, good()) as server, writing(server.url, budget=budget) as made:
        assert outcome(made).text.usage.retries == 1
    assert len(server.asked) == 2
    assert budget.spent > 4096 + 120
    assert budget.totals == Totals(2, 100, 20, 1, budget.spent - 120)


def test_an_answer_without_usage_counts_with_its_worst_case() -> None:
    needs_sdk()
    budget = Budget(100_000)
    silent = answer({**completion(), "usage": None})
    with serving(silent) as server, writing(server.url, budget=budget) as made:
        assert outcome(made).text.content
    assert budget.spent > 4096


def test_a_refused_call_costs_nothing() -> None:
    needs_sdk()
    budget = Budget(100_000)
    with (
        serving(error(429, retry_after_ms="1"), good()) as server,
        writing(server.url, budget=budget) as made,
    ):
        outcome(made)
    assert budget.spent == 120
    assert budget.totals == Totals(2, 100, 20, 1)


def test_the_other_name_of_the_limit_is_used_if_the_server_expects_it() -> None:
    needs_sdk()
    message = "Unsupported parameter: 'max_tokens' is not supported with this model."

    def script(_: int, asked: Asked) -> Reply:
        return error(400, message) if "max_tokens" in asked.body else good()

    with serving(script) as server, writing(server.url, budget=Budget(100_000)) as made:
        assert outcome(made).text.content
        assert outcome(made).text.content
        names = [one.parameters - {"stream", "stream_options"} for one in server.asked]
        assert names == [{"max_tokens"}, {"max_completion_tokens"}, {"max_completion_tokens"}]


LIMITS = {"max_tokens", "max_completion_tokens"}


def without_limit(_: int, asked: Asked) -> Reply:
    refused = asked.parameters & LIMITS
    return error(400, f"{' '.join(refused)} is unknown here") if refused else good()


def test_a_server_that_refuses_both_names_of_the_limit_is_a_failed_entry() -> None:
    needs_sdk()
    with serving(without_limit) as server, writing(server.url, budget=Budget(100_000)) as made:
        assert "is unknown here" in outcome(made).failed.reason
        assert len(server.asked) == 2


def test_without_a_limit_for_the_run_such_a_server_is_asked_without_one() -> None:
    needs_sdk()
    with serving(without_limit) as server, writing(server.url) as made:
        assert outcome(made).text.content
        assert outcome(made).text.content
        sent = [one.parameters & LIMITS for one in server.asked]
        assert sent == [{"max_tokens"}, {"max_completion_tokens"}, set(), set()]


@pytest.mark.parametrize(
    "message",
    [
        "'max_tokens' is too large: {}. This model's maximum context length is 2048 tokens.",
        "This model's maximum context length is 2048 tokens. However, you requested {} tokens.",
    ],
)
def test_a_model_with_a_small_context_is_asked_for_a_shorter_answer(message: str) -> None:
    needs_sdk()

    def script(_: int, asked: Asked) -> Reply:
        tokens = asked.body["max_tokens"]
        return error(400, message.format(tokens)) if tokens > 1500 else good()

    with serving(script) as server, writing(server.url) as made:
        assert outcome(made).text.content
        assert [one.body["max_tokens"] for one in server.asked] == [4096, 2048, 1024]


def test_a_prompt_that_is_too_long_is_a_failed_entry() -> None:
    needs_sdk()
    with serving(error(400, "the context length is exceeded")) as server:
        with writing(server.url) as made:
            assert "context length is exceeded" in outcome(made).failed.reason
        assert len(server.asked) == 4
