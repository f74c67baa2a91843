"""The criteria of a check: configuration, schema, baseline and plugins."""

from __future__ import annotations

import os

from jit_guard import project
from jit_guard.comparison.content import STARTS
from jit_guard.config import CODES, Settings
from jit_guard.errors import ConfigError, UsageError
from jit_guard.sources.disk import read_file
from jit_guard.sources.tree import Tree
from jit_guard.text.names import STATE_DIRECTORY
from jit_guard.text.printable import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from jit_guard.baseline import Identity
    from jit_guard.registry.schema import Schema
    from jit_guard.rules.rule import Rule
    from jit_guard.sources.source import Source


class Criteria:
    """Loads configuration, schema, baseline and plugin rules for a check.

    Files that flags name are read from disk, files that the configuration names from the snapshot.

    Args:
        config: a configuration file to use instead of the project's.
        schemafile: a JSON Schema to use instead of the configured one.
        baseline: a baseline to use instead of the configured one.
        overrides: fields of `Settings` that override the configuration.
    """

    def __init__(
        self,
        config: str | None,
        schemafile: str | None,
        baseline: str | None,
        overrides: dict[str, Any],
    ) -> None:
        self._config = config
        self._schemafile = schemafile
        self._baseline = baseline
        self._overrides = overrides

    def overridden(self, overrides: dict[str, Any]) -> Criteria:
        """Return a copy with more overrides."""
        merged = {**self._overrides, **overrides}
        return Criteria(self._config, self._schemafile, self._baseline, merged)

    def configuration(self, snapshot: Source) -> project.Configuration:
        """Return the effective settings for a snapshot, and their origins."""
        if self._config is not None:
            found = project.load_file(_read(self._config), self._config)
        else:
            found = project.load(snapshot.read)
            tree = Tree(snapshot)
            found = project.detected(found, lambda path: tree.resolve(path).kind != "absent")
        settings = found.settings._replace(**self._overrides)
        if "select" in self._overrides and "ignore" not in self._overrides:
            # A code that a flag selects overrides the same code in the ignore list of the file.
            kept = tuple(code for code in settings.ignore if code not in settings.select)
            settings = settings._replace(ignore=kept)
        origins = {**found.origins, **dict.fromkeys(self._overrides, "a flag")}
        return found._replace(settings=settings, origins=origins)

    def schema(self, snapshot: Source, settings: Settings) -> Schema | None:
        """Return a team's own schema; None if there is none."""
        if self._schemafile is None and settings.schema is None:
            return None
        from jit_guard.registry.schema import Schema

        if self._schemafile is not None:
            return Schema.load(self._schemafile, _read(self._schemafile))
        assert settings.schema is not None
        return Schema.load(settings.schema, _named(snapshot, "schema", settings.schema))

    def accepted(self, snapshot: Source, settings: Settings) -> frozenset[Identity]:
        """Return the identities that the baseline accepts; none without a baseline."""
        if self._baseline is None and settings.baseline is None:
            return frozenset()
        from jit_guard import baseline

        if self._baseline is not None:
            return baseline.parse(self._baseline, _read(self._baseline))
        assert settings.baseline is not None
        hint = "; create it with --update-baseline"
        data = _named(snapshot, "baseline", settings.baseline, hint)
        return baseline.parse(settings.baseline, data)

    def baseline_path(self, root: str, settings: Settings) -> str:
        """Return the path of the baseline on disk. Raises UsageError if there is none."""
        if self._baseline is not None:
            return self._baseline
        if settings.baseline is None:
            raise UsageError("no baseline is configured; pass --baseline FILE")
        return os.path.join(root, settings.baseline)

    def plugin_rules(self, snapshot: Source, settings: Settings) -> tuple[Rule, ...]:
        """Load the rules of the configured plugins.

        Raises ConfigError if a plugin cannot be used, or no rule has a selected code.
        """
        rules: tuple[Rule, ...] = ()
        if settings.plugins:
            from jit_guard.plugins import load_rules

            rules = load_rules(settings.plugins, snapshot.read)
        known = (*CODES, *(rule.code for rule in rules))
        unknown = [
            f"no rule code starts with {quote(prefix)}"
            for prefix in (*settings.select, *settings.ignore)
            if not any(code.startswith(prefix) for code in known)
        ]
        if unknown:
            raise ConfigError(unknown)
        return rules

    def prompt(self, snapshot: Source, settings: Settings) -> str | None:
        """Return the text of a team's own system prompt; None if there is none."""
        if settings.prompt is None:
            return None
        return self._sent(snapshot, "prompt", settings.prompt).decode("utf-8", "replace")

    def descriptions(self, snapshot: Source, settings: Settings) -> tuple[str, bytes] | None:
        """Return the path and the bytes of the descriptions file; None if there is none."""
        path = settings.descriptions
        return None if path is None else (path, self._sent(snapshot, "descriptions", path))

    def _sent(self, snapshot: Source, key: str, path: str) -> bytes:
        """Return the bytes of a file that is sent to a model.

        Raises:
            ConfigError: it does not exist, git ignores it, or it is in `.jit-guard`: by naming such
                a file, a pull request would publish what it does not contain.
            UnreadableError: git cannot determine that.
        """
        from jit_guard.sources import gate

        data = _named(snapshot, key, path)
        place = gate.find(Tree(snapshot), path) if self._config is None else None
        if place is None:
            return data
        if place.real.partition("/")[0].lower() == STATE_DIRECTORY:
            raise ConfigError([f"{key}: {path} is in {STATE_DIRECTORY}, which is never sent"])
        if snapshot.ignored([place.real]):
            raise ConfigError(
                [f"{key}: {path} is ignored by git; ignored files are never sent to a model"]
            )
        return data


def _named(snapshot: Source, key: str, path: str, hint: str = "") -> bytes:
    """Return the bytes of a configured file. Raises ConfigError if it does not exist."""
    data = snapshot.read(path)
    if data is None:
        raise ConfigError([f"{key}: {path} does not exist{hint}"])
    if data.startswith(STARTS):
        from jit_guard.text.stored_form import stored_form

        if form := stored_form(data):
            raise ConfigError([f"{key}: {path} cannot be read: {form.refusal}"])
    return data


def _read(path: str) -> bytes:
    data = read_file(path, path)
    if data is None:
        raise UsageError(f"{path} does not exist")
    return data
