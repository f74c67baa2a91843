"""The pytest plugin: the map as tests, and fixtures for tests of orchestrators.

pytest imports this module in every session of every project that has jit-guard installed, asked
for or not. So it imports nothing of ours: what does the work is imported when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from jit_guard.guard import Guard
    from jit_guard.pytest_plugin.fixtures import JitGuardProject

OLDEST = (8, 0)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The flag and the key that ask for the map's tests."""
    group = parser.getgroup("jit-guard", "jit-guard: the goal map and its components")
    group.addoption(
        "--jit-guard",
        action="store_true",
        dest="jit_guard",
        help="test the goal map against the components tree, one test a goal",
    )
    parser.addini(
        "jit_guard",
        "as --jit-guard, but left out where files or node ids are named",
        type="bool",
        default=False,
    )


def pytest_configure(config: pytest.Config) -> None:
    """Join the session when asked to."""
    config.addinivalue_line("markers", "jit_guard: tests of the goal map and its components")
    flag = bool(config.getoption("jit_guard"))
    if not flag and not config.getini("jit_guard"):
        return
    if pytest.version_tuple < OLDEST:
        raise pytest.UsageError(
            f"jit-guard: the map's tests need pytest {'.'.join(map(str, OLDEST))} or newer"
        )
    from jit_guard.pytest_plugin.collection import Collection

    config.pluginmanager.register(Collection(config, flag=flag), "jit-guard-collection")


@pytest.fixture(scope="session")
def jit_guard(pytestconfig: pytest.Config) -> Guard:
    """The `Guard` of the project that pytest's root directory lies in."""
    from jit_guard.guard import Guard

    return Guard(pytestconfig.rootpath)


@pytest.fixture
def jit_guard_project(jit_guard: Guard, tmp_path: Path) -> JitGuardProject:
    """A throw-away copy of map and tree with a scripted generator; see `JitGuardProject`."""
    from jit_guard.pytest_plugin.fixtures import copy

    return copy(jit_guard, tmp_path / "jit_guard_project")
