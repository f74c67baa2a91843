"""The baseline: what it accepts, what it refuses, and what an update keeps."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from jit_guard import Guard
from jit_guard.baseline import update
from jit_guard.config import Settings
from projects import TEXT, Files, call, lay_out
from reports import report

TWO: Files = {
    "goal_map.json": '{"GREET": {"persona": "gone.txt"}, "LEAVE": {"tone": "späť.txt"}}\n',
    "components/personas/left.txt": TEXT,
}
GONE = '["JG201", "goal_map.json", "GREET", "persona", "components/personas/gone.txt"]'
BACK = '["JG201", "goal_map.json", "LEAVE", "tone", "components/tones/sp\\u00e4\\u0165.txt"]'
LEFT = '["JG301", null, null, null, "components/personas/left.txt"]'
ABSENT = '["JG201", "goal_map.json", "GREET", "persona", "components/personas/absent.txt"]'
ORPHAN = '["JG301", null, null, null, "components/personas/absent.txt"]'
ELSEWHERE = '["JG201", "other.json", "GREET", "persona", "components/personas/gone.txt"]'
STALE = "jit-guard: the baseline accepts a finding that no longer occurs: "


def baseline(root: Path, *lines: str) -> Path:
    """Write a baseline with these lines."""
    file = root / "b.jsonl"
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return file


def accepted(root: Path, *options: str, code: int = 0) -> list[str]:
    """Update the baseline, and return its lines."""
    done = call("--baseline", "b.jsonl", "--update-baseline", *options, cwd=root)
    assert done.code == code, done.err
    text = (root / "b.jsonl").read_text("ascii")
    assert text == "" or text.endswith("\n")
    return text.splitlines()


def left(root: Path, *options: str) -> tuple[list[str], list[str]]:
    """Check with the baseline: the codes of what is left, and the lines that are stale."""
    done = call("--baseline", "b.jsonl", "--format", "json", *options, cwd=root)
    assert done.code == (1 if done.codes else 0), done.err
    return done.codes, [line.removeprefix(STALE) for line in done.err.splitlines()]


def test_an_update_writes_every_finding_on_a_line_sorted_and_in_ascii(tmp_path: Path) -> None:
    name = "components/personas/\udcff.txt"
    lay_out(tmp_path, {**TWO, name: TEXT})
    bytes_ = [LEFT.replace("left", "\\udcff").replace("301", code) for code in ("208", "301")]
    for _ in range(2):
        assert accepted(tmp_path) == [GONE, BACK, *bytes_, LEFT]
    assert left(tmp_path) == ([], [])


def test_order_repetition_empty_lines_and_line_ends_do_not_matter(tmp_path: Path) -> None:
    lay_out(tmp_path, TWO)
    baseline(tmp_path, LEFT, "", f"{GONE}\r", "  ", LEFT)
    assert left(tmp_path) == (["JG201"], [])
    baseline(tmp_path, BACK)
    assert left(tmp_path) == (["JG201", "JG301"], [])


@pytest.mark.parametrize(
    "line",
    [
        "JG301",
        "{}",
        "null",
        "[" * 100_000,
        "[]",
        '["JG301", null, null, null]',
        '["JG301", null, null, null, "x", null]',
        '[null, null, null, null, "x"]',
        '[301, null, null, null, "x"]',
        '["JG301", 7, null, null, "x"]',
        '["JG301", null, null, null, ["x"]]',
        '{"code": 1, "map": 2, "goal": 3, "type": 4, "path": 5}',
    ],
    ids=lambda line: line[:20],
)
def test_a_line_that_is_none_is_an_error_and_an_update_leaves_it(tmp_path: Path, line: str) -> None:
    file = baseline(lay_out(tmp_path, TWO), GONE, "", line)
    before = file.read_bytes()
    for options in ((), ("--update-baseline",)):
        done = call("--baseline", "b.jsonl", *options, cwd=tmp_path)
        assert (done.code, done.out) == (2, "")
        assert done.err == (
            "jit-guard: error: b.jsonl:3: not a baseline line "
            "(a JSON array of code, map, goal, component type and path)\n"
        )
        assert file.read_bytes() == before


def test_all_invalid_lines_are_named_at_once(tmp_path: Path) -> None:
    long = "JG0" + "1" * 500
    baseline(
        lay_out(tmp_path, TWO),
        "null",
        '["JG001", "goal_map.json", null, null, null]',
        GONE,
        '["JG401", null, null, null, ".jit-guard/pending.json"]',
        '["JG205", "goal_map.json", null, null, null]',
        f'["{long}", null, null, null, null]',
    )
    done = call("--baseline", "b.jsonl", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    words = done.err.replace("jit-guard: error: ", "").split("\n")
    assert [line.strip().split(": ", 1)[0] for line in words if "b.jsonl" in line] == [
        f"b.jsonl:{number}" for number in (1, 2, 4, 5, 6)
    ]
    for code in ("JG001", "JG401", "JG205", long[:60]):
        assert f": {code} cannot be accepted; remove the line" in done.err
    assert long[:61] not in done.err


def test_an_update_accepts_no_map_that_cannot_be_read_or_leaves_the_project(
    tmp_path: Path,
) -> None:
    other = '{"GREET": {"persona": "../../gone.txt"}, "LEAVE": {"persona": "left.txt"}}'
    root = lay_out(tmp_path / "project", {**TWO, "goal_map.json": "{", "other.json": other})
    (tmp_path / "outside.json").write_text("{}")
    (root / "link.json").symlink_to("../outside.json")
    (root / "jit-guard.toml").write_text('maps = ["goal_map.json", "other.json", "link.json"]')
    unsafe = '["JG205", "other.json", "GREET", "persona", "components/personas/../../gone.txt"]'
    assert accepted(root, code=1) == [unsafe]
    done = call("--baseline", "b.jsonl", "--format", "json", cwd=root)
    assert sorted((one["code"], one["map"]) for one in done.report["findings"]) == [
        ("JG001", "goal_map.json"),
        ("JG205", "link.json"),
    ]


def test_an_update_accepts_no_interrupted_commit(tmp_path: Path) -> None:
    pending = {".jit-guard/pending.json": "{}", **TWO}
    assert accepted(lay_out(tmp_path, pending), code=1) == [GONE, BACK, LEFT]
    assert left(tmp_path) == (["JG401"], [])


def test_a_line_whose_finding_is_gone_is_told_and_an_update_removes_it(tmp_path: Path) -> None:
    baseline(lay_out(tmp_path, TWO), ABSENT, GONE, BACK, ORPHAN)
    assert left(tmp_path) == (["JG301"], [ABSENT, ORPHAN])
    assert left(tmp_path, "--select", "JG301") == (["JG301"], [ORPHAN])
    assert left(tmp_path, "--ignore", "JG3") == ([], [ABSENT])
    assert accepted(tmp_path) == [GONE, BACK, LEFT]


def test_an_update_keeps_what_the_run_could_not_report(tmp_path: Path) -> None:
    baseline(lay_out(tmp_path, TWO), ABSENT, ORPHAN, ELSEWHERE)
    assert left(tmp_path)[1] == [ABSENT, ORPHAN]  # a map that was not shown is not judged
    assert accepted(tmp_path, "--select", "JG301") == [ABSENT, ELSEWHERE, LEFT]
    assert accepted(tmp_path, "--ignore", "JG3") == [GONE, BACK, ELSEWHERE, LEFT]

    (tmp_path / "other.json").write_text("{")  # so that what is an orphan is not known
    (tmp_path / "jit-guard.toml").write_text('maps = ["goal_map.json", "other.json"]')
    baseline(tmp_path, ABSENT, ORPHAN, ELSEWHERE)
    assert left(tmp_path)[1] == [ABSENT, ELSEWHERE]
    assert accepted(tmp_path, code=1) == [GONE, BACK, ORPHAN]


def test_an_update_writes_nothing_if_something_could_not_be_read() -> None:
    found = report(unreadable=("components/x: permission denied",))

    def write(_: str) -> None:
        raise AssertionError

    given = update("b.jsonl", f"{GONE}\n".encode(), Settings(), lambda _: found, write)
    assert given is found
    assert not given.ok


def test_an_update_that_fails_leaves_the_baseline_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int, _: object) -> None:
        os.close(handle)
        raise OSError(errno.ENOSPC, "No space left on device")

    lay_out(tmp_path, TWO)
    baseline(tmp_path, ELSEWHERE)
    before = (tmp_path / "b.jsonl").read_bytes()
    monkeypatch.setattr("jit_guard.sources.output._write", full)
    done = call("--baseline", "b.jsonl", "--update-baseline", cwd=tmp_path)
    assert done.code == 2
    assert "o space left on device" in done.err
    assert (tmp_path / "b.jsonl").read_bytes() == before
    assert not [one for one in tmp_path.iterdir() if one.suffix == ".tmp"]


def test_an_update_creates_the_configured_baseline(tmp_path: Path) -> None:
    lay_out(tmp_path, {**TWO, "jit-guard.toml": 'baseline = "accepted/b.jsonl"', "accepted/": ""})
    done = call(cwd=tmp_path)
    assert done.code == 2
    assert "accepted/b.jsonl does not exist; create it with --update-baseline" in done.err
    path, after = Guard(tmp_path).update_baseline()
    assert Path(path) == tmp_path / "accepted/b.jsonl"
    assert (after.ok, after.accepted, list(after.findings)) == (True, 3, [])
    assert call(cwd=tmp_path).code == 0
    (tmp_path / "jit-guard.toml").write_text("")
    done = call("--update-baseline", cwd=tmp_path)
    assert done.code == 2
    assert "no baseline is configured; pass --baseline FILE" in done.err
