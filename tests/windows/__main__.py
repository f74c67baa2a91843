"""Run tests on a Python for Windows, under Wine: `python -m tests.windows [PATH …] [PYTEST …]`.

The first run sets the environment up, in about two minutes, with a git that is compiled once, in
about five minutes; `--fast` needs no git, and tests what concerns Windows most. Without a path, the
whole suite is run, a few files at a time, which takes hours.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from .environment import ROOT, missing, prepare, run
from .whole import PYTEST, run_whole

_FAST = (
    "tests/windows",
    "tests/commit/test_moves.py",
    "tests/commit/test_recovery.py",
    "tests/sources/test_output.py",
)


def main(arguments: list[str]) -> int:
    """Run the command; the exit code is that of pytest, or 2 without Wine."""
    parser = argparse.ArgumentParser("python -m tests.windows", description=__doc__)
    parser.add_argument("--fast", action="store_true", help="a part that takes about a minute")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="of the whole suite, only the files that failed or did not finish",
    )
    parser.add_argument("--directory", type=Path, default=_default(), help="for the environment")
    options, given = parser.parse_known_args(arguments)
    if (advice := missing()) is not None:
        print(f"this needs Wine, and a compiler for Windows: {advice}", file=sys.stderr)
        return 2
    made = prepare(options.directory.resolve(), with_git=not options.fast)
    if options.fast:
        given += _FAST
    if any((ROOT / one.partition("::")[0]).exists() for one in given):
        return run(made, [*PYTEST, *given])
    return run_whole(made, given, resume=options.resume)


def _default() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "jit-guard-windows"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
