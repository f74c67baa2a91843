"""JG401 interrupted-transaction: a commit was interrupted."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.hint import Form, either
from jit_guard.rules.rule import Example, Rule
from jit_guard.text.names import PENDING

FINISH = Form("command", "run `{command}` to finish it")
ABANDON = Form("command", "run `{command}` to undo it and keep the texts")


def _check(facts: Facts) -> Iterator[Finding]:
    if facts.interrupted is not None:  # only in the worktree
        yield RULE.finding(
            facts.interrupted,
            path=PENDING,
            hint=either(
                FINISH(command=facts.shell.jit_guard("recover")),
                ABANDON(command=facts.shell.jit_guard("recover", "--abandon")),
            ),
        )


def _inject(_: Sample) -> Breakage:
    return Breakage("a commit was interrupted", {PENDING: "{}"})


RULE = Rule(
    code="JG401",
    name="interrupted-transaction",
    severity="error",
    summary="a commit was interrupted",
    why="A fix records what it is about to do before it does it. If it is killed in between, maps "
    "and components may be half changed. The record (`.jit-guard/pending.json`) then still "
    "exists, but no process is working on it. It contains every edit and every text, so nothing "
    "is lost and nothing has to be guessed.",
    fix="Run `jit-guard recover` to finish the commit (every `--fix` does this first), or "
    "`jit-guard recover --abandon` to return to the previous state.",
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
    judge=_check,
    inject=_inject,
)
