"""Text and names in Markdown, of which nothing is taken for markup."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jit_guard.text.printable import printable

_PLAIN = r"[\w ./-]+"
# As numbers: neither Markdown nor HTML nor the bars of a table can be made of them. A colon, a
# full stop and an at sign make links (`https:`, `www.`) and call people by name.
_MARKUP = r"[\\`*_\[\]<>#|~&@$]|[:.](?=\S)"
_LONGEST_NAME = 1_000  # a pattern of megabytes takes minutes; no path that is used is longer
_COMMAND = r"`(?P<command>[^`]+)`"


def code(text: str) -> str:
    """A name, as code."""
    text = printable(text)
    if re.fullmatch(_PLAIN, text) and text == text.strip():
        return f"`{text}`"
    # Code between backticks cannot hold every backtick and bar; between tags it can.
    return f"<code>{_escaped(text)}</code>"


def prose(text: str, names: Iterable[str] = ()) -> str:
    """A sentence, with commands between backticks and the names that it contains as code."""
    text = printable(text)
    short = {printable(name) for name in names if len(name) <= _LONGEST_NAME}
    known = sorted(short, key=len, reverse=True)
    patterns = [rf"(?<!\w){re.escape(name)}(?!\w)" for name in known]  # the longest first
    if text.count("`") == 2:
        patterns.insert(0, _COMMAND)  # before the names, which it may hold
    if not patterns:
        return _escaped(text)
    made = []
    end = 0
    for found in re.finditer("|".join(patterns), text):
        made.append(_escaped(text[end : found.start()]))
        made.append(code(found.groupdict().get("command") or found.group()))
        end = found.end()
    return "".join((*made, _escaped(text[end:])))


def _escaped(text: str) -> str:
    return re.sub(_MARKUP, lambda found: f"&#{ord(found.group())};", text)
