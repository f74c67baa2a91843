"""The baseline: findings of today that are accepted, by identity and nothing else.

A line is a JSON array `[code, map, goal, component type, path]`. Lines are sorted and hold no
line numbers and no counts, so an edit elsewhere in the map changes none of them, and two
branches that accept different findings add different lines: order and repetition mean nothing
when it is read, and `merge=union` is always right.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence

from jit_guard.config import Settings
from jit_guard.errors import ConfigError
from jit_guard.report import Finding, Report, Skipped

Identity = tuple["str | None", ...]

_NEVER_ACCEPTED = ("JG0", "JG4")  # a gate that cannot read its map, or a commit half done
_FIELDS = 5


def identity(finding: Finding) -> Identity:
    """What makes a finding the same one tomorrow."""
    return (
        finding.code,
        finding.map,
        finding.goal,
        finding.component_type,
        finding.path,
    )


def acceptable(code: str | None) -> bool:
    """Can a baseline accept findings of this code?"""
    return code is not None and not code.startswith(_NEVER_ACCEPTED)


def parse(path: str, data: bytes) -> frozenset[Identity]:
    """The identities of a baseline file. Raises ConfigError with every line that is none."""
    found: set[Identity] = set()
    problems: list[str] = []
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if not line.strip():
            continue
        read = _read(line)
        if read is None:
            problems.append(
                f"{path}:{number}: not a line of a baseline "
                "(a JSON array of code, map, goal, component type, path)"
            )
        elif not acceptable(read[0]):
            problems.append(f"{path}:{number}: {read[0]} cannot be accepted; remove the line")
        else:
            found.add(read)
    if problems:
        raise ConfigError(problems)
    return frozenset(found)


def render(identities: Iterable[Identity]) -> str:
    """The text of a baseline file."""
    return "".join(f"{line}\n" for line in sorted({_line(one) for one in identities}))


def in_scope(
    one: Identity, settings: Settings, skipped: Sequence[Skipped], shown: Sequence[str]
) -> bool:
    """Could a run with these settings, that reported on these maps, have found it?"""
    code, map_path = str(one[0]), one[1]
    withheld = any(
        skip.code == code and (map_path is None or skip.map in (map_path, None)) for skip in skipped
    )
    return settings.selects(code) and not withheld and (map_path is None or map_path in shown)


def updated(before: frozenset[Identity], report: Report, settings: Settings) -> str:
    """The text of a baseline that accepts what a report found.

    Lines that the run could not have judged (other maps, codes that were not selected, rules
    that were withheld) stay as they are.
    """
    kept = {one for one in before if not in_scope(one, settings, report.skipped, report.maps)}
    found = {identity(finding) for finding in report.findings if acceptable(finding.code)}
    return render(kept | found)


def update(
    path: str,
    existing: bytes | None,
    settings: Settings,
    check: Callable[[frozenset[Identity]], Report],
) -> Report:
    """Write a baseline that accepts the findings of today; return the report of what it leaves.

    Args:
        path: of the file,
        existing: and its bytes, if it exists.
        settings: the settings in force.
        check: the report when these identities are accepted.

    Raises:
        ConfigError: the file that is there is no baseline.
        OSError: it cannot be written.
    """
    before = parse(path, existing or b"")
    found = check(frozenset())
    if found.unreadable:  # what could not be checked cannot be accepted: nothing is written
        return found
    text = updated(before, found, settings)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
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
