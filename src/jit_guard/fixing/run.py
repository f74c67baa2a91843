"""One run of the fix: recover, relink, adopt, generate, commit in groups, check again."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import NamedTuple

from jit_guard.commit import transaction
from jit_guard.errors import UsageError
from jit_guard.fixing.delivery import Delivery, Order, deliver
from jit_guard.fixing.interaction import Interaction
from jit_guard.fixing.job import Job, Workshop
from jit_guard.fixing.orders import Shelves, prepare, remember
from jit_guard.fixing.steps import Adopt, Generate, Relink, changes
from jit_guard.fixing.worktree_plan import Sight, look
from jit_guard.generators.budget import usage_line
from jit_guard.generators.generator import GeneratorUnusableError, Text, Writer
from jit_guard.generators.judgement import finished
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import Arrival, Placed, Stored
from jit_guard.registry.edit import EditError
from jit_guard.report import Failed, Fixed

_MOST_ROUNDS = 50
_MANY = 64
_GATHER = 0.2  # seconds: texts that come this close together share a commit
_LONGEST_TEXT = 3600.0  # seconds to wait for another process's text, beyond its own time-out


class Outcome(NamedTuple):
    """What a run has done. `trouble` ended it early; `written` are paths for `git add`.

    `unreadable` is what the last look could not see, so that nothing was planned there.
    """

    fixed: tuple[Fixed, ...] = ()
    failed: tuple[Failed, ...] = ()
    written: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    trouble: str | None = None
    unreadable: tuple[str, ...] = ()


class Ready(NamedTuple):
    """A text that is whole, accepted, and waits for its commit."""

    step: Generate
    stored: Stored
    data: bytes


class Run:
    """One fix. Everything it does is in `outcome`, also when it is interrupted.

    Args:
        job: what is fixed, and on whose wishes.
        interaction: who answers for the user.
    """

    def __init__(self, job: Job, interaction: Interaction) -> None:
        self._root = job.source.root
        self._source = job.source
        self._scope = job.scope
        self._wishes = job.wishes
        self._workshop = job.workshop
        self._judge = job.judge
        self._interaction = interaction
        self._fixed: list[Fixed] = []
        self._failed: dict[tuple[str, str], Failed] = {}
        self._written: dict[str, None] = {}
        self._messages: list[str] = []
        self._trouble: str | None = None
        self._unreadable: tuple[str, ...] = ()
        self._given_up: set[str] = set()  # components that this run will not try again
        self._left = job.wishes.limit
        self._remembered: dict[str, str] = {}

    @property
    def outcome(self) -> Outcome:
        """What was done so far."""
        return Outcome(
            tuple(self._fixed),
            tuple(self._failed.values()),
            tuple(self._written),
            tuple(self._messages),
            self._trouble,
            self._unreadable,
        )

    def run(self) -> Outcome:
        """Do it.

        Raises:
            TransactionError, LedgerError: the system refused; nothing is lost.
            KeyboardInterrupt: after what was whole has been committed.
        """
        sight = self._relink()
        for leave in sight.plan.leaves:
            self._fail(Failed(leave.goal, leave.component_type, leave.reason))
        if self._look(None, drafts=True).plan.generates:
            self._generate()
        return self.outcome

    # What needs no text

    def _relink(self, ledger: Ledger | None = None) -> Sight:
        for _ in range(_MOST_ROUNDS):
            sight = self._look(ledger)
            if not sight.plan.free:
                return sight
            try:
                done = transaction.commit(self._root, changes(sight.plan.free), ())
            except EditError:  # somebody saved the map meanwhile: look again
                continue
            self._note(done)
            for step in sight.plan.free:
                self._fixed += _fixed(step, _action(step), None)
        raise UsageError("the map changes all the time; run jit-guard --fix again")

    def _look(self, ledger: Ledger | None, *, drafts: bool = False) -> Sight:
        replaced = ledger.replacements() if ledger is not None else {}
        sight = look(self._source, self._scope, drafts=drafts, replaced=replaced)
        # Only the last look's: whatever an earlier one did not see, a later one has seen to.
        self._unreadable = tuple(map(str, sight.unreadable))
        return sight

    # What does

    def _generate(self) -> None:
        workshop = self._workshop()
        better = workshop.generator.name != "scaffold"  # than the drafts that are there
        if not self._look(None, drafts=better).plan.generates:
            return
        self._remembered = remember(self._root)
        writer = workshop.generator.factory(workshop.options)
        with closing(_Closing(writer)), Ledger(self._root) as ledger:
            after = ledger.last() if self._wishes.fresh else 0
            work = _Work(workshop, writer, ledger, after)
            try:
                for _ in range(_MOST_ROUNDS):
                    sight = self._relink(ledger)
                    if better:
                        sight = self._look(ledger, drafts=True)
                    if not self._round(work, sight):
                        break
            except GeneratorUnusableError as error:
                self._trouble = str(error)
        budget = workshop.options.budget
        if budget is not None and budget.totals.calls:
            prices = self._scope.settings.prices
            self._messages.append(usage_line(budget.totals, writer.model, prices))

    def _round(self, work: _Work, sight: Sight) -> bool:
        """Claim, have written and commit what is missing; False when nothing is left to do."""
        steps = [one for one in sight.plan.generates if one.component not in self._given_up]
        steps = steps[: self._left]
        if not steps:
            return False
        shelves = Shelves(self._source, self._scope.settings, sight.comparison)
        orders, failed = prepare(
            steps,
            self._wishes,
            self._scope.settings,
            work.writer,
            work.workshop.generator.name,
            shelves,
            self._interaction,
            self._remembered,
        )
        self._remembered.update((step.path, order.request.description) for step, order in orders)
        for one in failed:
            self._fail(one)
        ordered = {step.component for step, _ in orders}
        self._given_up.update(step.component for step in steps if step.component not in ordered)
        if not orders or not self._may_spend(work, [order for _, order in orders]):
            return False
        claims = work.ledger.claim([order.wanted for _, order in orders], after=work.after)
        mine = [
            (step, order, claim.stored)
            for (step, order), claim in zip(orders, claims, strict=True)
            if claim is not None
        ]
        try:
            if mine:
                # Somebody may have committed it between our look and our claim.
                again = self._look(work.ledger, drafts=True).plan.generates
                current = {step.component: step for step in again}
                fresh = [one for one in mine if current.get(one[0].component) == one[0]]
                self._write(work, fresh)
        finally:
            work.ledger.release([step.component for step, _, _ in mine])
        if not mine:
            self._wait(work, orders[0][1])
        return True

    def _wait(self, work: _Work, order: Order) -> None:
        """Another process, or thread, works on it: its text will do."""
        timeout = work.workshop.options.timeout + _LONGEST_TEXT
        if not work.ledger.wait(order.wanted.component, timeout):
            raise UsageError(f"another jit-guard works on {order.wanted.component} all the time")

    def _may_spend(self, work: _Work, orders: Sequence[Order]) -> bool:
        generator = work.workshop.generator
        if work.agreed or not generator.paid or self._wishes.consent or generator.name == "command":
            return True
        missing = [
            order
            for order in orders
            if work.ledger.stored(order.wanted.key, after=work.after) is None
        ]
        if not missing:
            return True
        from jit_guard.generators.prompt import about_tokens, system_prompt

        system = work.workshop.options.prompt or system_prompt()
        tokens = about_tokens([order.request for order in missing], system)
        texts = "1 text" if len(missing) == 1 else f"{len(missing):,} texts"
        model = work.writer.model or generator.name
        if self._interaction.agree(f"{texts} with {model}, about {tokens:,} tokens."):
            work.agreed = True
            return True
        for order in orders:
            keys = order.request.goal, order.request.component_type
            self._fail(Failed(*keys, f"{texts} with {model} may cost money: --yes agrees to it"))
            self._given_up.add(order.wanted.component)
        return False

    def _write(self, work: _Work, claimed: Sequence[tuple[Generate, Order, Stored | None]]) -> None:
        """Get the texts, and commit them in groups as they come."""
        steps = {order.wanted.component: step for step, order, _ in claimed}
        ready: list[Ready] = []
        since = time.monotonic()
        deliveries = self._deliveries(work, claimed)
        try:
            for delivery in deliveries:
                step = steps[delivery.order.wanted.component]
                found = self._accept(work, step, delivery)
                if found is not None:
                    ready.append(found)
                if ready and time.monotonic() - since >= _GATHER:
                    # Handed over first: an interrupted commit is `recover`'s, not ours to repeat.
                    group, ready, since = ready, [], time.monotonic()
                    self._commit(work, group)
        finally:  # also after Ctrl-C, and when the generator gave up: what is whole is kept
            deliveries.close()
            if ready:
                self._commit(work, ready)

    def _deliveries(
        self, work: _Work, claimed: Sequence[tuple[Generate, Order, Stored | None]]
    ) -> Generator[Delivery, None, None]:
        """The texts that are there already, then those that are written now."""
        open_orders: list[Order] = []
        for _, order, stored in claimed:
            if stored is None:
                open_orders.append(order)
                continue
            reason = self._judge(order.request, Text(stored.content))
            if reason is None:
                yield Delivery(order, stored)
            else:  # killed between its arrival and its judgement
                work.ledger.reject(stored.id, reason)
                open_orders.append(order)
        generator = work.workshop.generator
        # Where a text costs nothing and waits for nobody, many share one write of the ledger.
        free = not generator.paid and not generator.network
        yield from deliver(
            open_orders,
            work.writer,
            work.ledger,
            _MANY if free else work.workshop.jobs,
            self._interaction.progress,
            judge=self._judge,
            tries=2 if generator.paid else 1,
        )

    def _accept(self, work: _Work, step: Generate, delivery: Delivery) -> Ready | None:
        """Have the user look at a text; None when it is not to be used."""
        request = delivery.order.request
        while True:
            if delivery.stored is None:
                self._give_up(step, delivery.reason or "no text")
                return None
            content = finished(delivery.stored.content)
            verdict = self._interaction.review(step.path, content)
            if verdict.answer == "accept":
                return self._ready(work, step, delivery, content, verdict.content)
            if verdict.answer == "quit":
                raise KeyboardInterrupt
            if verdict.answer == "skip":
                self._give_up(step, "skipped")
                return None
            work.ledger.reject(delivery.stored.id, "another one was asked for")
            again = request._replace(
                rejected=delivery.stored.content, objection="The reader wants another text."
            )
            order = delivery.order._replace(request=again)
            progress = self._interaction.progress
            (delivery,) = deliver([order], work.writer, work.ledger, 1, progress, judge=self._judge)

    def _ready(
        self, work: _Work, step: Generate, delivery: Delivery, content: str, taken: str
    ) -> Ready:
        assert delivery.stored is not None
        stored = delivery.stored
        if taken != content:  # edited: that is work, too
            content = finished(taken)
            text = Text(content, details={"edited": True})
            order = delivery.order
            (stored,) = work.ledger.arrived(
                [Arrival(order.wanted, order.request, text, time.time())]
            )
        return Ready(step, stored, content.encode())

    # The commit

    def _commit(self, work: _Work, ready: Sequence[Ready]) -> None:
        placements = [
            transaction.Placement(one.step.path, one.data, self._replaces(one.step))
            for one in ready
        ]
        try:
            done = transaction.commit(self._root, changes(one.step for one in ready), placements)
        except (EditError, transaction.OccupiedError) as error:
            # Somebody else's save. The ledger has the texts; the next round plans anew. One
            # that stands alone and fails all the time is given up.
            if len(ready) > 1:
                for one in ready:
                    self._commit(work, [one])
            elif work.failed_before(ready[0].step.component):
                self._give_up(ready[0].step, str(error))
            return
        self._note(done)
        placed = set(done.placed)
        for one in ready:
            if one.step.path in placed:
                self._written[one.step.path] = None
                self._fixed += _fixed(one.step, "generated", work.workshop.generator.name)
                if self._left is not None:
                    self._left -= 1
        work.ledger.committed(
            (
                Placed(one.stored.id, one.step.path, one.data)
                for one in ready
                if one.step.path in placed
            ),
            release=[one.step.component for one in ready],
        )
        if self._left is not None and self._left <= 0:
            self._given_up.update(one.step.component for one in ready)

    def _replaces(self, step: Generate) -> str | None:
        if not step.replaces_draft:
            return None
        from hashlib import sha256

        from jit_guard.text.generated import untouched

        data = self._source.read(step.path)
        return sha256(data).hexdigest() if data is not None and untouched(data) else None

    def _note(self, done: transaction.Commit) -> None:
        for change in done.changes:
            self._written[change.path] = None
        self._messages += (f"{one.path}: {one.reason}" for one in done.left)
        self._messages += (f"{one.path}: {one.reason}" for one in done.kept)

    def _give_up(self, step: Generate, reason: str) -> None:
        self._given_up.add(step.component)
        for repoint in step.repoints:
            keys = repoint.edit.keys
            self._fail(Failed(keys[0], keys[1], reason))
        if not step.repoints:
            self._fail(Failed(step.goal, step.component_type, reason))

    def _fail(self, failed: Failed) -> None:
        self._failed[failed[:2]] = failed


class _Work:
    """What the rounds of one run share."""

    def __init__(self, workshop: Workshop, writer: Writer, ledger: Ledger, after: int) -> None:
        self.workshop = workshop
        self.writer = writer
        self.ledger = ledger
        self.after = after
        self.agreed = False
        self._refused: set[str] = set()

    def failed_before(self, component: str) -> bool:
        """Has a commit of this one been refused before? It counts as refused from now on."""
        known = component in self._refused
        self._refused.add(component)
        return known


class _Closing:
    def __init__(self, writer: Writer) -> None:
        self.close = writer.close


def _action(step: Relink | Adopt) -> str:
    return "adopted" if isinstance(step, Adopt) else "relinked"


def _fixed(step: Relink | Adopt | Generate, action: str, generator: str | None) -> Iterator[Fixed]:
    keys = [(one.edit.keys[0], one.edit.keys[1]) for one in step.repoints]
    if isinstance(step, Generate) and not keys:
        keys = [(step.goal, step.component_type)]
    for goal, component_type in keys:
        yield Fixed(action, goal, component_type, step.path, generator)
