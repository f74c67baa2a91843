"""How git is run: the program, its options and its environment variables.

git exports to its hooks which index is being committed and where the repository is. These are
used to read what is being committed, and removed for everything else: with them, a question about
another repository or about the worktree would get the wrong answer.

A repository is trusted for its content only, but `.git/config` can name programs. Every call of
git gets the same options, which prevent that, and none of the user's credentials. What the options
cannot disable is avoided by the choice of subcommands: none of ours runs a filter (`hash-object`,
`diff-files`, `status` and `add` would; `write-tree` gets a copy of the index, see revision.py), a
textconv, a pager or an editor.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from jit_guard.errors import GitError, NoGitError, UnreadableError
from jit_guard.project import is_bare
from jit_guard.sources import repository
from jit_guard.sources.disk import mode_name, read_file
from jit_guard.text.credential_names import may_be_credential
from jit_guard.text.search_path import executable, not_here, without_here

_KEPT = ("GIT_CONFIG", "GIT_EXEC_PATH", "GIT_TRACE", "GIT_CEILING_DIRECTORIES")
_WHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_PREFIX")
# English messages, no prompts, no lock files, no magic in paths. No object is fetched: git 2.45 and
# later do not try, and older versions may use no protocol, which no configuration overrides. The
# work tree is the directory in which git runs, whatever core.worktree says.
_QUIET = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_WORK_TREE": ".",
}
# Options, not variables: git before 2.31 does not read GIT_CONFIG_COUNT. An empty core.fsmonitor
# disables it in every version; before 2.36, git would run a program named `false`.
_OPTIONS = (
    *("-c", "core.fsmonitor="),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "hook.post-index-change.enabled=false"),  # the only hook that our calls can reach
)
_OPENED = (  # files that most calls of git open
    *("HEAD", "index", "config", "config.worktree", "packed-refs", "shallow"),
    *("objects/info/alternates", "info/attributes", "info/exclude", "info/sparse-checkout"),
)
PATIENCE = 60  # seconds without an answer of git


class Standpoint(NamedTuple):
    """Where git runs: directory, the project's path below it, environment variables."""

    directory: str  # the top of the work tree
    prefix: str  # the project's root below it, with `/`; "" if it is the top
    environment: dict[str, str]


def git_directory(standpoint: Standpoint) -> str:
    """Return the absolute path of the git directory; of a linked worktree, its own one."""
    given = standpoint.environment.get("GIT_DIR")
    if given is None:
        return repository.git_directory(standpoint.directory)
    return os.path.join(standpoint.directory, given)


def common_directory(directory: str) -> str:
    """Return what all worktrees of a repository share, given the git directory of one of them."""
    try:
        data = read_file(os.path.join(directory, "commondir"), "commondir") or b""
    except UnreadableError:
        return directory
    return os.path.normpath(os.path.join(directory, os.fsdecode(data.rstrip(b"\r\n"))))


def refuse_odd_files(standpoint: Standpoint) -> None:
    """Raise GitError if git would open a FIFO or a device, and wait for it forever."""
    own = git_directory(standpoint)
    for directory in dict.fromkeys((own, common_directory(own))):
        for name in _OPENED:
            path = os.path.join(directory, name)
            try:
                mode = os.stat(path).st_mode
            except (OSError, ValueError):
                continue
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                raise GitError(f"{path} is a {mode_name(mode)}, not a file")


def git_command(arguments: Iterable[str]) -> list[str]:
    """Return the command line that runs git but no program of the repository.

    Raises:
        NoGitError: git is not installed.
    """
    try:
        program = executable("git")
    except FileNotFoundError:
        raise NoGitError("git is not on the PATH, but the project is in a git repository") from None
    return [program, *_OPTIONS, *arguments]


def _safe(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment for git: without credentials, and with the variables above."""
    kept = {name: value for name, value in environ.items() if not may_be_credential(name)}
    path = os.pathsep.join(without_here(os.get_exec_path()))
    return {**kept, "PATH": path, **_QUIET, **not_here()}


def clean_environment() -> dict[str, str]:
    """Return the environment without the variables that git exports to hooks."""
    return _safe(
        {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("GIT_") or name.startswith(_KEPT)
        }
    )


def commit_standpoint(root: str) -> Standpoint:
    """Return where to run git to read what is being committed.

    Raises GitError if the root is not in a repository.
    """
    real = os.path.realpath(root)
    top = repository.top(real)
    if top is None:
        return _without_dot_git(root, real)
    if not _speaks_of(top):
        return Standpoint(top, repository.below(top, real), clean_environment())
    # At the top git finds the repository by itself; GIT_DIR would hide the work tree.
    given = {key: value for key, value in os.environ.items() if key not in _WHERE}
    return Standpoint(top, repository.below(top, real), _safe(given))


def _speaks_of(top: str) -> bool:
    """Check whether the variables that git exported are about this repository."""
    given = os.environ.get("GIT_DIR")
    if given is not None:
        return os.path.realpath(given) == repository.git_directory(top)
    return repository.top(os.getcwd()) in (top, None)


def _without_dot_git(root: str, real: str) -> Standpoint:
    """A bare repository, or a work tree whose repository only GIT_DIR names."""
    bare = real
    while "GIT_DIR" not in os.environ and bare != os.path.dirname(bare):
        if is_bare(bare):
            return Standpoint(bare, "", {**clean_environment(), "GIT_DIR": bare})
        bare = os.path.dirname(bare)
    directory = os.path.realpath(os.environ.get("GIT_WORK_TREE") or os.getcwd())
    prefix = repository.below(directory, real)
    if "GIT_DIR" not in os.environ or prefix == ".." or prefix.startswith("../"):
        raise GitError(f"{root} is not in a git repository; use --source worktree")
    given = {**os.environ, "GIT_DIR": os.path.realpath(os.environ["GIT_DIR"])}
    return Standpoint(directory, prefix, _safe(given))
