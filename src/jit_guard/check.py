"""The check: turns a source and settings into a report.

A clean project is recognised here, in bulk. The rules, which turn facts into findings, are
imported only if there is something to report.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from jit_guard.comparison.compare import compare
from jit_guard.comparison.content import read
from jit_guard.comparison.evidence import Evidence
from jit_guard.comparison.portability import check_portability
from jit_guard.comparison.result import Comparison, Names
from jit_guard.config import CONTRACTS, Settings
from jit_guard.errors import GitError, UnreadableError
from jit_guard.registry.goal_map import GoalMap
from jit_guard.report import Finding, Report, Skipped
from jit_guard.sources.answers import GitState
from jit_guard.sources.read_maps import Maps, read_all
from jit_guard.sources.tree import Tree
from jit_guard.text.names import by_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from jit_guard.baseline import Identity
    from jit_guard.comparison.content import Content
    from jit_guard.comparison.contracts import Contracted
    from jit_guard.comparison.explanation import Explanation
    from jit_guard.inventory.inventory import Inventory
    from jit_guard.registry.registry import Registry
    from jit_guard.registry.schema import Schema, Violation
    from jit_guard.rules.facts import Surroundings
    from jit_guard.rules.rule import Rule
    from jit_guard.rules.series import Findings
    from jit_guard.sources.source import Source
    from jit_guard.text.shell import Shell

    TakeInventory = Callable[[str, Source, Tree, Evidence, tuple[str, ...]], Inventory]


def check(
    source: Source,
    settings: Settings,
    *,
    reported: Sequence[str] | None = None,
    schema: Schema | None = None,
    accepted: frozenset[Identity] = frozenset(),
    extra_rules: Sequence[Rule] = (),
    root: str = ".",
    flags: tuple[str, ...] = (),
    take: TakeInventory | None = None,
) -> Report:
    """Find all mismatches between maps and tree.

    Args:
        source: the snapshot to read maps and tree from.
        settings: the effective settings.
        reported: the maps to report on; None: the configured ones. All configured maps count as
            references to components.
        schema: a team's own schema, in addition to the built-in one.
        accepted: the identities of findings that a baseline accepts.
        extra_rules: rules of plugins; they run even if the project is clean.
        root: the root, relative to the working directory.
        flags: the options with which the command line found the project, for hints.
        take: takes the inventory of the report.

    Raises:
        ConfigError: the team's schema, or a contract, cannot be applied.
    """
    shown = settings.maps if reported is None else tuple(dict.fromkeys(reported))
    texts, drafts, sizes = map(settings.selects, ("JG207", "JG501", "JG206"))
    tree = Tree(source, sizes=sizes and not texts)
    maps = read_all(source, settings, tree, shown)
    if reported is None and settings.registry:
        found_there = (*(one.path for one in maps.registries), *maps.faults, *maps.absent)
        shown = tuple(dict.fromkeys((*shown, *found_there, *maps.empty)))
    unreadable = list(maps.unreadable)
    try:
        comparison = compare(maps, tree, settings)
    except UnreadableError as error:
        unreadable.append(error)
        comparison = Comparison.nothing()
    content = read(source, comparison, texts=texts, drafts=drafts, sizes=sizes)
    if content.vanished:  # since the directories were listed: treated as absent
        for path in content.vanished:
            tree.discard(path)
        comparison = compare(maps, tree, settings)
    unreadable += content.unreadable
    contracted = _contracted(source, settings, maps, tree, comparison, content)
    if contracted is not None:
        unreadable += contracted.unreadable
    not_in_git, unchecked = _untracked(source, settings, tree, comparison)
    evidence = Evidence(
        settings,
        maps,
        comparison,
        content,
        check_portability(comparison, tree),
        source.interrupted(),
        _violations(maps, schema),
        not_in_git,
        contracted,
    )
    notes: list[str] = []
    findings: tuple[Finding, ...] | Findings = ()
    undecided: list[UnreadableError] = []
    if extra_rules or not evidence.clean:
        shell = (root, flags)
        findings, notes = _findings(source, tree, evidence, extra_rules, shown, undecided, shell)
    elif settings.orphan_ignore:
        from jit_guard.comparison.ignored import idle

        notes = idle(settings.orphan_ignore)
    unreadable += undecided
    skipped = tuple(
        one for one in (*_withheld(evidence, undecided), *unchecked) if settings.selects(one.code)
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
        entries=sum(one.size for one in maps.every if one.path in shown),
        components=_components(comparison),
        findings=findings,
        skipped=skipped,
        unreadable=tuple(dict.fromkeys(map(str, unreadable))),
        accepted=found - len(findings),
        stale=tuple(stale),
        notes=tuple(notes),
        inventory=None if take is None else take(root, source, tree, evidence, shown),
    )


def _components(comparison: Comparison) -> int:
    files = sum(len(directory.files) for directory in comparison.directories.values())
    return files + comparison.named_directories


def _contracted(
    source: Source,
    settings: Settings,
    maps: Maps,
    tree: Tree,
    comparison: Comparison,
    content: Content,
) -> Contracted | None:
    """Return what the contract pass found; None if there is nothing to examine."""
    if not settings.contracts or not any(map(settings.selects, CONTRACTS)):
        return None
    from jit_guard.comparison.contracts import check_contracts

    return check_contracts(source, settings, maps, tree, comparison, content)


def _untracked(
    source: Source, settings: Settings, tree: Tree, comparison: Comparison
) -> tuple[tuple[GitState, ...], tuple[Skipped, ...]]:
    """Return the files that git does not have; if git fails, only this rule is skipped."""
    if not settings.selects("JG203"):
        return (), ()
    try:
        return tuple(untracked(source, tree, comparison)), ()
    except GitError as error:
        return (), (Skipped("JG203", None, str(error)),)


def _violations(maps: Maps, schema: Schema | None) -> list[tuple[GoalMap | Registry, Violation]]:
    found: list[tuple[GoalMap | Registry, Violation]] = []
    own = {} if schema is None else _own_violations(maps, schema)
    for one in maps.read:
        violations: list[Violation] = []
        if not one.conforms:
            from jit_guard.registry.schema import Schema

            violations += Schema.built_in().violations(one.value)
        violations += own.get(one, ())
        found += ((one, violation) for violation in dict.fromkeys(violations))
    found += ((one, problem) for one in maps.registries for problem in one.problems)
    return found


def _own_violations(maps: Maps, schema: Schema) -> dict[GoalMap, list[Violation]]:
    """Return the violations of a team's own schema, by map. Raises ConfigError."""
    from jit_guard.registry.certain import certifies

    uncertain = [one for one in maps.read if not certifies(schema.document, one)]
    if maps.read and not uncertain:
        return {}
    from jit_guard.registry.bounded import apply

    found = apply(schema, [one.value for one in uncertain])
    return dict(zip(uncertain, found, strict=True))


def _findings(
    source: Source,
    tree: Tree,
    evidence: Evidence,
    extra_rules: Sequence[Rule],
    shown: Sequence[str],
    undecided: list[UnreadableError],
    shell: tuple[str, tuple[str, ...]],
) -> tuple[tuple[Finding, ...] | Findings, list[str]]:
    """Run every selected rule on the evidence; return the findings, and notes."""
    from jit_guard.comparison.explanation import explain
    from jit_guard.rules import load_rules
    from jit_guard.rules.facts import Facts
    from jit_guard.rules.series import in_order
    from jit_guard.text.shell import Shell

    settings = evidence.settings
    explained = explain(source, evidence.maps, tree, settings, evidence.comparison)
    undecided += explained.undecided
    surroundings = _surroundings(source, evidence, explained, Shell(*shell))
    facts = Facts(evidence._replace(comparison=explained.comparison), surroundings, shown)
    reported = (
        one
        for rule in (*load_rules(), *extra_rules)
        if settings.selects(rule.code)
        for one in rule.judge(facts)
        if one.map is None or one.map in shown
    )
    return in_order(reported), list(explained.notes)


def _surroundings(
    source: Source, evidence: Evidence, explained: Explanation, shell: Shell
) -> Surroundings:
    """Ask the source what hints say beyond the evidence."""
    from jit_guard.comparison.explanation import MOST_ASKED
    from jit_guard.rules.facts import Surroundings

    comparison, origin = explained.comparison, source.origin()
    orphans = list(islice(comparison.orphans, MOST_ASKED))
    misspelled = [one.place.spelled for one in islice(comparison.misspelled, MOST_ASKED)]
    on_disk: tuple[GoalMap, ...] = ()
    if origin.kind == "index" and (comparison.missing or orphans):
        from jit_guard.sources.read_maps import read_maps
        from jit_guard.sources.worktree import Worktree

        on_disk = read_maps(Worktree(shell.root), [one.path for one in evidence.maps.read]).read
    return Surroundings(
        origin,
        explained.candidates,
        {
            path: state._replace(command=None) if _is_kept_out(state, comparison) else state
            for path, state in explained.traces.items()
        },
        source.tracked(comparison.top, [*orphans, *misspelled]),
        on_disk,
        shell,
        len(orphans),
    )


def _withheld(evidence: Evidence, undecided: list[UnreadableError]) -> Sequence[Skipped]:
    settings = evidence.settings
    unread = evidence.content.converted or (evidence.contracted and evidence.contracted.unread)
    if evidence.clean and not unread and not settings.registry:
        return ()  # every rule could be checked
    from jit_guard.rules.withheld import withheld

    return withheld(evidence, undecided)


def _apply_baseline(
    settings: Settings,
    accepted: frozenset[Identity],
    findings: Sequence[Finding],
    skipped: Sequence[Skipped],
    shown: Sequence[str],
) -> tuple[tuple[Finding, ...], list[str]]:
    """Return the findings that are not accepted, and the stale lines of the baseline."""
    from jit_guard.baseline import identity, in_scope, render

    rest = tuple(finding for finding in findings if identity(finding) not in accepted)
    unused = accepted.difference(map(identity, findings))
    stale = [one for one in unused if in_scope(one, settings, skipped, shown)]
    return rest, render(stale).splitlines()


def untracked(source: Source, tree: Tree, comparison: Comparison) -> list[GitState]:
    """Return the components, and the links that lead to them, that git does not have.

    Raises GitError if there is a repository, but git fails.
    """
    wanted: Names = dict(comparison.served)
    through = comparison.through_links.values()
    links = by_directory(link for named in through for link in tree.resolve(named).links)
    for directory, names in links.items():
        wanted[directory] = names.union(wanted.get(directory, ()))
    states = source.untracked(comparison.top, wanted) if wanted else []
    on_the_way = {named[:end] for named in through for end in (*_slashes(named), len(named))}
    return [
        state if _may_be_added(state, comparison, on_the_way) else state._replace(command=None)
        for state in states
    ]


def _may_be_added(state: GitState, comparison: Comparison, on_the_way: set[str]) -> bool:
    """Check whether a hint may suggest the command that adds a file.

    It may only for a file that is clearly meant to be a component: a link in a clone may lead to
    any file of the user, and following the hint must not publish it.

    Args:
        state: the state of the file, or of a link on the way to it.
        comparison: the comparison of the snapshot.
        on_the_way: the paths of entries that lead through links, and their parent directories.
    """
    if state.path in comparison.through_links or _is_kept_out(state, comparison):
        return False
    parent, _, name = state.path.rpartition("/")
    return state.path in on_the_way or name in comparison.served.get(parent, ())


def _is_kept_out(state: GitState, comparison: Comparison) -> bool:
    """Return whether git ignores a file where the components directory is the whole project."""
    return state.ignored and not comparison.top


def _slashes(path: str) -> list[int]:
    return [at for at, letter in enumerate(path) if letter == "/"]
