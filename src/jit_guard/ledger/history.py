"""The history of generated texts, as shown by `jit-guard log`; only reads the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any, Literal, NamedTuple, get_args

from jit_guard.generators.generator import Request, Usage
from jit_guard.generators.judgement import finished
from jit_guard.ledger.choice import earlier_engine, existing_engine
from jit_guard.ledger.engine import Engine, LedgerError
from jit_guard.ledger.records import Stored, Wanted, amount, find, is_edited, is_time, plain
from jit_guard.text.generated import digest

Status = Literal["arrived", "rejected", "committed"]
State = Literal["as generated", "edited by hand", "gone", "rejected", "not committed", "unreadable"]
_PAGE = 1 << 20  # bytes to read at once, plus one row
_LONGEST_PATH = 4096  # characters; no system can open a longer one


class Record(NamedTuple):
    """One text that a generator wrote. Times are seconds since the epoch."""

    id: int
    goal: str
    component_type: str
    path: str  # where it is, or was to be placed
    description: str
    generator: str
    model: str
    usage: Usage
    asked: float
    arrived: float
    status: Status
    reason: str | None
    sha256: str | None
    content: str  # as it arrived
    details: str  # JSON

    @property
    def edited(self) -> bool:
        """Whether the user edited it before it was committed, when it was reviewed."""
        return is_edited(self.details)

    def raw(self) -> str:
        """Return the answer as it arrived: its text, or the message if it held more than that."""
        try:
            found = json.loads(self.details)
            message = found.get("message") if isinstance(found, dict) else None
            if not isinstance(message, dict):
                return self.content
            return json.dumps({"content": self.content, **message}, indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            raise LedgerError(f"text {self.id} of the ledger has no valid details") from None

    def component(self) -> str | None:
        """Return the component in the answer, as it is written to its file; None if none is."""
        from jit_guard.generators.answers.gate import component_in

        if self.edited:
            return finished(self.content)
        filename = self.path.rpartition("/")[2]
        request = Request(self.goal, self.component_type, filename, self.path, self.description)
        found = component_in(self.content, request)
        return found if isinstance(found, str) else None

    def holds(self, data: bytes) -> bool:
        """Check whether the answer is a text, or has it as its component."""
        return self._holds(digest(data))

    def _holds(self, known: str) -> bool:
        if known in (self.sha256, digest(self.content.encode(errors="replace"))):
            return True
        component = self.component()
        return component is not None and known == digest(component.encode(errors="replace"))

    def state(self, data: bytes | None) -> State:
        """Return what became of it, given the bytes at `path` now."""
        return self.state_of(None if data is None else digest(data))

    def state_of(self, known: str | None) -> State:
        """Return what became of it, given the `digest` of the bytes at `path` now."""
        if self.status == "rejected":
            return "rejected"
        if known is None:
            return "gone" if self.status == "committed" else "not committed"
        # A process may be killed after a commit, before it records the hash.
        if known == self.sha256 or (self.status == "arrived" and self._holds(known)):
            return "edited by hand" if self.edited else "as generated"
        return "edited by hand" if self.status == "committed" else "not committed"


def history(
    root: str,
    goal: str | None = None,
    component_type: str | None = None,
    *,
    newest_first: bool = False,
) -> Iterator[Record]:
    """Yield the texts generated in a project, oldest first; nothing without a ledger.

    Raises:
        LedgerError: the ledger is corrupted or cannot be read.
    """
    engine = existing_engine(root)
    if engine is None:
        return
    columns = ", ".join(Record._fields)
    beyond, order = ("id < ?", "id DESC") if newest_first else ("id > ?", "id")
    query = (
        f"SELECT {columns} FROM texts WHERE {beyond} "  # noqa: S608 - our own words
        f"AND (CAST(? AS TEXT) IS NULL OR goal = ?) "
        f"AND (CAST(? AS TEXT) IS NULL OR component_type = ?) ORDER BY {order}"
    )
    words = (goal, goal, component_type, component_type)
    asked = [None if word is None else plain(word) for word in words]
    # SQLite's smallest or largest integer; ours are positive.
    last = (1 << 63) - 1 if newest_first else -1 << 63
    with closing(engine):
        while rows := engine.read(query, [last, *asked], _PAGE):
            for row in rows:
                record = _record(engine, row)
                if (record.id >= last) if newest_first else (record.id <= last):
                    raise engine.corrupted(f"text {record.id} is out of order")
                yield record
                last = record.id


def replacements(root: str) -> dict[str, str]:
    """Map each missing component to where its latest text was placed; empty without a ledger.

    Raises:
        LedgerError: the ledger is corrupted or cannot be read.
    """
    query = "SELECT component, path FROM texts WHERE status = 'committed' ORDER BY id"
    return dict(_words(root, query, "path"))


def descriptions(root: str) -> dict[str, str]:
    """Map paths to the descriptions of their latest texts that were not rejected.

    Raises:
        LedgerError: the ledger is corrupted or cannot be read.
    """
    query = (
        "SELECT path, description FROM texts WHERE status <> 'rejected' AND description <> '' "
        "ORDER BY id"
    )
    return dict(_words(root, query, "description"))


def reusable(root: str) -> dict[tuple[str, str, str, str], str]:
    """Map goal, type, filename and description to the key of the latest text; not of drafts.

    A text of any generator may be used again, if the user does not ask for a certain one. Unedited
    drafts cost nothing, and texts that were rejected are not used again.

    Raises:
        LedgerError: the ledger is corrupted or cannot be read.
    """
    query = (
        "SELECT goal, component_type, filename, description, key FROM texts "
        "WHERE status <> 'rejected' AND (generator NOT IN ('scaffold', 'recovered') "
        "OR details = '{\"edited\": true}') ORDER BY id"
    )
    return {row[:4]: row[4] for row in _words(root, query, "key")}


def _words(root: str, query: str, what: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query, which must be words; nothing without a ledger.

    Those of a ledger of this machine beside that of a server come first, as they are older.
    """
    found: list[tuple[Any, ...]] = []
    for engine in _engines(root):
        rows = engine.read(query)
        if not all(isinstance(one, str) for row in rows for one in row):
            raise engine.corrupted(f"a text has no valid {what}")
        found += rows
    return found


def _engines(root: str) -> Iterator[Engine]:
    """Yield the ledgers that there are, each open until the next one."""
    for opened in (earlier_engine, existing_engine):
        engine = opened(root)
        if engine is not None:
            with closing(engine):
                yield engine


def stored(root: str, wanted: Sequence[Wanted]) -> dict[str, Stored]:
    """Return the texts that the ledger has for missing components, by their paths.

    Unlike `Ledger.stored`, this creates no ledger.

    Raises:
        LedgerError: the ledger is corrupted or cannot be read.
    """
    found: dict[str, Stored] = {}
    for engine in _engines(root):
        texts = ((one.component, find(engine, one, 0)) for one in wanted)
        found.update((component, text) for component, text in texts if text is not None)
    return found


def _record(engine: Engine, row: tuple[Any, ...]) -> Record:
    """Return the record of a row, which must have the form of `values_of`."""
    given: dict[str, Any] = dict(zip(Record._fields, row, strict=True))
    texts = (
        *("goal", "component_type", "path", "description", "generator", "model", "status"),
        "details",
    )
    usage = _usage(given["usage"])
    if (
        type(given["id"]) is not int
        or given["id"] < 1
        or not all(isinstance(given[name], str) for name in texts)
        or not all(isinstance(given[name], (str, type(None))) for name in ("reason", "sha256"))
        or not all(is_time(given[name]) for name in ("asked", "arrived"))
        or len(given["path"]) > _LONGEST_PATH
        or given["status"] not in get_args(Status)
        or not isinstance(given["content"], bytes)
        or usage is None
    ):
        raise engine.corrupted(f"text {given['id']} does not have the form that jit-guard writes")
    return Record(
        **{**given, "usage": usage, "content": given["content"].decode("utf-8", "replace")}
    )


def _usage(text: object) -> Usage | None:
    """Return the usage of a text from its JSON; None if it is anything else."""
    try:
        known = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(known, dict):
        return None
    counts = {name: known[name] for name in Usage._fields if name in known}
    if any(count is not None and amount(count) is None for count in counts.values()):
        return None
    return Usage(**counts)
