"""Detection of files on disk that git does not have.

A clean check in a repository imports this module, so what is only needed for explanations is
imported later (importing `subprocess` takes longer than the answer of git).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from jit_guard.sources.answers import GitState
from jit_guard.sources.git.index import Scan, scan
from jit_guard.sources.git.parts import RepositoryPart, parts
from jit_guard.sources.repository import top
from jit_guard.text.names import by_directory, join


def untracked(root: str, scope: str, wanted: Mapping[str, Iterable[str]]) -> list[GitState]:
    """Return the files that git does not have, and why; none outside git.

    If git has them all, this takes one call of git.

    Args:
        root: the project's root.
        scope: the real directory, relative to the root, that contains most of the files.
        wanted: real directory -> names in it.

    Raises:
        GitError: there is a repository, but git fails.
    """
    if top(root) is None:
        return []
    (main,) = parts(root, ["."])
    seen = _scan(main, scope, wanted)
    if not seen.absent and not seen.empty:
        return []
    from jit_guard.sources.git import reasons

    absent = [
        join(directory, name) for directory, names in seen.absent.items() for name in sorted(names)
    ]
    states = reasons.announced(main, seen.empty)
    found = [state._replace(path=main.inside(state.path)) for state in states]
    for part in parts(root, map(main.inside, absent)) if absent else ():
        found += _absent_in(part, main, seen.modules)
    return found


def tracked(root: str, scope: str, paths: Iterable[str]) -> set[str]:
    """Return those of the paths that the index has; none outside git.

    Files of a submodule do not count. Arguments and errors are as for `untracked`.
    """
    if top(root) is None:
        return set()
    (main,) = parts(root, ["."])
    asked = list(paths)
    absent = _scan(main, scope, by_directory(asked)).absent
    split = ((path, main.outside(path).rpartition("/")) for path in asked)
    return {path for path, (head, _, name) in split if name not in absent.get(head, ())}


def _scan(main: RepositoryPart, scope: str, wanted: Mapping[str, Iterable[str]]) -> Scan:
    scopes = [main.outside(scope)]
    scopes += (main.outside(one) for one in wanted if not f"{one}/".startswith(f"{scope}/"))
    if not scope:
        scopes = [main.prefix]
    return scan(main.top, scopes, {main.outside(one): names for one, names in wanted.items()})


def _absent_in(
    part: RepositoryPart, main: RepositoryPart, modules: Sequence[str]
) -> list[GitState]:
    """Return why files are not in the index of the project's repository."""
    from jit_guard.sources.git import reasons

    if part.top == main.top:
        states = reasons.unknown(part, part.paths)
    elif main.outside(part.inner) in modules:  # the submodule may have them
        wanted = by_directory(part.paths)
        seen = scan(part.top, wanted, wanted)
        absent = [
            join(directory, name) for directory, names in seen.absent.items() for name in names
        ]
        states = reasons.announced(part, seen.empty)
        states += reasons.unknown(part, sorted(absent)) if absent else []
    else:
        why = f"is in the nested repository {part.inner}, which is not a submodule"
        states = [GitState(path, "nested", why, None) for path in part.paths]
    return [state._replace(path=part.inside(state.path)) for state in states]
