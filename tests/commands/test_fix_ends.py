"""What `--fix` prints at its end, or when a user ends it, and whom it asks."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jit_guard.fixing.dialogue import Dialogue
from jit_guard.fixing.interaction import Silent
from jit_guard.fixing.session import InterruptedRun, Outcome
from jit_guard.generators.generator import Request, Text
from jit_guard.guard import Guard
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import Arrival, Key, Wanted
from jit_guard.report import Fixed, Report
from projects import SOUND, call, lay_out
from repositories import NEEDS_GIT, repository
from typed import on_screen, type_in

LEFT = ("components/personas/a.txt", "components/personas/b.txt")
DONE = Outcome(
    fixed=(
        Fixed("generated", "GREET", "persona", "components/personas/x\x1b.txt"),
        Fixed("relinked", "PART", "persona", "components/personas/y.txt"),
    ),
    left=LEFT,
    messages=("the draft was kept",),
)
Fix = Callable[..., Report]


def ended_by(outcome: Outcome) -> Fix:
    def fix(*_: object, **__: object) -> Report:
        raise InterruptedRun(outcome)

    return fix


def test_an_interrupted_fix_says_what_is_done_and_what_is_left(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Guard, "fix", ended_by(DONE))
    done = call("--fix", cwd=project)
    lines = [
        "jit-guard: interrupted; committed so far:",
        "jit-guard:   generated  GREET/persona: components/personas/x\\x1b.txt",
        "jit-guard:   relinked   PART/persona: components/personas/y.txt",
        "jit-guard: still missing: 2; to continue, run --fix again",
        "jit-guard: the draft was kept",
    ]
    assert (done.code, done.out, done.err.splitlines()) == (130, "", lines)
    with Ledger(str(project)) as ledger:
        for path in (*LEFT[:1], "components/personas/other.txt"):
            name = path.rpartition("/")[2]
            key = Key(name, "persona", name, "kind", "command", "", "1")
            request = Request(name, "persona", name, path, "kind")
            ledger.arrived([Arrival(Wanted(path, key), request, Text("Hello.\n"), 0.0)])
    done = call("--fix", cwd=project)
    assert "still missing: 2; the ledger keeps a text for 1 of them; to continue," in done.err


def test_a_fix_that_was_interrupted_before_anything_says_so(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Guard, "fix", ended_by(Outcome()))
    done = call("--fix", cwd=project)
    assert (done.code, done.err) == (130, "jit-guard: interrupted; nothing was committed\n")


@NEEDS_GIT
def test_what_was_committed_before_can_be_staged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(tmp_path)
    lay_out(root, {"components/personas/new.txt": "x"})
    path = "components/personas/new.txt"
    monkeypatch.setattr(Guard, "fix", ended_by(Outcome(unstaged=(path,))))
    assert call("--fix", cwd=root).err.splitlines()[1:] == [
        f"jit-guard: to stage the fix, run: git add -- {path}"
    ]
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert call("--fix", cwd=root).err.count("\n") == 1, "without git there is nothing to stage"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"messages": ("recovered",)}, ["jit-guard: recovered"]),
        ({"written": ("x",), "messages": ("a", "b")}, ["jit-guard: a", "jit-guard: b"]),
        ({"written": ("x",)}, []),
        ({}, []),
    ],
)
def test_the_messages_of_a_fix_are_printed(
    project: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any], said: list[str]
) -> None:
    def fix(self: Guard, *_: object, **__: object) -> Report:
        return self.check()._replace(**more)

    monkeypatch.setattr(Guard, "fix", fix)
    done = call("--fix", cwd=project)
    assert (done.code, done.err.splitlines()) == (0, said)


# Whom it asks


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The interactions that fixes get."""
    given: list[Any] = []

    def fix(self: Guard, _: object, interaction: object, **__: object) -> Report:
        given.append(interaction)
        return self.check()

    monkeypatch.setattr(Guard, "fix", fix)
    return given


def test_on_a_terminal_the_user_is_asked_and_nowhere_else(
    project: Path, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in([], "--fix", cwd=project)
    type_in([], "--fix", "--yes", cwd=project)
    assert [type(one) for one in asked] == [Dialogue, Dialogue]
    asked.clear()
    type_in([], "--fix", "--no-input", "--yes", cwd=project)
    on_screen("--fix", cwd=project, columns=80)  # without a keyboard
    call("--fix", cwd=project)
    said = io.TextIOWrapper(io.BytesIO(b"{}"))
    said.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdin", said)
    on_screen("--fix", "--descriptions", "-", cwd=project, columns=80)
    call("--fix", cwd=project)  # a keyboard, and no screen
    monkeypatch.setenv("PRE_COMMIT", "1")
    type_in([], "--fix", cwd=project)
    assert [type(one) for one in asked] == [Silent] * 6
    assert [one._yes for one in asked] == [True, *[False] * 5]


def test_a_terminal_for_either_stream_is_where_the_user_reads(
    project: Path, asked: list[Any]
) -> None:
    lay_out(project, SOUND)
    done = type_in([], "--fix", cwd=project)  # standard output is a file there
    assert done.code == 0
    assert asked[0]._out.isatty()
