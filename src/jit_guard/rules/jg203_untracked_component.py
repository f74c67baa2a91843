"""JG203 untracked-component: the file is on disk, and git does not have it."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule


def _judge(facts: Facts) -> Iterator[Finding]:
    for state in facts.untracked:
        mend = f"`{state.command}`; without it" if state.command else "as it is,"
        yield RULE.at_component(
            facts,
            state.path,
            f"{state.path} is not in git: {state.why}",
            hint=f"{mend} a clone will lack the file",
        )


def _inject(sample: Sample) -> Breakage:
    return Breakage(
        "git does not have a component",
        {**sample.entry("jit_guard_selftest.txt"), sample.path("jit_guard_selftest.txt"): "text"},
    )


RULE = Rule(
    code="JG203",
    name="untracked-component",
    severity="warning",
    summary="a component is on disk, but git does not have it",
    why="Here everything works, and in the next clone the file is missing: it was never added, a "
    "`.gitignore` hides it, only its name was announced (`git add -N`), or it was taken out of the "
    "index. The message says which, and for an ignored file the pattern and where it stands. Told "
    "for the worktree, in a git repository; a hook or `--source index` judges what git has, and "
    "there the same file is a JG201.",
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
    judge=_judge,
    inject=_inject,
)
