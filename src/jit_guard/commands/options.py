"""The options of `check`, and the options of all commands that select the project.

The other commands read an `argparse.Namespace`; `check` without arguments does not import argparse.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import chain

from jit_guard.errors import UsageError
from jit_guard.guard import Guard
from jit_guard.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

FIX_ONLY = (
    "dry_run", "descriptions", "yes", "no_input", "generator", "model", "base_url", "command",
    "jobs", "limit", "timeout", "max_tokens_total", "fresh", "relink", "generate_anyway", "adopt",
    "batch", "wait",
)  # fmt: skip


PROJECT_OPTIONS = ("root", "config", "components", "schemafile")


class Options(NamedTuple):
    """The options of `check`; see `check.configure` and `fix_options.add_fix_options`."""

    color: str = "auto"
    verbose: bool = False
    quiet: bool = False
    root: str | None = None
    config: str | None = None
    components: str | None = None
    schemafile: str | None = None
    map: list[str] | None = None
    source: str = "worktree"
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    strict: bool = False
    baseline: str | None = None
    update_baseline: bool = False
    fix: bool = False
    dry_run: bool = False
    generator: str | None = None
    model: str | None = None
    base_url: str | None = None
    command: str | None = None
    jobs: int | None = None
    limit: int | None = None
    timeout: float | None = None
    max_tokens_total: int | None = None
    fresh: bool = False
    batch: bool = False
    wait: bool = False
    relink: bool = False
    generate_anyway: bool = False
    adopt: bool = False
    descriptions: str | None = None
    yes: bool = False
    no_input: bool = False
    format: Sequence[tuple[str, str | None]] = (("text", None),)
    show_all: bool = False
    statistics: bool = False
    exit_zero: bool = False
    watch: bool = False

    @classmethod
    def of(cls, given: Namespace) -> Options:
        """The options that argparse parsed, with the defaults of this class for the others."""
        values = {name: value for name, value in vars(given).items() if name in cls._fields}
        return cls(**{name: value for name, value in values.items() if value is not None})

    def has_format(self, name: str) -> bool:
        """Whether a report in this format was asked for."""
        return any(one == name for one, _ in self.format)

    @property
    def concerns_fix(self) -> bool:
        """Whether `--fix` was given, or an option that requires it."""
        return self.fix or bool(self.fix_only)

    @property
    def fix_only(self) -> list[str]:
        """The given options that require `--fix`, by their names in `Options`."""
        return [name for name in FIX_ONLY if getattr(self, name)]


def add_project_options(parser: ArgumentParser) -> None:
    """Add the options that `open_guard` reads."""
    where = parser.add_argument_group("project")
    where.add_argument(
        "--root",
        metavar="DIR",
        help="project root (default: the nearest at or above the working directory)",
    )
    where.add_argument(
        "--config", metavar="FILE", help="configuration file to use instead of the project's"
    )
    where.add_argument("--components", metavar="DIR", help="components directory")
    where.add_argument(
        "--schemafile", metavar="FILE", help="JSON Schema to use instead of the configured one"
    )


def open_guard(
    options: Options | Namespace, overrides: dict[str, Any], baseline: str | None = None
) -> Guard:
    """Open the project that the options select. Raises UsageError and ConfigError."""
    guard = Guard(
        root=options.root, config=options.config, schemafile=options.schemafile, baseline=baseline
    )
    if options.components is not None:
        if not os.path.isdir(options.components):
            raise UsageError(f"--components {options.components} is not a directory")
        overrides["components"] = guard.inside(options.components, "--components")
    given = {name: getattr(options, name) for name in PROJECT_OPTIONS}
    flags = ((f"--{name}", value) for name, value in given.items() if value is not None)
    return guard.overridden(overrides, tuple(chain.from_iterable(flags)))
