"""Running git once: a question, its answer, and what git says when it cannot answer."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

from jit_guard.errors import GitError, NoGitError
from jit_guard.sources.git.environment import clean_environment

Answer = subprocess.CompletedProcess[bytes]


def ask(
    folder: str,
    arguments: Sequence[str],
    given: str = "",
    environment: Mapping[str, str] | None = None,
) -> Answer:
    """Run git in a folder and return what it answers, whatever its exit code.

    Args:
        folder: the working directory.
        arguments: of git; after `--` they are paths, taken literally.
        given: its standard input.
        environment: None: one that is scrubbed of what git exports to hooks.

    Raises:
        GitError: there is no git program, as in a slim CI image.
    """
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=folder,
            input=given.encode("utf-8", "surrogateescape"),
            capture_output=True,
            env=clean_environment() if environment is None else environment,
            check=False,
        )
    except FileNotFoundError:
        raise no_program() from None


def lines(answer: Answer) -> list[str]:
    """An answer that `-z` ended with NULs."""
    return list(filter(None, answer.stdout.decode("utf-8", "surrogateescape").split("\0")))


def complaint(what: str, answer: Answer) -> GitError:
    """What git said on standard error, as our error; `what` was asked."""
    return GitError(f"git {what}: {words(answer.stderr)}")


def words(stderr: bytes) -> str:
    """What git said, without its advice."""
    said = stderr.decode("utf-8", "replace").splitlines()
    told = [line for line in said if line.strip() and not line.startswith(("hint:", "warning:"))]
    return "\n".join(told) or "it gives no reason"


def no_program() -> NoGitError:
    """There is nothing to run."""
    return NoGitError("there is no git program on the PATH, and the project is in git")
