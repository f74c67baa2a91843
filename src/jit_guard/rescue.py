"""Texts that a recovery finds no place for: the ledger keeps them, as it keeps all texts."""

from __future__ import annotations

import time

from jit_guard.generators.generator import Request, Text
from jit_guard.history import history
from jit_guard.ledger import Ledger
from jit_guard.ledger_records import Arrival, Key, Wanted
from jit_guard.text.generated import digest

_GENERATOR = "recovered"


def keep(root: str, path: str, data: bytes) -> None:
    """Keep a text for good, unless the ledger has it already. Raises LedgerError."""
    known = digest(data)
    if any(digest(one.content.encode(errors="replace")) == known for one in history(root)):
        return
    filename = path.rpartition("/")[2]
    key = Key("", "", filename, "", _GENERATOR, "", "")
    request = Request("", "", filename, path, "")
    text = Text(data.decode("utf-8", "surrogateescape"))
    with Ledger(root) as ledger:
        ledger.arrived([Arrival(Wanted(path, key), request, text, time.time())])
