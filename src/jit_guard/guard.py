"""The façade that every door goes through: the command, the hooks, pytest, CI, and programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from jit_guard import project
from jit_guard.check import check
from jit_guard.config import Settings
from jit_guard.criteria import Criteria
from jit_guard.errors import MissingComponent, UsageError
from jit_guard.project import Path
from jit_guard.report import Report
from jit_guard.sources.disk import read_file
from jit_guard.sources.worktree import Worktree

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pathlib
    from typing import Any

    from jit_guard.baseline import Identity
    from jit_guard.commit.transaction import Recovery
    from jit_guard.fixing.interaction import Interaction
    from jit_guard.fixing.job import FixOptions, Job
    from jit_guard.fixing.pruning import Pruned
    from jit_guard.ledger.history import Record
    from jit_guard.lookup import Lookup
    from jit_guard.registry.goal_map import Entry
    from jit_guard.rules.rule import Rule
    from jit_guard.selftest import Trial
    from jit_guard.sources.source import Source


class Guard:
    """One project: its root, its settings, and what can be done with it.

    Args:
        start: where to look for the project: the nearest folder at or above it that holds
            `jit-guard.toml`, a `[tool.jit-guard]` or a `goal_map.json`, not above the git top.
        root: the root itself; nothing is searched.
        config: a configuration file to use instead of the project's.
        schemafile: a JSON Schema to use instead of the configured one.
        baseline: a baseline to use instead of the configured one.
        overrides: fields of `Settings` that win over the configuration.

    Raises:
        UsageError: a path that names nothing.
        ConfigError: a configuration that cannot be used, with every fault in it.
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
                project.existing_folder(start), lambda path: read_file(path, path)
            )
        else:
            self.root = project.existing_folder(root)
        self._criteria = Criteria(_name(config), _name(schemafile), _name(baseline), overrides)
        self._lookup: Lookup | None = None

    def overridden(self, overrides: dict[str, Any]) -> Guard:
        """The same project, with fields of `Settings` that win over its configuration."""
        other = Guard(root=self.root)
        other._criteria = self._criteria.overridden(overrides)
        return other

    def configuration(self, source: Source | None = None) -> project.Configuration:
        """The settings in force for a source (default: the worktree), and where they come from."""
        return self._criteria.configuration(source or Worktree(self.root))

    def plugin_rules(self) -> tuple[Rule, ...]:
        """The rules of the plugins that the configuration names. Raises ConfigError."""
        snapshot = Worktree(self.root)
        return self._criteria.plugin_rules(snapshot, self.configuration(snapshot).settings)

    def verify(self) -> None:
        """Read everything that the configuration names, and judge nothing.

        Raises ConfigError: the configuration, the schema, the baseline or a plugin cannot be
        used. For doors that must tell this before they begin.
        """
        snapshot = Worktree(self.root)
        settings = self.configuration(snapshot).settings
        self._criteria.accepted(snapshot, settings)
        self._criteria.schema(snapshot, settings)
        self._criteria.plugin_rules(snapshot, settings)

    def check(self, source: str = "worktree", *, maps: Sequence[str] | None = None) -> Report:
        """Find every place where maps and tree disagree.

        Args:
            source: `worktree`; `index`; `commit`, which is what a hook is about to let through;
                or anything that git takes for a tree. Configuration, schema and baseline are
                read from there, too, unless they were named for this Guard.
            maps: paths of the maps to report on, relative to the root; None: the configured ones.

        Returns:
            A frozen report. `report.ok` is True when everything could be judged and no error
            was found.

        Raises:
            ConfigError: the configuration or the team's schema cannot be used.
            GitError: git cannot give the source.
            UnreadableError: a configuration file cannot be read.
            UsageError: a map is neither in the source nor on disk.
        """
        snapshot = self._open(source)
        try:
            settings = self.configuration(snapshot).settings
            self._refuse_unknown(maps, snapshot)
            return self._check(
                snapshot, settings, maps, self._criteria.accepted(snapshot, settings)
            )
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
                raise UsageError(f"the map {path} is neither in {snapshot.name} nor on disk")

    def update_baseline(
        self, source: str = "worktree", *, maps: Sequence[str] | None = None
    ) -> tuple[str, Report]:
        """Accept the findings of today: write the baseline that is named or configured.

        Args:
            source: where they are found, as for `check`; the baseline itself is on disk.
            maps: as for `check`.

        Returns:
            The path of the baseline, and the report of what it cannot accept (JG0xx, JG4xx).

        Raises:
            UsageError: no baseline is named.
            UnreadableError: something could not be judged; nothing is written.
        """
        from jit_guard.baseline import update

        snapshot = self._open(source)
        try:
            settings = self.configuration(snapshot).settings
            path = self._criteria.baseline_path(self.root, settings)
            return path, update(
                path,
                read_file(path, path),
                settings,
                lambda accepted: self._check(snapshot, settings, maps, accepted),
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
        return check(
            snapshot,
            settings,
            reported=maps,
            schema=self._criteria.schema(snapshot, settings),
            accepted=accepted,
            extra_rules=self._criteria.plugin_rules(snapshot, settings),
            root=project.shown(self.root),
        )

    def selftest(self) -> Iterator[Trial]:
        """Break a copy of the worktree in memory, rule by rule. Raises UsageError: no sound map."""
        from jit_guard.selftest import selftest

        snapshot = Worktree(self.root)
        settings = self.configuration(snapshot).settings
        try:
            yield from selftest(snapshot, settings, self._criteria.plugin_rules(snapshot, settings))
        finally:
            snapshot.close()

    def component(self, goal: str, component_type: str) -> pathlib.Path:
        """The file that serves a goal with this component type.

        A reader never sees the instant between the two renames of a commit: where the file is
        not there while a commit is under way, the commit is waited for, and map and file are
        looked at again.

        Raises:
            MissingComponent: no map has the entry, or its file is not there.
            UnfinishedCommitError: a commit was interrupted; `recover` ends it.
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
        """The file that serves a goal with this component type, generated if it is missing.

        Two, threads or processes, that ask for the same component at once buy it once: the
        second waits for the first one's text. When this returns, map and component are on the
        disk, and no power loss takes them back.

        Args:
            goal: a goal of a map,
            component_type: and a component type that it has.
            describe: one line that says what the component should do, or a function that gives
                one for an entry; else the configured descriptions, else what the names suggest.
            options: `generator`, `model`, `command`, … as `fixing.job.FixOptions`. To call this
                is consent to what a generator costs.

        Raises:
            MissingComponent: no map has the entry, or no text could be had; `str()` says why.
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
        """Recover, relink what is certain, generate what is missing, and check again.

        Only findings that selection, baseline and `maps` leave reportable are acted on.

        Args:
            options: what is asked for; default: as configured.
            interaction: who answers for the user; default: nobody, and what has no description
                is left.
            maps: as for `check`.

        Returns:
            The report of the state that was left, with `fixed`, `failed`, `written` and
            `trouble`. What it says is done is on the disk.

        Raises:
            TransactionError, LedgerError: the system refused. What was committed stays, every
                text is in the ledger, and the next run goes on from there.
        """
        from jit_guard.fixing.interaction import Silent
        from jit_guard.fixing.run import run

        messages = self.recover().messages
        done = run(self._job(options, maps), interaction or Silent())
        report = self.check(maps=maps)
        return report._replace(
            fixed=done.fixed,
            failed=done.failed,
            written=done.written,
            messages=(*messages, *done.messages),
            trouble=done.trouble,
            # An error that is gone by now is why nothing was done: it must not go untold.
            unreadable=tuple(dict.fromkeys((*report.unreadable, *done.unreadable))),
        )

    def preview(
        self,
        options: FixOptions | None = None,
        interaction: Interaction | None = None,
        *,
        maps: Sequence[str] | None = None,
    ) -> list[str]:
        """What `fix` would do, in lines; empty when nothing. Writes nothing, calls nothing."""
        from jit_guard.fixing.interaction import Silent
        from jit_guard.fixing.preview import preview

        return list(preview(self._job(options, maps), interaction or Silent()))

    def _job(self, options: FixOptions | None, maps: Sequence[str] | None) -> Job:
        from jit_guard.fixing.job import Configured, FixOptions, make_job

        source = Worktree(self.root)
        self._refuse_unknown(maps, source)
        criteria, settings = self._criteria, self.configuration(source).settings
        configured = Configured(
            settings,
            criteria.accepted(source, settings),
            criteria.prompt(source, settings),
            criteria.descriptions(source, settings),
            criteria.plugin_rules(source, settings),
        )
        return make_job(source, configured, options or FixOptions(), maps)

    def recover(self, *, abandon: bool = False) -> Recovery:
        """Bring an interrupted commit to its end; with `abandon`, undo it and keep its texts.

        Raises TransactionError: it cannot be ended yet. Nothing is lost, and the message says
        what to do.
        """
        from jit_guard.commit.transaction import recover
        from jit_guard.ledger.ledger import keep

        return recover(self.root, abandon=abandon, keep=lambda *text: keep(self.root, *text))

    def prune(self, *, dry_run: bool = False, force: bool = False) -> list[Pruned]:
        """Remove orphans; in git, unless forced, only what git can bring back.

        Raises UsageError: the orphans are not known.
        """
        from jit_guard.fixing import pruning

        pruned = pruning.plan(self.root, self.check(), force=force)
        if not dry_run:
            pruning.remove(self.root, pruned, self.configuration().settings.components)
        return pruned

    def log(
        self, goal: str | None = None, component_type: str | None = None
    ) -> Iterator[tuple[Record, str]]:
        """What was generated, the oldest first, and what became of each."""
        from jit_guard.ledger.history import history

        for record in history(self.root, goal, component_type):
            yield record, record.state(read_file(os.path.join(self.root, record.path), record.path))

    def inside(self, path: str, what: str) -> str:
        """A path relative to the working directory, made relative to the root.

        Raises UsageError when it lies outside the root; `what` names the option.
        """
        return project.inside(self.root, path, what)


def _name(path: Path | None) -> str | None:
    return None if path is None else os.fspath(path)
