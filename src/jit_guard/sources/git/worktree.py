"""Questions to git about the worktree.

Our paths are relative to the project's root, those of git to the top of a repository: the project
may be below the top, and submodules or other repositories may be below the project.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence

from jit_guard.errors import GitError, NoGitError, UnreadableError
from jit_guard.sources.answers import Twin
from jit_guard.sources.disk import OPEN_FILE, pieces
from jit_guard.sources.git import call, reasons
from jit_guard.sources.git.attributes import attributes_of
from jit_guard.sources.git.commands import add_command
from jit_guard.sources.git.directories import files_of, files_on_disk
from jit_guard.sources.git.environment import Standpoint, clean_environment
from jit_guard.sources.git.objects import Objects
from jit_guard.sources.git.parts import parts
from jit_guard.sources.repository import top
from jit_guard.sources.twins import find_twins, only_twins
from jit_guard.text.names import join

_AT_ONCE = 1000  # paths in one call of git; a command line is limited
_LARGEST = 1 << 26  # bytes
__all__ = ["add_command", "ignored", "recoverable", "same_text", "top", "unfiltered"]


def ignored(root: str, paths: Sequence[str]) -> set[str]:
    """Return the paths that git ignores; none outside git, or if git is not installed.

    Raises UnreadableError if there is a repository, but git fails.
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


def unfiltered(root: str, paths: Sequence[str]) -> dict[str, str]:
    """Return the files that are on disk as the index has them, although a filter applies.

    Such a file was checked out without its filter, as `git-crypt lock` leaves it. If git fails, the
    result is empty.

    Args:
        root: the project's root.
        paths: the files, relative to it.

    Returns:
        path -> attribute, such as `filter=crypt`.
    """
    found: dict[str, str] = {}
    if top(root) is None:
        return found
    try:
        for part in parts(root, paths):
            staged = _staged(part.top, part.paths)
            for path, attribute in attributes_of(part.top, part.paths, ["filter"]):
                inside = part.inside(path)
                blob = staged.get(path)
                if blob and blob in _blob_ids(os.path.join(root, inside), blob):
                    found[inside] = attribute
    except GitError:
        return {}
    return found


def same_text(root: str, missing: Sequence[str], orphans: Sequence[str]) -> dict[str, Twin]:
    """Return what was renamed without a change: missing path -> orphan with its contents.

    Compares the ids of blobs in HEAD with those that the files would have. Texts that occur in
    several files are omitted. If git fails, the result is empty, since it is only a hint.
    """
    if not missing or not orphans or top(root) is None:
        return {}
    try:
        directories = _same_directory(root, missing, orphans)
        before = _committed(root, [path for path in missing if not path.endswith("/")])
    except GitError:
        return {}
    by_id: dict[str, list[str]] = {}
    for path in orphans if before else ():
        for blob in _blob_ids(os.path.join(root, path), next(iter(before.values()))):
            by_id.setdefault(blob, []).append(path)
    return directories | only_twins({path: by_id.get(blob, ()) for path, blob in before.items()})


def _same_directory(root: str, missing: Sequence[str], orphans: Sequence[str]) -> dict[str, Twin]:
    gone = [path for path in missing if path.endswith("/")]
    candidates = [path for path in orphans if path.endswith("/")]
    if not gone or not candidates:
        return {}
    before: dict[str, dict[str, str]] = {}
    for part in parts(root, gone):
        objects = Objects(Standpoint(part.top, "", clean_environment()))
        try:
            names = {part.inside(path): f"HEAD:{path.rstrip('/')}" for path in part.paths}
            before.update(files_of(objects, names) or {})
        finally:
            objects.close()
    wanted = {path: id_ for files in before.values() for path, id_ in files.items()}
    there = files_on_disk(root, candidates) if wanted else {}
    after = {
        one: {
            path: _blob_ids(os.path.join(root, one, path), wanted[path])
            for path in paths
            if path in wanted
        }
        for one, paths in (there or {}).items()
    }
    return find_twins(before, after)


def recoverable(root: str, paths: Sequence[str]) -> set[str]:
    """Return the files that git can restore: their current text is committed.

    The text itself is compared, not the flags of the index: a file that is marked
    `assume-unchanged` may differ. A text that is only staged does not count, because the next
    commit can drop it. Links, and files outside git, are never recoverable.

    Raises GitError if there is a repository, but git fails.
    """
    if not paths or top(root) is None:
        return set()
    return {
        path
        for path, blob in _committed(root, paths).items()
        if blob in _blob_ids(os.path.join(root, path), blob)
    }


def _staged(repository: str, paths: Sequence[str]) -> dict[str, str]:
    """Return path -> the id of its blob in the index."""
    found: dict[str, str] = {}
    for start in range(0, len(paths), _AT_ONCE):
        words = ["ls-files", "-z", "--stage", "--", *paths[start : start + _AT_ONCE]]
        for record in call.lines(call.ask(repository, words)):
            fields, _, path = record.partition("\t")
            found[path] = fields.split(" ")[1]
    return found


def _committed(root: str, paths: Iterable[str]) -> dict[str, str]:
    """Return path -> the id of its blob in HEAD."""
    return {
        part.inside(path): blob
        for part in parts(root, paths)
        for path, blob in reasons.blobs_of(part.top, "HEAD", part.paths).items()
    }


def _blob_ids(path: str, like: str) -> set[str]:
    """Return the ids that a file would have as a blob: as it is, and with LF line ends.

    `git hash-object` would run filters, which are programs of the repository. A text that a filter
    or an encoding would change counts as a different text.

    Args:
        path: the file; a link, an unreadable file and a file that is too large have no id.
        like: any id of the repository, which shows whether it uses SHA-1 or SHA-256.
    """
    from hashlib import new

    try:
        handle = os.open(path, OPEN_FILE)
    except OSError:
        return set()
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            return set()
        data = b"".join(pieces(handle, path, 1 << 20))
    except UnreadableError:
        return set()
    finally:
        os.close(handle)
    kind = "sha1" if len(like) == 40 else "sha256"
    return {
        new(kind, b"blob %d\0%b" % (len(text), text), usedforsecurity=False).hexdigest()
        for text in (data, data.replace(b"\r\n", b"\n"))
    }
