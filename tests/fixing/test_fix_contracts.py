"""`--fix` with contracts: a generator gets them, and no text that violates one is committed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from jit_guard.config import Settings, TypeSettings
from jit_guard.contracts.contract import Contract
from jit_guard.fixing.contracts import Contracts
from jit_guard.fixing.job import FixOptions
from jit_guard.generators import scaffold
from jit_guard.generators.command import encode
from jit_guard.generators.generator import Generator, Options, Request, Text, Writer
from jit_guard.generators.prompt import messages
from jit_guard.guard import Guard
from jit_guard.ledger.history import history
from jit_guard.report import Report
from jit_guard.sources.memory import Memory
from jit_guard.text.generated import unmarked
from projects import Content, call, lay_out

SCHEMA = {
    "type": "object",
    "required": ["name", "description", "level", "tags"],
    "properties": {
        "name": {"type": "string"},
        "description": {"type": "string"},
        "level": {"enum": ["low", "high"]},
        "tags": {"type": "array", "minItems": 1, "items": {"type": "string"}},
    },
}
TABLE = """
[types.persona.contract]
front-matter = "persona.schema.json"
headings = ["# Purpose", "## Steps"]
equal = ["{front-matter.name}", "{stem}"]
max-bytes = 400
"""
FILES: dict[str, Content] = {
    "jit-guard.toml": TABLE,
    "persona.schema.json": json.dumps(SCHEMA),
    "goal_map.json": '{"GREET": {"persona": "host.md"}}',
}
NAME = "autogen_persona_for_greet"
PATH = f"components/personas/{NAME}.md"
REQUEST = Request("GREET", "persona", f"{NAME}.md", PATH, "Welcomes people")
GOOD = f"""---
name: {NAME}
description: Welcomes people.
level: low
tags: [people]
---
# Purpose

To welcome people.

## Steps

1. Say hello.
"""


class Author:
    """A generator that gives one text after the other, and keeps the requests."""

    def __init__(self, *texts: str) -> None:
        self.requests: list[Request] = []
        self._texts = list(texts)

    def generator(self) -> Generator:
        return Generator("author", "tests", lambda _: Writer(self._write, "m"), network=False)

    def _write(self, request: Request) -> Text:
        self.requests.append(request)
        return Text(self._texts[min(len(self.requests), len(self._texts)) - 1])


def fix(root: Path, author: Author) -> Report:
    options = FixOptions(
        generator=author.generator(), consent=True, describe=lambda _: "Welcomes people"
    )
    return Guard(root).fix(options)


def reasons(root: Path) -> list[str | None]:
    return [one.reason for one in history(str(root))]


def contracts(files: dict[str, Content], contract: Contract) -> Contracts:
    return Contracts(Memory(files), Settings(types={"persona": TypeSettings(contract=contract)}))


def test_a_violation_is_the_objection_of_the_second_try(tmp_path: Path) -> None:
    root, author = lay_out(tmp_path, FILES), Author(GOOD.replace("low", "none"), GOOD)
    report = fix(root, author)
    assert report.ok
    assert (root / PATH).read_text() == GOOD
    first, second = author.requests
    assert first.contract is not None
    assert first.headings == ("# Purpose", "## Steps")
    assert second.contract == first.contract
    assert second.objection.startswith("it violates types.persona.contract: JG601 line 4: level: ")
    assert reasons(root) == [second.objection, None]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("# Purpose\n\nHello.\n\n## Steps\n", "JG601"),
        (GOOD.replace("## Steps", "## Step"), "JG603"),
        (GOOD.replace(NAME, "host"), "JG605"),
        (GOOD + "More words.\n" * 40, "JG606"),
    ],
)
def test_a_text_that_violates_its_contract_fails_and_is_kept_in_the_ledger(
    tmp_path: Path, text: str, code: str
) -> None:
    root, author = lay_out(tmp_path, FILES), Author(text)
    report = fix(root, author)
    assert len(author.requests) == 2
    (failed,) = report.failed
    assert failed.reason.startswith(f"it violates types.persona.contract: {code} ")
    assert not (root / PATH).exists()
    assert json.loads((root / "goal_map.json").read_text()) == {"GREET": {"persona": "host.md"}}
    assert all(reason and code in reason for reason in reasons(root))


def test_an_objection_names_five_violations_and_counts_the_others() -> None:
    for count, more in ((5, ""), (6, "; and 1 more"), (9, "; and 4 more")):
        demanded = Contract(headings=tuple(f"# Part {one}" for one in range(count)))
        objection = contracts({}, demanded).objection(REQUEST, "A host.\n")
        assert objection is not None
        assert objection.startswith("it violates types.persona.contract: JG60")
        assert objection.count("JG60") == 5
        assert objection.partition("; and ")[2] == more.partition("; and ")[2]


def test_a_contract_that_cannot_be_applied_is_an_objection() -> None:
    made = contracts({"s.json": '{"type": 5}'}, Contract("s.json"))
    objection = made.objection(REQUEST, GOOD)
    assert objection is not None
    assert objection.startswith("the contract types.persona.contract cannot be applied: ")


def test_a_stored_text_that_violates_a_new_contract_is_not_used(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**FILES, "jit-guard.toml": ""})
    first = Author("A text without front matter.\n")
    assert fix(root, first).ok
    (root / PATH).unlink()
    lay_out(root, FILES)
    second = Author(GOOD)
    assert fix(root, second).ok
    assert (root / PATH).read_text() == GOOD


def test_a_draft_has_what_its_contract_demands(tmp_path: Path) -> None:
    root = lay_out(tmp_path, FILES)
    assert call("--fix", "--yes", "--generator", "scaffold", cwd=root).code == 1
    draft = (root / PATH).read_text()
    assert f'---\nname: "{NAME}"\ndescription: ' in draft
    (root / PATH).write_text(unmarked(draft))
    assert call("--format", "json", cwd=root).codes == []


def test_an_unedited_draft_is_only_reported_as_that(tmp_path: Path) -> None:
    table = TABLE.replace("400", "10")
    root = lay_out(tmp_path, {**FILES, "jit-guard.toml": table})
    outcome = call("--fix", "--yes", "--generator", "scaffold", "--format", "json", cwd=root)
    assert outcome.codes == ["JG501"]


def test_a_dry_run_shows_what_is_demanded(tmp_path: Path) -> None:
    out = call("--fix", "--yes", "--dry-run", cwd=lay_out(tmp_path, FILES)).out
    assert f"demands   {PATH}: In the front matter, level is required, one of low, high." in out
    assert f'demands   {PATH}: In the front matter, name is exactly "{NAME}".' in out
    assert '"# Purpose", "## Steps"' in out
    assert "Have at most 400 bytes." in out


def test_a_program_gets_the_contract_as_json_and_a_model_in_words() -> None:
    made = contracts(
        {"s.json": json.dumps(SCHEMA)}, Contract("s.json", headings=("# Purpose",), max_bytes=9)
    )
    request = REQUEST._replace(contract=made.demands(REQUEST))
    sent = json.loads(encode(request, Options(".")))["contract"]
    assert sent == {"front-matter": SCHEMA, "headings": ["# Purpose"], "max-bytes": 9}
    assert json.loads(encode(REQUEST, Options(".")))["contract"] is None
    asked = messages(request, "")[-1].content
    assert "The contract, which the file is checked against:" in asked
    assert "In the front matter, description is required, text." in asked
    assert "Have at most 9 bytes." in asked


@pytest.mark.parametrize(
    ("schema", "suffix"),
    [
        (SCHEMA, "json"),
        (SCHEMA, "yaml"),
        ({"type": "object", "required": ["a"], "properties": {"a": {"minimum": 3}}}, "yaml"),
        ({"type": "array", "minItems": 2, "items": {"type": "integer", "minimum": 5}}, "json"),
        ({"required": ["x"], "properties": {"x": {"required": ["y"]}}}, "json"),
        ({"type": "object", "required": ["no", "a b", "1"], "minProperties": 3}, "yaml"),
        ({"const": {"k": [None, True]}}, "json"),
    ],
)
def test_a_draft_of_a_document_meets_its_schema(schema: object, suffix: str) -> None:
    made = contracts({"s.json": json.dumps(schema)}, Contract(schema="s.json"))
    name = f"{NAME}.{suffix}"
    request = REQUEST._replace(filename=name, path=f"components/personas/{name}")
    draft = scaffold.write(request._replace(contract=made.demands(request))).content
    body = "".join(line for line in draft.splitlines(True) if "jit-guard:draft" not in line)
    assert made.objection(request, body) is None, draft


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {"required": 5, "properties": []},
        {"type": ["string", "null"], "maxLength": -1},
        {"type": "array", "minItems": 10**9, "items": {}},
        {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}},
        {"enum": []},
    ],
)
def test_any_schema_gives_some_draft(schema: object) -> None:
    made = contracts({"s.json": json.dumps(schema)}, Contract("s.json"))
    draft = scaffold.write(REQUEST._replace(contract=made.demands(REQUEST))).content
    assert len(draft) < 2_000


REGISTRY = """
[[registry]]
file = "skills/index.json"
entries = "$.skills[*]"
target = "skills/{id}/SKILL.md"
[registry.contract]
equal = ["{id}", "{front-matter.name}"]
headings = ["# Use"]
"""


def test_the_contract_of_a_registry_holds_for_what_its_entries_name(tmp_path: Path) -> None:
    skills = [{"id": "tidy", "description": "Tidies a room."}]
    files: dict[str, Content] = {
        "jit-guard.toml": REGISTRY,
        "skills/index.json": json.dumps({"skills": skills}),
    }
    root = lay_out(tmp_path, files)
    author = Author("---\nname: other\n---\n# Use\n", "---\nname: tidy\n---\n# Use\n")
    assert fix(root, author).ok
    assert author.requests[1].objection.startswith("it violates registry[1].contract: JG605 ")
    assert (root / "skills/tidy/SKILL.md").read_text() == "---\nname: tidy\n---\n# Use\n"


def test_each_component_has_the_contract_of_what_names_it(tmp_path: Path) -> None:
    """Beside a registry without one, and a type with the name of a registry's file."""
    pages = '[[registry]]\nfile = "pages.json"\nentries = "$[*]"\ntarget = "pages/{id}.md"\n'
    hosts = pages.replace("pages", "hosts").replace("hosts/", "components/personas/")
    files: dict[str, Content] = {
        "jit-guard.toml": 'types.index.contract.headings = ["# Other"]\n'
        f'{pages}{REGISTRY}{hosts}contract.headings = ["# Hello"]\n',
        "goal_map.json": f'{{"GREET": {{"persona": "{NAME}.md"}}}}',
        "hosts.json": f'[{{"id": "{NAME}"}}]',
        "pages.json": '[{"id": "one"}]',
        "skills/index.json": '{"skills": [{"id": "tidy"}]}',
    }
    author = Author("x\n")
    fix(lay_out(tmp_path, files), author)
    assert {one.path: one.contract and one.contract.where for one in author.requests} == {
        "pages/one.md": None,
        "skills/tidy/SKILL.md": "registry[2].contract",
        PATH: "registry[3].contract",
    }


def test_headings_that_the_library_shares_are_kept_if_they_have_those_of_the_contract(
    tmp_path: Path,
) -> None:
    shared: Sequence[str] = ("# Purpose", "## Tone", "## Steps")
    text = GOOD.replace("## Steps", "## Tone\n\nKind.\n\n## Steps")
    others: dict[str, Content] = {
        f"components/personas/{name}.md": text.replace(NAME, name) for name in ("a", "b")
    }
    entries = {"A": {"persona": "a.md"}, "B": {"persona": "b.md"}, "GREET": {"persona": "host.md"}}
    root = lay_out(tmp_path, {**FILES, **others, "goal_map.json": json.dumps(entries)})
    author = Author(text)
    fix(root, author)
    headings = author.requests[0].headings
    assert [one for one in headings if one in shared] == list(headings)
    assert {"# Purpose", "## Steps"} <= set(headings)
