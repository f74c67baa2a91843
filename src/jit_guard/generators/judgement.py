"""The check of every generated text, from any generator."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from jit_guard.generators.generator import GenerationError, Request, Text
from jit_guard.generators.invisible import find_invisible, named
from jit_guard.text.credentials import credential_in

MAX_BYTES = 1_000_000  # a longer component is a mistake
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_NEWLINES = re.compile("\r\n?")


def finished(content: str) -> str:
    """Return the text as it is written to its file: no BOM, LF line endings, one final newline."""
    return _NEWLINES.sub("\n", content.removeprefix("\ufeff")).rstrip("\n") + "\n"


def judge_text(content: str) -> str | None:
    """Return why a finished text is not a valid component, in lower case; None if it is valid.

    It must be UTF-8, not blank and not too long, and contain no control characters except tab and
    newline, no invisible characters, and no credential from the environment.
    """
    try:
        size = len(content.encode())
    except UnicodeEncodeError as error:
        return f"the text is not UTF-8 (character {error.start})"
    if not content.strip():
        return "the text is empty"
    found = _CONTROL.search(content)
    if found:
        line = content.count("\n", 0, found.start()) + 1
        return f"the text contains the control character U+{ord(found.group()):04X} on line {line}"
    if size > MAX_BYTES:
        return f"the text is {size} bytes long; the limit is {MAX_BYTES}"
    hidden = find_invisible(content)
    if hidden:
        line = content.count("\n", 0, hidden.start()) + 1
        return f"the text contains the invisible character {named(hidden.group())} on line {line}"
    credential = credential_in(content)
    if credential:
        return f"the text contains the value of {credential}"
    return None


_Stored = TypeVar("_Stored")


def write_checked(
    request: Request,
    write: Callable[[Request], Text],
    *,
    check: Callable[[Request, Text], str | None],
    arrived: Callable[[Text], _Stored],
    refused: Callable[[_Stored, str], None],
    tries: int = 2,
) -> tuple[Text, _Stored]:
    """Generate a text that passes the check; return it, and the result of `arrived` for it.

    Args:
        request: the component to write.
        write: the generator's `Writer.write`.
        check: returns why a text is not a valid component, or None; called after `arrived`.
        arrived: stores a text; its result is passed to `refused`.
        refused: marks a stored text as rejected, with the reason.
        tries: the maximum number of attempts; 1 for a deterministic generator.

    Raises:
        GenerationError: from `write` (its text, if any, is stored and refused), or with the last
            reason from `check`.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            text = write(request)
        except GenerationError as error:
            if error.text is not None:
                refused(arrived(error.text), error.reason)
            raise
        stored = arrived(text)
        reason = check(request, text)
        if reason is None:
            return text, stored
        refused(stored, reason)
        if attempt >= tries:
            raise GenerationError(f"{reason} (after {tries} tries)" if tries > 1 else reason)
        request = request._replace(rejected=text.content, objection=reason)
