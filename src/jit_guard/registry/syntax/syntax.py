"""One syntax of registry files, as a value: how to read it, and how to write a string in it."""

from __future__ import annotations

import sys
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, NamedTuple

from jit_guard.errors import JitGuardError
from jit_guard.registry.positions import Positions
from jit_guard.registry.strict_json import decode
from jit_guard.registry.syntax.spans import Spans


class MissingLibraryError(JitGuardError):
    """The library that reads this syntax is not installed. The message says how to install it."""


class Document(NamedTuple):
    """A parsed text.

    Args:
        value: objects are dicts with string keys, arrays are lists.
        spans: finds the positions of keys and values.
        repeats_keys: some object has a key twice; the last one counts.
    """

    value: Any
    spans: Callable[[], Spans | Positions]
    repeats_keys: bool


class Syntax(NamedTuple):
    """A syntax.

    Args:
        name: as messages call it.
        read: parses a text; raises ReadError.
        spellings: yields how a string may be written in place of a scalar, given the text of
            that scalar, the string, and whether the document is ASCII; the likeliest first.
        certain: the first spelling is right everywhere; otherwise the result must be read.
        begins_with_mark: a byte order mark at the start is legal.
    """

    name: str
    read: Callable[[str], Document]
    spellings: Callable[[str, str, bool], Iterator[str]]
    certain: bool = False
    begins_with_mark: bool = False

    def decode(self, data: bytes) -> str:
        """Decode a UTF-8 file; a legal mark stays. Raises EncodingError."""
        mark = self.begins_with_mark and data.startswith(BOM_UTF8)
        return "\ufeff" + decode(data[len(BOM_UTF8) :]) if mark else decode(data)


# Name -> module and constant, imported when a registry has this syntax.
_HOMES = {
    "json": ("json_files", "JSON"),
    "jsonc": ("json_files", "JSONC"),
    "yaml": ("yaml_files", "YAML"),
    "toml": ("toml_files", "TOML"),
}
NAMES = tuple(_HOMES)
_SUFFIXES = {".json": "json", ".jsonc": "jsonc", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml"}


def syntax_name(path: str) -> str | None:
    """Return the name of the syntax that the suffix of a path means; None if it means none."""
    return next((name for suffix, name in _SUFFIXES.items() if path.lower().endswith(suffix)), None)


def syntax(name: str) -> Syntax:
    """Return a syntax by its name. Raises MissingLibraryError."""
    module, constant = _HOMES[name]
    full = f"jit_guard.registry.syntax.{module}"
    # Texts are read by the thousand, and importing takes longer than finding what was imported.
    found: Syntax = getattr(sys.modules.get(full) or import_module(full), constant)
    return found
