"""Collect the map's tests in a pytest session that enabled them."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from jit_guard.errors import ConfigError, JitGuardError
from jit_guard.pytest_plugin.items import MapFile, MapItem
from jit_guard.pytest_plugin.suite import Suite
from jit_guard.text.printable import printable


class Collection:
    """The hooks of one session. Every xdist worker has its own, and collects the same tests.

    Maps that are named on the command line (`goal_map.json::orphans`) are collected as pytest
    collects any file. Otherwise all maps are added to what the session collects itself,
    whatever `testpaths` and the command line select.

    Args:
        config: pytest's configuration.
        flag: whether the tests were enabled by the flag, not only by the ini key.
    """

    def __init__(self, config: pytest.Config, *, flag: bool) -> None:
        self._config = config
        self._flag = flag
        self._suite: Suite | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Validate the configuration before tests are collected or workers are started."""
        try:
            self._suite = Suite(self._config.rootpath)
        except JitGuardError as error:
            problems = error.problems if isinstance(error, ConfigError) else (str(error),)
            raise pytest.UsageError(
                *(f"jit-guard: {printable(problem)}" for problem in problems)
            ) from None

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> MapFile | None:
        """Collect a map that is named on the command line, and no other file."""
        suite = self._started()
        if file_path in suite.maps and file_path in self._named():
            return MapFile.of(parent, file_path, suite)
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Add the tests of all maps to what the session itself has collected.

        They are added as tests, not as a file: `--lf` skips files without a known failure, and
        does not recognize a map that is absent or outside the root directory.
        """
        report = yield
        if isinstance(collector, pytest.Session) and report.passed and self._all_wanted():
            report.result = [*report.result, *self._all(collector)]
        return report

    def _all(self, session: pytest.Session) -> Iterator[MapItem]:
        suite = self._started()
        for path in suite.maps:
            hook = session.gethookproxy(path.parent)
            if not hook.pytest_ignore_collect(collection_path=path, config=self._config):
                yield from MapFile.of(session, path, suite).collect()

    def _all_wanted(self) -> bool:
        named = self._named()
        if named.intersection(self._started().maps):
            return False
        given = self._config.args_source is pytest.Config.ArgsSource.ARGS
        return self._flag or not given or all(map(os.path.isdir, named))

    def _named(self) -> frozenset[Path]:
        """The paths that pytest was asked to collect, without the node ids after them."""
        start = self._config.invocation_params.dir
        paths = (argument.partition("[")[0].partition("::")[0] for argument in self._config.args)
        return frozenset(Path(os.path.abspath(start / path)) for path in paths)

    def _started(self) -> Suite:
        assert self._suite is not None, "the session has not started"
        return self._suite
