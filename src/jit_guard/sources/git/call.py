"""A single call of git, and its errors."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

from jit_guard.errors import GitError
from jit_guard.sources.git.environment import (
    PATIENCE,
    Standpoint,
    clean_environment,
    git_command,
    refuse_odd_files,
)

Answer = subprocess.CompletedProcess[bytes]


def ask(
    directory: str,
    arguments: Sequence[str],
    given: str = "",
    environment: Mapping[str, str] | None = None,
) -> Answer:
    """Run git in a directory and return its answer, whatever the exit code.

    Args:
        directory: the working directory.
        arguments: the arguments of git; those after `--` are literal paths.
        given: the standard input.
        environment: None: the current one, without what git exports to hooks.

    Raises:
        GitError: git is not installed (NoGitError), cannot be started, or does not answer.
    """
    variables = dict(clean_environment() if environment is None else environment)
    refuse_odd_files(Standpoint(directory, "", variables))
    try:
        return subprocess.run(
            git_command(arguments),
            cwd=directory,
            input=given.encode("utf-8", "surrogateescape"),
            capture_output=True,
            env=variables,
            check=False,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise no_answer(arguments[0]) from None
    except OSError as error:
        raise not_started(error) from None


def lines(answer: Answer) -> list[str]:
    """Split an answer in the NUL-terminated format of `-z`."""
    return list(filter(None, answer.stdout.decode("utf-8", "surrogateescape").split("\0")))


def complaint(what: str, answer: Answer) -> GitError:
    """Return what git printed on standard error as a GitError; `what` is the git command."""
    return GitError(f"git {what}: {words(answer.stderr)}")


def words(stderr: bytes) -> str:
    """Return what git printed on standard error, without hints and warnings."""
    lines = stderr.decode("utf-8", "replace").splitlines()
    errors = [line for line in lines if line.strip() and not line.startswith(("hint:", "warning:"))]
    return " ".join(map(str.strip, errors)) or "failed without a message"


def no_answer(what: str) -> GitError:
    """Return the error for a git process that waits for something that never comes."""
    return GitError(f"git {what}: no answer within {PATIENCE} s")


def not_started(error: OSError) -> GitError:
    """Return the error for a git program that was found but does not run."""
    return GitError(f"git cannot be started: {(error.strerror or str(error)).lower()}")
