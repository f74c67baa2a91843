"""The options that say which project is meant, shared by every command that reads one."""

from __future__ import annotations

import os

from jit_guard.errors import UsageError
from jit_guard.guard import Guard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from typing import Any

    from jit_guard.commands.options import ProjectOptions


def add(parser: ArgumentParser) -> None:
    """Add the options that `guard` reads."""
    where = parser.add_argument_group("where")
    where.add_argument("--root", metavar="DIR", help="the root; default: the nearest above")
    where.add_argument("--config", metavar="FILE", help="the configuration to use")
    where.add_argument("--components", metavar="DIR", help="the components folder")
    where.add_argument("--schemafile", metavar="FILE", help="a JSON Schema of your own")


def guard(options: ProjectOptions, overrides: dict[str, Any], baseline: str | None = None) -> Guard:
    """The project that the options mean. Raises UsageError and ConfigError."""
    found = Guard(
        root=options.root, config=options.config, schemafile=options.schemafile, baseline=baseline
    )
    if options.components is not None:
        if not os.path.isdir(options.components):
            raise UsageError(f"--components {options.components} is not a folder")
        overrides["components"] = found.inside(options.components, "--components")
    return found.overridden(overrides)
