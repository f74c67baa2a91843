"""Why git lacks files that are on disk. Asked only of files that it does lack."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from jit_guard.sources.answers import GitState
from jit_guard.sources.git import call
from jit_guard.sources.git.commands import command
from jit_guard.sources.git.environment import clean_environment
from jit_guard.text.names import fold

_MOST = 10_000  # paths; nobody reads the reasons of more


def unknown(top: str, paths: Sequence[str]) -> list[GitState]:
    """Files on disk that the index has not: untracked, ignored, removed, or spelled otherwise.

    Args:
        top: the top of the repository that they lie in.
        paths: relative to it.

    Raises:
        GitError: git cannot tell.
    """
    ignored = ignoring_rules(top, paths[:_MOST])
    removed = set(blobs_of(top, "HEAD", paths[:_MOST]))
    twins = _twins(top, paths[:_MOST])
    return [
        _state(top, path, ignored.get(path), path in removed, twins.get(path)) for path in paths
    ]


def announced(top: str, paths: Sequence[str]) -> list[GitState]:
    """Those files that are in the index by name alone (`git add -N`): a commit leaves them out."""
    if not paths:
        return []
    asked = call.ask(
        top, ["diff-files", "--name-only", "--diff-filter=A", "-z", "--", *paths[:_MOST]]
    )
    return [
        GitState(path, "only its name was added (git add -N)", command(top, ["add"], [path]))
        for path in call.lines(asked)
    ]


def ignoring_rules(top: str, paths: Sequence[str]) -> dict[str, str]:
    """Ignored path -> `FILE:LINE: PATTERN`. Raises GitError where git cannot say."""
    if not paths:
        return {}
    # This command knows no literal paths; behind ./ nothing is taken for a pattern's magic.
    asked = "".join(f"./{path}\0" for path in paths)
    environment = {**clean_environment(), "GIT_LITERAL_PATHSPECS": "0"}
    answer = call.ask(top, ["check-ignore", "-v", "-z", "--stdin"], asked, environment)
    if answer.returncode not in (0, 1):  # 1: none is ignored
        raise call.complaint("check-ignore", answer)
    fields = answer.stdout.decode("utf-8", "surrogateescape").split("\0")
    found: dict[str, str] = {}
    for at in range(0, len(fields) - 3, 4):
        source, line, pattern, path = fields[at : at + 4]
        if not pattern.startswith("!"):
            found[path[2:]] = f"{source}:{line}: {pattern}"
    return found


def blobs_of(top: str, revision: str, paths: Iterable[str]) -> dict[str, str]:
    """Path -> the id of what a revision has there, for those that it has."""
    asked = [path for path in paths if "\n" not in path]
    answer = call.ask(
        top,
        ["cat-file", "--batch-check=%(objectname) %(objecttype)"],
        "".join(f"{revision}:{path}\n" for path in asked),
    )
    told = answer.stdout.decode("utf-8", "replace").split("\n")
    words = (line.rsplit(" ", 1) for line in told)
    return {
        path: blob for path, (blob, *kind) in zip(asked, words, strict=False) if kind == ["blob"]
    }


def _twins(top: str, paths: Sequence[str]) -> Mapping[str, str]:
    """Path -> the path of the index that is the same to a system that folds case."""
    folders = sorted({os.path.dirname(path) or "." for path in paths})
    answer = call.ask(top, ["ls-files", "-z", "--", *folders])
    known = {fold(path): path for path in call.lines(answer)}
    return {path: known[fold(path)] for path in paths if fold(path) in known}


def _state(top: str, path: str, rule: str | None, removed: bool, twin: str | None) -> GitState:
    force = ["-f"] if rule else []
    add = command(top, ["add", *force], [path])
    if twin is not None:
        forget = command(top, ["rm", "-q", "--cached"], [twin])
        known = os.path.relpath(twin, os.path.dirname(path) or ".").replace(os.sep, "/")
        return GitState(path, f"git knows it as {known}", f"{forget} && {add}")
    if removed:
        also = f", and {_told(rule)}" if rule else ""
        return GitState(path, f"it was removed from the index (git rm --cached){also}", add)
    return GitState(path, _told(rule) if rule else "it is untracked", add)


def _told(rule: str) -> str:
    return f"it is ignored by {rule}"
