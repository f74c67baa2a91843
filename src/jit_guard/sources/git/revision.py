"""Resolution of `--source` to a git tree."""

from __future__ import annotations

import os
import stat

from jit_guard.errors import GitError
from jit_guard.project import is_bare
from jit_guard.sources import repository
from jit_guard.sources.answers import Origin
from jit_guard.sources.disk import FOLLOW
from jit_guard.sources.git import call
from jit_guard.sources.git.environment import Standpoint, common_directory, git_directory
from jit_guard.sources.git.objects import Objects

_HEAD = ("HEAD", "@")
INDEX, COMMIT = "index", "commit"
LOST = "the repository does not have the object (a broken or partial clone)"


def revision(source: str) -> str | None:
    """Return the revision that a source names; None for the index.

    `commit` is what is being committed or pushed, according to the variables of pre-commit and
    prek.
    """
    if source == COMMIT:
        pushed = os.environ.get("PRE_COMMIT_TO_REF") or os.environ.get("PRE_COMMIT_LOCAL_BRANCH")
        return pushed or None
    return None if source == INDEX else source


def origin(root: str, source: str, objects: Objects) -> Origin:
    """Return which state of the project a source names.

    A branch counts as the one that is checked out only by its name: a commit on it changes what the
    name means, but never a hash, a tag or another branch. What is pushed must be its last commit,
    too.

    Args:
        root: the project's root.
        source: the value of `--source`.
        objects: those of the repository.
    """
    head = objects.whole("HEAD")
    born = head is not None
    wanted = revision(source)
    if wanted is None:
        return Origin("index", "the index" if source == INDEX else "the commit", born)
    if source == COMMIT:
        pushed = objects.whole(wanted)
        if not (head and pushed and pushed[0] == head[0]):
            branch = os.environ.get("PRE_COMMIT_LOCAL_BRANCH", "")
            named = objects.whole(branch) if branch else None
            name = branch if named and pushed and named[0] == pushed[0] else wanted
            return Origin("revision", name.removeprefix("refs/heads/"), born)
        wanted = os.environ.get("PRE_COMMIT_LOCAL_BRANCH") or wanted
    name = wanted.removeprefix("refs/heads/")
    answer = call.ask(root, ["symbolic-ref", "-q", "--short", "HEAD"])
    here = answer.stdout.decode("utf-8", "surrogateescape").strip()
    if repository.top(root) is None:  # a bare repository
        return Origin("revision", name, born)
    checked_out = name in _HEAD or (bool(here) and name.removeprefix("heads/") == here)
    return Origin("head" if checked_out else "revision", name, born)


def tree_of(objects: Objects, name: str) -> str:
    """Return the id of the tree of a commit, a tag or a tree.

    Raises GitError if the name has no tree.
    """
    asked = name
    while "\n" not in asked:
        found = objects.whole(asked)
        if found is None and asked != name:
            raise GitError(f"--source {name} cannot be read: {LOST}")
        if found is None:
            break
        blob, kind, data = found
        if kind == "tree":
            return blob
        if kind == "blob":
            raise GitError(f"--source {name} is a file; name a commit, a tag or a tree")
        # `tree ID` opens a commit, `object ID` a tag.
        asked = data.partition(b"\n")[0].decode().partition(" ")[2]
    what = name or '""'
    if name in _HEAD:
        raise GitError(f"--source {name} does not exist: the repository has no commit yet")
    raise GitError(f"--source {what} does not exist; use worktree, index, commit or a git revision")


def tree_of_index(standpoint: Standpoint, directory: str) -> tuple[str, Standpoint]:
    """Return the id of the tree that a commit of the current index would have.

    Nothing is written to the repository, which may be read-only: git gets a copy of the index, and
    another directory for the trees that it does not have yet. The index is replaced in one step
    (rename(2)), so a lock that another process holds does not matter.

    Args:
        standpoint: where to run git.
        directory: an empty directory, which must exist as long as the tree is read.

    Returns:
        The id, and where to run git to read the tree.

    Raises:
        GitError: the index has unmerged files, or git fails.
    """
    if _has_no_index(standpoint):
        raise GitError("a bare repository has no index; name a revision, as in --source HEAD")
    copy = os.path.join(directory, "index")
    _copy_index(_index(standpoint), copy)
    written = os.path.join(directory, "objects")
    os.mkdir(written)
    reading = standpoint._replace(environment=_with_objects(standpoint, written))
    # A split index would be written to the repository. --missing-ok: only ids are needed, and the
    # objects of a partial clone are not fetched.
    answer = call.ask(
        standpoint.directory,
        [*_without_hooks(standpoint), "-c", "core.splitIndex=false", "write-tree", "--missing-ok"],
        environment={**reading.environment, "GIT_INDEX_FILE": copy},
    )
    if not answer.returncode:
        return answer.stdout.decode().strip(), reading
    unmerged = _unmerged(standpoint)
    if unmerged:
        more = f" and {len(unmerged) - 3} more" if len(unmerged) > 3 else ""
        raise GitError(
            f"the index has unmerged files ({', '.join(unmerged[:3])}{more}); resolve the "
            "conflicts and git add them"
        )
    raise call.complaint("write-tree", answer)


def _has_no_index(standpoint: Standpoint) -> bool:
    if "GIT_INDEX_FILE" in standpoint.environment or os.path.lexists(_index(standpoint)):
        return False
    if is_bare(standpoint.directory):
        return True
    # Beside a bare repository to which a `.git` file points; its worktrees have an index.
    asked = ["config", "--type=bool", "--get", "core.bare"]
    answer = call.ask(standpoint.directory, asked, environment=standpoint.environment)
    return answer.stdout.strip() == b"true"


def _index(standpoint: Standpoint) -> str:
    """Return the path of the index: git exports one of its own for a partial commit."""
    named = standpoint.environment.get("GIT_INDEX_FILE")
    named = named or os.path.join(git_directory(standpoint), "index")
    return os.path.join(standpoint.directory, named)


def _with_objects(standpoint: Standpoint, directory: str) -> dict[str, str]:
    """Return an environment in which git writes new objects to this directory."""
    given = standpoint.environment
    own = os.path.join(common_directory(git_directory(standpoint)), "objects")
    own = os.path.join(standpoint.directory, given.get("GIT_OBJECT_DIRECTORY") or own)
    others = given.get("GIT_ALTERNATE_OBJECT_DIRECTORIES")
    quoted = '"{}"'.format(own.replace("\\", "\\\\").replace('"', '\\"'))  # it may contain a colon
    return {
        **given,
        "GIT_OBJECT_DIRECTORY": directory,
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": os.pathsep.join(filter(None, [quoted, others])),
    }


def _copy_index(index: str, copy: str) -> None:
    """Copy the index, so that git runs no filter when it writes it back.

    If a file was saved in the same instant as the index, git compares their contents before it
    writes the index, with the filters of the configuration. The time of the index decides about
    that, and zero means never. Without an index nothing is copied: git takes that for an empty one.

    Raises GitError: it cannot be read, or is not a file.
    """
    from shutil import copyfileobj

    try:
        with open(os.open(index, FOLLOW), "rb") as source:
            if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
                raise GitError(f"{index} is not a file")
            with open(copy, "xb") as target:
                copyfileobj(source, target)
        os.utime(copy, (0, 0))
    except FileNotFoundError:
        return
    except OSError as error:
        raise GitError(f"{index} cannot be copied: {(error.strerror or '').lower()}") from None


def _without_hooks(standpoint: Standpoint) -> list[str]:
    """Return options that disable the hooks in the configuration, a feature of git 2.54.

    Only git 2.55 and later can disable all hooks of an event at once; see `environment`.
    """
    asked = ["config", "-z", "--name-only", "--get-regexp", r"^hook\..*\.command$"]
    answer = call.ask(standpoint.directory, asked, environment=standpoint.environment)
    options: list[str] = []
    for key in dict.fromkeys(call.lines(answer)):
        name = key[len("hook.") : -len(".command")]
        if "=" in name:
            raise GitError(
                f"the git configuration has a hook that jit-guard cannot disable: {name}"
            )
        options += ["-c", f"hook.{name}.enabled=false"]
    return options


def _unmerged(standpoint: Standpoint) -> list[str]:
    answer = call.ask(
        standpoint.directory, ["ls-files", "-u", "-z"], environment=standpoint.environment
    )
    return list(dict.fromkeys(line.partition("\t")[2] for line in call.lines(answer)))
