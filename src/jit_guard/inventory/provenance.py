"""Where the components of an inventory come from, as far as the ledger knows."""

from __future__ import annotations

from collections.abc import Mapping

from jit_guard.errors import JitGuardError
from jit_guard.inventory.inventory import Component, Provenance
from jit_guard.inventory.texts import with_statuses
from jit_guard.ledger.history import Record, history
from jit_guard.sources.git.state import refuse_tracked_state

MOST = 5  # texts of one component, the newest
_LONGEST = 2_000  # characters of a description; a ledger may contain any length


def with_provenance(
    root: str, components: Mapping[str, Component], digests: Mapping[str, str]
) -> tuple[dict[str, Component], list[str]]:
    """Return components with what the ledger knows of them; and why nothing, if it is unusable.

    Args:
        root: where the ledger is.
        components: by their paths.
        digests: the hashes of their bytes.
    """
    found: dict[str, list[Provenance]] = {}
    notes = []
    try:
        refuse_tracked_state(root)
        for record in history(root, newest_first=True):
            if record.path in digests and record.status != "rejected":
                known = found.setdefault(record.path, [])
                if len(known) < MOST:
                    known.append(_provenance(record, digests[record.path]))
    except JitGuardError as error:  # the rest of the inventory does not need it
        notes.append(f"where texts come from is not shown: {error}")
    result = dict(components)
    for path, known in found.items():
        component = components[path]._replace(provenance=tuple(known))
        made = any(one.state == "as generated" for one in known)
        result[path] = with_statuses(component, ["generated"] if made else [])
    return result, notes


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
