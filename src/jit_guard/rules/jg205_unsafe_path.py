"""JG205 unsafe-path: an entry's path is not a plain path inside the project."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule
from jit_guard.text.shell import no_command


def _check(facts: Facts) -> Iterator[Finding]:
    for reference, reason, normal in facts.comparison.unsafe:
        if normal is not None:
            hint = f"write it as {no_command(normal)}"
        else:
            hint = "write a path relative to the directory of the component type, separated by /"
        yield RULE.at_entry(reference, reason, hint=hint)


def _inject(sample: Sample) -> Breakage:
    return Breakage(
        "an entry leaves its directory with ..", sample.entry("../../jit_guard_selftest.txt")
    )


RULE = Rule(
    code="JG205",
    name="unsafe-path",
    severity="error",
    summary="an entry's path is absolute, contains .. or a backslash, or leaves the project",
    why="A map is data, and data must not make an orchestrator read `/etc/passwd` or a file next "
    "to the repository. Absolute paths, `..`, NUL, backslashes (a separator on Windows, an "
    "ordinary character elsewhere), lone surrogates, and links that point outside the project are "
    "rejected. `./a` and `a//b` are rejected because they are second spellings of the same path. "
    "Such an entry is not checked further.",
    fix="Write plain directory and file names, relative to the directory of the component type.",
    bad=Example({"goal_map.json": '{"GREET": {"persona": "../../secret.txt"}}\n'}),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "warm/host.txt"}}\n',
            "components/personas/warm/host.txt": "You welcome people.\n",
        }
    ),
    judge=_check,
    inject=_inject,
)
