"""The completions, in real shells."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from projects import call
from terminals import terminal

# What is typed, some of what is offered, and something that is not.
CASES = [
    ("jit-guard ", ["check", "explain", "completion"], "--fix"),
    ("jit-guard exp", ["explain"], "config"),
    ("jit-guard --stat", ["--statistics"], "--strict"),
    ("jit-guard --format ", ["text", "concise", "sarif"], "explain"),
    ("jit-guard prune --", ["--dry-run", "--force", "--root"], "--fix"),
    ("jit-guard explain JG20", ["JG201", "JG208"], "JG301"),
    ("jit-guard completion ", ["bash", "zsh", "fish"], "tcsh"),
    ("jit-guard --config jit", ["jit-guard.toml"], "notes.txt"),
]


def need(shell: str) -> str:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed")
    return found


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "jit-guard.toml").touch()
    (tmp_path / "notes.txt").touch()
    for shell in ("bash", "zsh", "fish"):
        script = call("completion", shell, cwd=tmp_path)
        assert (script.code, script.err) == (0, "")
        (tmp_path / f"script.{shell}").write_text(script.out)
    return tmp_path


def offered_by_bash(typed: str, directory: Path) -> list[str]:
    words = shlex.split(typed) + ([""] if typed.endswith(" ") else [])
    current, before = words[-1], words[-2]
    return _lines(
        [need("bash"), "--norc", "--noprofile", "-c"],
        f"""
        . ./script.bash
        COMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}
        COMP_LINE={shlex.quote(typed)}; COMP_POINT=${{#COMP_LINE}}
        $(complete -p jit-guard | sed 's/.*-F \\([^ ]*\\) .*/\\1/') \\
          jit-guard {shlex.quote(current)} {shlex.quote(before)}
        printf '%s\\n' "${{COMPREPLY[@]}}"
        """,
        directory,
    )


def offered_by_fish(typed: str, directory: Path) -> list[str]:
    script = f"source script.fish; complete -C {shlex.quote(typed)}"
    lines = _lines([need("fish"), "--no-config", "-c"], script, directory)
    return [line.partition("\t")[0] for line in lines]


def _lines(shell: list[str], script: str, directory: Path) -> list[str]:
    done = subprocess.run(
        [*shell, script], cwd=directory, capture_output=True, check=False, text=True, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize("offered", [offered_by_bash, offered_by_fish], ids=["bash", "fish"])
def test_commands_options_and_values_are_completed(offered: object, directory: Path) -> None:
    for typed, wanted, unwanted in CASES:
        found = offered(typed, directory)  # type: ignore[operator]
        found = [word.strip() for word in found]
        assert set(wanted) <= set(found), typed
        assert unwanted not in found, typed


def test_commands_options_and_values_are_completed_by_zsh(directory: Path) -> None:
    zsh = need("zsh")
    (directory / "_jit-guard").write_text((directory / "script.zsh").read_text())
    start = f"import os; os.execv({zsh!r}, ['zsh', '-f', '-i'])"
    with terminal(cwd=directory, size=(100, 60), program=start, PS1="%# ") as screen:
        screen.send("PS1='ready> '; fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D\n")
        screen.until(lambda one: one.lines[-1:] == ["ready>"])
        for typed, wanted, unwanted in CASES:
            screen.send("clear\n")
            screen.until(lambda one: one.lines == ["ready>"])
            screen.send(f"{typed}\t")
            for word in wanted:
                screen.until(word)
            assert unwanted not in screen.shown.replace(typed, ""), typed
            screen.send("\x15")


@pytest.mark.parametrize("argv", [("tcsh",), (), ("bash", "zsh")])
def test_another_shell_is_an_error_that_names_the_known_ones(
    tmp_path: Path, argv: tuple[str, ...]
) -> None:
    done = call("completion", *argv, cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    if argv == ("tcsh",):
        assert all(shell in done.err for shell in ("bash", "zsh", "fish"))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_printed_as_it_is(tmp_path: Path, shell: str) -> None:
    done = call("completion", shell, cwd=tmp_path)
    script = files("jit_guard.commands") / "data" / f"jit-guard.{shell}"
    assert (done.code, done.err) == (0, "")
    assert done.out == script.read_text("utf-8")
