"""`jit-guard selftest` for registries of any shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jit_guard import rules
from jit_guard import selftest as module
from jit_guard.errors import UsageError
from jit_guard.project import load
from jit_guard.selftest import Trial, selftest
from jit_guard.sources.memory import Memory
from projects import call, lay_out
from registry_shapes import SHAPES, table
from test_registries import FILES, RECIPES, SKILLS, skills

pytestmark = pytest.mark.usefixtures("schemas_here")  # three rules apply one

DIRECTORIES = {"JG203", "JG206", "JG207", "JG501"}


def trials(configuration: str, files: dict[str, Any]) -> list[Trial]:
    """Run every trial on a project in memory."""
    source = Memory({**files, "jit-guard.toml": configuration})
    return list(selftest(source, load(source.read).settings))


def impossible(found: list[Trial]) -> set[str]:
    """Return the rules whose fault cannot be injected; every other must fire."""
    assert [one.code for one in found if one.silent] == []
    assert [one.code for one in found] == [one.code for one in rules.load_rules()]
    return {one.code for one in found if one.impossible}


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, {"JG101", *DIRECTORIES}),
        (1, {"JG501"}),
        (2, set[str]()),
        (3, {"JG101"}),
        (4, {"JG002"}),
        (5, {"JG101"}),
    ],
)
def test_every_fault_that_a_shape_can_have_is_found(number: int, expected: set[str]) -> None:
    assert impossible(trials(RECIPES[number], FILES[number])) == expected


# The rules whose fault is a change of the registry, or is where the tree has room for it.
CHANGED = {"JG002", "JG101", "JG201", "JG205", "JG208", "JG301", "JG501"}
# Those that report the same entry, or what it names.
ALIKE = {"JG202", "JG203", "JG204", "JG206", "JG207", "JG604"}


@pytest.mark.parametrize("name", SHAPES)
def test_faults_of_other_shapes(name: str) -> None:
    shape = SHAPES[name]
    file = shape.configuration.split('"')[1]
    found = trials(shape.configuration, {file: shape.text, shape.path: "x"})
    assert impossible(found) == shape.more | CHANGED.difference(shape.reported)
    reported = {one.code: place(one) for one in found if one.finding is not None}
    assert {code: reported[code] for code in CHANGED & {*reported}} == shape.reported
    assert {reported[code] for code in ALIKE & {*reported}} in (
        {shape.reported.get("JG201")},
        set(),
    )
    noun = "directory" if "/ " in shape.reported.get("JG201", "") else "file"
    said = {one.code: one.what for one in found}
    assert said["JG201"] in (f"an entry names a {noun} that does not exist", "")
    assert said["JG202"] in (f"an entry names a {noun} in another case", "")


def test_a_registry_that_is_one_entry_whatever_it_contains_cannot_be_emptied() -> None:
    document = table("$", "{dir}/a.md", "p/r.json")
    found = trials(document, {"p/r.json": '{"a": 1}', "p/a.md": "x"})
    why = {one.code: one.impossible for one in found}
    assert impossible(found) > {"JG004", "JG101", "JG201", "JG205"}
    assert why["JG004"] == "the expression also selects the document itself"
    assert not why["JG301"]


def test_an_orphan_has_the_name_of_no_entry_of_any_registry() -> None:
    names = ["jit_guard_selftest.txt", "a.md"]
    alone = trials(
        table("$[*]", "p/{value}"),
        {"r.json": json.dumps(names[::-1]), **{f"p/{name}": "x" for name in names}},
    )
    together = trials(
        f"{table('$[*]', 'p/{value}')}{table('$[*]', 'p/{value}', 's.json', '')}",
        {
            "r.json": '["a.md"]',
            "s.json": json.dumps(names[:1]),
            **{f"p/{one}": "x" for one in names},
        },
    )
    for found, names in (
        (alone, ["p/jit_guard_selftest.md"]),
        (together, ["p/jit_guard_selftest.md", "p/jit_guard_selftest"]),
    ):
        assert [place(one) for one in found if one.code == "JG301"] == names


def place(trial: Trial) -> str:
    """Return where the fault of a trial was reported."""
    found = trial.finding
    assert found is not None
    path = "" if trial.code in ("JG002", "JG101") else found.path
    return " ".join(filter(None, (path, found.pointer)))


def test_a_goal_map_and_every_registry_get_the_faults() -> None:
    marketplace = '{"plugins": [{"source": "./plugins/a", "skills": ["s"]}]}'
    found = trials(
        f'{SKILLS}\n[[registry]]\npreset = "goal-map"\n'
        '[[registry]]\npreset = "claude-marketplace"\n',
        {
            **skills("skills/a"),
            "goal_map.json": '{"A": {"persona": "x.txt"}}',
            "components/personas/x.txt": "x",
            ".claude-plugin/marketplace.json": marketplace,
            "plugins/a/s/x": "x",
        },
    )
    assert [one for one in found if one.silent] == []
    count = len(rules.load_rules())
    assert [one.map for one in found[::count]] == [
        "goal_map.json",
        "skills.json",
        ".claude-plugin/marketplace.json",
        ".claude-plugin/marketplace.json",
    ]
    places = {one.finding.map for one in found if one.code == "JG201" and one.finding}
    assert places == {"goal_map.json", "skills.json", ".claude-plugin/marketplace.json"}


def test_of_several_goal_maps_the_first_one_gets_the_faults() -> None:
    files = {f"{name}.json": f'{{"{name}": {{"persona": "x.txt"}}}}' for name in "AB"}
    found = trials('maps = ["A.json", "B.json"]\n', {**files, "components/personas/x.txt": "x"})
    assert {one.map for one in found} == {"A.json"}
    assert impossible(found) == set()


def test_the_files_of_a_glob_are_emptied_together() -> None:
    several = SKILLS.replace("skills.json", "index/*.json")
    text = '{"skills": [{"path": "skills/a"}]}'
    found = trials(several, {"index/a.json": "{}", "index/b.json": text, "index/c.json": text})
    assert {one.map for one in found} == {"index/b.json"}
    assert impossible(found) == {"JG501"}


def test_the_command_says_what_cannot_be_injected(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**skills("skills/a"), "jit-guard.toml": SKILLS})
    before = sorted(root.rglob("*"))
    outcome = call("selftest", cwd=root)
    assert outcome.code == 0, outcome
    count = len(rules.load_rules())
    assert (
        "JG501 untouched-draft         -      cannot be injected here: "
        "no entry names a file that starts with autogen_\n"
    ) in outcome.out
    assert (
        f"{count - 1} of {count} rules fire on a copy of this project; 1 fault cannot be injected\n"
    ) in outcome.out
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize("code", ["JG001", "JG101", "JG201", "JG202", "JG204", "JG301", "JG303"])
def test_a_rule_that_never_fires_is_found(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [
        one._replace(judge=lambda _: iter(())) if one.code == code else one
        for one in rules.load_rules()
    ]
    monkeypatch.setattr(rules, "load_rules", lambda: broken)
    monkeypatch.setattr(module, "load_rules", lambda: broken)
    root = lay_out(tmp_path, {**skills("skills/a"), "jit-guard.toml": SKILLS})
    outcome = call("selftest", cwd=root)
    assert (outcome.code, f"{code} did not fire" in outcome.err) == (3, True), outcome


@pytest.mark.parametrize("text", ['{"skills": [', '{"skills": [{"path": 1.5e3}, {"path": {}}]}'])
def test_an_invalid_registry_gets_no_faults(text: str) -> None:
    with pytest.raises(UsageError, match="requires valid maps"):
        trials(SKILLS, {**skills(), "skills.json": text})


def test_a_registry_without_an_entry_gets_no_faults() -> None:
    with pytest.raises(UsageError, match="requires an entry"):
        trials(SKILLS, {**skills(), "skills.json": "{}"})
