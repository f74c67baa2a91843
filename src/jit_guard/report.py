"""What one check gives back: the findings, what could not be judged, and the size of it all."""

from __future__ import annotations

from jit_guard.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    Severity = Literal["error", "warning"]


class Finding(NamedTuple):
    """One disagreement between map and tree. Paths are relative to the root, with `/`.

    `line` and `column` are 1-based, in characters. A finding about a file that no entry
    names (an orphan) has no map, no position, no goal and no component type.
    """

    code: str
    name: str
    severity: Severity
    message: str
    hint: str | None = None
    map: str | None = None
    path: str | None = None
    line: int | None = None
    column: int | None = None
    pointer: str | None = None
    goal: str | None = None
    component_type: str | None = None
    related: tuple[str, ...] = ()
    fixable: bool = False


def order(finding: Finding) -> tuple[object, ...]:
    """The order of every report: map, line, column, code, path; findings without a map last."""
    return (
        finding.map is None,
        finding.map or "",
        finding.line or 0,
        finding.column or 0,
        finding.code,
        finding.path or "",
        finding.message,
    )


class Skipped(NamedTuple):
    """A rule that was withheld for one map (or, with no map, for the tree), and why."""

    code: str
    map: str | None
    reason: str


class Fixed(NamedTuple):
    """One entry that a fix has put right: `action` is relinked, adopted or generated."""

    action: str
    goal: str
    component_type: str
    path: str
    generator: str | None = None


class Failed(NamedTuple):
    """One entry that a fix has left as it was, and why."""

    goal: str
    component_type: str
    reason: str


class Report(NamedTuple):
    """What one check found. Immutable; `findings` are in the order of `findings.order`: a tuple,
    or, of many thousands, a sequence that makes them as it is walked.

    `accepted` counts what a baseline accepts and `findings` therefore lacks; `stale` are the
    lines of the baseline that accept nothing any more. After a fix, `fixed`, `failed` and
    `written` (paths) say what it did, `messages` what a user should know, and `trouble` what
    ended it early.
    """

    root: str
    source: str
    maps: tuple[str, ...]
    entries: int
    components: int
    findings: Sequence[Finding] = ()
    skipped: tuple[Skipped, ...] = ()
    unreadable: tuple[str, ...] = ()
    accepted: int = 0
    stale: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    fixed: tuple[Fixed, ...] = ()
    failed: tuple[Failed, ...] = ()
    written: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    trouble: str | None = None

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return self._count("error")

    @property
    def warnings(self) -> int:
        """How many findings are warnings."""
        return self._count("warning")

    @property
    def ok(self) -> bool:
        """True when everything could be judged and no error was found (warnings may stand)."""
        return not self.unreadable and not self.errors and self.trouble is None

    def _count(self, severity: Severity) -> int:
        count_of = getattr(self.findings, "count_of", None)
        if count_of is not None:  # a sequence of many knows without making them
            return int(count_of(severity))
        return sum(finding.severity == severity for finding in self.findings)
