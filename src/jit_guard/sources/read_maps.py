"""Reading of the maps of a snapshot."""

from __future__ import annotations

from collections.abc import Iterable

from jit_guard.errors import OutsideError, UnreadableError
from jit_guard.named_tuple import NamedTuple
from jit_guard.registry import goal_map
from jit_guard.registry.goal_map import GoalMap, MapFault
from jit_guard.sources.disk import refuse_encoding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from jit_guard.config import Settings
    from jit_guard.registry.registry import Registry
    from jit_guard.sources.source import Source
    from jit_guard.sources.tree import Tree

    _Parsed = TypeVar("_Parsed", bound=GoalMap | Registry)


class Maps(NamedTuple):
    """The maps of a snapshot: parsed, invalid, absent and unreadable ones.

    `registries` are the parsed files of other shapes (see `registry_files`); `empty` are the files
    of those that have no entry.
    """

    read: tuple[GoalMap, ...]
    faults: dict[str, MapFault]
    absent: tuple[str, ...]
    unreadable: tuple[UnreadableError, ...]
    registries: tuple[Registry, ...] = ()
    empty: tuple[str, ...] = ()

    @property
    def every(self) -> tuple[GoalMap | Registry, ...]:
        """All that were parsed, whatever their shape."""
        return (*self.read, *self.registries)

    @property
    def complete(self) -> bool:
        """True if everything that the maps name is known."""
        return all(one.sound for one in self.every) and not (self.faults or self.unreadable)

    @property
    def clean(self) -> bool:
        """True if every map was read, conforms, has no repeated key and has an entry."""
        return (
            not (self.faults or self.absent or self.unreadable or self.empty)
            and all(
                one.conforms and not one.repeats_keys and any(one.goals.values())
                for one in self.read
            )
            and not any(one.repeats_keys or one.problems for one in self.registries)
        )


def read_all(source: Source, settings: Settings, tree: Tree, more: Iterable[str] = ()) -> Maps:
    """Read the configured maps and registries of a snapshot, and `more` maps first.

    Raises ConfigError: a registry's expression takes too long, or its library is not installed.
    """
    wanted = dict.fromkeys((*more, *settings.maps))
    if not settings.registry:
        return read_maps(source, wanted)
    from jit_guard.sources.registry_files import by_table, is_registry

    named = [one for one in wanted if one in settings.maps or not is_registry(one, settings, tree)]
    maps, faults, absent, unreadable = _read(source, ((one, goal_map.parse) for one in named))
    registries: list[Registry] = []
    empty: list[str] = []
    for name, files in by_table(settings.registry, tree):
        found, invalid, lacking, refused = _read(source, files)
        whole = not (invalid or lacking or refused)
        if whole and not any(one.size or one.problems for one in found):
            empty.append(name)
        registries += found
        faults |= invalid
        absent |= lacking
        unreadable |= refused
    return Maps(
        *(tuple(maps), faults, tuple(absent), tuple(unreadable)),
        *(tuple(registries), tuple(empty)),
    )


def read_maps(source: Source, paths: Iterable[str]) -> Maps:
    """Read and parse the maps of a snapshot."""
    maps, faults, absent, unreadable = _read(source, ((one, goal_map.parse) for one in paths))
    return Maps(tuple(maps), faults, tuple(absent), tuple(unreadable))


def _read(
    source: Source, files: Iterable[tuple[str, Callable[[str, bytes], _Parsed | MapFault]]]
) -> tuple[list[_Parsed], dict[str, MapFault], dict[str, None], dict[UnreadableError, None]]:
    """Read files, given with their parsers; return the parsed, invalid, absent, unreadable ones."""
    parsed: list[_Parsed] = []
    faults: dict[str, MapFault] = {}
    absent: dict[str, None] = {}
    unreadable: dict[UnreadableError, None] = {}
    for path, parse in files:
        try:
            data = source.read(path)
            one = None if data is None else _plain(source, path, data, parse)
        except OutsideError as error:
            faults[path] = MapFault("JG205", 1, 1, error.reason)
            continue
        except UnreadableError as error:
            unreadable[error] = None
            continue
        if one is None:
            absent[path] = None
        elif isinstance(one, MapFault):
            faults[path] = one
        else:
            parsed.append(one)
    return parsed, faults, absent, unreadable


def _plain(
    source: Source, path: str, data: bytes, parse: Callable[[str, bytes], _Parsed | MapFault]
) -> _Parsed | MapFault:
    """Parse a file. Raises UnreadableError if this is not what its author wrote."""
    one = parse(path, data)
    if isinstance(one, MapFault) or not (isinstance(one, GoalMap) or one.size):
        from jit_guard.sources.converted import refusal

        if refused := refusal(source, path, data):
            raise refused
    if not isinstance(one, MapFault):
        refuse_encoding(path, one.text, "\\")
    return one
