"""A fix in a repository: it uses what git and the check know, and generates only the rest."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import pytest

from jit_guard import Guard, MissingComponent
from jit_guard.commit import transaction
from jit_guard.config import Settings
from jit_guard.errors import UnreadableError
from jit_guard.fixing import placing
from jit_guard.fixing.dialogue import Dialogue
from jit_guard.fixing.interaction import Interaction, Silent, Turn
from jit_guard.fixing.job import FixOptions
from jit_guard.fixing.outline import certain_fixes
from jit_guard.fixing.staging import not_staged_yet, stage_command
from jit_guard.pytest_plugin.fixtures import Script
from jit_guard.registry.goal_map import Entry
from jit_guard.report import PlannedFix, Report
from jit_guard.sources.git import restoration
from jit_guard.sources.worktree import Worktree
from projects import call, git, lay_out
from repositories import NEEDS_GIT, repository, save

pytestmark = NEEDS_GIT

HOST = "You welcome people at the door.\n"
BYE = "Say goodbye, and mean it.\n"
GOALS = {
    "GREET": {"persona": "host.txt", "protocol": "hello.txt"},
    "PART": {"persona": "host.txt", "protocol": "bye.txt"},
}
FILES = {
    "goal_map.json": json.dumps(GOALS, indent=2) + "\n",
    "components/personas/host.txt": HOST,
    "components/protocols/hello.txt": "Say hello, then the name.\n",
    "components/protocols/bye.txt": BYE,
}
PERSONA = "components/personas/host.txt"


class Project(NamedTuple):
    """A repository, and a generator that counts its requests."""

    root: Path
    script: Script

    def fix(self, interaction: Interaction | None = None, **options: object) -> Report:
        """Fix as `--fix --yes` does, unless there is another interaction."""
        given = FixOptions(consent=True, **options)  # type: ignore[arg-type]
        guard = Guard(self.root, generator=self.script.record)
        return guard.fix(given, interaction or Silent(yes=True))

    def fix_with(self, *answers: str, **options: object) -> tuple[Report, str]:
        """Fix with these answers on a terminal; return what was shown, too."""
        waiting, out = iter(answers), io.StringIO()
        dialogue = Dialogue(color=False, read=lambda: next(waiting), out=out)
        report = self.fix(dialogue, **options)
        assert not list(waiting), "it asked less than expected"
        return report, out.getvalue()

    def goals(self) -> dict[str, dict[str, str]]:
        """The entries of the map."""
        value: dict[str, dict[str, str]] = json.loads((self.root / "goal_map.json").read_text())
        return value

    def status(self) -> list[str]:
        """The lines of `git status`."""
        return git(self.root, "status", "--porcelain").splitlines()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "JIT_GUARD_COMMAND", "CI", "PRE_COMMIT"):
        monkeypatch.delenv(name, raising=False)
    root = repository(tmp_path / "project", FILES)
    monkeypatch.chdir(root)
    return Project(root, Script())


def actions(report: Report) -> list[tuple[str, str | None, str]]:
    """What was fixed: action, goal, path."""
    return [(one.action, one.goal, one.path) for one in report.fixed]


def reasons(report: Report) -> list[str]:
    """Why entries were left."""
    return [one.reason for one in report.failed]


def missing(report: Report) -> set[str | None]:
    """The paths of missing components."""
    return {one.path for one in report.findings if one.code == "JG201"}


def run_in(root: Path, line: str) -> None:
    """Run a command line from a message in a POSIX shell."""
    subprocess.run(["sh", "-c", line], cwd=root, check=True, capture_output=True)


# Relink


@pytest.mark.parametrize("moved", ["git mv", "mv"])
def test_a_renamed_file_is_relinked_in_every_entry(project: Project, moved: str) -> None:
    run_in(project.root, f"{moved} {PERSONA} components/personas/welcome.txt")
    report = project.fix()
    to = "components/personas/welcome.txt"
    assert actions(report) == [("relinked", "GREET", to), ("relinked", "PART", to)]
    assert (
        project.goals()["GREET"]["persona"] == project.goals()["PART"]["persona"] == "welcome.txt"
    )
    assert not report.errors
    assert not project.script.requests


def test_a_renamed_file_is_relinked_in_every_map(project: Project) -> None:
    other = {"MORE": {"persona": "host.txt"}}
    lay_out(
        project.root,
        {
            "more.json": json.dumps(other),
            "jit-guard.toml": 'maps = ["goal_map.json", "more.json"]\n',
        },
    )
    save(project.root)
    git(project.root, "mv", PERSONA, "components/personas/welcome.txt")
    report = project.fix()
    assert {one.goal for one in report.fixed} == {"GREET", "PART", "MORE"}
    assert {"goal_map.json", "more.json"} <= set(report.written)
    assert not report.errors


def test_a_rename_into_a_subdirectory_of_the_type_is_relinked(project: Project) -> None:
    (project.root / "components/personas/door").mkdir()
    git(project.root, "mv", PERSONA, "components/personas/door/host.txt")
    project.fix()
    assert project.goals()["GREET"]["persona"] == "door/host.txt"


def test_only_entries_in_scope_are_relinked(project: Project) -> None:
    git(project.root, "mv", PERSONA, "components/personas/welcome.txt")
    (project.root / "accepted").write_text(
        json.dumps(["JG201", "goal_map.json", "PART", "persona", PERSONA]) + "\n"
    )
    guard = Guard(project.root, baseline=project.root / "accepted", generator=project.script.record)
    report = guard.fix(FixOptions(consent=True), Silent(yes=True))
    assert [one.goal for one in report.fixed] == ["GREET"]
    assert project.goals()["PART"]["persona"] == "host.txt"


@pytest.mark.parametrize("moved", ["git mv", "mv"])
def test_a_rename_to_another_types_directory_is_left_with_both_commands(
    project: Project, moved: str
) -> None:
    run_in(project.root, f"{moved} {PERSONA} components/protocols/host.txt")
    before = project.status()
    report = project.fix()
    assert not report.fixed
    assert not project.script.requests
    assert project.status() == before
    assert not (project.root / PERSONA).exists()
    (reason,) = reasons(report)
    assert "--generate-anyway" in reason
    move = re.search(r"`(mv [^`]*)`", reason)
    assert move is not None
    run_in(project.root, move[1])
    assert not Guard(project.root).check().errors


def test_the_command_that_moves_a_file_back_makes_its_directory(project: Project) -> None:
    goals = {**GOALS, "GREET": {"persona": "host.txt", "protocol": "deep/down/hello.txt"}}
    there, back = "components/protocols/deep/down/hello.txt", "components/personas/hello.txt"
    lay_out(project.root, {"goal_map.json": json.dumps(goals), there: "Say hello, and smile.\n"})
    (project.root / "components/protocols/hello.txt").unlink()
    save(project.root)
    git(project.root, "mv", there, back)
    run_in(project.root, "rm -r components/protocols/deep")  # git mv leaves it
    (reason,) = reasons(project.fix())
    move = f"mkdir -p -- components/protocols/deep/down && mv -- {back} {there}"
    assert reason == (
        f"{back} may be the file (same text as last committed); run `{move}` to move it, "
        "or run `jit-guard --fix --generate-anyway` to generate a new text"
    )
    run_in(project.root, move)
    assert not Guard(project.root).check().errors


def test_two_files_with_the_committed_text_are_not_relinked(project: Project) -> None:
    git(project.root, "rm", "-q", PERSONA)
    for name in ("one.txt", "two.txt"):
        lay_out(project.root, {f"components/personas/{name}": HOST})
    report = project.fix()
    assert not report.fixed
    assert not project.script.requests


# Restore


def test_a_deleted_file_is_restored_and_nothing_is_left_to_stage(project: Project) -> None:
    (project.root / PERSONA).unlink()
    report = project.fix()
    assert actions(report) == [("restored", "GREET", PERSONA), ("restored", "PART", PERSONA)]
    assert (project.root / PERSONA).read_text() == HOST
    assert project.status() == []
    assert report.written == (PERSONA,)
    assert report.unstaged == ()
    assert not report.findings
    assert not project.script.requests


def test_the_staged_text_is_restored_and_not_the_committed_one(project: Project) -> None:
    lay_out(project.root, {PERSONA: "You are the new host.\n"})
    git(project.root, "add", "-A")
    (project.root / PERSONA).unlink()
    project.fix()
    assert (project.root / PERSONA).read_text() == "You are the new host.\n"


def test_a_whole_tree_is_restored_with_its_directories(project: Project) -> None:
    run_in(project.root, "rm -r components")
    report = project.fix()
    assert not report.findings
    assert project.status() == []


def test_the_bytes_and_the_executable_bit_are_those_of_the_index(project: Project) -> None:
    lay_out(
        project.root,
        {
            ".gitattributes": "*.txt text eol=crlf\n*.bin -text\n",
            "components/protocols/raw.bin": b"\r\n\xff\n\r",
            "jit-guard.toml": "types.protocol.text = false\n",
            "goal_map.json": json.dumps({**GOALS, "RAW": {"protocol": "raw.bin"}}),
        },
    )
    path = project.root / "components/protocols/hello.txt"
    path.chmod(0o755)
    save(project.root)
    raw = project.root / "components/protocols/raw.bin"
    for one in (path, raw):
        one.unlink()
    report = project.fix()
    assert not report.errors
    assert raw.read_bytes() == b"\r\n\xff\n\r"
    assert path.read_bytes() == FILES["components/protocols/hello.txt"].encode()
    assert path.stat().st_mode & 0o111
    assert not raw.stat().st_mode & 0o111
    git(project.root, "update-index", "--refresh")
    assert project.status() == []


@pytest.mark.parametrize(
    ("attributes", "word"),
    [("*.txt filter=lfs", "filter=lfs"), ("*.txt working-tree-encoding=UTF-16", "UTF-16")],
)
def test_a_file_that_git_converts_is_left_with_the_command(
    project: Project, attributes: str, word: str
) -> None:
    lay_out(project.root, {".gitattributes": f"{attributes}\n"})
    git(project.root, "add", ".gitattributes")
    (project.root / PERSONA).unlink()
    report = project.fix()
    assert not report.fixed
    assert not project.script.requests
    assert not (project.root / PERSONA).exists()
    assert [one.goal for one in report.failed] == ["GREET"]  # the first of two entries
    (reason,) = reasons(report)
    assert word in reason
    assert f"`git restore --worktree -- {PERSONA}`" in reason


def test_attributes_that_only_the_index_has_count(project: Project) -> None:
    lay_out(project.root, {".gitattributes": "*.txt filter=secret\n"})
    git(project.root, "add", ".gitattributes")
    (project.root / ".gitattributes").write_text("\n")
    (project.root / PERSONA).unlink()
    assert "filter=secret" in reasons(project.fix())[0]


def test_a_link_is_left_to_git(project: Project) -> None:
    (project.root / PERSONA).unlink()
    (project.root / PERSONA).symlink_to("../protocols/bye.txt")
    save(project.root)
    (project.root / PERSONA).unlink()
    report = project.fix()
    assert f"`git restore --worktree -- {PERSONA}`" in reasons(report)[0]
    assert not project.script.requests


def test_what_a_sparse_checkout_leaves_out_is_neither_restored_nor_generated(
    project: Project,
) -> None:
    git(project.root, "sparse-checkout", "set", "--cone", "components/protocols")
    assert not (project.root / PERSONA).exists()
    report = project.fix()
    assert not report.fixed
    assert not project.script.requests
    assert "outside the sparse checkout" in reasons(report)[0]
    assert project.status() == []


def test_a_file_with_a_merge_conflict_is_left(project: Project) -> None:
    git(project.root, "checkout", "-q", "-b", "side")
    lay_out(project.root, {PERSONA: "Side.\n"})
    save(project.root)
    git(project.root, "checkout", "-q", "main")
    lay_out(project.root, {PERSONA: "Main.\n"})
    save(project.root)
    with pytest.raises(subprocess.CalledProcessError):
        git(project.root, "merge", "side")
    (project.root / PERSONA).unlink()
    report = project.fix()
    assert not report.fixed
    assert not project.script.requests
    assert "merge conflict" in reasons(report)[0]


def test_a_file_of_a_submodule_is_restored_there(project: Project, tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner", {"x.txt": "Inner text.\n"})
    allow = ("-c", "protocol.file.allow=always")
    git(project.root, *allow, "submodule", "add", "-q", str(inner), "components/inners")
    goals = {**GOALS, "IN": {"inner": "x.txt"}}
    lay_out(project.root, {"goal_map.json": json.dumps(goals)})
    save(project.root)
    (project.root / "components/inners/x.txt").unlink()
    report = project.fix()
    assert actions(report) == [("restored", "IN", "components/inners/x.txt")]
    git(project.root, "submodule", "deinit", "-q", "-f", "components/inners")
    report = project.fix()
    assert not report.fixed
    assert "submodule components/inners" in reasons(report)[0]
    assert not project.script.requests


def test_files_are_found_in_git_although_the_components_directory_is_a_link(
    project: Project,
) -> None:
    git(project.root, "mv", "components", "library")
    (project.root / "components").symlink_to("library")
    save(project.root)
    (project.root / "library/personas/host.txt").unlink()
    git(project.root, "mv", "library/protocols/bye.txt", "library/protocols/farewell.txt")
    report = project.fix()
    done = {(one.action, one.path) for one in report.fixed}
    assert done == {("restored", PERSONA), ("relinked", "components/protocols/farewell.txt")}
    assert (project.root / "library/personas/host.txt").read_text() == HOST
    assert not report.errors


def test_a_name_without_contents_is_generated(project: Project) -> None:
    """`git add -N` before the file was written, and the file is gone."""
    lay_out(
        project.root,
        {
            "goal_map.json": json.dumps({**GOALS, "NEW": {"lesson": "x.txt"}}),
            "components/lessons/x.txt": "Soon.\n",
        },
    )
    git(project.root, "add", "-N", ".")
    (project.root / "components/lessons/x.txt").unlink()
    assert [one[:2] for one in actions(project.fix())] == [("generated", "NEW")]


def test_without_git_a_missing_file_is_generated(tmp_path: Path) -> None:
    project = Project(lay_out(tmp_path, FILES), Script())
    (tmp_path / PERSONA).unlink()
    report = project.fix()
    assert {one.action for one in report.fixed} == {"generated"}
    assert len(project.script.requests) == 1


def test_if_git_fails_nothing_is_generated(project: Project) -> None:
    (project.root / PERSONA).unlink()
    (project.root / ".git/index").write_bytes(b"not an index")
    report = project.fix()
    assert not report.fixed
    assert not project.script.requests
    assert "git cannot say" in reasons(report)[0]
    report = project.fix(generate_anyway=True)
    assert {one.action for one in report.fixed} == {"generated"}


def test_contents_that_a_partial_clone_does_not_have_are_left(project: Project) -> None:
    blob = git(project.root, "rev-parse", f":{PERSONA}").strip()
    (project.root / PERSONA).unlink()
    (project.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    report = project.fix()
    assert not report.fixed
    assert not project.script.requests
    assert "partial clone" in reasons(report)[0]


def test_a_large_file_is_left_to_git(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jit_guard.sources.git.restoration.LARGEST", len(HOST) - 1)
    (project.root / PERSONA).unlink()
    report = project.fix()
    assert "larger than" in reasons(report)[0]
    assert not project.script.requests


def test_many_files_are_restored_in_several_commits(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = transaction.commit
    commits: list[list[str]] = []

    def counted(root: str, changes: Any, placements: Any) -> object:
        commits.append([one.path.rpartition("/")[2] for one in placements])
        return commit(root, changes, placements)

    def read_one_by_one(*given: Any) -> Iterator[bytes]:
        for one in contents(*given):
            read.append(one)
            yield one

    contents, read = restoration.contents, list[bytes]()
    monkeypatch.setattr(restoration, "contents", read_one_by_one)
    monkeypatch.setattr("jit_guard.fixing.placing.commit", counted)
    two = len(HOST) + len(FILES["components/protocols/hello.txt"])
    for most, expected in (
        (placing._MOST_BYTES, [["host.txt", "hello.txt", "bye.txt"]]),
        (len(HOST), [["host.txt"], ["hello.txt"], ["bye.txt"]]),
        (two, [["host.txt", "hello.txt"], ["bye.txt"]]),
        (1, [["host.txt"], ["hello.txt"], ["bye.txt"]]),
    ):
        commits.clear()
        read.clear()
        monkeypatch.setattr("jit_guard.fixing.placing._MOST_BYTES", most)
        run_in(project.root, "rm -r components")
        report = project.fix()
        assert len(report.fixed) == 4
        assert commits == expected
        assert len(read) == 3 + len(commits) - 1  # no more than the first that did not fit
        assert project.status() == []


def test_many_entries_are_relinked_in_several_commits(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jit_guard.fixing.placing._MOST_STEPS", 1)
    run_in(project.root, "cd components/personas && mv host.txt Host.txt")
    run_in(project.root, "cd components/protocols && mv bye.txt Bye.txt && rm hello.txt")
    report = project.fix()
    assert [one.action for one in report.fixed] == ["relinked", "restored", "relinked", "relinked"]
    assert not report.errors


# Offer


def typo_in_the_map(project: Project) -> None:
    goals = {**GOALS, "GREET": {"persona": "host.txt", "protocol": "helo.txt"}}
    (project.root / "goal_map.json").write_text(json.dumps(goals, indent=2))
    save(project.root)


def typo_in_the_file_name(project: Project) -> None:
    git(project.root, "mv", "components/protocols/hello.txt", "components/protocols/helo.txt")
    with open(project.root / "components/protocols/helo.txt", "a") as file:
        file.write("Smile.\n")
    save(project.root)


TYPOS = [typo_in_the_map, typo_in_the_file_name]
TYPO = pytest.mark.parametrize("typo", TYPOS, ids=lambda one: one.__name__)


@TYPO
def test_a_typo_is_left_with_both_commands(project: Project, typo: object) -> None:
    typo(project)  # type: ignore[operator]
    report = project.fix()
    assert not report.fixed
    assert not project.script.requests
    assert project.status() == []
    (reason,) = reasons(report)
    found = "helo" if (project.root / "components/protocols/helo.txt").exists() else "hello"
    assert reason == (
        f"components/protocols/{found}.txt may be the file (similar name); run `jit-guard --fix "
        "--relink` to set the entry to it, or run `jit-guard --fix --generate-anyway` to generate "
        "a new text"
    )


def test_the_commands_of_an_offer_are_for_the_working_directory(project: Project) -> None:
    typo_in_the_map(project)
    above = project.root.parent
    for start, root in ((above, project.root.name), (project.root / "components", "..")):
        done = call("--root", root, "--fix", "--no-input", cwd=start)
        assert f"`jit-guard --fix --relink --root {root}`" in done.out
        assert f"`jit-guard --fix --generate-anyway --root {root}`" in done.out


@TYPO
def test_a_typo_is_relinked_on_request(project: Project, typo: object) -> None:
    typo(project)  # type: ignore[operator]
    report = project.fix(relink=True)
    assert [one.action for one in report.fixed] == ["relinked"]
    assert not report.errors
    assert not project.script.requests


@TYPO
def test_a_new_text_is_generated_on_request(project: Project, typo: object) -> None:
    typo(project)  # type: ignore[operator]
    report = project.fix(generate_anyway=True)
    assert [one.action for one in report.fixed] == ["generated"]
    assert len(project.script.requests) == 1


@TYPO
def test_on_a_terminal_the_user_decides_about_a_typo(project: Project, typo: object) -> None:
    typo(project)  # type: ignore[operator]
    report, shown = project.fix_with("s")
    assert "[r]elink [g]enerate [s]kip" in shown
    assert "--generate-anyway" not in shown
    assert not report.fixed
    report, _ = project.fix_with("r")
    assert [one.action for one in report.fixed] == ["relinked"]
    assert not report.errors


def test_questions_about_files_are_numbered(project: Project) -> None:
    goals = {
        "GREET": {"persona": "hots.txt", "protocol": "helo.txt"},
        "PART": GOALS["PART"],
    }
    (project.root / "goal_map.json").write_text(json.dumps(goals))
    report, shown = project.fix_with("s", "s")
    assert re.findall(r"^(\d/\d)  ", shown, re.MULTILINE) == ["1/2", "2/2"], shown
    assert len(report.failed) == 2


def test_what_was_left_is_not_generated_later_in_the_run(project: Project) -> None:
    """The offered file is deleted in the meantime, so that it is no longer offered."""
    typo_in_the_map(project)
    goals = {**project.goals(), "NEW": {"lesson": "x.txt"}}
    (project.root / "goal_map.json").write_text(json.dumps(goals))

    class Meanwhile(Silent):
        def describe(self, entry: Entry, path: str, suggestion: str, turn: Turn) -> str | None:
            (project.root / "components/protocols/hello.txt").unlink()
            git(project.root, "commit", "-qam", "The file is gone")
            return suggestion

    report = project.fix(Meanwhile(yes=True))
    assert [one.goal for one in report.fixed] == ["NEW"]
    assert [one.goal for one in project.script.requests] == ["NEW"]


def test_on_a_terminal_a_new_text_can_be_wanted(project: Project) -> None:
    typo_in_the_map(project)
    report, _ = project.fix_with("g", "A greeting", "y")
    assert [one.action for one in report.fixed] == ["generated"]


def test_a_file_that_was_removed_from_git_is_offered(project: Project) -> None:
    git(project.root, "rm", "-q", PERSONA)
    before = project.status()
    report = project.fix()
    assert not report.fixed
    assert project.status() == before
    assert "git restore --staged --worktree" in reasons(report)[0]
    report, shown = project.fix_with("r")
    assert "[r]estore" in shown
    assert {one.action for one in report.fixed} == {"restored"}
    assert (project.root / PERSONA).read_text() == HOST
    assert report.unstaged == (PERSONA,)
    assert not project.script.requests


def test_a_file_that_only_the_index_lost_is_not_missing(project: Project) -> None:
    git(project.root, "rm", "-q", "--cached", PERSONA)
    report = project.fix()
    assert not report.fixed
    assert {one.code for one in report.findings} == {"JG203"}


def test_a_directory_of_another_plural_is_left_with_the_line_of_the_configuration(
    project: Project,
) -> None:
    goals = {**GOALS, "WIN": {"strategy": "chess.txt"}}
    lay_out(
        project.root,
        {"goal_map.json": json.dumps(goals), "components/strategies/chess.txt": "Think ahead.\n"},
    )
    report = project.fix()
    assert not report.fixed
    assert 'types.strategy.directory = "strategies"' in reasons(report)[0]


def test_a_misspelled_component_type_is_left_and_no_directory_is_made_for_it(
    project: Project,
) -> None:
    goals = {**GOALS, "GREET": {"persona": "host.txt", "protocl": "hello.txt"}}
    (project.root / "goal_map.json").write_text(json.dumps(goals))
    for relink in (False, True):
        report = project.fix(relink=relink)
        assert not report.fixed
        assert not project.script.requests
        assert "rename the component type to protocol" in reasons(report)[0]
    assert not (project.root / "components/protocls").exists()


def test_ensure_uses_the_same_plan(project: Project) -> None:
    guard = Guard(project.root, generator=project.script.record)
    (project.root / PERSONA).unlink()
    assert guard.ensure("GREET", "persona").read_text() == HOST
    typo_in_the_map(project)
    with pytest.raises(MissingComponent, match="--generate-anyway"):
        guard.ensure("GREET", "protocol")
    assert not project.script.requests
    path = guard.ensure("GREET", "protocol", generate_anyway=True)
    assert path.name == "autogen_protocol_for_greet.txt"


# Staging


def staged(project: Project, *arguments: str, cwd: Path | None = None) -> list[str]:
    """Run a fix and then the command that it prints; return what is not staged."""
    where = cwd or project.root
    done = call("--fix", "--yes", "--generator", "scaffold", *arguments, cwd=where)
    found = re.search(r"to stage the fix, run: (.*)", done.err)
    assert found is not None, done
    run_in(where, found[1])
    return [line for line in project.status() if line[1] != " "]


@pytest.mark.parametrize(
    "change",
    [
        f"mv {PERSONA} components/personas/welcome.txt",
        f"git mv {PERSONA} components/personas/welcome.txt",
        "sed -i.old s/hello.txt/new.txt/ goal_map.json && rm goal_map.json.old",
        f"git rm -q {PERSONA}; mkdir -p components/personas; echo x > components/personas/x.txt",
    ],
)
@pytest.mark.parametrize("where", [".", "components/personas"])
def test_the_printed_command_stages_the_whole_change(
    project: Project, change: str, where: str
) -> None:
    run_in(project.root, change)
    left = staged(project, "--generate-anyway", cwd=project.root / where)
    assert [line for line in left if not line.endswith(" components/personas/x.txt")] == []
    assert not missing(Guard(project.root).check("index"))


def test_more_than_ten_paths_are_listed_in_a_file(project: Project) -> None:
    goals = {f"G{number}": {"persona": f"p{number}.txt"} for number in range(12)}
    (project.root / "goal_map.json").write_text(json.dumps({**GOALS, **goals}))
    lay_out(project.root, {"components/personas/unrelated.txt": "Not yet.\n"})
    run_in(project.root, f"mv {PERSONA} components/personas/welcome.txt")
    done = call("--fix", "--yes", "--generator", "scaffold", cwd=project.root)
    found = re.search(r"to stage the fix, run: (.*)", done.err)
    assert found is not None
    assert len(found[1]) < 200
    run_in(project.root, found[1])
    assert [line for line in project.status() if line[1] != " "] == [
        "?? components/personas/unrelated.txt"
    ]


def test_up_to_ten_paths_are_on_the_command_line(project: Project) -> None:
    names = [f"components/personas/p{number}.txt" for number in range(11)]
    lay_out(project.root, dict.fromkeys(names, HOST))
    gone = "components/protocols/bye.txt"
    (project.root / gone).unlink()
    root = str(project.root)
    assert stage_command(root, [*names[:9], gone]) == (
        f"git rm -q --cached -- {gone} && git add -- {' '.join(names[:9])}"
    )
    long = f"git add -- {' '.join(names)}"
    assert stage_command(root, names) == long  # there is no place for a list
    (project.root / ".jit-guard").mkdir(mode=0o700)
    assert len(stage_command(root, [*names[:9], gone]) or "") > 300
    for paths in ([*names[:10], gone], names):
        assert stage_command(root, paths) == (
            "git add --pathspec-file-nul --pathspec-from-file=.jit-guard/unstaged"
        )
    mode = S_IMODE((project.root / ".jit-guard/unstaged").stat().st_mode)
    assert os.name == "nt" or mode == 0o600
    assert stage_command(root, [names[0], "goal_map.json"]) == (
        f"git add -- {names[0]} goal_map.json"
    )
    assert stage_command(root, ["components/personas/never.txt"]) is None
    assert stage_command(str(project.root.parent), ["x"]) is None
    run_in(project.root, "rm -r components/protocols")  # which a file may replace
    assert stage_command(root, ["components/protocols"]) == (
        "git rm -q --cached -- components/protocols/bye.txt components/protocols/hello.txt"
    )


def test_the_list_of_a_nested_repository_is_for_its_git(project: Project) -> None:
    inner = project.root / "components/lessons"
    lay_out(inner, {f"l{number}.txt": "A lesson.\n" for number in range(11)})
    git(inner, "init", "-q")
    (project.root / ".jit-guard").mkdir(mode=0o700)
    paths = [f"components/lessons/{one.name}" for one in inner.glob("*.txt")]
    command = stage_command(str(project.root), paths)
    assert command is not None
    assert command.endswith("--pathspec-from-file=../../.jit-guard/unstaged-components-lessons")
    run_in(project.root, command)
    assert len(git(inner, "ls-files").splitlines()) == 11


def test_an_ignored_file_is_not_in_the_printed_command(project: Project) -> None:
    lay_out(project.root, {".gitignore": "autogen_*\n"})
    save(project.root)
    run_in(project.root, "sed -i.old s/hello.txt/new.txt/ goal_map.json; rm goal_map.json.old")
    assert staged(project, "--generate-anyway") == []
    goals = {**GOALS, "NEW": {"lesson": "x.txt", "manner": "y.txt"}}
    ignored = "autogen_*\n!autogen_manner*\n"
    lay_out(project.root, {"goal_map.json": json.dumps(goals), ".gitignore": ignored})
    report = project.fix()
    assert [(one.code, one.path) for one in report.findings] == [  # the command would refuse it
        ("JG203", "components/lessons/autogen_lesson_for_new.txt")
    ]


def test_if_git_cannot_say_what_it_ignores_nothing_is_hidden() -> None:
    def ignored(_: object) -> frozenset[str]:
        raise UnreadableError("x.txt", "git failed")

    report = cast(
        "Report", SimpleNamespace(findings=(SimpleNamespace(code="JG203", path="x.txt"),))
    )
    source = cast("Worktree", SimpleNamespace(ignored=ignored))
    assert not_staged_yet(source, report, ["x.txt"]) == report.findings


# The report


def test_a_json_report_says_what_a_fix_would_do(project: Project) -> None:
    git(project.root, "mv", "components/protocols/hello.txt", "components/protocols/hi.txt")
    (project.root / PERSONA).unlink()
    goals = {**GOALS, "NEW": {"lesson": "x.txt"}, "PART": {"persona": "hots.txt"}}
    (project.root / "goal_map.json").write_text(json.dumps(goals))
    lay_out(project.root, {"components/protocols/bye.txt": BYE})
    for arguments in (("--format", "json"), ("--fix", "--dry-run", "--yes", "--format", "json")):
        done = call(*arguments, cwd=project.root)
        assert done.code == 1
        fixes = {
            (one["goal"], one["component_type"]): one["fix"]
            for one in done.report["findings"]
            if one["fixable"]
        }
        assert fixes == {
            ("GREET", "persona"): {"action": "restore", "path": PERSONA, "cost": 0},
            ("GREET", "protocol"): {
                "action": "relink",
                "path": "components/protocols/hi.txt",
                "cost": 0,
            },
            ("NEW", "lesson"): {
                "action": "generate",
                "path": "components/lessons/autogen_lesson_for_new.txt",
                "cost": 0,
            },
            ("PART", "persona"): {
                "action": "generate",
                "path": "components/personas/autogen_persona_for_part.txt",
                "cost": 0,
            },
        }
        assert all("fix" not in one for one in done.report["findings"] if not one["fixable"])
    assert call(cwd=project.root).out.endswith("\n4 fixable with --fix\n")
    assert "fixable with" not in call("--source", "index", cwd=project.root).out
    assert not (project.root / ".jit-guard").exists()


def test_a_report_counts_what_a_fix_fixes_without_a_decision(project: Project) -> None:
    (project.root / PERSONA).unlink()
    typo = {**GOALS, "GREET": {"persona": "host.txt", "protocol": "helo.txt"}}
    (project.root / "goal_map.json").write_text(json.dumps(typo))
    json_report = call("--format", "json", cwd=project.root).report
    actions = [one["fix"]["action"] for one in json_report["findings"] if one["fixable"]]
    assert sorted(actions) == ["offer", "restore", "restore"]
    assert call(cwd=project.root).out.endswith("\n2 fixable with --fix\n")


def test_without_drafts_a_report_needs_no_generator_to_say_what_a_fix_does(
    project: Project,
) -> None:
    def certain() -> dict[str, PlannedFix] | None:
        return certain_fixes(Worktree(str(project.root)), Settings(), frozenset(), None)

    new = "components/lessons/autogen_lesson_for_new.txt"
    goals = {**GOALS, "NEW": {"lesson": "x.txt"}}
    (project.root / "goal_map.json").write_text(json.dumps(goals))
    assert certain() == {"components/lessons/x.txt": PlannedFix("generate", new, None)}
    call("--fix", "--yes", "--generator", "scaffold", cwd=project.root)
    assert certain() is None  # a model would replace the draft


def test_a_dry_run_shows_the_plan(project: Project) -> None:
    (project.root / PERSONA).unlink()
    typo = {**GOALS, "GREET": {"persona": "host.txt", "protocol": "helo.txt"}}
    (project.root / "goal_map.json").write_text(json.dumps(typo))
    done = call("--fix", "--dry-run", cwd=project.root)
    assert done.code == 1
    assert f"restore   {PERSONA}: it exists in git but was deleted on disk" in done.out
    assert "offer     components/protocols/helo.txt: components/protocols/hello.txt" in done.out
    assert not (project.root / ".jit-guard").exists()


def test_paths_with_odd_names_are_restored_and_staged(project: Project) -> None:
    name = "a b$'\"[x]*é.txt"
    goals = {**GOALS, "ODD": {"persona": name}}
    lay_out(
        project.root,
        {"goal_map.json": json.dumps(goals), f"components/personas/{name}": "Odd text.\n"},
    )
    save(project.root)
    odd = project.root / "components/personas" / name
    odd.unlink()
    project.fix()
    assert odd.read_text() == "Odd text.\n"
    odd.rename(odd.with_name(f"new {name}"))
    assert staged(project) == []


def test_options_that_contradict_each_other_are_refused(project: Project) -> None:
    done = call("--fix", "--relink", "--generate-anyway", cwd=project.root)
    assert done.code == 2
    assert "--relink and --generate-anyway cannot be combined" in done.err
    done = call("--relink", cwd=project.root)
    assert "--relink requires --fix" in done.err
