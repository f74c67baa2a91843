"""The objects of a repository, read through one `git cat-file --batch` process.

Several requests are written ahead, so that git never waits for us, but few enough to fit into the
pipe buffer of every system, so that there is no deadlock. A large blob is read in pieces.
"""

from __future__ import annotations

import subprocess
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from time import monotonic
from typing import IO, NamedTuple

from jit_guard.errors import GitError
from jit_guard.sources.git import call
from jit_guard.sources.git.environment import Standpoint, git_command, refuse_odd_files
from jit_guard.sources.git.watchdog import Watchdog

_AHEAD = 60  # requests of 65 bytes: a pipe holds 4 KiB on every system
_PIECE = 1 << 16
_WHOLE = 1 << 30  # piece size for `whole`, since joining many pieces doubles the memory
_MOST_UNFETCHED = 100  # times that git is started again


class _NotFetchedError(GitError):
    """Git ended because it may not fetch an object, and has answered what was asked before."""


class Found(NamedTuple):
    """An object: id, kind (blob, tree, commit or tag), size, and bytes in pieces."""

    id: str
    kind: str
    size: int
    pieces: Iterator[bytes]


class Objects:
    """The objects of one repository; must be closed."""

    def __init__(self, standpoint: Standpoint, *, contents: bool = True) -> None:
        """Start git. Raises GitError if git is not installed or cannot be started.

        Args:
            standpoint: where to run git.
            contents: read the bytes of objects; otherwise only their ids, kinds and sizes.
        """
        self._standpoint = standpoint
        self._contents = contents
        self._unfetched = 0
        self._process = self._start()
        self._watchdog = Watchdog(self._process)

    def _start(self) -> subprocess.Popen[bytes]:
        refuse_odd_files(self._standpoint)
        try:
            return subprocess.Popen(
                git_command(["cat-file", "--batch" if self._contents else "--batch-check"]),
                cwd=self._standpoint.directory,
                env=self._standpoint.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            raise call.not_started(error) from None

    def close(self) -> None:
        """Terminate git and discard unread output."""
        self._watchdog.close()
        self._end()

    def _end(self) -> None:
        process = self._process
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                try:
                    stream.close()
                except OSError:  # git has exited already
                    continue
        process.wait()

    def whole(self, name: str) -> tuple[str, str, bytes] | None:
        """Return id, kind and all bytes of an object; None if it does not exist.

        Args:
            name: an id, or any other name of an object (`HEAD:path`), without a newline.

        Raises:
            GitError: git has exited, or cannot read the object.
        """
        for found in self.each([name], _WHOLE):
            if found is not None:
                return found.id, found.kind, b"".join(found.pieces)
        return None

    def each(
        self, names: Iterable[str], piece: int = _PIECE
    ) -> Generator[Found | None, None, None]:
        """Yield objects by name, in order; None for one that does not exist.

        The pieces of an object, of `piece` bytes each, must be read before the next object.
        Raises as `whole` does.
        """
        waiting = iter(names)
        while batch := list(islice(waiting, _AHEAD)):
            while batch:
                answered = 0
                try:
                    with closing(self._batch(batch, piece)) as answers:
                        for found in answers:
                            yield found
                            answered += 1
                except _NotFetchedError:
                    # In a partial clone, git ends at the first object that it may not fetch.
                    self._unfetched += 1
                    if self._unfetched > _MOST_UNFETCHED:
                        raise
                    self._end()
                    self._process = self._watchdog.process = self._start()
                    yield None
                    answered += 1
                del batch[:answered]

    def _batch(self, names: Sequence[str], piece: int) -> Generator[Found | None, None, None]:
        asked = "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")
        requests, answers = self._pipes()
        try:
            requests.write(asked)
            requests.flush()
        except OSError:  # git has exited; Windows has another error for that
            raise self._ended() from None
        found: Found | None = None
        left = len(names)
        try:
            while left:
                found = self._answer(answers, piece)
                left -= 1
                yield found
                _drop(found)
        except GeneratorExit:  # skip the rest, since the next answer comes after it
            if not answers.closed:
                _drop(found)
                for _ in range(left):
                    _drop(self._answer(answers, piece))
            raise

    def _answer(self, answers: IO[bytes], piece: int) -> Found | None:
        self._watchdog.asked = monotonic()
        line = answers.readline()
        self._watchdog.asked = 0.0
        if not line.endswith(b"\n"):
            raise self._ended()
        header = line.decode("utf-8", "surrogateescape").split()
        if len(header) != 3 or not header[2].isdecimal():  # NAME missing, NAME ambiguous
            return None
        blob, kind, size = header[0], header[1], int(header[2])
        pieces = self._pieces(size, answers, piece) if self._contents else iter(())
        return Found(blob, kind, size, pieces)

    def _pieces(self, left: int, answers: IO[bytes], piece: int) -> Iterator[bytes]:
        while left:
            data = answers.read(min(left, piece))
            if not data:
                raise self._ended()
            left -= len(data)
            yield data
        answers.read(1)  # the newline after an object

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        return process.stdin, process.stdout

    def _ended(self) -> GitError:
        assert self._process.stderr is not None
        error = call.words(self._process.stderr.read())
        if self._watchdog.expired:
            return call.no_answer("cat-file")
        if "from promisor remote" in error:
            return _NotFetchedError("the repository does not have many objects (a partial clone)")
        return GitError(f"git cat-file exited: {error}")


def _drop(found: Found | None) -> None:
    for _ in found.pieces if found is not None else ():
        pass
