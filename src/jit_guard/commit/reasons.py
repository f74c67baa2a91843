"""The words for an error of the operating system during a commit."""

from __future__ import annotations

import os

from jit_guard.commit.intent import Intent, probe
from jit_guard.commit.pending import DRAFT
from jit_guard.text.names import OURS, PENDING


def reason(root: str, error: Exception, pending: Intent | None = None) -> str:
    """Describe an error, with its path relative to the root.

    A temporary file of `pending` is called what it is to become. An error of jit-guard has its
    words already.
    """
    if not isinstance(error, OSError):
        return str(error)
    words = without_path(error)
    path = error.filename
    if not isinstance(path, str):
        return words
    name = os.path.basename(path)
    if pending is not None and name.startswith(OURS):
        known = [(one.temporary, one.path) for one in pending.maps]
        known += ((one.temporary, one.path) for one in pending.components)
        known += ((one.temporary, one.new) for one in pending.moves)
        for temporary, final in known:
            if name in (temporary, probe(temporary)):
                return f"{final}: {words}"
    start = os.path.join(root, "")
    shown = path[len(start) :].replace(os.sep, "/") if path.startswith(start) else path
    if shown == DRAFT:
        shown = PENDING
    return f"{shown}: {words}"


def without_path(error: OSError) -> str:
    """Return the message of an operating system error, starting in lower case."""
    words = error.strerror or str(error)
    return words[:1].lower() + words[1:]
