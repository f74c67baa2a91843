"""The package speaks plain English: no word from the list in a message, docstring or comment."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import jit_guard

PACKAGE = Path(jit_guard.__file__).parent
# Words, and what to write instead.
WORDS = {
    r"tell|tells|told|telling": "report, print or say",
    r"stand(?! for)|stands|standing": "is, exists",
    r"left[- ]over": "an orphan, an unreferenced file (the name of JG303 is one word)",
    r"lack|lacks|lacked|lacking": "has no, is missing",
    r"mend|mends|mended": "fix",
    r"judge(?! is not callable|: )|judges|judged|unjudged|judging": "check",
    r"whom|whoever|nobody|somebody|everybody": "the process, the user, the reader",
    r"goes with|goes without|go with|go without": "requires, cannot be combined with",
    r"hands out|hand out|handed out|handing out": "returns",
    r"lets? go|letting go": "releases",
    r"takes? away|taken away": "removes",
    r"draws? up|drawn up": "prepares",
    r"(?<!there )is (?:(?-i:none)|no)(?! longer| help|\.)": "is not a, there is no",
    r"in earnest|in no time|by hand of|as good as": "what is meant",
    r"since over": "for more than",
    r"at the disk|on the disk|to the disk": "on disk, to disk",
    r"comes? to an end|brings? .{1,40} to an end|ends in exit code": "finishes, exits with 2",
    r"verdicts?": "the result (of a test: pytest_plugin/verdicts.py)",
    r"folders?(?!: )": "directory",
}
PATTERN = re.compile("|".join(rf"\b(?:{words})\b" for words in WORDS), re.IGNORECASE)
# Names in code, in quotes or with a code's punctuation around them, are no prose.
CODE = re.compile(r"`[^`]*`|\w+_\w+|\w+\.\w+|\w+/\w+|\w+\(")
FILES = sorted(PACKAGE.rglob("*.py"))


def prose(source: str) -> Iterator[tuple[int, str]]:
    """The string constants and comments of a module, with their lines."""
    for node in ast.walk(ast.parse(source)):
        # One word is a key or a name, such as the kind of a place; sentences have several.
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def offences(source: str) -> Iterator[tuple[int, str]]:
    """The words of `WORDS` in the prose of a module, with their lines."""
    for line, text in prose(source):
        for found in PATTERN.finditer(CODE.sub("", text)):
            yield line, found[0]


def test_no_message_docstring_or_comment_has_a_word_from_the_list() -> None:
    found = [
        f"{path.relative_to(PACKAGE.parent)}:{line}: {word!r}"
        for path in FILES
        for line, word in offences(path.read_text("utf-8"))
    ]
    assert not found, "see WORDS for what to write instead:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        '"""The check tells what it found."""',
        "x = 1  # nobody reads it",
        'message = f"{path} is no text"',
        'raise ValueError("--model goes with --fix")',
    ],
)
def test_a_word_from_the_list_is_found(source: str) -> None:
    assert len(list(offences(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "judge = rule.judge",
        '"""Calls `judge` of the rule."""',
        'kind = "folder"',
        '"""The tests are no longer run."""',
    ],
)
def test_names_in_code_are_allowed(source: str) -> None:
    assert list(offences(source)) == []
