"""JG202 case-mismatch: the file is there under another case or Unicode normal form."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule


def _judge(facts: Facts) -> Iterator[Finding]:
    for reference, place in facts.comparison.misspelled:
        same_letters = place.spelled.lower() == reference.path.lower()
        what = "case" if same_letters else "Unicode normal form"
        yield RULE.at_entry(
            reference,
            f"{reference.path} is in the tree as {place.spelled}, in another {what}",
            hint="`jit-guard --fix` corrects the entry; or rename the file",
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
    summary="the file is there under another case or Unicode normal form",
    why="macOS and Windows open `Host.txt` when asked for `host.txt`, Linux does not: such an "
    "entry works on a laptop and breaks in CI or in production. The same holds for accents that "
    "are written as one character or as two. It is decided from the names in the folders, never by "
    "opening the file, so it is found on every system.",
    fix="Correct the entry (`jit-guard --fix` does), or rename the file with `git mv`.",
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
    judge=_judge,
    inject=_inject,
    fixable=True,
)
