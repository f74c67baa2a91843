"""A rule of one's own, and what it may see of a project: the public face of the rules.

The built-in rules are judged on `jit_guard.rules.rule.Facts`, which changes with the checker.
A plugin sees this instead: plain records that stay, whatever happens behind them.
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

    `found`: the tree holds exactly the file that the entry names.
    """

    map: str
    goal: str
    component_type: str
    filename: str
    path: str
    found: bool


class Project:
    """What a rule is judged on: maps and tree of one snapshot (worktree, index or git tree).

    Nothing else is to be looked at: the files on disk may be other ones than those judged.
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
        """The path of every file below the components folder, sorted.

        Links, and names that never count (`README.md`, `.gitkeep`, …), are left out.
        """
        if self._files is None:
            folders = self._facts.comparison.folders
            self._files = tuple(
                sorted(
                    join(path, name)
                    for path, folder in folders.items()
                    for name in folder.files
                    if not never_counts(name)
                )
            )
        return self._files

    @property
    def orphans(self) -> tuple[str, ...]:
        """The files that no entry names; empty where that cannot be known (see JG301)."""
        return tuple(self._facts.comparison.orphans)

    @property
    def components(self) -> str:
        """The components folder."""
        return self._facts.settings.components

    def text(self, path: str) -> str | None:
        """The whole text of a file; None when it is not there or is not UTF-8."""
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
    """What a rule found. With an entry it is told at the entry's value in the map; with only a
    path, at the first entry that names the file, or as a finding without a map.
    """

    message: str
    entry: MappedEntry | None = None
    path: str | None = None
    hint: str | None = None
    related: tuple[str, ...] = ()


class PluginRule(NamedTuple):
    """A rule that a plugin adds.

    Args:
        code: two to eight capital letters, not beginning with JG, and three or four digits.
            Stable: users write it into configurations and baselines.
        name: lower case, words joined by `-`.
        severity: `error` or `warning`.
        summary: when it fires, one line without a final stop.
        judge: a pure function of the project; what it yields are the findings.
        why: one paragraph for `jit-guard explain`: what it means and why it bites.
        fix: what to do about it.
        bad, good: path -> content of a small project in which it fires, or stays silent. Both
            given, `jit-guard selftest` proves that the rule works.
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
    """What is wrong with a rule's record; None when nothing is."""
    import re

    code = str(rule.code)
    if not re.fullmatch("[A-Z]{2,8}[0-9]{3,4}", code):
        return f"the code {code!r} is not capital letters and three digits, as in ACME101"
    if code.startswith("JG"):
        return f"the code {code} begins with JG, which is for built-in rules"
    if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", str(rule.name)):
        return f"{code}: the name {rule.name!r} is not lower-case words joined by -"
    if str(rule.severity) not in {"error", "warning"}:
        return f"{code}: the severity is {rule.severity!r}, not 'error' or 'warning'"
    if not is_line(rule.summary):
        return f"{code}: the summary is not one line of text"
    judge: object = rule.judge
    return None if callable(judge) else f"{code}: judge is not callable"


def is_line(value: object) -> bool:
    """Is it one line of text? Plugins need not be type-checked, so their records are looked at."""
    return isinstance(value, str) and bool(value.strip()) and "\n" not in value


def is_a(record: object, kind: type) -> bool:
    """Is it one? A plugin need not have been type-checked, so what it gives is checked here."""
    return isinstance(record, kind)


def as_rule(plugin: str, own: PluginRule, read: Read) -> Rule:
    """A plugin's rule as one of ours.

    Its `judge` raises PluginError when the plugin's raises, or gives anything but a Problem.
    """
    from jit_guard.rules.rule import Example, Rule

    def judge(facts: Facts) -> Iterator[Finding]:
        try:
            problems = list(own.judge(Project(facts, read)))
        except JitGuardError:  # a file that cannot be read is not the plugin's fault
            raise
        except (Exception, SystemExit) as error:
            raise PluginError(plugin, f"rule {own.code} failed: {in_a_line(error)}") from error
        for problem in problems:
            if not is_a(problem, Problem) or not is_line(problem.message):
                raise PluginError(
                    plugin, f"rule {own.code} gave {problem!r:.80}, which is no Problem"
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
    )
    return rule


def _finding(rule: Rule, facts: Facts, problem: Problem) -> Finding:
    fields = {"hint": problem.hint, "related": tuple(problem.related)}
    entry = problem.entry
    if entry is not None:
        for goal_map in facts.maps:
            if goal_map.path == entry.map:
                keys = entry.goal, entry.component_type
                path = problem.path or entry.path
                return rule.in_map(goal_map, keys, problem.message, path=path, **fields)
    if problem.path is not None:
        return rule.at_component(facts, problem.path, problem.message, **fields)
    return rule.finding(problem.message, **fields)
