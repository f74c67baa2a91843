"""JG303 leftover-temporary: an interrupted write left a temporary file behind."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules import remedies
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.hint import Form, Hint
from jit_guard.rules.rule import Example, Rule
from jit_guard.text.names import OURS

REMOVE = Form("command", "check whether it contains anything you need, then run `{command}`")


def _check(facts: Facts) -> Iterator[Finding]:
    # Those of an interrupted commit are reported with it (JG401), and `recover` removes them.
    ours = facts.interrupted is not None and facts.settings.selects("JG401")
    for path in facts.comparison.temporaries:
        if not ours or not path.rpartition("/")[2].startswith(OURS):
            yield RULE.finding(
                "an interrupted write left this temporary file behind",
                path=path,
                hint=_hint(facts, path),
            )


def _hint(facts: Facts, path: str) -> Hint:
    if facts.origin.kind == "worktree":
        return REMOVE(command=facts.shell.run(["rm", "--", path]))
    if facts.origin.kind == "index":
        return remedies.UNTRACK(command=facts.shell.git(["rm", "-q", "--cached"], [path]))
    return remedies.REMOVE_FILE(what="file", then=facts.then())


def _inject(sample: Sample) -> Breakage:
    return Breakage("a temporary file is left next to the map", {f"{sample.map}.tmp": "{"})


RULE = Rule(
    code="JG303",
    name="leftover-temporary",
    severity="warning",
    summary="an interrupted write left a temporary file behind",
    why="A careful writer writes to a temporary file and then renames it. If the temporary file "
    "still exists, the writer was interrupted, and the file under the final name may be out of "
    "date. The rule looks in the components directory (`*.tmp`, `*.temp`, `*.part`, `*.partial`, "
    "`.jit-guard-*`) and next to each map (`goal_map.json.tmp`).",
    fix="Check whether the file contains anything you need, then remove it.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "goal_map.json.tmp": "{",
            "components/personas/host.txt": "You welcome people.\n",
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
