"""The benchmarks measure what they claim: trees, cases, growth and limits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks import contracts, marketplace
from benchmarks.measure import Sample, exponent, in_turn, ratio, resident
from benchmarks.table import at_most, lines
from benchmarks.trees import CASES, MAP, build, lay

from jit_guard import Guard


def codes(directory: Path) -> list[str]:
    return [finding.code for finding in Guard(str(directory), ignore=("JG207",)).check().findings]


def test_each_case_disagrees_as_it_says(tmp_path: Path) -> None:
    assert build(tmp_path, 400) == 2000
    assert codes(tmp_path) == []
    lay(tmp_path, "broken")
    assert sorted(codes(tmp_path)) == ["JG201"] * 2 + ["JG301"] * 2
    lay(tmp_path, "missing")
    assert sorted(codes(tmp_path)) == ["JG201"] * 2000 + ["JG301"] * 2000
    for case in CASES:
        lay(tmp_path, case)
        assert len(json.loads((tmp_path / MAP).read_bytes())) == 400


def test_the_marketplace_is_clean_and_found_without_a_configuration(tmp_path: Path) -> None:
    marketplace.build(tmp_path, 3)
    report = Guard(str(tmp_path)).check()
    assert (report.preset, report.entries, len(report.findings)) == ("claude-marketplace", 3, 0)
    (tmp_path / "plugins" / "plugin-0001").rename(tmp_path / "plugins" / "other")
    assert [one.code for one in Guard(str(tmp_path)).check().findings] == ["JG201", "JG301"]


def test_the_front_matter_under_contract_is_checked(tmp_path: Path) -> None:
    contracts.build(tmp_path, 3)
    assert Guard(str(tmp_path)).check().ok
    (tmp_path / "guide.schema.json").write_text('{"required": ["none"]}')
    assert [one.code for one in Guard(str(tmp_path)).check().findings] == ["JG601"] * 3


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_the_exponent_is_the_power_of_growth(power: float) -> None:
    assert exponent({size: 3 * size**power for size in (10, 100, 1000)}) == pytest.approx(power)


def test_commands_run_in_turn_and_a_failure_is_reported(tmp_path: Path) -> None:
    log = tmp_path / "log"
    write = "import sys; open(sys.argv[1], 'a').write(sys.argv[2])"
    commands = {name: [sys.executable, "-c", write, str(log), name] for name in "ab"}
    taken = in_turn(commands, tmp_path, 2)
    assert log.read_text() == "ababab"
    assert all(len(samples) == 2 for samples in taken.values())
    assert all(sample.peak > 1 for sample in taken["a"])
    with pytest.raises(RuntimeError, match="exited with 3"):
        in_turn({"bad": [sys.executable, "-c", "exit(3)"]}, tmp_path, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="requires /proc")
def test_memory_is_that_of_all_processes_together() -> None:
    # One write each: `print` writes the text and the line end apart, and two processes mix them.
    said = "import sys; sys.stdout.write('held\\n'); sys.stdout.flush()"
    hold = f"held = b'x' * 40_000_000; {said}; input()"
    start = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {hold!r}])"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{start}; {hold}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == [b"held\n"] * 2
        assert 80e6 < resident(process.pid) < 160e6
    assert resident(process.pid) == 0


def test_a_ratio_is_taken_run_by_run() -> None:
    ours = [Sample(1, 0), Sample(20, 0), Sample(3, 0)]
    theirs = [Sample(2, 0), Sample(40, 0), Sample(3, 0)]
    assert ratio(ours, theirs) == 0.5


def test_a_row_above_its_limit_says_so() -> None:
    rows = [at_most("a", 1.0, 1.0, "x"), at_most("b", 1.01, 1.0, "x")]
    assert [row.within for row in rows] == [True, False]
    assert list(lines("t", rows))[-1] == "| b | 1.01 x | 1 x | **over** |"
