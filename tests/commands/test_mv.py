"""`mv`: a component and every entry that names it are renamed in one step, or nothing is."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from jit_guard import Guard
from jit_guard.commit import transaction
from jit_guard.errors import UsageError
from jit_guard.fixing import moving
from jit_guard.generators.generator import Request, Text
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import Arrival, Key, Placed, Wanted
from jit_guard.registry.edit import EditError
from jit_guard.sources.memory import Link, Other
from jit_guard.text.generated import mark
from projects import Files, Outcome, call, git, lay_out
from repositories import NEEDS_GIT, repository, save

HOST, GUEST = "components/personas/host.txt", "components/personas/guest.txt"
TEXT = "You welcome people.\n"
MAP = """{
  "GREET":  {"persona": "host.txt", "protocol": "hello.md"},
  "PART": { "persona" : "host.txt" }
}
"""
PROJECT: Files = {
    "goal_map.json": MAP,
    "more.json": '{"MEET": {"persona": "host.txt"}}\n',
    "jit-guard.toml": 'maps = ["goal_map.json", "more.json"]\n',
    HOST: TEXT,
    "components/protocols/hello.md": TEXT,
}
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes and links")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two maps with three entries for one component."""
    return lay_out(tmp_path / "p", PROJECT)


def state(root: Path) -> dict[str, bytes]:
    """Every file but our own."""
    paths = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts)
    found = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}
    return {path: data for path, data in found.items() if not path.startswith(".jit-guard")}


def mv(root: Path, old: str, new: str, *more: str) -> Outcome:
    """Move, and check that the result is sound."""
    done = call("mv", old, new, *more, cwd=root)
    assert done.code == 0, done
    assert call("--ignore", "JG203,JG208,JG501", cwd=root).code == 0
    return done


def refuse(root: Path, old: str, new: str, why: str) -> None:
    """Check that a move is refused, and changes nothing."""
    before = state(root)
    done = call("mv", old, new, cwd=root)
    assert done.code == 2, done
    assert why in done.err
    assert state(root) == before
    assert done.out == ""


def test_every_entry_of_every_map_follows(project: Path) -> None:
    done = mv(project, HOST, GUEST)
    assert state(project) == {
        **{path: str(text).encode() for path, text in PROJECT.items() if path != HOST},
        "goal_map.json": MAP.replace("host.txt", "guest.txt").encode(),
        "more.json": b'{"MEET": {"persona": "guest.txt"}}\n',
        GUEST: TEXT.encode(),
    }
    assert done.out.splitlines() == [
        f"moved {HOST} -> {GUEST}",
        "set goal_map.json GREET/persona: host.txt -> guest.txt",
        "set goal_map.json PART/persona: host.txt -> guest.txt",
        "set more.json MEET/persona: host.txt -> guest.txt",
    ]
    assert done.err == "", "there is nothing to stage outside git"


@pytest.mark.parametrize(
    ("new", "value"),
    [
        ("components/personas/deep/er/x.txt", "deep/er/x.txt"),
        ("components/personas/日本 'x'.md", "日本 'x'.md"),
        ("components/personas/deep/", "deep/host.txt"),
        ("./components/personas//x", "x"),
        ("components/personas/HOST.txt", "HOST.txt"),
        ("components/personas/-f", "-f"),
    ],
)
def test_any_name_that_an_entry_can_have(project: Path, new: str, value: str) -> None:
    mv(project, HOST, new)
    assert json.loads((project / "more.json").read_text())["MEET"]["persona"] == value
    assert (project / "components/personas" / value).read_text() == TEXT


def test_paths_are_relative_to_the_working_directory(project: Path) -> None:
    done = call("mv", "host.txt", "deep/guest.txt", cwd=project / "components/personas")
    assert done.code == 0, done
    assert call(cwd=project).code == 0


def test_an_existing_directory_is_moved_into(project: Path) -> None:
    (project / "components/personas/deep").mkdir()
    mv(project, HOST, "components/personas/deep")
    assert (project / "components/personas/deep/host.txt").exists()


@posix
def test_the_file_keeps_its_mode_and_an_unsaved_edit(project: Path) -> None:
    (project / HOST).write_text("Edited.\n")
    (project / HOST).chmod(0o754)
    mv(project, HOST, GUEST)
    assert (project / GUEST).read_text() == "Edited.\n"
    assert stat.S_IMODE((project / GUEST).stat().st_mode) == 0o754


def test_a_dry_run_changes_nothing(project: Path) -> None:
    before = state(project)
    done = call("mv", HOST, GUEST, "--dry-run", cwd=project)
    assert done.code == 0
    assert f"would move {HOST} -> {GUEST}" in done.out
    assert "would set more.json MEET/persona: host.txt -> guest.txt" in done.out
    assert state(project) == before
    assert not (project / ".jit-guard").exists()


def test_types_may_share_a_file(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path,
        {
            "goal_map.json": '{"A": {"part": "of/x.txt", "of": "x.txt"}}',
            "jit-guard.toml": 'types.of.directory = "parts/of"\n',
            "components/parts/of/x.txt": TEXT,
        },
    )
    mv(root, "components/parts/of/x.txt", "components/parts/of/y.txt")
    assert (root / "goal_map.json").read_text() == '{"A": {"part": "of/y.txt", "of": "y.txt"}}'
    refuse(root, "components/parts/of/y.txt", "components/parts/y.txt", "A/of cannot name")


def test_files_at_the_top(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path,
        {
            "goal_map.json": '{"A": {"prompt": "x.txt"}}',
            "jit-guard.toml": 'types.prompt.directory = "."\n',
            "components/x.txt": TEXT,
        },
    )
    mv(root, "components/x.txt", "components/y.txt")


# Refused


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (HOST, "components/protocols/hello.md", "already exists"),
        (HOST, "components/protocols/host.txt", "GREET/persona cannot name components/protocols"),
        (HOST, "components/guest.txt", "of this type are in components/personas"),
        (HOST, "guest.txt", "guest.txt is not below components"),
        (HOST, "components", "of this type are in components/personas"),
        (HOST, "../guest.txt", "NEW ../guest.txt is outside the root"),
        (HOST, "/guest.txt", "is outside the root"),
        (HOST, "components/personas/.git/x", "leads into a .git directory"),
        (HOST, "components/personas/a\\b", "contains a backslash"),
        (HOST, "components/personas/\udcff", "lone surrogate"),
        (HOST, "components/personas/a\nb/../../../../x", "is outside the root"),
        (HOST, HOST, "which is its present name"),
        (HOST, "components/personas/host.txt/x", "is inside it"),
        ("components/personas", "components/personas/x", "is inside it"),
        ("components/personas/hots.txt", GUEST, f"did you mean '{HOST}'?"),
        ("../elsewhere", GUEST, "OLD ../elsewhere is outside the root"),
        ("goal_map.json", GUEST, "no entry names goal_map.json"),
        ("nowhere/at/all", GUEST, "nowhere/at/all does not exist"),
        ("components", "components/all", "is inside it"),
    ],
)
def test_what_is_refused(project: Path, old: str, new: str, why: str) -> None:
    refuse(project, old, new, why)


def test_an_orphan_is_not_moved(project: Path) -> None:
    lay_out(project, {"components/personas/other.txt": TEXT})
    refuse(project, "components/personas/other.txt", GUEST, "no entry names components/personas/")


def test_a_missing_component_is_not_moved(project: Path) -> None:
    (project / HOST).unlink()
    refuse(project, HOST, GUEST, f"{HOST} does not exist, so run jit-guard --fix")


@posix
@pytest.mark.parametrize(
    ("what", "why"),
    [(Link("../../elsewhere"), f"{HOST} is a link"), (Other("FIFO"), "not a file or directory")],
)
def test_what_is_no_file_is_not_moved(project: Path, what: Link | Other, why: str) -> None:
    (project / "elsewhere").write_text(TEXT)
    (project / HOST).unlink()
    lay_out(project, {HOST: what})
    refuse(project, HOST, GUEST, why)


@pytest.mark.parametrize("text", ["{", '{"A": 7', "\ufeff{}"])
def test_a_map_that_cannot_be_read_may_have_entries_too(project: Path, text: str) -> None:
    (project / "more.json").write_text(text)
    refuse(project, HOST, GUEST, "more.json:1:")


def test_a_map_that_is_no_file_may_have_entries_too(project: Path) -> None:
    (project / "more.json").unlink()
    (project / "more.json").mkdir()
    refuse(project, HOST, GUEST, "more.json")


def test_another_file_in_another_case_is_not_shadowed(project: Path) -> None:
    lay_out(project, {"components/personas/Guest.txt": TEXT})
    refuse(project, HOST, GUEST, f"{GUEST} already exists as components/personas/Guest.txt")


@posix
def test_a_name_in_another_case_is_not_taken_for_the_file(project: Path) -> None:
    refuse(project, "components/personas/Host.txt", GUEST, f"is spelled {HOST} on disk")


@posix
def test_a_link_out_of_the_project_is_not_followed(project: Path) -> None:
    outside = project.parent / "outside"
    outside.mkdir()
    (project / "components/personas/out").symlink_to(outside)
    refuse(project, HOST, "components/personas/out/x.txt", "leads out of the project")
    assert list(outside.iterdir()) == []


@posix
def test_a_directory_in_another_case_is_not_made(project: Path) -> None:
    (project / "components/personas/deep").mkdir()
    why = "the directory components/personas/Deep is spelled components/personas/deep on disk"
    refuse(project, HOST, "components/personas/Deep/x.txt", why)


@NEEDS_GIT
def test_state_that_came_with_a_clone_is_refused(tmp_path: Path) -> None:
    root = repository(tmp_path, {**PROJECT, ".jit-guard/notes.txt": "x"})
    refuse(root, HOST, GUEST, "git tracks .jit-guard")


def test_an_interrupted_commit_comes_first(project: Path) -> None:
    (project / ".jit-guard").mkdir()
    (project / ".jit-guard/pending.json").write_text("{}")
    refuse(project, HOST, GUEST, "run `jit-guard recover`")


def test_a_name_cannot_forge_a_line(project: Path) -> None:
    mv(project, HOST, "components/personas/a\n::error::\x1b[2J.txt")
    done = call("mv", "components/personas/a\n::error::\x1b[2J.txt", GUEST, cwd=project)
    assert "\x1b" not in done.out + done.err
    assert "\n::" not in done.out + done.err


# A map that is saved meanwhile


def test_a_map_that_is_saved_meanwhile_is_read_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saves = iter(["host.txt", "hello.md"])

    def commit(*args: object, **keywords: object) -> object:
        if next(saves, None) == "host.txt":
            (project / "more.json").write_text('{"NEW": {"persona": "host.txt"}}')
            raise EditError("another process changed it")
        return transaction.commit(*args, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(moving, "commit", commit)
    mv(project, HOST, GUEST)
    assert json.loads((project / "more.json").read_text()) == {"NEW": {"persona": "guest.txt"}}


def test_a_map_that_keeps_being_saved_is_an_error(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commit(*_: object, **__: object) -> object:
        raise EditError("another process changed it")

    monkeypatch.setattr(moving, "commit", commit)
    refuse(project, HOST, GUEST, "another process changed it")


# Directories


SKILLS: Files = {
    "goal_map.json": json.dumps(
        {
            "PDF": {"skill": "pdf/SKILL.md"},
            "PDF_MORE": {"skill": "pdf/more/reference.md"},
            "WEB": {"skill": "web/SKILL.md"},
        }
    ),
    "components/skills/pdf/SKILL.md": "PDF\n",
    "components/skills/pdf/more/reference.md": "More\n",
    "components/skills/web/SKILL.md": "Web\n",
}


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_directory_is_moved_with_every_component_in_it(tmp_path: Path, slash: str) -> None:
    root = lay_out(tmp_path, SKILLS)
    mv(root, f"components/skills/pdf{slash}", "components/skills/documents")
    assert (root / "components/skills/documents/more/reference.md").read_text() == "More\n"
    assert not (root / "components/skills/pdf").exists()
    assert (root / "components/skills/web/SKILL.md").exists()
    assert json.loads((root / "goal_map.json").read_text())["PDF"] == {
        "skill": "documents/SKILL.md"
    }


def test_what_no_entry_names_stays_in_its_directory(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**SKILLS, "components/skills/pdf/README.md": "Read me\n"})
    done = mv(root, "components/skills/pdf", "components/skills/documents")
    assert "components/skills/pdf/README.md stays, since no entry names it" in done.err
    assert os.listdir(root / "components/skills/pdf") == ["README.md"]


def test_a_directory_is_moved_into_an_existing_one(tmp_path: Path) -> None:
    root = lay_out(tmp_path, SKILLS)
    mv(root, "components/skills/pdf", "components/skills/web")
    assert (root / "components/skills/web/pdf/SKILL.md").exists()


def test_a_directory_is_moved_whole_or_not_at_all(tmp_path: Path) -> None:
    root = lay_out(tmp_path, SKILLS)
    lay_out(root, {"components/skills/new/pdf/more/reference.md": "Another\n"})
    refuse(root, "components/skills/pdf", "components/skills/new", "already exists")


# In git


def stage(root: Path, done: Outcome) -> None:
    """Run the command that a move printed."""
    command = done.err.partition("to stage the rename, run: ")[2].strip()
    assert command.endswith("goal_map.json more.json")
    subprocess.run(["sh", "-c", command], cwd=root, check=True)


@NEEDS_GIT
def test_the_printed_command_stages_the_whole_rename(tmp_path: Path) -> None:
    root = repository(tmp_path, PROJECT)
    done = mv(root, HOST, GUEST)
    stage(root, done)
    assert git(root, "status", "--porcelain").splitlines() == [
        f"R  {HOST} -> {GUEST}",
        "M  goal_map.json",
        "M  more.json",
    ]
    assert call("--source", "index", "--strict", cwd=root).code == 0


@NEEDS_GIT
def test_without_git_the_rename_is_done_and_no_command_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(tmp_path, PROJECT)
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    done = mv(root, HOST, GUEST)
    assert (done.code, done.err) == (0, "")
    assert (root / GUEST).exists()


@NEEDS_GIT
def test_an_untracked_component_is_staged_under_its_new_name(tmp_path: Path) -> None:
    root = repository(tmp_path, {"x": ""})
    lay_out(root, PROJECT)
    done = mv(root, HOST, GUEST)
    stage(root, done)
    assert GUEST in git(root, "diff", "--cached", "--name-only")


@NEEDS_GIT
def test_a_name_that_changes_its_case_only_is_staged(tmp_path: Path) -> None:
    root = repository(tmp_path, PROJECT)
    upper = "components/personas/HOST.txt"
    stage(root, mv(root, HOST, upper))
    assert f"R  {HOST} -> {upper}" in git(root, "status", "--porcelain")


@NEEDS_GIT
def test_below_the_top_of_the_repository(tmp_path: Path) -> None:
    top = repository(tmp_path, {f"desk/{path}": text for path, text in PROJECT.items()})
    done = mv(top / "desk", HOST, GUEST)
    stage(top / "desk", done)
    assert f"R  desk/{HOST} -> desk/{GUEST}" in git(top, "status", "--porcelain")
    save(top)


# What jit-guard knows of the text


def test_the_log_follows_a_generated_text(project: Path) -> None:
    key = Key("GREET", "persona", "host.txt", "", "command", "", "")
    with Ledger(str(project)) as ledger:
        request = Request("GREET", "persona", "host.txt", HOST, "")
        (stored,) = ledger.arrived([Arrival(Wanted(HOST, key), request, Text(TEXT), 0.0)])
        ledger.committed([Placed(stored.id, HOST, TEXT.encode())])
    mv(project, HOST, GUEST)
    (one,) = json.loads(call("log", "--json", cwd=project).out)
    assert (one["path"], one["state"]) == (GUEST, "as generated")


def test_without_a_ledger_none_is_created(project: Path) -> None:
    mv(project, HOST, GUEST)
    assert not (project / ".jit-guard/ledger.db").exists()


def test_a_draft_that_is_no_longer_reported_is_named(tmp_path: Path) -> None:
    path = "components/personas/autogen_persona_for_greet.txt"
    root = lay_out(
        tmp_path,
        {
            "goal_map.json": '{"GREET": {"persona": "autogen_persona_for_greet.txt"}}',
            path: mark("Say hello.\n", ".txt"),
        },
    )
    done = mv(root, path, GUEST)
    assert f"{GUEST} is still the generated draft, and JG501 no longer reports it" in done.err
    assert mv(root, GUEST, HOST).err == ""  # nor was it reported before
    assert mv(root, HOST, path).err == ""
    (root / path).write_text("Say hello, and smile.\n")
    assert mv(root, path, GUEST).err == ""


def test_a_name_that_another_system_cannot_hold_is_named(project: Path) -> None:
    done = mv(project, HOST, "components/personas/aux.txt")
    assert "the name of components/personas/aux.txt is a reserved device name" in done.err


def test_a_program_can_move(project: Path) -> None:
    guard = Guard(project)
    done = guard.move(HOST, GUEST)
    assert [tuple(one) for one in done.moves] == [(HOST, GUEST)]
    assert guard.component("GREET", "persona").name == "guest.txt"
    with pytest.raises(UsageError, match="does not exist"):
        guard.move(HOST, GUEST)


@pytest.mark.parametrize(
    "argv",
    [
        ("mv",),
        ("mv", HOST),
        ("mv", HOST, GUEST, "x"),
        ("mv", HOST, GUEST, "--force"),
        ("mv", "--", "nobody.txt", "--"),
        ("mv", "--", "--", "--"),
    ],
)
def test_wrong_arguments_are_an_error(project: Path, argv: tuple[str, ...]) -> None:
    assert call(*argv, cwd=project).code == 2
