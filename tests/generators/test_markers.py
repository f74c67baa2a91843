"""Tokens and thoughts at the edge of what is certain: one character more is part of the text."""

from __future__ import annotations

import pytest

from jit_guard.generators.answers.markers import without_markers
from jit_guard.generators.answers.thoughts import without_thoughts
from jit_guard.generators.judgement import UncertainError

CHAT = "<|im_start|>"
END = "<|im_end|>"
BEGIN = "<\uff5cbegin▁of▁sentence\uff5c>"
ANALYSIS = "<|channel|>analysis<|message|>"
FINAL = "<|end|><|start|>assistant<|channel|>final<|message|>"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        # Stop tokens at the end, and those that belong to the text.
        ("a.</s></s> </s>\n", "a."),
        ("</s>", ""),
        ("</s></s>", ""),
        ("a\n</s>", "a"),
        ("a. </s>", "a."),
        ("a.<eos><pad>", "a."),
        ("a </s> b</s>", "a </s> b</s>"),
        ("a `</s>` b.</s>", "a `</s>` b."),
        ("<s>a</s> b</s>", "<s>a</s> b</s>"),
        (f"{CHAT}user\na{END}", f"{CHAT}user\na{END}"),
        (f"a {CHAT}b{END}", f"a {CHAT}b{END}"),
        (f"a `{CHAT}` b.{END}", f"a `{CHAT}` b."),
        # The header of the model's turn, and of another one.
        (f"  {CHAT}assistant\n\na", "a"),
        (f"{CHAT}assistant\na\n{CHAT}user\nb", f"{CHAT}assistant\na\n{CHAT}user\nb"),
        (f"{CHAT}assistant\na {END} b", f"{CHAT}assistant\na {END} b"),
        (f"{CHAT}assistant\na <|im_system|> b{END} ", f"a <|im_system|> b{END} "),
        (f"{CHAT}user\n", ""),
        (f"a\n{CHAT}user", "a"),
        ("a\n<\uff5cbegin▁of▁sentence\uff5c> " + "b" * 20, "a"),
        (
            "a\n<\uff5cbegin▁of▁sentence\uff5c> " + "b" * 21,
            "a\n<\uff5cbegin▁of▁sentence\uff5c> " + "b" * 21,
        ),
        (f"a {CHAT} b {CHAT}user", f"a {CHAT} b {CHAT}user"),
        # Further turns.
        (f"a{END}\n{CHAT}user\nb{END}\n{CHAT}assistant\nc", "a"),
        (f"a{END} b {END}\n{CHAT}user\nc", f"a{END} b"),
        (f"a `{END}`\n{CHAT}user\nb", f"a `{END}`\n{CHAT}user\nb"),
        (f"{CHAT}system\na{END}\n{CHAT}user\nb", f"{CHAT}system\na{END}\n{CHAT}user\nb"),
        ("a<|eot_id|><|start_header_id|>user<|end_header_id|>b </s><s>[INST]c", "a"),
        ("a.assistant\n\nb.assistant\n\nc", "a."),
        ("a assistant\n\nb", "a assistant\n\nb"),
    ],
)
def test_tokens_of_a_template_are_removed_where_they_are_no_text(answer: str, text: str) -> None:
    assert without_markers(answer) == text


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("a </s>", "ends with </s>"),
        ("- a \t</s>", "ends with </s>"),
        (f"{CHAT}user\nb", "begins with the role header"),
    ],
)
def test_a_token_that_may_be_part_of_the_text_makes_it_uncertain(answer: str, reason: str) -> None:
    with pytest.raises(UncertainError, match=reason):
        without_markers(answer)


def thought(answer: str) -> str:
    return without_thoughts(answer, lambda text: text.startswith("{"))


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("<think>a</think>b", "b"),
        (" <think>a</think>\n\nb", "b"),
        ("<think>a `</think>` b</think>c", "c"),
        ("<think>a `</think>`\nb", "`\nb"),
        ("<think>a `</think>` `</think>`\nb", "` `</think>`\nb"),
        ("<think>Write </think>, then go on.\n</think>\nb", "b"),
        ("<think>\nWrite </think>, then b", ", then b"),
        ("Sure!\n<think>a</think>b", "b"),
        ("Hello!\n<think>a</think>b", "Hello!\n<think>a</think>b"),
        ("<think>a</think>" * 9 + "b", "b"),
        ("{<think>a</think>", "{<think>a</think>"),
        # A thought that the template began.
        ("a\n</think>\n\nb", "b"),
        ("a.</think>B", "B"),
        ("a</think>b", "b"),
        ("a.</think> The b", "The b"),
        ("a </think> b", "a </think> b"),
        ("a. </think> b", "a. </think> b"),
        ("a </think>B", "a </think>B"),
        ("a `</think>` b", "a `</think>` b"),
        ("</think> b", "b"),
        (" " * 98 + "</think> b", "b"),
        (" " * 99 + "</think> b", " " * 99 + "</think> b"),
        ("a" + " " * 97 + "</think> b", "a" + " " * 97 + "</think> b"),
        ("a [/THINK] b", "b"),
        ("a </details> b", "a </details> b"),
        ("a <think> b </think>\nc", "a <think> b </think>\nc"),
        ("a <think> b\n</think>\nc", "c"),
        ("a\n<think>\nb\n</think>\nc", "a\n<think>\nb\n</think>\nc"),
        ("a\n<think>\n</think>\n</think>\nb", "b"),
        ("a\n<think>\nb\n</think>\nc\n</think>\nd", "d"),
        ("a\n  <think> b", "a\n  <think> b"),
        (
            "a\n" + " " * 99 + "<think>\nb\n</think>\nc",
            "a\n" + " " * 99 + "<think>\nb\n</think>\nc",
        ),
        ("a\n</think>\n{\n<think>\nb", "{\n<think>\nb"),
        # What encloses the answer after a thought.
        ("<think>a</think><answer>b</answer>", "b"),
        ("<think>a</think><Answer>\nb\n</ANSWER>", "b"),
        ("<think>a</think><answer>b", "b"),
        ("<think>a</think><answer>b</answer> c", "<answer>b</answer> c"),
        ("<answer>b</answer>", "<answer>b</answer>"),
        ("<|begin_of_box|>b<|end_of_box|>", "b"),
        (" <|begin_of_box|>b", "b"),
        ("<think>a</think><|begin_of_box|><answer>b", "<answer>b"),
        (f"{ANALYSIS}a{FINAL}b", "b"),
    ],
)
def test_thoughts_are_removed_where_they_are_no_text(answer: str, text: str) -> None:
    assert thought(answer) == text


@pytest.mark.parametrize(
    ("answer", "reason", "again"),
    [
        ("<think>a</think>" * 10 + "b", "more than 10 thoughts", False),
        ("<think>a</think> ", "only a thought", False),
        ("<think>a</think><answer> </answer>", "only a thought", False),
        ("<think>a", "has no end", False),
        ("a\n\n<think>\nb", "a thought begins on line 3 and has no end", True),
        ("\na\n<think>\nb", "on line 3", True),
        (f"a\n<think>{' ' * 98}\nb", "a thought begins on line 2", True),
    ],
)
def test_a_thought_without_an_end_or_an_answer_is_refused(
    answer: str, reason: str, again: bool
) -> None:
    with pytest.raises(UncertainError, match=reason) as error:
        thought(answer)
    assert error.value.again is again
