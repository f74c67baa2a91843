"""What is put around a file, at the edge of what is certain: one line or mark more is the text."""

from __future__ import annotations

import pytest

from jit_guard.generators.answers.wrapping import is_greeting, only_json, unwrapped
from jit_guard.generators.judgement import UncertainError

HERE = "Here is the file:"
OFFER = "Let me know if you need changes."


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        # A fence around all of it, or after a greeting of at most four lines.
        ("Here\nis\nthe\nfile:\n```\na\n```", "a"),
        ("Sure!\nHere\nis\nthe\nfile:\n```\na\n```", None),
        ("```md\n\na\n\nb\n\n```", "a\n\nb"),
        ("```sql\na\n```", None),
        ("```{.text}\na\n```", "a"),
        ("a\n```\nb\n```", None),
        (f"{HERE}\n```\n{{text}}\n```", None),
        (f"{HERE}\n```\na\n```\nNote: adjust it.\nb", "a"),
        (f"{HERE}\n```\na\n```\nb\nNote: adjust it.", None),
        ("I wrote it in your style\n```\na\n```", "a"),
        ("I wrote it in your style\n```\na\n```\nNote: adjust it.", None),
        (f"```\na\n```\n\n{OFFER}\nb", "a"),
        (f"```\na\n```\nb\n{OFFER}", None),
        ("```md\na\n```\nPlease note that you can adjust it.", "a"),
        ("```\na\n```\nPlease note that you can adjust it.", None),
        # Fences within it are blocks of their own.
        ("```md\na\n```py\nb\n```\nc\n```", "a\n```py\nb\n```\nc"),
        ("```md\na\n```\nb\n```\nc\n```", "a\n```\nb\n```\nc"),
        ("```md\na\n```\n\nb\n```\nc\n```", None),
        ("```\na\n```\nb\n```\nc\n```", None),
        ("```py\na\n```\nb\n```\nc\n```", None),
        ("```md\na\n```py\nb\n```py\n```\nc\n```", "a\n```py\nb\n```py\n```\nc"),
        ("```md\na\n```py\nb\n```", None),
        ("````md\na\n```\nb\n````", "a\n```\nb"),
        ("```md\na\n~~~\nb\n```", "a\n~~~\nb"),
        # A fence that is closed at the end of the last line, or not at all.
        ("```md\na\nb```", "a\nb"),
        ("```md\na```", "a"),
        ("```sql\na", None),
        ("```md\na\nb ```  ", "a\nb "),
        ("```sql\na\nb", None),
        ("a\n```md\nb", None),
        ("a\nb\n```", "a\nb"),
        ("a\n\n```", "a"),
        ("a\n```py\nb\n```\nc\n```", "a\n```py\nb\n```\nc"),
        ("````md\na\n```\nb\n````\nc\n````", "````md\na\n```\nb\n````\nc"),
        ("a\n```\nb", None),
        ("a\nb\n```md", None),
        ("```", None),
        # A greeting without a fence, and what ends with it.
        (f"{HERE}\n\na", "a"),
        (f"{HERE}\na", None),
        (f"{HERE}\n\na\n```py\nb\n```", "a\n```py\nb\n```"),
        (f"{HERE}\n\n```py\na\n```\nb", None),
        (f"{HERE}\na\n\nb", None),
        (HERE, None),
        (f"{HERE}\n\na\n\n{OFFER}", "a"),
        (f"{HERE}\n\na\n{OFFER}", f"a\n{OFFER}"),
        (f"{HERE}\n\n{OFFER}", OFFER),
        (f"{HERE}\n\na\n\nb\n\n{OFFER}\nc", f"a\n\nb\n\n{OFFER}\nc"),
        (f"{HERE}\n\n---\n\na\n\nb\n\n***\n\n{OFFER}", "a\n\nb"),
        (f"{HERE}\n\n---\n\na\n\nb\n\n***\n{OFFER}", f"a\n\nb\n\n***\n{OFFER}"),
        (f"{HERE}\n\n---\na: b\n\n---\n\nc", "---\na: b\n\n---\n\nc"),
        (f"{HERE}\n\n---", "---"),
        (f"{HERE}\n\n{{text}}\n\na", None),
        (f"{HERE}\n\n[\n1\n]", "[\n1\n]"),
        ("Sure!\n\n# A\n\nb", "# A\n\nb"),
        ("Sure!\n\nA\n\nb", None),
        ("Here is the persona for them\n\n# A\n\nb", "# A\n\nb"),
        ("Here is the person for them\n\n# A\n\nb", None),
        ("", None),
        ("\n \n", None),
        ("\n\n```\na\n```\n\n", "a"),
    ],
)
def test_what_is_around_a_file_is_removed(answer: str, text: str | None) -> None:
    assert unwrapped(answer, ".txt", "persona") == (answer if text is None else text)


@pytest.mark.parametrize(
    ("answer", "suffix", "text"),
    [
        ("a\n```json\n[]\n```\nb", ".json", "[]"),
        ("a\n```\n[]\n```\nb", ".json", "[]"),
        ("a\n```md\n[]\n```\nb", ".json", None),
        ("```sql\na\n```", ".sql", "a"),
        ("```host.sql\na\n```", ".sql", "a"),
        ("```yaml\na\n```\nb", ".yml", "a"),
        ("```persona\na\n```", "", "a"),
        ("```persons\na\n```", "", None),
    ],
)
def test_a_fence_may_name_the_suffix_or_the_type(
    answer: str, suffix: str, text: str | None
) -> None:
    assert unwrapped(answer, suffix, "Persona") == (answer if text is None else text)


@pytest.mark.parametrize(
    "answer", ["```md\na\nb", "```\na`b\nc d```e", "```md\na `b` c```", "```md"]
)
def test_a_fence_that_is_not_closed_makes_an_answer_uncertain(answer: str) -> None:
    with pytest.raises(UncertainError, match="a fence that is not closed"):
        unwrapped(answer)


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (f"{HERE}\n[1]", "[1]"),
        (f'{HERE}\n{{\n  "a": []\n}} \nNote: b', '{\n  "a": []\n}'),
        ('Sure, I made it\n\n{"a": 1}', '{"a": 1}'),
        (f"{HERE}\n[1] b", None),
        (f"{HERE}\n[1]\n[2]", None),
        (f"{HERE}\n[\n[1],\n[2]\n]\nb", "[\n[1],\n[2]\n]"),
        (f"{HERE}\n[1", None),
        (f"{HERE}\n" + "[" * 5000, None),
        ("A list\n[1]", None),
        (HERE, None),
    ],
)
def test_the_only_json_value_between_a_greeting_and_a_note(answer: str, value: str | None) -> None:
    assert only_json(answer) == value


def test_a_greeting_is_one_line() -> None:
    assert is_greeting(f"\n{HERE}\n")
    assert is_greeting("Sure!")
    assert not is_greeting(f"{HERE}\na")
    assert not is_greeting("Hello")
