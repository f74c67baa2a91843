"""The objects of a repository, from one `git cat-file --batch` that lives as long as it is used.

Several requests are written ahead, so that git never waits for us; few enough that they fit into
the pipe of any system, so that we never wait for each other. A big blob is read in pieces.
"""

from __future__ import annotations

import subprocess
from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import islice
from typing import IO, NamedTuple

from jit_guard.errors import GitError
from jit_guard.sources.git import call
from jit_guard.sources.git.environment import Standpoint

_AHEAD = 60  # requests of 65 bytes: a pipe holds 4 KiB on every system
_PIECE = 1 << 16
_WHOLE = 1 << 30  # of what is wanted whole: joining many pieces takes its memory twice


class Found(NamedTuple):
    """An object: its id, what it is (blob, tree, commit, tag), its size, its bytes in pieces."""

    id: str
    kind: str
    size: int
    pieces: Iterator[bytes]


class Objects:
    """The objects of one repository. To be closed."""

    def __init__(self, standpoint: Standpoint) -> None:
        """Start git. Raises GitError when there is no git program."""
        try:
            self._process = subprocess.Popen(
                ["git", "cat-file", "--batch"],
                cwd=standpoint.folder,
                env=standpoint.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except FileNotFoundError:
            raise call.no_program() from None

    def close(self) -> None:
        """End git; what was not read is dropped."""
        process = self._process
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:  # it had ended by itself
                    continue
        process.wait()

    def whole(self, name: str) -> tuple[str, str, bytes] | None:
        """The id, the kind and all the bytes of an object; None when there is none.

        Args:
            name: an id, or whatever git takes for one (`HEAD:path`), without a line end.

        Raises:
            GitError: git has ended, or cannot read the object.
        """
        for found in self.each([name], _WHOLE):
            if found is not None:
                return found.id, found.kind, b"".join(found.pieces)
        return None

    def each(
        self, names: Iterable[str], piece: int = _PIECE
    ) -> Generator[Found | None, None, None]:
        """Objects by their names, in order; None for one that is not there.

        The pieces of one (of so many bytes) can be read until the next is asked for. Raises as
        `whole` does.
        """
        waiting = iter(names)
        while batch := list(islice(waiting, _AHEAD)):
            yield from self._batch(batch, piece)

    def _batch(self, names: Sequence[str], piece: int) -> Iterator[Found | None]:
        asked = "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")
        requests, answers = self._pipes()
        try:
            requests.write(asked)
            requests.flush()
        except BrokenPipeError:
            raise self._ended() from None
        found: Found | None = None
        left = len(names)
        try:
            while left:
                found = self._answer(answers, piece)
                left -= 1
                yield found
                _drop(found)
        except GeneratorExit:  # nobody wants the rest, but the next answer stands behind it
            if not answers.closed:
                _drop(found)
                for _ in range(left):
                    _drop(self._answer(answers, piece))
            raise

    def _answer(self, answers: IO[bytes], piece: int) -> Found | None:
        line = answers.readline()
        if not line.endswith(b"\n"):
            raise self._ended()
        told = line.decode("utf-8", "surrogateescape").split()
        if len(told) != 3 or not told[2].isdecimal():  # NAME missing, NAME ambiguous
            return None
        return Found(told[0], told[1], int(told[2]), self._pieces(int(told[2]), answers, piece))

    def _pieces(self, left: int, answers: IO[bytes], piece: int) -> Iterator[bytes]:
        while left:
            data = answers.read(min(left, piece))
            if not data:
                raise self._ended()
            left -= len(data)
            yield data
        answers.read(1)  # the line end after an object

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        return process.stdin, process.stdout

    def _ended(self) -> GitError:
        assert self._process.stderr is not None
        said = call.words(self._process.stderr.read())
        return GitError(f"git cat-file stopped: {said}")


def _drop(found: Found | None) -> None:
    for _ in found.pieces if found is not None else ():
        pass
