"""The existing components that a request shows to a generator, and the headings that they share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from jit_guard.comparison.result import Comparison
from jit_guard.config import Settings
from jit_guard.errors import UnreadableError
from jit_guard.fixing.steps import Generate, Located
from jit_guard.generators.generator import Example, Request, suffix_of
from jit_guard.generators.likeness import ExamplePool
from jit_guard.generators.shape import shape
from jit_guard.text.generated import untouched
from jit_guard.text.names import join

if TYPE_CHECKING:
    from jit_guard.registry.registry import Registry
    from jit_guard.registry.table import Table
    from jit_guard.sources.source import Source

_MOST_READ = 300  # components of one kind
_MOST_BYTES = 64_000
_Kind = tuple[str, int, str]  # component type; or id of a table, and suffix


class ExamplePools:
    """The existing components of each kind, read once per run.

    Of a goal map, a component type is a kind. Of another registry, it is all files with the same
    suffix that the entries of its table name; they may be anywhere in the project, so names that
    start with a dot are left out.

    Args:
        source: the snapshot.
        settings: the settings in force.
        comparison: says which files exist.
        registries: those of other shapes that could be read.
    """

    def __init__(
        self,
        source: Source,
        settings: Settings,
        comparison: Comparison,
        registries: Sequence[Registry] = (),
    ) -> None:
        self._source = source
        self._settings = settings
        self._comparison = comparison
        self._registries = registries
        self._texts: dict[_Kind, list[Example]] = {}
        self._pools: dict[_Kind, ExamplePool] = {}
        self._shapes: dict[tuple[_Kind, str], tuple[str, ...]] = {}

    def headings(self, step: Generate, request: Request) -> tuple[str, ...]:
        """Return the headings that the components of a kind share."""
        kind = self._kind(step, request)
        if (kind, request.suffix) not in self._shapes:
            texts = self._read(kind)
            same = [one.text for one in texts if one.path.lower().endswith(request.suffix)]
            found = shape(same or [one.text for one in texts], request.suffix)
            self._shapes[kind, request.suffix] = found
        return self._shapes[kind, request.suffix]

    def examples(self, step: Generate, request: Request, count: int) -> tuple[Example, ...]:
        """Return the components of the kind that are most similar to the request."""
        kind = self._kind(step, request)
        if kind not in self._pools:
            self._pools[kind] = ExamplePool(self._read(kind))
        return self._pools[kind].choose(request, count) if count else ()

    @cached_property
    def _tables(self) -> dict[tuple[str, str], Table]:
        """The table of each path that an entry of a file names."""
        return {
            (one.path, target.path): one.table
            for one in self._registries
            for entry in one.entries()
            for target in entry.paths
        }

    def _kind(self, step: Generate, request: Request) -> _Kind:
        name = step.names[0] if step.names else None
        if isinstance(name, Located):
            return "", id(self._tables[name.map, step.path]), request.suffix
        return step.component_type, 0, ""

    def _read(self, kind: _Kind) -> list[Example]:
        if kind not in self._texts:
            component_type, table, suffix = kind
            if component_type:
                paths = self._of_type(self._settings.path(component_type))
            else:
                paths = self._of_table(table, suffix)
            found = ((path, self._text(path)) for path in self._shareable(paths))
            self._texts[kind] = [Example(path, text) for path, text in found if text is not None]
        return self._texts[kind]

    def _of_type(self, directory: str) -> Iterator[str]:
        for at, names in self._comparison.served.items():
            if at == directory or at.startswith(f"{directory}/"):
                yield from (join(at, name) for name in names)

    def _of_table(self, table: int, suffix: str) -> Iterator[str]:
        for registry in self._registries:
            for entry in registry.entries() if id(registry.table) == table else ():
                for path, _ in entry.paths:
                    directory, _, name = path.rpartition("/")
                    there = name in self._comparison.served.get(directory, ())
                    if there and not name.startswith(".") and suffix_of(name) == suffix:
                        yield path

    def _shareable(self, paths: Iterable[str]) -> list[str]:
        """Return the first paths that may be sent to a model: those that git does not ignore."""
        first = sorted(set(paths))[:_MOST_READ]
        try:
            private = self._source.ignored(first) if first else set()
        except UnreadableError:
            return []
        return [path for path in first if path not in private]

    def _text(self, path: str) -> str | None:
        try:
            data = self._source.read(path)
        except UnreadableError:  # the check reports it
            return None
        if not data or len(data) > _MOST_BYTES or untouched(data):
            return None
        try:
            return data.decode()
        except UnicodeDecodeError:
            return None
