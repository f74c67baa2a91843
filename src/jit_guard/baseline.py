"""The baseline: a file of accepted findings.

Each line is a JSON array `[code, map, goal, component type, path]` that identifies a finding. In a
registry without goals, the location of the entry takes the place of the goal.
Lines are sorted and have no line numbers or counts, so an edit elsewhere in the map changes none
of them. Order and repetition do not matter when it is read, so `merge=union` is always correct.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence

from jit_guard.config import Settings
from jit_guard.errors import ConfigError
from jit_guard.report import Finding, Report, Skipped

Identity = tuple["str | None", ...]

_NEVER_ACCEPTED = ("JG0", "JG4")  # unreadable maps and interrupted commits
_UNREAD = ("JG205", None)  # and maps that lead out of the project
_FIELDS = 5


def identity(finding: Finding) -> Identity:
    """Return what identifies a finding across runs."""
    return (
        finding.code,
        finding.map,
        finding.goal if finding.identity is None else finding.identity,
        finding.component_type,
        finding.path,
    )


def acceptable(one: Identity) -> bool:
    """Check whether a baseline can accept this finding."""
    code, _, goal, *_ = one
    return code is not None and not code.startswith(_NEVER_ACCEPTED) and (code, goal) != _UNREAD


def parse(path: str, data: bytes) -> frozenset[Identity]:
    """Parse a baseline file. Raises ConfigError with every invalid line."""
    found: set[Identity] = set()
    problems: list[str] = []
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if not line.strip():
            continue
        read = _read(line)
        if read is None:
            problems.append(
                f"{path}:{number}: not a baseline line "
                "(a JSON array of code, map, goal, component type and path)"
            )
        elif not acceptable(read):
            problems.append(f"{path}:{number}: {read[0]:.60} cannot be accepted; remove the line")
        else:
            found.add(read)
    if problems:
        raise ConfigError(problems)
    return frozenset(found)


def render(identities: Iterable[Identity]) -> str:
    """Return the text of a baseline file."""
    return "".join(f"{line}\n" for line in sorted({_line(one) for one in identities}))


def in_scope(
    one: Identity, settings: Settings, skipped: Sequence[Skipped], shown: Sequence[str]
) -> bool:
    """Check whether a run with these settings and maps could have reported it."""
    code, map_path = str(one[0]), one[1]
    withheld = any(
        skip.code == code and (map_path is None or skip.map in (map_path, None)) for skip in skipped
    )
    return settings.selects(code) and not withheld and (map_path is None or map_path in shown)


def updated(before: frozenset[Identity], report: Report, settings: Settings) -> str:
    """Return the text of a baseline that accepts the findings of a report.

    Lines that the run could not have reported (other maps, codes that are not selected, rules
    that were skipped) are kept.
    """
    kept = {one for one in before if not in_scope(one, settings, report.skipped, report.maps)}
    found = set(filter(acceptable, map(identity, report.findings)))
    return render(kept | found)


def update(
    path: str,
    existing: bytes | None,
    settings: Settings,
    check: Callable[[frozenset[Identity]], Report],
    write: Callable[[str], None],
) -> Report:
    """Write a baseline that accepts the current findings; return the report with it applied.

    Args:
        path: the baseline file.
        existing: its bytes; None if it does not exist.
        settings: the effective settings.
        check: runs a check in which these identities are accepted.
        write: replaces the file.

    Raises:
        ConfigError: the existing file is not a baseline.
        OSError: the file cannot be written.
    """
    before = parse(path, existing or b"")
    found = check(frozenset())
    if found.unreadable:  # what could not be checked cannot be accepted, so nothing is written
        return found
    text = updated(before, found, settings)
    write(text)
    return check(parse(path, text.encode()))


def _line(one: Identity) -> str:
    return json.dumps(one, ensure_ascii=True)


def _read(line: str) -> Identity | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, list) or len(value) != _FIELDS or not isinstance(value[0], str):
        return None
    if not all(item is None or isinstance(item, str) for item in value):
        return None
    return tuple(value)
