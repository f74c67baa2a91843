"""The façade of one project, used by the command line, the hooks, pytest, CI and programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from jit_guard import project
from jit_guard.check import check
from jit_guard.config import Settings
from jit_guard.criteria import Criteria
from jit_guard.errors import MissingComponent, OutsideError, UnreadableError, UsageError
from jit_guard.project import Path
from jit_guard.report import Report
from jit_guard.sources.disk import read_file
from jit_guard.sources.worktree import Worktree, look_at_rest

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pathlib
    from typing import Any

    from jit_guard.baseline import Identity
    from jit_guard.check import TakeInventory
    from jit_guard.commit.replay import Recovery
    from jit_guard.fixing.interaction import Interaction
    from jit_guard.fixing.job import FixOptions, Job
    from jit_guard.fixing.moving import Moved
    from jit_guard.fixing.pruning import Pruned
    from jit_guard.ledger.history import Record
    from jit_guard.lookup import Lookup
    from jit_guard.registry.goal_map import Entry
    from jit_guard.rules.rule import Rule
    from jit_guard.selftest import Trial
    from jit_guard.sources.source import Source

_MOST_PLANNED = 10_000  # findings; planning more takes too long for a check


class Guard:
    """One project: its root, its settings, and what can be done with it.

    Args:
        start: where to look for the project: its root is the nearest directory at or above
            `start` that has a `jit-guard.toml`, a `[tool.jit-guard]` or a `goal_map.json`, not
            above the git top.
        root: the root itself, instead of a search.
        config: a configuration file to use instead of the project's.
        schemafile: a JSON Schema to use instead of the configured one.
        baseline: a baseline to use instead of the configured one.
        overrides: fields of `Settings` that take precedence over the configuration.

    Raises:
        UsageError: a path does not exist.
        ConfigError: the configuration cannot be used; the message lists every fault in it.
    """

    def __init__(
        self,
        start: Path = ".",
        *,
        root: Path | None = None,
        config: Path | None = None,
        schemafile: Path | None = None,
        baseline: Path | None = None,
        **overrides: Any,
    ) -> None:
        if root is None:
            self.root = project.find_root(
                project.existing_directory(start), lambda directory: Worktree(directory).read
            )
        else:
            self.root = project.existing_directory(root)
        self._flags: tuple[str, ...] = () if root is None else ("--root", project.shown(self.root))
        self._criteria = Criteria(_name(config), _name(schemafile), _name(baseline), overrides)
        self._lookup: Lookup | None = None
        self._with_inventory = False

    def overridden(self, overrides: dict[str, Any], flags: tuple[str, ...] | None = None) -> Guard:
        """The same project, with fields of `Settings` that override its configuration.

        Args:
            overrides: these fields.
            flags: the options with which the command line finds this project, for hints.
        """
        other = Guard(root=self.root)
        other._flags = self._flags if flags is None else flags
        other._criteria = self._criteria.overridden(overrides)
        other._with_inventory = self._with_inventory
        return other

    def with_inventory(self) -> Guard:
        """The same project; its reports have an inventory, which the `html` format shows."""
        other = Guard(root=self.root)
        other._flags, other._criteria, other._with_inventory = self._flags, self._criteria, True
        return other

    def configuration(self, source: Source | None = None) -> project.Configuration:
        """The settings in force for a source (default: the worktree), with their origins."""
        return self._criteria.configuration(source or Worktree(self.root))

    def plugin_rules(self) -> tuple[Rule, ...]:
        """Load the rules of the plugins that the configuration names. Raises ConfigError."""
        snapshot = Worktree(self.root)
        return self._criteria.plugin_rules(snapshot, self.configuration(snapshot).settings)

    def verify(self) -> None:
        """Load everything that the configuration names, without a check.

        For callers that must report such errors before they start.

        Raises:
            ConfigError: the configuration, a schema, the baseline or a plugin cannot be used.
        """
        snapshot = Worktree(self.root)
        settings = self.configuration(snapshot).settings
        self._criteria.accepted(snapshot, settings)
        schema = self._criteria.schema(snapshot, settings)
        if schema is not None:
            from jit_guard.registry.bounded import apply

            apply(schema, ())
        if settings.contracts:
            from jit_guard.comparison.contracts import verify_contracts

            verify_contracts(snapshot, settings)
        self._criteria.plugin_rules(snapshot, settings)

    def check(self, source: str = "worktree", *, maps: Sequence[str] | None = None) -> Report:
        """Find every place where maps and tree disagree.

        Args:
            source: `worktree`; `index`; `commit`, which is what a git hook is about to let
                through; or any tree-ish of git. Configuration, schema and baseline are read
                from it, too, unless this Guard was given others.
            maps: paths of the maps to report on, relative to the root; default: the
                configured ones.

        Returns:
            A frozen report. `report.ok` is True if everything could be checked and there is
            no error.

        Raises:
            ConfigError: the configuration or the team's schema cannot be used.
            GitError: git cannot read the source.
            UnreadableError: a configuration file cannot be read.
            UsageError: a map is neither in the source nor on disk.
        """
        snapshot = self._open(source)
        try:
            found = self.configuration(snapshot)
            settings = found.settings
            self._refuse_unknown(maps, snapshot)
            accepted = self._criteria.accepted(snapshot, settings)
            report = self._check(snapshot, settings, maps, accepted)
            return report._replace(preset=found.preset) if found.preset else report
        finally:
            snapshot.close()

    def _open(self, source: str) -> Source:
        if source == "worktree":
            return Worktree(self.root)
        from jit_guard.sources.git.tree import open_tree

        return open_tree(self.root, source)

    def _refuse_unknown(self, maps: Sequence[str] | None, snapshot: Source) -> None:
        for path in maps or ():
            on_disk = os.path.lexists(os.path.join(self.root, path))
            if not on_disk and snapshot.name != "worktree" and snapshot.read(path) is None:
                where = snapshot.origin().name
                raise UsageError(f"the map {path} is neither in {where} nor on disk")

    def update_baseline(
        self, source: str = "worktree", *, maps: Sequence[str] | None = None
    ) -> tuple[str, Report]:
        """Write the current findings to the baseline, so that they are accepted from now on.

        Args:
            source: what to check, as for `check`; the baseline itself is written to disk.
            maps: as for `check`.

        Returns:
            The path of the baseline, and the report of the findings that a baseline cannot
            accept (JG0xx, JG4xx).

        Raises:
            UsageError: no baseline is given or configured.
            UnreadableError: something could not be checked; nothing is written.
        """
        from jit_guard.baseline import update
        from jit_guard.sources import output

        snapshot = self._open(source)
        try:
            settings = self.configuration(snapshot).settings
            path = self._criteria.baseline_path(self.root, settings)
            below = project.below(self.root, path)
            existing = read_file(path, path) if below is None else Worktree(self.root).read(below)
            return path, update(
                path,
                existing,
                settings,
                lambda accepted: self._check(snapshot, settings, maps, accepted),
                lambda text: output.write(self.root, path, [text]),
            )
        finally:
            snapshot.close()

    def _check(
        self,
        snapshot: Source,
        settings: Settings,
        maps: Sequence[str] | None,
        accepted: frozenset[Identity] = frozenset(),
    ) -> Report:
        """Check, and again while no commit is in progress if one could be what is reported."""
        schema = self._criteria.schema(snapshot, settings)
        rules = self._criteria.plugin_rules(snapshot, settings)
        take: TakeInventory | None = None
        if self._with_inventory:
            from jit_guard.inventory.take import take_inventory

            take = take_inventory

        def look(source: Source) -> Report:
            return check(
                source,
                settings,
                reported=maps,
                schema=schema,
                accepted=accepted,
                extra_rules=rules,
                root=project.shown(self.root),
                flags=self._flags,
                take=take,
            )

        if isinstance(snapshot, Worktree):
            return look_at_rest(snapshot, look, lambda report: report.has_content or take)
        return look(snapshot)

    def selftest(self) -> Iterator[Trial]:
        """Break a copy of the worktree in memory, rule by rule. Raises UsageError: no valid map."""
        from jit_guard.selftest import selftest

        snapshot = Worktree(self.root)
        settings = self.configuration(snapshot).settings
        try:
            yield from selftest(snapshot, settings, self._criteria.plugin_rules(snapshot, settings))
        finally:
            snapshot.close()

    def component(self, goal: str, component_type: str) -> pathlib.Path:
        """The path of the component of a goal and component type.

        Safe while another process commits: if the file does not exist and a commit is running,
        this waits for the commit and reads the map again.

        Raises:
            MissingComponent: no map has the entry, or its file does not exist.
            UnfinishedCommitError: a commit was interrupted; `recover` finishes it.
        """
        if self._lookup is None:
            from jit_guard.lookup import Lookup

            self._lookup = Lookup(self.root, self.configuration().settings)
        return self._lookup.component(goal, component_type)

    def ensure(
        self,
        goal: str,
        component_type: str,
        *,
        describe: Callable[[Entry], str | None] | str | None = None,
        **options: Any,
    ) -> pathlib.Path:
        """The path of the component of a goal and component type, generated if it is missing.

        If several threads or processes ask for the same component at the same time, its text is
        generated once and the others wait for it. When this returns, map and component are
        synced to disk and survive a power loss.

        Args:
            goal: a goal of a map.
            component_type: a component type of that goal.
            describe: one line that describes the component, or a function that returns one for
                an entry; default: the configured descriptions, then what the names suggest.
            options: `generator`, `model`, `command`, … as in `fixing.job.FixOptions`. Calling
                this method is consent to what the generator costs.

        Raises:
            MissingComponent: no map has the entry, or no text was generated; `str()` says why.
            GeneratorUnusableError: no key, no server, no such program.
            TransactionError, LedgerError: the system refused; nothing is lost.
        """
        try:
            return self.component(goal, component_type)
        except MissingComponent as error:
            if error.path is None:
                raise
            missing = error.path
        from jit_guard.fixing.interaction import Silent
        from jit_guard.fixing.job import for_one, refusal

        report = self.fix(for_one(missing, describe, options), Silent(yes=True))
        try:
            return self.component(goal, component_type)
        except MissingComponent as error:
            raise refusal(report, error) from None

    def fix(
        self,
        options: FixOptions | None = None,
        interaction: Interaction | None = None,
        *,
        maps: Sequence[str] | None = None,
    ) -> Report:
        """Recover, relink, restore from git, generate what is missing, and check again.

        Only findings that selection, baseline and `maps` leave reportable are fixed.

        Args:
            options: what to fix and how; default: as configured.
            interaction: answers questions for the user; default: none, and entries without a
                description are not generated.
            maps: as for `check`.

        Returns:
            The report of the project after the fix, with `fixed`, `failed`, `written` and
            `trouble`. Everything it reports as fixed is synced to disk.

        Raises:
            TransactionError, LedgerError: a system call failed. What was committed stays, every
                text is in the ledger, and the next run continues from there.
        """
        from jit_guard.fixing.interaction import Silent
        from jit_guard.fixing.run import run
        from jit_guard.fixing.staging import not_staged_yet

        recovered = self.recover(maps=maps or ())
        done = run(self._job(options, maps, Worktree(self.root)), interaction or Silent())
        report = self.check(maps=maps)
        return report._replace(
            findings=not_staged_yet(Worktree(self.root), report, done.unstaged),
            fixed=done.fixed,
            failed=done.failed,
            written=done.written,
            unstaged=done.unstaged,
            # Once each: a recovery and a fix may have the same note.
            messages=tuple(
                dict.fromkeys((*recovered.actions, *recovered.messages, *done.messages))
            ),
            trouble=done.trouble,
            # An error that has gone away since must be reported: it is why nothing was fixed.
            unreadable=tuple(dict.fromkeys((*report.unreadable, *done.unreadable))),
        )

    def preview(
        self,
        options: FixOptions | None = None,
        interaction: Interaction | None = None,
        *,
        maps: Sequence[str] | None = None,
    ) -> list[str]:
        """The lines that describe what `fix` would do. Writes nothing, calls no generator."""
        from jit_guard.fixing.interaction import Silent
        from jit_guard.fixing.preview import preview

        return look_at_rest(
            Worktree(self.root),
            lambda source: list(preview(self._job(options, maps, source), interaction or Silent())),
            bool,
        )

    def with_fixes(
        self,
        report: Report,
        options: FixOptions | None = None,
        *,
        maps: Sequence[str] | None = None,
        costs: bool = True,
    ) -> Report:
        """The report of a check of the worktree, with what `fix` would do about each finding.

        Writes nothing, calls no generator. Reports with many findings are returned unchanged.
        Without `costs`, it is not asked which texts the ledger has, and how many tokens the others
        take, which is faster.
        """
        fixable = report.source == "worktree" and len(report.findings) <= _MOST_PLANNED
        adopts = options is not None and options.adopt
        if not fixable or not (adopts or any(one.fixable for one in report.findings)):
            return report
        if not costs:
            from jit_guard.fixing.outline import certain_fixes

            source = Worktree(self.root)
            settings = self.configuration(source).settings
            accepted = self._criteria.accepted(source, settings)
            certain = certain_fixes(source, settings, accepted, maps)
            if certain is not None:
                return report._replace(fixes=certain)
        from jit_guard.fixing.forecast import planned_fixes
        from jit_guard.fixing.interaction import Silent

        fixes = look_at_rest(
            Worktree(self.root),
            lambda source: planned_fixes(self._job(options, maps, source), Silent(yes=True)),
            bool,
        )
        return report._replace(fixes=fixes)

    def read(self, path: str, source: str = "worktree") -> bytes | None:
        """Read a file of a source, such as a map that a finding is about; None: it has none.

        Raises GitError or UnreadableError.
        """
        snapshot = self._open(source)
        try:
            return snapshot.read(path)
        finally:
            snapshot.close()

    def _job(self, options: FixOptions | None, maps: Sequence[str] | None, source: Worktree) -> Job:
        from jit_guard.fixing.job import Configured, FixOptions, make_job
        from jit_guard.sources.git.state import refuse_tracked_state
        from jit_guard.text.shell import Shell

        refuse_tracked_state(self.root)
        self._refuse_unknown(maps, source)
        criteria, settings = self._criteria, self.configuration(source).settings
        configured = Configured(
            settings,
            criteria.accepted(source, settings),
            criteria.prompt(source, settings),
            criteria.descriptions(source, settings),
            criteria.plugin_rules(source, settings),
            Shell(project.shown(self.root), self._flags),
        )
        return make_job(source, configured, options or FixOptions(), maps)

    def recover(self, *, abandon: bool = False, maps: Sequence[str] = ()) -> Recovery:
        """Finish an interrupted commit; with `abandon`, undo it and keep its texts.

        An intent that asks for more than a pull request could do, or that git tracks, is
        refused; with `abandon` it is set aside. `maps` are maps that it may edit in addition to
        the configured ones.

        Raises:
            TransactionError: it cannot be finished yet. Nothing is lost, and the message says
                what to do.
        """
        from jit_guard.fixing.recovery import recover_commit

        return recover_commit(
            self.root, lambda: self.configuration().settings, maps, abandon=abandon
        )

    def prune(
        self,
        *,
        dry_run: bool = False,
        force: bool = False,
        agree: Callable[[list[Pruned]], bool] = lambda _: False,
    ) -> list[Pruned]:
        """Remove orphans that git can restore; the others if forced, or if `agree` returns True.

        A file that is changed, or gets an entry, after it was listed is kept.

        Args:
            dry_run: remove nothing.
            force: remove files that git cannot restore, too.
            agree: called with the files that git cannot restore, if there are any.

        Raises:
            UsageError: the orphans cannot be determined.
        """
        from jit_guard.fixing.pruning import prune

        settings = self.configuration().settings
        if not settings.selects("JG301"):
            raise UsageError("prune removes what JG301 reports, which the configuration ignores")
        return prune(
            self.root, settings.components, self.check, dry_run=dry_run, force=force, agree=agree
        )

    def move(self, old: str, new: str, *, dry_run: bool = False) -> Moved:
        """Rename a component, and set every entry that names it, in one atomic commit.

        Args:
            old: its path, relative to the root; or that of a directory of components.
            new: its new path. Nothing may exist there, unless it is a directory to move into.
            dry_run: change nothing, and return what would be done.

        Raises:
            UsageError: no entry names it, an entry could not name it there, or the name is taken.
            TransactionError: the system refused; nothing was changed.
        """
        from jit_guard.fixing.moving import move
        from jit_guard.sources.git.state import refuse_tracked_state

        refuse_tracked_state(self.root)
        return move(self.root, self.configuration().settings, old, new, dry_run=dry_run)

    def log(
        self, goal: str | None = None, component_type: str | None = None
    ) -> Iterator[tuple[Record, str]]:
        """The generated texts, the newest first, each with its current state."""
        from jit_guard.ledger.history import history
        from jit_guard.sources.git.state import refuse_tracked_state

        refuse_tracked_state(self.root)
        worktree = Worktree(self.root)
        for record in history(self.root, goal, component_type, newest_first=True):
            try:
                state = record.state(worktree.read(record.path))
            except OutsideError:  # a path from a ledger that came with a clone
                state = record.state(None)
            except UnreadableError:  # the others are listed all the same
                state = "rejected" if record.status == "rejected" else "unreadable"
            yield record, state

    def inside(self, path: str, what: str) -> str:
        """Convert a path relative to the working directory to one relative to the root.

        Raises UsageError if it is outside the root; `what` names the option.
        """
        return project.inside(self.root, path, what)


def _name(path: Path | None) -> str | None:
    return None if path is None else os.fspath(path)
