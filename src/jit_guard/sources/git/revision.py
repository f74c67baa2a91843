"""Which tree `--source` means."""

from __future__ import annotations

import os
from time import sleep

from jit_guard.errors import GitError
from jit_guard.sources.git import call
from jit_guard.sources.git.environment import Standpoint
from jit_guard.sources.git.objects import Objects

INDEX, COMMIT = "index", "commit"
_TRIES, _PAUSE = 10, 0.1  # another git holds the index for a moment, as editors' polling does


def revision(source: str) -> str | None:
    """The revision that a source names; None for the index.

    `commit` is what is being committed or pushed, as pre-commit and prek tell it to a hook.
    """
    if source == COMMIT:
        pushed = os.environ.get("PRE_COMMIT_TO_REF") or os.environ.get("PRE_COMMIT_LOCAL_BRANCH")
        return pushed or None
    return None if source == INDEX else source


def tree_of(objects: Objects, name: str) -> str:
    """The id of the tree that a commit, a tag or a tree's own name leads to.

    Raises GitError when it leads to none.
    """
    asked = name
    while "\n" not in asked:
        found = objects.whole(asked)
        if found is None:
            break
        blob, kind, data = found
        if kind == "tree":
            return blob
        if kind == "blob":
            raise GitError(f"--source {name} is a file; name a commit, a tag or a tree")
        # `tree ID` opens a commit, `object ID` a tag.
        asked = data.split(b"\n", 1)[0].decode().partition(" ")[2]
    raise GitError(
        f"--source {name} names nothing that git knows: no worktree, index, commit, branch, tag "
        "or tree is called so here"
    )


def tree_of_index(standpoint: Standpoint) -> str:
    """The id of the tree that a commit of the index as it is now would have.

    Raises GitError when there can be none: an unfinished merge, or whatever git says.
    """
    for _ in range(_TRIES):
        answer = call.ask(standpoint.folder, ["write-tree"], environment=standpoint.environment)
        if not answer.returncode:
            return answer.stdout.decode().strip()
        if b".lock': File exists" not in answer.stderr:
            break
        sleep(_PAUSE)
    unmerged = _unmerged(standpoint)
    if unmerged:
        more = f" and {len(unmerged) - 3} more" if len(unmerged) > 3 else ""
        raise GitError(
            f"the index holds an unfinished merge ({', '.join(unmerged[:3])}{more}): settle it, "
            "git add what you settled, and check again"
        )
    raise call.complaint("write-tree", answer)


def _unmerged(standpoint: Standpoint) -> list[str]:
    answer = call.ask(
        standpoint.folder, ["ls-files", "-u", "-z"], environment=standpoint.environment
    )
    return list(dict.fromkeys(line.partition("\t")[2] for line in call.lines(answer)))
