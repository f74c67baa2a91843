"""The fuzz target itself: it accepts correct output and notices wrong output."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fuzz import fuzz_check


@pytest.fixture(autouse=True)
def _stay_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # the target changes the working directory


@pytest.mark.parametrize("seed", fuzz_check.SEEDS)
def test_the_seeds_are_handled(seed: bytes) -> None:
    fuzz_check.one_input(seed)


@pytest.mark.parametrize("code", [3, 4, -1])
def test_an_exit_code_outside_the_contract_is_noticed(
    code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz_check, "main", lambda argv: code)
    with pytest.raises(AssertionError, match="exit code"):
        fuzz_check.one_input(fuzz_check.SEEDS[0])


def test_a_raw_control_character_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def main(argv: list[str]) -> int:
        sys.stdout.write("\x07")
        return 0

    monkeypatch.setattr(fuzz_check, "main", main)
    with pytest.raises(AssertionError, match="raw"):
        fuzz_check.one_input(fuzz_check.SEEDS[0])
