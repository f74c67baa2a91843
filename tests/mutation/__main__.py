"""Test the tests of a package: `python -m tests.mutation PACKAGE`, for example `baseline`.

Changes one place of the package at a time, in a copy of the project, and runs the tests that watch
the package. A change that no test notices is shown. What was found is kept in `.cache/mutation`.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import random
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import accumulate
from pathlib import Path

from .findings import Findings, equivalent, record, row
from .mutant import Mutant
from .packages import files, watching
from .places import mutant, places, program
from .workplace import Run, Workplace, copy

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str]) -> int:
    """Run the command; 0 if no mutant survives that is not known to be equivalent."""
    options = _parser().parse_args(arguments)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None
    with tempfile.TemporaryDirectory(prefix="jit-guard-mutation-", dir=memory) as directory:
        chosen, total = _choose(options, Path(directory).resolve() / "original")
        found = Findings(ROOT / ".cache/mutation", options.package)
        if not options.resume:
            found.forget(chosen)
        left = [one for one in chosen if not found.killed(one)]
        known = [one for one in left if equivalent(one)]
        left = [one for one in left if one not in known]
        print(f"{len(chosen)} of {total} mutants, {len(left)} to test", flush=True)
        _judge_all(left, options, Path(directory).resolve(), found)
    survivors = [one for one in left if not found.killed(one)]
    for one in survivors:
        which = f" (occurrence {one.occurrence})" if one.occurrence else ""
        print(f"\nsrc/jit_guard/{one.file}:{one.line} {one.function}{which}")
        print(f"- {one.old}\n+ {one.new}")
    written = row(options.package, len(chosen), total, len(known), len(survivors))
    print(f"\n{written}")
    if options.record:
        record(ROOT / "docs/testing.md", written)
    return 1 if survivors else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.mutation", description=__doc__)
    parser.add_argument("package", help="a package, or a module in it: ledger, ledger/claims")
    parser.add_argument("--sample", type=int, help="only as many mutants, chosen by chance")
    parser.add_argument("--seed", type=int, help="of the sample; printed if it is not given")
    parser.add_argument("--jobs", type=int, default=1, help="tests that run at a time; 1")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on: do not test again what was killed, whether or not the line has moved",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=math.inf,
        help="for a quick first pass: only the first tests of each mutant that take so long",
    )
    parser.add_argument("--record", action="store_true", help="put the score in docs/testing.md")
    parser.add_argument("--tests", nargs="+", help="these tests in place of those of the package")
    return parser


def _choose(options: argparse.Namespace, original: Path) -> tuple[list[Mutant], int]:
    """The mutants to test, and the number of all, which is an estimate if these are a sample."""
    copy(ROOT, original)
    sources = original / "src/jit_guard"
    found_places = places(files(sources, options.package))
    if not found_places:
        raise SystemExit(f"{options.package} is no package of src/jit_guard, or has no mutants")
    if options.sample is None:
        made = [one for one in (mutant(sources, place) for place in found_places) if one]
        return made, len(made)
    seed = random.randrange(10**6) if options.seed is None else options.seed
    print(f"--sample {options.sample} --seed {seed}")
    random.Random(seed).shuffle(found_places)
    chosen: list[Mutant] = []
    refused = 0
    for place in found_places:
        one = mutant(sources, place)
        refused += one is None
        chosen += [one] if one else []
        if len(chosen) == options.sample:
            break
    tried = len(chosen) + refused
    return chosen, round(len(found_places) * len(chosen) / tried)


def _judge_all(
    mutants: list[Mutant], options: argparse.Namespace, directory: Path, found: Findings
) -> None:
    if not mutants:
        return
    watched = {one.file: options.tests or watching(one.file.removesuffix(".py")) for one in mutants}
    tests = sorted(set().union(*watched.values()))
    if not tests:
        raise SystemExit(f"{options.package} has no row in tests/mutation/packages.py")
    jobs = max(1, min(options.jobs, len(mutants)))
    with contextlib.ExitStack() as stack:
        workplaces = [
            stack.enter_context(closing(Workplace(ROOT, directory / str(number), tests)))
            for number in range(jobs)
        ]
        trace = workplaces[0].trace()
        left_out = set(trace.failed)
        for name in trace.failed:
            print(f"left out, as it fails without a mutant: {name}")
        total = sum(trace.seconds.values())
        limit = 60 + 4 * total
        print(f"the tests take {total:.0f} s; a mutant has {limit:.0f} s", flush=True)
        costs = trace.costs()
        known: dict[int, Run] = {}  # by what the mutant does
        killers: Counter[tuple[str, str]] = Counter()  # by file
        left = iter(mutants)

        def judge(workplace: Workplace) -> None:
            for one in left:
                chosen, imported = trace.watching(one)
                chosen = [test for test in chosen if test.startswith(tuple(watched[one.file]))]
                chosen.sort(
                    key=lambda test: (
                        test in trace.starts,
                        costs[test] / (1 + killers[one.file, test]),
                    )
                )
                first = _within(options.seconds, chosen, trace.seconds)
                limits = {test: 15 + 4 * trace.seconds[test] for test in first}
                same = hash((one.file, program(one.text)))
                run = known.get(same) or workplace.judge(one, limits, limit, imported)
                known[same] = run
                killers[one.file, run.by] += 1
                found.add(one, run)
                word = "SURVIVED" if first == chosen else "UNDECIDED"
                change = f"{word}: {one.old} -> {one.new}"
                result = f"killed by {run.by or 'its import'}" if run.killed else change
                print(f"{one.file}:{one.line} {result} ({run.seconds} s)", flush=True)
                for name in workplace.unsound - left_out:
                    print(f"left out, as it fails without a mutant: {name}")
                left_out.update(workplace.unsound)

        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(judge, workplaces))


def _within(limit: float, tests: list[str], seconds: dict[str, float]) -> list[str]:
    """The first of these tests, as long as they take less than the limit together."""
    ends = accumulate(seconds[test] for test in tests)
    return [test for test, end in zip(tests, ends, strict=True) if end < limit]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
