"""JG003 invalid-encoding: the map is not UTF-8, or starts with a byte order mark."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule


def _check(facts: Facts) -> Iterator[Finding]:
    for path, fault in facts.faults.items():
        if fault.code == RULE.code:
            yield RULE.finding(
                fault.reason, map=path, path=path, line=fault.line, column=fault.column
            )


def _inject(sample: Sample) -> Breakage:
    return sample.badly_encoded()


RULE = Rule(
    code="JG003",
    name="invalid-encoding",
    severity="error",
    summary="the map is not UTF-8, or starts with a byte order mark",
    why="JSON that is exchanged between systems must be UTF-8 without a byte order mark (RFC "
    "8259). Another encoding is accepted by one parser and rejected by the next, or its names are "
    "decoded wrongly and no longer match the files. Windows editors and spreadsheet exports are "
    "the usual source.",
    fix="Save the file as UTF-8 without a byte order mark.",
    bad=Example({"goal_map.json": b'\xef\xbb\xbf{"GREET": {"persona": "host.txt"}}\n'}),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "h\u00f4te.txt"}}\n',
            "components/personas/h\u00f4te.txt": "You welcome people.\n",
        }
    ),
    judge=_check,
    inject=_inject,
)
