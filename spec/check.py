"""Check the model of the commit, and that it notices every mutation: `python spec/check.py`.

One line for each run, and the time in total. With `--complete`, a larger case as well.
Whether the traces of real commits are behaviours of the model is checked by `tests/spec`.
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

_HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = os.path.join(_HERE, "commit.pml")
_DEFINED = re.compile(r"^#define (\w+) +(\d+) +/\* +(.*?) \*/$", re.MULTILINE)


def _defined(begin: str, end: str) -> dict[str, tuple[int, str]]:
    """Read a part of settings.pml: each name with its number and comment."""
    with open(os.path.join(_HERE, "settings.pml")) as file:
        part = file.read().partition(begin)[2].partition(end)[0]
    return {name: (int(number), what) for name, number, what in _DEFINED.findall(part)}


ACTORS = {name: number for name, (number, _) in _defined("others;", "byte MUT;").items()}
_SYNCS = _defined("/* Syncs", "/* Steps")
_STEPS = _defined("/* Steps", "/* ----")
NUMBERS = {name: number for name, (number, _) in {**_SYNCS, **_STEPS}.items()}
MUTATIONS = {
    **{number: f"not synced: {what}" for number, what in _SYNCS.values()},
    **dict(_STEPS.values()),
}
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
    actors: str = ""  # names of settings.pml


CASES = {
    "crashes": Case("one fix", 1, 1),
    "a power loss during recovery": Case("one fix", 0, 2),
    "abandoned, crashes": Case("one fix", 1, 1, "ABANDON"),
    "an editor, power loss": Case("one fix", 0, 1, "EDITOR"),
    "an editor, kill": Case("one fix", 1, 0, "EDITOR EARLY"),
    "a component by hand, power loss": Case("one fix", 0, 1, "AUTHOR"),
    "a component by hand, kill": Case("one fix", 1, 0, "AUTHOR EARLY"),
    "a component by hand, refused for good": Case("one fix", 0, 0, "AUTHOR TROUBLE"),
    "a reader beside two fixes": Case("two fixes", 0, 0, "CHECK"),
    "a reader, a kill": Case("one fix", 1, 0, "CHECK"),
    "two fixes, a kill": Case("two fixes", 1, 0),
    "two fixes, power loss": Case("two fixes", 0, 1),
    "refused for good, kill": Case("one fix", 1, 0, "TROUBLE"),
    "refused for good, power loss": Case("one fix", 0, 1, "TROUBLE"),
    "refused for good, two maps, a kill": Case("two maps, two components", 1, 0, "TROUBLE"),
    "git clean -fd, kill": Case("one fix", 1, 0, "CLEANER"),
    "git clean -fd, power loss": Case("one fix", 0, 1, "CLEANER"),
    "git clean -fd, refused for good": Case("one fix", 1, 0, "CLEANER TROUBLE"),
    "git clean -xfd beside a commit": Case("one fix", 0, 0, "CLEAN_X TROUBLE"),
    "two maps, crashes": Case("two maps, two components", 1, 1),
    "a text is bought, kill": Case("one fix", 1, 0, "BUYS"),
    "a text is bought, power loss": Case("one fix", 0, 1, "BUYS"),
}
# Takes minutes: `--complete`.
LARGE = {
    "git clean -fd, crashes": Case("one fix", 1, 1, "CLEANER"),
}

# The case that is tried first; any other may notice the mutation as well.
_LIKELY = {
    "a component by hand, power loss": "ADOPTED_BYTES FOUND_COMPONENT",
    "an editor, kill": "FOUND_MAP LOCK_FREED NO_LAST_LOOK",
    "an editor, power loss": "MAP_AGAIN SAVED_MAP",
    "git clean -fd, crashes": "FOUND_TEXT TEXT_AGAIN FOLDER_AGAIN",
    "a component by hand, kill": "OVER_THEIRS",
    "a component by hand, refused for good": "EMPTY_IS_OURS",
    "refused for good, kill": (
        "BACK_WRONG STAYS NO_TRIAL_OF_MAPS NO_TRIAL_OF_LINKS UNANNOUNCED EMPTY_IS_THEIRS"
    ),
    "refused for good, power loss": "RESERVING_BYTES RESERVING_NAME",
    "git clean -fd, refused for good": "FRESH_STAYS",
    "git clean -xfd beside a commit": "ANY_LOCK ANY_INTENT ANY_REWRITTEN UNDO_BY_SIGHT",
    "a reader beside two fixes": "NO_SECOND_LOOK LOOKS_IF_PENDING",
    "a text is bought, kill": "PAID_LATE",
    "a text is bought, power loss": "STORED_TEXT",
}
LIKELY = {NUMBERS[name]: case for case, names in _LIKELY.items() for name in names.split()}


class Result(NamedTuple):
    """How a run of the checker ended. `violated` is the assertion, or an empty string."""

    violated: str
    states: int
    complete: bool


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
    options = ["-w", "-DSAFETY", "-DNOREDUCE", "-DVECTORSZ=1024", "-DMEMLIM=6000"]
    if include:
        options.append(f"-I{include}")
    subprocess.run(["gcc", *options, "-o", "pan", "pan.c"], cwd=folder, check=True)
    return os.path.join(folder, "pan")


def run(checker: str, environment: Mapping[str, int], **more: str) -> tuple[Result, str]:
    """Explore every state; the result, and all that the checker printed."""
    with tempfile.TemporaryDirectory() as folder:
        # A trace has few states, and may just stop. The default of -w clears 128 MB at each start.
        options = ["-w16", "-E"] if more else ["-w22"]
        ran = subprocess.run(
            [checker, "-m100000", "-n", *options],
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
        ),
        ran.stdout,
    )


def check(checkers: Mapping[str, str], case: Case, mutation: int = 0) -> Result:
    """Check one case, with one mutation (0: none)."""
    others = sum(ACTORS[name] for name in case.actors.split())
    given = {"MUT": mutation, "KILLS": case.kills, "POWER": case.powers, "OTHERS": others}
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
        result = check(checkers, {**CASES, **LARGE}[name], mutation)
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
    cases = {**CASES, **(LARGE if "--complete" in sys.argv[1:] else {})}
    begun, bad, states = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        checkers = build_all(folder)
        results = pool.map(lambda case: check(checkers, case), cases.values())
        for name, result in zip(cases, results, strict=True):
            good = result.complete and not result.violated
            bad += not good
            states += result.states
            how = "holds" if good else f"FAILS: {result.violated or 'not all states'}"
            print(f"{name}: {how}, {result.states} states", flush=True)
        for number, noticed in notice_all(checkers):
            bad += noticed is None
            by = "UNNOTICED" if noticed is None else f"noticed by: {noticed[0]}"
            print(f"{number:2} {MUTATIONS[number]}: {by}", flush=True)
    used = os.times()
    print(
        f"{len(cases)} cases, {states} states, {len(MUTATIONS)} mutations; "
        f"{time.monotonic() - begun:.0f} s, of which the processors worked "
        f"{used.children_user + used.children_system:.0f} s; {bad} not as they must be"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
