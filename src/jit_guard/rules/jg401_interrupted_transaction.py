"""JG401 interrupted-transaction: a commit of `--fix` did not finish."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule
from jit_guard.text.names import PENDING


def _judge(facts: Facts) -> Iterator[Finding]:
    if facts.interrupted is not None:  # only in the worktree
        yield RULE.finding(
            facts.interrupted,
            path=PENDING,
            hint="`jit-guard recover` finishes it; with --abandon it gives it up and keeps the "
            "texts",
        )


def _inject(_: Sample) -> Breakage:
    return Breakage("a commit was killed half-way", {PENDING: "{}"})


RULE = Rule(
    code="JG401",
    name="interrupted-transaction",
    severity="error",
    summary="a commit did not finish",
    why="A fix writes down what it is about to do before it does it. When it is killed in between, "
    "maps and components may be half changed, and the note stands (`.jit-guard/pending.json`) "
    "while no process works on it. It holds every edit and every text, so nothing is lost and "
    "nothing needs to be guessed.",
    fix="Run `jit-guard recover` (every `--fix` does so first), or `jit-guard recover --abandon` "
    "to go back to the state before.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "components/personas/host.txt": "You welcome people.\n",
            ".jit-guard/pending.json": "{}\n",
        }
    ),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "components/personas/host.txt": "You welcome people.\n",
        }
    ),
    judge=_judge,
    inject=_inject,
)
