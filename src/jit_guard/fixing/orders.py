"""The orders for a plan: requests with descriptions, headings and examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jit_guard.config import Settings
from jit_guard.fixing.contracts import Contracts
from jit_guard.fixing.delivery import Order
from jit_guard.fixing.descriptions import suggestion
from jit_guard.fixing.examples import ExamplePools
from jit_guard.fixing.interaction import Interaction, Turn
from jit_guard.fixing.job import FixOptions
from jit_guard.fixing.past import Past
from jit_guard.fixing.steps import EntryName, Generate
from jit_guard.fixing.steps import failed as as_failed
from jit_guard.generators.generator import Demands, Request, Writer
from jit_guard.ledger.records import Key, Wanted
from jit_guard.registry.goal_map import Entry
from jit_guard.report import Failed


def prepare(
    steps: Sequence[Generate],
    options: FixOptions,
    settings: Settings,
    writer: Writer,
    generator: str,
    pools: ExamplePools,
    interaction: Interaction,
    past: Past,
    contracts: Contracts,
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
        contract = contracts.demands(request)
        shared = pools.headings(step, request)
        request = request._replace(
            headings=shared if contract is None else _headings(contract, shared, request.suffix),
            examples=pools.examples(step, request, settings.examples),
            contract=contract,
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


def _headings(contract: Demands, shared: tuple[str, ...], suffix: str) -> tuple[str, ...]:
    """Return the headings that are shared, if they have those of the contract, or else these."""
    demanded = tuple(contract.value.get("headings", ())) if suffix != ".json" else ()
    rest = iter(shared)
    return shared if all(one in rest for one in demanded) else demanded


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
