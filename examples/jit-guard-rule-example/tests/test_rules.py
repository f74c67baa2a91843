"""Each rule fires on its bad example and is silent on its good one."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

import jit_guard_rule_example as plugin
import pytest

from jit_guard.hookspecs import MappedEntry, PluginRule, Problem

RULES = {rule.code: rule for rule in plugin.jit_guard_rules()}


def check(rule: PluginRule, files: Mapping[str, str]) -> list[Problem]:
    """Run a rule; any object with the attributes of a `Project` will do."""
    import json

    entries = tuple(
        MappedEntry(
            "goal_map.json",
            goal,
            kind,
            name,
            f"components/{kind}s/{name}",
            f"components/{kind}s/{name}" in files,
        )
        for goal, parts in json.loads(files["goal_map.json"]).items()
        for kind, name in parts.items()
    )
    return list(rule.judge(SimpleNamespace(entries=entries, text=files.get)))  # type: ignore[arg-type]


@pytest.mark.parametrize("code", RULES)
def test_a_rule_fires_on_its_bad_example_and_only_there(code: str) -> None:
    rule = RULES[code]
    assert len(check(rule, rule.bad)) == 1
    assert check(rule, rule.good) == []


def test_the_hint_says_how_to_write_a_goal() -> None:
    (problem,) = check(RULES["HOUSE101"], {"goal_map.json": '{"hand over": {"persona": "x"}}'})
    assert problem.hint == "rename it to HAND_OVER"


def test_the_line_of_a_todo_is_reported() -> None:
    files = {**RULES["HOUSE201"].bad}
    (problem,) = check(RULES["HOUSE201"], files)
    assert "line 2" in problem.message
