"""A second process that looks at the files of a large tree while the first one reads the map.

Asking for a million sizes takes as long as everything else in a check together, and reading a
million texts twice as long. This file is also the program of the second process, which imports
nothing of ours: it walks the folders by itself and tells, one folder a line, which files are odd.
That is nearly always none, so next to nothing goes through the pipe. What an odd file is, and
every file where an answer is lacking, the first process looks at itself.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from subprocess import Popen

_SIZES, _TEXTS = "sizes", "texts"
_PIECE = 1 << 16  # bytes of a text that is looked at whole
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def is_possible() -> bool:
    """Is there a processor for a second process, and a Python to run it?"""
    # Inside a server or a frozen program, the executable is that, and would be started again.
    program = os.path.basename(sys.executable or "")
    if not program.startswith(("python", "pypy")) or getattr(sys, "frozen", False):
        return False
    if os.name != "posix":
        return False
    if hasattr(os, "sched_getaffinity"):  # what this process may use, where it is known
        return len(os.sched_getaffinity(0)) > 1
    return (os.cpu_count() or 1) > 1


class Survey:
    """A second process over the folders at and below one of the project's. To be closed.

    Args:
        root: the project's root.
        top: a real folder, relative to it.
        texts: read every file; else only its size is asked.
    """

    def __init__(self, root: str, top: str, *, texts: bool) -> None:
        self.texts = texts
        what = _TEXTS if texts else _SIZES
        self._process = _started([sys.executable, "-I", "-S", __file__, root, top, what])
        self._told: dict[str, tuple[int, set[str]]] = {}

    def odd(self, folder: str, size: int) -> set[str] | None:
        """The files of a folder that must be looked at; None: it cannot tell. Waits for the answer.

        Args:
            folder: relative to the root.
            size: how many files it holds. Where the survey has seen another number, it cannot
                tell: somebody is writing.
        """
        while folder not in self._told and self._process is not None:
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
            if not line.endswith(b"\n"):  # it has come to its end, or to grief
                self.close()
                break
            path, seen, *names = json.loads(line)
            self._told[_as_name(path)] = seen, set(map(_as_name, names))
        seen, odd = self._told.get(folder, (-1, set()))
        return odd if seen == size else None

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


def main(root: str, top: str, what: str) -> None:
    """Tell the odd files of every folder that can be read: `[folder, files seen, *names]` each.

    A line is JSON, and a letter of it a byte: how names are encoded is no matter here.
    """
    is_odd = _is_odd_text if what == _TEXTS else _is_empty
    start = os.fsencode(root)
    waiting = [os.fsencode(top)]
    while waiting:
        folder = waiting.pop()
        odd: list[bytes] = []
        seen = 0
        try:
            os.chdir(os.path.join(start, folder))  # so that every path below is short
            for entry in _entries():
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != b".git":
                        waiting.append(os.path.join(folder, entry.name))
                elif entry.is_file(follow_symlinks=False):
                    seen += 1
                    if is_odd(entry):
                        odd.append(entry.name)
        except OSError:
            continue
        names = [name.decode("latin-1") for name in (folder, *odd)]
        sys.stdout.write(json.dumps([names[0], seen, *names[1:]]) + "\n")
        sys.stdout.flush()


def _entries() -> Iterator[os.DirEntry[bytes]]:
    with os.scandir(b".") as entries:
        yield from entries


def _is_empty(entry: os.DirEntry[bytes]) -> bool:
    try:
        return not entry.stat(follow_symlinks=False).st_size
    except OSError:
        return True


def _is_odd_text(entry: os.DirEntry[bytes]) -> bool:
    """Is this anything but a text of ordinary size that nothing can be said of?"""
    try:
        handle = os.open(entry.name, _FLAGS)
        try:
            data = os.read(handle, _PIECE)
        finally:
            os.close(handle)
        plain = len(data) < _PIECE and not data.decode().isspace()
    except (OSError, UnicodeDecodeError):
        return True
    # The pointers of Git LFS, and the drafts of ours.
    return not plain or not data or data.startswith(b"version ") or b"jit-guard:draft" in data


if __name__ == "__main__":
    main(*sys.argv[1:])
