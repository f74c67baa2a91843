"""The inventory: every entry and component with its status, text and provenance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

import pytest

from jit_guard import Guard
from jit_guard.config import TypeSettings
from jit_guard.errors import GitError
from jit_guard.inventory import provenance, take, texts
from jit_guard.inventory.inventory import STATUSES, Inventory
from jit_guard.ledger.history import Record, history
from jit_guard.sources.memory import Link, Memory
from jit_guard.text.generated import mark
from pictures import GOALS, LIBRARY, reported
from projects import Content, Files, call, git, lay_out, sound
from repositories import NEEDS_GIT, repository


def taken(files: Files, **options: Any) -> Inventory:
    found = reported(files, **options).inventory
    assert found is not None
    return found


def statuses(inventory: Inventory) -> dict[str, tuple[str, ...]]:
    return {path: one.statuses for path, one in inventory.components.items()}


def test_every_entry_is_listed_in_the_order_of_the_map() -> None:
    (register,) = taken(LIBRARY).registers
    assert register.types == ("persona", "protocol", "checklist")
    assert [(one.goal, one.component_type) for one in register.entries] == [
        (goal, component_type) for goal, parts in GOALS.items() for component_type in parts
    ]
    assert register.size == len(register.entries)


def test_every_component_has_its_status() -> None:
    inventory = taken(LIBRARY)
    assert statuses(inventory) == {
        "components/personas/host.txt": ("present",),
        "components/protocols/welcome.txt": ("present",),
        "components/checklists/tables.txt": ("present",),
        "components/protocols/autogen_protocol_for_close_up.txt": ("generated",),
        "components/personas/keeper.txt": ("missing",),
        "components/checklists/blank.txt": ("broken",),
        "components/notes/idea.md": ("orphan",),
        "components/personas/former.txt": ("orphan",),
    }
    assert inventory.unnamed == {
        "components/notes/idea.md": None,
        "components/personas/former.txt": "persona",
    }


@pytest.mark.parametrize(
    ("filename", "files", "remark"),
    [
        ("x.txt", {"components/ts/X.txt": "text"}, "differ in spelling: components/ts/X.txt"),
        ("x.txt", {"components/ts/x.txt": ""}, "it is empty"),
        ("x.txt", {"components/ts/x.txt": b"\xff\xfe"}, "not text in UTF-8"),
        ("x.txt", {"components/ts/x.txt/y": "text"}, "it is a directory"),
        ("x.txt", {"components/ts/x.txt": Link("nowhere")}, "it is a broken link"),
        ("x.txt", {"components/ts/x.txt": Link("/etc/passwd")}, "points outside the project"),
        ("../x.txt", {}, "the path is unsafe: the filename contains .."),
    ],
)
def test_what_an_entry_cannot_use_is_broken_and_says_why(
    filename: str, files: dict[str, Content], remark: str
) -> None:
    made = {"goal_map.json": json.dumps({"A": {"t": filename}}), **files}
    component = next(iter(taken(made).components.values()))
    assert component.statuses == ("broken",)
    assert remark in component.remarks[0]
    assert component.text is None or not component.text.strip()


def test_a_draft_is_one_whichever_rules_are_selected() -> None:
    name = "components/ts/autogen_t_for_a.txt"
    made = {
        "goal_map.json": '{"A": {"t": "autogen_t_for_a.txt"}}',
        name: mark("To be written.", ".txt"),
    }
    inventory = taken(made, ignore=("JG501", "JG2", "JG3"))
    assert statuses(inventory) == {name: ("draft", "generated")}


def test_a_text_that_is_no_text_is_not_read_as_one() -> None:
    made = sound({"A": {"t": "a.png"}}) | {"components/ts/a.png": b"\x89PNG\xff"}
    component = taken(made, types={"t": TypeSettings(text=False)}).components["components/ts/a.png"]
    assert (component.statuses, component.text, component.size) == (("present",), None, 5)


def test_an_invalid_map_leaves_what_is_known() -> None:
    inventory = taken({**LIBRARY, "goal_map.json": "{"})
    assert inventory.registers == ()
    assert not inventory.certain
    assert set(statuses(inventory).values()) == {("unclear",), ("unclear", "generated")}
    assert len(inventory.components) == 7


def test_texts_are_cut_and_all_have_the_same_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    made = sound({f"G{number}": {"t": f"{number}.txt"} for number in range(20)})
    for number in range(20):
        made[f"components/ts/{number}.txt"] = "x" * (100 if number < 10 else 1000)
    monkeypatch.setattr(texts, "LONGEST", 800)
    monkeypatch.setattr(texts, "BUDGET", 3500)
    inventory = taken(made)
    sizes = {len(one.text or "") for one in inventory.components.values()}
    assert sizes == {100, 200}
    assert [one.whole for one in inventory.components.values()] == [True] * 10 + [False] * 10
    assert inventory.notes == ("only the first 200 characters of each text are shown",)


def test_a_library_that_is_too_large_is_listed_in_part_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(take, "MOST", 3)
    made = sound({f"G{number}": {"t": f"{number}.txt"} for number in range(5)})
    made |= {f"components/ts/left{number}.txt": "x" for number in range(4)}
    inventory = taken(made)
    assert len(inventory.registers[0].entries) == 3
    assert (inventory.registers[0].size, inventory.unnamed_size) == (5, 4)
    assert inventory.notes == (
        "3 of 5 entries are listed",
        "3 of 4 files without an entry are listed",
    )


def test_a_registry_of_another_shape_is_listed_with_directories(tmp_path: Path) -> None:
    table = '[[registry]]\nfile = "p.json"\nentries = "$[*].source"\ntarget = "{value}/"\n'
    root = lay_out(
        tmp_path,
        {
            "jit-guard.toml": f'{table}tree = ["plugins/*/"]\n',
            "p.json": json.dumps([{"name": n, "source": f"plugins/{n}"} for n in ("a", "b")]),
            "plugins/a/SKILL.md": "What it does.\n",
            "plugins/a/data.bin": b"\xff",
            "plugins/left/x": "x",
        },
    )
    found = Guard(root=root).with_inventory().check().inventory
    assert found is not None
    assert [(one.words, one.path) for one in found.registers[0].entries] == [
        ("[0].source", "plugins/a/"),
        ("[1].source", "plugins/b/"),
    ]
    assert statuses(found) == {
        "plugins/a/": ("present",),
        "plugins/b/": ("missing",),
        "plugins/left/": ("orphan",),
    }
    first = found.components["plugins/a/"]
    assert (first.files, first.text_of) == (("SKILL.md", "data.bin"), "SKILL.md")
    assert first.text == "What it does.\n"


def test_a_generated_text_has_its_provenance_until_it_is_edited(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**LIBRARY, "goal_map.json": '{"A": {"persona": "a.txt"}}'})
    descriptions = root / "d.json"
    descriptions.write_text('{"A": {"persona": "Who counts the stock"}}')
    fix = ("--fix", "--no-input", "--generator", "scaffold", "--descriptions", "d.json")
    assert call(*fix, cwd=root).code == 1
    path = "components/personas/autogen_persona_for_a.txt"

    def now() -> tuple[tuple[str, ...], str, str, str]:
        inventory = Guard(root=root).with_inventory().check().inventory
        assert inventory is not None
        (one,) = inventory.components[path].provenance
        return inventory.components[path].statuses, one.generator, one.description, one.state

    known = ("scaffold", "Who counts the stock")
    assert now() == (("draft", "generated"), *known, "as generated")
    (root / path).write_text("You count.\n")
    assert now() == (("generated",), *known, "edited by hand")


@NEEDS_GIT
def test_a_snapshot_of_git_has_its_own_texts(tmp_path: Path) -> None:
    root = repository(tmp_path, LIBRARY)
    (root / "components/personas/host.txt").write_text("Changed.\n")
    for source, text in (("HEAD", "You welcome"), ("index", "You welcome"), ("worktree", "Cha")):
        inventory = Guard(root=root).with_inventory().check(source).inventory
        assert inventory is not None
        shown = inventory.components["components/personas/host.txt"].text
        assert (shown or "").startswith(text), source


@NEEDS_GIT
def test_a_file_that_git_does_not_have_is_untracked(tmp_path: Path) -> None:
    root = repository(tmp_path, LIBRARY)
    git(root, "rm", "-q", "--cached", "components/personas/host.txt")
    for ignored in ((), ("JG203",)):
        inventory = Guard(root=root, ignore=ignored).with_inventory().check().inventory
        assert inventory is not None
        assert statuses(inventory)["components/personas/host.txt"] == ("untracked",)


def test_a_ledger_that_cannot_be_read_leaves_the_rest(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**LIBRARY, ".jit-guard/ledger.db": "no database"})
    inventory = Guard(root=root).with_inventory().check().inventory
    assert inventory is not None
    assert len(inventory.components) == 8
    assert "where texts come from is not shown: " in inventory.notes[0]


def test_a_report_has_no_inventory_unless_it_is_asked_for(project: Path) -> None:
    assert Guard(root=project).check().inventory is None


def test_statuses_are_sorted_with_the_worst_first() -> None:
    assert STATUSES[0] == "missing"
    assert STATUSES[-1] == "present"


def test_a_record_knows_its_state_from_a_hash(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {"goal_map.json": '{"A": {"persona": "a.txt"}}'})
    call("--fix", "--yes", "--generator", "scaffold", cwd=root)
    (record,) = history(str(root))
    assert isinstance(record, Record)
    data = (root / record.path).read_bytes()
    assert record.state(data) == "as generated"
    assert record.state(data + b"x") == record.state_of("0" * 64) == "edited by hand"
    assert record.state_of(None) == "gone"


def test_the_texts_of_components_and_of_what_no_entry_names_are_shown(tmp_path: Path) -> None:
    long = "A long text.\n" * 20_000  # is read in several pieces
    files = {**sound({"A": {"t": "a.txt"}}), "components/ts/a.txt": long}
    root = lay_out(tmp_path, {**files, "components/ts/left.txt": "Left.\n"})
    inventory = Guard(root=root).with_inventory().check().inventory
    assert inventory is not None
    named = inventory.components["components/ts/a.txt"]
    left = inventory.components["components/ts/left.txt"]
    assert (named.size, named.whole, named.text) == (len(long), False, long[: texts.LONGEST])
    assert (left.size, left.whole, left.text) == (6, True, "Left.\n")


def test_without_git_to_ask_no_text_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def untracked(*_: object) -> NoReturn:
        raise GitError("git is not available")

    monkeypatch.setattr(Memory, "untracked", untracked)
    inventory = taken(LIBRARY)
    assert inventory.notes == ("texts are not shown: git is not available",)
    assert {one.text for one in inventory.components.values()} == {None}
    assert statuses(inventory)["components/personas/host.txt"] == ("present",)


def test_the_newest_texts_of_a_component_are_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = lay_out(tmp_path, {"goal_map.json": '{"A": {"persona": "a.txt"}}'})
    path = "components/personas/autogen_persona_for_a.txt"
    for words in ("first", "second", "third"):
        (root / "d.json").write_text(json.dumps({"A": {"persona": words}}))
        (root / path).unlink(missing_ok=True)
        call(
            "--fix",
            "--yes",
            "--fresh",
            "--generator",
            "scaffold",
            "--descriptions",
            "d.json",
            cwd=root,
        )
    for most, remembered in ((5, ["third", "second", "first"]), (2, ["third", "second"])):
        monkeypatch.setattr(provenance, "MOST", most)
        inventory = Guard(root=root).with_inventory().check().inventory
        assert inventory is not None
        known = inventory.components[path].provenance
        assert [one.description for one in known] == remembered
        assert known[0].state == "as generated"
