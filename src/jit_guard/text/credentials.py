"""Credentials in the environment, and how to keep them out of texts and messages.

`scrub` removes the values of such variables (see `credential_names.py`) from messages, and
`credential_in` finds them in generated texts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from jit_guard.text.credential_names import HEADERS, LEDGER, is_credential

_PUBLIC_HEADERS = ("accept", "content-", "user-agent")
_SHORTEST = 8  # shorter values are dummies for a local server ("none", "ollama"), or words
# Placeholders of tutorials and local servers are not secret, and a text may need the word.
_PLACEHOLDERS = (
    "changeme", "disabled", "lm-studio", "localhost", "minioadmin", "no-key-required",
    "not-needed", "password", "postgres", "postgresql", "rabbitmq", "required",
    "sk-no-key-required", "undefined", "your-api-key",
)  # fmt: skip
_USERINFO = re.compile(r"(?<=://)[^\s/@]+(?=@)")
_PASSWORD = re.compile(r"://[^/?@:]*:([^/?@]+)@|[?&](?:ssl)?password=([^&]+)")
_HIDDEN = "[key]"
# What formats put between or around the letters and digits of a value: line breaks, quotes,
# separators, and the JSON, URL and HTML escapes of such characters.
_NOISE = re.compile(r"\\u00[0-9A-Fa-f]{2}|\\[nrt]|%[0-9A-Fa-f]{2}|&#?\w{2,6};|[^A-Za-z0-9]+")
# What is between bytes in hex: `\x6b`, `\u006b`, `%6b`, `&#x6b;`, `0x6b, `.
_BETWEEN_BYTES = re.compile(r"(?i)[^0-9a-z]+(?:u00|x)?|0x")
_LONG, _MIXED = 20, 12  # letters and digits that are enough to recognize a value without the rest


def credential_in(text: str, environ: Mapping[str, str] | None = None) -> str | None:
    """Return the name of a variable whose credential the text contains; None if there is none.

    A value is found as it is, quoted, escaped, split across lines, or in base64 or hex.
    """
    bare = escaped = None
    for name, value in _credentials(os.environ if environ is None else environ):
        if value in text:
            return name
        if bare is None:
            bare = _NOISE.sub("", text)
        if any(core in bare for core in _cores(value)):
            return name
        if escaped is None:
            escaped = _BETWEEN_BYTES.sub("", text).lower()
        if value.encode("utf-8", "surrogateescape").hex() in escaped:
            return name
    return None


def scrub(text: str, environ: Mapping[str, str] | None = None) -> str:
    """Return the text without credentials, and without user names and passwords in URLs.

    Values are removed in the spellings that programs print, but not if split across lines.
    """
    found = {value for _, value in _credentials(os.environ if environ is None else environ)}
    shown = {spelling for value in found for spelling in _spellings(value)}
    for spelling in sorted(shown, key=len, reverse=True):
        text = text.replace(spelling, _HIDDEN)
    return _USERINFO.sub(_HIDDEN, text)


def _credentials(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the values to search for, each after the name of its variable."""
    for name, whole in environ.items():
        if name == HEADERS:
            values = [
                line.partition(":")[2]
                for line in whole.splitlines()
                if not line.strip().lower().startswith(_PUBLIC_HEADERS)
            ]
        elif name == LEDGER:
            values = [whole, *_passwords(whole)]
        elif is_credential(name):
            values = [whole]
        else:
            continue
        found = dict.fromkeys(part for value in values for part in _parts(value))
        for part in found:
            yield name, part


def _passwords(url: str) -> Iterator[str]:
    """Yield the passwords in the URL of a server, also as they are without percent-encoding."""
    from urllib.parse import unquote

    for found in _PASSWORD.finditer(url):
        password = found[1] or found[2]
        yield from (password, unquote(password))


@lru_cache(maxsize=256)
def _parts(value: str) -> tuple[str, ...]:
    """Return a value without surrounding whitespace and quotes, and its words with a digit.

    A private key has several lines; a pasted key may have a comment after it.
    """
    words = value.replace("\\n", "\n").split()
    secret = [
        word
        for word in words
        if any(map(str.isdigit, word)) and "://" not in word and not word.startswith("-----")
    ]
    parts = (part.strip(" \t\r\n\"'`,;") for part in (value, *secret))
    return tuple(
        dict.fromkeys(
            part for part in parts if len(part) >= _SHORTEST and part.lower() not in _PLACEHOLDERS
        )
    )


@lru_cache(maxsize=256)
def _spellings(value: str) -> tuple[str, ...]:
    """Return the spellings in which programs print a value."""
    import json
    from urllib.parse import quote

    shown = [value, repr(value)[1:-1], json.dumps(value)[1:-1], quote(value, safe="")]
    shown.append(value.encode("unicode_escape").decode())
    encoded = list(_encoded(value))
    encoded += [one.translate(str.maketrans("+/", "-_")) for one in encoded]
    return tuple(dict.fromkeys((*shown, *encoded)))


@lru_cache(maxsize=256)
def _cores(value: str) -> tuple[str, ...]:
    """Return the letters and digits of a value, as it is and encoded."""
    core = _NOISE.sub("", value)
    mixed = any(map(str.isdigit, core)) and any(map(str.isalpha, core))
    cores = [core] if len(core) >= (_MIXED if mixed else _LONG) else []
    return tuple(dict.fromkeys((*cores, *(_NOISE.sub("", one) for one in _encoded(value)))))


def _encoded(value: str) -> Iterator[str]:
    """Yield a value in hex, and in base64 for each offset in the encoded data."""
    from binascii import b2a_base64

    data = value.encode("utf-8", "surrogateescape")
    yield data.hex()
    yield data.hex().upper()
    for before in range(3):  # bytes; only base64 characters that depend on the value alone are used
        encoded = b2a_base64(bytes(before) + data, newline=False).decode()
        yield encoded[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
