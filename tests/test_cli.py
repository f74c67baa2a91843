"""The command line as a user meets it."""

from __future__ import annotations

import errno
import io
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

import jit_guard
from jit_guard import cli
from jit_guard.commands import COMMANDS
from jit_guard.commands import check as cli_check
from projects import TEXT, at, call, lay_out, run
from terminals import terminal
from typed import on_screen


def test_the_version_is_the_packages(tmp_path: Path) -> None:
    assert call("--version", cwd=tmp_path).out == f"jit-guard {jit_guard.__version__}\n"


EVERY_COMMAND = {
    "check": ("check", "--format", "json"),
    "init": ("init", "--no-input"),
    "explain": ("explain", "JG301"),
    "recover": ("recover",),
    "prune": ("prune", "--dry-run"),
    "mv": ("mv", "--dry-run", "components/personas/host.txt", "components/personas/new.txt"),
    "log": ("log", "--json"),
    "selftest": ("selftest",),
    "config": ("config",),
    "completion": ("completion", "bash"),
    "help": ("help", "mv"),
    "version": ("version",),
}


def test_the_installed_program_runs_every_command_as_the_module_does(project: Path) -> None:
    script = Path(sys.executable).parent / "jit-guard"
    if not script.exists():
        pytest.skip("the console script is not installed beside this interpreter")
    assert set(EVERY_COMMAND) == set(COMMANDS)
    lay_out(project, {"components/personas/old.txt": TEXT})
    call("init", "--no-input", cwd=project)  # what it writes is there before both runs
    for argv in (*EVERY_COMMAND.values(), ("nope",)):
        done = subprocess.run([script, *argv], cwd=project, capture_output=True, check=False)
        here = call(*argv, cwd=project)
        assert (done.returncode, done.stderr.decode()) == (here.code, here.err), argv
        lines = [one for one in done.stdout.decode().splitlines() if " s)" not in one]
        assert lines == [one for one in here.out.splitlines() if " s)" not in one], argv
    module = run("--format", "json", cwd=project)
    assert module == call("--format", "json", cwd=project)


@pytest.mark.parametrize("argv", [(), ("check",)])
def test_a_bare_call_is_a_check(project: Path, argv: tuple[str, ...]) -> None:
    result = call(*argv, cwd=project)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("nothing wrong in 1 entry, 1 component")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_a_help_text(tmp_path: Path, name: str) -> None:
    result = call(name, "--help", cwd=tmp_path)
    assert (result.code, result.err) == (0, "")
    assert "usage: jit-guard" in result.out
    assert "--help" in result.out


def test_the_help_lists_every_command(tmp_path: Path) -> None:
    result = call("--help", cwd=tmp_path)
    for name, summary in COMMANDS.items():
        assert f"{name} " in result.out
        assert summary in result.out


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("chekc",), "unknown command 'chekc'; did you mean 'check'?"),
        (("expalin", "JG201"), "did you mean 'explain'?"),
        (("zzz",), "unknown command 'zzz'"),
        (("",), "unknown command ''"),
        (("--nope",), "unrecognized arguments: --nope"),
        (("--col", "always"), "--col"),
        (("--map",), "expected one argument"),
        (("check", "goal_map.json"), "goal_map.json"),
        (("--format", "yaml"), "unknown format 'yaml'; choose from text"),
        (("--format", "json="), "has no file name after the ="),
        (("--select", "JG9,XX"), "'JG9'"),
        (("--root", "nowhere"), "nowhere does not exist"),
        (("--config", "nowhere"), "nowhere does not exist"),
        (("--map", "nowhere"), "nowhere does not exist"),
        (("--schemafile", "nowhere"), "nowhere does not exist"),
        (("--components", ".."), "outside the root"),
    ],
)
def test_a_usage_error_says_what_is_wrong_and_what_to_do(
    project: Path, argv: tuple[str, ...], words: str
) -> None:
    result = call(*argv, cwd=project)
    assert (result.code, result.out) == (2, "")
    assert words in result.err
    assert result.err.startswith("jit-guard: error: ")


def test_fifty_findings_of_a_code_are_shown_unless_all_are_wanted(project: Path) -> None:
    lay_out(project, {f"components/personas/x{number}.txt": TEXT for number in range(52)})
    shown = [call(*argv, cwd=project).out for argv in ((), ("--show-all",), ("-q",))]
    assert [one.count(": JG301") for one in shown] == [50, 52, 52]


@pytest.mark.parametrize("argv", [("json",), ("json", "concise"), ("text=r.txt", "json")])
def test_statistics_are_a_part_of_the_text(project: Path, argv: tuple[str, ...]) -> None:
    formats = [word for one in argv for word in ("--format", one)]
    done = call("--statistics", *formats, cwd=project)
    if "text=r.txt" in argv:
        assert done.code == 0
    else:
        assert (done.code, done.out) == (2, "")
        assert "--statistics requires --format text" in done.err


def test_several_formats_can_be_written_to_files(project: Path) -> None:
    lay_out(project, {"components/x": TEXT})
    result = call(
        "--format", "text", "--format", "json=r.json", "--format", "text=r.txt", cwd=project
    )
    assert result.code == 1
    assert result.out.startswith("components/x: JG301")
    assert (project / "r.json").read_text().startswith('{\n  "version": 1,')
    assert (project / "r.txt").read_text().startswith("components/x: JG301")


def test_a_dash_as_the_file_of_a_format_is_standard_output(project: Path) -> None:
    done = call("--format", "json=-", "--format", "text=report.txt", cwd=project)
    assert done.report["tool"].startswith("jit-guard")
    assert not (project / "-").exists()
    assert (project / "report.txt").exists()


def test_a_format_in_a_file_alone_leaves_standard_output_empty(project: Path) -> None:
    result = call("--format", "json=r.json", cwd=project)
    assert (result.code, result.out) == (0, "")


def test_a_report_never_replaces_the_map(project: Path) -> None:
    before = (project / "goal_map.json").read_bytes()
    result = call("--format", "json=./goal_map.json", cwd=project)
    assert result.code == 2
    assert "json=./goal_map.json would overwrite a map" in result.err
    assert (project / "goal_map.json").read_bytes() == before


@pytest.mark.parametrize("path", ["no/such/directory/r.json", ".", "a\0b"])
def test_a_file_that_cannot_be_written_is_an_error_that_names_it(project: Path, path: str) -> None:
    result = call("--format", f"json={path}", cwd=project)
    assert result.code == 2
    assert result.err.startswith("jit-guard: error: ")
    assert path.replace("\0", "\\x00") in result.err


def test_exit_zero_hides_findings_from_the_exit_code_and_nothing_else(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(project, {"components/personas/left.txt": TEXT})
    assert call(cwd=project).code == 1
    done = call("--exit-zero", cwd=project)
    assert done.code == 0
    assert "JG301" in done.out
    assert call("--exit-zero", "--root", "nowhere", cwd=project).code == 2
    monkeypatch.setattr(cli_check, "exit_code", lambda *_, **__: 2)  # a file cannot be read
    assert call("--exit-zero", cwd=project).code == 2


class _Closed(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, _: str, /) -> int:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        *(((name,), 1) for name in ("explain", "config", "selftest", "recover", "prune")),
        (("log", "--json"), 1),
        (("--help",), 1),
        (("--fix", "--dry-run"), 1),
        ((), 1),
        (("--exit-zero",), 0),
        (("--ignore", "JG3"), 0),
        (("--format", "json", "--ignore", "JG3"), 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_without_a_reader_nothing_unfinished_passes(
    project: Path, argv: tuple[str, ...], code: int
) -> None:
    """A check has its result; any other command did not finish, and does not exit with 0."""
    lay_out(project, {"components/personas/old.txt": TEXT})
    err = io.StringIO()
    with at(project), redirect_stdout(_Closed()), redirect_stderr(err):
        assert cli.main(argv) == code
    assert err.getvalue() == ""


def test_a_pipe_has_the_text_of_a_terminal_without_colours_and_hyperlinks(project: Path) -> None:
    lay_out(project, {"goal_map.json": '{"GREET": {"persona": "gone.txt"}}', "components/x": TEXT})
    with terminal(cwd=project, size=(200, 24), FORCE_HYPERLINK="1") as screen:
        assert screen.ended() == 1
    assert "\x1b]8;;file://" in screen.raw
    assert "\x1b[1;31m" in screen.raw
    piped = call(cwd=project).out.splitlines()
    assert "  1 | {" in piped[1]
    assert [line for line in screen.lines if " in 1 entry" not in line] == [
        line for line in piped if " in 1 entry" not in line
    ]
    with terminal(cwd=project, size=(60, 24), FORCE_HYPERLINK="1", NO_COLOR="1") as screen:
        assert screen.ended() == 1
    assert "\x1b" not in screen.raw
    assert max(map(len, screen.lines)) <= 60
    words = " ".join(" ".join(screen.lines).split()).partition(" in 1 entry")[0]
    assert words == " ".join(" ".join(piped).split()).partition(" in 1 entry")[0]


def test_a_terminal_has_colours_and_breaks_and_a_file_has_neither(project: Path) -> None:
    lay_out(project, {"components/personas/old.txt": TEXT})
    done = on_screen("--format", "text", "--format", "text=r.txt", cwd=project, columns=60)
    assert done.code == 1
    assert "\x1b[" in done.out
    assert max(len(re.sub(r"\x1b\[\d*;?\d*m", "", line)) for line in done.out.splitlines()) <= 60
    in_file = (project / "r.txt").read_text()
    assert "\x1b" not in in_file
    assert max(map(len, in_file.splitlines())) > 60
    (project / "components/personas/old.txt").unlink()
    done = on_screen(cwd=project, columns=60)
    assert (done.code, "\x1b[" in done.out) == (0, True)
    assert "\x1b" not in on_screen(cwd=project, columns=60, NO_COLOR="1").out
    lay_out(project, {"components/personas/old.txt": TEXT})
    linked = on_screen(cwd=project, columns=60, FORCE_HYPERLINK="1").out
    assert "\x1b]8;;file://" in linked
    for off in ({"FORCE_HYPERLINK": "0"}, {"FORCE_HYPERLINK": "1", "NO_COLOR": "1"}):
        assert "\x1b]8" not in on_screen(cwd=project, columns=60, **off).out


def test_a_picture_has_the_components_and_every_format_its_excerpt(project: Path) -> None:
    page = call("--format", "html", cwd=project).out
    assert "You welcome people." in page
    lay_out(project, {"goal_map.json": '{"GREET": {"persona": "gone.txt"}}'})
    assert "  1 | {" in call(cwd=project).out


def test_quiet_prints_nothing_when_nothing_is_wrong(project: Path) -> None:
    assert call("-q", cwd=project) == (0, "", "")


def test_verbose_shows_idle_patterns_and_tracebacks_of_errors(project: Path) -> None:
    lay_out(project, {"jit-guard.toml": 'orphan-ignore = ["idle"]'})
    assert "'idle' matches nothing" in call("-v", cwd=project).err
    lay_out(project, {"components/x": TEXT})
    assert "'idle' matches nothing" in call("-v", cwd=project).err
    assert "matches nothing" not in call(cwd=project).err
    assert "Traceback" in call("-v", "--map", "nowhere", cwd=project).err


def test_colors_on_demand(project: Path) -> None:
    assert "\x1b[" in call("--color", "always", cwd=project).out
    assert "\x1b[" not in call("--color", "never", cwd=project).out
    assert "\x1b[" not in call(cwd=project).out
