"""`prune`: what git cannot restore is removed only if the user agrees, or with `--force`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from jit_guard.sources.memory import Link
from projects import SOUND, TEXT, Outcome, call, git, lay_out
from repositories import NEEDS_GIT, repository, save
from typed import type_in

OLD, NEW = "components/personas/old.txt", "components/personas/new.txt"
ORPHANS = {**SOUND, OLD: TEXT, "components/notes/deep/idea.txt": TEXT}
Change = Callable[[Path], object]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A project outside git with two orphans."""
    return lay_out(tmp_path, ORPHANS)


@pytest.fixture
def tracked(tmp_path: Path) -> Path:
    """The same, committed to git."""
    return repository(tmp_path / "r", ORPHANS)


def left(root: Path) -> set[str]:
    return {one.relative_to(root).as_posix() for one in (root / "components").rglob("*.txt")}


def everything(root: Path) -> bool:
    return left(root) == {one for one in ORPHANS if one.startswith("components/")}


# Outside git.


def test_without_a_terminal_nothing_is_removed_for_good(library: Path) -> None:
    done = call("prune", cwd=library)
    assert done.code == 1
    assert everything(library)
    assert f"kept {OLD}: it is not in a git repository (use --force" in done.out
    assert "removed" not in done.out


@pytest.mark.parametrize("components", [".", ".jit-guard", ".jit-guard/claims"])
def test_no_tree_has_the_ledger_the_configuration_and_the_baseline(
    components: str, tmp_path: Path
) -> None:
    lines = f'components = "{components}"\nbaseline = "accepted.jsonl"\n'
    kept = {"jit-guard.toml": lines, "accepted.jsonl": "", "goal_map.json": '{"A": {"b": "c"}}'}
    kept |= {f".jit-guard/{name}": "" for name in ("ledger.db", "commit.lock", "claims/0.lock")}
    lay_out(tmp_path, {**kept, "old.txt": TEXT} if components == "." else kept)
    done = call("prune", "--force", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert ("removed old.txt\n" if components == "." else "no orphans\n") == done.out
    assert all((tmp_path / name).exists() for name in kept)


def test_a_user_is_shown_every_file_before_the_question(library: Path) -> None:
    done = type_in(["y"], "prune", cwd=library)
    assert done.code == 0
    before = done.err.partition("Remove these 2 files for good? [y/N]")[0]
    assert OLD in before
    assert "components/notes/deep/idea.txt" in before
    assert left(library) == {"components/personas/host.txt"}
    assert not (library / "components/notes").exists()


@pytest.mark.parametrize("answers", [[], [""], ["n"], ["no"], ["maybe"], ["Y E S"]])
def test_only_yes_is_yes(library: Path, answers: list[str]) -> None:
    done = type_in(answers, "prune", cwd=library)
    assert done.code == 1
    assert everything(library)
    assert done.out.count("kept") == 2


def test_ctrl_c_at_the_question_removes_nothing(library: Path) -> None:
    def interrupt() -> str:
        raise KeyboardInterrupt

    assert type_in([interrupt], "prune", cwd=library).code == 130
    assert everything(library)


def test_a_hook_has_no_terminal(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRE_COMMIT", "1")
    assert type_in(["y"], "prune", cwd=library).code == 1
    assert everything(library)


def test_force_asks_nothing(library: Path) -> None:
    done = type_in([], "prune", "--force", cwd=library)
    assert (done.code, done.err) == (0, "")
    assert left(library) == {"components/personas/host.txt"}


@pytest.mark.parametrize("argv", [("prune", "--dry-run"), ("prune", "--dry-run", "--force")])
def test_a_dry_run_lists_and_asks_nothing(library: Path, argv: tuple[str, ...]) -> None:
    done = type_in([], *argv, cwd=library)
    assert (done.code, done.err) == (1, "")
    assert everything(library)
    assert OLD in done.out
    assert ("would remove" in done.out) is ("--force" in argv)


def test_the_question_is_about_one_file_or_about_so_many(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**SOUND, OLD: TEXT})
    done = type_in(["n"], "prune", cwd=root)
    assert done.err == (
        "jit-guard: no entry names this file, and removing cannot be undone:\n"
        f"  {OLD}: it is not in a git repository\n"
        "Remove this file for good? [y/N] "
    )
    (root / NEW).write_text(TEXT)
    done = type_in(["n"], "prune", cwd=root)
    assert "no entry names these 2 files, and removing cannot be undone:" in done.err
    assert "Remove these 2 files for good? [y/N] " in done.err


@NEEDS_GIT
def test_a_dry_run_says_what_is_removed_and_what_is_asked_about(tracked: Path) -> None:
    edited(tracked)
    done = type_in([], "prune", "--dry-run", cwd=tracked)
    assert (done.code, done.err) == (1, "")
    assert done.out.splitlines() == [
        "would remove components/notes/deep/idea.txt",
        f"would ask before removing {OLD}: git could not restore it",
    ]


def test_no_orphans_need_no_answer(tmp_path: Path) -> None:
    done = type_in([], "prune", cwd=lay_out(tmp_path, SOUND))
    assert done == Outcome(0, "no orphans\n", "")


@pytest.mark.parametrize("line", ['ignore = ["JG3"]', 'select = ["JG2"]'])
def test_where_orphans_are_not_reported_none_are_removed_and_the_reason_is_said(
    library: Path, line: str
) -> None:
    (library / "jit-guard.toml").write_text(f"{line}\n")
    done = call("prune", "--force", cwd=library)
    assert (done.code, done.out) == (2, "")
    assert "prune removes what JG301 reports, which the configuration ignores" in done.err
    assert everything(library)


def test_accepted_orphans_are_kept(library: Path) -> None:
    call("--baseline", "b.jsonl", "--update-baseline", cwd=library)
    (library / "jit-guard.toml").write_text('baseline = "b.jsonl"\n')
    assert call("prune", "--force", cwd=library) == Outcome(0, "no orphans\n", "")
    assert everything(library)


# In git.


@NEEDS_GIT
def test_git_restores_what_was_removed_without_a_question(tracked: Path) -> None:
    (tracked / OLD).chmod(0o755)
    done = type_in([], "prune", cwd=tracked)
    assert done.code == 0
    assert left(tracked) == {"components/personas/host.txt"}
    command = done.err.partition("to get them back, run: ")[2].strip()
    assert command.startswith("git restore --source=HEAD -- ")
    git(tracked, *command.split()[1:])
    assert everything(tracked)


def edited(root: Path) -> None:
    (root / OLD).write_text("edited\n")


def staged(root: Path) -> None:
    edited(root)
    git(root, "add", OLD)


def edited_back(root: Path) -> None:
    """The index has another text than the commit, and the file has that of the index."""
    staged(root)
    git(root, "update-index", "--assume-unchanged", OLD)


def untracked(root: Path) -> None:
    git(root, "rm", "-q", "--cached", OLD)
    save(root)
    git(root, "rm", "-q", "--cached", OLD)
    git(root, "commit", "-q", "-m", "Forget")


def ignored(root: Path) -> None:
    untracked(root)
    (root / ".gitignore").write_text("/idea.txt\n")


def filtered(root: Path) -> None:
    """Git has what a filter made of it, and would need the filter to restore it."""
    (root / ".gitattributes").write_text("old.txt filter=loud\n")
    git(root, "config", "filter.loud.clean", "tr a-z A-Z")
    git(root, "add", "--renormalize", ".")
    save(root)


def linked(root: Path) -> None:
    (root / OLD).unlink()
    (root / OLD).symlink_to("host.txt")


@NEEDS_GIT
@pytest.mark.parametrize("change", [edited, staged, edited_back, untracked, filtered, linked])
def test_git_could_not_restore(tracked: Path, change: Change) -> None:
    change(tracked)
    text = (tracked / OLD).read_text()
    done = call("prune", cwd=tracked)
    assert done.code == 1
    assert (tracked / OLD).read_text() == text
    assert f"kept {OLD}: git could not restore it (use --force" in done.out
    assert OLD not in done.err, "it is not among what git restores"
    done = type_in(["n"], "prune", cwd=tracked)
    assert (tracked / OLD).read_text() == text
    done = type_in(["yes"], "prune", cwd=tracked)
    assert f"  {OLD}: git could not restore it\n" in done.err
    assert OLD not in done.err.partition("run: ")[2]
    assert not (tracked / OLD).is_symlink()
    assert not (tracked / OLD).exists()


@NEEDS_GIT
def test_no_leaves_only_what_the_question_was_about(tracked: Path) -> None:
    edited(tracked)
    done = type_in(["n"], "prune", cwd=tracked)
    assert done.code == 1
    assert left(tracked) == {"components/personas/host.txt", OLD}


@NEEDS_GIT
def test_a_file_that_only_the_last_commit_has_comes_back(tracked: Path) -> None:
    git(tracked, "rm", "-q", "--cached", OLD)
    done = call("prune", cwd=tracked)
    assert done.code == 0
    git(tracked, *done.err.partition("run: ")[2].split()[1:])
    assert (tracked / OLD).read_text() == TEXT


@NEEDS_GIT
def test_each_repository_gets_its_own_command(tracked: Path) -> None:
    inner = repository(tracked / "components/personas/sub", {"old.txt": TEXT})
    done = call("prune", cwd=tracked)
    assert not (inner / "old.txt").exists()
    commands = [line.partition("run: ")[2] for line in done.err.splitlines()]
    assert len(commands) == 2
    for command in commands:
        git(tracked, *command.split()[1:])
    assert (inner / "old.txt").exists()
    assert (tracked / OLD).exists()


# Changes between the list and the removal.


def other_text(root: Path) -> None:
    (root / OLD).write_text("Other.\n")


def same_length(root: Path) -> None:
    (root / OLD).write_text(TEXT.upper())


def replaced(root: Path) -> None:
    (root / NEW).write_text("Saved.\n")
    (root / NEW).rename(root / OLD)


def given_an_entry(root: Path) -> None:
    (root / "goal_map.json").write_text(
        '{"GREET": {"persona": "host.txt"}, "MORE": {"persona": "old.txt"}}'
    )


@pytest.mark.parametrize("change", [other_text, same_length, replaced, given_an_entry])
def test_a_file_that_changes_after_the_list_was_shown_is_kept(
    library: Path, change: Change
) -> None:
    def answer() -> str:
        change(library)
        return "y"

    done = type_in([answer], "prune", cwd=library)
    assert done.code == 1
    assert (library / OLD).exists()
    assert f"kept {OLD}: " in done.out
    assert "removed components/notes/deep/idea.txt" in done.out


@pytest.mark.parametrize("named", [True, False])
def test_a_file_that_changes_does_not_keep_those_after_it(library: Path, named: bool) -> None:
    idea = "components/notes/deep/idea.txt"

    def answer() -> str:
        if named:
            goals = {"GREET": {"persona": "host.txt"}, "MORE": {"note": "deep/idea.txt"}}
            (library / "goal_map.json").write_text(json.dumps(goals))
        else:
            (library / idea).write_text("Another idea.\n")
        return "y"

    done = type_in([answer], "prune", cwd=library)
    assert done.code == 1
    assert f"kept {idea}: " in done.out
    assert f"removed {OLD}" in done.out
    assert left(library) == {"components/personas/host.txt", idea}


def test_a_user_who_cannot_open_the_lock_may_prune(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jit_guard.fixing.pruning.at_rest", lambda *_: None)
    done = type_in(["y"], "prune", cwd=library)
    assert done.code == 0
    assert done.out.count("removed ") == 2
    assert left(library) == {"components/personas/host.txt"}


def test_only_orphans_are_removed_whatever_else_is_found(library: Path) -> None:
    host = library / "components/personas/host.txt"
    host.write_text("")  # JG206
    assert type_in(["y"], "prune", cwd=library).code == 0
    assert left(library) == {"components/personas/host.txt"}


def test_no_question_is_asked_about_directories_which_are_never_removed(tmp_path: Path) -> None:
    table = '[[registry]]\nfile = "r.json"\nentries = "$[*]"\ntarget = "{value}/"\n'
    files = {"jit-guard.toml": f"{table}tree = ['p/*/']\n", "r.json": '["p/one"]'}
    root = lay_out(tmp_path, {**files, "p/one/x.md": "x\n", "p/two/y.md": "y\n"})
    done = type_in([], "prune", cwd=root)
    assert "kept p/two/: it is a directory; remove it yourself" in done.out
    assert "for good" not in done.err


def test_an_unreadable_map_after_the_list_was_shown_keeps_everything(library: Path) -> None:
    def answer() -> str:
        (library / "goal_map.json").write_text("{")
        return "y"

    done = type_in([answer], "prune", cwd=library)
    assert done.code == 2
    assert everything(library)


def test_a_file_that_vanishes_after_the_list_was_shown_is_no_error(library: Path) -> None:
    def answer() -> str:
        (library / OLD).unlink()
        return "y"

    assert type_in([answer], "prune", cwd=library).code == 0


@NEEDS_GIT
def test_a_committed_file_that_is_edited_while_others_are_asked_about_is_kept(
    tracked: Path,
) -> None:
    (tracked / NEW).write_text("Untracked.\n")

    def answer() -> str:
        edited(tracked)
        return "y"

    done = type_in([answer], "prune", cwd=tracked)
    assert (tracked / OLD).read_text() == "edited\n"
    assert not (tracked / NEW).exists()
    assert OLD not in done.err.partition("run: ")[2]


def test_a_link_is_removed_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**SOUND, OLD: Link("host.txt")})
    assert type_in(["y"], "prune", cwd=root).code == 0
    assert (root / "components/personas/host.txt").exists()
    assert not (root / OLD).is_symlink()
