"""A sample is small, covers the whole sweep, and is another one every day."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import sampling
from sampling import sample

if TYPE_CHECKING:
    import pytest


def test_a_sample_is_repeated_with_its_seed_and_another_one_the_next_day(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sampling, "FULL", False)
    points = range(500)
    days: set[int] = set()
    for day in range(1, 29):
        monkeypatch.setattr(sampling, "SEED", f"2026-02-{day:02}")
        chosen = sample(points, 12)
        assert chosen == sample(points, 12) == sorted(set(chosen))
        assert (len(chosen), chosen[0], chosen[-1]) == (12, 0, 499)
        assert all(after - before < 110 for before, after in pairwise(chosen))
        days.update(chosen)
    assert len(days) > 200
    test = "tests/test_sampling.py::test_a_sample_is_repeated_with_its_seed_and_another_one"
    assert f"JIT_GUARD_SEED=2026-02-28 pytest -n 0 '{test}" in capsys.readouterr().out


def test_a_short_sweep_and_a_full_one_have_every_point(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sample("abc", 3) == ["a", "b", "c"]
    monkeypatch.setattr(sampling, "FULL", True)
    assert sample(range(100), 2) == list(range(100))
    monkeypatch.setattr(sampling, "FULL", False)
    assert sample(range(100), 2) == [0, 99]
