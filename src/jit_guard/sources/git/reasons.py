"""Why git does not have files that exist on disk."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Mapping, Sequence

from jit_guard.sources.answers import GitState
from jit_guard.sources.git import call
from jit_guard.sources.git.environment import clean_environment
from jit_guard.sources.git.parts import RepositoryPart
from jit_guard.text.names import fold

_AT_ONCE = 1000  # paths in one call of git; a command line is limited
_MOST = 10_000  # paths that get a reason; more than anyone reads
_EMPTY_TREES = (  # its SHA-1 and SHA-256 ids; git knows them even without the object
    "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
)


def unknown(part: RepositoryPart, paths: Sequence[str]) -> list[GitState]:
    """Return why the index does not have these files: untracked, ignored, removed or renamed.

    Args:
        part: their repository.
        paths: relative to its top.

    Raises:
        GitError: git fails.
    """
    top, asked = part.top, paths[:_MOST]
    ignored = ignoring_rules(top, [*asked, *{os.path.dirname(path) or "." for path in asked}])
    removed = set(blobs_of(top, "HEAD", asked))
    twins = _twins(top, asked)
    return [
        _state(
            part,
            path,
            ignored.get(path),
            path in removed,
            twins.get(path),
            on_purpose=os.path.dirname(path) in ignored,
        )
        for path in paths
    ]


def announced(part: RepositoryPart, paths: Sequence[str]) -> list[GitState]:
    """Return the files that are in the index by name only (`git add -N`)."""
    if not paths:
        return []
    asked = paths[:_MOST]
    # What the index adds to an empty tree. It omits names without content, and reads no file
    # (diff-files may read one through a filter of the repository).
    words = ["diff-index", "--cached", "--ita-invisible-in-index", "--name-only", "-z"]
    for empty in _EMPTY_TREES:
        answer = call.ask(part.top, [*words, empty, "--", *asked])
        if not answer.returncode:
            break
    else:
        return []
    staged = set(call.lines(answer))
    why = "only its name was added (git add -N)"
    return [
        GitState(path, "announced", why, part.command(["add"], [path]))
        for path in asked
        if path not in staged
    ]


def ignoring_rules(top: str, paths: Sequence[str]) -> dict[str, str]:
    """Return ignored path -> `FILE:LINE: PATTERN`. Raises GitError if git fails."""
    if not paths:
        return {}
    # This command rejects literal pathspecs; a leading ./ disables their magic instead.
    asked = "".join(f"./{path}\0" for path in paths)
    environment = {**clean_environment(), "GIT_LITERAL_PATHSPECS": "0"}
    answer = call.ask(top, ["check-ignore", "-v", "-z", "--stdin"], asked, environment)
    if answer.returncode not in (0, 1):  # 1: none is ignored
        raise call.complaint("check-ignore", answer)
    fields = iter(answer.stdout.decode("utf-8", "surrogateescape").split("\0"))
    found: dict[str, str] = {}
    for source, line, pattern, path in zip(fields, fields, fields, fields, strict=False):
        if not pattern.startswith("!"):
            found[path[2:]] = f"{source}:{line}: {pattern}"
    return found


def blobs_of(top: str, revision: str, paths: Iterable[str]) -> dict[str, str]:
    """Return path -> the id of its blob in a revision, for the paths that exist there.

    Raises:
        GitError: the revision exists, but git cannot read its trees.
    """
    listed = list(paths)
    asked = [path for path in listed if "\n" not in path]  # a request is a line
    odd = [path for path in listed if "\n" in path]
    answer = call.ask(
        top,
        ["cat-file", "--batch-check=%(objectname) %(objecttype)"],
        "".join(f"{revision}:{path}\n" for path in asked),
    )
    if answer.returncode:  # a partial clone, which has the trees, but not the blobs
        return _listed(top, revision, listed)
    lines = answer.stdout.decode("utf-8", "replace").split("\n")
    answers = zip(asked, (line.rpartition(" ") for line in lines), strict=False)
    found = {path: blob for path, (blob, _, kind) in answers if kind == "blob"}
    return found | _listed(top, revision, odd)


def _listed(top: str, revision: str, paths: Sequence[str]) -> dict[str, str]:
    """Return what `blobs_of` does, without the help of the blobs."""
    found: dict[str, str] = {}
    for start in range(0, len(paths), _AT_ONCE):
        some = paths[start : start + _AT_ONCE]
        answer = call.ask(top, ["ls-tree", "-z", "--full-tree", revision, "--", *some])
        if answer.returncode:
            if call.ask(top, ["cat-file", "-e", revision]).returncode:
                return {}  # no commit yet
            raise call.complaint("ls-tree", answer)
        for record in call.lines(answer):
            fields, _, path = record.partition("\t")
            _, kind, blob = fields.split(" ")
            if kind == "blob":
                found[path] = blob
    return found


def _twins(top: str, paths: Sequence[str]) -> Mapping[str, str]:
    """Return path -> the path in the index that differs only in case or normalization."""
    directories = sorted({os.path.dirname(path) or "." for path in paths})
    answer = call.ask(top, ["ls-files", "-z", "--", *directories])
    known = {fold(path): path for path in call.lines(answer)}
    return {path: known[fold(path)] for path in paths if fold(path) in known}


def _state(
    part: RepositoryPart,
    path: str,
    rule: str | None,
    removed: bool,
    twin: str | None,
    *,
    on_purpose: bool,
) -> GitState:
    """Return why the index does not have a file, and the command that adds it.

    `on_purpose`: git ignores its whole directory. To force a single file of it into git may publish
    what the user keeps out of it, and a clone's configuration can name any directory.
    """
    force = ["-f"] if rule else []
    add: str | None = part.command(["add", *force], [path])
    hidden = any(name.startswith(".") for name in path.split("/"))  # as `.env`
    if rule and (on_purpose or hidden):
        add = None
    if twin is not None:
        forget = part.command(["rm", "-q", "--cached"], [twin])
        known = posixpath.relpath(twin, posixpath.dirname(path) or ".")
        return GitState(path, "renamed", f"is tracked as {known}", add and f"{forget} && {add}")
    if removed:
        also = f" and {_ignored(rule)}" if rule else ""
        why = f"was removed from the index (git rm --cached){also}"
        return GitState(path, "removed", why, add, ignored=rule is not None)
    if rule:
        return GitState(path, "ignored", _ignored(rule), add, ignored=True)
    return GitState(path, "untracked", "is untracked", add)


def _ignored(rule: str) -> str:
    return f"is ignored by {rule}"
