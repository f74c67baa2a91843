"""A project as a suite of tests: its maps are read once for the names, and checked once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from jit_guard.errors import JitGuardError, UnreadableError
from jit_guard.formats.block import lines_of
from jit_guard.guard import Guard
from jit_guard.pytest_plugin.parts import Key, Part, parts
from jit_guard.pytest_plugin.verdicts import Verdict, distribute
from jit_guard.report import Finding
from jit_guard.sources.read_maps import Maps, read_all
from jit_guard.sources.tree import Tree
from jit_guard.sources.worktree import Worktree


class Suite:
    """The tests of the project that contains a directory.

    The maps are read at collection, and the check runs with the first test.

    Raises:
        JitGuardError: the configuration cannot be used.
    """

    def __init__(self, start: Path) -> None:
        self.guard = Guard(start)
        self.guard.verify()
        self.root = Path(self.guard.root)
        self._source = Worktree(self.guard.root)
        self._settings = self.guard.configuration(self._source).settings
        self.maps = {self.root / path: path for path in self._paths}
        self._data: dict[str, bytes] = {}

    def parts(self, path: str) -> Sequence[Part]:
        """The tests of one map."""
        return self._parts[path]

    def verdict(self, key: Key) -> Verdict:
        """The result of the check for one part. Raises JitGuardError: the check failed."""
        verdicts = self._verdicts
        if isinstance(verdicts, JitGuardError):
            raise verdicts
        return verdicts.get(key, Verdict())

    def line(self, finding: Finding) -> str | None:
        """The line of a finding in its file, for an excerpt; None if it cannot be read."""
        path = finding.file
        if path is None or finding.line is None:
            return None
        if path not in self._data:
            try:
                self._data[path] = self._source.read(path) or b""
            except UnreadableError:
                self._data[path] = b""
        return lines_of(self._data[path], [finding.line]).get(finding.line)

    @cached_property
    def _read(self) -> Maps:
        return read_all(self._source, self._settings, Tree(self._source))

    @cached_property
    def _parts(self) -> dict[str, list[Part]]:
        paths = self._paths
        return {path: list(parts(self._read, path, first=path == paths[0])) for path in paths}

    @cached_property
    def _paths(self) -> list[str]:
        read = self._read
        others = (*(one.path for one in read.registries), *read.faults, *read.absent, *read.empty)
        return list(dict.fromkeys((*self._settings.maps, *others)))

    @cached_property
    def _verdicts(self) -> dict[Key, Verdict] | JitGuardError:
        # An error is cached like a result, so that thousands of tests do not repeat the check.
        try:
            report = self.guard.check()
        except JitGuardError as error:
            return error
        keys = dict.fromkeys(part.key for listed in self._parts.values() for part in listed)
        return distribute(report, keys, self._entries() if report.unreadable else {})

    def _entries(self) -> dict[str, list[Key]]:
        found: dict[str, list[Key]] = {}
        for goal_map in self._read.read:
            for entry in goal_map.entries():
                path = self._settings.path(entry.component_type, entry.filename)
                found.setdefault(path, []).append(Key(goal_map.path, "goal", entry.goal))
        for registry in self._read.registries:
            for one in registry.entries():
                key = Key(registry.path, "goal", registry.described(one.keys)[1])
                for target in one.paths:
                    found.setdefault(target.path, []).append(key)
        return found
