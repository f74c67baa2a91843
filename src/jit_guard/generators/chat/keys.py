"""API keys: where they come from, when they can be used, and that nobody sees them.

A key comes from the environment alone. `scrub` is the one function through which everything
goes that is printed, raised or stored after a server was spoken to.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from jit_guard.generators.generator import GeneratorUnusableError

KEY = "OPENAI_API_KEY"
_SECRET = re.compile(r"\A(OPENAI|AZURE_OPENAI)_(API|ADMIN)_KEY\Z")
_HEADERS = "OPENAI_CUSTOM_HEADERS"
_SHORTEST = 8  # what is shorter is a dummy for a local server ("none", "ollama"), and a word
_USERINFO = re.compile(r"(?<=://)[^\s/@]+(?=@)")
_HIDDEN = "[key]"


def api_key(environ: Mapping[str, str]) -> str | None:
    """The key, without the white space around it that files and shells leave; None: not set.

    Raises:
        GeneratorUnusableError: no header can carry it. The message does not show it.
    """
    key = environ.get(KEY, "").strip()
    if not key:
        return None
    for place, character in enumerate(key, 1):
        if not "!" <= character <= "~":
            what = "white space" if character.isspace() else f"U+{ord(character):04X}"
            raise GeneratorUnusableError(
                f"{KEY} cannot be used: character {place} of {len(key)} is {what}; "
                "was more than the key copied?"
            )
    return key


def scrub(text: str, environ: Mapping[str, str] | None = None) -> str:
    """The text without any key of the environment, nor a user's name or password in a URL."""
    for secret in sorted(_secrets(os.environ if environ is None else environ), key=len)[::-1]:
        text = text.replace(secret, _HIDDEN)
    return _USERINFO.sub(_HIDDEN, text)


def _secrets(environ: Mapping[str, str]) -> Iterator[str]:
    for name, value in environ.items():
        if _SECRET.match(name):
            # A key that is broken over lines, or has a comment behind it, is one in each part.
            parts = {value.strip(), *value.split()}
        elif name == _HEADERS:
            parts = {line.partition(":")[2].strip() for line in value.splitlines()}
            parts |= {part for whole in parts for part in whole.split()}
        else:
            continue
        for part in parts:
            if len(part) >= _SHORTEST:
                yield part
                # As repr() and JSON show it, where they show it differently.
                for shown in (repr(part)[1:-1], part.encode("unicode_escape").decode()):
                    if shown != part:
                        yield shown
