"""The empty files of a large tree, found by a second process while the first reads the map.

Asking for a million sizes takes as long as everything else in a check together. This file is
also the program of the second process, which imports nothing of ours: it walks the folders by
itself and tells, one folder a line, which files hold nothing. That is nearly always none, so
next to nothing goes through the pipe, and where an answer is lacking the first process looks
itself.
"""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from subprocess import Popen


def is_possible() -> bool:
    """Is there a processor for a second process, and a Python to run it?"""
    if os.name != "posix" or not sys.executable or getattr(sys, "frozen", False):
        return False
    if hasattr(os, "sched_getaffinity"):  # what this process may use, where it is known
        return len(os.sched_getaffinity(0)) > 1
    return (os.cpu_count() or 1) > 1


class Survey:
    """A second process over the folders at and below one of the project's. To be closed.

    Args:
        root: the project's root.
        top: a real folder, relative to it.
    """

    def __init__(self, root: str, top: str) -> None:
        self._process = _started([sys.executable, "-I", "-S", __file__, root, top])
        self._told: dict[str, set[str]] = {}

    def hollow(self, folder: str) -> set[str] | None:
        """The files of a folder that hold nothing; None: it cannot tell. Waits for the answer."""
        while folder not in self._told and self._process is not None:
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
            if not line.endswith(b"\n"):  # it has come to its end, or to grief
                self.close()
                break
            path, *names = map(_as_name, json.loads(line))
            self._told[path] = set(names)
        return self._told.get(folder)

    def close(self) -> None:
        """End the process, whatever it was doing."""
        if self._process is not None:
            self._process.kill()
            with self._process:  # closes the pipe, and waits
                self._process = None


def _started(command: list[str]) -> Popen[bytes] | None:
    import subprocess

    quiet = subprocess.DEVNULL  # Ctrl-C reaches it, too, and it has nothing to say to that
    try:
        return subprocess.Popen(command, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet)
    except OSError:
        return None


def _as_name(told: str) -> str:
    return os.fsdecode(told.encode("latin-1"))


def main(root: str, top: str) -> None:
    """Tell the empty files of every folder that can be read, a line each: `[folder, *names]`.

    A line is JSON, and a letter of it a byte: how names are encoded is no matter here.
    """
    os.chdir(root)
    waiting = [os.fsencode(top)]
    while waiting:
        folder = waiting.pop()
        told = [folder]
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(folder + b"/" + entry.name)
                    elif entry.is_file(follow_symlinks=False) and _is_empty(entry):
                        told.append(entry.name)
        except OSError:
            continue
        sys.stdout.write(json.dumps([name.decode("latin-1") for name in told]) + "\n")
        sys.stdout.flush()


def _is_empty(entry: os.DirEntry[bytes]) -> bool:
    try:
        return not entry.stat(follow_symlinks=False).st_size
    except FileNotFoundError:  # since it was listed
        return False


if __name__ == "__main__":
    main(*sys.argv[1:])
