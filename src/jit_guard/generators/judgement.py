"""The check of every generated text, from any generator."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from jit_guard.generators.generator import GenerationError, Request, Text
from jit_guard.generators.invisible import find_invisible, named
from jit_guard.text.credentials import credential_in

MAX_BYTES = 1_000_000  # a longer component is a mistake
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_NEWLINES = re.compile("\r\n?")
_BOM = re.compile(r"\A\s*\ufeff+")


def finished(content: str) -> str:
    """Return the text as it is written to its file: no BOM, LF line endings, one final newline."""
    return _NEWLINES.sub("\n", _BOM.sub("", content)).rstrip("\n") + "\n"


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


class Rejection(NamedTuple):
    """Why an answer is not a component.

    `text` is what a second attempt is shown of it; `again`: whether that attempt is worth making.
    """

    reason: str  # in lower case
    text: str = ""
    again: bool = True


class UncertainError(Exception):
    """It is not certain what of an answer is the component. `again` as for `Rejection`."""

    def __init__(self, reason: str, *, again: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again


_Stored = TypeVar("_Stored")


def write_checked(
    request: Request,
    write: Callable[[Request], Text],
    *,
    check: Callable[[Request, Text], str | Rejection],
    arrived: Callable[[Text, str | None], _Stored],
    refused: Callable[[_Stored, str], None],
    tries: int = 2,
) -> tuple[str, _Stored]:
    """Generate a text that passes the check; return it, and the result of `arrived` for it.

    Args:
        request: the component to write.
        write: the generator's `Writer.write`.
        check: returns the component in a text, or why there is none; called after `arrived`.
        arrived: stores a text, and why it is rejected if that is known; its result is passed to
            `refused`.
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
                arrived(error.text, error.reason)
            raise
        stored = arrived(text, None)
        checked = check(request, text)
        if isinstance(checked, str):
            return checked, stored
        refused(stored, checked.reason)
        if attempt >= tries or not checked.again:
            tried = f" (after {attempt} tries)" if attempt > 1 else ""
            raise GenerationError(f"{checked.reason}{tried}")
        request = request._replace(rejected=checked.text, objection=checked.reason)
