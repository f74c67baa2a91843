"""The check that runs a hundred times a day: 20 goals of five types, not in git."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import contenders
from benchmarks.measure import in_turn, ratio, seconds
from benchmarks.table import Row, at_most
from benchmarks.trees import build

GOALS = 20
CONFIGURED = "jit-guard with a jit-guard.toml"
_SETTINGS = """\
# the lines that most teams write
components = "components"
types.strategy.directory = "strategies"
jobs = 8
"""


def rows(runs: int) -> Iterator[Row]:
    """Whole processes, including start-up."""
    commands = {
        contenders.OURS: contenders.jit_guard(),
        contenders.SHELL: contenders.shell(contenders.NAMES),
        contenders.JSONSCHEMA: contenders.check_jsonschema(),
        # `env` changes the directory: an option of ours would import argparse.
        CONFIGURED: ["env", "-C", "configured", *contenders.jit_guard()],
    }
    with tempfile.TemporaryDirectory() as directory:
        build(Path(directory), GOALS)
        configured = Path(directory, "configured")
        build(configured, GOALS)
        (configured / "jit-guard.toml").write_text(_SETTINGS, encoding="utf-8")
        taken = in_turn(commands, Path(directory), runs)
    ours = taken[contenders.OURS]
    for name, samples in taken.items():
        yield Row(name, f"{seconds(samples) * 1000:.0f} ms")
    yield at_most("jit-guard ÷ shell", ratio(ours, taken[contenders.SHELL]), limit=1.5, unit="x")
    yield at_most(
        "jit-guard ÷ check-jsonschema",
        ratio(ours, taken[contenders.JSONSCHEMA]),
        limit=0.25,
        unit="x",
    )
    yield at_most(f"{CONFIGURED} ÷ without", ratio(taken[CONFIGURED], ours), limit=1.1, unit="x")
