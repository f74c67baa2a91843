"""The hooks that a plugin can implement, and every name that it imports from jit-guard.

A plugin is a package with an entry point in the group `jit_guard`. The name of the entry point
is what users write (`plugins = ["acme"]`, `--generator acme`); its module has one or both of
these hooks, marked with `hookimpl`. See docs/plugins.md, and two complete packages in examples/.
"""

from __future__ import annotations

from collections.abc import Iterable

from pluggy import HookimplMarker, HookspecMarker

from jit_guard.generators.generator import (
    Example,
    GenerationError,
    Generator,
    GeneratorUnusableError,
    Options,
    Request,
    Text,
    Usage,
    Writer,
)
from jit_guard.rules.plugin_rule import MappedEntry, PluginRule, Problem, Project

__all__ = [
    "Example",
    "GenerationError",
    "Generator",
    "GeneratorUnusableError",
    "MappedEntry",
    "Options",
    "PluginRule",
    "Problem",
    "Project",
    "Request",
    "Text",
    "Usage",
    "Writer",
    "hookimpl",
    "jit_guard_generators",
    "jit_guard_rules",
]

GROUP = "jit_guard"
hookspec = HookspecMarker(GROUP)
hookimpl = HookimplMarker(GROUP)


@hookspec
def jit_guard_rules() -> Iterable[PluginRule]:  # type: ignore[empty-body]
    """The rules that this plugin adds to the check.

    Called when a configuration names the plugin in `plugins`.
    """


@hookspec
def jit_guard_generators() -> Iterable[Generator]:  # type: ignore[empty-body]
    """The generators that this plugin offers.

    Called when one of them is chosen: `NAME` is the generator of the same name as its plugin,
    `PLUGIN:NAME` any other. No other plugin is loaded then.
    """
