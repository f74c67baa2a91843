"""Where the components of an inventory come from, as far as the ledger knows."""

from __future__ import annotations

from collections.abc import Container

from jit_guard.errors import JitGuardError
from jit_guard.inventory.inventory import Component, Provenance, with_statuses
from jit_guard.ledger.history import Record, history
from jit_guard.sources.git.state import refuse_tracked_state

MOST = 5  # texts of one component, the newest
_LONGEST = 2_000  # characters of a description; a ledger may contain any length
Records = dict[str, list[Record]]


def remembered(root: str, paths: Container[str]) -> tuple[Records, list[str]]:
    """Return what the ledger has of components, by their paths, the newest first.

    Returns:
        The records, and a note if the ledger cannot be used.
    """
    found: Records = {}
    try:
        refuse_tracked_state(root)
        for record in history(root, newest_first=True):
            if record.path in paths and record.status != "rejected":
                known = found.setdefault(record.path, [])
                if len(known) < MOST:
                    # Only a text that arrived is compared by its content, and not by a hash.
                    known.append(record if record.status == "arrived" else _light(record))
    except JitGuardError as error:  # the rest of the inventory does not need it
        return {}, [f"where texts come from is not shown: {error}"]
    return found, []


def with_provenance(component: Component, records: list[Record], digest: str) -> Component:
    """Return a component with where it comes from, given the hash of its bytes."""
    known = tuple(_provenance(one, digest) for one in records)
    made = any(one.state == "as generated" for one in known)
    component = component._replace(provenance=known)
    return with_statuses(component, ["generated"] if made else [])


def _light(record: Record) -> Record:
    return record._replace(content="")


def _provenance(record: Record, digest: str) -> Provenance:
    return Provenance(
        record.arrived,
        record.arrived - record.asked,
        record.generator,
        record.model[:_LONGEST],
        record.description[:_LONGEST],
        record.usage.input_tokens,
        record.usage.output_tokens,
        record.state_of(digest),
    )
