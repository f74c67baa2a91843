"""JG205 unsafe-path: an entry's path is not a plain path inside the project."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule
from jit_guard.text.shell import no_command


def _check(facts: Facts) -> Iterator[Finding]:
    for path, fault in facts.faults.items():
        if fault.code == RULE.code:
            yield RULE.finding(
                f"the map is not read: {fault.reason}",
                map=path,
                path=path,
                line=fault.line,
                column=fault.column,
                hint="keep the map itself, or a link to a file inside the project, at this path",
            )
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
    summary="a path is absolute, contains .. or a backslash, leaves the project or leads into .git",
    why="A map is data, and data must not make an orchestrator read `/etc/passwd` or a file next "
    "to the repository. Absolute paths, `..`, NUL, backslashes (a separator on Windows, an "
    "ordinary character elsewhere), lone surrogates, links that point outside the project and "
    "everything below a `.git` directory are rejected. `./a` and `a//b` are rejected because they "
    "are second spellings of the same path. Such an entry is not checked further. A map that is "
    "such a link is not read.",
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
