"""Errors of the call or the environment, as opposed to findings about the map.

They mean that the check could not be completed (exit code 2).
"""

from __future__ import annotations

import errno
import os
import stat
import sys


class JitGuardError(Exception):
    """The base class of all errors: jit-guard could not do what it was asked to do."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The message as lines; a newline within one of them is part of a name."""
        return (str(self),)


class UsageError(JitGuardError):
    """The call is wrong: for example a path or a rule code that does not exist."""


class ConfigError(JitGuardError):
    """The configuration is wrong; `problems` has one line per problem."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)

    @property
    def lines(self) -> tuple[str, ...]:
        """One line per problem."""
        return self.problems


class UnreadableError(JitGuardError):
    """Something exists but cannot be read (permission, I/O error, not a file).

    `path` is relative to the root; `reason` is short and lower-case.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path or '.'} cannot be read: {reason}")
        self.path = path
        self.reason = reason


class StateError(JitGuardError):
    """The state in `.jit-guard` may have come with a clone."""


class OutsideError(UnreadableError):
    """A path of the repository leaves the project, or leads into `.git`: it is not followed."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.args = (f"{path} is refused: {reason}",)


class GitError(JitGuardError):
    """Git failed: no program, no repository, no such revision, an index with conflicts."""


class NoGitError(GitError):
    """Git is not installed, as in a slim CI image."""


class MissingComponent(JitGuardError):  # noqa: N818 - a fact about the project, and a public name
    """The requested component does not exist.

    `goal` and `component_type` are the requested ones; `path` is where the component should be,
    relative to the root, or None if no map has the entry.
    """

    def __init__(
        self, goal: str, component_type: str, path: str | None, reason: str = "does not exist"
    ) -> None:
        what = f"no map has an entry for {goal}/{component_type}"
        if path is not None:
            what = f"{path}, the component for {goal}/{component_type}, {reason}"
        super().__init__(what)
        self.goal = goal
        self.component_type = component_type
        self.path = path


class PluginError(ConfigError):
    """A plugin cannot be used; the message says which one and why."""

    def __init__(self, plugin: str, reason: str) -> None:
        super().__init__([f"plugin {plugin!r:.60}: {reason}"])
        self.plugin = plugin


def in_a_line(error: BaseException) -> str:
    """Return the type and the message of an exception in one line."""
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def reader_left(error: OSError) -> bool:
    """Check for the error of a write to a pipe that its reader has closed.

    Windows reports that as an invalid argument; then standard output must be a pipe, too.
    """
    if os.name != "nt" or error.errno != errno.EINVAL or error.filename is not None:
        return isinstance(error, BrokenPipeError)
    try:
        return stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode)
    except OSError:
        return False
