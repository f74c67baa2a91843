"""The one way from an answer to a component, for every generator.

The steps repeat until none of them removes anything, so that the gate leaves its own result
unchanged. A text that none of them changes keeps every character, except as `finished` says.
"""

from __future__ import annotations

from collections.abc import Callable

from jit_guard.generators.answers.formats import STRUCTURED, format_fault
from jit_guard.generators.answers.markers import without_markers, without_stop_tokens
from jit_guard.generators.answers.non_answers import non_answer
from jit_guard.generators.answers.thoughts import without_thoughts
from jit_guard.generators.answers.wrapping import is_introduction, only_json, unwrapped
from jit_guard.generators.generator import Request
from jit_guard.generators.judgement import (
    MAX_BYTES,
    Rejection,
    UncertainError,
    finished,
    judge_text,
)

_MOST = 8  # rounds
_LONGEST = 4 * MAX_BYTES  # characters of an answer, with its thoughts


def component_in(content: str, request: Request) -> str | Rejection:
    """Return the component in an answer, as it is written to its file, or why there is none.

    Args:
        content: the text of the answer, as it arrived.
        request: what was asked for.
    """

    def plain(text: str) -> str:
        return text.encode("utf-8", "backslashreplace").decode()

    if len(content) > _LONGEST:
        return Rejection(f"the answer is longer than {_LONGEST} characters", again=False)
    text = finished(content)
    try:
        text = _extracted(text, request)
    except UncertainError as error:
        return Rejection(error.reason, plain(text), error.again)
    reason = judge_text(text) or non_answer(text, request) or format_fault(text, request.suffix)
    return text if reason is None else Rejection(reason, plain(text))


def _extracted(text: str, request: Request) -> str:
    """Remove what is around the component.

    Raises:
        UncertainError: it is not certain what the component is.
    """

    def is_whole(text: str) -> bool:
        # Whatever looks like a mark in a text that parses is part of a value.
        # Only YAML takes a greeting for a key.
        if request.suffix not in STRUCTURED or format_fault(text, request.suffix) is not None:
            return False
        return not is_introduction(text.lstrip().partition("\n")[0])

    steps: tuple[Callable[[str], str], ...] = (
        lambda text: without_thoughts(text, is_whole),
        without_markers,
        lambda text: unwrapped(text, request.suffix, request.component_type, request.path),
        lambda text: (only_json(text) if request.suffix == ".json" else None) or text,
    )
    for _ in range(_MOST):
        before = text
        for step in steps:
            if is_whole(text):
                # A value of YAML without quotes may end with a token.
                yaml = request.suffix in (".yaml", ".yml")
                return finished(without_stop_tokens(text)) if yaml else text
            shorter = step(text)
            if shorter != text:
                text = finished(shorter)
        if text == before:
            return text
    raise UncertainError("the answer is wrapped too often")
