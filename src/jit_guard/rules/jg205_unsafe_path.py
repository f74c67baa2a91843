"""JG205 unsafe-path: an entry's path is not a plain path inside the project."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule
from jit_guard.text.shell import no_command


def _judge(facts: Facts) -> Iterator[Finding]:
    for reference, reason, normal in facts.comparison.unsafe:
        if normal is not None:
            hint = f"write {no_command(normal)}"
        else:
            hint = "name a file below the folder of the component type, with / between folders"
        yield RULE.at_entry(reference, reason, hint=hint)


def _inject(sample: Sample) -> Breakage:
    return Breakage(
        "an entry climbs out of its folder", sample.entry("../../jit_guard_selftest.txt")
    )


RULE = Rule(
    code="JG205",
    name="unsafe-path",
    severity="error",
    summary="an entry's path is absolute, climbs with .., holds a backslash, or leaves the project",
    why="A map is data, and data must not make an orchestrator read `/etc/passwd` or a file beside "
    "the repository. Absolute paths, `..`, NUL, backslashes (a separator on Windows, a letter "
    "elsewhere), halves of surrogate pairs and links that lead out of the project are refused; "
    "`./a` and `a//b` are refused because they are second names for the same file. Such an entry "
    "is judged no further.",
    fix="Write the path as plain folder and file names below the folder of the component type.",
    bad=Example({"goal_map.json": '{"GREET": {"persona": "../../secret.txt"}}\n'}),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "warm/host.txt"}}\n',
            "components/personas/warm/host.txt": "You welcome people.\n",
        }
    ),
    judge=_judge,
    inject=_inject,
)
