"""Cases that wait, all at the same time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor


def at_once(cases: Mapping[str, Callable[[], object]]) -> None:
    """Run each case in a thread of its own, and fail with the names of those that fail."""
    with ThreadPoolExecutor(len(cases)) as threads:
        running = {name: threads.submit(case) for name, case in cases.items()}
    errors = {name: error for name, one in running.items() if (error := one.exception())}
    for error in errors.values():
        raise AssertionError(f"failed: {'; '.join(errors)}") from error
