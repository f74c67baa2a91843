"""Check whether git tracks `.jit-guard`, whose contents may then have come with a clone."""

from __future__ import annotations

import os
import re

from jit_guard.errors import GitError, StateError, UnreadableError
from jit_guard.sources.disk import read_file
from jit_guard.sources.git import call
from jit_guard.sources.git.environment import clean_environment
from jit_guard.sources.repository import below, git_directory, top
from jit_guard.text.names import STATE_DIRECTORY, join


def refuse_tracked_state(root: str) -> None:
    """Raise StateError if git tracks something in `.jit-guard`: it may have come with a clone."""
    if os.path.lexists(os.path.join(root, STATE_DIRECTORY)) and is_state_tracked(root):
        raise StateError(
            f"git tracks {STATE_DIRECTORY}, but state from a clone is not trusted; run: "
            f"git rm -r -- {STATE_DIRECTORY} "
            f"(or, if it is your own, git rm -r --cached -- {STATE_DIRECTORY})"
        )


def is_state_tracked(root: str) -> bool:
    """Check whether git tracks anything in `.jit-guard/`, in any case; False outside git.

    If git fails (it is not installed, or refuses the owner), the index is searched.

    Raises:
        GitError: that fails, too.
    """
    repository = top(root)
    if repository is None:
        return False
    path = join(below(repository, os.path.realpath(root)), STATE_DIRECTORY)
    words = ["ls-files", "-z", "--", f":(icase,literal){path}"]
    environment = {**clean_environment(), "GIT_LITERAL_PATHSPECS": "0"}
    try:
        answer = call.ask(repository, words, environment=environment)
        if not answer.returncode:
            return bool(answer.stdout)
        problem = call.complaint("ls-files", answer)
    except GitError as error:
        problem = error
    found = _index_holds(git_directory(repository), STATE_DIRECTORY)
    if found is None:
        raise GitError(f"{problem}; cannot determine whether git tracks {STATE_DIRECTORY}")
    return found


def _index_holds(directory: str, name: str) -> bool | None:
    """Search the index for a path with this name; None if its format does not allow that.

    Versions 2 and 3 store every path in full (gitformat-index(5)); a split index has two files.
    """
    try:
        if any(one.startswith("sharedindex.") for one in os.listdir(directory)):
            return None
        data = read_file(os.path.join(directory, "index"), "index")
    except FileNotFoundError:
        return False
    except (OSError, UnreadableError):
        return None
    if data is None:
        return False
    if data[:4] != b"DIRC" or data[4:8] not in (b"\0\0\0\2", b"\0\0\0\3"):
        return None
    return re.search(rb"(?i)%s[/\0]" % re.escape(name.encode()), data) is not None
