"""What goes wrong with the call or the environment, as opposed to the map.

A finding is a value; an exception here means "could not tell" (exit code 2).
"""

from __future__ import annotations


class JitGuardError(Exception):
    """Anything that keeps jit-guard from telling: the message says what, where and what to do."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The message as it is shown, a line each; a line end within one is part of a name."""
        return (str(self),)


class UsageError(JitGuardError):
    """The call is wrong: an option that names nothing, a code that does not exist.

    `hint` is a line of its own: where to look.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint

    @property
    def lines(self) -> tuple[str, ...]:
        """The message, and the hint below it."""
        return (str(self),) if self.hint is None else (str(self), self.hint)


class ConfigError(JitGuardError):
    """The configuration is wrong. `problems` holds every fault found, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)

    @property
    def lines(self) -> tuple[str, ...]:
        """Every problem."""
        return self.problems


class UnreadableError(JitGuardError):
    """Something is there and cannot be read (permission, I/O error, not a file).

    `path` is relative to the root; `reason` is short and lower case.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} cannot be read: {reason}")
        self.path = path
        self.reason = reason


class GitError(JitGuardError):
    """Git cannot tell: no program, no repository, no such revision, an index with conflicts."""


class NoGitError(GitError):
    """There is no git program to ask, as in a slim CI image."""


class MissingComponent(JitGuardError):  # noqa: N818 - a fact about the project, and a public name
    """A component that an entry names, or was asked for, is not there.

    `goal` and `component_type` are what was asked for; `path` is where it should stand,
    relative to the root, or None when no map has the entry.
    """

    def __init__(
        self, goal: str, component_type: str, path: str | None, reason: str = "is not there"
    ) -> None:
        what = f"no map names a component for {goal}/{component_type}"
        if path is not None:
            what = f"{path}, the component for {goal}/{component_type}, {reason}"
        super().__init__(what)
        self.goal = goal
        self.component_type = component_type
        self.path = path


class PluginError(ConfigError):
    """A plugin cannot be used; the message names it and says why."""

    def __init__(self, plugin: str, reason: str) -> None:
        super().__init__([f"plugin {plugin!r}: {reason}"])
        self.plugin = plugin


def in_a_line(error: BaseException) -> str:
    """An exception as one line, with its kind."""
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
