"""Is it a component? What is asked of every text, whoever wrote it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from jit_guard.generators.generator import GenerationError, Request, Text

MAX_BYTES = 1_000_000  # a component is read by people and models; what is longer is a mistake
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_NEWLINES = re.compile("\r\n?")


def finished(content: str) -> str:
    """The text as it will stand in its file: lines end at LF, and so does the last one."""
    return _NEWLINES.sub("\n", content).rstrip("\n") + "\n"


def judge_text(content: str) -> str | None:
    """Why a finished text is no component, short and lower case; None when it is one.

    UTF-8, not blank, no control characters other than tab and newline, not too long.
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
        return f"the text holds the control character U+{ord(found.group()):04X} in line {line}"
    if size > MAX_BYTES:
        return f"the text is {size} bytes long; {MAX_BYTES} is the limit"
    return None


_Stored = TypeVar("_Stored")


def write_judged(
    request: Request,
    write: Callable[[Request], Text],
    *,
    judge: Callable[[Request, Text], str | None],
    arrived: Callable[[Text], _Stored],
    refused: Callable[[_Stored, str], None],
    tries: int = 2,
) -> tuple[Text, _Stored]:
    """A text for the request that the judge accepts, and what `arrived` made of it.

    Args:
        request: what to write.
        write: the generator's.
        judge: says why a text is no component, or None; called after `arrived`.
        arrived: stores a text; what it returns is handed to `refused`.
        refused: marks a stored text, with the reason, so that it is not offered again.
        tries: how many texts may be asked for. A generator that gives the same for the same
            request deserves one.

    Raises:
        GenerationError: from `write`, whose text, if it has one, was stored and refused; or with
            the judge's last reason.
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
        reason = judge(request, text)
        if reason is None:
            return text, stored
        refused(stored, reason)
        if attempt >= tries:
            raise GenerationError(f"{reason} (after {tries} tries)" if tries > 1 else reason)
        request = request._replace(rejected=text.content, objection=reason)
