"""The state of one run of the fix: its resources, and what it has done so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import NamedTuple

from jit_guard.commit.transaction import Commit
from jit_guard.fixing.consent import Consent
from jit_guard.fixing.interaction import Interaction, Origin
from jit_guard.fixing.job import GeneratorSetup, Job
from jit_guard.fixing.past import Past
from jit_guard.fixing.plan import Decision
from jit_guard.fixing.steps import Adopt, Free, Generate, Relink, Restore, failed, fixed
from jit_guard.ledger.batches import Batch
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import Stored
from jit_guard.registry.goal_map import GoalMap
from jit_guard.registry.registry import Registry
from jit_guard.report import Failed, Fixed

_NEW = 1 << 60  # the position of an entry that the maps did not have yet: the last
_ACTIONS = {Relink: "relinked", Adopt: "adopted", Restore: "restored"}


_Key = tuple["str | None", "str | None"]


def _key(one: Fixed | Failed) -> _Key:
    """Return what names an entry: goal and component type, or registry and location."""
    return (one.goal, one.component_type) if one.entry is None else (one.map, one.entry)


def _keys(maps: Iterable[GoalMap | Registry]) -> Iterator[_Key]:
    for read in maps:
        for entry in read.entries():
            words, _ = read.described(entry.keys)
            yield (entry.goal, entry.component_type) if words is None else (read.path, words)


class Outcome(NamedTuple):
    """What a run has done. `trouble` is what ended it early.

    `written` are the paths that it wrote, and `unstaged` those that the user should stage, with the
    missing files that entries named before.
    `unreadable` is what the last plan could not read, and therefore left out; `left` are the
    components that were to be generated and were not.
    """

    fixed: tuple[Fixed, ...] = ()
    failed: tuple[Failed, ...] = ()
    written: tuple[str, ...] = ()
    unstaged: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    trouble: str | None = None
    unreadable: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


class InterruptedRun(KeyboardInterrupt):
    """Ctrl-C, or the user's `q`, ended a run early; `outcome` is what it had done by then."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class Ready(NamedTuple):
    """A complete and accepted text, ready to be committed."""

    step: Generate
    stored: Stored
    data: bytes
    origin: Origin


class Tally:
    """The record of what a run has done, and what it will not try again.

    Args:
        limit: the maximum number of components to begin, whether they succeed or not; None: no
            limit.
    """

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._begun: set[str] = set()  # components
        self.given_up: set[str] = set()  # components
        self.decisions: dict[str, Decision] = {}  # about offers, by component
        self.messages: list[str] = []
        self.trouble: str | None = None
        self.unreadable: tuple[str, ...] = ()
        self.maps: Sequence[GoalMap | Registry] = ()
        self.planned: dict[str, None] = {}  # the paths of texts
        self._fixed: list[Fixed] = []
        self._failed: dict[_Key, Failed] = {}
        self._written: dict[str, None] = {}
        self._unstaged: dict[str, None] = {}

    @property
    def outcome(self) -> Outcome:
        """The result as a value, in the order of the maps."""
        done: list[Fixed | Failed] = [*self._fixed, *self._failed.values()]
        order = dict.fromkeys(map(_key, done), _NEW)
        for number, key in enumerate(_keys(self.maps) if order else ()):
            if key in order:
                order[key] = number

        def position(one: Fixed | Failed) -> int:
            return order[_key(one)]

        return Outcome(
            tuple(sorted(self._fixed, key=position)),
            tuple(sorted(self._failed.values(), key=position)),
            tuple(self._written),
            tuple(self._unstaged),
            tuple(self.messages),
            self.trouble,
            self.unreadable,
            tuple(self.planned),
        )

    def allowed(self, steps: Iterable[Generate]) -> list[Generate]:
        """Return the steps that are not given up, as far as the limit allows."""
        steps = [one for one in steps if one.component not in self.given_up]
        if self._limit is None:
            return steps
        left = self._limit - len(self._begun)
        new = [one.component for one in steps if one.component not in self._begun]
        beyond = set(new[max(0, left) :])
        return [one for one in steps if one.component not in beyond]

    def has_begun(self, component: str) -> bool:
        """Return whether this run has begun with a component."""
        return component in self._begun

    def begin(self, step: Generate) -> None:
        """Record that this run has begun with a component."""
        self._begun.add(step.component)

    def committed(self, done: Commit) -> None:
        """Record the maps that a commit changed, and what it left unchanged."""
        maps = dict.fromkeys(change.path for change in done.changes)
        self._written.update(maps)
        self._unstaged.update(maps)
        self.messages += (f"{one.path}: {one.reason}" for one in done.left)
        self.messages += (f"{one.path}: {one.reason}" for one in done.kept)
        self.messages += (note for note in done.notes if note not in self.messages)

    def done(self, step: Free) -> None:
        """Record a step without a text: entries now name an existing file, or it is restored."""
        action = _ACTIONS[type(step)]
        self._record(fixed(name, action, step.path) for name in step.entries)
        if isinstance(step, Restore):
            self._written[step.path] = None
        if not (isinstance(step, Restore) and step.staged):
            self._to_stage(step)

    def adopted(self, fixed: Sequence[Fixed]) -> None:
        """Record that orphans got an entry."""
        self._record(fixed)
        self._unstaged.update((one.path, None) for one in fixed)

    def generated(self, step: Generate, generator: str, origin: Origin) -> None:
        """Record that a text was placed."""
        self._written[step.path] = None
        self._to_stage(step)
        self.planned.pop(step.path, None)
        self._record(
            fixed(name, "generated", step.path, generator, origin) for name in step.entries
        )

    def _record(self, fixed: Iterable[Fixed]) -> None:
        """Record entries that were fixed, perhaps after a step before left them."""
        for one in fixed:
            self._fixed.append(one)
            self._failed.pop(_key(one), None)

    def _to_stage(self, step: Free | Generate) -> None:
        self._unstaged.update({step.path: None, step.component: None})

    def fail(self, failures: Iterable[Failed]) -> None:
        """Record entries that could not be fixed; the latest reason for an entry counts."""
        self._failed.update((_key(one), one) for one in failures)

    def give_up(self, step: Generate, reason: str) -> None:
        """Record a failure, and do not try this step again in this run."""
        self.given_up.add(step.component)
        self.fail(failed(name, reason) for name in step.entries)


class Session(AbstractContextManager["Session"]):
    """The open generator and ledger of a run, as a context manager.

    Args:
        job: what to fix.
        setup: the chosen generator.
        interaction: the source of the user's answers.
        tally: the record of the run.

    Raises:
        LedgerError: the ledger cannot be used.
        GeneratorUnusableError: the generator cannot be used.
    """

    def __init__(
        self, job: Job, setup: GeneratorSetup, interaction: Interaction, tally: Tally
    ) -> None:
        self.job = job
        self.generator = setup.generator
        self.options = setup.options._replace(progress=interaction.progress)
        self.jobs = setup.jobs
        self.interaction = interaction
        self.tally = tally
        self.improves_drafts = setup.improves_drafts
        self.writer = self.generator.factory(self.options)
        self.consent = Consent(
            # Naming a program is consent to its cost.
            needed=self.generator.paid and self.generator.name != "command",
            given=job.options.consent,
            writer=self.writer,
            name=self.generator.name,
            options=self.options,
            interaction=interaction,
        )
        try:
            self.ledger = Ledger(job.source.root)
        except BaseException:
            self.writer.close()
            raise
        self.after = self.ledger.last() if job.options.fresh else 0
        self.past = Past({}, {})
        self.batch_notes: dict[str, str] = {}  # what is known of open batches, by token
        self.collected: set[str] = set()  # components whose text came from a batch in this run
        self._refused: set[str] = set()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.ledger.close()
        finally:
            self.writer.close()

    def pending(self) -> Mapping[str, Batch]:
        """Return the components that a batch will bring, so that they are not bought again."""
        return {} if self.job.options.generate_anyway else self.ledger.batches.pending()

    @property
    def descriptions(self) -> dict[str, str]:
        """The descriptions of texts generated before, by path."""
        return self.past.descriptions

    def refused_before(self, component: str) -> bool:
        """Return whether a commit of this component was refused before; record the refusal."""
        known = component in self._refused
        self._refused.add(component)
        return known
