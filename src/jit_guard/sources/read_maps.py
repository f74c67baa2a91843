"""Reading of the maps of a snapshot."""

from __future__ import annotations

from collections.abc import Iterable

from jit_guard.errors import OutsideError, UnreadableError
from jit_guard.named_tuple import NamedTuple
from jit_guard.registry import goal_map
from jit_guard.registry.goal_map import GoalMap, MapFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jit_guard.sources.source import Source


class Maps(NamedTuple):
    """The maps of a snapshot: parsed, invalid, absent and unreadable ones."""

    read: tuple[GoalMap, ...]
    faults: dict[str, MapFault]
    absent: tuple[str, ...]
    unreadable: tuple[UnreadableError, ...]

    @property
    def clean(self) -> bool:
        """True if every map was read, conforms, has no repeated key and has an entry."""
        return not (self.faults or self.absent or self.unreadable) and all(
            one.conforms and not one.repeats_keys and any(one.goals.values()) for one in self.read
        )


def read_maps(source: Source, paths: Iterable[str]) -> Maps:
    """Read and parse the maps of a snapshot."""
    maps: list[GoalMap] = []
    faults: dict[str, MapFault] = {}
    absent: list[str] = []
    unreadable: list[UnreadableError] = []
    for path in paths:
        try:
            data = source.read(path)
        except OutsideError as error:
            faults[path] = MapFault("JG205", 1, 1, error.reason)
            continue
        except UnreadableError as error:
            unreadable.append(error)
            continue
        if data is None:
            absent.append(path)
            continue
        parsed = goal_map.parse(path, data)
        if isinstance(parsed, MapFault):
            faults[path] = parsed
        else:
            maps.append(parsed)
    return Maps(tuple(maps), faults, tuple(absent), tuple(unreadable))
