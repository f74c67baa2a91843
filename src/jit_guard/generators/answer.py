"""Extraction of the component from a model's answer.

Even when asked for a file alone, models add greetings, fences and offers. Only what is certainly
one of these is removed: a component may itself contain fences, begin with a sentence that ends in
a colon, and end politely. The result is always one contiguous part of the answer, unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_THOUGHT = re.compile(r"\A\s*<(think|thinking|reasoning)>.*?</\1>", re.DOTALL)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)[^`\n]*\Z")
_PROSE = ("", "markdown", "md", "text", "txt", "plaintext", "plain")
_YES = r"(sure|certainly|absolutely|of course|okay|ok|got it|great|no problem)"
_HERE = r"(here is|here\W{0,2}s|here are|below is)"
_GREETING = re.compile(
    rf"{_YES}\W{{0,3}}\Z"
    rf"|({_YES}\W{{1,3}})?{_HERE}\b[^\n]{{0,120}}\b"
    r"(component|file|text|draft|document|content|version)s?\b[^\n]{0,160}:\W{0,3}\Z"
    rf"|{_YES}\W{{1,3}}{_HERE}\b[^\n]{{0,200}}:\W{{0,3}}\Z",
    re.IGNORECASE,
)
_BEFORE_FENCE = re.compile(rf"({_YES}|{_HERE})\b[^\n]{{0,300}}\Z", re.IGNORECASE)
_OFFER = re.compile(
    r"(let me know|feel free|i hope (this|that)|would you like|if you('d| would)? (like|want|need)"
    r"|this (component|file|draft) (is|should|can|will|has|follows))\b[^\n]{0,400}\Z",
    re.IGNORECASE,
)


def component_in(answer: str) -> str:
    """Return the text of the file in an answer."""
    text = _THOUGHT.sub("", answer)
    while True:
        inner = _inside(text.strip("\r\n \t").split("\n"))
        if inner == text:
            return text
        text = inner


def _inside(lines: Sequence[str]) -> str:
    """Remove one layer, if there is one."""
    rest = lines
    if len(lines) > 1:
        fence_follows = any(_FENCE.match(line.rstrip()) for line in _trimmed(lines[1:])[:1])
        alone = not lines[1].strip() or fence_follows
        if alone and (_BEFORE_FENCE if fence_follows else _GREETING).match(lines[0].strip()):
            rest = _trimmed(lines[1:])
    greeted = rest is not lines
    if len(rest) > 1 and _OFFER.match(rest[-1].strip()):
        before = _trimmed(rest[:-1])
        # The last line is certainly an offer only after a greeting or a fence around the rest.
        alone = len(before) < len(rest) - 1 or _FENCE.match(before[-1].rstrip()) is not None
        if alone and (greeted or _without_fence(before) is not None):
            rest = before
    inner = _without_fence(rest)
    if inner is None and greeted and not _GREETING.match(lines[0].strip()):
        rest = lines  # it introduced a block that is not the whole answer
    return "\n".join(rest if inner is None else inner)


def _without_fence(lines: Sequence[str]) -> Sequence[str] | None:
    """Return the lines inside a fence around all of them; None if there is no such fence."""
    opening = _FENCE.match(lines[0].rstrip())
    closing = _FENCE.match(lines[-1].rstrip())
    if len(lines) < 2 or not opening or not closing or closing[2]:
        return None
    if closing[1][0] != opening[1][0] or len(closing[1]) < len(opening[1]):
        return None
    # Inner blocks open and close, too, so a fence that is closed before the end does not enclose
    # everything. A bare fence closes the open block, but in prose it may open one.
    inner = [_FENCE.match(line.rstrip()) for line in lines[1:-1]]
    depth = 0
    for fence in inner:
        if not fence or fence[1][0] != opening[1][0] or len(fence[1]) < len(opening[1]):
            continue
        if depth:
            depth -= not fence[2]
        elif fence[2] or opening[2].lower() in _PROSE[1:]:
            depth += 1
        else:
            return None
    return lines[1:-1] if not depth else None


def _trimmed(lines: Sequence[str]) -> Sequence[str]:
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return lines[start:end]
