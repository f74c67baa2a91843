"""The body of an error: what the server says, in its own words.

Servers agree on no shape: `error` is an object, a string or a list, the message may be in
`detail` or `message`, and a gateway sends a page of HTML.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from jit_guard.text.credentials import scrub
from jit_guard.text.printable import printable

_LONGEST = 300  # characters shown
_MOST_READ = 65_536
_DEEPEST = 6
_NO_JSON = object()
_TEXTS = ("message", "msg", "Message", "detail", "error", "errors", "error_description",
          "description", "reason", "title", "metadata", "raw", "innererror", "inner_error",
          "details")  # fmt: skip
_CODES = ("code", "type", "status", "reason", "error_code", "errorCode", "error")
_IGNORED = re.compile(r"(?is)<!--.*?(?:-->|\Z)|<(script|style|head)\b.*?(?:</\1\s*>|\Z)")
_TITLE = re.compile(r"(?is)<title[^>]{0,200}>(.{0,500}?)</title")
_TAG = re.compile(r"<[^<>]{0,500}>")
_HTML = re.compile(r"(?i)\s*<(?:!doctype|html|head|body|title|h1|p|center|div|\?xml|!--)")


class ErrorBody(NamedTuple):
    """What an error says: a line to show (may be empty), and the codes that programs compare."""

    words: str
    codes: frozenset[str] = frozenset()
    text: str = ""  # all of its sentences


def read_error(body: bytes) -> ErrorBody:
    """Read the body of an error answer."""
    text = body[:_MOST_READ].decode("utf-8", "replace").strip()
    value = _parsed(text)
    if value is not _NO_JSON:
        said = "; ".join(dict.fromkeys(_texts(value)))
        return ErrorBody(one_line(said), frozenset(_codes(value)), said)
    if _HTML.match(text):
        title = _TITLE.search(text)
        page = html.unescape(_TAG.sub(" ", _IGNORED.sub(" ", text)))
        head = " ".join(html.unescape(title[1]).split()) if title else ""
        shown = " ".join(page.split())
        if head not in shown:
            shown = f"{head}: {shown[: _LONGEST // 2]}" if shown else head
        return ErrorBody(one_line(shown), frozenset(), f"{head} {page}")
    return ErrorBody(one_line(text), frozenset(), text)


def error_inside(body: bytes) -> ErrorBody | None:
    """Read an error that was sent with status 200; None if the body holds none."""
    value = _parsed(body[:_MOST_READ].decode("utf-8", "replace"))
    inside = value[0] if isinstance(value, list) and value else value
    if not isinstance(inside, dict) or inside.get("choices") or inside.get("output"):
        return None
    if not any(inside.get(name) for name in ("error", "errors", "detail", "message")):
        return None
    found = read_error(body)
    return found if found.words else None


def one_line(text: str) -> str:
    """Shorten a server's message to one line without keys."""
    line = printable(" ".join(scrub(text).split()))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_int=lambda digits: int(digits[:20]))
    except (ValueError, RecursionError):
        return _NO_JSON


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the sentences in a value, the most general one first."""
    if isinstance(value, str):
        inner = _parsed(value) if value.lstrip()[:1] in ("{", "[") else None
        if isinstance(inner, (dict, list)) and depth < _DEEPEST and any(_texts(inner, depth + 1)):
            yield from _texts(inner, depth + 1)
        elif value.strip():
            yield value.strip()
    elif depth >= _DEEPEST:
        return
    elif isinstance(value, list):
        for one in value[:5]:
            yield from _texts(one, depth + 1)
    elif isinstance(value, dict):
        found = [text for name in _TEXTS for text in _texts(value.get(name), depth + 1)]
        where = value.get("loc")
        if found and isinstance(where, list):  # FastAPI's validation errors
            found[0] = f"{'.'.join(map(str, where[:8]))}: {found[0]}"
        if not found:
            found = [one for name in ("code", "type") if isinstance(one := value.get(name), str)]
        yield from found


def _codes(value: Any, depth: int = 0) -> Iterator[str]:
    if depth < _DEEPEST and isinstance(value, list):
        for one in value[:5]:
            yield from _codes(one, depth + 1)
    elif depth < _DEEPEST and isinstance(value, dict):
        for name in _CODES:
            code = value.get(name)
            if isinstance(code, int) or (isinstance(code, str) and " " not in code):
                yield str(code)
        for inner in value.values():
            if isinstance(inner, (dict, list)):
                yield from _codes(inner, depth + 1)
