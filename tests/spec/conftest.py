"""The model, compiled once for a run of the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from crash.conftest import fast_directory  # noqa: F401  (a fixture)
from spec.conformance import Checker
from spec.model import check


@pytest.fixture(scope="session")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Checker:
    if reason := check.missing():
        pytest.skip(reason)
    folder: Path = tmp_path_factory.mktemp("model")
    return Checker(str(folder))
