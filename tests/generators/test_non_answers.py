"""Whole texts that are no component, and what the parts of a message say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jit_guard.generators.answers.non_answers import non_answer
from jit_guard.generators.answers.parts import Content, content_of, reasoning_of
from jit_guard.generators.generator import Request
from jit_guard.generators.prompt import FIRST_LINES

NO = "I'm sorry, but I can't help with that."
ERROR = ("error", "status", "code", "message", "type", "request_id")
ASKED = {"goal": 1, "component_type": 1, "filename": 1, "examples": [], "prompt": None}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("* _ *", "the text has no words"),
        ("*" * 36 + "ToDo", "the text is only 'ToDo'"),
        ("*" * 37 + "todo", None),
        ("Do it.", None),
        (f" {NO}\n\nOtherwise. ", f"the model refused: {NO} Otherwise."),
        (NO + "." * (600 - len(NO)), f"the model refused: {NO}" + "." * (200 - len(NO))),
        (NO + "." * (601 - len(NO)), None),
        (f"{NO}\n- unless\n", None),
        ("<tool_call>\n{}", "the text is a call of a tool"),
        (f"{FIRST_LINES[0]}\n\n- goal: a", "the text repeats the request"),
        (json.dumps({"version": 1, **ASKED}), "the text repeats the request"),
        (json.dumps({"version": 1, "goal": 1, "prompt": None}), None),
        (json.dumps(ASKED), None),
        ("[{'type': 'text', 'text': 'a'}]", "the text is a list of parts"),
        ('"a\\nb"', "the text is a JSON string"),
        ('"a b"', None),
        ('{"choices": []}', "the text is a whole chat completion"),
        ('{"object": "chat.completion"}', "the text is a whole chat completion"),
        ('{"choices": "a", "object": "b"}', None),
        ('{"error": {}, "code": 1}', "the text is an error message of a server"),
        (json.dumps(dict.fromkeys(ERROR, 1)), "the text is an error message of a server"),
        ('{"status": 1, "code": 1}', None),
        ('{"error": {}, "other": 1}', None),
        ('{"a": ' * 30_000, None),
        ("<html><title>502 Bad Gateway</title>", "the text is an error page"),
        ("# Steps\n\n## Limits\n-\n", "the text has only headings"),
        ("# Steps\n", None),
        ("# Steps\n\n# Limits\nNone.", None),
        ("<a>\n</a>", "the text has only tags"),
        ("<a>b</a>", None),
        ("<a>", None),
        ("b: <a>\n</a>", None),
    ],
)
def test_a_text_that_is_no_component_has_a_reason(text: str, reason: str | None) -> None:
    request = Request("LEAVE", "persona", "host.txt", "components/host.txt", "")
    assert non_answer(text, request) == reason


def test_json_that_was_asked_for_may_be_an_error() -> None:
    request = Request("LEAVE", "persona", "host.json", "components/host.json", "")
    assert non_answer('{"error": {"code": 1}}', request) is None


def nested(value: object, levels: int, key: str | None = None) -> Any:
    for _ in range(levels):
        value = [value] if key is None else {key: value}
    return value


def test_parts_are_nested_up_to_ten_levels() -> None:
    for key in (None, "text"):
        assert content_of(nested("a", 11, key)) == Content("a")
        assert content_of(nested("a", 12, key)) == Content(unknown="nested")
    for field in ("reasoning_content", "reasoning_details"):
        for key in (None, "a"):
            assert reasoning_of({field: nested("b", 11, key)}) == "b"
            assert reasoning_of({field: nested("b", 12, key)}) == ""
        assert reasoning_of({field: {"type": "c", "text": ["d", 1, None, {"e": "f"}]}}) == "df"


@pytest.mark.parametrize(
    ("content", "expected", "fault"),
    [
        (None, Content(), "the answer is empty"),
        (7, Content(unknown="int"), "the answer has a part of an unknown type ('int')"),
        ({"text": "a", "content": "b"}, Content("a"), None),
        ({"text": "", "content": "b"}, Content("b"), None),
        ({"type": "Output_Text", "text": "a"}, Content("a"), None),
        ({"type": "table"}, Content(), "the answer is empty"),
        (
            [{"type": "table", "text": "a"}, "b"],
            Content("b", unknown="table"),
            "the answer has a part of an unknown type ('table')",
        ),
        ([{"type": "citation", "text": "a"}, "b", ("c",)], Content("bc"), None),
        (
            [{"type": "thinking", "thinking": "a"}, {"text": "b", "thought": True}],
            Content(reasoning="ab"),
            "the answer is empty; the model sent only its reasoning, which the ledger keeps",
        ),
        ([{"text": "b", "thought": "yes"}], Content("b"), None),
        ([{"refusal": "a\n b"}, "c"], Content("c", "a\n b"), "the model refused: a b"),
        ([{"type": "refusal", "text": "a"}], Content(refusal="a"), "the model refused: a"),
        ([{"type": "text", "text": "b", "refusal": "a"}], Content("b"), None),
        ([{"text": "b", "refusal": None}], Content("b"), None),
        ([{"type": 3, "text": "b"}], Content("b"), None),
    ],
    ids=repr,
)
def test_the_parts_of_a_message(content: object, expected: Content, fault: str | None) -> None:
    assert content_of(content) == expected
    assert expected.fault() == fault


def test_reasoning_has_many_names_and_the_first_one_with_words_counts() -> None:
    assert reasoning_of({"reasoning_content": " ", "thoughts": "a", "thinking": "b"}) == "b"
    assert reasoning_of({"content": [{"type": "reasoning", "text": "c"}]}) == "c"
    assert reasoning_of({"content": "d"}) == ""
