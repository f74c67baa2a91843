"""The API key: it comes from the environment only, and must be valid in an HTTP header."""

from __future__ import annotations

from collections.abc import Mapping

from jit_guard.generators.generator import GeneratorUnusableError

KEY = "OPENAI_API_KEY"


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
