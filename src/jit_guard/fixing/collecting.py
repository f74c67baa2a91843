"""Commit the texts of batches, as they are collected, and wait for those that are pending."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import TypeAlias

from jit_guard.fixing.batches import Collected, counted
from jit_guard.fixing.session import Session
from jit_guard.fixing.worktree_plan import WorktreePlan
from jit_guard.ledger.batches import Batch

_FIRST_POLL, _LONGEST_POLL = 5.0, 60.0  # seconds between two questions about a batch
_MOST_ERRORS = 5  # in a row
Rounds: TypeAlias = "Callable[[Session, WorktreePlan, Collection[str]], WorktreePlan]"


def collect(
    session: Session, batches: Collected, found: WorktreePlan, rounds: Rounds
) -> WorktreePlan:
    """Store and commit the texts of batches that are over, page by page.

    Args:
        session: the run.
        batches: its batches.
        found: the plan.
        rounds: commits the texts that the ledger has for these components; returns a new plan.

    Returns:
        The plan after that.
    """
    job, tally = session.job, session.tally
    if job.options.only is not None and job.options.only not in session.pending():
        return found  # a program waits for one component
    unplaced: dict[Batch, int] = {}
    for page in batches.pages():
        for one in page.texts:
            session.past.add(one.row)
        components = {one.component for one in page.texts}
        session.collected |= components
        found = rounds(session, found, components)
        left = sum(not tally.has_begun(one) for one in components)
        unplaced[page.batch] = unplaced.get(page.batch, 0) + left
    for batch, count in unplaced.items():
        if count:
            tally.messages.append(
                f"batch {batch.shown}: the ledger keeps {counted(count)} that this run did not "
                "place, because the entry is gone, has changed, or was not selected"
            )
    for step in found.plan.generated_by(better=session.improves_drafts):
        if step.component in batches.failed:
            tally.give_up(step, batches.failed[step.component])
    return found


def wait_for_batches(
    session: Session,
    batches: Collected,
    found: WorktreePlan,
    rounds: Rounds,
    plan: Callable[[], WorktreePlan],
) -> None:
    """Ask for the batches again and again, until they are over; Ctrl-C leaves them as they are.

    Args:
        session: the run.
        batches: its batches.
        found: the plan.
        rounds: as for `collect`.
        plan: makes a new plan.
    """
    pause = _FIRST_POLL
    while True:
        found = collect(session, batches, found, rounds)
        if not batches.waits or batches.errors >= _MOST_ERRORS:
            return
        state = "; ".join(dict.fromkeys(session.batch_notes.values()))
        with session.interaction.progress.blocked("batch", state):
            time.sleep(max(pause, batches.pause))
        found = plan()  # much may have changed
        pause = min(pause * 1.5, _LONGEST_POLL)
