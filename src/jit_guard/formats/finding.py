"""What several formats derive from a finding: a sentence, an anchor, a rank, a fingerprint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from json import dumps
from typing import NamedTuple

from jit_guard.baseline import identity
from jit_guard.report import Finding, Report
from jit_guard.text.printable import printable


def sentence(finding: Finding) -> str:
    """The message with its subject: `GOAL/type: message`, or `path: message` without an entry.

    Formats that show a message away from its anchor use it.
    """
    message = printable(finding.message)
    if finding.goal is not None:
        about = "/".join(filter(None, (finding.goal, finding.component_type)))
    elif finding.entry:
        about = finding.entry
    elif finding.map is None and finding.path is not None:
        about = finding.path
    else:
        return message
    about = printable(about)
    return message if message.startswith(about) else f"{about}: {message}"


def cut(text: str, most: int) -> str:
    """Shorten a text to at most `most` characters; an ellipsis marks the cut."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


class Anchor(NamedTuple):
    """A position in a file. The path is the true name, relative to the git top."""

    path: str
    line: int
    column: int


def anchor(finding: Finding, report: Report, prefix: str) -> Anchor:
    """The position of the entry in its map, or in the component, or the start of an orphan.

    Annotations, alerts and code quality reports all need a file and a line, so a finding
    without either (a plugin's finding about the whole project, or a directory that no registry
    names) is reported at the first map.
    """
    named = finding.path if finding.path and not finding.path.endswith("/") else None
    path = finding.file or named or next(iter(report.maps), "goal_map.json")
    return Anchor(from_top(path, prefix), finding.line or 1, finding.column or 1)


def from_top(path: str, prefix: str) -> str:
    """Convert a path relative to the root to one relative to the git top."""
    return f"{prefix}/{path}" if prefix else path


def badness(finding: Finding) -> tuple[bool, bool]:
    """A sort key that puts the worst finding first.

    Errors come before warnings. Among errors, unreadable maps (JG0xx) and unfinished commits
    (JG4xx) come first, because the other findings are incomplete until those are fixed.
    """
    return finding.severity != "error", not finding.code.startswith(("JG0", "JG4"))


def fingerprints(findings: Iterable[Finding], prefix: str) -> Iterator[str]:
    """A unique fingerprint for each finding, in order.

    It is a hash of the identity (code, map, goal, component type, path) and never of a line, so
    that it stays the same when the map is edited elsewhere, reordered or reformatted. Findings
    with the same identity, such as three violations in one goal, are numbered in the report's
    order. The prefix distinguishes the projects of one repository.
    """
    seen: Counter[str] = Counter()
    for finding in findings:
        # ASCII, so that names that are not UTF-8 can be hashed, too.
        key = dumps([prefix, *identity(finding)], ensure_ascii=True)
        yield sha256(f"{key}#{seen[key]}".encode()).hexdigest()[:32]
        seen[key] += 1
