"""Plugins: the rules and generators that installed packages add.

Each plugin is loaded into a manager of its own, so that every error is reported with the name of
the plugin that caused it. pluggy validates the hooks; what they return is validated here.

Plugins are imported from the environment, never from the working directory. `python -m jit_guard`
and embedding programs have that on `sys.path`, often first, and its files belong to the
repository that is being checked: a pull request must not be able to replace an installed plugin.
(pip's `__main__` removes it from `sys.path` for the same reason.)
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, TypeVar

from jit_guard.errors import ConfigError, JitGuardError, PluginError, UsageError, in_a_line
from jit_guard.generators.generator import Generator, Options, Request, Text, Writer
from jit_guard.rules.plugin_rule import (
    PluginRule,
    Read,
    as_rule,
    fault_of,
    is_a,
    is_line,
)
from jit_guard.text.printable import quote
from jit_guard.text.search_path import is_here

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from jit_guard.rules.rule import Rule


_Record = TypeVar("_Record")
_changing_the_path = RLock()


def load_rules(names: Sequence[str], read: Read = lambda _: None) -> tuple[Rule, ...]:
    """Load the rules of the named plugins, in the order of the names.

    Args:
        names: entry-point names, as in the configuration's `plugins`.
        read: returns the bytes of a file of the snapshot (`Source.read`), for rules that read
            texts.

    Raises:
        ConfigError: with every fault of every plugin, each with the plugin's name. A rule
            that raises during the check raises it then.
    """
    rules: dict[str, tuple[str, PluginRule]] = {}
    problems: list[str] = []
    cause: ConfigError | None = None
    for name in dict.fromkeys(names):
        try:
            plugin = load_plugin(name)
            if plugin is None:
                raise ConfigError([_unknown("plugin", name, installed_names())])
            found = _records(name, plugin, "jit_guard_rules", PluginRule)
            for rule in found:
                if fault := fault_of(rule):
                    raise PluginError(name, fault)
                if rule.code in rules:
                    clash = f"plugin {rules[rule.code][0]!r}"
                    raise PluginError(name, f"{rule.code} is already a rule of {clash}")
                rules[rule.code] = name, rule
        except ConfigError as error:
            problems += error.problems
            cause = error
    if problems:
        raise ConfigError(problems) from cause
    return tuple(as_rule(name, rule, read) for name, rule in rules.values())


def generator(name: str) -> Generator:
    """Find a generator by name: an embedded one, or a plugin's.

    Args:
        name: `scaffold`, `command`, …; the name of a plugin that offers a generator of the
            same name; or `PLUGIN:NAME`. No plugin can replace an embedded one.

    Raises:
        UsageError: there is no such generator.
        PluginError: the plugin cannot be used.
    """
    from jit_guard.generators.choice import EMBEDDED

    if name in EMBEDDED:
        return EMBEDDED[name]
    plugin_name, _, own = name.partition(":")
    plugin = load_plugin(plugin_name)
    if plugin is None:
        raise UsageError(_unknown("generator", name, generator_names()))
    offered: dict[str, Generator] = {}
    for one in _records(plugin_name, plugin, "jit_guard_generators", Generator):
        if not is_line(one.name) or not callable(one.factory):
            raise PluginError(plugin_name, f"{one!r} has no name or no factory")
        if one.name in offered:
            raise PluginError(plugin_name, f"offers two generators named {one.name!r}")
        offered[one.name] = one
    chosen = offered.get(own or plugin_name)
    if chosen is None:
        choices = ", ".join(f"{plugin_name}:{one}" for one in offered) or "none"
        raise UsageError(f"plugin {plugin_name!r} has no generator {name!r}; it offers {choices}")
    return chosen._replace(name=name, factory=_guarded(plugin_name, chosen.factory))


def generator_names() -> tuple[str, ...]:
    """The names of the embedded generators, then of the installed plugins.

    Some of the plugins may only have rules: none is imported to find out.
    """
    from jit_guard.generators.choice import EMBEDDED

    return (*EMBEDDED, *(name for name in installed_names() if name not in EMBEDDED))


def _records(name: str, plugin: object, hook: str, kind: type[_Record]) -> list[_Record]:
    """The records that a plugin's hook returns, each checked to be of the given kind."""
    import pluggy

    from jit_guard import hookspecs

    manager = pluggy.PluginManager(hookspecs.GROUP)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(plugin, name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginError(name, " ".join(str(error).split())) from error
    for unmarked in _unmarked(plugin):
        raise PluginError(name, f"{unmarked} is not marked; decorate it with @hookimpl")
    caller = getattr(manager.hook, hook)
    if not caller.get_hookimpls():
        raise PluginError(name, f"has no hook {hook}")
    try:
        given = [record for records in caller() for record in records]
    except (Exception, SystemExit) as error:
        raise PluginError(name, f"{hook} failed: {in_a_line(error)}") from error
    for record in given:
        if not isinstance(record, kind):
            what = f"{record!r:.80}, which is not a {kind.__name__}"
            raise PluginError(name, f"{hook} returned {what}")
    if not given:
        raise PluginError(name, f"{hook} returned nothing")
    return given


def _unmarked(plugin: object) -> Iterator[str]:
    """Functions with a hook's name that pluggy would silently ignore."""
    for attribute in dir(plugin):
        if attribute.startswith("jit_guard_"):
            function = getattr(plugin, attribute)
            own = getattr(function, "__module__", None) != "jit_guard.hookspecs"
            if callable(function) and own and not hasattr(function, "jit_guard_impl"):
                yield attribute


def _guarded(plugin: str, factory: Callable[[Options], Writer]) -> Callable[[Options], Writer]:
    """Wrap a plugin's factory, so that its errors end the run and name the plugin."""

    def make(options: Options) -> Writer:
        try:
            writer = factory(options)
        except JitGuardError:
            raise
        except (Exception, SystemExit) as error:
            raise PluginError(plugin, f"its factory failed: {in_a_line(error)}") from error
        if not is_a(writer, Writer):
            raise PluginError(plugin, f"its factory returned {writer!r:.80}, which is not a Writer")

        def write(request: Request) -> Text:
            try:
                text = writer.write(request)
            except JitGuardError:
                raise
            except (Exception, SystemExit) as error:
                raise PluginError(plugin, f"its write failed: {in_a_line(error)}") from error
            if not is_a(text, Text) or not is_a(text.content, str):
                raise PluginError(plugin, f"its write returned {text!r:.80}, which is not a Text")
            return text

        return writer._replace(write=write)

    return make


def _unknown(what: str, name: str, known: Sequence[str]) -> str:
    from jit_guard.text.printable import did_you_mean

    installed = ", ".join(known) or "none"
    return f"unknown {what} {quote(name)}{did_you_mean(name, known)}; installed: {installed}"


def installed_names() -> tuple[str, ...]:
    """The names of all installed plugins, without importing any."""
    with environment_only():
        return tuple(sorted({entry_point.name for entry_point in _entry_points()}))


def load_plugin(name: str) -> object | None:
    """Import a plugin. Returns None if it is not installed.

    Raises:
        PluginError: it cannot be imported, or two packages provide it.
    """
    with environment_only():
        found = {one.value: one for one in _entry_points() if one.name == name}
        if not found:
            return None
        if len(found) > 1:
            places = " and ".join(sorted(_origin(one) for one in found.values()))
            raise PluginError(name, f"two packages provide it: {places}")
        (entry_point,) = found.values()
        try:
            plugin: object = entry_point.load()
        except (Exception, SystemExit) as error:
            where = f"{entry_point.value} of {_origin(entry_point)}"
            raise PluginError(name, f"{where} cannot be imported: {in_a_line(error)}") from error
    return plugin


@contextmanager
def environment_only() -> Iterator[None]:
    """Remove the working directory from `sys.path`, and restore it at the end."""
    with _changing_the_path:
        removed = [(at, entry) for at, entry in enumerate(sys.path) if is_here(entry)]
        for _, entry in removed:
            sys.path.remove(entry)
        try:
            yield
        finally:
            for at, entry in removed:
                sys.path.insert(at, entry)


def _entry_points() -> Iterator[EntryPoint]:
    from importlib.metadata import entry_points

    from jit_guard.hookspecs import GROUP

    return iter(entry_points(group=GROUP))


def _origin(entry_point: EntryPoint) -> str:
    package = entry_point.dist
    return f"{package.name} {package.version}" if package else entry_point.value
