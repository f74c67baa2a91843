"""Samples of the long sweeps: other points every day, or all of them with one variable."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from datetime import datetime, timezone
from itertools import pairwise
from typing import TypeVar

Point = TypeVar("Point")

FULL = os.environ.get("JIT_GUARD_FULL", "") not in ("", "0")
# Set, so that the workers of a run that crosses midnight take the same sample.
SEED = os.environ.setdefault("JIT_GUARD_SEED", datetime.now(timezone.utc).date().isoformat())
HEADER = (
    "sweeps: every point (JIT_GUARD_FULL)"
    if FULL
    else f"sweeps: a sample, JIT_GUARD_SEED={SEED}; every point: JIT_GUARD_FULL=1"
)


def sample(points: Sequence[Point], most: int) -> list[Point]:
    """Return at most this many points: the first, the last, and others between them.

    Those are chosen at random, one in each of as many equal stretches: the same ones by the same
    test with the same seed, and others the next day. The command that repeats the choice is in the
    output of a test that fails.
    """
    if FULL or len(points) <= most:
        return list(points)
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    if test:  # not where tests are collected
        print(
            f"{most} of {len(points)} points; the same ones again: "
            f"JIT_GUARD_SEED={SEED} pytest -n 0 '{test}'; all of them: JIT_GUARD_FULL=1"
        )
    chance = random.Random(f"{SEED} {test}")
    between, wanted = len(points) - 2, most - 2
    edges = [1 + between * number // max(1, wanted) for number in range(wanted + 1)]
    return [points[0], *(points[chance.randrange(*edge)] for edge in pairwise(edges)), points[-1]]
