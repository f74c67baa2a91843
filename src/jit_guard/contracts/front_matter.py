"""The front matter of a text: a block of YAML between lines of `---`, or of TOML between `+++`.

YAML is read as registries in YAML are: with the core schema of YAML 1.2, in which `no` and a date
are strings; with a limit on what aliases mean.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from jit_guard.contracts.data import Data, read_data
from jit_guard.registry.strict_json import ReadError

_OPENING = re.compile(r"\ufeff?(---|\+\+\+)[ \t]*(?:\r?\n|\Z)")
_CLOSING = {
    "---": re.compile(r"^(?:---|\.\.\.)[ \t]*\r?$", re.MULTILINE),
    "+++": re.compile(r"^\+\+\+[ \t]*\r?$", re.MULTILINE),
}
_LONGEST = 200_000  # characters; PyYAML takes about a second for them without libyaml
_SYNTAX = {"---": "yaml", "+++": "toml"}


class Block(NamedTuple):
    """Where the front matter of a text is: the offsets of its content, and of the rest."""

    start: int
    end: int
    rest: int
    syntax: str

    def read(self, text: str) -> Data:
        """Parse the content. Raises ReadError, MissingLibraryError."""
        if self.end - self.start > _LONGEST:
            reason = f"the front matter is longer than {_LONGEST:,} characters"
            raise ReadError(self.start, reason)
        data = read_data(text[self.start : self.end], self.syntax, self.start)
        if data.value is None:
            return data._replace(value={})
        if not isinstance(data.value, dict):
            raise ReadError(self.start, "the front matter has no keys: it must be like `name: x`")
        return data


def find(text: str) -> Block | None:
    """Return where the front matter is; None if the text does not start with any.

    Raises:
        ReadError: the block has no end.
    """
    opening = _OPENING.match(text)
    if opening is None:
        return None
    fence = opening[1]
    closing = _CLOSING[fence].search(text, opening.end())
    if closing is None:
        reason = f"the front matter has no end: no line {fence} follows"
        raise ReadError(opening.start(1), reason)
    return Block(opening.end(), closing.start(), closing.end(), _SYNTAX[fence])
