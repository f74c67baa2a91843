"""What could not be judged, and why: nothing passes in silence."""

from jit_guard.comparison.content import Content
from jit_guard.comparison.result import Comparison
from jit_guard.errors import UnreadableError
from jit_guard.report import Skipped
from jit_guard.sources.read_maps import Maps


def withheld(
    maps: Maps, comparison: Comparison, content: Content, undecided: list[UnreadableError]
) -> list[Skipped]:
    """The rules that are withheld, for a map or for the tree.

    Args:
        maps: those that cannot be read leave open what they name.
        comparison: holds the entries that lead to what cannot be read.
        content: holds the texts that are elsewhere.
        undecided: where git could not say what it ignores.
    """
    found = [
        Skipped("JG301", path, f"the map cannot be read ({fault.code}): what it names is unknown")
        for path, fault in maps.faults.items()
    ]
    found += (
        Skipped("JG301", error.path, f"the map cannot be read: {error.reason}")
        for error in maps.unreadable
    )
    found += (
        Skipped("JG301", one.path, "some values name no file (JG101): what they mean is unknown")
        for one in maps.read
        if not one.sound
    )
    found += (
        Skipped("JG301", None, f"what git ignores is not known: {error.reason}")
        for error in undecided
    )
    for reference, place in comparison.unknown:
        why = f"{place.real} cannot be read: {place.what}"
        found.append(Skipped("JG201", reference.map.path, why))
    return list(dict.fromkeys([*found, *_unread(content)]))


def _unread(content: Content) -> list[Skipped]:
    """What Git LFS keeps elsewhere. A draft or an empty file shows there, too, if anywhere."""
    if not content.pointers:
        return []
    shown = ", ".join(content.pointers[:3]) + (", ..." if len(content.pointers) > 3 else "")
    count = "1 component is" if len(content.pointers) == 1 else f"{len(content.pointers)} are"
    why = f"{count} kept by Git LFS ({shown}): what stands here points to the text"
    return [Skipped("JG207", None, why)]
