"""The model holds in every bounded configuration, and notices every mutation.

`python spec/check.py` runs all of them; here it is a sample, other ones every day.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from crash.conftest import Record, record  # noqa: F401  (a fixture)
from sampling import sample
from spec.model import check


class Checkers(dict[str, str]):
    """The builds of the model that are asked for: their names, and the paths of the checkers."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __missing__(self, name: str) -> str:
        below = self._directory / str(len(self))
        below.mkdir()
        self[name] = check.build(str(below), *check.BUILDS[name])
        return self[name]


@pytest.fixture(scope="module")
def checkers(tmp_path_factory: pytest.TempPathFactory) -> Checkers:
    if reason := check.missing():
        pytest.skip(reason)
    return Checkers(tmp_path_factory.mktemp("checkers"))


def test_the_model_holds(checkers: Checkers, record: Record) -> None:  # noqa: F811
    for name in sample(list(check.CASES), 2):
        result = check.check(checkers, check.CASES[name])
        record(f"model, {name}: {result.states} states")
        assert not result.violated, name
        assert result.complete, name


def test_every_mutation_violates_an_invariant(
    checkers: Checkers,
    record: Record,  # noqa: F811
) -> None:
    mutations = sample(list(check.MUTATIONS), 4)
    unnoticed = [
        check.MUTATIONS[number] for number in mutations if check.notice(checkers, number) is None
    ]
    record(f"model: {len(mutations)} of {len(check.MUTATIONS)} mutations, unnoticed {unnoticed}")
    assert not unnoticed
