"""The contracts of the components of a fix: what is demanded of a text before it is committed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from jit_guard.comparison.contracts import load_contracts, of_table, of_type
from jit_guard.config import Settings
from jit_guard.contracts.component import Component, Content, LoadedContract, goal_map_context
from jit_guard.contracts.examination import violations_of
from jit_guard.contracts.rendering import as_json, in_words
from jit_guard.errors import JitGuardError
from jit_guard.generators.generator import Demands, Request
from jit_guard.registry.target import Context
from jit_guard.sources.read_maps import read_all
from jit_guard.sources.tree import Tree
from jit_guard.text.generated import untouched

if TYPE_CHECKING:
    from jit_guard.contracts.violation import Violation
    from jit_guard.sources.source import Source

_MOST_NAMED = 5  # violations in one reason


class _Contracted(NamedTuple):
    """The contract of a component, and what the entry says that names it."""

    loaded: LoadedContract
    context: Context


class Contracts:
    """The contracts of a project, by the component that a request is for.

    Nothing is read before the first request of a project that has a contract.

    Args:
        source: the project.
        settings: the settings in force.
    """

    def __init__(self, source: Source, settings: Settings) -> None:
        self._source = source
        self._settings = settings

    def __bool__(self) -> bool:
        """Whether the project has any contract."""
        return self._settings.contracts

    def demands(self, request: Request) -> Demands | None:
        """Return what a component must be, for a generator; None: it has no contract.

        Raises:
            ConfigError: a schema does not exist, or is not JSON.
            UnreadableError: a schema or a registry cannot be read.
        """
        found = self._of(request)
        if found is None:
            return None
        loaded, context = found
        words = in_words(loaded, request.path, context)
        return Demands(loaded.where, tuple(words), as_json(loaded, request.path, context))

    def objection(self, request: Request, component: str) -> str | None:
        """Return what a finished text violates, in lower case; None if it violates nothing.

        An unedited draft is not complete, so it may violate its contract. A contract that cannot be
        applied (PyYAML is not installed, a schema is invalid) is an objection, too.

        Raises:
            ConfigError, UnreadableError: as `demands`.
        """
        found = self._of(request)
        data = component.encode()
        if found is None or untouched(data):
            return None
        contents = {request.path: Content(data, len(data))}
        examined = Component(request.path, contents, contexts=(found.context,))
        try:
            violations = violations_of(found.loaded, examined)
        except JitGuardError as error:  # its library is not installed, its schema is invalid
            return f"the contract {found.loaded.where} cannot be applied: {error}"
        return _in_a_sentence(found.loaded.where, violations) if violations else None

    def _of(self, request: Request) -> _Contracted | None:
        if not self:
            return None
        kind, filename = request.component_type, request.filename
        type_settings = self._settings.types.get(kind)
        if request.path == self._settings.path(kind, filename) and type_settings is not None:
            loaded = self._loaded.get(of_type(kind))
            return loaded and _Contracted(loaded, goal_map_context(request.goal, kind, filename))
        return self._targets.get(request.path)

    @cached_property
    def _loaded(self) -> Mapping[str, LoadedContract]:
        return load_contracts(self._source, self._settings)

    @cached_property
    def _targets(self) -> Mapping[str, _Contracted]:
        """The files that entries of registries with a contract name, by path."""
        return dict(self._read_targets())

    def _read_targets(self) -> Iterator[tuple[str, _Contracted]]:
        if not any(one.contract is not None for one in self._settings.registry):
            return
        for registry in read_all(self._source, self._settings, Tree(self._source), ()).registries:
            loaded = self._loaded.get(of_table(registry.table.number))
            if loaded is None:
                continue
            for entry in registry.entries():
                context = registry.context_of(entry.keys)
                for target in entry.paths if entry.unsafe is None else ():
                    yield target.path, _Contracted(loaded, context)


def _in_a_sentence(where: str, violations: list[Violation]) -> str:
    listed = [
        f"{one.code} {f'line {one.line}: ' if one.line is not None else ''}{one.message}"
        for one in violations[:_MOST_NAMED]
    ]
    more = len(violations) - _MOST_NAMED
    return f"it violates {where}: {'; '.join(listed)}{f'; and {more} more' if more > 0 else ''}"
