"""The model holds in every bounded configuration, and notices every mutation."""

from __future__ import annotations

import pytest

from crash.conftest import Record, record  # noqa: F401  (a fixture)
from spec.model import check


@pytest.fixture(scope="module")
def checkers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    if reason := check.missing():
        pytest.skip(reason)
    built: dict[str, str] = check.build_all(str(tmp_path_factory.mktemp("checkers")))
    return built


@pytest.mark.parametrize("name", check.CASES)
def test_the_model_holds(name: str, checkers: dict[str, str], record: Record) -> None:  # noqa: F811
    result = check.check(checkers, check.CASES[name])
    record(f"model, {name}: {result.states} states")
    assert not result.violated
    assert result.complete


def test_every_mutation_violates_an_invariant(
    checkers: dict[str, str],
    record: Record,  # noqa: F811
) -> None:
    unnoticed = [
        check.MUTATIONS[number] for number, noticed in check.notice_all(checkers) if noticed is None
    ]
    record(f"model, mutations: {len(check.MUTATIONS)}, unnoticed {len(unnoticed)}")
    assert not unnoticed
