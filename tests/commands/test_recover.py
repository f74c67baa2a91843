"""`recover`: an interrupted commit is finished, or undone; what was done is printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commits import interrupt
from crash.disk_model import read_state
from jit_guard.commit.intent import MapChange
from jit_guard.commit.preparation import Placement
from jit_guard.registry.edit import Edit
from jit_guard.text.names import PENDING
from projects import HOST, Outcome, call, lay_out, run

TEXT = b"You welcome people.\nYou have been paid for.\n"
NEW = "components/personas/new.txt"
GOALS = {"GREET": {"persona": "gone.txt"}}


@pytest.fixture(params=[0, 1, 2], ids=["decided", "map set", "placed"])
def broken_off(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A project whose commit was interrupted after the decision."""
    return begin(tmp_path, request.param)


def begin(root: Path, steps: int | None, path: str = "goal_map.json") -> Path:
    lay_out(root, {path: json.dumps(GOALS)})
    change = MapChange(path, (Edit(("GREET", "persona"), "gone.txt", "new.txt"),))
    interrupt(str(root), [change], [Placement(NEW, TEXT)], steps)
    return root


def persona(root: Path, path: str = "goal_map.json") -> str:
    named: str = json.loads((root / path).read_text())["GREET"]["persona"]
    return named


def clean(root: Path) -> bool:
    """Whether nothing of the commit is left but what it was for."""
    return not (root / PENDING).exists() and not list(root.rglob("*.jit-guard-*"))


def test_without_an_interrupted_commit_nothing_is_done(project: Path) -> None:
    before = read_state(str(project))
    for argv in ((), ("--abandon",)):
        assert call("recover", *argv, cwd=project) == Outcome(0, "no commit was interrupted\n", "")
    assert read_state(str(project)) == before


def test_a_commit_is_finished_and_every_action_is_a_line(broken_off: Path) -> None:
    assert "JG401" in call("--format", "json", cwd=broken_off).codes
    done = call("recover", cwd=broken_off)
    assert (done.code, done.err) == (0, "")
    first, *actions = done.out.splitlines()
    assert first == "finished the interrupted commit"
    assert all(line.startswith("  ") for line in actions)
    assert (broken_off / NEW).read_bytes() == TEXT
    assert (persona(broken_off), clean(broken_off)) == ("new.txt", True)
    assert call(cwd=broken_off).code == 0
    assert call("recover", cwd=broken_off).out == "no commit was interrupted\n", "once"


def test_a_commit_is_undone_and_its_text_is_in_the_ledger(broken_off: Path) -> None:
    done = call("recover", "--abandon", cwd=broken_off)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("undid the interrupted commit\n")
    assert not (broken_off / NEW).exists()
    assert (persona(broken_off), clean(broken_off)) == ("gone.txt", True)
    (record,) = json.loads(call("log", "--json", cwd=broken_off).out)
    assert record["text"].encode() == TEXT


def test_a_plan_is_undone(tmp_path: Path) -> None:
    """Before the decision, the old state counts."""
    root = begin(tmp_path, None)
    done = call("recover", cwd=root)
    assert (done.code, done.out.splitlines()[0]) == (0, "undid the interrupted commit")
    assert (persona(root), clean(root)) == ("gone.txt", True)
    assert not (root / NEW).exists()


def test_a_map_of_the_commit_that_is_not_configured_has_to_be_named(tmp_path: Path) -> None:
    root = begin(tmp_path, 0, "more.json")
    lay_out(root, {"goal_map.json": '{"GREET": {"persona": "host.txt"}}'})
    lay_out(root, {"components/personas/host.txt": HOST})
    done = call("recover", cwd=root)
    assert (done.code, done.out) == (2, "")
    assert "more.json" in done.err
    assert persona(root, "more.json") == "gone.txt"
    assert call("recover", "--map", "no.json", cwd=root).code == 2
    assert call("recover", "--map", "../more.json", cwd=root).code == 2
    done = call("recover", "--map", "../more.json", "--root", "..", cwd=root / "components")
    assert (done.code, done.out.splitlines()[0]) == (0, "finished the interrupted commit")
    assert persona(root, "more.json") == "new.txt"


def test_what_cannot_be_finished_says_what_to_do_and_loses_nothing(broken_off: Path) -> None:
    whole = (broken_off / "goal_map.json").read_bytes()
    (broken_off / "goal_map.json").write_text("{")
    before = read_state(str(broken_off))
    done = call("recover", cwd=broken_off)
    assert (done.code, done.out) == (2, "")
    assert "goal_map.json" in done.err
    assert read_state(str(broken_off)) == before
    (broken_off / "goal_map.json").write_bytes(whole)
    assert call("recover", cwd=broken_off).code == 0
    assert (broken_off / NEW).read_bytes() == TEXT


def test_a_damaged_intent_is_set_aside_only_on_request(tmp_path: Path) -> None:
    root = begin(tmp_path, 0)
    (root / PENDING).write_text("{}")
    done = call("recover", cwd=root)
    assert (done.code, done.out) == (2, "")
    assert "recover --abandon" in done.err
    done = call("recover", "--abandon", cwd=root)
    assert (done.code, done.out.splitlines()[0]) == (0, "moved the refused intent aside")
    aside = done.out.splitlines()[1:]
    assert aside
    assert not (root / PENDING).exists()
    assert [one.name for one in (root / ".jit-guard").glob("*pending*")] != []


def test_an_action_cannot_forge_a_line(tmp_path: Path) -> None:
    name = "\n::error::x\x1b[2J.txt"
    lay_out(tmp_path, {"goal_map.json": json.dumps(GOALS)})
    change = MapChange("goal_map.json", (Edit(("GREET", "persona"), "gone.txt", name),))
    placed = Placement(f"components/personas/{name}", TEXT)
    interrupt(str(tmp_path), [change], [placed], 0)
    done = call("recover", cwd=tmp_path)
    assert done.code == 0
    assert "\n::" not in done.out
    assert "\x1b" not in done.out
    assert (tmp_path / "components/personas" / name).read_bytes() == TEXT


def test_the_installed_command_recovers(tmp_path: Path) -> None:
    done = run("recover", cwd=begin(tmp_path, 1))
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("finished the interrupted commit\n")
