"""One fix as a value: what is fixed, within which bounds, on whose given."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from jit_guard.config import Settings
from jit_guard.errors import JitGuardError, MissingComponent, UsageError
from jit_guard.fixing.descriptions import Descriptions, parse
from jit_guard.fixing.judging import Judge, with_rules
from jit_guard.fixing.worktree_plan import Scope
from jit_guard.generators.budget import Budget
from jit_guard.generators.choice import AUTO, choose, forbid_network
from jit_guard.generators.generator import Generator, GeneratorUnusableError, Options
from jit_guard.registry.goal_map import Entry
from jit_guard.sources.worktree import Worktree

if TYPE_CHECKING:
    from jit_guard.baseline import Identity
    from jit_guard.report import Report
    from jit_guard.rules.rule import Rule

COMMAND = "JIT_GUARD_COMMAND"


class FixOptions(NamedTuple):
    """What was asked for, by flags or by a program. None: as configured.

    `generator` is a name, or a generator itself (a program's own, a scripted one in a test).
    `describe` answers for an entry that no file describes (a program's way; the command asks).
    `consent`: what may cost money may be spent without another question.
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
    consent: bool = False
    descriptions: Descriptions = MappingProxyType({})
    describe: Callable[[Entry], str | None] | None = None
    only: str | None = None  # the path of a missing component: nothing else is mended


class Workshop(NamedTuple):
    """The generator that was chosen, and what it is made with."""

    generator: Generator
    options: Options
    jobs: int

    @property
    def improves_drafts(self) -> bool:
        """Does it write better texts than the drafts that are there?"""
        return self.generator.name != "scaffold"


def workshop(
    given: FixOptions,
    settings: Settings,
    root: str,
    prompt: str | None,
    environ: Mapping[str, str] = os.environ,
) -> Workshop:
    """Choose the generator.

    Args:
        given: flags first,
        settings: then the configuration.
        root: the project's root.
        prompt: the text of a team's own system prompt.
        environ: `OPENAI_*`, `JIT_GUARD_COMMAND`, `CI` and `JIT_GUARD_NO_NETWORK` are looked at.

    Raises:
        UsageError: there is no such generator, or it must not be used here.
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
    return Workshop(chosen, options, given.jobs or settings.jobs)


def _chosen(
    given: FixOptions, settings: Settings, command: str | None, environ: Mapping[str, str]
) -> Generator:
    name = given.generator or ("command" if given.command else settings.generator)
    if isinstance(name, Generator):
        return name
    if name == AUTO and command:
        name = "command"
    if given.command and name != "command":
        raise UsageError(f"--command goes with the generator `command`, not with {name!r}")
    from jit_guard.plugins import generator

    return generator(choose(name, environ, base_url=given.base_url))


class Configured(NamedTuple):
    """What the project's configuration says of a fix; the files that it names are read."""

    settings: Settings
    accepted: frozenset[Identity]  # by the baseline
    prompt: str | None  # the text of a team's own system prompt
    descriptions: bytes | None  # the file of the key `descriptions`
    rules: tuple[Rule, ...]  # of plugins


class Job(NamedTuple):
    """What a run, or its preview, needs to know.

    `workshop` makes the generator only when something is missing, since choosing may fail.
    """

    source: Worktree
    scope: Scope
    options: FixOptions
    workshop: Callable[[], Workshop]
    judge: Judge


def make_job(
    source: Worktree,
    configured: Configured,
    options: FixOptions,
    maps: Sequence[str] | None,
) -> Job:
    """Put a job together: `maps` are those to fix; None: every configured one.

    Raises ConfigError: the file of descriptions cannot be used.
    """
    settings = configured.settings
    if settings.descriptions is not None and configured.descriptions is not None:
        known = parse(settings.descriptions, configured.descriptions)
        options = options._replace(descriptions={**known, **options.descriptions})
    shown = settings.maps if maps is None else tuple(dict.fromkeys(maps))
    return Job(
        source,
        Scope(settings, shown, configured.accepted, options.only),
        options,
        lambda: workshop(options, settings, source.root, configured.prompt),
        with_rules(configured.rules, source, settings),
    )


def for_one(
    missing: str, describe: Callable[[Entry], str | None] | str | None, given: Mapping[str, Any]
) -> FixOptions:
    """The options of a fix that a program asks for: one component, and consent to its cost.

    Args:
        missing: the path of the component.
        describe: its description, or a function that gives one for an entry.
        given: other fields of FixOptions.
    """
    by_entry = (lambda _: describe) if isinstance(describe, str) else describe
    return FixOptions(**{"consent": True, **given, "describe": by_entry, "only": missing})


def refusal(report: Report, error: MissingComponent) -> JitGuardError:
    """Why a component is still missing after the fix that should have made it."""
    if report.trouble is not None:
        return GeneratorUnusableError(report.trouble)
    for one in report.failed:
        if (one.goal, one.component_type) == (error.goal, error.component_type):
            return MissingComponent(error.goal, error.component_type, error.path, one.reason)
    return error
