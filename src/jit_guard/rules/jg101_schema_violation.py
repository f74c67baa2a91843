"""JG101 schema-violation: JSON Schema says no."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule


def _judge(facts: Facts) -> Iterator[Finding]:
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
    return Breakage("a filename becomes a number", sample.entry(5))


RULE = Rule(
    code="JG101",
    name="schema-violation",
    severity="error",
    summary="the map does not satisfy its JSON Schema",
    why="The map must be an object of goals, each an object of component types, each a non-empty "
    'filename; a team\'s own schema (`schema = "…"` or `--schemafile`) may ask for more, such as '
    "the shape of goal names. Verdict and reason are those of the `jsonschema` package, draft "
    "2020-12 unless the schema names another. An entry whose value is no filename is not judged "
    "further, and since it might have named any file, orphans are not told.",
    fix="Change the value that the message and its JSON Pointer name.",
    bad=Example({"goal_map.json": '{"GREET": {"persona": ["host.txt"]}}\n'}),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "components/personas/host.txt": "You welcome people.\n",
        }
    ),
    judge=_judge,
    inject=_inject,
)
