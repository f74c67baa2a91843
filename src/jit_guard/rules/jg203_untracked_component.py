"""JG203 untracked-component: the file exists on disk but is not in git."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules import remedies
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule


def _check(facts: Facts) -> Iterator[Finding]:
    for state in facts.untracked:
        yield RULE.at_component(
            facts,
            state.path,
            f"{state.path} is not in git",
            hint=remedies.state(state._replace(why=f"exists on disk but {state.why}")),
        )


def _inject(sample: Sample) -> Breakage:
    return Breakage(
        "a component is untracked",
        {
            **sample.entry("jit_guard_selftest.txt"),
            sample.component("jit_guard_selftest.txt"): "text",
        },
    )


RULE = Rule(
    code="JG203",
    name="untracked-component",
    severity="warning",
    summary="a component exists on disk but is not in git",
    why="Everything works here, but the next clone will not have the file: it was never added, it "
    "matches a pattern in a `.gitignore`, only its name was added (`git add -N`), or it was "
    "removed from the index. The hint says which of these applies and, for an ignored file, where "
    "the pattern is. This rule only checks the worktree of a git repository. A hook, or `--source "
    "index`, checks what git has, and reports the same file as JG201.",
    fix="Run the command in the hint, or change the pattern that ignores the file.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "components/personas/host.txt": "You welcome people.\n",
        },
        tracked=("goal_map.json",),
    ),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "components/personas/host.txt": "You welcome people.\n",
        },
        tracked=("goal_map.json", "components/personas/host.txt"),
    ),
    judge=_check,
    inject=_inject,
)
