"""API keys: reading them, checking them, and keeping them out of all output.

A key comes only from the environment. Everything that is printed, raised or stored after contact
with a server passes through `scrub`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from jit_guard.generators.generator import GeneratorUnusableError

KEY = "OPENAI_API_KEY"
_SECRET = re.compile(r"\A(OPENAI|AZURE_OPENAI)_(API|ADMIN)_KEY\Z")
_HEADERS = "OPENAI_CUSTOM_HEADERS"
_SHORTEST = 8  # a shorter key is a dummy for a local server ("none", "ollama")
_USERINFO = re.compile(r"(?<=://)[^\s/@]+(?=@)")
_HIDDEN = "[key]"


def api_key(environ: Mapping[str, str]) -> str | None:
    """Return the key, without surrounding whitespace; None if it is not set.

    Raises:
        GeneratorUnusableError: it cannot be sent in a header. The message does not show it.
    """
    key = environ.get(KEY, "").strip()
    if not key:
        return None
    for place, character in enumerate(key, 1):
        if not "!" <= character <= "~":
            what = "whitespace" if character.isspace() else f"U+{ord(character):04X}"
            raise GeneratorUnusableError(
                f"{KEY} cannot be used: character {place} of {len(key)} is {what}; "
                "check that only the key was copied"
            )
    return key


def scrub(text: str, environ: Mapping[str, str] | None = None) -> str:
    """Remove every key in the environment, and user names and passwords in URLs, from a text."""
    for secret in sorted(_secrets(os.environ if environ is None else environ), key=len)[::-1]:
        text = text.replace(secret, _HIDDEN)
    return _USERINFO.sub(_HIDDEN, text)


def _secrets(environ: Mapping[str, str]) -> Iterator[str]:
    for name, value in environ.items():
        if _SECRET.match(name):
            # A key that spans lines, or is followed by a comment, is hidden in parts.
            parts = {value.strip(), *value.split()}
        elif name == _HEADERS:
            parts = {line.partition(":")[2].strip() for line in value.splitlines()}
            parts |= {part for whole in parts for part in whole.split()}
        else:
            continue
        for part in parts:
            if len(part) >= _SHORTEST:
                yield part
                # Also as repr() and JSON show it.
                for shown in (repr(part)[1:-1], part.encode("unicode_escape").decode()):
                    if shown != part:
                        yield shown
