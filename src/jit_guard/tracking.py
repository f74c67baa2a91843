"""Which components a clone will lack: those that entries name, and that git does not have."""

from __future__ import annotations

from jit_guard.comparison.result import Comparison, Names
from jit_guard.sources.answers import GitState
from jit_guard.sources.tree import Tree
from jit_guard.text.names import by_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jit_guard.sources.source import Source


def untracked(source: Source, tree: Tree, comparison: Comparison) -> list[GitState]:
    """The files and links on the way to them that git does not have.

    Raises GitError where a repository stands and git cannot tell.
    """
    wanted: Names = dict(comparison.served)
    through = comparison.through_links.values()
    links = by_folder(link for named in through for link in tree.resolve(named).links)
    for folder, names in links.items():
        wanted[folder] = names.union(wanted.get(folder, ()))
    return source.untracked(comparison.top, wanted) if wanted else []
