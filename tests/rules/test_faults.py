"""The faults that `selftest` injects: whatever is wrong already, and when a rule does not work."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from jit_guard import rules
from jit_guard import selftest as module
from jit_guard.config import CODES
from jit_guard.project import load
from jit_guard.rules.facts import Facts
from jit_guard.rules.plugin_rule import PluginRule, Problem, Project, as_rule
from jit_guard.rules.rule import Rule
from jit_guard.selftest import Trial, selftest
from jit_guard.sources.memory import Memory
from projects import HOST, MAP, SOUND, call, git

pytestmark = pytest.mark.usefixtures("schemas_here")  # three rules apply one

ODD: dict[str, Mapping[str, Any]] = {
    "nothing is mapped": {"goal_map.json": "{}"},
    "a goal without components": {"goal_map.json": '{"GREET": {}}'},
    "a schema alone": {"goal_map.json": '{"$schema": "x"}'},
    "a second map without entries": {
        "more.json": "{}",
        "jit-guard.toml": 'maps = ["goal_map.json", "more.json"]',
    },
    "an interrupted commit": {".jit-guard/pending.json": "{}"},
    "a temporary file": {"goal_map.json.tmp": "{"},
    "a name that Windows reserves": {
        "goal_map.json": '{"GREET": {"persona": "aux.txt"}}',
        "components/personas/aux.txt": HOST,
    },
    "the goal and the file that are injected": {
        "goal_map.json": '{"JIT_GUARD_SELFTEST": {"persona": "jit_guard_selftest.txt"}}',
        "components/personas/jit_guard_selftest.txt": HOST,
    },
    "a goal of that name, whose file is missing": {
        "goal_map.json": '{"JIT_GUARD_SELFTEST": {"persona": "jit_guard_selftest.txt"}}',
    },
    "an orphan of that name": {"components/personas/jit_guard_selftest.txt": HOST},
    "everything is ignored and allowed": {
        "jit-guard.toml": 'ignore = ["JG"]\nallow-empty = true',
        "goal_map.json": "{}",
    },
    "a component type with slashes": {"goal_map.json": '{"A": {"a//b": "x.txt"}}'},
    "a component type that is NUL": {"goal_map.json": '{"A": {"\\u0000": "x.txt"}}'},
    "names of every kind": {
        "goal_map.json": '{"\\u0000": {"..": "a"}, "\\ud800": {"/": "b"}, "x": {".": "\\ud800"}}'
    },
}


def trials(files: Mapping[str, Any]) -> list[Trial]:
    """Run every trial on a project in memory."""
    source = Memory({**SOUND, **files})
    return list(selftest(source, load(source.read).settings))


def only(monkeypatch: pytest.MonkeyPatch, rule: Rule) -> None:
    """Let this be the only built-in rule."""
    for place in (rules, module):
        monkeypatch.setattr(place, "load_rules", lambda: (rule,))


@pytest.mark.parametrize("name", ODD)
def test_every_rule_fires_whatever_is_wrong_with_the_project_already(name: str) -> None:
    found = trials(ODD[name])
    assert [one.code for one in found] == list(CODES)
    assert [one for one in found if one.silent or one.everywhere or one.impossible] == []
    assert [one.code for one in found if one.finding and one.finding.code != one.code] == []


@pytest.mark.parametrize(
    ("types", "directory"),
    [
        ('"a:b": "y.txt", "persona": "host.txt"', "personas"),
        ('"image": "x.png", "persona": "host.txt"', "personas"),
        ('"a:b": "y.txt", "..": "x"', "protocols"),
    ],
)
def test_a_fault_is_put_where_the_texts_of_the_project_are(types: str, directory: str) -> None:
    """The first component type that is text, and that every system has as a directory."""
    text = f'{{"A": {{{types}}}}}'
    found = trials({"goal_map.json": f"{text}\n", "jit-guard.toml": "types.image.text = false"})
    places = {one.code: one.finding for one in found if one.finding}
    assert places["JG201"].path == f"components/{directory}/jit_guard_selftest.txt"
    assert places["JG101"].pointer == f"/JIT_GUARD_SELFTEST/{directory[:-1]}"
    assert (places["JG001"].line, places["JG001"].column) == (1, len(text))


@pytest.mark.parametrize("code", CODES)
def test_a_rule_that_never_fires_or_always_fires_is_noticed(
    code: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = rules.load_rules()[CODES.index(code)]
    same = rule.finding("always the same")

    def judge_and_more(facts: Facts) -> list[Any]:
        return [*rule.judge(facts), same]

    only(monkeypatch, rule._replace(judge=lambda facts: ()))
    outcome = call("selftest", cwd=project)
    assert outcome.code == 3
    assert f"{code} {rule.name}" in outcome.out
    assert " SILENT " in outcome.out
    assert outcome.err == f"jit-guard: error: {code} did not fire on an injected fault\n"

    for judge in (lambda facts: [same], judge_and_more):
        only(monkeypatch, rule._replace(judge=judge))
        outcome = call("selftest", cwd=project)
        assert outcome.code == 3
        assert " ALWAYS " in outcome.out
        assert outcome.err.endswith(f"jit-guard: error: {code} fired without a fault\n")


def test_what_cannot_be_read_is_not_called_a_rule_that_does_not_fire(project: Path) -> None:
    git(project, "init", "-q")
    (project / ".git/config").write_text("[core\n")
    outcome = call("selftest", cwd=project)
    assert outcome.code == 2
    assert outcome.err.endswith("selftest cannot check JG301; run jit-guard to see what is wrong\n")


def plugin(
    bad: Mapping[str, Any], good: Mapping[str, Any], *, every: bool = False
) -> tuple[Rule, ...]:
    """A rule that finds texts with TODO, or every text."""

    def judge(project: Project) -> list[Problem]:
        texts = {one.path: project.text(one.path) or "" for one in project.entries}
        return [Problem("x", path=path) for path, text in texts.items() if every or "TODO" in text]

    own = PluginRule("HOUSE101", "todo", "error", "x", judge, bad=bad, good=good)
    return (as_rule("house", own, Memory(SOUND).read),)


def test_rules_of_plugins_are_tested_on_their_own_examples() -> None:
    bad = {"goal_map.json": MAP, "components/personas/host.txt": "TODO\n"}

    def of_plugin(rule: tuple[Rule, ...]) -> Trial:
        source = Memory(SOUND)
        return list(selftest(source, load(source.read).settings, rule))[-1]

    works = of_plugin(plugin(bad, SOUND))
    assert works.finding is not None
    assert works.finding.path == "components/personas/host.txt"
    assert not works.everywhere
    assert of_plugin(plugin(SOUND, SOUND)).silent
    assert of_plugin(plugin(bad, SOUND, every=True)).everywhere
    for examples in (plugin({}, {}), plugin(bad, {}), plugin({}, SOUND)):
        without = of_plugin(examples)
        assert (without.silent, without.impossible) == (False, "the rule has no examples")
        assert not without.everywhere
