"""A contract table of the configuration: what it may say, and what messages say of mistakes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from jit_guard.contracts.contract import Contract, parse_contract
from jit_guard.errors import ConfigError
from jit_guard.project import load

FULL = """
[types.protocol.contract]
front-matter = "schemas/p.json"
schema = "schemas/q.json"
headings = ["#   Purpose  ##", "## Steps"]
requires = ["GUIDE.md", "scripts/run.sh"]
equal = ["{name}", "{front-matter.name}", "{dir}"]
max-bytes = 20000
"""


def loaded(text: str) -> Any:
    return load({"jit-guard.toml": text.encode()}.get).settings


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as raised:
        loaded(text)
    return raised.value.problems


def test_a_contract_of_a_type_is_read() -> None:
    assert loaded(FULL).contract("protocol") == Contract(
        "schemas/p.json",
        "schemas/q.json",
        ("# Purpose", "## Steps"),
        ("GUIDE.md", "scripts/run.sh"),
        ("{name}", "{front-matter.name}", "{dir}"),
        20_000,
    )
    assert loaded(FULL).contract("persona") is None


def test_a_contract_of_a_registry_is_read() -> None:
    settings = loaded(
        '[[registry]]\nfile = "r.json"\nentries = "$[*]"\ntarget = "{value}"\n'
        'contract.requires = ["GUIDE.md"]\n'
    )
    assert settings.registry[0].contract == Contract(requires=("GUIDE.md",))
    assert settings.contracts
    assert not loaded("").contracts


def test_every_problem_is_reported_at_once_with_its_key() -> None:
    text = FULL.replace("max-bytes = 20000", "max-bytes = 0").replace("requires", "require")
    where = "jit-guard.toml: types.protocol.contract"
    assert problems(text) == (
        f"{where}: unknown key 'require'; did you mean 'requires'?",
        f"{where}.max-bytes must be a whole number from 1 to 1,000,000,000,000, not 0",
    )


def test_a_registrys_contract_is_named_by_its_number() -> None:
    table = (
        '[[registry]]\nfile = "{}.json"\nentries = "$[*]"\ntarget = "{{value}}"\ncontract = {}\n'
    )
    text = table.format("a", "{max-bytes = 5}") + table.format("b", "{}")
    (problem,) = problems(text)
    assert problem.startswith("jit-guard.toml: registry[2].contract is empty; it can have ")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"front-matter": "../a.json"}, ".front-matter must be inside the root, not '../a.json'"),
        ({"schema": ".git/a"}, ".schema must not lead into a .git directory, as '.git/a' does"),
        ({"schema": "."}, ".schema must be the path of a JSON Schema, not '.'"),
        ({"schema": 5}, ".schema must be a non-empty string, not 5"),
        ({"headings": "# A"}, ".headings must be a list of headings, not '# A'"),
        ({"headings": []}, ".headings must be a list of headings, not []"),
        ({"headings": ["A"]}, ".headings: 'A' is not a heading such as '# Purpose'"),
        ({"headings": ["#A"]}, ".headings: '#A' is not a heading such as '# Purpose'"),
        ({"headings": ["# A", "# A #"]}, ".headings: '# A' is listed twice"),
        ({"requires": ["a/../b"]}, ".requires must be inside the root, not 'a/../b'"),
        ({"requires": ["scripts/"]}, ".requires: 'scripts/' is not the path of a file"),
        ({"equal": ["{name}"]}, ".equal must have at least two templates"),
        ({"equal": ["{name", "a"]}, ".equal: '{name' has a { without its pair"),
        (
            {"equal": ["{front-matter}", "a"]},
            ".equal: '{front-matter}' names no field, as {front-matter.name} does",
        ),
        ({"max-bytes": True}, ".max-bytes must be a whole number from 1 to 1,000,000,000,000,"),
        ([], " must be a table, not []"),
    ],
)
def test_a_value_of_the_wrong_form_is_refused(given: object, message: str) -> None:
    with pytest.raises(ValueError, match=rf"\A{re.escape(message)}"):
        parse_contract(given)


def test_a_contract_that_is_no_table_is_refused() -> None:
    assert problems("types.protocol.contract = 5\n") == (
        "jit-guard.toml: types.protocol.contract must be a table, not 5",
    )
