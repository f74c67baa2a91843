"""What hints say, and what they never say, beyond that they can be followed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commits import interrupt
from jit_guard.commit import MapChange, Placement
from jit_guard.registry.edit import Edit
from jit_guard.text.generated import mark
from projects import HOST, MAP, SOUND, TEXT, call, found, git, lay_out, only, sound
from repositories import NEEDS_GIT, repository, save

PATH = "components/personas/host.txt"
USHER = "components/personas/usher.txt"
TWO = '{"GREET": {"persona": "host.txt"}, "PART": {"persona": "usher.txt"}}'


def findings_in(directory: Path, *argv: str) -> list[Any]:
    """Return the findings of a check, as in its JSON report."""
    findings: list[Any] = call(*argv, "--format", "json", cwd=directory).report["findings"]
    return findings


# --- misspelled component types -----------------------------------------------------------------


def test_a_misspelled_component_type_is_named_on_both_sides() -> None:
    goals = {"A": {"protocol": "p1.md"}, "B": {"protocl": "p2.md"}}
    files = {f"components/protocols/{name}": TEXT for name in ("p1.md", "p2.md")}
    missing, orphan = found({**files, "goal_map.json": json.dumps(goals)})
    why = "(protocl is similar to the component type protocol)"
    assert missing.hint == (
        f'did you mean components/protocols/p2.md {why}? Rename the component type to "protocol"'
    )
    assert orphan.hint == (
        f"is this the missing components/protocls/p2.md {why}? Rename the component type of the "
        'entry B/protocl to "protocol"'
    )


def test_a_file_of_a_misspelled_type_may_be_in_use_already() -> None:
    goals = {"A": {"protocol": "p.md"}, "B": {"protocl": "p.md"}}
    files = {"components/protocols/p.md": TEXT, "goal_map.json": json.dumps(goals)}
    hint = only(found(files), "JG201").hint
    assert hint is not None
    assert 'Rename the component type to "protocol"' in hint


@pytest.mark.parametrize(
    "goals",
    [
        {"A": {"protocol": "p1.md", "protocl": "p2.md"}},  # the goal has an entry of that type
        {"A": {"protocol": "p1.md"}, "B": {"protocl": "p3.md"}},  # the type has no such file
        {"A": {"protocol": "p1.md"}, "B": {"rule": "p2.md"}},  # not similar
    ],
)
def test_a_component_type_is_not_renamed_on_weak_evidence(goals: dict[str, Any]) -> None:
    files = {f"components/protocols/{name}": TEXT for name in ("p1.md", "p2.md")}
    findings = found({**files, "goal_map.json": json.dumps(goals)})
    assert not any("ename the component type" in str(one.hint) for one in findings)


def test_many_component_types_take_no_time() -> None:
    goals = {f"G{n}": {f"kind {n:05}": "x.txt", f"kynd {n:05}": "x.txt"} for n in range(3000)}
    files = {f"components/kind {n:05}s/x.txt": TEXT for n in range(3000)}
    assert len(found({**files, "goal_map.json": json.dumps(goals)})) == 3000


# --- what only an entry of another type can name ------------------------------------------------


@pytest.mark.parametrize("kind", ["persona", "rule", "instruction"])
def test_a_file_outside_the_directory_of_the_type_is_moved_and_not_named(kind: str) -> None:
    files = {
        "goal_map.json": json.dumps({"A": {kind: "x/y.txt", "protocol": "a.txt"}}),
        "components/protocols/x/y.txt": TEXT,
        "components/protocols/a.txt": TEXT,
    }
    for finding in found(files):
        assert finding.hint is not None
        assert "hange the entry" not in finding.hint
        assert f"components/protocols/x/y.txt components/{kind}s/x/y.txt`" in finding.hint


def test_a_map_that_is_not_configured_and_a_directory_that_is_a_link_are_named(
    tmp_path: Path,
) -> None:
    goals = '{"GREET": {"persona": "host.txt"}, "PART": {"persona": "gone.txt"}}'
    files = {"lib/personas/host.txt": HOST, "lib/personas/extra.txt": f"{TEXT}{HOST}"}
    lay_out(tmp_path, {**files, "other.json": goals})
    (tmp_path / "components").symlink_to("lib")
    missing, orphan = findings_in(tmp_path, "--map", "other.json")
    assert missing["hint"] == (
        "run `jit-guard --fix --map other.json` to generate it, or correct or remove the entry"
    )
    assert orphan["path"] == "lib/personas/extra.txt"
    assert orphan["hint"].startswith("add an entry of the component type persona, ")


def test_an_orphan_outside_every_type_cannot_be_named() -> None:
    hint = only(found({**SOUND, "components/notes/a.txt": TEXT}), "JG301").hint
    assert hint is not None
    assert hint.startswith("move the file to the directory of a component type and add an entry")


def test_an_entry_is_described_by_what_it_must_say() -> None:
    files = {"goal_map.json": '{"A": {"persona": "sub/hosts.txt"}}', PATH: HOST}
    lay = {**files, "components/personas/sub/host.txt": TEXT}
    missing = next(one for one in found(lay) if one.code == "JG201")
    assert missing.hint is not None
    assert 'Change the entry to "sub/host.txt"' in missing.hint


# --- git snapshots and other revisions ----------------------------------------------------------


@NEEDS_GIT
@pytest.mark.parametrize("source", ["index", "commit", "HEAD"])
def test_hints_of_a_git_snapshot_are_about_git(source: str, tmp_path: Path) -> None:
    goals = json.dumps({"A": {"persona": "host.txt"}, "B": {"persona": "sub/x.txt"}})
    files = {PATH: HOST, USHER: TEXT, "components/a.txt": TEXT, "goal_map.json.tmp": "{"}
    made = repository(tmp_path / "made", {**files, "goal_map.json": goals})
    hints = [one["hint"] for one in findings_in(made, "--source", source)]
    assert len(hints) == 4
    for hint in hints:
        assert "prune" not in hint
        assert "`rm " not in hint
        assert "`mv " not in hint


@NEEDS_GIT
@pytest.mark.parametrize("pushed", [False, True])
def test_another_revision_is_named_and_nothing_is_said_of_the_worktree(
    pushed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = repository(tmp_path / "made", {"goal_map.json": MAP})
    git(made, "branch", "other")
    lay_out(made, SOUND)
    save(made)
    assert findings_in(made, "--source", "HEAD") == []
    source = "other"
    if pushed:
        source = "commit"
        monkeypatch.setenv("PRE_COMMIT_TO_REF", git(made, "rev-parse", "other").strip())
        monkeypatch.setenv("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/other")
    (missing,) = findings_in(made, "--source", source)
    assert missing["message"] == f"{PATH} is not in other"
    assert missing["hint"] == "add the file in other, or correct or remove the entry in other"


@NEEDS_GIT
def test_a_branch_that_is_checked_out_is_what_a_commit_changes(tmp_path: Path) -> None:
    made = repository(tmp_path / "made", {"goal_map.json": MAP})
    lay_out(made, SOUND)
    for source in ("HEAD", "main"):
        (missing,) = findings_in(made, "--source", source)
        assert missing["hint"] == (
            f"exists on disk but is untracked; run: `git add -- {PATH} && git commit -- {PATH}`"
        )
    (missing,) = findings_in(made, "--source", git(made, "rev-parse", "HEAD").strip())
    assert "git" not in missing["hint"]


@NEEDS_GIT
def test_a_removed_file_is_restored_in_index_and_worktree(tmp_path: Path) -> None:
    made = repository(tmp_path / "made", {**SOUND, USHER: TEXT, "goal_map.json": TWO})
    git(made, "rm", "-q", USHER)
    for source in ("worktree", "index"):
        (missing,) = findings_in(made, "--source", source)
        assert f"`git restore --staged --worktree -- {USHER}`" in missing["hint"]


# --- paths --------------------------------------------------------------------------------------


@NEEDS_GIT
def test_every_path_is_relative_to_the_root(tmp_path: Path) -> None:
    files = {**SOUND, USHER: TEXT, "goal_map.json": TWO, "components/personas/x.txt": HOST * 2}
    made = repository(tmp_path / "made", {f"desk/an agent/{k}": v for k, v in files.items()})
    root = made / "desk/an agent"
    git(root, "rm", "-q", "--cached", PATH)
    (root / USHER).unlink()
    (root / "components/y.tmp").touch()
    add, restore = f"add -- {PATH}", f"restore --worktree -- {USHER}"
    places = {
        root: ("git", "rm -- components/y.tmp", ""),
        root / "components": ("git -C ..", "(cd -- .. && rm -- components/y.tmp)", ""),
        made: (
            "git -C 'desk/an agent'",
            "(cd -- 'desk/an agent' && rm -- components/y.tmp)",
            " --root 'desk/an agent'",
        ),
    }
    for cwd, (git_here, remove, option) in places.items():
        argv = ("--root", "desk/an agent") if option else ()
        commands = "\n".join(str(one["hint"]) for one in findings_in(cwd, *argv))
        for command in (f"{git_here} {add}", f"{git_here} {restore}", remove):
            assert f"`{command}`" in commands
        assert f"`jit-guard prune{option}`" in commands


# --- said once ----------------------------------------------------------------------------------


def test_an_interrupted_commit_is_one_finding(project: Path) -> None:
    changes = [MapChange("goal_map.json", (Edit(("GREET", "persona"), "host.txt", "new.txt"),))]
    interrupt(str(project), changes, [Placement("components/personas/new.txt", b"New.\n")], None)
    assert [one["code"] for one in findings_in(project)] == ["JG401"]
    codes = [one["code"] for one in findings_in(project, "--ignore", "JG401")]
    assert codes == ["JG303", "JG303"]
    (project / "components/notes.tmp").touch()  # not ours
    assert {one["code"] for one in findings_in(project)} == {"JG303", "JG401"}


@NEEDS_GIT
def test_a_generated_file_is_to_be_staged_and_that_is_said_once(tmp_path: Path) -> None:
    made = repository(tmp_path / "made", {"goal_map.json": MAP, USHER: TEXT})
    fixed = call("--fix", "--yes", "--generator", "scaffold", "--ignore", "JG301", cwd=made)
    assert "JG501" in fixed.out
    assert "JG203" not in fixed.out
    assert f"{fixed.out}{fixed.err}".count("git add") == 1
    assert "JG203" in call("--ignore", "JG301", cwd=made).out


# --- limits -------------------------------------------------------------------------------------


def test_orphans_beyond_those_that_git_was_asked_about_have_one_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jit_guard.comparison import explanation

    monkeypatch.setattr(explanation, "MOST_ASKED", 1)
    root = lay_out(tmp_path / "p", {**SOUND, USHER: TEXT, "components/personas/z.txt": TEXT})
    first, second = findings_in(root)
    assert f"`rm -- {USHER}`" in first["hint"]
    assert second["hint"].endswith("run `jit-guard prune` to remove all orphans")


@NEEDS_GIT
def test_a_draft_in_the_index_is_written_and_staged(tmp_path: Path) -> None:
    name = "autogen_persona_for_greet.txt"
    draft = mark("# Purpose\n\nTo be written.\n", ".txt")
    files = {**sound({"GREET": {"persona": name}}), f"components/personas/{name}": draft}
    (draft_found,) = findings_in(repository(tmp_path / "made", files), "--source", "index")
    assert draft_found["hint"].endswith(f", then run `git add -- components/personas/{name}`")


@pytest.mark.parametrize("asked", [0, 10])
def test_no_hint_prunes_a_directory(
    asked: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jit_guard.comparison import explanation

    monkeypatch.setattr(explanation, "MOST_ASKED", asked)
    table = (
        '[[registry]]\nfile = "r.json"\nentries = "$[*]"\ntarget = "{value}/"\ntree = ["p/*/"]\n'
    )
    root = lay_out(
        tmp_path, {"r.json": '["p/a"]', "p/a/x": "x", "p/b/x": "x", "jit-guard.toml": table}
    )
    (one,) = findings_in(root)
    expected = (
        "add an entry, exclude it from the tree of the registry, or remove the directory with"
    )
    if not asked:
        expected = "add an entry, or exclude it from the tree of the registry"
    assert one["hint"].startswith(expected)
    assert "prune" not in one["hint"]
