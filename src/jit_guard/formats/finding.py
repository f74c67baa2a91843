"""One finding, shown away from its map: a sentence, an anchor, a rank, a fingerprint."""

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
    """What is wrong: `GOAL/type: message`, or `path: message` where no entry is meant.

    These formats show a message far from its anchor, so it names what it is about.
    """
    message = printable(finding.message)
    if finding.goal is not None:
        about = "/".join(filter(None, (finding.goal, finding.component_type)))
    elif finding.map is None and finding.path is not None:
        about = finding.path
    else:
        return message
    about = printable(about)
    return message if message.startswith(about) else f"{about}: {message}"


def cut(text: str, most: int) -> str:
    """The text, or as much of it as fits; an ellipsis says that there was more."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


class Anchor(NamedTuple):
    """A position in a file. The path is a true name, relative to the git top."""

    path: str
    line: int = 1
    column: int = 1


def anchor(finding: Finding, report: Report, prefix: str) -> Anchor:
    """The entry in the map, or the start of the file that no map names.

    Annotations, alerts and code quality reports all need a file and a line, so what has no
    place of its own (a plugin's finding about the whole project) is told at the first map.
    """
    path = finding.map or finding.path or next(iter(report.maps), "goal_map.json")
    return Anchor(from_top(path, prefix), finding.line or 1, finding.column or 1)


def from_top(path: str, prefix: str) -> str:
    """A path relative to the root, made relative to the git top."""
    return f"{prefix}/{path}" if prefix else path


def badness(finding: Finding) -> tuple[bool, bool]:
    """A key to sort by: the worst is the least. Equals stay in the order of the report.

    Errors come before warnings, and before all else what keeps a map from being read: while a
    map cannot be read (JG0xx) or a commit is half done (JG4xx), the other findings are not the
    whole truth.
    """
    return finding.severity != "error", not finding.code.startswith(("JG0", "JG4"))


def fingerprints(findings: Iterable[Finding], prefix: str) -> Iterator[str]:
    """One for each finding, all different.

    Made from the identity (code, map, goal, component type, path) and never from a line, so
    that it survives whatever is added above, moved, or reformatted. Findings of one identity,
    such as three violations in one goal, are told apart by their number in the report's order.
    The prefix keeps the projects of one repository apart.
    """
    seen: Counter[str] = Counter()
    for finding in findings:
        # ASCII, so that names which are not UTF-8 can be hashed, too.
        key = dumps([prefix, *identity(finding)], ensure_ascii=True)
        yield sha256(f"{key}#{seen[key]}".encode()).hexdigest()[:32]
        seen[key] += 1
