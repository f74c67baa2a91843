"""What the ledger knows of earlier runs: descriptions, and texts that can be used again."""

from __future__ import annotations

from typing import NamedTuple

from jit_guard.fixing.job import FixOptions
from jit_guard.ledger.history import descriptions, reusable
from jit_guard.ledger.records import Key, Row, plain


class Past(NamedTuple):
    """What the ledger knows of earlier runs.

    Attributes:
        descriptions: of the latest text at each path that was not rejected, so that they are not
            asked for again.
        texts: see `history.reusable`.
    """

    descriptions: dict[str, str]
    texts: dict[tuple[str, str, str, str], str]

    def add(self, row: Row) -> None:
        """Add a text that has just been stored."""
        self.descriptions[row["path"]] = row["description"]
        words = (row["goal"], row["component_type"], row["filename"], row["description"])
        self.texts[words] = row["key"]

    def keys(self, key: Key, options: FixOptions) -> tuple[str, ...]:
        """Return the digests of keys whose texts may be used for this key, best first.

        If the user asks for a certain generator or model, only its own texts are.
        """
        own = key.digest()
        goal, component_type, filename, description = map(plain, key[:4])
        other = self.texts.get((goal, component_type, filename, description))
        if other is None or other == own or options.names_generator:
            return (own,)
        return (other, own) if key.generator == "scaffold" else (own, other)


def read_past(root: str) -> Past:
    """Read what the ledger knows of earlier runs; nothing without a ledger."""
    return Past(descriptions(root), reusable(root))
