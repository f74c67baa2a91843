"""Which files on disk git does not have. A clean check in a repository runs this, and nothing more.

So nothing is imported here that only explains (`subprocess` costs more than git's answer).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from jit_guard.sources.answers import GitState
from jit_guard.sources.git.index import scan
from jit_guard.sources.git.parts import RepositoryPart, parts
from jit_guard.sources.repository import top
from jit_guard.text.names import by_folder, join


def untracked(root: str, scope: str, wanted: Mapping[str, Iterable[str]]) -> list[GitState]:
    """Those of the files on disk that git does not have, and why; none outside git.

    One call of git when it has them all.

    Args:
        root: the project's root.
        scope: the folder that most of them are in, a real path relative to the root.
        wanted: real folder -> names in it.

    Raises:
        GitError: a repository stands and git cannot tell.
    """
    if top(root) is None:
        return []
    (home,) = parts(root, [scope or "."], nested=False)
    scopes = [home.outside(scope)]
    scopes += (home.outside(one) for one in wanted if not f"{one}/".startswith(f"{scope}/"))
    if not scope:
        scopes = [home.prefix]
    seen = scan(home.top, scopes, {home.outside(one): names for one, names in wanted.items()})
    if not seen.absent and not seen.empty:
        return []
    from jit_guard.sources.git import reasons

    lost = [join(folder, name) for folder, names in seen.absent.items() for name in sorted(names)]
    states = reasons.announced(home.top, seen.empty)
    found = [state._replace(path=home.inside(state.path)) for state in states]
    for part in parts(root, map(home.inside, lost)) if lost else ():
        found += _absent_in(part, home, seen.modules)
    return found


def _absent_in(
    part: RepositoryPart, home: RepositoryPart, modules: Sequence[str]
) -> list[GitState]:
    """Why files that the project's repository lacks are not there."""
    from jit_guard.sources.git import reasons

    if part.top == home.top:
        states = reasons.unknown(part.top, part.paths)
    elif home.outside(part.inner) in modules:  # it has them if the submodule does
        wanted = by_folder(part.paths)
        seen = scan(part.top, wanted, wanted)
        lost = [join(folder, name) for folder, names in seen.absent.items() for name in names]
        states = reasons.announced(part.top, seen.empty)
        states += reasons.unknown(part.top, sorted(lost)) if lost else []
    else:
        why = f"it lies in a git repository of its own ({part.inner}), which is no submodule"
        states = [GitState(path, why, None) for path in part.paths]
    return [state._replace(path=part.inside(state.path)) for state in states]
