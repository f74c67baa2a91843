"""Sessions load only this plugin of those that are installed, which is faster."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_other_plugins(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "pytester" in request.fixturenames:
        request.getfixturevalue("pytester")  # which removes the variables
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p jit-guard")


@pytest.fixture
def all_plugins(monkeypatch: pytest.MonkeyPatch, no_other_plugins: None) -> None:
    """A session loads what is installed, as a user's does."""
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    monkeypatch.delenv("PYTEST_ADDOPTS")
