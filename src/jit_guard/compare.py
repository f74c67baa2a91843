"""Map against tree: where they disagree.

Works on columns: all filenames of a component type at once against the set of names in its
folder. Only what that leaves open (a sub-folder, a link, another case, nothing there) is looked
at one by one, and only then are the entries that it concerns looked up.
"""

from __future__ import annotations

from collections.abc import Sequence

from jit_guard.comparison import Comparison, Names
from jit_guard.config import Settings
from jit_guard.errors import UnreadableError
from jit_guard.goal_map import GoalMap
from jit_guard.names import OURS, never_counts, temporary, unsafe_type
from jit_guard.snapshot import Tree, join


def compare(maps: Sequence[GoalMap], tree: Tree, settings: Settings) -> Comparison:
    """Find where maps and tree disagree. Raises UnreadableError when there is no tree to see."""
    top = components_folder(tree, settings)
    wanted = _columns(maps)
    tree.expect({_base(settings, one): filenames for one, filenames in wanted.items()})
    folders = tree.walk(top) if top is not None else {}
    comparison = Comparison.nothing()._replace(folders=folders, top=top or "")
    suspects = _settle(wanted, tree, settings, comparison)
    if any("\\" in goal_map.text for goal_map in maps):  # or no name can hold one
        _suspect_backslashes(wanted, suspects)
    used: set[str] = set()
    if suspects:
        from jit_guard.suspects import judge

        used = judge(maps, tree, settings, suspects, comparison)
    _left_over(maps, used, comparison)
    _beside_maps(maps, tree, comparison)
    return comparison


def components_folder(tree: Tree, settings: Settings) -> str | None:
    """The real path of the components folder; None when there is none."""
    place = tree.resolve(settings.components)
    if place.kind == "folder" and place.spelled == settings.components:
        return place.real
    if place.kind in ("absent", "folder"):
        return None
    reasons = {
        "outside": "it is a link that leaves the project",
        "broken": "it is a broken link",
        "file": "it is a file, not a folder",
        "unknown": place.what,
    }
    raise UnreadableError(settings.components, reasons.get(place.kind, f"it is a {place.what}"))


def _columns(maps: Sequence[GoalMap]) -> dict[str, set[str]]:
    """All filenames of each component type."""
    found: dict[str, set[str]] = {}
    for goal_map in maps:
        for component_type, filenames in goal_map.columns.items():
            others = found.get(component_type)
            found[component_type] = filenames if others is None else others | filenames
    return found


def _base(settings: Settings, component_type: str) -> str:
    return join(settings.components, settings.directory(component_type))


def _settle(
    wanted: dict[str, set[str]], tree: Tree, settings: Settings, comparison: Comparison
) -> Names:
    """Settle in bulk what is plainly there; return what is not, by component type."""
    suspects: Names = {}
    for component_type, filenames in wanted.items():
        if unsafe_type(component_type):
            suspects[component_type] = filenames
            continue
        base = _base(settings, component_type)
        place = tree.resolve(base)
        left = filenames
        if place.kind == "folder" and place.spelled == base and not place.links:
            left = _match(place.real, filenames, comparison, not settings.is_text(component_type))
        if left:
            suspects[component_type] = left
    return suspects


def _match(base: str, filenames: set[str], comparison: Comparison, opaque: bool) -> set[str]:
    """Mark what the folder at `base` holds as served; return what it does not hold."""
    folder = comparison.folders.get(base)
    files = folder.files if folder else set()
    if files is filenames:  # kept once: see `Tree.expect`
        hits, left = filenames, set[str]()
    else:
        hits, left = filenames & files, filenames - files
    comparison.serve(base, hits, opaque)
    nested: dict[str, list[str]] = {}
    for filename in left:
        head, slash, _ = filename.rpartition("/")
        if slash:
            nested.setdefault(head, []).append(filename)
    for head, below in nested.items():
        folder = comparison.folders.get(f"{base}/{head}")
        if folder:
            start = len(head) + 1
            hits = folder.files.intersection(filename[start:] for filename in below)
            comparison.serve(f"{base}/{head}", hits, opaque)
            left.difference_update(f"{head}/{name}" for name in hits)
    return left


def _suspect_backslashes(wanted: dict[str, set[str]], suspects: Names) -> None:
    """A letter in a POSIX name, a separator elsewhere."""
    for component_type, filenames in wanted.items():
        if odd := {filename for filename in filenames if "\\" in filename}:
            suspects[component_type] = odd.union(suspects.get(component_type, ()))


def _left_over(maps: Sequence[GoalMap], used: set[str], comparison: Comparison) -> None:
    """What no entry names."""
    own = {goal_map.path for goal_map in maps}
    for path, folder in comparison.folders.items():
        served = comparison.served.get(path, frozenset())
        names = folder.files - served if len(served) < len(folder.files) else ()
        odd = [name for name in (*folder.links, *folder.others) if join(path, name) not in used]
        for name in (*names, *odd):
            at = join(path, name)
            if at in own or at in used or never_counts(name) or name == ".git":
                continue
            (comparison.temporaries if temporary(name) else comparison.orphans).append(at)
    comparison.orphans.sort()


def _beside_maps(maps: Sequence[GoalMap], tree: Tree, comparison: Comparison) -> None:
    """What interrupted writers of a map left beside it."""
    for goal_map in maps:
        parent, _, own = goal_map.path.rpartition("/")
        folder = None if parent in comparison.folders else tree.folder(parent)
        for name in folder.files if folder else ():
            if temporary(name) and (name.lstrip(".").startswith(own) or name.startswith(OURS)):
                comparison.temporaries.append(join(parent, name))
    comparison.temporaries[:] = sorted(set(comparison.temporaries))
