"""JSON, read strictly, and JSON with comments and trailing commas.

Comments and trailing commas are replaced by as many spaces, so that the reader of JSON does the
rest and every offset stays right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from jit_guard.registry import strict_json
from jit_guard.registry.positions import Positions
from jit_guard.registry.strict_json import ReadError
from jit_guard.registry.syntax.syntax import Document, Syntax

_STRING = r'"(?:[^"\\]|\\.)*"'
_COMMENTS = re.compile(rf"(?s)({_STRING})|//[^\r\n]*|/\*.*?\*/|/\*")
_TRAILING_COMMAS = re.compile(rf"(?s)({_STRING})|,(?=\s*[\]}}])")
_NO_LINE_END = re.compile(r"[^\r\n]")


def _read(text: str) -> Document:
    value, repeats_keys = strict_json.loads(text)
    return Document(value, lambda: Positions(text), repeats_keys)


def _read_with_comments(text: str) -> Document:
    plain = _TRAILING_COMMAS.sub(_blank, _COMMENTS.sub(_blank, text))
    return _read(plain)


def _blank(match: re.Match[str]) -> str:
    if match.group(1) is not None:
        return match.group()
    if match.group() == "/*":
        raise ReadError(match.start(), "this comment has no end")
    return _NO_LINE_END.sub(" ", match.group())


def _spellings(_old: str, new: str, ascii_only: bool) -> Iterator[str]:
    yield json.dumps(new, ensure_ascii=ascii_only)


JSON = Syntax("JSON", _read, _spellings, certain=True)
JSONC = Syntax("JSON with comments", _read_with_comments, _spellings, certain=True)
