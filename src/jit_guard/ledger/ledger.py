"""The ledger, which stores every text that a generator returns, before it is checked.

A text is paid for once: as long as the ledger exists, it is found again by everything that led to
it (`Key`). Claims on components are stored here as well (see `claims.py`). The idea of logging
everything in SQLite, including request and usage, comes from simonw/llm.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import closing

from jit_guard.generators.generator import Request, Text
from jit_guard.ledger.batches import Batches
from jit_guard.ledger.choice import earlier_engine, existing_engine, open_engine
from jit_guard.ledger.history import history
from jit_guard.ledger.records import (
    Arrival,
    Claim,
    Key,
    Placed,
    Stored,
    Wanted,
    find,
    plain,
    row_of,
    values_of,
)
from jit_guard.text.generated import digest

_RECOVERED = "recovered"  # the generator of a text that a recovery could not place
_MOVED = "UPDATE texts SET path = ? WHERE path = ? AND status = 'committed'"


class Ledger:
    """The ledger of one project, created if needed. Safe to use from several threads.

    Args:
        root: the project's root.

    Raises:
        LedgerError: here and from every method: it is corrupted, is not ours, or an operation
            failed. It is never removed or overwritten.
    """

    def __init__(self, root: str) -> None:
        self._engine = open_engine(root)
        self.batches = Batches(self._engine)
        try:
            self._earlier = earlier_engine(root)
        except BaseException:
            self._engine.close()
            raise

    def __enter__(self) -> Ledger:  # noqa: PYI034 - Self is not in 3.10's typing
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the ledger; the last one of this process releases its remaining claims."""
        self._engine.close()
        if self._earlier is not None:
            self._earlier.close()

    def last(self) -> int:
        """Return the number of the latest text; `claim(after=…)` ignores texts up to a number."""
        ((number,),) = self._engine.read("SELECT coalesce(max(id), 0) FROM texts")
        return int(number)

    def stored(self, wanted: Wanted, *, after: int = 0) -> Stored | None:
        """Return the text that a claim would offer, without claiming it."""
        return self._find(wanted, after)

    def _find(self, wanted: Wanted, after: int) -> Stored | None:
        """Find a text; one that only the ledger of this machine has is stored on the server."""
        found = find(self._engine, wanted, after)
        if found is None and self._earlier is not None and not after:
            kept = find(self._earlier, wanted, 0)
            if kept is not None:
                self._engine.store([row_of(self._earlier, kept.id)])
                # Not what `store` returns: on the server it may have been rejected before.
                found = find(self._engine, wanted, 0)
        return found

    def claim(self, wanted: Sequence[Wanted], *, after: int = 0) -> list[Claim | None]:
        """Claim components together, without waiting for existing claims.

        Args:
            wanted: one per component.
            after: texts up to this number are not offered again (for `--fresh`: `last()` at
                the start of the run).

        Returns:
            The claim of each component, with the stored text if there is one; None if another
            live process or thread is working on it. The caller must release its claims, and
            must not hold any during `wait`.
        """
        claimed = self._engine.claim([one.component for one in wanted])
        mine = [one for one, is_mine in zip(wanted, claimed, strict=True) if is_mine]
        try:
            # Only now: what the previous holder stored is there when its claim is released.
            found = iter([Claim(one.component, self._find(one, after)) for one in mine])
        except BaseException:
            self.release(one.component for one in mine)
            raise
        return [next(found) if is_mine else None for is_mine in claimed]

    def wait(self, component: str, timeout: float) -> bool:
        """Wait until a component is no longer being worked on; return False on a timeout."""
        return self._engine.wait(component, timeout)

    def arrived(self, arrivals: Sequence[Arrival]) -> list[Stored]:
        """Store texts as they arrived. After this, neither a crash nor a power loss loses them."""
        return self._engine.store([values_of(one) for one in arrivals])

    def reject(self, number: int, reason: str) -> None:
        """Mark a text as rejected, so that it is not offered again. The claim remains."""
        self.reject_all([(number, reason)])

    def reject_all(self, rejected: Sequence[tuple[int, str]]) -> None:
        """Mark texts as rejected, each with its reason."""
        if rejected:
            self._engine.change(
                "UPDATE texts SET status = 'rejected', reason = ? WHERE id = ?",
                [(plain(reason), number) for number, reason in rejected],
            )

    def committed(self, placed: Iterable[Placed], release: Iterable[str] = ()) -> None:
        """Record where texts were placed, and release claims, in one transaction."""
        self._engine.change(
            "UPDATE texts SET status = 'committed', path = ?, sha256 = ? WHERE id = ?",
            [(plain(one.path), digest(one.data), one.id) for one in placed],
            release,
        )

    def release(self, components: Iterable[str]) -> None:
        """Release claims; components that are not claimed here are ignored."""
        self._engine.release(components)


def keep(root: str, path: str, data: bytes) -> None:
    """Store a text durably, unless the ledger already has it. Raises LedgerError."""
    if any(one.holds(data) for one in history(root)):
        return
    filename = path.rpartition("/")[2]
    key = Key("", "", filename, "", _RECOVERED, "", "")
    request = Request("", "", filename, path, "")
    text = Text(data.decode("utf-8", "surrogateescape"))
    with Ledger(root) as ledger:
        ledger.arrived([Arrival(Wanted(path, key), request, text, time.time())])


def record_moves(root: str, moves: Iterable[tuple[str, str]]) -> None:
    """Record that components were renamed, from and to. Without a ledger, nothing is created.

    Raises LedgerError: the log would show these texts as gone.
    """
    engine = existing_engine(root)
    if engine is not None:
        with closing(engine):
            engine.change(_MOVED, [(plain(new), plain(old)) for old, new in moves])
