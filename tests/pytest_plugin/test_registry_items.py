"""Registries of any shape as tests of pytest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from projects import Content
from sessions import OWN, plant, run

if TYPE_CHECKING:
    import pytest

TABLE = """[[registry]]
file = "skills.json"
entries = "$.skills[*].path"
target = "{value}/SKILL.md"
tree = ["skills/*/SKILL.md"]
"""
SKILLS = [{"name": "plan", "path": "skills/plan"}, {"name": "gone", "path": "skills/gone"}]


def project(skills: list[dict[str, str]]) -> dict[str, Content]:
    """Return a project with an index of skills, one of which exists."""
    index = json.dumps({"skills": skills}, indent=1)
    return {"jit-guard.toml": TABLE, "skills.json": index, "skills/plan/SKILL.md": "x"}


def test_the_excerpt_shows_the_entry_and_names_it_once(pytester: pytest.Pytester) -> None:
    plant(pytester, OWN, project(SKILLS))
    result = run(pytester, "--jit-guard", "-p", "no:cacheprovider")
    assert result.failed == ["skills.json::skills-gone-.path"]
    text = result.texts["skills.json::skills-gone-.path"]
    assert (
        "skills.json:9:12: JG201 missing-component  skills[1].path: skills/gone/SKILL.md " in text
    )
    assert '  9 |    "path": "skills/gone"' in text
    assert text.splitlines()[2].index("^") == text.splitlines()[1].index('"skills/gone"')
    assert text.count("skills/gone/SKILL.md does not exist") == 1


def test_the_name_of_a_test_survives_reordering(pytester: pytest.Pytester) -> None:
    plant(pytester, OWN, project(SKILLS[::-1]))
    result = run(pytester, "--jit-guard", "-p", "no:cacheprovider")
    assert result.failed == ["skills.json::skills-gone-.path"]
