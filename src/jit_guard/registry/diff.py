"""Unified diffs of edited maps, as `--dry-run` prints and `git apply` accepts them.

Our edits never add or remove a line, so lines are compared pairwise. For a map of a million
entries this is one pass, where difflib would take minutes.
"""

from __future__ import annotations

from collections.abc import Iterator

_CONTEXT = 3


def unified_diff(path: str, before: bytes, after: bytes) -> Iterator[str]:
    """Yield the lines of the diff, without line ends; none if nothing changes.

    Args:
        path: the map, relative to the root.
        before: its bytes now.
        after: its bytes after the edits, with the same number of lines.
    """
    old, new = before.decode().split("\n"), after.decode().split("\n")
    if len(old) != len(new):
        raise ValueError("the edit changes the number of lines of the map")
    changed = [at for at, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
    if not changed:
        return
    yield f"--- a/{path}"
    yield f"+++ b/{path}"
    # An empty string after the last newline is not a line.
    last = len(old) if old[-1] or new[-1] else len(old) - 1
    for first, final in _hunks(changed):
        start, end = max(0, first - _CONTEXT), min(last, final + 1 + _CONTEXT)
        size = end - start
        span = f"{start + 1},{size}" if size != 1 else f"{start + 1}"
        yield f"@@ -{span} +{span} @@"
        at = start
        while at < end:
            run = at
            while run < end and old[run] != new[run]:
                run += 1
            for number in range(at, run):
                yield from _line("-", old, number)
            for number in range(at, run):
                yield from _line("+", new, number)
            if run == at:
                yield from _line(" ", old, at)
                run += 1
            at = run


def _hunks(changed: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last changed line of each hunk."""
    first = final = changed[0]
    for at in changed[1:]:
        if at - final > 2 * _CONTEXT:
            yield first, final
            first = at
        final = at
    yield first, final


def _line(sign: str, lines: list[str], at: int) -> Iterator[str]:
    yield f"{sign}{lines[at]}"
    if at == len(lines) - 1:
        yield "\\ No newline at end of file"
