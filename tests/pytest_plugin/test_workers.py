"""With xdist, every worker collects the same tests and reports the same results."""

from __future__ import annotations

import json

import pytest

from projects import sound
from pytest_plugin.test_ids import HOSTILE
from sampling import sample
from sessions import OWN, plant

WORKERS = ("-p", "xdist", "-p", "no:cacheprovider", "-n", "2", "--color=no", "-W", "error")


def _plant(pytester: pytest.Pytester) -> None:
    files = sound({goal: {"persona": "host.txt"} for goal in HOSTILE})
    goals = json.loads(str(files["goal_map.json"]))
    goals["@group"]["persona"] = "gone.txt"
    plant(pytester, OWN, files, {"goal_map.json": json.dumps(goals, indent=2)})


@pytest.mark.parametrize(
    "dist", sample(["load", "loadscope", "loadfile", "loadgroup", "worksteal", "no", "each"], 3)
)
def test_every_distribution_runs_every_test_with_the_same_results(
    pytester: pytest.Pytester, dist: str
) -> None:
    _plant(pytester)
    result = pytester.runpytest_subprocess(*WORKERS, "--jit-guard", "--dist", dist, "-vv")
    times = 2 if dist == "each" else 1
    result.assert_outcomes(passed=(len(HOSTILE) + 2) * times, failed=times)
    result.stdout.fnmatch_lines(
        [
            "goal_map.json:*: JG201 missing-component  @group/persona: *",
            '*|     "persona": "gone.txt"',
            "*|                ^",
            "    hint: *",
            "FAILED goal_map.json::group - JG201 missing-component: *",
        ]
    )


def test_a_broken_configuration_is_reported_before_a_worker_starts(
    pytester: pytest.Pytester,
) -> None:
    plant(pytester, OWN, {"jit-guard.toml": "mpas = []\n"})
    result = pytester.runpytest_subprocess(*WORKERS, "--jit-guard")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: jit-guard: jit-guard.toml: unknown key 'mpas'*"])
    result.stdout.no_fnmatch_line("*bringing up*")


@pytest.mark.parametrize(("named", "ours"), [(["tests"], True), (["tests/test_own.py"], False)])
def test_workers_omit_the_same_tests_as_a_single_process(
    pytester: pytest.Pytester, named: list[str], ours: bool
) -> None:
    _plant(pytester)
    plant(pytester, {"pytest.ini": "[pytest]\njit_guard = true\n"})
    result = pytester.runpytest_subprocess(*WORKERS, "-n", "1", *named)
    result.assert_outcomes(passed=1 + (len(HOSTILE) + 1) * ours, failed=int(ours))
