"""The orders for a plan: requests with descriptions, headings and examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jit_guard.comparison.result import Comparison
from jit_guard.config import Settings
from jit_guard.errors import UnreadableError
from jit_guard.fixing.delivery import Order
from jit_guard.fixing.descriptions import suggestion
from jit_guard.fixing.interaction import Interaction, Turn
from jit_guard.fixing.job import FixOptions
from jit_guard.fixing.past import Past
from jit_guard.fixing.steps import EntryName, Generate
from jit_guard.fixing.steps import failed as as_failed
from jit_guard.generators.generator import Example, Request, Writer
from jit_guard.generators.likeness import ExamplePool
from jit_guard.generators.shape import shape
from jit_guard.ledger.records import Key, Wanted
from jit_guard.registry.goal_map import Entry
from jit_guard.report import Failed
from jit_guard.text.generated import untouched
from jit_guard.text.names import join

if TYPE_CHECKING:
    from jit_guard.sources.source import Source

_MOST_READ = 300  # components per type
_MOST_BYTES = 64_000


class ExamplePools:
    """The existing components of each type, read once per run."""

    def __init__(self, source: Source, settings: Settings, comparison: Comparison) -> None:
        self._source = source
        self._settings = settings
        self._comparison = comparison
        self._texts: dict[str, list[Example]] = {}
        self._pools: dict[str, ExamplePool] = {}

    def headings(self, component_type: str, suffix: str) -> tuple[str, ...]:
        """Return the headings that the components of a type share."""
        texts = self._read(component_type)
        same = [one.text for one in texts if one.path.lower().endswith(suffix)]
        return shape(same or [one.text for one in texts], suffix)

    def examples(self, request: Request, count: int) -> tuple[Example, ...]:
        """Return the components of the type that are most similar to the request."""
        kind = request.component_type
        if kind not in self._pools:
            self._pools[kind] = ExamplePool(self._read(kind))
        return self._pools[kind].choose(request, count) if count else ()

    def _read(self, component_type: str) -> list[Example]:
        if component_type not in self._texts:
            directory = self._settings.path(component_type)
            found: list[Example] = []
            for path in self._shareable(sorted(self._paths(directory))[:_MOST_READ]):
                text = self._text(path)
                if text is not None:
                    found.append(Example(path, text))
            self._texts[component_type] = found
        return self._texts[component_type]

    def _paths(self, directory: str) -> list[str]:
        return [
            join(at, name)
            for at, names in self._comparison.served.items()
            if at == directory or at.startswith(f"{directory}/")
            for name in names
        ]

    def _shareable(self, paths: list[str]) -> list[str]:
        """Return the paths that may be sent to a model: those that git does not ignore."""
        try:
            private = self._source.ignored(paths) if paths else set()
        except UnreadableError:
            return []
        return [path for path in paths if path not in private]

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


def prepare(
    steps: Sequence[Generate],
    options: FixOptions,
    settings: Settings,
    writer: Writer,
    generator: str,
    pools: ExamplePools,
    interaction: Interaction,
    past: Past,
) -> tuple[list[tuple[Generate, Order]], list[Failed]]:
    """Make an order for every step with a description; the other steps fail with a reason."""
    orders: list[tuple[Generate, Order]] = []
    failed: list[Failed] = []
    known = [_known_description(step, options, past.descriptions) for step in steps]
    asked, questions = 0, known.count(None)
    for step, description in zip(steps, known, strict=True):
        if description is None:
            asked += 1
            entry, turn = _first_entry(step), Turn(asked, questions)
            description = interaction.describe(entry, step.component, _suggestion(step), turn)
        if not description:
            hint = _suggestion(step)
            reason = f"no description; pass --descriptions FILE, or accept {hint!r} with --yes"
            failed += (as_failed(name, reason) for name in step.names or _entries(step))
            continue
        request = Request(step.goal, step.component_type, step.filename, step.path, description)
        request = request._replace(
            headings=pools.headings(step.component_type, request.suffix),
            examples=pools.examples(request, settings.examples),
        )
        key = Key(
            step.goal,
            step.component_type,
            step.filename,
            description,
            generator,
            writer.model,
            writer.version,
        )
        wanted = Wanted(step.component, key, past.keys(key, options))
        orders.append((step, Order(wanted, request)))
    return orders, failed


def _known_description(
    step: Generate, options: FixOptions, past_descriptions: Mapping[str, str]
) -> str | None:
    """Return a description that was given before or by a program; None: the user is asked."""
    for keys in _entries(step):
        if keys in options.descriptions:
            return options.descriptions[keys]
    if step.path in past_descriptions and not options.fresh:
        return past_descriptions[step.path]
    return None if options.describe is None else options.describe(_first_entry(step)) or ""


def _entries(step: Generate) -> list[EntryName]:
    """List the names of every entry of a step, first entry first."""
    return list(dict.fromkeys([(step.goal, step.component_type), *step.entries]))


def _suggestion(step: Generate) -> str:
    return step.described or suggestion(_first_entry(step))


def _first_entry(step: Generate) -> Entry:
    filename = (step.repoints[0].edit.old if step.repoints else None) or step.filename
    return Entry(step.goal, step.component_type, filename)
