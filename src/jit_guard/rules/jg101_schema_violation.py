"""JG101 schema-violation: the map violates its JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule


def _check(facts: Facts) -> Iterator[Finding]:
    for goal_map, violation in facts.violations:
        keys = violation.keys
        found = goal_map.positions.find(keys)
        if found is None:
            offset = goal_map.positions.top().start
        elif violation.on_key or len(keys) == 1:
            offset = found.key_span.start
        else:
            offset = found.value_span.start
        yield RULE.at_offset(
            goal_map,
            offset,
            keys,
            f"{violation.reason} ({violation.keyword})",
            path=goal_map.path,
        )


def _inject(sample: Sample) -> Breakage:
    return sample.wrong_value()


RULE = Rule(
    code="JG101",
    name="schema-violation",
    severity="error",
    summary="the map violates its JSON Schema",
    why="A map is an object of goals, each goal is an object of component types, and each "
    'component type has a non-empty filename. A team\'s own schema (`schema = "…"` or '
    "`--schemafile`) can require more, such as a pattern for goal names. Results and messages "
    "come from the `jsonschema` package. The draft is 2020-12, unless the schema names another "
    "one. An entry whose value is not a filename is not checked further. Since it might have "
    "named any file, orphans are not reported either.",
    fix="Change the value at the reported position and JSON Pointer.",
    bad=Example({"goal_map.json": '{"GREET": {"persona": ["host.txt"]}}\n'}),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "components/personas/host.txt": "You welcome people.\n",
        }
    ),
    judge=_check,
    inject=_inject,
)
