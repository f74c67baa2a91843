"""Whole processes, measured alternately (A B C A B C …), so that load affects all of them."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from math import log
from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

_SHORT = 0.1  # seconds; shorter runs start no large child process


class Sample(NamedTuple):
    """One run: wall time in seconds, and peak resident memory in MB (10^6 bytes).

    The memory is that of all its processes together, sampled fifty times per second, and at least
    the peak of the largest process, as the kernel reports it.
    """

    seconds: float
    peak: float


def in_turn(
    commands: Mapping[str, Sequence[str]], directory: Path, runs: int
) -> dict[str, list[Sample]]:
    """Samples of each command, after one run of each that is not counted.

    Raises:
        RuntimeError: a command exited with neither 0 nor 1.
    """
    samples: dict[str, list[Sample]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as scratch:
        for run in range(runs + 1):
            for name, command in commands.items():
                sample = _once(name, command, directory, scratch)
                if run:
                    samples[name].append(sample)
    return samples


def _once(name: str, command: Sequence[str], directory: Path, scratch: str) -> Sample:
    environment = {**os.environ, "TMP": scratch}
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=directory, env=environment, stdout=subprocess.DEVNULL, stderr=errors
        )
        together = 0
        while True:
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            took = time.perf_counter() - started
            if ended:
                break
            if took > _SHORT:
                together = max(together, resident(process.pid))
            time.sleep(max(0.0005, min(0.02, took / 100)))  # 1 % of the time so far
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1):
            errors.seek(0)
            message = errors.read().decode()
            raise RuntimeError(f"{name} exited with {process.returncode}: {message}")
    return Sample(took, max(together, usage.ru_maxrss * 1024) / 1e6)


def resident(process: int) -> int:
    """Resident bytes of a process and its descendants; 0 where `/proc` does not exist."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except (OSError, IndexError):  # the process has just ended, or this is not Linux
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(map(resident, map(int, children)))


def seconds(samples: Sequence[Sample]) -> float:
    """The median of the seconds."""
    return median(sample.seconds for sample in samples)


def peak(samples: Sequence[Sample]) -> float:
    """The highest peak, in MB."""
    return max(sample.peak for sample in samples)


def ratio(ours: Sequence[Sample], theirs: Sequence[Sample]) -> float:
    """The median of the ratios, run by run."""
    pairs = zip(ours, theirs, strict=True)
    return median(one.seconds / other.seconds for one, other in pairs)


def exponent(cost: Mapping[int, float]) -> float:
    """The slope of log(cost) against log(size): 1 is linear. Least squares."""
    sizes = [log(size) for size in cost]
    costs = [log(one) for one in cost.values()]
    middle, height = fmean(sizes), fmean(costs)
    above = sum((x - middle) * (y - height) for x, y in zip(sizes, costs, strict=True))
    return above / sum((x - middle) ** 2 for x in sizes)
