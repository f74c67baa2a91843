"""What a service knows a finding by from one run to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from json import dumps

from jit_guard.baseline import identity
from jit_guard.report import Finding


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
