"""The code blocks of the documentation, and a shell that runs the commands in them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import runner
from runner import ROOT

_BLOCK = re.compile(r'(?ms)^ *```(\w+)(?: title="([^"]+)")?\n(.*?)^ *```$')
_FILE = re.compile(r"# (\S+\.(?:ya?ml|toml))\n")


class Block(NamedTuple):
    """One fenced block of a page."""

    page: str
    language: str
    title: str
    text: str

    @property
    def first(self) -> str:
        """Its first line."""
        return self.text.partition("\n")[0]

    @property
    def file(self) -> str:
        """The file it is for: its title, or the comment in its first line."""
        named = _FILE.match(self.text)
        return self.title or (named[1] if named else "")

    @property
    def commands(self) -> list[tuple[str, list[str]]]:
        """The commands after `$ `, each with the lines that it prints."""
        parts = re.split(r"(?m)^\$ ", self.text)
        assert not parts[0], f"{self.page}: output before the first command: {parts[0]}"
        split = (part.rstrip("\n").split("\n") for part in parts[1:])
        return [(command, lines) for command, *lines in split]


def blocks(page: str) -> list[Block]:
    """The blocks of a page in `docs/`, in their order."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    return [
        Block(page, language, title, textwrap.dedent(content))
        for language, title, content in _BLOCK.findall(text)
    ]


def block(page: str, first: str) -> Block:
    """The block of a page that begins with this line."""
    (found,) = (one for one in blocks(page) if one.first.startswith(first))
    return found


class Shell:
    """Run commands one after the other, as a user does who reads a page.

    Besides `jit-guard`, the named programs are those of this environment.
    """

    def __init__(self, directory: Path, *programs: str) -> None:
        self.directory = directory
        self._programs = runner.scripts(directory.parent / "programs", "jit-guard")
        self._now = self._programs / "directory"
        for name in programs:
            (self._programs / name).write_text(
                f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {name.replace("-", "_")} "$@"\n'
            )
            (self._programs / name).chmod(0o755)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of bash; `cd` lasts."""
        here, now = shlex.quote(str(self.directory)), shlex.quote(str(self._now))
        done = subprocess.run(
            ["bash", "-c", f"cd -- {here}\n{command}\ncode=$?; pwd > {now}; exit $code"],
            env={
                **os.environ,
                "PATH": f"{self._programs}:{os.environ['PATH']}",
                "PRE_COMMIT_HOME": str(self._programs.parent / "cache"),
                "GIT_CONFIG_GLOBAL": os.devnull,
                **{f"GIT_{who}_NAME": "Test" for who in ("AUTHOR", "COMMITTER")},
                **{f"GIT_{who}_EMAIL": "test@example.invalid" for who in ("AUTHOR", "COMMITTER")},
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.directory = Path(self._now.read_text().rstrip("\n"))
        return done

    def follow(self, shown: Block) -> None:
        """Run the commands of a block, and compare what they print with what it shows."""
        for command, expected in shown.commands:
            done = self.run(command)
            where = f"{shown.page}: $ {command}\n"
            if expected:
                difference = compared(expected, done.stdout, done.stderr)
                assert not difference, where + difference
            else:
                assert done.returncode == 0, where + done.stderr


def compared(expected: Sequence[str], out: str, err: str) -> str:
    """What was printed, if it is not what was expected; a line of `…` is any lines, or none.

    A terminal mixes both streams. Here, the lines that begin with `jit-guard: ` are compared with
    standard error; if some lines are left out, more of them may be printed.
    """
    notes = [line for line in expected if line.startswith("jit-guard: ")]
    printed = [line for line in expected if line not in notes]
    wanted = notes if "…" not in expected else ["…", *(x for note in notes for x in (note, "…"))]
    for lines, text in ((printed, out), (wanted, err)):
        if not re.fullmatch(_pattern(lines), _timeless(text)):
            return text
    return ""


def _pattern(lines: Sequence[str]) -> str:
    any_lines = r"(?:.*\n)*?"
    return "".join(
        any_lines if line == "…" else re.escape(_timeless(line)) + "\n" for line in lines
    )


def _timeless(text: str) -> str:
    return re.sub(r"\(\d+\.\d\d s\)", "(0.00 s)", text)
