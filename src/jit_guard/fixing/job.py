"""One fix as a value: what is fixed, with which options and generator."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from jit_guard.config import Settings
from jit_guard.errors import JitGuardError, MissingComponent, UsageError
from jit_guard.fixing.adoption import Unclear
from jit_guard.fixing.contracts import Contracts
from jit_guard.fixing.descriptions import Descriptions, parse
from jit_guard.fixing.judging import TextCheck, with_rules
from jit_guard.fixing.plan import Decision
from jit_guard.fixing.worktree_plan import Scope
from jit_guard.generators.budget import Budget
from jit_guard.generators.choice import AUTO, choose, forbid_network
from jit_guard.generators.generator import Generator, GeneratorUnusableError, Options
from jit_guard.registry.goal_map import Entry
from jit_guard.sources.worktree import Worktree
from jit_guard.text.shell import Shell

if TYPE_CHECKING:
    from jit_guard.baseline import Identity
    from jit_guard.report import Report
    from jit_guard.rules.rule import Rule

COMMAND = "JIT_GUARD_COMMAND"


class FixOptions(NamedTuple):
    """The options of a fix, from flags or from a program. None: as configured.

    `generator` is a name, or a `Generator` (a program's own, or a scripted one in a test).
    `describe` returns the description of an entry that no file describes (for programs; the
    command asks), `name_orphan` goal and type of an orphan whose entry is not certain. `consent`:
    spend money without asking. `relink` accepts every offer of a likely file, and
    `generate_anyway` declines it; otherwise the user is asked.
    """

    generator: str | Generator | None = None
    model: str | None = None
    base_url: str | None = None
    command: str | None = None
    jobs: int | None = None
    limit: int | None = None
    timeout: float | None = None
    max_tokens_total: int | None = None
    fresh: bool = False
    batch: bool = False  # submit texts in a batch, and do not wait for them
    wait: bool = False  # but for the batch
    consent: bool = False
    relink: bool = False
    generate_anyway: bool = False
    descriptions: Descriptions = MappingProxyType({})
    described_in: str | None = None  # the file that contains them
    describe: Callable[[Entry], str | None] | None = None
    adopt: bool = False  # add entries for orphans
    name_orphan: Callable[[Unclear], tuple[str, str] | None] | None = None
    only: str | None = None  # the path of a missing component: nothing else is fixed

    @property
    def names_generator(self) -> bool:
        """Whether a certain generator or model is asked for, instead of the configured one."""
        return any((self.generator, self.model, self.base_url, self.command))


class GeneratorSetup(NamedTuple):
    """The chosen generator and its options."""

    generator: Generator
    options: Options
    jobs: int

    @property
    def improves_drafts(self) -> bool:
        """Whether it writes better texts than the existing drafts."""
        return self.generator.name != "scaffold"

    def refuse_batch(self) -> None:
        """Raise UsageError if the generator takes no batches."""
        writer = self.generator.factory(self.options)
        writer.close()
        if writer.batches is None:
            raise UsageError(
                f"--batch requires the generator openai, not {self.generator.name}; "
                "set OPENAI_API_KEY, or pass --generator openai or --base-url"
            )


def set_up_generator(
    given: FixOptions,
    settings: Settings,
    root: str,
    prompt: str | None,
    environ: Mapping[str, str] = os.environ,
) -> GeneratorSetup:
    """Choose the generator.

    Args:
        given: the options of the fix; they take precedence.
        settings: the configuration.
        root: the project's root.
        prompt: the text of the configured system prompt.
        environ: `OPENAI_*`, `JIT_GUARD_COMMAND`, `CI` and `JIT_GUARD_NO_NETWORK` are read.

    Raises:
        UsageError: there is no such generator, or it is not allowed here.
        PluginError: its plugin cannot be used.
    """
    command = given.command or environ.get(COMMAND)
    chosen = _chosen(given, settings, command, environ)
    forbid_network(chosen, environ)
    options = Options(
        root=root,
        model=given.model or settings.model,
        timeout=given.timeout or settings.timeout,
        command=command,
        base_url=given.base_url,
        prompt=prompt,
        budget=Budget(given.max_tokens_total),
    )
    return GeneratorSetup(chosen, options, given.jobs or settings.jobs)


def _chosen(
    given: FixOptions, settings: Settings, command: str | None, environ: Mapping[str, str]
) -> Generator:
    name = given.generator or ("command" if given.command else settings.generator)
    if isinstance(name, Generator):
        return name
    if name == AUTO and command:
        name = "command"
    if given.command and name != "command":
        raise UsageError(f"--command requires --generator command, not {name}")
    from jit_guard.plugins import generator

    return generator(choose(name, environ, base_url=given.base_url))


class Configured(NamedTuple):
    """The project's configuration of a fix, with the contents of the files that it names."""

    settings: Settings
    accepted: frozenset[Identity]  # by the baseline
    prompt: str | None  # the text of the configured system prompt
    descriptions: tuple[str, bytes] | None  # the path and the file of the key `descriptions`
    rules: tuple[Rule, ...]  # of plugins
    shell: Shell = Shell()  # how commands are written for the working directory


class Job(NamedTuple):
    """The input of a run or a preview.

    `set_up_generator` is called only if something is missing, since choosing a generator may fail.
    """

    source: Worktree
    scope: Scope
    options: FixOptions
    set_up_generator: Callable[[], GeneratorSetup]
    check: TextCheck
    contracts: Contracts


def make_job(
    source: Worktree,
    configured: Configured,
    options: FixOptions,
    maps: Sequence[str] | None,
) -> Job:
    """Make a job. `maps` are the maps to fix; None: all configured ones.

    Raises:
        ConfigError: the file of descriptions is invalid.
        UsageError: options that cannot be combined.
    """
    settings = configured.settings
    if options.wait and not options.batch:
        raise UsageError("wait requires batch")
    if options.relink and options.generate_anyway:
        raise UsageError("relink and generate_anyway cannot be combined")
    if configured.descriptions is not None:
        known = parse(*configured.descriptions)
        options = options._replace(descriptions={**known, **options.descriptions})
    contracts = Contracts(source, settings)
    return Job(
        source,
        Scope.of(
            *(settings, configured.accepted, maps, options.only, _decision(options)),
            configured.shell,
        ),
        options,
        lambda: set_up_generator(options, settings, source.root, configured.prompt),
        with_rules(configured.rules, contracts, source, settings),
        contracts,
    )


def _decision(options: FixOptions) -> Decision | None:
    if options.generate_anyway:
        return "generate"
    return "accept" if options.relink else None


def for_one(
    missing: str, describe: Callable[[Entry], str | None] | str | None, given: Mapping[str, Any]
) -> FixOptions:
    """Make the options of a program's fix: one component, with consent to its cost.

    Args:
        missing: the path of the component.
        describe: its description, or a function that returns one for an entry.
        given: other fields of `FixOptions`.
    """
    by_entry = (lambda _: describe) if isinstance(describe, str) else describe
    return FixOptions(**{"consent": True, **given, "describe": by_entry, "only": missing})


def refusal(report: Report, error: MissingComponent) -> JitGuardError:
    """Return the error for a component that is still missing after its fix."""
    if report.trouble is not None:
        return GeneratorUnusableError(report.trouble)
    for one in report.failed:
        if (one.goal, one.component_type) == (error.goal, error.component_type):
            return MissingComponent(error.goal, error.component_type, error.path, one.reason)
    return error
