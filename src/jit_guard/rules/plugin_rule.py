"""The public API for rules of plugins: what they see of a project, and what they return.

The built-in rules use `jit_guard.rules.facts.Facts`, which changes with the checker. A plugin
sees these plain records instead, which stay stable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from jit_guard.errors import JitGuardError, PluginError, in_a_line
from jit_guard.text.names import join, never_counts

if TYPE_CHECKING:
    from jit_guard.report import Finding
    from jit_guard.rules.facts import Facts
    from jit_guard.rules.rule import Rule


Read = Callable[[str], bytes | None]


class MappedEntry(NamedTuple):
    """One entry of a map. Paths are relative to the root, with `/`.

    `found`: exactly the file that the entry names exists.
    """

    map: str
    goal: str
    component_type: str
    filename: str
    path: str
    found: bool


class Project:
    """Maps and files of one snapshot (worktree, index or git tree), as a rule sees them.

    A rule must not read anything else: the files on disk may differ from those being checked.
    """

    def __init__(self, facts: Facts, read: Read) -> None:
        self._facts = facts
        self._read = read
        self._entries: tuple[MappedEntry, ...] | None = None
        self._files: tuple[str, ...] | None = None

    @property
    def entries(self) -> tuple[MappedEntry, ...]:
        """Every usable entry of every map, in the order of the maps."""
        if self._entries is None:
            self._entries = tuple(self._walk())
        return self._entries

    @property
    def files(self) -> tuple[str, ...]:
        """The path of every file below the components directory, sorted.

        Links and names that are never orphans (`README.md`, `.gitkeep`, …) are omitted.
        """
        if self._files is None:
            directories = self._facts.comparison.directories
            self._files = tuple(
                sorted(
                    join(path, name)
                    for path, directory in directories.items()
                    for name in directory.files
                    if not never_counts(name)
                )
            )
        return self._files

    @property
    def orphans(self) -> tuple[str, ...]:
        """The files that no entry names; empty if they cannot be determined (see JG301)."""
        return tuple(self._facts.comparison.orphans)

    @property
    def components(self) -> str:
        """The path of the components directory."""
        return self._facts.settings.components

    def text(self, path: str) -> str | None:
        """Return the text of a file; None if it does not exist or is not UTF-8."""
        data = self._read(path)
        if data is None:
            return None
        try:
            return data.decode()
        except UnicodeDecodeError:
            return None

    def _walk(self) -> Iterator[MappedEntry]:
        comparison = self._facts.comparison
        wrong = {(one.map.path, *one.entry.keys) for one in comparison.missing}
        for group in (
            comparison.misspelled,
            comparison.not_files,
            comparison.unsafe,
            comparison.unknown,
        ):
            wrong.update((one.reference.map.path, *one.reference.entry.keys) for one in group)
        for goal_map in self._facts.maps:
            for entry in goal_map.entries():
                found = (goal_map.path, *entry.keys) not in wrong
                path = self._facts.settings.path(entry.component_type, entry.filename)
                yield MappedEntry(goal_map.path, *entry, path, found)


class Problem(NamedTuple):
    """Something that a rule found.

    Args:
        message: one line.
        entry: reports the problem at the value of this entry.
        path: without an entry, reports the problem at the first entry that names this file, or
            without a position if there is none.
        hint: what to do about it.
        related: paths of other files that matter.
    """

    message: str
    entry: MappedEntry | None = None
    path: str | None = None
    hint: str | None = None
    related: tuple[str, ...] = ()


class PluginRule(NamedTuple):
    """A rule that a plugin adds.

    Args:
        code: two to eight capital letters, not starting with JG, and three or four digits.
            Keep it stable: users write it into configurations and baselines.
        name: lower-case words joined by `-`.
        severity: `error` or `warning`.
        summary: when it fires, in one line without a full stop.
        judge: a pure function of the project that yields the problems.
        why: one paragraph for `jit-guard explain`: what it means and why it matters.
        fix: what to do about it, for `jit-guard explain`.
        bad, good: path -> content of a small project in which it fires, or stays silent. If both
            are given, `jit-guard selftest` proves that the rule works.
    """

    code: str
    name: str
    severity: Literal["error", "warning"]
    summary: str
    judge: Callable[[Project], Iterable[Problem]]
    why: str = ""
    fix: str = ""
    bad: Mapping[str, str] = {}
    good: Mapping[str, str] = {}


def fault_of(rule: PluginRule) -> str | None:
    """Return what is wrong with the record of a rule; None if it is valid."""
    import re

    code = str(rule.code)
    if not re.fullmatch("[A-Z]{2,8}[0-9]{3,4}", code):
        return f"the code {code!r} is not capital letters and three digits, such as ACME101"
    if code.startswith("JG"):
        return f"the code {code} starts with JG, which is reserved for built-in rules"
    if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", str(rule.name)):
        return f"{code}: the name {rule.name!r} is not lower-case words joined by -"
    if str(rule.severity) not in {"error", "warning"}:
        return f"{code}: the severity is {rule.severity!r}, not 'error' or 'warning'"
    if not is_line(rule.summary):
        return f"{code}: the summary is not one line of text"
    judge: object = rule.judge
    return None if callable(judge) else f"{code}: judge is not callable"


def is_line(value: object) -> bool:
    """Check for one line of text, since plugins need not be type-checked."""
    return isinstance(value, str) and bool(value.strip()) and "\n" not in value


def is_a(record: object, kind: type) -> bool:
    """Check the type of a record, since plugins need not be type-checked."""
    return isinstance(record, kind)


def as_rule(plugin: str, own: PluginRule, read: Read) -> Rule:
    """Convert a rule of a plugin to a `Rule`.

    Its `judge` raises PluginError if the plugin's raises, or yields anything but a Problem.
    """
    from jit_guard.rules.rule import Example, Rule

    def judge(facts: Facts) -> Iterator[Finding]:
        try:
            problems = list(own.judge(Project(facts, read)))
        except JitGuardError:  # an unreadable file is not the plugin's fault
            raise
        except (Exception, SystemExit) as error:
            raise PluginError(plugin, f"rule {own.code} failed: {in_a_line(error)}") from error
        for problem in problems:
            if not is_a(problem, Problem) or not is_line(problem.message):
                raise PluginError(
                    plugin, f"rule {own.code} yielded {problem!r:.80}, which is not a Problem"
                )
            yield _finding(rule, facts, problem)

    rule = Rule(
        code=own.code,
        name=own.name,
        severity=own.severity,
        summary=own.summary,
        why=own.why or f"A rule of the plugin {plugin}.",
        fix=own.fix or "See the plugin's own documentation.",
        bad=Example(own.bad),
        good=Example(own.good),
        judge=judge,
        reading=lambda other: as_rule(plugin, own, other),
    )
    return rule


def _finding(rule: Rule, facts: Facts, problem: Problem) -> Finding:
    from jit_guard.rules.hint import Hint

    hint = None if problem.hint is None else Hint(problem.hint)  # in the plugin's own words
    related, entry = tuple(problem.related), problem.entry
    if entry is not None:
        for goal_map in facts.maps:
            if goal_map.path == entry.map:
                keys = entry.goal, entry.component_type
                path = problem.path or entry.path
                return rule.in_map(
                    goal_map, keys, problem.message, path=path, hint=hint, related=related
                )
    if problem.path is not None:
        return rule.at_component(facts, problem.path, problem.message, hint=hint, related=related)
    return rule.finding(problem.message, hint=hint, related=related)
