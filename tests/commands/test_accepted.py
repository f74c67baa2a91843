"""`--baseline` and `--update-baseline`: what is accepted, what never is, and what is reported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jit_guard.errors import UnreadableError
from jit_guard.sources.worktree import Worktree
from projects import HOST, TEXT, Outcome, call, lay_out

FILE = "accepted.jsonl"
OLD = "components/personas/old.txt"
GONE = ["JG201", "goal_map.json", "GREET", "persona", "components/personas/gone.txt"]
ORPHAN = ["JG301", None, None, None, OLD]
GOALS = '{\n  "GREET": {"persona": "gone.txt"}\n}\n'
FILES = {"goal_map.json": GOALS, OLD: TEXT}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a missing component and an orphan, that are no pair."""
    return lay_out(tmp_path, FILES)


def update(root: Path, *argv: str) -> Outcome:
    return call("--baseline", FILE, "--update-baseline", *argv, cwd=root)


def accepting(root: Path, *argv: str) -> Outcome:
    return call("--baseline", FILE, *argv, cwd=root)


def lines(root: Path) -> list[Any]:
    return [json.loads(line) for line in (root / FILE).read_text().splitlines()]


def write(root: Path, *found: object) -> None:
    text = "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in found)
    (root / FILE).write_text(text)


def test_the_current_findings_are_accepted_and_only_new_ones_fail(project: Path) -> None:
    assert call(cwd=project).code == 1
    done = update(project)
    assert (done.code, done.err) == (0, f"jit-guard: {FILE} accepts 2 findings\n")
    assert lines(project) == [GONE, ORPHAN]
    assert "nothing wrong" in accepting(project).out
    assert call(cwd=project).code == 1, "nothing is accepted without the option"
    lay_out(project, {"components/personas/new.txt": TEXT})
    done = accepting(project, "--format", "json")
    assert (done.code, done.codes) == (1, ["JG301"])
    assert done.report["findings"][0]["path"].endswith("new.txt")
    assert "accepts 3 findings" in update(project).err


def test_a_configured_baseline_is_read_and_updated(project: Path) -> None:
    lay_out(project, {"jit-guard.toml": f'baseline = "{FILE}"\n'})
    assert call("--update-baseline", cwd=project).code == 0
    assert lines(project) == [GONE, ORPHAN]
    assert call(cwd=project).code == 0
    lay_out(project, {"none.jsonl": ""})
    assert call("--baseline", "none.jsonl", cwd=project).code == 1, "the option wins"


def test_without_a_file_nothing_can_be_updated(project: Path) -> None:
    done = call("--update-baseline", cwd=project)
    assert (done.code, done.out) == (2, "")
    assert "no baseline is configured; pass --baseline FILE" in done.err


def test_an_edit_elsewhere_changes_no_line(project: Path) -> None:
    update(project)
    before = (project / FILE).read_bytes()
    moved = '{\n\n\n"OTHER": {"persona": "host.txt"},\n' + GOALS.removeprefix("{")
    lay_out(project, {"goal_map.json": moved, "components/personas/host.txt": HOST})
    assert accepting(project).code == 0
    assert update(project).code == 0
    assert (project / FILE).read_bytes() == before


def test_order_repetition_and_blank_lines_do_not_matter(project: Path) -> None:
    write(project, ORPHAN, "", GONE, "  ", ORPHAN, GONE)
    assert accepting(project).code == 0
    update(project)
    assert lines(project) == [GONE, ORPHAN]


@pytest.mark.parametrize(
    "line",
    [
        "JG301",
        "{",
        "[" * 9_000,
        "{}",
        '"JG301"',
        "[]",
        GONE[:4],
        [*GONE, None],
        [None, *GONE[1:]],
        [201, *GONE[1:]],
        [*GONE[:4], 5],
        [*GONE[:2], ["GREET"], *GONE[3:]],
        "<<<<<<< HEAD",
        "\x00",
    ],
)
@pytest.mark.parametrize("argv", [(), ("--update-baseline",)])
def test_a_line_that_is_broken_is_an_error_that_names_it(
    project: Path, line: object, argv: tuple[str, ...]
) -> None:
    write(project, GONE, line, ORPHAN)
    before = (project / FILE).read_bytes()
    done = accepting(project, *argv)
    assert (done.code, done.out) == (2, "")
    assert f"{FILE}:2: not a baseline line" in done.err
    assert done.err.count(FILE) == 1, "the other lines are sound"
    assert (project / FILE).read_bytes() == before


@pytest.mark.parametrize(
    "line",
    [
        ["JG001", "goal_map.json", None, None, "goal_map.json"],
        ["JG004", "goal_map.json", None, None, None],
        ["JG002", "goal_map.json", "GREET", None, None],
        ["JG401", None, None, None, ".jit-guard/pending.json"],
        ["JG205", "goal_map.json", None, None, "goal_map.json"],
    ],
)
def test_a_line_that_would_hide_that_nothing_was_checked_is_refused(
    project: Path, line: object
) -> None:
    write(project, GONE, line, "oops")
    done = accepting(project)
    assert (done.code, done.out) == (2, "")
    assert f"{FILE}:2: " in done.err
    assert "cannot be accepted; remove the line" in done.err
    assert f"{FILE}:3: not a baseline line" in done.err, "all lines are reported at once"


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"goal_map.json": "{"}, "JG001"),
        (
            {"goal_map.json": GOALS.replace("}\n}", '},\n"GREET": {"persona": "gone.txt"}}')},
            "JG002",
        ),
        ({"goal_map.json": b"\xff"}, "JG003"),
        ({"goal_map.json": "{}"}, "JG004"),
        ({".jit-guard/pending.json": "{}"}, "JG401"),
    ],
)
def test_an_update_never_accepts_that_something_cannot_be_checked(
    project: Path, files: dict[str, str | bytes], code: str
) -> None:
    lay_out(project, files)
    done = update(project, "--format", "json")
    assert done.code == 1
    assert done.codes == [code], "the others are accepted"
    assert not any(line[0].startswith(("JG0", "JG4")) for line in lines(project))
    assert accepting(project).code == 1


def test_nothing_is_written_if_something_is_unreadable(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, GONE)
    lay_out(project, {"components/notes/idea.txt": TEXT})
    real = Worktree.directory

    def directory(self: Worktree, path: str, **options: Any) -> Any:
        if path == "components/notes":
            raise UnreadableError(path, "permission denied")
        return real(self, path, **options)

    monkeypatch.setattr(Worktree, "directory", directory)
    for path in (FILE, "other.jsonl"):
        done = call("--baseline", path, "--update-baseline", cwd=project)
        assert done.code == 2
        assert "components/notes cannot be read: permission denied" in done.err
        assert f"{path} was not written" in done.err
        assert "accepts" not in done.err
    assert lines(project) == [GONE]
    assert not (project / "other.jsonl").exists()


def test_a_line_whose_finding_no_longer_occurs_is_reported(project: Path) -> None:
    update(project)
    lay_out(project, {"components/personas/gone.txt": HOST})
    for argv in ((), ("--format", "json"), ("-q",)):
        done = accepting(project, *argv)
        assert done.code == 0
        assert done.err == (
            f"jit-guard: the baseline accepts a finding that no longer occurs: {json.dumps(GONE)}\n"
        )
    assert "no longer occurs" not in update(project).err
    assert lines(project) == [ORPHAN]


def test_what_a_run_does_not_check_is_neither_stale_nor_removed(project: Path) -> None:
    other = ["JG201", "b.json", "B", "persona", "components/personas/gone.txt"]
    lay_out(project, {"jit-guard.toml": 'maps = ["goal_map.json", "b.json"]\n'})
    lay_out(project, {"b.json": '{"B": {"persona": "gone.txt"}}'})
    update(project)
    assert lines(project) == [other, GONE, ORPHAN]
    (project / OLD).unlink()
    lay_out(project, {"components/personas/gone.txt": HOST})
    for argv, stale in (
        ((), [other, GONE, ORPHAN]),
        (("--map", "b.json"), [other, ORPHAN]),
        (("--select", "JG2"), [other, GONE]),
        (("--ignore", "JG2"), [ORPHAN]),
    ):
        done = accepting(project, *argv)
        said = [line.partition("occurs: ")[2] for line in done.err.splitlines()]
        assert [json.loads(line) for line in said] == stale, argv
    (project / "b.json").write_text("{")  # orphans are not known then
    assert "JG301" not in accepting(project, "--map", "goal_map.json").err
    update(project, "--map", "goal_map.json")
    assert lines(project) == [other, ORPHAN]


@pytest.mark.parametrize("place", [".", "no/such/directory/b"])
def test_a_file_that_cannot_be_written_is_an_error(project: Path, place: str) -> None:
    done = call("--baseline", place, "--update-baseline", cwd=project)
    assert done.code == 2
    assert place in done.err
    assert call("--baseline", "nowhere.jsonl", cwd=project).code == 2


def test_names_cannot_forge_a_line_or_another_finding(tmp_path: Path) -> None:
    name = 'components/a\n["JG201"]\u2028\x1b[2J'
    root = lay_out(tmp_path, {"goal_map.json": '{"G": {"t": "gone"}}', name: TEXT})
    update(root)
    assert (root / FILE).read_text().isascii()
    assert [line[0] for line in lines(root)] == ["JG201", "JG208", "JG301"]
    assert lines(root)[-1] == ["JG301", None, None, None, name]
    (root / name).unlink()
    stale = accepting(root).err
    assert stale.count("\n") == stale.count("jit-guard: the baseline accepts") == 2
    assert "\x1b" not in stale
