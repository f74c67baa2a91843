"""The commit of a run: maps and components atomically, then their paths in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from hashlib import sha256

from jit_guard.commit.errors import OccupiedError
from jit_guard.commit.preparation import Placement
from jit_guard.commit.transaction import commit
from jit_guard.fixing.interrupts import deferred
from jit_guard.fixing.session import Ready, Session, Tally
from jit_guard.fixing.steps import Free, Generate, Restore, changes
from jit_guard.ledger.records import Placed
from jit_guard.registry.edit import EditError
from jit_guard.sources.source import Source
from jit_guard.sources.worktree import Worktree
from jit_guard.text.generated import untouched

_MOST_STEPS = 50_000  # in one commit, whose intent has a size limit
_MOST_BYTES = 8 << 20  # of restored files; JSON may need six times as many


def place_free(source: Worktree, tally: Tally, steps: Sequence[Free]) -> None:
    """Commit steps that need no text together, as many as fit into one commit.

    If another process saved a map or a file in the meantime, nothing is done.

    Raises:
        TransactionError: an operation failed; nothing is lost.
        GitError: git fails, or does not have the contents of a file.
    """
    some: list[Free] = []
    placements: list[Placement] = []
    size = 0
    from jit_guard.sources.git.restoration import contents

    texts = contents(source.root, (step.state for step in steps if isinstance(step, Restore)))
    with closing(texts):
        for step in steps[:_MOST_STEPS]:
            if isinstance(step, Restore):
                data = next(texts)
                size += len(data)
                if size > _MOST_BYTES and some:
                    break
                placements.append(Placement(step.path, data, executable=step.executable))
            some.append(step)
    with deferred():
        try:
            done = commit(source.root, changes(some), placements)
        except (EditError, OccupiedError):
            return
        tally.committed(done)
        placed = set(done.placed)
        for step in some:
            if step.path in placed or not isinstance(step, Restore):
                tally.done(step)


def place(session: Session, ready: Sequence[Ready]) -> None:
    """Commit texts together; give up one that is refused twice because of another save.

    Ctrl-C takes effect when the commit is complete and recorded.

    Raises:
        TransactionError, LedgerError: an operation failed; nothing is lost.
    """
    with deferred():
        _place(session, ready)


def _place(session: Session, ready: Sequence[Ready]) -> None:
    source = session.job.source
    placements = [Placement(one.step.path, one.data, _replaces(source, one.step)) for one in ready]
    try:
        done = commit(source.root, changes(one.step for one in ready), placements)
    except (EditError, OccupiedError) as error:
        # The ledger has the texts, and the next round plans again. Commit them one by one, so
        # that one refusal does not block the others.
        if len(ready) > 1:
            for one in ready:
                _place(session, [one])
        elif session.refused_before(ready[0].step.component):
            session.tally.give_up(ready[0].step, str(error))
        elif ready[0].step.replaces_draft and not placements[0].replaces:
            session.tally.messages.append(
                f"{ready[0].step.path} was edited while its text was generated; "
                "it stays as it is, and the text stays in the ledger"
            )
        return
    session.tally.committed(done)
    names = set(done.placed)
    placed = [one for one in ready if one.step.path in names]
    for one in placed:
        session.tally.generated(one.step, one.stored.generator, one.origin)
        session.interaction.progress.committed(one.step.path)
    session.ledger.committed(
        (Placed(one.stored.id, one.step.path, one.data) for one in placed),
        release=[one.step.component for one in ready],
    )


def _replaces(source: Source, step: Generate) -> str | None:
    """Return the hash of the draft that a text may replace, if it is still untouched."""
    if not step.replaces_draft:
        return None
    data = source.read(step.path)
    return sha256(data).hexdigest() if data is not None and untouched(data) else None
