"""What git says of the worktree. Called only when there is something to ask about.

Paths are relative to the project's root on this side, and to the top of a repository on git's:
a project may lie below the top, and submodules or other repositories below the project.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from jit_guard.errors import GitError, NoGitError, UnreadableError
from jit_guard.sources.answers import GitState
from jit_guard.sources.git import call, reasons
from jit_guard.sources.git.commands import add_command, command
from jit_guard.sources.git.index import EMPTY_BLOBS
from jit_guard.sources.git.parts import parts
from jit_guard.sources.repository import top
from jit_guard.text.names import join

__all__ = ["add_command", "explain_missing", "ignored", "recoverable", "same_text", "top"]


def explain_missing(root: str, missing: Sequence[str]) -> dict[str, GitState]:
    """Those missing files that the index has all the same: deleted by hand, or sparse."""
    found: dict[str, GitState] = {}
    if not missing or top(root) is None:
        return found
    for part in parts(root, missing):
        answer = call.ask(part.top, ["ls-files", "-z", "-t", "--stage", "--", *part.paths])
        for record in call.lines(answer):
            told, _, path = record.partition("\t")
            tag, _, blob, stage = told.split(" ")
            if stage != "0" or blob in EMPTY_BLOBS:
                continue
            if tag == "S":
                why = "git has it, and a sparse checkout leaves it out here"
                mend = command(part.top, ["sparse-checkout", "add"], [os.path.dirname(path)])
            else:
                why, mend = (
                    "git has it, and it was removed here",
                    command(part.top, ["restore"], [path]),
                )
            found[part.inside(path)] = GitState(part.inside(path), why, mend, held=True)
    return found


def ignored(root: str, paths: Sequence[str]) -> set[str]:
    """Those of the paths that git ignores; none outside git, or where there is no git program.

    Raises UnreadableError where a repository stands and git cannot say.
    """
    found: set[str] = set()
    if not paths or top(root) is None:
        return found
    for part in parts(root, paths):
        try:
            rules = reasons.ignoring_rules(part.top, part.paths)
        except NoGitError:
            return set()
        except GitError as error:
            raise UnreadableError(join(part.inner, ".git"), str(error)) from None
        found.update(map(part.inside, rules))
    return found


def same_text(root: str, missing: Sequence[str], orphans: Sequence[str]) -> dict[str, str]:
    """Missing files that were renamed without a change: path -> the file that has its text.

    Compares the ids of blobs in HEAD with those of the files, so no text is read here. Files
    whose text stands in several places are left out, as is everything where git cannot say: it
    is a hint, and nothing hangs on it.
    """
    if not missing or not orphans or top(root) is None:
        return {}
    try:
        before = _committed(root, missing)
        now = _present(root, orphans) if before else {}
    except GitError:
        return {}
    by_id: dict[str, list[str]] = {}
    for path, blob in now.items():
        by_id.setdefault(blob, []).append(path)
    return {path: by_id[blob][0] for path, blob in before.items() if len(by_id.get(blob, ())) == 1}


def recoverable(root: str, paths: Sequence[str]) -> set[str]:
    """Those of the files on disk that git can bring back: their text as it is was committed.

    Decided by the text, never by what the index notes about it: a file that is marked
    `assume-unchanged` may differ. What is only staged does not count, since the next commit
    forgets it. Links, and everything outside git, cannot be brought back for certain.

    Raises GitError where a repository stands and git cannot tell.
    """
    if not paths or top(root) is None:
        return set()
    plain = [
        path
        for path in paths
        if os.path.isfile(full := os.path.join(root, path)) and not os.path.islink(full)
    ]
    committed = _committed(root, plain)
    present = _present(root, committed)
    return {path for path, blob in committed.items() if present.get(path) == blob}


def _committed(root: str, paths: Iterable[str]) -> dict[str, str]:
    """Path -> the id of its blob in HEAD."""
    return {
        part.inside(path): blob
        for part in parts(root, paths)
        for path, blob in reasons.blobs_of(part.top, "HEAD", part.paths).items()
    }


def _present(root: str, paths: Iterable[str]) -> dict[str, str]:
    """Path -> the id that the file on disk would have as a blob, filters applied."""
    found: dict[str, str] = {}
    for part in parts(root, (path for path in paths if "\n" not in path)):
        listed = "".join(f"{path}\n" for path in part.paths)
        answer = call.ask(part.top, ["hash-object", "--stdin-paths"], listed)
        if answer.returncode:
            raise call.complaint("hash-object", answer)
        blobs = answer.stdout.decode().split("\n")
        found.update(zip(map(part.inside, part.paths), blobs, strict=False))
    return found
