"""The extraction of a component from an answer: only what models add is removed."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jit_guard.generators.answer import component_in
from jit_guard.generators.prompt import fenced

BODY = "# Purpose\n\nFind the cause.\n\n```bash\nuptime\n```\n\nStop then."

WRAPPED = {
    "a fence": "```\n# A\n```",
    "a fence that says markdown": f"```markdown\n{BODY}\n```",
    "a fence of tildes": f"~~~\n{BODY}\n~~~",
    "a longer fence": f"````md\n{BODY}\n````",
    "whitespace around": f"\n\n```markdown\n{BODY}\n```\n\n",
    "a greeting": f"Here is the component:\n\n{BODY}",
    "another greeting": f"Sure!\n\n{BODY}",
    "a greeting and a fence": f"Sure, here's the file you asked for:\n\n```markdown\n{BODY}\n```",
    "a curly greeting": f"Here\u2019s the component:\n\n{BODY}",
    "a greeting right before the fence": f"Here is your protocol:\n```markdown\n{BODY}\n```",
    "an offer after the fence": f"```markdown\n{BODY}\n```\n\nLet me know if you want more!",
    "all of it": f"Certainly! Here is the file:\n\n```markdown\n{BODY}\n```\n\nI hope this helps.",
    "a greeting and an offer": f"Sure!\n\n{BODY}\n\nFeel free to adjust it.",
    "a thought": f"<think>\nThey want ```\n</think>\n\n{BODY}",
    "a thought and a fence": f"<think>hm</think>\n```markdown\n{BODY}\n```",
}


@pytest.mark.parametrize("answer", WRAPPED.values(), ids=WRAPPED)
def test_what_models_add_around_a_component_is_removed(answer: str) -> None:
    assert component_in(answer) in (BODY, "# A")


WHOLE = {
    "plain": BODY,
    "a block at either end": "```\na\n```\n\nThen:\n\n```\nb\n```",
    "a first sentence with a colon": "Here is how to decide:\n\n1. Ask.\n2. Act.",
    "a first sentence that leads to a block": "Here is what to run:\n```\nuptime\n```\nThen stop.",
    "a polite end": "# Voice\n\nCalm.\n\nLet me know when you are done.",
    "a word that greets": "Great care is needed.\n\nAlways.",
    "a greeting that goes on": "Sure,\nbut slowly.",
    "a greeting alone": "Sure!",
    "a thought inside": "# A\n\n<think>b</think>",
    "a block that is not closed": "```markdown\n# A",
    "nothing": "",
}


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
def test_everything_that_belongs_to_a_component_is_kept(text: str) -> None:
    assert component_in(text) == text


MARKS = (
    *("```", "```markdown", "````", "~~~", "", "# A", "- x", "<think>", "</think>"),
    *("Sure!", "Here is the file:", "Let me know."),
)
LINES = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.sampled_from(MARKS),
    ),
    max_size=12,
).map("\n".join)


@given(LINES)
def test_the_result_is_one_part_of_the_answer_and_extraction_is_idempotent(answer: str) -> None:
    left = component_in(answer)
    assert left in answer
    assert component_in(left) == left


@given(LINES)
def test_a_fence_around_a_component_makes_no_difference(body: str) -> None:
    assume(body == body.strip("\r\n \t") and "\r" not in body)
    assume(component_in(body) == body)
    assert component_in(fenced(body, "markdown")) == body


@given(st.text())
def test_text_without_fence_or_chatter_is_unchanged(text: str) -> None:
    assume("`" not in text and "~" not in text and "<" not in text)
    assume(not text.lower().startswith(("sure", "ok", "here", "below", "got", "no ", "of ")))
    assert component_in(text).strip() == text.strip()
