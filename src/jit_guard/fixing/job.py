"""One fix as a value: what is fixed, within which bounds, on whose wishes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from jit_guard.config import Settings
from jit_guard.criteria import Terms
from jit_guard.errors import UsageError
from jit_guard.fixing import descriptions
from jit_guard.fixing.descriptions import Descriptions
from jit_guard.fixing.judging import Judge, with_rules
from jit_guard.fixing.worktree_plan import Scope
from jit_guard.generators.budget import Budget
from jit_guard.generators.choice import AUTO, choose, forbid_network
from jit_guard.generators.generator import Generator, Options
from jit_guard.registry.goal_map import Entry
from jit_guard.sources.worktree import Worktree

COMMAND = "JIT_GUARD_COMMAND"


class Wishes(NamedTuple):
    """What was asked for. None: as configured.

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


def workshop(
    wishes: Wishes,
    settings: Settings,
    root: str,
    prompt: str | None,
    environ: Mapping[str, str] = os.environ,
) -> Workshop:
    """Choose the generator.

    Args:
        wishes: flags first,
        settings: then the configuration.
        root: the project's root.
        prompt: the text of a team's own system prompt.
        environ: `OPENAI_*`, `JIT_GUARD_COMMAND`, `CI` and `JIT_GUARD_NO_NETWORK` are looked at.

    Raises:
        UsageError: there is no such generator, or it must not be used here.
        PluginError: its plugin cannot be used.
    """
    command = wishes.command or environ.get(COMMAND)
    chosen = _chosen(wishes, settings, command, environ)
    forbid_network(chosen, environ)
    options = Options(
        root=root,
        model=wishes.model or settings.model,
        timeout=wishes.timeout or settings.timeout,
        command=command,
        base_url=wishes.base_url,
        prompt=prompt,
        budget=Budget(wishes.max_tokens_total),
    )
    return Workshop(chosen, options, wishes.jobs or settings.jobs)


def _chosen(
    wishes: Wishes, settings: Settings, command: str | None, environ: Mapping[str, str]
) -> Generator:
    name = wishes.generator or ("command" if wishes.command else settings.generator)
    if isinstance(name, Generator):
        return name
    if name == AUTO and command:
        name = "command"
    if wishes.command and name != "command":
        raise UsageError(f"--command goes with the generator `command`, not with {name!r}")
    from jit_guard.plugins import generator

    return generator(choose(name, environ, base_url=wishes.base_url))


class Job(NamedTuple):
    """What a run, or its preview, needs to know.

    `workshop` makes the generator only when something is missing, since choosing may fail.
    """

    source: Worktree
    scope: Scope
    wishes: Wishes
    workshop: Callable[[], Workshop]
    judge: Judge


def job(source: Worktree, terms: Terms, wishes: Wishes, maps: Sequence[str] | None) -> Job:
    """Put a job together. Raises ConfigError, PluginError: what is configured cannot be used."""
    settings = terms.configuration(source).settings
    if settings.descriptions is not None:
        data = terms.file(source, "descriptions", settings.descriptions)
        known = descriptions.parse(settings.descriptions, data)
        wishes = wishes._replace(descriptions={**known, **wishes.descriptions})
    prompt: str | None = None
    if settings.prompt is not None:
        prompt = terms.file(source, "prompt", settings.prompt).decode("utf-8", "replace")
    shown = settings.maps if maps is None else tuple(dict.fromkeys(maps))
    return Job(
        source,
        Scope(settings, shown, terms.accepted(source, settings), wishes.only),
        wishes,
        lambda: workshop(wishes, settings, source.root, prompt),
        with_rules(terms.plugin_rules(source, settings), source, settings),
    )
