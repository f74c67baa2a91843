"""The result of a check: findings, rules that were not checked, and counts."""

from __future__ import annotations

from jit_guard.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Literal

    from jit_guard.inventory.inventory import Inventory

    Severity = Literal["error", "warning"]


class Finding(NamedTuple):
    """A mismatch between map and tree. Paths are relative to the root, with `/`.

    `line` and `column` are 1-based, in characters. A finding about a file that no entry names (an
    orphan) has no map, position, goal or component type. One in a registry without goals has
    `entry`, its location in words (`plugins[3].source`), and `identity`, the same with what
    survives reordering in place of each index.

    With `in_path`, line, column and pointer are in the component (`path`), not in the map.
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
    entry: str | None = None
    identity: str | None = None
    in_path: bool = False

    @property
    def file(self) -> str | None:
        """The file that line and column are in."""
        return self.path if self.in_path else self.map


def order(finding: Finding) -> tuple[object, ...]:
    """Return the sort key of every report: map, line, column, code, path; without a map last.

    Of a map, the findings in its components are last.
    """
    return (
        finding.map is None,
        finding.map or "",
        finding.path or "" if finding.in_path else "",
        finding.line or 0,
        finding.column or 0,
        finding.code,
        finding.path or "",
        finding.message,
    )


class Skipped(NamedTuple):
    """A rule that could not be checked for a map (without one: for the tree), and why."""

    code: str
    map: str | None
    reason: str


class Fixed(NamedTuple):
    """An entry that was fixed; `action` is relinked, adopted, restored or generated.

    `origin`: where a generated text comes from, as the reader of a review sees it. An entry of a
    registry without goals has `map`, the registry, and `entry`, its location there in words.
    """

    action: str
    goal: str | None
    component_type: str | None
    path: str
    generator: str | None = None
    origin: str | None = None
    map: str | None = None
    entry: str | None = None

    @property
    def name(self) -> str:
        """The name of the entry, for readers."""
        return self.entry or f"{self.goal}/{self.component_type}"


class Failed(NamedTuple):
    """An entry that could not be fixed, and why; `map` and `entry` as in `Fixed`."""

    goal: str | None
    component_type: str | None
    reason: str
    map: str | None = None
    entry: str | None = None

    @property
    def name(self) -> str:
        """The name of the entry, for readers."""
        return self.entry or f"{self.goal}/{self.component_type}"


class PlannedFix(NamedTuple):
    """What `--fix` would do about a finding.

    `action` is relink, adopt, restore, offer, stored, generate or leave; `path` is the file that
    the entry would name, or that is offered; `cost` is about how many tokens it takes, None if
    that is not known.
    """

    action: str
    path: str | None
    cost: int | None


class Report(NamedTuple):
    """The result of one check, or of a fix and the check after it. Immutable.

    Attributes:
        root: the project's root, as given.
        source: the name of the snapshot.
        maps: the maps that were checked.
        entries, components: how many there are.
        findings: sorted by `order`; a tuple, or if there are many thousands, a sequence that
            generates them on every iteration.
        skipped: rules that could not be checked.
        unreadable: messages about files that could not be read.
        accepted: the number of findings that the baseline accepts, and that are omitted here.
        stale: lines of the baseline that accept nothing any more.
        notes: remarks about the configuration.
        fixed, failed, written: the entries that a fix fixed or could not fix, and the paths that
            it wrote.
        unstaged: the paths that a fix added, changed or replaced, and that git should know of.
        messages: remarks of a fix for the user.
        trouble: the error that stopped a fix early.
        fixes: what `--fix` would do about fixable findings, by their paths; None if not asked for.
        preset: the preset that was taken because there is no configuration.
        inventory: every entry and component, if `Guard.with_inventory` asked for it.
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
    unstaged: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    trouble: str | None = None
    fixes: Mapping[str, PlannedFix] | None = None
    preset: str | None = None
    inventory: Inventory | None = None

    @property
    def errors(self) -> int:
        """The number of errors."""
        return self._count("error")

    @property
    def warnings(self) -> int:
        """The number of warnings."""
        return self._count("warning")

    @property
    def has_content(self) -> bool:
        """True if it says anything about the project."""
        return bool(self.findings or self.unreadable or self.skipped or self.stale)

    @property
    def ok(self) -> bool:
        """True if everything could be checked and there are no errors; warnings are allowed."""
        return not self.unreadable and not self.errors and self.trouble is None

    def _count(self, severity: Severity) -> int:
        count_of = getattr(self.findings, "count_of", None)
        if count_of is not None:  # `series.Findings` counts without generating them
            return int(count_of(severity))
        return sum(finding.severity == severity for finding in self.findings)
