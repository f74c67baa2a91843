"""The whole suite on Windows, a few files of tests at a time, so that a hang costs one part."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from .environment import ROOT, Environment, run, stop, windows_path
from .results import Results, table
from .session import read

PYTEST = ("-m", "pytest", "-p", "no:cacheprovider")
_FILES = 6  # in a part; a session of pytest needs seven seconds to start
_TEST = 120  # seconds
_PART = 1200  # seconds


def run_whole(made: Environment, options: Sequence[str], *, resume: bool) -> int:
    """Run every file of tests, and print what each part gives, and at the end the table of all.

    Args:
        made: the environment.
        options: for pytest.
        resume: run only what has failed or did not finish before, each file as a part of its own.

    Returns:
        0 if everything has passed, else 1.
    """
    results = Results(made.directory / "results.jsonl")
    files = sorted(
        (one.relative_to(ROOT).as_posix() for one in (ROOT / "tests").rglob("test_*.py")),
        key=lambda file: file.rpartition("/"),
    )
    left = [file for file in files if not (resume and results.settled(file))]
    size = 1 if resume else _FILES
    parts = [left[start : start + size] for start in range(0, len(left), size)]
    for number, part in enumerate(parts, 1):
        print(f"\n[{number} of {len(parts)}] {' '.join(part)}", flush=True)
        log = made.directory / "session.jsonl"
        log.unlink(missing_ok=True)
        kept = (f"--timeout={_TEST}", f"--keep-results={windows_path(log)}")
        try:
            run(made, [*PYTEST, *kept, *options, *part], seconds=_PART)
        except subprocess.TimeoutExpired:
            print(f"\nended after {_PART} s", flush=True)
        stop(made)  # what a test has left running
        results.add(read(log, part, _commit()))
    found = results.of(files)
    print()
    for one in found:
        for test in one.failed:
            print(f"failed: {test}")
        if not one.finished:
            print(f"not finished: {one.file}")
    print(f"\n{table(found)}")
    return 0 if all(one.settled for one in found) else 1


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout[:-1]
