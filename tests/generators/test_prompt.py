"""The messages for a model: deterministic, and data stays data."""

from __future__ import annotations

import json
import re
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from jit_guard.generators import budget
from jit_guard.generators.generator import Demands, Example, Request
from jit_guard.generators.prompt import (
    BUILDER,
    about_tokens,
    fenced,
    messages,
    system_prompt,
    version,
)

REQUEST = Request(
    "DIAGNOSE",
    "protocol",
    "x.md",
    "components/protocols/x.md",
    "Find the cause.",
    headings=("# Purpose", "# Steps"),
    examples=(Example("components/protocols/y.md", "# Purpose\n\nOther.\n"),),
)


def asked(request: Request = REQUEST) -> str:
    return messages(request, "system")[1].content


def test_the_request_contains_everything_known() -> None:
    text = asked()
    for known in (
        '"DIAGNOSE"',
        '"protocol"',
        '"components/protocols/x.md"',
        '"x.md"',
        "Find the cause.",
        "# Purpose\n# Steps",
        'Example 1 of 1 of this type, "components/protocols/y.md"',
        "# Purpose\n\nOther.",
    ):
        assert known in text
    assert "Example" not in asked(REQUEST._replace(examples=()))
    assert "headings" not in asked(REQUEST._replace(headings=()))


@given(st.text(alphabet="`~\n ab'#\\", max_size=60), st.sampled_from(["", "text"]))
def test_data_cannot_close_its_fence(data: str, info: str) -> None:
    opening, *inside, closing = fenced(data, info).split("\n")
    fence = opening.removesuffix(info)
    assert closing == fence
    assert set(fence) == {"`"}
    assert len(fence) >= 3
    assert all(len(run) < len(fence) for line in inside for run in re.findall("`+", line))
    assert "\n".join(inside) == data.removesuffix("\n")


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_a_name_stays_on_its_line(goal: str, component_type: str, path: str) -> None:
    plain = asked(REQUEST)
    hostile = asked(REQUEST._replace(goal=goal, component_type=component_type, path=path))
    assert len(hostile.splitlines()) == len(plain.splitlines())


def test_a_second_attempt_without_a_text_is_one_question() -> None:
    chat = messages(REQUEST._replace(objection="it says nothing"), "system")
    assert [message.role for message in chat] == ["system", "user"]
    assert "it says nothing" in chat[1].content


def test_another_question_is_another_version() -> None:
    """A text is reused while the version is the same, so it must change with the messages."""
    contract = Demands("types.protocol.contract", ("It has a heading `# Steps`.",), {})
    requests = [
        REQUEST,
        REQUEST._replace(goal="Ä\n🙂", headings=(), examples=REQUEST.examples * 2),
        REQUEST._replace(contract=contract, examples=()),
        REQUEST._replace(contract=contract._replace(words=()), description="a\n```b"),
        REQUEST._replace(objection="it is empty", rejected=" \n"),
        REQUEST._replace(objection="it is short", rejected="Short.\n"),
    ]
    asked = [[tuple(one) for one in messages(request, "system")] for request in requests]
    digest = sha256(json.dumps(asked).encode()).hexdigest()[:12]
    # If this fails, and the messages are as you want them: count BUILDER up, and put both here.
    assert (BUILDER, digest) == ("1", "fb58c0255499")


def test_the_version_depends_on_the_prompt_alone() -> None:
    assert version("a") == version("a") != version("b")
    assert len(version(system_prompt())) < 20


def test_the_bundled_prompt_says_what_matters() -> None:
    prompt = system_prompt()
    for promise in (
        "never for",
        "nothing else",
        "headings",
        "language of the description",
        "Invent",
    ):
        assert promise in prompt


def test_the_estimate_counts_what_is_sent_and_an_answer_of_the_examples_length() -> None:
    sent = sum(budget.about(message.content) for message in messages(REQUEST, "system"))
    answer = budget.about(REQUEST.examples[0].text)
    assert about_tokens([REQUEST, REQUEST], "system") == 2 * (sent + answer)
    assert about_tokens([REQUEST._replace(examples=())], "system") > 700


@given(st.text())
def test_at_most_is_never_less_than_about(text: str) -> None:
    assert budget.about(text) <= budget.at_most(text)
    assert budget.at_most(text) >= len(text.encode())


def test_about_counts_four_letters_or_one_other_character_as_a_token() -> None:
    assert budget.about("") == 0
    assert budget.about("abcd" * 10) == 10
    assert budget.about("根本原因") == 4
    assert budget.about("a根") == 2
