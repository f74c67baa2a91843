"""The gate, which checks where a path from the repository leads.

It checks the paths of maps, of the configuration and the files that it names, and of files that are
written; entries pass the same two checks in `comparison/resolution.py`. First the path itself is
checked (`unsafe_path`), then where its links lead (`Tree.resolve`), both on disk and in a git tree.
"""

from __future__ import annotations

from jit_guard.errors import OutsideError, UnreadableError, UsageError
from jit_guard.sources.tree import Place, Tree
from jit_guard.text.names import join, unsafe_path


def find(tree: Tree, path: str) -> Place | None:
    """Resolve a path to a file; None if it does not exist.

    Raises:
        OutsideError: it leads outside the project, or into `.git`.
        UnreadableError: it is not a file, or cannot be resolved.
    """
    refuse_unsafe(path)
    place = tree.resolve(path)
    _refuse_outside(path, place)
    if place.kind == "absent" or place.spelled != path:
        return None
    if place.kind != "file":
        what = {
            "broken": "it is a broken link",
            "directory": "it is a directory, not a file",
            "unknown": place.what,
        }
        raise UnreadableError(path, what.get(place.kind, f"it is a {place.what}, not a file"))
    return place


def target(tree: Tree, path: str) -> str:
    """Resolve a path to write to; return the real path of the existing or new file.

    Raises:
        OutsideError: it leads outside the project, or into `.git`.
        UsageError: it is not a regular file, or is below something that is not a directory.
    """
    refuse_unsafe(path)
    place = tree.resolve(path)
    _refuse_outside(path, place)
    if place.kind == "file":
        return place.real
    above, rest = path, ""
    while place.kind == "absent":
        above, _, name = above.rpartition("/")
        rest = join(name, rest)
        place = tree.resolve(above)
        _refuse_outside(path, place)
    if not rest or place.kind != "directory":
        kind = "directory" if rest else "regular file"
        raise UsageError(f"{path or '.'} cannot be written: {above or '.'} is not a {kind}")
    return join(place.real, rest)


def refuse_unsafe(path: str) -> None:
    """Raise OutsideError if a path, as written, is unsafe: not below the root, or in `.git`."""
    if reason := unsafe_path(path):
        raise OutsideError(path, reason)


def _refuse_outside(path: str, place: Place) -> None:
    if place.kind == "outside":
        link = f"the link {place.links[-1]}" if place.links else "it"
        raise OutsideError(path, f"{link} {place.what}")
