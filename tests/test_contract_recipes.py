"""The recipes of docs/contracts.md, each on a project that meets it and on ones that do not."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from jit_guard.check import check
from jit_guard.project import load
from jit_guard.report import Report
from jit_guard.sources.memory import Memory

PAGE = (Path(__file__).parent.parent / "docs" / "contracts.md").read_text("utf-8")
RECIPES = PAGE.partition("## Recipes")[2].partition("\n## ")[0]
INDEX = json.dumps({"skills": [{"name": "plan", "path": "skills/plan"}]})
SKILL = "---\nname: plan\ndescription: Plans a trip.\nallowed-tools: [maps]\n---\n# Plan\n"
AGENT = {"type": "object", "required": ["model"], "properties": {"model": {"type": "string"}}}
INDEXED = {"skills/index.json": INDEX, "skills/plan/SKILL.md": SKILL}


class Case(NamedTuple):
    """A project that meets the recipe, and changes after which it does not.

    Each change has the findings: code, the last name of the path, and line.
    """

    files: Mapping[str, str]
    changes: Mapping[str, Any]


def goals(component_type: str, filename: str, text: str) -> dict[str, str]:
    return {
        "goal_map.json": json.dumps({"TRIP": {component_type: filename}}),
        f"components/{component_type}s/{filename}": text,
    }


CASES = {
    "JG601": Case(
        {
            **INDEXED,
            "schemas/skill.schema.json": re.findall(r"```json\n(.*?)```", RECIPES, re.DOTALL)[0],
        },
        {
            SKILL.replace("name: plan", "name: Plan it"): ("SKILL.md", 2),
            SKILL.replace("[maps]", "maps, trains"): ("SKILL.md", 4),
            SKILL.replace("allowed-tools", "tools"): ("SKILL.md", 4),
            "# Plan\n": ("SKILL.md", 1),
        },
    ),
    "JG604": Case({**INDEXED, "skills/plan/scripts/run.sh": "true\n"}, {"": ("", 1)}),
    "JG605": Case(INDEXED, {SKILL.replace("name: plan", "name: plans"): ("SKILL.md", 2)}),
    "JG606": Case(goals("prompt", "a.md", "x" * 20_000), {"x" * 20_001: ("a.md", 1)}),
    "JG603": Case(
        goals("protocol", "a.md", "# Purpose\n\n# Notes\n\n## Steps\n\n# Examples\n"),
        {
            "# Purpose\n\n# Examples\n\n## Steps\n": ("a.md", 3),
            "# Purpose\n\n```\n## Steps\n```\n\n# Examples\n": ("a.md", 1),
        },
    ),
    "JG602": Case(
        {
            **goals("agent", "a.yaml", "model: small\n"),
            "schemas/agent.schema.json": json.dumps(AGENT),
        },
        {"model: 5\n": ("a.yaml", 1), "- model\n": ("a.yaml", 1), "model: [\n": ("a.yaml", 2)},
    ),
}


def recipes() -> dict[str, str]:
    """Return the configuration of each recipe, by the code that is named before it."""
    found = re.findall(r"\[(JG\d+)\]\([^)]*\)\):\n\n```toml\n(.*?)```", RECIPES, re.DOTALL)
    return dict(found)


def reported(code: str, files: Mapping[str, str]) -> Report:
    source = Memory({**files, "jit-guard.toml": recipes()[code]})
    return check(source, load(source.read).settings)


def test_every_recipe_is_tried() -> None:
    assert recipes().keys() == CASES.keys()
    assert len(re.findall("```toml", RECIPES)) == len(CASES)


@pytest.mark.parametrize("code", CASES)
def test_a_project_that_meets_a_recipe_has_no_finding(code: str) -> None:
    report = reported(code, CASES[code].files)
    assert (report.findings, report.skipped, report.ok) == ((), (), True)


@pytest.mark.parametrize("code", CASES)
def test_a_recipe_finds_what_does_not_meet_it(code: str) -> None:
    files, changes = CASES[code]
    path = next(one for one in files if one.startswith(("components/", "skills/plan/")))
    for text, (name, line) in changes.items():
        changed = {**files, path: text}
        if not text:
            del changed["skills/plan/scripts/run.sh"]
            changed[path] = SKILL
        report = reported(code, changed)
        places = [(one.code, str(one.path).rpartition("/")[2], one.line) for one in report.findings]
        assert set(places[:1]) == {(code, name, line)}, (text, report.findings)
        assert {place[0] for place in places} == {code}


def test_the_first_example_of_the_page_is_a_configuration() -> None:
    text = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0]
    settings = load({"jit-guard.toml": text.encode()}.get).settings
    assert settings.contract("protocol").headings == ("# Purpose", "# Steps")
    assert settings.registry[0].contract.requires == ("SKILL.md",)
