"""What a rule is, and the facts that rules are judged on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from jit_guard.comparison.evidence import Evidence
from jit_guard.comparison.renames import Candidates
from jit_guard.comparison.result import Reference
from jit_guard.findings import Finding
from jit_guard.registry.goal_map import GoalMap, Position
from jit_guard.registry.positions import pointer
from jit_guard.rules.fault import Fault, Sample
from jit_guard.series import Series
from jit_guard.sources.answers import GitState
from jit_guard.text.shell import between_backticks, no_command

if TYPE_CHECKING:
    from jit_guard.findings import Severity


class Facts:
    """Everything that one check saw. Rules turn it into findings, and do no I/O of their own.

    `shown` are the maps that are reported on, of those that were read.
    """

    def __init__(
        self,
        evidence: Evidence,
        same_text: Mapping[str, str],
        traces: Mapping[str, GitState],
        shown: Collection[str],
    ) -> None:
        self.shown = tuple(one for one in evidence.maps.read if one.path in shown)
        self.settings = evidence.settings
        self.maps = evidence.maps.read
        self.faults = evidence.maps.faults
        self.absent = evidence.maps.absent
        self.violations = evidence.violations
        self.comparison = evidence.comparison
        self.content = evidence.content
        self.names = evidence.names
        self.interrupted = evidence.interrupted
        self.untracked = evidence.untracked
        self.traces = traces
        self.candidates = Candidates(evidence.comparison, same_text)
        self._first: dict[str, Reference] | None = None

    def first(self, path: str) -> Reference | None:
        """The first entry, in the order of the maps, that names a file."""
        if self._first is None:
            self._first = {}
            for goal_map in self.maps:
                for entry in goal_map.entries():
                    named = self.settings.path(entry.component_type, entry.filename)
                    self._first.setdefault(named, Reference(goal_map, entry, named))
            for misspelled in self.comparison.misspelled:
                self._first.setdefault(misspelled.place.spelled, misspelled.reference)
                self._first.setdefault(misspelled.place.real, misspelled.reference)
            for real, named in self.comparison.through_links.items():
                self._first.setdefault(real, self._first[named])
        return self._first.get(path)

    def trace(self, missing: str, *, held: bool) -> str | None:
        """What git, or the disk where git is judged, says of a missing file: a hint.

        Args:
            missing: its path.
            held: ask for what git has and the disk has not; False: the other way round.
        """
        state = self.traces.get(missing)
        if state is None or state.held is not held:
            return None
        mend = f": `{state.command}`" if state.command else ""
        return f"{no_command(state.why)}{mend}"

    def move(self, left_over: str, missing: str) -> str:
        """What to do when a left-over file is a missing one: the end of a hint."""
        if missing.rpartition("/")[0] not in self.comparison.folders:
            return f"Then name it in the entry, or move it to {no_command(missing)}"
        move = between_backticks("mv", "--", left_over, missing)
        return f"Then name it in the entry, or {move}"


class Example(NamedTuple):
    """A project in which the rule fires, or does not: path -> content.

    A path that ends in `/` is a folder. `goal_map.json` is the map. `tracked` are the paths that
    git has; None: the project is not in git.
    """

    files: Mapping[str, Any]
    settings: Mapping[str, Any] = {}
    tracked: tuple[str, ...] | None = None


class Rule(NamedTuple):
    """One rule. The texts are what `explain` shows and `docs/rules.md` holds."""

    code: str
    name: str
    severity: Severity
    summary: str  # one line, no final stop
    why: str  # one paragraph: what it means and why it bites
    fix: str  # what to do
    bad: Example
    good: Example
    judge: Callable[[Facts], Iterable[Finding | Series]]
    inject: Callable[[Sample], Fault] | None = None  # for `jit-guard selftest`
    fixable: bool = False

    def finding(self, message: str, **fields: Any) -> Finding:
        """A finding of this rule that has no place in a map."""
        return Finding(self.code, self.name, self.severity, message, **fields)

    def of_file(self, path: str, message: str, hint: str, related: tuple[str, ...] = ()) -> Finding:
        """The same about a file; where many are made, at the speed of a tuple."""
        head = (self.code, self.name, self.severity, message, hint)
        return Finding._make((*head, None, path, *(None,) * 5, related, False))

    def in_map(
        self, goal_map: GoalMap, keys: tuple[str, ...], message: str, **fields: Any
    ) -> Finding:
        """A finding at a value of a map, or at a goal's key; at the map's start without keys."""
        found = goal_map.positions.find(keys)
        if found is None:
            offset = goal_map.positions.top().start
        else:
            offset = (found.key_span if len(keys) == 1 else found.value_span).start
        return self.at_offset(goal_map, offset, keys, message, **fields)

    def at_offset(
        self, goal_map: GoalMap, offset: int, keys: tuple[str, ...], message: str, **fields: Any
    ) -> Finding:
        """A finding at a place in the text of a map."""
        position = goal_map.positions.line_column(offset)
        return self.at_position(goal_map, position, keys, message, **fields)

    def at_position(
        self,
        goal_map: GoalMap,
        position: Position,
        keys: tuple[str, ...],
        message: str,
        *,
        hint: str | None = None,
        path: str | None = None,
        related: tuple[str, ...] = (),
        fixable: bool = False,
    ) -> Finding:
        """A finding at a line and a column of a map."""
        goal = keys[0] if keys and keys[0] != "$schema" else None
        component_type = keys[1] if goal is not None and len(keys) > 1 else None
        # There may be millions, and this is the fast way to make one.
        return Finding._make(
            (
                self.code,
                self.name,
                self.severity,
                message,
                hint,
                goal_map.path,
                path,
                *position,
                pointer(*keys),
                goal,
                component_type,
                related,
                fixable,
            )
        )

    def at_entry(
        self,
        reference: Reference,
        message: str,
        *,
        path: str | None = None,
        **fields: Any,
    ) -> Finding:
        """A finding at an entry's value."""
        keys = (reference.entry.goal, reference.entry.component_type)
        fields.setdefault("fixable", self.fixable)
        return self.in_map(reference.map, keys, message, path=path or reference.path, **fields)

    def at_component(self, facts: Facts, path: str, message: str, **fields: Any) -> Finding:
        """A finding about a file: at its first entry, or nowhere in a map when none names it."""
        reference = facts.first(path)
        if reference is None:
            return self.finding(message, path=path, **fields)
        return self.at_entry(reference, message, path=path, **fields)
