"""The gate between an answer and a component, and the corpus of what servers answer.

Each file in tests/data/answers is a list of answers: where the shape was reported, the answer
(`content`, a whole `message`, or the `output` of a program), and the component that must come out
or a part of the reason why there is none. Those in whole.json must come through unchanged. A text
of several lines is a list.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from chat_server import completion
from jit_guard.generators.answers.gate import component_in
from jit_guard.generators.chat.reading import read
from jit_guard.generators.generator import GenerationError, Request
from jit_guard.generators.judgement import MAX_BYTES, Rejection, finished
from jit_guard.generators.prompt import fenced

CORPUS = Path(__file__).parent.parent / "data" / "answers"
ANSWERS = {
    f"{path.stem}: {one['name']}": one
    for path in sorted(CORPUS.glob("*.json"))
    for one in json.loads(path.read_text("utf-8"))
}
WHOLE = {name: one for name, one in ANSWERS.items() if name.startswith("whole: ")}
REPORTED = {name: one for name, one in ANSWERS.items() if name not in WHOLE}


def request(suffix: str = ".txt") -> Request:
    name = f"autogen_persona_for_leave{suffix}"
    return Request("LEAVE", "persona", name, f"components/personas/{name}", "Sees people off.")


def joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "\n".join(text)


def arrived(one: dict[str, Any]) -> str:
    """Return the text of an answer as the generator returns it."""
    if "output" in one:
        return joined(one["output"])
    message = one.get("message", {"content": joined(one.get("content", ""))})
    body = completion(None, one.get("finish_reason", "stop"))
    body["choices"][0]["message"] = {"role": "assistant", **message}
    http = SimpleNamespace(content=json.dumps(body).encode(), headers={})
    return read(SimpleNamespace(http_response=http), "m").content


def gate(text: str, suffix: str = ".txt") -> str:
    found = component_in(text, request(suffix))
    assert isinstance(found, str), found
    return found


def test_the_corpus_is_large_and_each_shape_has_a_source() -> None:
    assert len(REPORTED) >= 60
    assert len(WHOLE) >= 20
    assert all(one["source"] and one["server"] and one["models"] for one in REPORTED.values())


@pytest.mark.parametrize("one", REPORTED.values(), ids=REPORTED)
def test_a_reported_shape_is_a_component_or_a_failed_entry(one: dict[str, Any]) -> None:
    try:
        found = component_in(arrived(one), request(one.get("suffix", ".txt")))
    except GenerationError as error:
        found = Rejection(error.reason)
    if "component" in one:
        assert found == joined(one["component"]) + "\n"
    else:
        assert isinstance(found, Rejection), found
        assert one["reason"] in found.reason
        assert found.again is one.get("again", found.again)


@pytest.mark.parametrize("one", WHOLE.values(), ids=WHOLE)
def test_a_whole_text_comes_through_unchanged(one: dict[str, Any]) -> None:
    text = joined(one["content"])
    assert gate(text, one.get("suffix", ".txt")) == f"{text}\n"


@pytest.mark.parametrize("one", WHOLE.values(), ids=WHOLE)
def test_a_whole_text_is_found_again_in_what_models_put_around_it(one: dict[str, Any]) -> None:
    text, suffix = joined(one["content"]).strip(), one.get("suffix", ".txt")
    for before, after in (
        ("<think>\nHm.\n</think>\n\n", ""),
        (
            "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>",
            "",
        ),
        ("\ufeff", "\n\n\n"),
    ):
        assert gate(f"{before}{text}{after}", suffix) == f"{text}\n"


NAMED = "autogen_persona_for_leave.txt"


@pytest.mark.parametrize(
    "line", [NAMED, f"**{NAMED}**", f"`components/personas/{NAMED}`:", f"### File: {NAMED}"]
)
def test_a_line_that_names_the_file_introduces_its_fence(line: str) -> None:
    for after in ("", "\n\nNote: adjust it."):
        assert gate(f"{line}\n\n```markdown\n# Purpose\nWave.\n```{after}") == "# Purpose\nWave.\n"
    other = f"{line.replace('leave', 'stay')}\n\n```markdown\n# Purpose\nWave.\n```"
    assert gate(other) == f"{other}\n"


def test_a_greeting_is_not_a_key_of_yaml() -> None:
    for greeting in ("Here is the file:", "Here is the YAML:", "Sure! Here is the YAML file:"):
        assert gate(f"{greeting}\n\nname: x\nsteps: [a]", ".yaml") == "name: x\nsteps: [a]\n"
    assert gate("Here is the TOML:\n\nname = 1", ".toml") == "name = 1\n"
    for text in ("ok:\n\n  name: x\n", "here: is the file\n\nname: x\n"):
        assert gate(text, ".yaml") == text


def test_a_byte_order_mark_counts_as_one_after_blank_lines_too() -> None:
    assert gate("\n \n\ufeff# Purpose\nWave.") == "# Purpose\nWave.\n"
    assert gate("\n  # Purpose\nWave.") == "\n  # Purpose\nWave.\n"


# Words and punctuation, without any mark that something may be taken for.
WORD = st.text(st.characters(categories=("Lu", "Ll", "Nd")), min_size=1, max_size=9)
BETWEEN = st.sampled_from(
    (
        *(" ", " ", "\n", "\n\n\n", ", ", ".\n\n", ": ", ":\n"),
        *("\n# ", "\n* ", "'", "? ", "  ", "\t"),
    )
)
PLAIN = st.builds(
    lambda start, words, end: start + "".join(map("".join, words)) + end,
    st.sampled_from(("", "", "\n", "  ", "# ", "- ")),
    st.lists(st.tuples(WORD, BETWEEN), min_size=5, max_size=40),
    st.sampled_from(("\nThe end.", "\nThe end.\n", "\nThe end\n\n", "\nthe end!")),
)
ANALYSIS = "<|channel|>analysis<|message|>"
FINAL = "<|end|><|start|>assistant<|channel|>final<|message|>"
MARKS = st.sampled_from(
    (
        *("```", "```markdown", "````", "~~~", "", "# A", "- x", "<think>", "</think>"),
        *("Sure!", "Here is the file:", "Let me know.", "---", "Note: adjust it.", "{{ x }}"),
        *("<|im_start|>assistant", "<|im_start|>user", "x<|im_end|>", "<|eot_id|>", "</s>"),
        *("<answer>", "</answer>", "[THINK]", "[/THINK]", "<s>", "\ufeff", "a</think>b"),
        *(ANALYSIS, FINAL, "<|end|><|start|>assistant", "assistant", "`</think>`", "<details>"),
        *("Here is my response:", "analysisWe think", "assistantfinalA", "a: b", "{}"),
    )
)
LINES = st.lists(st.one_of(st.text(max_size=20), MARKS), max_size=12).map("\n".join)
SUFFIXES = st.sampled_from((".txt", ".md", ".json", ".yaml", ".toml", ".jsonl", ".py", ""))


@given(PLAIN)
@example("  Leading space, and a colon:\n\n\n\nfour lines, then # not a heading.")
def test_a_whole_plain_text_always_comes_through_unchanged(text: str) -> None:
    assert component_in(text, request()) == f"{text.rstrip(chr(10))}\n"


@given(LINES, SUFFIXES)
def test_the_gate_leaves_its_own_result_unchanged(answer: str, suffix: str) -> None:
    found = component_in(answer, request(suffix))
    if isinstance(found, str):
        assert component_in(found, request(suffix)) == found
        assert found == finished(found)


@given(LINES, SUFFIXES)
def test_the_component_is_one_part_of_the_answer(answer: str, suffix: str) -> None:
    found = component_in(answer, request(suffix))
    if isinstance(found, str):
        assert found.rstrip("\n") in finished(answer)
    else:
        found.text.encode()
        assert found.reason
        assert "\n" not in found.reason


@given(PLAIN)
def test_a_fence_around_a_component_makes_no_difference(body: str) -> None:
    body = "\n".join(line.rstrip() for line in body.strip().split("\n"))
    assume(gate(body) == f"{body}\n")
    assert gate(fenced(body, "markdown")) == f"{body}\n"
    assert gate(f"Here is the file:\n\n{fenced(body)}\n\nNote: adjust it.") == f"{body}\n"


def test_an_answer_is_not_too_long_and_not_wrapped_too_often() -> None:
    thought = "<think>a</think>"
    assert component_in(f"{thought}b".rjust(4 * MAX_BYTES), request()) == "b\n"
    found = component_in(f"{thought}b".rjust(4 * MAX_BYTES + 1), request())
    assert isinstance(found, Rejection)
    assert found.reason.startswith("the answer is longer than ")
    assert not found.again
    assert gate("Here is the file:\n\n" * 7 + "a") == "a\n"
    wrapped = component_in("Here is the file:\n\n" * 8 + "a", request())
    assert isinstance(wrapped, Rejection)
    assert wrapped.reason == "the answer is wrapped too often"


@pytest.mark.parametrize(
    "part",
    [
        *("<think>", "</think>\n", "<think>a</think>", "x</think>y ", "&lt;think&gt;", "[THINK]"),
        *("`", "``` ", "```\n", "~~~a\n", " ", "\n", "<|im_end|>", "</s>", "<s>", ANALYSIS, FINAL),
        *("<|im_end|>\n<|im_start|>user\n", "# A\n", "Sure!\n\n", "<a>", "<a b='", "[", "a: "),
        *("assistant\n\n", "<answer>", "Here is the file:\n\n", "I'm sorry ", "<|begin_of_box|>"),
    ],
    ids=repr,
)
def test_a_hostile_answer_ends_soon(part: str) -> None:
    text = part * (30_000 // len(part))
    for answer, suffix in ((text, ".txt"), (text, ".yaml"), (f"```markdown\n{text}`", ".json")):
        began = time.process_time()
        component_in(answer, request(suffix))
        assert time.process_time() - began < 5
