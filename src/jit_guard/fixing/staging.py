"""The command that stages a fix in git: what it added, changed or replaced, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from jit_guard.commit import durable
from jit_guard.commit.directories import Directories
from jit_guard.errors import JitGuardError, UnreadableError
from jit_guard.report import Finding, Report
from jit_guard.sources import repository
from jit_guard.sources.git import call, reasons
from jit_guard.sources.git.commands import shown
from jit_guard.sources.git.parts import RepositoryPart, parts
from jit_guard.sources.worktree import Worktree
from jit_guard.text.names import STATE_DIRECTORY
from jit_guard.text.shell import git_command

_MOST_SHOWN = 10  # paths on a command line; more are listed in a file
_LIST = "unstaged"  # a file in the state directory


def not_staged_yet(source: Worktree, report: Report, unstaged: Sequence[str]) -> Sequence[Finding]:
    """Return the findings without those that say again what the fix says of what it changed.

    A file that was just generated is not in git: the command that stages the fix is for that,
    unless git ignores the file.
    """
    if not any(one.code == "JG203" for one in report.findings) or not unstaged:
        return report.findings
    try:
        paths = frozenset(unstaged) - source.ignored(list(unstaged))
    except UnreadableError:
        return report.findings
    return tuple(one for one in report.findings if one.code != "JG203" or one.path not in paths)


def stage_command(root: str, paths: Iterable[str]) -> str | None:
    """Return the command that stages these files; None outside git, or if there is none.

    What is on disk is added, unless git ignores it: to add such a file is not for us to suggest.
    What only the index still has is removed from it.

    Args:
        root: the project's root.
        paths: relative to the root; they need not exist.

    Raises:
        GitError: git fails.
    """
    real = dict.fromkeys(_real(os.path.realpath(root), path) for path in paths)
    return " && ".join(filter(None, (_stage(root, part) for part in parts(root, real)))) or None


def _real(root: str, path: str) -> str:
    """Return a path as git names it: its directory may be reached through links."""
    directory, name = os.path.split(os.path.join(root, path))
    # A name such as `a:b` would be a drive of Windows for `join`.
    return repository.below(root, os.path.join(os.path.realpath(directory), "") + name)


def _stage(root: str, part: RepositoryPart) -> str | None:
    on_disk = [path for path in part.paths if os.path.lexists(os.path.join(part.top, path))]
    ignored = reasons.ignoring_rules(part.top, on_disk)
    added = [path for path in on_disk if path not in ignored]
    gone = _indexed(part.top, sorted(set(part.paths).difference(on_disk)))
    if len(added) + len(gone) > _MOST_SHOWN:
        listed = _listed(root, part, [*added, *gone])
        if listed is not None:
            return listed
    # First what is gone: it may differ from what is added only in case.
    commands = [
        part.command(["rm", "-q", "--cached"], gone) if gone else None,
        part.command(["add"], added) if added else None,
    ]
    return " && ".join(filter(None, commands)) or None


def _indexed(top: str, paths: Sequence[str]) -> list[str]:
    """Return the paths that the index has; instead of a directory, the files in it."""
    if not paths:
        return []
    answer = call.ask(top, ["ls-files", "-z", "--", *paths])
    if answer.returncode:
        raise call.complaint("ls-files", answer)
    return sorted(set(call.lines(answer)))  # a file with a conflict has several lines


def _listed(root: str, part: RepositoryPart, paths: Sequence[str]) -> str | None:
    """Write the paths to a file, and return the command that stages them; None: no such file."""
    text = "".join(f":(top,literal){path}\0" for path in paths)
    name = f"{_LIST}-{part.inner.replace('/', '-')}" if part.inner else _LIST
    try:
        with Directories(root) as directories:
            location = directories.state.location(name)
            durable.write_file(
                location,
                text.encode("utf-8", "surrogateescape"),
                without="the printed command does not work",
                mode=0o600,
                again=True,
            )
    except (OSError, JitGuardError):
        return None
    path = os.path.join(os.path.realpath(root), STATE_DIRECTORY, name)
    at = part.top if part.inner else part.root
    listed = f"--pathspec-from-file={repository.below(at, path)}"
    return git_command(shown(at), ["add", "--pathspec-file-nul", listed])
