"""JG202 case-mismatch: the file exists, but in another case or Unicode normalization."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.registry.goal_map import GoalMap
from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule

HINT = "run `jit-guard --fix` to correct the entry, or rename the file"


def _check(facts: Facts) -> Iterator[Finding]:
    for reference, place in facts.comparison.misspelled:
        same_letters = place.spelled.lower() == reference.path.lower()
        what = "case" if same_letters else "Unicode normalization"
        yield RULE.at_entry(
            reference,
            f"{reference.path} exists only as {place.spelled}, which differs in {what}",
            hint=HINT if isinstance(reference.map, GoalMap) else "correct the entry, or rename it",
            fixable=isinstance(reference.map, GoalMap),
            related=(place.spelled,),
        )


def _inject(sample: Sample) -> Breakage:
    return Breakage(
        "an entry names a file in another case",
        {**sample.entry("jit_guard_selftest.txt"), sample.path("Jit_Guard_Selftest.txt"): "text"},
    )


RULE = Rule(
    code="JG202",
    name="case-mismatch",
    severity="error",
    summary="the file exists, but in another case or Unicode normalization",
    why="macOS and Windows open `Host.txt` when asked for `host.txt`, but Linux does not. Such an "
    "entry works on a laptop and breaks in CI or in production. The same applies to accented "
    "letters, which can be encoded as one character or as two. The rule compares the entry with "
    "the names in the directory listing and never opens the file, so it finds the problem on "
    "every system.",
    fix="Correct the entry (`jit-guard --fix` does this), or rename the file with `git mv`.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "components/personas/Host.txt": "You welcome people.\n",
        }
    ),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "Host.txt"}}\n',
            "components/personas/Host.txt": "You welcome people.\n",
        }
    ),
    judge=_check,
    inject=_inject,
    fixable=True,
)
