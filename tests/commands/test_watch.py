"""`--watch`: the report is always the current one."""

from __future__ import annotations

import io
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace

import pytest

from jit_guard.commands import COMMANDS, check
from jit_guard.commands.arguments import parse
from jit_guard.commands.watch import watch
from jit_guard.text.console import Console
from projects import SOUND, TEXT, at, call, git, lay_out
from terminals import terminal


def test_every_change_is_checked_on_a_cleared_terminal_until_ctrl_c(project: Path) -> None:
    with terminal("--watch", cwd=project) as screen:
        screen.until("Ctrl-C stops")
        assert "nothing wrong" in screen.shown
        lay_out(project, {"components/personas/left.txt": TEXT})
        screen.until("JG301")
        assert "nothing wrong" not in screen.shown
        (project / "components/personas/left.txt").unlink()
        screen.until("nothing wrong")
        assert "JG301" not in screen.shown
        (project / "jit-guard.toml").write_text("nonsense = 1\n")  # while it is being edited
        screen.until("nonsense")
        (project / "jit-guard.toml").unlink()
        screen.until("nothing wrong")
        screen.send("\x03")
        assert screen.ended() == 130
    assert "Traceback" not in screen.raw
    _, *shown, _ = screen.raw.split("\x1b[3J")
    assert [one.count("Ctrl-C stops") for one in shown] == [1] * len(shown)  # none is wiped out


def test_in_a_pipe_nothing_is_cleared_and_the_end_of_the_reader_is_the_end(project: Path) -> None:
    from projects import command

    process = subprocess.Popen(
        command("--watch"), cwd=project, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith(b"nothing wrong")
        process.stdout.close()
        deadline = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < deadline:
            lay_out(project, {"components/personas/left.txt": str(time.monotonic())})
            time.sleep(0.1)
        assert process.poll() == 1
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("--fix",), "--watch only checks; remove --fix"),
        (("--update-baseline", "--baseline", "b"), "remove --update-baseline"),
        (("--source", "index"), "remove --source"),
        (("--format", "json"), "remove the other formats"),
        (("--format", "text=x"), "remove the other formats"),
    ],
)
def test_what_cannot_be_watched_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], words: str
) -> None:
    monkeypatch.setattr("jit_guard.commands.watch._wait_for_change", None)  # it would have no end
    done = call("--watch", *argv, cwd=project)
    assert done.code == 2
    assert words in done.err
    assert not (project / "x").exists()


# In this process: every pause of the watch makes the next of some changes.

Change = Callable[[Path], object]


class EndedError(Exception):
    """There is no other change to make."""


def reports(
    root: Path, monkeypatch: pytest.MonkeyPatch, changes: Sequence[Change], *argv: str
) -> list[str]:
    """What a watch prints at first, and after each of these changes; empty if it saw nothing."""
    left = list(changes)
    seen: list[str] = []
    screen = io.StringIO()

    def sleep(seconds: float) -> None:
        assert 0.2 <= seconds <= 10
        seen.append(screen.getvalue())
        screen.seek(0)
        screen.truncate()
        if not left:
            raise EndedError
        left.pop(0)(root)

    clock = SimpleNamespace(sleep=sleep, perf_counter=time.perf_counter)
    monkeypatch.setattr("jit_guard.commands.watch.time", clock)
    given = parse("check", check, ["--watch", *argv], COMMANDS)
    assert not isinstance(given, int)
    with at(root), redirect_stdout(screen), redirect_stderr(screen), pytest.raises(EndedError):
        check.run(given, 0.0)
    end = "jit-guard: watching for changes; Ctrl-C stops\n"
    assert all(one.endswith(end) for one in seen if one)
    return [one.removesuffix(end) for one in seen]


def touched(path: str, text: str = "Other.\n") -> Change:
    return lambda root: lay_out(root, {path: text})


def test_every_kind_of_change_is_noticed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host, orphan = "components/personas/host.txt", "components/personas/left.txt"
    lay_out(project.parent, {"own.toml": "strict-nothing = 1\n"})
    changes: list[Change] = [
        touched(orphan),
        lambda root: (root / orphan).unlink(),
        touched("components/deep/er/x.txt"),
        lambda root: (root / "components/deep/er").rename(root / "components/deep/other"),
        lambda root: (root / "components/link").symlink_to("nowhere"),
        lambda root: (root / host).chmod(0o600),
        lambda root: os.utime(root / host, (1, 1)),
        touched("jit-guard.toml", 'ignore = ["JG3"]\n'),
        lambda root: None,
        lambda root: None,
    ]
    shown = reports(project, monkeypatch, changes)
    assert [bool(one) for one in shown] == [True] * 9 + [False] * 2
    assert "JG301" in shown[1]
    assert shown[2].startswith("nothing wrong")
    assert "components/deep/other/x.txt: JG301" in shown[4]
    assert shown[8].startswith("nothing wrong")


def test_what_a_flag_names_is_watched_wherever_it_is(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(project.parent, {"own.toml": "", "s.json": "{}", "b.jsonl": ""})
    flags = ("--config", "../own.toml", "--schemafile", "../s.json", "--baseline", "../b.jsonl")
    changes = [
        touched("../own.toml", "jobs = 2\n"),
        touched("../s.json", '{"minProperties": 9}'),
        touched("../b.jsonl", "\n"),
        lambda root: None,
    ]
    shown = reports(project, monkeypatch, changes, *flags)
    assert [bool(one) for one in shown] == [True] * 4 + [False]
    assert "JG101" in shown[2]


@pytest.mark.parametrize("below", [".", "agents/support"])
def test_what_git_has_is_watched_too(
    project: Path, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    git(project, "init", "-q")
    root = lay_out(project / below, SOUND)
    changes: list[Change] = [
        lambda root: git(root, "add", "."),
        lambda root: git(root, "checkout", "-q", "-b", "other"),
        lambda root: None,
    ]
    shown = reports(root, monkeypatch, changes)
    assert ["JG203" in one for one in shown] == [True, False, False, False]
    assert [bool(one) for one in shown] == [True, True, True, False]


@pytest.mark.parametrize(
    "path", [".git/x", ".jit-guard/x", ".venv/x", "venv/a/x", "node_modules/x", "a/__pycache__/x"]
)
def test_directories_that_have_no_components_are_not_watched(
    project: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    (project / path).parent.mkdir(parents=True)
    shown = reports(project, monkeypatch, [touched(path), lambda root: None])
    assert [bool(one) for one in shown] == [True, False, False]


def test_what_is_not_watched_hides_nothing_and_links_lead_nowhere(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"components/x{number}.txt" for number in range(6)]
    lay_out(project, dict.fromkeys(names[:3], TEXT))
    for number, name in enumerate(("node_modules", "venv", "__pycache__", ".venv", ".tox", ".hg")):
        lay_out(project, {f"components/{name}/x.js": "", f"components/after{number}.txt": TEXT})
    lay_out(project, dict.fromkeys(names[3:], TEXT))
    lay_out(project.parent, {"outside/x.txt": "x"})
    (project / "components/link").symlink_to("../../outside")
    changes = [*map(touched, names), touched("../outside/x.txt")]
    shown = reports(project, monkeypatch, changes)
    assert [bool(one) for one in shown] == [True] * 7 + [False]


def test_what_is_broken_for_a_moment_is_reported_and_watched_on(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = [
        touched("jit-guard.toml", "jobs = "),
        lambda root: (root / "jit-guard.toml").unlink(),
    ]
    shown = reports(project, monkeypatch, changes)
    assert shown[1].startswith("jit-guard: error: jit-guard.toml")
    assert shown[-1].startswith("nothing wrong")


def test_a_slow_project_is_looked_at_less_often(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look takes a twentieth of the time, and there is one every ten seconds at least."""
    paused: list[float] = []
    times = iter(
        end for took in (9.0, 0.1, 9.0, 9.0, 60.0, 9.0, 9.0, 0.001) for end in (8.0, 8.0 + took)
    )

    def sleep(seconds: float) -> None:
        paused.append(seconds)
        if len(paused) == 3:
            raise EndedError
        touched(f"x{len(paused)}")(project)

    clock = SimpleNamespace(sleep=sleep, perf_counter=lambda: next(times))
    monkeypatch.setattr("jit_guard.commands.watch.time", clock)
    with pytest.raises(EndedError):
        watch(lambda: None, str(project), [], Console(out=io.StringIO(), err=io.StringIO()))
    assert paused == pytest.approx([2.0, 10.0, 0.2])
