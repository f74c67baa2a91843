"""The check of generated texts, the shape of a type, and the generator `scaffold`."""

from __future__ import annotations

import json
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_guard.generators.choice import EMBEDDED
from jit_guard.generators.generator import Example, Options, Request
from jit_guard.generators.judgement import MAX_BYTES, finished, judge_text
from jit_guard.generators.scaffold import write
from jit_guard.generators.shape import sections, shape
from jit_guard.text.generated import untouched

REQUEST = Request(
    "HAND_OVER_SHIFT",
    "protocol",
    "autogen_protocol_for_hand_over_shift.txt",
    "components/protocols/autogen_protocol_for_hand_over_shift.txt",
    "hands the pager to the next engineer",
    ("# Goal", "# Steps", "# Stop when"),
    (Example("a.txt", "# Goal\nSay it.\n\n# Steps\n1. One\n2. Two\n\n# Stop when\n- Done.\n"),),
)


# The check of texts


@pytest.mark.parametrize("content", ["A text.\n", "x" * MAX_BYTES, "a\tb\n", "挨拶\n", "🙂\n"])
def test_a_valid_text_is_accepted(content: str) -> None:
    assert judge_text(content) is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "the text is empty"),
        (" \n\t\n", "the text is empty"),
        ("a\n\0", "the text contains the control character U+0000 on line 2"),
        ("\x1b[31m", "the text contains the control character U+001B on line 1"),
        ("a\rb", "the text contains the control character U+000D on line 1"),
        ("\x9b", "the text contains the control character U+009B on line 1"),
        ("\n\0", "the text contains the control character U+0000 on line 2"),
        (
            "\na\u200bb",
            "the text contains the invisible character U+200B ZERO WIDTH SPACE on line 2",
        ),
        ("ab\udc80", "the text is not UTF-8 (character 2)"),
        (
            "x" * (MAX_BYTES + 1),
            f"the text is {MAX_BYTES + 1} bytes long; the limit is {MAX_BYTES}",
        ),
    ],
)
def test_an_invalid_text_is_refused_with_the_reason(content: str, reason: str) -> None:
    assert judge_text(content) == reason


@given(st.text())
def test_a_finished_text_has_one_newline_at_its_end_and_no_carriage_return(content: str) -> None:
    done = finished(content)
    assert done.endswith("\n")
    assert not done.endswith("\n\n")
    assert "\r" not in done
    assert finished(done) == done


# The shape of a type


ROLE = "# Role\nYou help.\n\n# Rules\n- Be kind.\n"


def test_the_most_common_headings_are_the_shape() -> None:
    assert shape([ROLE, ROLE, "# Other\n# Another\n# Third\n"]) == ("# Role", "# Rules")


def test_a_line_inside_a_fence_is_not_a_heading() -> None:
    fenced = "# Role\n```sh\n# Rules\n~~~\n# Later\n```\n"
    assert shape([fenced]) == ("# Role",)
    assert shape(["# Role\n~~~\n# No\n~~~\n# Limits\n"]) == ("# Role", "# Limits")


def test_the_title_of_a_text_is_not_part_of_the_shape() -> None:
    texts = [f"# Title {number}\n## Role\n## Rules\n" for number in range(3)]
    assert shape(texts) == ("## Role", "## Rules")


def test_a_tie_is_won_by_the_most_common_headings() -> None:
    odd, one, other = "# X\n# Y\n", "# Role\n# Rules\n", "# Role\n# Limits\n# Rules\n"
    assert shape([odd, one, other]) == ("# Role", "# Rules")


def test_without_texts_there_is_no_shape() -> None:
    assert shape([]) == ()
    assert shape(["no heading", "#hashtag\n", ""]) == ()


def test_the_shape_of_json_is_its_keys() -> None:
    texts = ['{"$comment": "x", "role": 1, "rules": []}', '{"role": 2, "rules": 3}', "[]", "{"]
    assert shape(texts, ".json") == ("role", "rules")


@given(st.lists(st.text("#`~ ab\n-1.")))
def test_the_shape_does_not_depend_on_the_order_of_the_files(texts: list[str]) -> None:
    assert shape(texts) == shape(texts[::-1])
    assert all(heading.startswith("#") for heading in shape(texts))


def test_the_text_below_a_heading_has_a_kind() -> None:
    bodies = ["words", "First:\n- x\n- y", "1. x\n2) y", "```\nx\n```", "| a |\n| - |", ""]
    text = "".join(f"# A{number}\n{body}\n" for number, body in enumerate(bodies))
    kinds = [section.kind for section in sections(text)]
    assert kinds == ["prose", "list", "steps", "code", "table", "prose"]


# scaffold


def test_a_scaffold_has_the_shape_and_fills_in_what_is_known() -> None:
    text = write(REQUEST).content
    lines = text.splitlines()
    assert lines[:3] == ["# Goal", "", "Hands the pager to the next engineer."]
    assert [line for line in lines if line.startswith("# ")] == list(REQUEST.headings)
    todo = [line for line in lines if "TODO" in line]
    about = "of the protocol for HAND_OVER_SHIFT, and remove this line."
    assert todo == [
        f"TODO: write 'Goal' {about}",
        f"1. TODO: write 'Steps' {about}",
        f"- TODO: write 'Stop when' {about}",
    ]


def test_a_scaffold_is_a_draft_until_it_is_edited() -> None:
    data = write(REQUEST).content.encode()
    assert untouched(data)
    assert not untouched(data.replace(b"TODO: write 'Goal'", b"The goal"))


def test_a_type_without_components_gets_default_sections() -> None:
    text = write(REQUEST._replace(headings=(), examples=())).content
    assert "# Purpose" in text
    assert "# Instructions" in text


def test_sections_below_a_title_get_a_title() -> None:
    text = write(REQUEST._replace(headings=("## Role",))).content
    assert text.startswith("# Hand over shift\n\n## Role\n\nHands the pager")


def test_without_a_description_there_is_a_todo_for_it() -> None:
    assert (
        "TODO: say in a sentence what the protocol"
        in write(REQUEST._replace(description="")).content
    )


ODD = st.text(st.characters())


@given(
    ODD,
    ODD,
    ODD,
    st.lists(ODD.map(lambda text: f"# {text}")),
    st.sampled_from(["x.txt", "x.md", "x.json", "x.yaml", "x.toml", "x.html", "x", "x.odd"]),
)
def test_every_scaffold_is_a_valid_component_and_a_draft(
    goal: str, kind: str, description: str, headings: list[str], filename: str
) -> None:
    request = Request(goal, kind, filename, f"components/{filename}", description, tuple(headings))
    text = write(request).content
    assert judge_text(finished(text)) is None
    assert finished(text) == text
    assert untouched(text.encode())
    assert write(request).content == text


@given(ODD, ODD)
def test_a_scaffold_is_well_formed_in_its_own_format(goal: str, description: str) -> None:
    def made(filename: str, *headings: str) -> str:
        fields = {"goal": goal, "description": description, "filename": filename}
        return write(REQUEST._replace(**fields, headings=headings)).content  # type: ignore[arg-type]

    assert set(json.loads(made("x.json", "role", "rules"))) == {"$comment", "role", "rules", "TODO"}
    assert json.loads(made("x.json"))["goal"] == goal
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 has none")
    assert set(tomllib.loads(made("x.toml"))) == {"goal", "component_type", "description"}
    HTMLParser().feed(made("x.html"))


# The built-in generators


def test_built_in_generators_describe_themselves() -> None:
    assert next(iter(EMBEDDED)) == "scaffold"
    assert not EMBEDDED["scaffold"].paid
    assert not EMBEDDED["scaffold"].network
    assert EMBEDDED["command"].paid
    writer = EMBEDDED["scaffold"].factory(Options("."))
    assert writer.write(REQUEST).content == write(REQUEST).content


def test_listing_the_generators_does_not_import_them() -> None:
    program = (
        "import sys, jit_guard.generators.choice;"
        "print([m for m in ('subprocess', 'pluggy', 'sqlite3') if m in sys.modules])"
    )
    argv = [sys.executable, "-c", program]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
