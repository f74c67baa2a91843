"""Check the model of the commit, and that it notices every mutation: `python spec/check.py`.

One line for each run, and the time in total. Whether the traces of real commits are behaviours of
the model is checked by `tests/spec`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "commit.pml")
EDITOR, AUTHOR, TROUBLE, CHECK, CLEANER, EARLY = 1, 2, 4, 8, 16, 32
BUILDS = {
    "one fix": (),
    "two fixes": ("-DFIXES=2",),
    "two maps, two components": ("-DMAPS=2", "-DCOMPONENTS=2"),
}


class Case(NamedTuple):
    """One bounded configuration: a build, so many kills and power losses, and who else acts."""

    build: str
    kills: int
    powers: int
    others: int = 0


CASES = {
    "crashes": Case("one fix", 1, 1),
    "a power loss during recovery": Case("one fix", 0, 2),
    "an editor, power loss": Case("one fix", 0, 1, EDITOR),
    "an editor, kill": Case("one fix", 1, 0, EDITOR | EARLY),
    "a component by hand, power loss": Case("one fix", 0, 1, AUTHOR),
    "a component by hand, kill": Case("one fix", 1, 0, AUTHOR | EARLY),
    "a reader beside two fixes": Case("two fixes", 0, 0, CHECK),
    "a reader, a kill": Case("one fix", 1, 0, CHECK),
    "two fixes, a kill": Case("two fixes", 1, 0),
    "two fixes, power loss": Case("two fixes", 0, 1),
    "refused for good, a kill": Case("two maps, two components", 1, 0, TROUBLE),
    "git clean -fd, crashes": Case("one fix", 1, 1, CLEANER),
    "two maps, crashes": Case("two maps, two components", 1, 1),
}

_SYNCS = {
    1: "the root, after mkdir .jit-guard",
    2: "the plan's bytes",
    3: "the plan's name",
    4: "the intent's bytes",
    5: "the intent's name",
    6: "the directories above, after mkdir",
    7: "a component's bytes",
    8: "the bytes of an adopted component",
    9: "a new map's bytes",
    10: "the names of the temporary files",
    11: "a new map that a killed recovery wrote",
    12: "a new map that recovery writes again",
    13: "a component that a killed recovery wrote",
    14: "a component that recovery writes again",
    15: "a map that somebody saved over ours",
    16: "a map's name",
    17: "a component that exists already",
    18: "a component's name",
    19: "the removal of the temporary files",
    20: "the removal of the intent",
    21: "a directory that recovery makes again",
    22: "a removal of the intent by a process that was killed",
    23: "an intent by a process that was killed",
}
_ORDERS = {
    30: "no plan",
    31: "no intent",
    32: "temporary files before the plan",
    33: "the intent before the temporary files",
    34: "a map before the intent",
    35: "components before the maps",
    36: "temporary files removed before the components are placed",
    37: "temporary files removed before the maps are set",
    38: "the intent removed before the temporary files",
    39: "the intent removed before the components are placed",
    40: "the intent removed before the maps are set",
    41: "the intent never removed",
    42: "a map written in place",
    43: "the lock released before the intent is removed",
    44: "no last look before the rename",
    45: "a component renamed over somebody else's",
    46: "a component created with O_EXCL and then written, in place of a link",
    50: "reported before the intent is removed",
    54: "going back: components before the maps",
    55: "what cannot go forward does not go back",
    57: "a check reports what it saw while a commit was under way",
    58: "a check looks again only if an intent exists at that moment",
}
MUTATIONS = {**{n: f"not synced: {what}" for n, what in _SYNCS.items()}, **_ORDERS}

# The case that is tried first; any other may notice the mutation as well.
LIKELY = {
    **dict.fromkeys((8, 17), "a component by hand, power loss"),
    **dict.fromkeys((11, 43, 44), "an editor, kill"),
    **dict.fromkeys((12, 15), "an editor, power loss"),
    **dict.fromkeys((13, 14, 21), "git clean -fd, crashes"),
    45: "a component by hand, kill",
    **dict.fromkeys((54, 55), "refused for good, a kill"),
    **dict.fromkeys((57, 58), "a reader beside two fixes"),
}


class Result(NamedTuple):
    """How a run of the checker ended. `violated` is the assertion, or an empty string."""

    violated: str
    states: int
    complete: bool
    seconds: float


def missing() -> str | None:
    """Why the model cannot be checked here; None if it can."""
    for program in ("spin", "gcc"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    return None


def build(folder: str, *defines: str, include: str = "") -> str:
    """Compile the model.

    Args:
        folder: an empty directory for the checker.
        defines: options of spin, `-DFIXES=2`.
        include: a directory with `traces.h`, for -DTRACE.

    Returns:
        The path of the checker.
    """
    made = subprocess.run(
        ["spin", "-a", *defines, MODEL], cwd=folder, capture_output=True, text=True, check=False
    )
    if not os.path.exists(os.path.join(folder, "pan.c")):
        raise RuntimeError(made.stdout + made.stderr)
    options = ["-w", "-DSAFETY", "-DNOREDUCE", "-DVECTORSZ=1024", "-DMEMLIM=1500"]
    if include:
        options.append(f"-I{include}")
    subprocess.run(["gcc", *options, "-o", "pan", "pan.c"], cwd=folder, check=True)
    return os.path.join(folder, "pan")


def run(checker: str, environment: Mapping[str, int], **more: str) -> tuple[Result, str]:
    """Explore every state; the result, and all that the checker printed."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(
            [checker, "-m100000", "-n", "-E"],
            cwd=folder,
            env={**{name: str(value) for name, value in environment.items()}, **more},
            capture_output=True,
            text=True,
            check=False,
        )
    violated = re.search(r"^pan:1: (.*?)(?: \(at depth \d+\))?$", ran.stdout, re.MULTILINE)
    states = re.search(r"([\de+.]+) states, stored", ran.stdout)
    complete = "errors: 0" in ran.stdout and "Search not completed" not in ran.stdout
    return (
        Result(
            violated.group(1) if violated else "",
            int(float(states.group(1))) if states else 0,
            complete and "max search depth too small" not in ran.stdout,
            time.monotonic() - begun,
        ),
        ran.stdout,
    )


def check(checkers: Mapping[str, str], case: Case, mutation: int = 0) -> Result:
    """Check one case, with one mutation (0: none)."""
    given = {"MUT": mutation, "KILLS": case.kills, "POWER": case.powers, "OTHERS": case.others}
    return run(checkers[case.build], given)[0]


def notice_all(checkers: Mapping[str, str]) -> Iterator[tuple[int, tuple[str, Result] | None]]:
    """Try every mutation, two at once."""
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda mutation: notice(checkers, mutation), MUTATIONS)
        yield from zip(MUTATIONS, found, strict=True)


def notice(checkers: Mapping[str, str], mutation: int) -> tuple[str, Result] | None:
    """Find a case that violates an invariant under a mutation."""
    first = LIKELY.get(mutation, "crashes")
    for name in dict.fromkeys([first, *CASES]):
        result = check(checkers, CASES[name], mutation)
        if result.violated:
            return name, result
    return None


def build_all(folder: str) -> dict[str, str]:
    """Compile every build, each in a directory of its own; return the paths of the checkers."""

    def one(name: str) -> str:
        below = tempfile.mkdtemp(dir=folder)
        return build(below, *BUILDS[name])

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(BUILDS, pool.map(one, BUILDS), strict=True))


def main() -> int:
    """Check the protocol and every mutation; 1 if anything is not as it must be."""
    if reason := missing():
        print(reason)
        return 2
    begun, bad = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        checkers = build_all(folder)
        for name, result in zip(
            CASES, pool.map(lambda case: check(checkers, case), CASES.values()), strict=True
        ):
            good = result.complete and not result.violated
            bad += not good
            how = "holds" if good else f"FAILS: {result.violated or 'not all states'}"
            print(f"{name}: {how}, {result.states} states, {result.seconds:.1f} s", flush=True)
        for number, noticed in notice_all(checkers):
            bad += noticed is None
            by = "UNNOTICED" if noticed is None else f"noticed by: {noticed[0]}"
            print(f"{number:2} {MUTATIONS[number]}: {by}", flush=True)
    print(f"{time.monotonic() - begun:.1f} s in total, {bad} not as they must be")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
