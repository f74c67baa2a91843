"""A contract in words for a model, and as JSON for a program."""

from __future__ import annotations

import json

from jit_guard.contracts.component import goal_map_context, load
from jit_guard.contracts.contract import parse_contract
from jit_guard.contracts.rendering import as_json, in_words

GUIDE = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "maxLength": 40, "pattern": "^[a-z]+$"},
        "level": {"enum": ["easy", "hard"], "description": "How hard it is."},
    },
    "additionalProperties": False,
}
TABLE = {
    "front-matter": "guide.json",
    "headings": ["# Purpose", "# Steps"],
    "equal": ["{stem}", "{front-matter.name}"],
    "max-bytes": 900,
}
CONTEXT = goal_map_context("PACK", "guide", "pack.md")
SCHEMAS = {"guide.json": json.dumps(GUIDE).encode()}
LOADED = load(parse_contract(TABLE), "types.guide.contract", SCHEMAS.get)


def test_a_contract_is_said_in_words() -> None:
    assert in_words(LOADED, "guides/pack.md", CONTEXT) == [
        "Begin with YAML front matter: a line ---, keys and values, a line ---.",
        (
            "In the front matter, name is required, text, at most 40 characters, "
            "matches the regular expression ^[a-z]+$."
        ),
        "In the front matter, level is optional, one of easy, hard, How hard it is.",
        "In the front matter, no other key is allowed.",
        'In the front matter, name is exactly "pack".',
        (
            "Have these headings in this order, with others between them if you like: "
            '"# Purpose", "# Steps".'
        ),
        "Have at most 900 bytes.",
    ]


def test_what_is_known_of_the_front_matter_is_the_first_text_that_is() -> None:
    table = {
        **TABLE,
        "equal": ["{entry.no}", "{front-matter.name}", "{front-matter.a.b}", "{goal}", "{stem}"],
    }
    loaded = load(parse_contract(table), "types.guide.contract", SCHEMAS.get)
    known = [one for one in in_words(loaded, "guides/pack.md", CONTEXT) if "exactly" in one]
    assert known == [
        'In the front matter, name is exactly "pack".',
        'In the front matter, a.b is exactly "pack".',
    ]


def test_a_schema_that_words_do_not_cover_is_added_as_json() -> None:
    more = {**GUIDE, "minProperties": 2}
    schemas = {"guide.json": json.dumps(more).encode()}
    loaded = load(parse_contract({"schema": "guide.json"}), "here", schemas.get)
    *_, last = in_words(loaded, "guides/pack.yaml", CONTEXT)
    text = json.dumps(more)
    assert last == f"In the document, the value satisfies this JSON Schema: {text}."


def test_a_contract_is_json_with_the_schemas_and_what_is_known_of_the_values() -> None:
    assert as_json(LOADED, "guides/pack.md", CONTEXT) == {
        "front-matter": GUIDE,
        "headings": ["# Purpose", "# Steps"],
        "equal": ["{stem}", "{front-matter.name}"],
        "max-bytes": 900,
        "values": {"name": "pack"},
    }
