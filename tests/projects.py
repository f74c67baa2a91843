"""Projects for tests: built in memory or laid out on disk, and the command run on them."""

from __future__ import annotations

import io
import itertools
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import fork_server
from jit_guard import cli
from jit_guard.check import check
from jit_guard.config import Settings, TypeSettings
from jit_guard.report import Finding, Report
from jit_guard.sources.memory import Link, Memory, Other

Content = bytes | str
Files = Mapping[str, Content]  # path -> content, or a Link, or an Other; "x/" is a directory

MAP = '{"GREET": {"persona": "host.txt"}}\n'
HOST = "You welcome people.\n"
SOUND: Files = {"goal_map.json": MAP, "components/personas/host.txt": HOST}
TEXT = "Some text.\n"
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
NOBODY = 65534
_NEEDS_A_SHELL = {"clone", "fetch", "filter", "pull", "push", "submodule"}  # git
_UTF_8 = {"PYTHONIOENCODING": "utf-8"} if sys.platform == "win32" else {}
# A user, and no maintenance, which a commit starts as one more process.
_SETTINGS = [
    word
    for setting in ("user.name=Test", "user.email=test@example.invalid", "maintenance.auto=false")
    for word in ("-c", setting)
]
_RESERVED = r"(?:^|/)(?:con|prn|aux|nul|com\d|lpt\d)(?:\.[^/]*)?(?:/|$)"
_NOT_ON_WINDOWS = re.compile(rf"(?i)[<>:\"|?*\\\0-\x1f\ud800-\udfff]|[ .](?:/|$)|{_RESERVED}")


class Outcome(NamedTuple):
    """The result of one run of the command."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> Any:
        """The JSON report that was printed."""
        return json.loads(self.out)

    @property
    def codes(self) -> list[str]:
        """The codes of the JSON report, in its order."""
        return [finding["code"] for finding in self.report["findings"]]


def sound(goals: Mapping[str, Mapping[str, str]], **more: Content) -> dict[str, Content]:
    """A project whose map and tree agree, for plain names and default directories."""
    files: dict[str, Content] = {"goal_map.json": json.dumps(goals, ensure_ascii=False)}
    for parts in goals.values():
        for component_type, filename in parts.items():
            files[f"components/{component_type}s/{filename}"] = TEXT
    return {**files, **more}


def report_on(
    files: Files,
    ignored: Iterable[str] = (),
    tracked: Iterable[str] | None = None,
    **settings: Any,
) -> Report:
    """The report on a project in memory."""
    return check(Memory(files, ignored, tracked=tracked), Settings(**settings))


def found(files: Files, ignored: Iterable[str] = (), **settings: Any) -> list[Finding]:
    """The findings of a project in memory."""
    return list(report_on(files, ignored, **settings).findings)


def codes(findings: Iterable[Finding]) -> list[str]:
    """The codes of findings, in their order."""
    return [finding.code for finding in findings]


def only(findings: Sequence[Finding], code: str) -> Finding:
    """The only finding, checked to have this code."""
    assert codes(findings) == [code], findings
    return findings[0]


def configured(**types: TypeSettings) -> dict[str, Any]:
    """The settings of component types."""
    return {"types": types}


def lay_out(directory: Path, files: Files) -> Path:
    """Write a project to disk. Names may have surrogate escapes for bytes that are not UTF-8."""
    made: set[str] = set()
    _skip_without_case(files)
    for path, content in files.items():
        _skip_on_windows(path)
        full = os.path.join(directory, path)
        parent = os.path.dirname(full)
        if parent not in made:  # thousands of files share a few directories
            os.makedirs(parent, exist_ok=True)
            made.add(parent)
        if isinstance(content, Link):
            os.symlink(content, full)
        elif isinstance(content, Other):
            _make_other(str(content), full)
        elif not path.endswith("/"):
            with open(full, "wb") as file:
                file.write(
                    content.encode("utf-8", "surrogateescape")
                    if isinstance(content, str)
                    else content
                )
    return directory


def _skip_without_case(files: Iterable[str]) -> None:
    """Skip the test if it is about names that are one name on Windows, and usually on macOS."""
    known: dict[str, str] = {}
    for path in files if sys.platform in ("win32", "darwin") else ():
        names = path.rstrip("/").split("/")
        for above in itertools.accumulate(names, "{}/{}".format):
            folded = above.casefold()
            name = unicodedata.normalize("NFC", folded) if sys.platform == "darwin" else folded
            if known.setdefault(name, above) != above:
                pytest.skip(f"{known[name]!r} and {above!r} are one name here")


def _skip_on_windows(path: str) -> None:
    """Skip the test if it is about a name that Windows cannot hold."""
    if sys.platform == "win32" and _NOT_ON_WINDOWS.search(path):
        pytest.skip(f"Windows cannot hold the name {path!r}")


def _make_other(kind: str, path: str) -> None:
    if sys.platform == "win32":
        pytest.skip(f"a {kind} of POSIX")
    if kind == "FIFO":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made, at(Path(path).parent):
            made.bind(os.path.basename(path))  # a socket's path may have at most 108 bytes
    else:
        raise AssertionError(kind)


@contextmanager
def at(directory: str | os.PathLike[str]) -> Iterator[None]:
    """Change the working directory temporarily."""
    before = os.getcwd()
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(before)


def call(*argv: str, cwd: str | os.PathLike[str]) -> Outcome:
    """Run the command in this process, which is fast, with the encoding of real streams."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    with at(cwd), redirect_stdout(out), redirect_stderr(err):
        code = cli.main(argv)
    return Outcome(code, _taken(out), _taken(err))


def _taken(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()


def command(*argv: str | bytes) -> list[str | bytes]:
    """The arguments that start the command in a process of its own."""
    return [sys.executable, "-m", "jit_guard", *argv]


def command_line(*words: str) -> str:
    """The words as a user of this platform quotes them, for `--command` or `EDITOR`."""
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


def run(
    *argv: str | bytes, cwd: str | os.PathLike[str], timeout: float = 60, **environment: str
) -> Outcome:
    """Run the command in a process of its own; one that takes too long or hangs fails the test.

    Args:
        argv: the arguments.
        cwd: the working directory.
        timeout: seconds of processor time, which is the same on a busy machine.
        environment: more variables.
    """
    env = {**os.environ, **_UTF_8, **environment}
    if fork_server.can_start(env):
        done = fork_server.run(
            "jit_guard.cli:run",
            ["jit-guard", *argv],
            cwd=cwd,
            env=env,
            seconds=timeout,
            timeout=4 * timeout,
        )
    else:
        done = subprocess.run(
            command(*argv),
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=4 * timeout,
            check=False,
        )
    assert done.returncode != -getattr(signal, "SIGXCPU", 1000), f"more than {timeout} s: {argv}"
    lines = (text.decode().replace(os.linesep, "\n") for text in (done.stdout, done.stderr))
    return Outcome(done.returncode, *lines)


def processor_time() -> float:
    """Return the seconds that this process and its finished children have worked so far."""
    return sum(os.times()[:4])


def run_without_privileges(*argv: str, cwd: str | os.PathLike[str]) -> Outcome:
    """Run the command as an unprivileged user, even if the tests run as root."""
    if not IS_ROOT:
        return run(*argv, cwd=cwd)
    # Another user may not be able to read the interpreter's files: a fork has imported them.
    entry = "projects:_without_privileges"
    done = fork_server.run(entry, ["jit-guard", *argv], cwd=cwd, env=os.environ, timeout=60)
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


def _without_privileges() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    cli.run()


def git(directory: Path, *argv: str) -> str:
    """Run git in a directory with a test identity, without user configuration."""
    if sys.platform == "win32":
        if shutil.which("git") is None:
            pytest.skip("git is not on the PATH")
        needs = _NEEDS_A_SHELL.intersection(word.partition(".")[0] for word in argv)
        if needs and not (Path(shutil.which("git") or "").parents[1] / "bin/sh.exe").exists():
            pytest.skip(f"{needs.pop()}: git has no shell")
    done = subprocess.run(
        ["git", *_SETTINGS, *argv],
        cwd=directory,
        capture_output=True,
        check=True,
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
        },
    )
    return done.stdout.decode()
