"""`--watch`: check again whenever a file of the project changes."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from jit_guard.commands.options import Options
from jit_guard.errors import JitGuardError, UsageError
from jit_guard.sources.repository import git_directory, top
from jit_guard.text.console import Console
from jit_guard.text.names import STATE_DIRECTORY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_SHORTEST, _LONGEST = 0.2, 10.0  # seconds between two looks
_IDLE = 20  # times as long as a look takes is waited before the next one
# Directories that have no components, and may have very many files.
_SKIPPED = frozenset(
    (STATE_DIRECTORY, ".git", ".hg", ".tox", ".venv", "__pycache__", "node_modules", "venv")
)
_SHOWN = frozenset(("text", "concise"))


def refuse_with_watch(options: Options) -> None:
    """Raise UsageError for options that cannot be combined with `--watch`."""
    if options.fix or options.update_baseline:
        other = "--fix" if options.fix else "--update-baseline"
        raise UsageError(f"--watch only checks; remove {other}")
    if options.source != "worktree":
        raise UsageError("--watch only works on the worktree; remove --source")
    if any(name not in _SHOWN or file is not None for name, file in options.format):
        raise UsageError("--watch prints text or concise; remove the other formats")


def watch(
    check: Callable[[], object], root: str, named: Iterable[str | None], console: Console
) -> NoReturn:
    """Check, and again after every change, until Ctrl-C.

    Args:
        check: checks and prints the report.
        root: the project's root.
        named: files outside the project that options name.
        console: a terminal is cleared before each report.
    """
    files = [path for path in named if path is not None]
    while True:
        seen, _ = _look(root, files)  # before the check, so that no change is missed
        console.clear()
        try:
            check()
        except JitGuardError as error:  # such as a configuration in the middle of an edit
            console.error(*error.lines)
        console.note("watching for changes; Ctrl-C stops")
        console.out.flush()
        gc.collect()  # the command has turned it off
        _wait_for_change(seen, root, files)


def _wait_for_change(seen: int, root: str, files: list[str]) -> None:
    now, took = _look(root, files)
    while now == seen:
        time.sleep(min(max(_SHORTEST, _IDLE * took), _LONGEST))
        now, took = _look(root, files)


def _look(root: str, files: list[str]) -> tuple[int, float]:
    """Return a number that changes with every file of the project, and how long that took."""
    started = time.perf_counter()
    found = 0
    for path, state in _states(root, files):
        found ^= hash((path, state.st_mtime_ns, state.st_size, state.st_ino, state.st_mode))
    return found, time.perf_counter() - started


def _states(root: str, files: list[str]) -> Iterator[tuple[str, os.stat_result]]:
    above = top(os.path.realpath(root))
    git = None if above is None else git_directory(above)
    in_git = [] if git is None else [os.path.join(git, name) for name in ("index", "HEAD")]
    for path in (*files, *in_git):
        with suppress(OSError):
            yield path, os.stat(path)
    waiting = [root]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.name in _SKIPPED:
                    continue
                try:
                    yield entry.path, entry.stat()
                except OSError:  # a broken link, or gone
                    yield entry.path, entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
