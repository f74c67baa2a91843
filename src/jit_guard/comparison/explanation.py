"""What explains missing components: the files that they probably are, and what git has of them.

The hints of a check and the plan of a fix both come from this value, so that they cannot disagree.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from jit_guard.comparison.ignored import without_ignored
from jit_guard.comparison.renames import Candidate, Renames
from jit_guard.comparison.result import Comparison, Orphans
from jit_guard.config import Settings
from jit_guard.errors import UnreadableError
from jit_guard.named_tuple import NamedTuple
from jit_guard.sources.answers import GitState
from jit_guard.sources.read_maps import Maps
from jit_guard.sources.tree import Tree
from jit_guard.text.names import join
from jit_guard.text.shell import Shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jit_guard.sources.source import Source

MOST_ASKED = 10_000  # missing files and orphans that a source is asked about, for hints


class Explanation(NamedTuple):
    """Why components are missing, as far as it is known.

    Attributes:
        comparison: with the orphans that count; none, if it is not known what the maps name.
        candidates: the files that missing components probably are.
        traces: missing path -> what git (or the disk, if a git tree is checked) has instead.
        notes: remarks about the configuration.
        undecided: errors because of which there are no orphans.
        untraced: the error because of which there are no traces.
        shell: how commands about them are written for the working directory.
    """

    comparison: Comparison
    candidates: Renames
    traces: Mapping[str, GitState]
    notes: Sequence[str] = ()
    undecided: Sequence[UnreadableError] = ()
    untraced: UnreadableError | None = None
    shell: Shell = Shell()

    @classmethod
    def without_source(cls, comparison: Comparison) -> Explanation:
        """Explain a comparison by names only."""
        return cls(comparison, Renames(comparison, {}), {})


def git_explains(state: GitState | None, candidate: Candidate | None) -> bool:
    """Check whether what git has of a missing file explains it better than a candidate does.

    A file with its last committed text explains it best. A file that the user removed from git is
    the last resort.
    """
    if state is None or not state.held or candidate is None:
        return state is not None
    return not candidate.certain and not is_removed(state)


def is_removed(state: GitState) -> bool:
    """Check whether the user removed a file from git, so that only the last commit has it."""
    return state.blob is not None and not state.blob.staged


def explain(
    source: Source,
    maps: Maps,
    tree: Tree,
    settings: Settings,
    comparison: Comparison,
    *,
    most: int | None = MOST_ASKED,
) -> Explanation:
    """Explain the missing components of a comparison.

    Args:
        source: the snapshot.
        maps: what was read of its maps.
        tree: its directories.
        settings: the settings in force.
        comparison: of the maps with the tree.
        most: ask the source about this many missing files and orphans; None: about all.
    """
    undecided: list[UnreadableError] = []
    orphans, notes = without_ignored(source, settings, comparison, undecided)
    if not maps.complete:
        orphans = Orphans()
    comparison = comparison._replace(orphans=orphans)
    missing = dict.fromkeys(one.path for one in islice(comparison.missing, most))
    named = _by_real_path(tree, missing)
    there = list(islice(orphans, most))
    same_text = source.same_text(list(named), [*there, *_directories(named, there)])
    traces: dict[str, GitState] = {}
    untraced: UnreadableError | None = None
    try:
        traces = source.explain_missing([*maps.absent, *named][:most])
    except UnreadableError as error:
        untraced = error
    return Explanation(
        comparison,
        Renames(
            comparison, {path: same_text[one] for one, path in named.items() if one in same_text}
        ),
        {named.get(path, path): state for path, state in traces.items()},
        notes,
        undecided,
        untraced,
    )


def _directories(missing: Iterable[str], orphans: Iterable[str]) -> Iterable[str]:
    """Return the directories around orphan files that may be missing ones, renamed."""
    depths = {path.count("/") for path in missing if path.endswith("/")}
    if not depths:
        return ()
    names = (path.split("/") for path in orphans if not path.endswith("/"))
    return dict.fromkeys(
        "/".join(one[:depth]) + "/" for one in names for depth in depths if depth < len(one)
    )


def _by_real_path(tree: Tree, missing: Iterable[str]) -> dict[str, str]:
    """Map the real paths of missing files, as git names them, to their paths in the maps."""
    real: dict[str, str] = {}
    found: dict[str, str] = {}
    for path in missing:
        directory, _, name = path.rstrip("/").rpartition("/")
        if directory not in real:
            real[directory] = _real(tree, directory)
        slash = "/" if path.endswith("/") else ""
        found.setdefault(join(real[directory], name) + slash, path)
    return found


def _real(tree: Tree, directory: str) -> str:
    """Return the real path of a directory, which may not exist."""
    existing, place = directory, tree.resolve(directory)
    if place.kind == "absent" and place.links:
        names = directory.split("/")

        def absent(length: int) -> bool:
            return tree.resolve("/".join(names[:length])).kind == "absent"

        length = bisect_left(range(len(names)), True, key=absent)
        existing = "/".join(names[: length - 1])
        place = tree.resolve(existing)
    if place.kind != "directory" or not place.links:
        return directory
    return join(place.real, directory[len(existing) :].strip("/"))
