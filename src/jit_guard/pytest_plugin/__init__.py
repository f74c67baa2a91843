"""The pytest plugin: the map as tests, and fixtures for tests of orchestrators.

pytest imports this module in every session in an environment with jit-guard, whether the session
uses it or not. It therefore imports the rest of the package only when a session asks for it.
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
    """Add the flag and the ini key that enable the map's tests."""
    group = parser.getgroup("jit-guard", "jit-guard: the goal map and its components")
    group.addoption(
        "--jit-guard",
        action="store_true",
        dest="jit_guard",
        help="test the goal map against the components directory, one test per goal",
    )
    parser.addini(
        "jit_guard",
        "same as --jit-guard, except when files or node ids are given on the command line",
        type="bool",
        default=False,
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the collection of the map's tests if it is enabled."""
    config.addinivalue_line("markers", "jit_guard: tests of the goal map and its components")
    flag = bool(config.getoption("jit_guard"))
    if not flag and not config.getini("jit_guard"):
        return
    if pytest.version_tuple < OLDEST:
        raise pytest.UsageError(
            f"jit-guard: the map's tests require pytest {'.'.join(map(str, OLDEST))} or newer"
        )
    from jit_guard.pytest_plugin.collection import Collection

    config.pluginmanager.register(Collection(config, flag=flag), "jit-guard-collection")


@pytest.fixture(scope="session")
def jit_guard(pytestconfig: pytest.Config) -> Guard:
    """The `Guard` of the project that contains pytest's root directory."""
    from jit_guard.guard import Guard

    return Guard(pytestconfig.rootpath)


@pytest.fixture
def jit_guard_project(jit_guard: Guard, tmp_path: Path) -> JitGuardProject:
    """A temporary copy of map and tree with a scripted generator; see `JitGuardProject`."""
    from jit_guard.pytest_plugin.fixtures import copy

    return copy(jit_guard, tmp_path / "jit_guard_project")
