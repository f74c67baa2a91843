"""Characters that a reviewer cannot see but a model reads.

A text with them can say one thing to a reviewer and another to a model (CVE-2021-42574, "Trojan
Source"), or carry hidden data. All characters with Unicode's Default_Ignorable_Code_Point, the
annotations U+FFF9 to U+FFFB, and the separators U+2028 and U+2029 (a line break, or nothing,
depending on the program) are refused, except where languages and emoji need them:

- U+200C and U+200D (joiners: Persian, Indic scripts, emoji), next to a non-ASCII character and not
  twice in a row;
- U+FE0E and U+FE0F (text or emoji style), after a non-ASCII character, a digit, `#` or `*`, and not
  twice in a row;
- U+180B to U+180D and U+180F (Mongolian variants), after a Mongolian letter.

All other variation selectors are refused: a run of the 240 selectors U+E0100 to U+E01EF encodes any
bytes after one visible character. A file that needs one for a name can be written by hand.
"""

from __future__ import annotations

import re

# Bidirectional controls are U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069.
_NEVER = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_JOINER, _SELECTOR = "\u200c\u200d", "\ufe0e\ufe0f"
_INVISIBLE = re.compile(
    rf"[{_NEVER}]"
    rf"|[{_JOINER}](?=[{_JOINER}{_SELECTOR}])"
    rf"|(?<![^\x00-\x7f])[{_JOINER}](?![^\x00-\x7f])"
    rf"|(?<![^\x00-\x7f]|[0-9#*])[{_SELECTOR}]|[{_SELECTOR}](?=[{_SELECTOR}])"
    "|(?<![\u1820-\u18aa])[\u180b-\u180d\u180f]"
)


def find_invisible(text: str) -> re.Match[str] | None:
    """Find the first refused invisible character in a text."""
    return None if text.isascii() else _INVISIBLE.search(text)


def named(character: str) -> str:
    """Return the name of a character for messages, such as U+202E RIGHT-TO-LEFT OVERRIDE."""
    from unicodedata import name

    return f"U+{ord(character):04X} {name(character, '')}".rstrip()
