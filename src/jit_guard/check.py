"""The check: a source and settings in, a report out.

What is clean is decided here, in bulk; the rules are imported only when there is something to
tell, and turn the facts into findings.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from jit_guard.comparison.compare import compare
from jit_guard.comparison.content import read
from jit_guard.comparison.evidence import Evidence
from jit_guard.comparison.portability import check_portability
from jit_guard.comparison.result import Comparison, Names, Orphans
from jit_guard.config import Settings
from jit_guard.errors import GitError, UnreadableError
from jit_guard.registry.goal_map import GoalMap
from jit_guard.report import Finding, Report, Skipped
from jit_guard.sources.answers import GitState
from jit_guard.sources.read_maps import Maps, read_maps
from jit_guard.sources.tree import Tree
from jit_guard.text.names import by_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jit_guard.baseline import Identity
    from jit_guard.registry.schema import Schema, Violation
    from jit_guard.rules.rule import Rule
    from jit_guard.rules.series import Findings
    from jit_guard.sources.source import Source


_MOST_ASKED = 10_000  # missing and left-over files that a source is asked about, for a hint
_BATCH = 50_000  # left-over files that git is asked at once whether it ignores them


def check(
    source: Source,
    settings: Settings,
    *,
    reported: Sequence[str] | None = None,
    schema: Schema | None = None,
    accepted: frozenset[Identity] = frozenset(),
    extra_rules: Sequence[Rule] = (),
    root: str = ".",
) -> Report:
    """Find every place where maps and tree disagree.

    Args:
        source: where maps and tree are read from.
        settings: the settings in force.
        reported: the maps that are reported on; all configured ones count as references.
            None: the configured ones.
        schema: a team's own schema, beside the built-in one.
        accepted: the identities of findings that a baseline accepts.
        extra_rules: rules of plugins; they are judged in the clean case, too.
        root: how the report names the root.

    Raises:
        ConfigError: the team's schema cannot be applied.
    """
    shown = settings.maps if reported is None else tuple(dict.fromkeys(reported))
    texts, drafts, sizes = map(settings.selects, ("JG207", "JG501", "JG206"))
    maps = read_maps(source, dict.fromkeys((*shown, *settings.maps)))
    tree = Tree(source, sizes=sizes and not texts)
    unreadable = list(maps.unreadable)
    try:
        comparison = compare(maps.read, tree, settings)
    except UnreadableError as error:
        unreadable.append(error)
        comparison = Comparison.nothing()
    content = read(source, comparison, texts=texts, drafts=drafts, sizes=sizes)
    if content.vanished:  # since the folders were listed: judged as absent
        for path in content.vanished:
            tree.discard(path)
        comparison = compare(maps.read, tree, settings)
    unreadable += content.unreadable
    lacking, untold = _untracked(source, settings, tree, comparison)
    evidence = Evidence(
        settings,
        maps,
        comparison,
        content,
        check_portability(comparison),
        source.interrupted(),
        _violations(maps, schema),
        lacking,
    )
    notes: list[str] = []
    findings: tuple[Finding, ...] | Findings = ()
    undecided: list[UnreadableError] = []
    if extra_rules or not evidence.clean:
        findings, notes = _tell(source, evidence, extra_rules, shown, undecided)
    unreadable += undecided
    skipped = tuple(
        one for one in (*_withheld(evidence, undecided), *untold) if settings.selects(one.code)
    )
    stale: list[str] = []
    found = len(findings)
    if accepted:
        findings, stale = _apply_baseline(settings, accepted, findings, skipped, shown)
    unreadable += (UnreadableError(path, why) for path, why in tree.unreadable.items())
    return Report(
        root=root,
        source=source.name,
        maps=shown,
        entries=sum(one.size for one in maps.read if one.path in shown),
        components=sum(len(folder.files) for folder in comparison.folders.values()),
        findings=findings,
        skipped=skipped,
        unreadable=tuple(dict.fromkeys(map(str, unreadable))),
        accepted=found - len(findings),
        stale=tuple(stale),
        notes=tuple(notes),
    )


def _untracked(
    source: Source, settings: Settings, tree: Tree, comparison: Comparison
) -> tuple[tuple[GitState, ...], tuple[Skipped, ...]]:
    """What git does not have. Where it cannot tell, the rule is withheld, and nothing else."""
    if not settings.selects("JG203"):
        return (), ()
    try:
        return tuple(untracked(source, tree, comparison)), ()
    except GitError as error:
        return (), (Skipped("JG203", None, str(error)),)


def _violations(maps: Maps, schema: Schema | None) -> list[tuple[GoalMap, Violation]]:
    found: list[tuple[GoalMap, Violation]] = []
    for one in maps.read:
        told: list[Violation] = []
        if not one.conforms:
            from jit_guard.registry.schema import Schema

            told += Schema.built_in().violations(one.value)
        if schema is not None:
            from jit_guard.registry.schema import certifies

            if not certifies(schema.document, one):
                told += schema.violations(one.value)
        found += ((one, violation) for violation in dict.fromkeys(told))
    return found


def _tell(
    source: Source,
    evidence: Evidence,
    extra_rules: Sequence[Rule],
    shown: Sequence[str],
    undecided: list[UnreadableError],
) -> tuple[tuple[Finding, ...] | Findings, list[str]]:
    """Have every rule that counts turn the evidence into findings."""
    from jit_guard.rules import load_rules
    from jit_guard.rules.facts import Facts
    from jit_guard.rules.series import in_order

    settings, maps = evidence.settings, evidence.maps
    left, notes = _without_ignored(source, settings, evidence.comparison, undecided)
    if not all(one.sound for one in maps.read) or maps.faults or maps.unreadable:
        left = Orphans()
    comparison = evidence.comparison._replace(orphans=left)
    missing = [one.path for one in islice(comparison.missing, _MOST_ASKED)]
    facts = Facts(
        evidence._replace(comparison=comparison),
        source.same_text(missing, list(islice(left, _MOST_ASKED))),
        source.explain_missing([*maps.absent, *missing][:_MOST_ASKED]),
        shown,
    )
    told = (
        one
        for rule in (*load_rules(), *extra_rules)
        if settings.selects(rule.code)
        for one in rule.judge(facts)
        if one.map is None or one.map in shown
    )
    return in_order(told), notes


def _withheld(evidence: Evidence, undecided: list[UnreadableError]) -> Sequence[Skipped]:
    if evidence.clean and not evidence.content.pointers:  # nothing could withhold a rule
        return ()
    from jit_guard.rules.withheld import withheld

    return withheld(evidence.maps, evidence.comparison, evidence.content, undecided)


def _apply_baseline(
    settings: Settings,
    accepted: frozenset[Identity],
    findings: Sequence[Finding],
    skipped: Sequence[Skipped],
    shown: Sequence[str],
) -> tuple[tuple[Finding, ...], list[str]]:
    """The findings that are left, and the lines that accept nothing, of those in scope."""
    from jit_guard.baseline import identity, in_scope, render

    left = tuple(finding for finding in findings if identity(finding) not in accepted)
    unused = accepted.difference(map(identity, findings))
    stale = [one for one in unused if in_scope(one, settings, skipped, shown)]
    return left, render(stale).splitlines()


def _without_ignored(
    source: Source, settings: Settings, comparison: Comparison, undecided: list[UnreadableError]
) -> tuple[Orphans, list[str]]:
    """The orphans without those that the configuration or git ignores, and notes about it.

    None where git cannot say what it ignores: that is noted in `undecided`.
    """
    orphans = comparison.orphans
    notes: list[str] = []
    if settings.orphan_ignore:
        from pathspec import GitIgnoreSpec

        spec = GitIgnoreSpec.from_lines(settings.orphan_ignore)
        start = len(comparison.top) + 1 if comparison.top else 0
        dropped: set[str] = set()
        used: set[int | None] = set()
        for path in orphans:
            result = spec.check_file(path[start:])
            used.add(result.index)
            if result.include:
                dropped.add(path)
        orphans = orphans.without(dropped)
        notes = [
            f"orphan-ignore: {pattern!r} matches nothing"
            for index, pattern in enumerate(settings.orphan_ignore)
            if index not in used and pattern.strip() and not pattern.startswith("#")
        ]
    ignored: set[str] = set()
    paths = iter(orphans)
    try:
        while some := list(islice(paths, _BATCH)):
            ignored |= source.ignored(some)
    except UnreadableError as error:
        undecided.append(error)
        return Orphans(), notes
    return orphans.without(ignored), notes


def untracked(source: Source, tree: Tree, comparison: Comparison) -> list[GitState]:
    """The files and links on the way to them that git does not have.

    Raises GitError where a repository stands and git cannot tell.
    """
    wanted: Names = dict(comparison.served)
    through = comparison.through_links.values()
    links = by_folder(link for named in through for link in tree.resolve(named).links)
    for folder, names in links.items():
        wanted[folder] = names.union(wanted.get(folder, ()))
    return source.untracked(comparison.top, wanted) if wanted else []
