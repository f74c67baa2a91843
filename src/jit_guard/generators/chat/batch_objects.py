"""What a server says about batches and files. Nothing of it is trusted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from jit_guard.generators.batch import BatchError, BatchState, Stage
from jit_guard.generators.chat.error_body import one_line, read_error

_NAME = re.compile(r"[\w.:=+~@-]{1,1000}", re.ASCII)
_MOST_ERRORS = 5  # that are shown
_STAGES: dict[str, Stage] = {
    "completed": "over",
    "expired": "over",
    "cancelled": "over",
    "failed": "failed",
}


def state_of(name: str, batch: Mapping[str, Any]) -> BatchState:
    """Return the state in a batch; a status that is not known means that it is pending."""
    word = batch.get("status")
    counts = batch.get("request_counts")
    done, failed, total = (
        counts.get(name) if isinstance(counts, dict) else None
        for name in ("completed", "failed", "total")
    )
    names = [batch.get(name) for name in ("output_file_id", "error_file_id")]
    return BatchState(
        name,
        _STAGES.get(word, "pending") if isinstance(word, str) else "pending",
        one_line(str(word)),
        done + failed if isinstance(done, int) and isinstance(failed, int) else None,
        total if isinstance(total, int) and total else None,
        _reason(batch.get("errors")),
        tuple(name for name in names if isinstance(name, str) and is_name(name)),
    )


def _reason(errors: Any) -> str:
    """Return why a batch failed, in the server's words, with the lines of its input."""
    found = errors.get("data") if isinstance(errors, dict) else None
    words: dict[str, None] = {}
    for one in found[:_MOST_ERRORS] if isinstance(found, list) else ():
        said = read_error(json.dumps(one).encode()).words
        line = one.get("line") if isinstance(one, dict) else None
        words[f"line {line}: {said}" if isinstance(line, int) else said] = None
    return one_line("; ".join(filter(None, words))) or "the server gave no reason"


def is_name(value: str) -> bool:
    """Whether the name of a batch or file may be part of a URL."""
    return _NAME.fullmatch(value) is not None and set(value) != {"."}


def name_of(found: Mapping[str, Any] | None, what: str) -> str:
    """Return the name of an object. Raises BatchError: it has none that is one."""
    name = (found or {}).get("id")
    if isinstance(name, str) and is_name(name):
        return name
    raise BatchError(f"the server gave {what} no usable name: {one_line(str(name))}", perhaps=True)
