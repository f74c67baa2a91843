"""Unified diffs of edited maps, as `--dry-run` prints and `git apply` accepts them.

An edit of a value adds or removes no line, so lines are compared pairwise. For a map of a million
entries this is one pass, where difflib would take minutes; it compares only what is between the
first and the last changed line, and only if entries were added.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_CONTEXT = 3


def unified_diff(path: str, before: bytes, after: bytes) -> Iterator[str]:
    """Yield the lines of the diff, without line ends; none if nothing changes.

    Args:
        path: the map, relative to the root.
        before: its bytes now.
        after: its bytes after the edits.
    """
    old, new = before.decode().split("\n"), after.decode().split("\n")
    # An empty string after the last newline is not a line.
    if (len(old), not old[-1]) != (len(new), not new[-1]):
        yield from _with_new_lines(path, old, new)
        return
    changed = [at for at, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
    if not changed:
        return
    yield f"--- a/{path}"
    yield f"+++ b/{path}"
    last = len(old) if old[-1] else len(old) - 1
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


def _with_new_lines(path: str, old: list[str], new: list[str]) -> Iterator[str]:
    """Yield the diff of texts with different numbers of lines."""
    from difflib import unified_diff as diff

    most = min(len(old), len(new))
    same = next((at for at in range(most) if old[at] != new[at]), most)
    tail = next((at for at in range(most - same) if old[-1 - at] != new[-1 - at]), most - same)
    start = max(0, same - _CONTEXT)
    end = max(0, tail - _CONTEXT)
    texts = [[f"{line}\n" for line in lines[start : len(lines) - end]] for lines in (old, new)]
    for part, lines in zip(texts, (old, new), strict=True):
        if not end:  # it has the last line, which has no newline; an empty one is not a line
            part[-1] = lines[-1]
            if not lines[-1]:
                part.pop()
    for line in diff(texts[0], texts[1], f"a/{path}", f"b/{path}", n=_CONTEXT):
        if line.startswith("@@"):
            yield _shifted(line, start)
        elif line.endswith("\n"):
            yield line[:-1]
        else:
            yield from (line, "\\ No newline at end of file")


def _shifted(header: str, by: int) -> str:
    """Return the header of a hunk with its line numbers moved."""

    def moved(match: re.Match[str]) -> str:
        return f"{match[1]}{int(match[2]) + by}"

    return re.sub(r"([-+])(\d+)", moved, header.rstrip("\n"))


def _hunks(changed: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last changed line of each hunk."""
    first = final = changed[0]
    for at in changed[1:]:
        if at - final > 2 * _CONTEXT + 1:  # else the lines around them meet, as in git
            yield first, final
            first = at
        final = at
    yield first, final


def _line(sign: str, lines: list[str], at: int) -> Iterator[str]:
    yield f"{sign}{lines[at]}"
    if at == len(lines) - 1:
        yield "\\ No newline at end of file"
