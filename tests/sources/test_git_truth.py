"""JG203 and the git state of files: what a clone will not have, and why."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jit_guard import Guard
from jit_guard.sources.git import worktree as asked
from jit_guard.sources.memory import Link
from projects import HOST, SOUND, TEXT, Outcome, call, git, lay_out, run, sound
from repositories import NEEDS_GIT, repository, save

pytestmark = NEEDS_GIT
PATH = "components/personas/host.txt"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 9\n"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return repository(tmp_path / "made")


def findings_in(directory: Path, *argv: str) -> list[Any]:
    """Return the findings of a check, as in its JSON report."""
    findings: list[Any] = call(*argv, "--format", "json", cwd=directory).report["findings"]
    return findings


def the_one(directory: Path, *argv: str, code: str = "JG203") -> Any:
    """Return the only finding, which has this code."""
    findings = findings_in(directory, *argv)
    assert [one["code"] for one in findings] == [code], findings
    return findings[0]


def run_hint(finding: Any, directory: Path) -> None:
    """Run the command in the hint, as a user would paste it."""
    line = finding["hint"].split("`")[1]
    subprocess.run(["bash", "-c", line], cwd=directory, check=True, capture_output=True)


def test_a_tracked_component_is_silent(made: Path) -> None:
    assert call("--strict", cwd=made).code == 0


def test_a_file_that_was_never_added(tmp_path: Path) -> None:
    made = repository(tmp_path / "project", {"notes.txt": TEXT})
    lay_out(made, SOUND)
    found = the_one(made)
    assert found["message"] == f"{PATH} is not in git"
    assert found["hint"] == f"exists on disk but is untracked; run: `git add -- {PATH}`"
    assert (found["severity"], found["path"], found["line"]) == ("warning", PATH, 1)
    assert call(cwd=made).code == 0
    assert call("--strict", cwd=made).code == 1
    run_hint(found, made)
    assert findings_in(made) == []


def test_an_ignored_file_is_reported_with_the_pattern_and_its_line(made: Path) -> None:
    lay_out(made, {"components/.gitignore": "# texts\n*.log\n!kept.log\n"})
    lay_out(made, sound({"A": {"persona": "a.log"}, "B": {"persona": "kept.log"}}))
    (made / PATH).unlink()
    first, second = findings_in(made)
    assert "is ignored by components/.gitignore:2: *.log; run: `git add -f" in first["hint"]
    assert "kept.log is not in git" in second["message"]
    assert "is untracked" in second["hint"]
    run_hint(first, made)
    run_hint(second, made)
    assert findings_in(made) == []


def test_an_ignored_file_is_never_an_orphan(made: Path) -> None:
    lay_out(made, {".gitignore": "*.log\n", "components/personas/a.log": TEXT})
    assert findings_in(made) == []


def test_a_file_that_was_added_by_name_only(made: Path) -> None:
    lay_out(made, sound({"A": {"persona": "host.txt"}, "B": {"persona": "b.txt"}}))
    git(made, "add", "-N", "components/personas/b.txt")
    found = the_one(made)
    assert "only its name was added (git add -N)" in found["hint"]
    run_hint(found, made)
    assert findings_in(made) == []


def test_an_empty_tracked_file_is_not_intent_to_add(tmp_path: Path) -> None:
    made = repository(tmp_path / "project", {**SOUND, PATH: ""})
    assert [one["code"] for one in findings_in(made)] == ["JG206"]


def test_a_file_that_was_removed_from_the_index(made: Path) -> None:
    git(made, "rm", "-q", "--cached", PATH)
    found = the_one(made)
    assert "was removed from the index" in found["hint"]
    run_hint(found, made)
    assert findings_in(made) == []


def test_a_file_that_is_tracked_in_another_case(made: Path) -> None:
    os.rename(made / PATH, made / "components/personas/Host.txt")
    lay_out(made, {"goal_map.json": '{"GREET": {"persona": "Host.txt"}}\n'})
    found = the_one(made)
    assert "is tracked as host.txt" in found["hint"]
    run_hint(found, made)
    assert findings_in(made) == []
    git(made, "add", "goal_map.json")
    assert findings_in(made, "--source", "index") == []


@pytest.mark.parametrize(
    "name", ["it's.txt", "a b.txt", "[1]*.txt", ":(top).txt", "tick`s`.txt", "$HOME.txt", "-n.txt"]
)
def test_the_command_is_exact_for_any_name(made: Path, name: str) -> None:
    lay_out(made, sound({"GREET": {"persona": name}}))
    (made / PATH).unlink()
    beside = made / "components/personas"  # so that the name is alone in the command
    findings = findings_in(beside, "--select", "JG203")
    assert len(findings) == 1
    run_hint(findings[0], beside)
    assert findings_in(made, "--select", "JG203") == []


def test_the_command_works_in_the_working_directory(made: Path, tmp_path: Path) -> None:
    git(made, "rm", "-q", "--cached", PATH)
    for directory, root in ((made / "components", None), (tmp_path, str(made))):
        found = the_one(directory, *(("--root", root) if root else ()))
        run_hint(found, directory)
        assert findings_in(made) == []
        git(made, "rm", "-q", "--cached", PATH)


def test_a_project_below_the_top(tmp_path: Path) -> None:
    made = repository(tmp_path / "workspace", {f"agents/desk/{k}": v for k, v in SOUND.items()})
    desk = made / "agents/desk"
    assert findings_in(desk) == []
    git(desk, "rm", "-q", "--cached", PATH)
    found = the_one(desk)
    assert found["path"] == PATH
    run_hint(found, desk)
    assert findings_in(desk) == []


def test_a_link_to_a_component_must_be_in_git_too(made: Path) -> None:
    lay_out(made, {"shared/guest.txt": TEXT, "components/guests": Link("../shared")})
    lay_out(made, {"goal_map.json": '{"A": {"persona": "host.txt", "guest": "guest.txt"}}\n'})
    assert {one["path"] for one in findings_in(made)} == {"components/guests", "shared/guest.txt"}
    git(made, "add", ".")
    assert findings_in(made) == []


def test_a_component_in_a_submodule_must_be_in_the_submodule(tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner", {"personas/host.txt": HOST})
    made = repository(tmp_path / "project", {"goal_map.json": SOUND["goal_map.json"]})
    git(
        made, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "components"
    )
    assert findings_in(made) == []
    git(made / "components", "rm", "-q", "--cached", "personas/host.txt")
    found = the_one(made)
    assert (found["path"], "removed from the index" in found["hint"]) == (PATH, True)
    run_hint(found, made)
    assert findings_in(made) == []
    at_index = call("--source", "index", cwd=made)
    assert at_index.code == 2
    assert "components cannot be read: it is a submodule" in at_index.err


def test_a_submodule_below_the_components_is_reported_as_such(tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner", {"host.txt": HOST})
    made = repository(tmp_path / "project", {"goal_map.json": SOUND["goal_map.json"]})
    git(
        made,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        str(inner),
        "components/personas",
    )
    missing = [one for one in findings_in(made, "--source", "index") if one["code"] == "JG201"]
    assert len(missing) == 1
    assert "in the nested repository components/personas" in missing[0]["hint"]


def test_a_nested_repository_that_is_not_a_submodule(made: Path) -> None:
    repository(made / "components/guests", {"guest.txt": TEXT})
    lay_out(made, {"goal_map.json": '{"A": {"persona": "host.txt", "guest": "guest.txt"}}\n'})
    found = the_one(made)
    assert "in the nested repository components/guests, which is not" in found["hint"]


def test_a_conflicted_file_is_in_git(made: Path) -> None:
    git(made, "switch", "-q", "-c", "other")
    (made / PATH).write_text("One.\n")
    save(made)
    git(made, "switch", "-q", "main")
    (made / PATH).write_text("Other.\n")
    save(made)
    with pytest.raises(subprocess.CalledProcessError):
        git(made, "merge", "other")
    assert findings_in(made) == []


def test_a_linked_worktree_has_its_own_index(made: Path, tmp_path: Path) -> None:
    git(made, "worktree", "add", "-q", str(tmp_path / "linked"))
    git(tmp_path / "linked", "rm", "-q", "--cached", PATH)
    the_one(tmp_path / "linked")
    assert findings_in(made) == []


def test_the_environment_of_a_hook_does_not_change_what_the_worktree_shows(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = repository(tmp_path / "other", {"notes.txt": TEXT})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    assert findings_in(made) == []


def test_a_file_outside_a_sparse_checkout_is_reported_as_such(made: Path) -> None:
    lay_out(made, {"docs/a.txt": TEXT})
    save(made)
    git(made, "sparse-checkout", "set", "docs")
    assert not (made / PATH).exists()
    assert findings_in(made, "--source", "index") == []
    found = the_one(made, code="JG201")
    assert "exists in git but is outside the sparse checkout" in found["hint"]
    run_hint(found, made)
    assert findings_in(made) == []


def test_a_deleted_file_can_be_restored(made: Path) -> None:
    (made / PATH).unlink()
    found = the_one(made, code="JG201")
    assert f"`git restore --worktree -- {PATH}`" in found["hint"]
    run_hint(found, made)
    assert findings_in(made) == []


def test_a_git_snapshot_says_why_a_file_on_disk_is_missing(made: Path) -> None:
    lay_out(made, sound({"A": {"persona": "host.txt"}, "B": {"persona": "b.txt"}}))
    git(made, "add", "goal_map.json")
    hint = the_one(made, "--source", "index", code="JG201")["hint"]
    assert hint == ("exists on disk but is untracked; run: `git add -- components/personas/b.txt`")
    git(made, "commit", "-qm", "Map alone")
    git(made, "add", ".")
    hint = the_one(made, "--source", "HEAD", code="JG201")["hint"]
    assert "exists on disk and in the index, but not in HEAD" in hint


def test_a_missing_map_says_why_it_is_not_in_git(made: Path) -> None:
    git(made, "rm", "-q", "--cached", "goal_map.json")
    findings = findings_in(made, "--source", "index", "--ignore", "JG301")
    assert [one["code"] for one in findings] == ["JG004"]
    assert "`git add -- goal_map.json`" in findings[0]["hint"]


def test_a_merge_is_checked_before_it_happens(tmp_path: Path) -> None:
    goals = {f"G{number}": {"persona": "usher.txt"} for number in range(8)}
    whole = {"A": {"persona": "host.txt"}, **goals, "Z": {"persona": "usher.txt"}}
    made = repository(tmp_path / "project", _lines(whole))
    git(made, "switch", "-q", "-c", "uses")
    lay_out(made, _lines({**whole, "Z": {"persona": "host.txt"}}))
    save(made)
    git(made, "switch", "-q", "main")
    lay_out(made, _lines({**whole, "A": {"persona": "usher.txt"}}))
    (made / PATH).unlink()
    save(made)
    for branch in ("main", "uses"):
        assert findings_in(made, "--source", branch) == []
    try:
        merged = git(made, "merge-tree", "--write-tree", "main", "uses").strip()
    except subprocess.CalledProcessError:
        pytest.skip("this git has no merge-tree --write-tree")
    assert the_one(made, "--source", merged, code="JG201")["path"] == PATH
    assert git(made, "status", "--porcelain") == ""


def _lines(goals: dict[str, dict[str, str]]) -> dict[str, str | bytes]:
    """Return a project whose map has one goal per line, so that git merges it by goal."""
    files = sound(goals)
    return {**files, "goal_map.json": str(files["goal_map.json"]).replace("}, ", "},\n")}


def test_git_lfs_pointers_are_reported_as_such(tmp_path: Path) -> None:
    made = repository(tmp_path / "project", {**SOUND, PATH: POINTER})
    for source in ("worktree", "index"):
        report = call("--source", source, "--format", "json", cwd=made).report
        assert report["findings"] == []
        (skipped,) = report["skipped"]
        assert skipped["code"] == "JG207"
        assert f"1 component is a Git LFS pointer ({PATH})" in skipped["reason"]
    assert call("--format", "json", "--ignore", "JG207,JG501", cwd=made).report["skipped"] == []


def counting(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a git that logs its calls in front of the real one."""
    true = subprocess.run(
        ["sh", "-c", "command -v git"], capture_output=True, check=True, text=True
    ).stdout.strip()
    log = directory / "calls"
    program = directory / "bin/git"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$*" >> {shlex.quote(str(log))}\nexec {true} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    log.touch()
    return log


def test_a_clean_check_calls_git_once_and_outside_a_repository_never(
    made: Path, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = counting(tmp_path, monkeypatch)
    assert run(cwd=project).code == 0
    assert calls.read_text() == ""
    assert run(cwd=made).code == 0
    assert len(calls.read_text().splitlines()) == 1
    assert run("--ignore", "JG203", cwd=made).code == 0
    assert len(calls.read_text().splitlines()) == 1


@pytest.mark.parametrize("in_git", [True, False])
def test_a_clean_check_does_not_import_subprocess(made: Path, project: Path, in_git: bool) -> None:
    code = "import sys; from jit_guard.cli import main; print(main([])); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=made if in_git else project,
        capture_output=True,
        check=True,
        text=True,
    )
    *_, answer, modules = done.stdout.splitlines()
    assert answer == "0"
    assert "jit_guard.sources.worktree" in modules.split()
    assert "subprocess" not in modules.split()
    assert ("jit_guard.sources.git.tracking" in modules.split()) is in_git


def test_without_git_the_rule_is_skipped_with_a_reason(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert_skipped(call("--format", "json", cwd=made), "git is not on the PATH")


def test_an_error_of_git_is_the_reason_for_skipping(made: Path) -> None:
    (made / ".git/config").write_text("[core\n")
    assert_skipped(call("--format", "json", cwd=made), "bad config")


def assert_skipped(done: Outcome, why: str) -> None:
    """Assert that JG203 was skipped, and nothing else happened."""
    assert (done.code, done.codes) == (0, [])
    (skipped,) = done.report["skipped"]
    assert skipped["code"] == "JG203"
    assert why in skipped["reason"]


def test_a_listing_longer_than_any_pipe_buffer_is_read_completely(tmp_path: Path) -> None:
    goals = {f"G{number}": {"persona": f"{number:050}.txt"} for number in range(3000)}
    made = repository(tmp_path / "project", sound(goals))
    assert findings_in(made) == []
    git(made, "rm", "-q", "--cached", f"components/personas/{2999:050}.txt")
    the_one(made)


def test_a_file_is_recoverable_if_its_current_text_is_committed(made: Path) -> None:
    paths = [f"components/{name}.txt" for name in ("kept", "edited", "staged", "new", "hidden")]
    kept, edited, staged, new, hidden = paths
    lay_out(made, dict.fromkeys((kept, edited, hidden), TEXT))
    lay_out(made, {"components/link.txt": Link("kept.txt")})
    save(made)
    git(made, "update-index", "--assume-unchanged", hidden)
    lay_out(made, dict.fromkeys((edited, staged, new, hidden), "Other.\n"))
    git(made, "add", staged)
    everything = [*paths, "components/link.txt", "components/absent.txt"]
    assert asked.recoverable(str(made), everything) == {kept}
    assert asked.recoverable(str(made), []) == set()


def test_recoverable_in_a_project_below_the_top_and_in_a_submodule(tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner", {"a.txt": TEXT})
    made = repository(tmp_path / "project", {"desk/components/b.txt": TEXT})
    git(made, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "desk/sub")
    paths = ["components/b.txt", "sub/a.txt"]
    assert asked.recoverable(str(made / "desk"), paths) == set(paths)


def test_nothing_is_recoverable_before_the_first_commit_or_outside_git(project: Path) -> None:
    assert asked.recoverable(str(project), [PATH]) == set()
    git(project, "init", "-q")
    git(project, "add", ".")
    assert asked.recoverable(str(project), [PATH]) == set()


def test_the_add_command_is_exact(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(made, {"components/a b.txt": TEXT, "goal_map.json": "{}"})
    for directory in (made, made / "components", made.parent):
        monkeypatch.chdir(directory)
        line = asked.add_command(str(made), ["goal_map.json", "components/a b.txt"])
        subprocess.run(["bash", "-c", line], check=True)
        assert len(git(made, "diff", "--cached", "--name-only").splitlines()) == 2
        git(made, "reset", "-q")


def test_the_python_api_gives_the_same_findings(made: Path) -> None:
    git(made, "rm", "-q", "--cached", PATH)
    assert [one.code for one in Guard(made).check().findings] == ["JG203"]
    assert [one.code for one in Guard(made).check("index").findings] == ["JG201"]
    assert Guard(made).check("HEAD").ok
