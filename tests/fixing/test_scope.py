"""Which findings a fix may act on: those that the check would report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jit_guard import Guard
from jit_guard.baseline import identity
from jit_guard.comparison.compare import compare
from jit_guard.comparison.result import Reference
from jit_guard.config import Settings
from jit_guard.fixing.worktree_plan import Scope
from jit_guard.sources.read_maps import read_all
from jit_guard.sources.tree import Tree
from jit_guard.sources.worktree import Worktree
from jit_guard.text.shell import Shell
from projects import lay_out

TABLE = '[[registry]]\npreset = "goal-map"\n[[registry]]\nfile = "r.json"\nentries = "$[*]"\n'
FILES = {
    "jit-guard.toml": f'{TABLE}target = "{{value}}"\ntree = []\n',
    "goal_map.json": '{"GREET": {"persona": "host.txt"}}',
    "r.json": '["page.md"]',
}


def missing(root: Path) -> tuple[Settings, Reference, Reference]:
    """The settings of a project, and what is missing: of a goal map, and of a registry."""
    settings, source = Guard(lay_out(root, FILES)).configuration().settings, Worktree(str(root))
    maps = read_all(source, settings, Tree(source), settings.maps)
    of_map, of_registry = compare(maps, Tree(source), settings).missing
    return settings, of_map, of_registry


def test_a_fix_acts_on_what_is_selected_and_shown(tmp_path: Path) -> None:
    settings, of_map, of_registry = missing(tmp_path)

    def acts(scope: Scope) -> list[bool]:
        return [scope.acts("JG201", one) for one in (of_map, of_registry)]

    nothing: frozenset[Any] = frozenset()
    assert acts(Scope.of(settings, nothing, None)) == [True, True]
    assert acts(Scope.of(settings, nothing, ["goal_map.json"])) == [True, False]
    assert acts(Scope.of(settings, nothing, ["r.json"])) == [False, True]
    assert acts(Scope.of(settings._replace(maps=()), nothing, None)) == [False, True]
    assert acts(Scope.of(settings, nothing, None, of_map.path)) == [True, False]
    assert acts(Scope.of(settings, nothing, None, "another.txt")) == [False, False]
    assert acts(Scope.of(settings._replace(ignore=("JG201",)), nothing, None)) == [False, False]


def test_a_fix_leaves_what_the_baseline_accepts(tmp_path: Path) -> None:
    settings, of_map, of_registry = missing(tmp_path)
    for one, finding in zip((of_map, of_registry), Guard(tmp_path).check().findings, strict=True):
        accepting = Scope.of(settings, frozenset({identity(finding)}), None)
        assert not accepting.acts("JG201", one)
        assert accepting.acts("JG202", one)


def test_commands_are_for_the_working_directory_if_it_is_known() -> None:
    assert Scope.of(Settings(), frozenset(), None).shell == Shell()
    shell = Shell("sub")
    assert Scope.of(Settings(), frozenset(), None, shell=shell).shell is shell
