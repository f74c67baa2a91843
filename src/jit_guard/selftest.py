"""Proof that the check works: each rule must find a fault injected into a copy of the project.

A check that never fires looks like one that has nothing to find. This reveals a wrong directory,
too wide a pattern in `orphan-ignore`, or a broken rule. Nothing is written: the copy is the
worktree with a few paths changed in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from jit_guard.check import check
from jit_guard.comparison.compare import components_directory
from jit_guard.config import Settings
from jit_guard.errors import UsageError
from jit_guard.report import Finding
from jit_guard.rules import load_rules
from jit_guard.rules.fault import CannotInjectError, GoalMapSample, Sample
from jit_guard.sources.memory import Memory
from jit_guard.sources.overlay import Overlay
from jit_guard.sources.read_maps import read_all
from jit_guard.sources.tree import Tree

if TYPE_CHECKING:
    from jit_guard.registry.registry import Registry
    from jit_guard.rules.registry_fault import RegistrySample
    from jit_guard.rules.rule import Example, Rule
    from jit_guard.sources.source import Source


class Trial(NamedTuple):
    """The test of one rule.

    Args:
        code: the code of the rule.
        name: its name.
        what: a description of the injected fault.
        finding: the finding that reported the fault; None if the rule did not fire.
        selected: False if the configuration disables the rule; it is tested anyway.
        map: the map or registry that the fault was injected into.
        impossible: why a project of this shape cannot have the fault; "" if it can.
        everywhere: the rule also fires on its own example of a sound project.
    """

    code: str
    name: str
    what: str
    finding: Finding | None
    selected: bool
    map: str = ""
    impossible: str = ""
    everywhere: bool = False

    @property
    def silent(self) -> bool:
        """True if the fault was injected and the rule did not fire."""
        return self.finding is None and not self.impossible


class _Project(NamedTuple):
    """What is tested: its source and settings, and the files of its maps and registries."""

    source: Source
    settings: Settings
    maps: frozenset[str]


def selftest(
    source: Source, settings: Settings, extra_rules: Sequence[Rule] = ()
) -> Iterator[Trial]:
    """Inject every fault into a copy of a project, one at a time.

    The first goal map gets the faults, and of every other registry the first file with an entry.

    Args:
        source: the project, which is only read.
        settings: the effective settings.
        extra_rules: rules of plugins, tested on their own examples.

    Raises:
        UsageError: a map is invalid, so no fault can be injected; or the directory for it is a
            file, or a link that leads nowhere or outside the project; or something that a rule
            needs cannot be read.
        UnreadableError: the components directory is one.
    """
    tree = Tree(source)
    maps = read_all(source, settings, tree)
    wrong = maps.faults or maps.absent or maps.unreadable
    if wrong or not all(one.sound for one in maps.every):
        raise UsageError("selftest requires valid maps; run jit-guard to see what is wrong")
    samples: list[Sample] = []
    if maps.read:
        sample = GoalMapSample(maps.read[0], settings)
        components_directory(tree, settings)
        if tree.resolve(sample.directory).kind not in ("directory", "absent"):
            raise UsageError(
                f"selftest cannot use {sample.directory}; run jit-guard to see what is wrong"
            )
        samples.append(sample)
    if settings.registry:
        samples += _of_registries(maps.registries)
    if not samples:
        raise UsageError("selftest requires an entry; run jit-guard to see what is wrong")
    project = _Project(source, settings, frozenset(one.path for one in maps.every))
    for number, one in enumerate(samples):
        for rule in load_rules():
            yield _try(rule, one, project)
        for rule in extra_rules if number == len(samples) - 1 else ():
            yield _try(rule, one, project)


def _of_registries(registries: Sequence[Registry]) -> Iterator[RegistrySample]:
    """Yield a sample of each registry that has an entry."""
    from jit_guard.rules.registry_fault import RegistrySample

    tables = {id(one.table): one.table for one in registries}
    for table in tables.values():
        mine = [one for one in registries if one.table is table]
        first = next((one for one in mine if one.listed), None)
        if first is not None:
            together = [one.path for one in registries if one.table.number == table.number]
            named = frozenset(
                path.path
                for one in (mine if table.required else registries)
                for entry in one.listed
                for path in entry.paths
            )
            yield RegistrySample(first, together, named)


def _try(rule: Rule, sample: Sample, project: _Project) -> Trial:
    settings, what = project.settings, "its own example"
    trial = Trial(rule.code, rule.name, what, None, settings.selects(rule.code), sample.map)
    if not rule.bad.files or not rule.good.files:  # of a plugin
        return trial._replace(what="", impossible="the rule has no examples")
    trial = trial._replace(everywhere=bool(_of_example(rule, rule.good)))
    if rule.inject is None:
        return trial._replace(finding=next(iter(_of_example(rule, rule.bad)), None))
    try:
        what, changes, contract, before = rule.inject(sample)
    except CannotInjectError as error:
        return trial._replace(what="", impossible=str(error))
    alone = settings._replace(select=(rule.code,), ignore=(), allow_empty=False)
    # The project may have this very fault already, such as `goal_map.json.tmp`.
    without = dict.fromkeys(path for path in changes if path not in project.maps)
    if contract is not None:
        alone = sample.under(contract, alone)
        schemas = (contract.front_matter, contract.schema)
        without |= {path: changes[path] for path in schemas if path is not None}
    known = frozenset(check(Overlay(project.source, {**without, **before}), alone).findings)
    found = check(Overlay(project.source, changes), alone)
    new = (one for one in found.findings if one.code == rule.code and one not in known)
    trial = trial._replace(what=what, finding=next(new, None))
    if trial.silent and found.unreadable:
        raise UsageError(f"selftest cannot check {rule.code}; run jit-guard to see what is wrong")
    return trial


def _of_example(rule: Rule, example: Example) -> list[Finding]:
    """Return what a rule reports on one of its own examples."""
    source = Memory(example.files, tracked=example.tracked)
    settings = Settings()._replace(**example.settings, select=(rule.code,))
    there = rule.reading(source.read) if rule.reading else rule  # not the project's own texts
    found = check(source, settings, extra_rules=(there,))  # which run even if nothing is wrong
    return [one for one in found.findings if one.code == rule.code]
