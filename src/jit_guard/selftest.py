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
from jit_guard.rules.fault import Sample
from jit_guard.sources.memory import Memory
from jit_guard.sources.overlay import Overlay
from jit_guard.sources.read_maps import read_maps
from jit_guard.sources.tree import Tree

if TYPE_CHECKING:
    from jit_guard.rules.rule import Rule
    from jit_guard.sources.source import Source


class Trial(NamedTuple):
    """The test of one rule.

    Args:
        code: the code of the rule.
        name: its name.
        what: a description of the injected fault.
        finding: the finding that reported the fault; None if the rule did not fire.
        selected: False if the configuration disables the rule; it is tested anyway.
    """

    code: str
    name: str
    what: str
    finding: Finding | None
    selected: bool


def selftest(
    source: Source, settings: Settings, extra_rules: Sequence[Rule] = ()
) -> Iterator[Trial]:
    """Inject every fault into a copy of a project, one at a time.

    Args:
        source: the project, which is only read.
        settings: the effective settings.
        extra_rules: rules of plugins, tested on their own examples.

    Raises:
        UsageError: a map is invalid, so no fault can be injected; or the directory for it is a
            file, or a link that leads nowhere or outside the project.
        UnreadableError: the components directory is one.
    """
    if not settings.maps:
        raise UsageError(
            "selftest needs a goal map; it injects no faults into registries of other shapes"
        )
    maps = read_maps(source, settings.maps)
    if len(maps.read) < len(settings.maps) or not all(one.sound for one in maps.read):
        raise UsageError("selftest requires valid maps; run jit-guard to see what is wrong")
    sample = Sample(maps.read[0], settings)
    tree = Tree(source)
    components_directory(tree, settings)
    if tree.resolve(sample.directory).kind not in ("directory", "absent"):
        raise UsageError(
            f"selftest cannot use {sample.directory}; run jit-guard to see what is wrong"
        )
    for rule in (*load_rules(), *extra_rules):
        yield _try(rule, sample, source, settings)


def _try(rule: Rule, sample: Sample, source: Source, settings: Settings) -> Trial:
    alone = settings._replace(select=(rule.code,), ignore=(), allow_empty=False)
    if rule.inject is None:  # a rule of a plugin has only an example
        what, broken = "its own example", Memory(rule.bad.files, tracked=rule.bad.tracked)
        own = Settings()._replace(**rule.bad.settings)
        found = check(broken, own._replace(select=(rule.code,)), extra_rules=(rule,))
        before = frozenset[Finding]()
    else:
        what, changes = rule.inject(sample)
        before = frozenset(check(source, alone).findings)
        found = check(Overlay(source, changes), alone)
    new = [one for one in found.findings if one.code == rule.code and one not in before]
    return Trial(rule.code, rule.name, what, new[0] if new else None, settings.selects(rule.code))
