"""The entry for SchemaStore's catalogue: what editors would get from it is right."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from publishing.project import ROOT, read

from jit_guard.config import Settings

ENTRY: dict[str, Any] = json.loads((ROOT / "schemastore/catalog.json").read_text("utf-8"))
PATH = ENTRY["url"].partition("/jit-guard/main/")[2]
SCHEMA: dict[str, Any] = json.loads((ROOT / PATH).read_text("utf-8"))
(MATCH,) = ENTRY["fileMatch"]
MAPS = [*ROOT.glob(MATCH), *ROOT.glob(f"tests/data/*/{MATCH}")]


def test_the_entry_has_what_the_catalogue_requires() -> None:
    assert set(ENTRY) == {"name", "description", "fileMatch", "url"}
    assert "schema" not in ENTRY["name"].lower(), "the catalogue refuses names that say so"
    owner = read().address.split("/")[3]
    assert ENTRY["url"].startswith(f"https://raw.githubusercontent.com/{owner}/jit-guard/main/")


def test_the_files_that_match_are_the_maps_that_are_checked_by_default() -> None:
    assert Settings().maps == (MATCH,)
    assert len(MAPS) > 1


def test_the_schema_is_valid_and_needs_no_other_file() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    references = json.dumps(SCHEMA).split('"$ref": "')[1:]
    assert references
    assert all(one.startswith("#/") for one in references)


@pytest.mark.parametrize("path", MAPS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_maps_of_this_repository_satisfy_it(path: Any) -> None:
    Draft202012Validator(SCHEMA).validate(json.loads(path.read_text("utf-8")))


@pytest.mark.parametrize(
    "wrong",
    [[], {"A": "x"}, {"A": {"persona": 1}}, {"A": {"persona": ""}}, {"": {}}, {"A": {"": "x"}}],
)
def test_what_is_not_a_goal_map_does_not_satisfy_it(wrong: Any) -> None:
    assert not Draft202012Validator(SCHEMA).is_valid(wrong)
