"""JG205 unsafe-path: an entry's path is not a plain path inside the project."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.comparison.result import Unsafe
from jit_guard.registry.goal_map import GoalMap
from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.hint import Form, Hint, either
from jit_guard.rules.rule import Example, Rule
from jit_guard.text.names import unsafe_filename, unsafe_type
from jit_guard.text.printable import quote
from jit_guard.text.shell import no_command

REPLACE_MAP = Form(
    "edit", "keep the map itself, or a link to a file inside the project, at this path{then}"
)
NORMALIZE = Form("edit", "write it as {normal}{then}")
NAME_TYPE = Form("edit", "use a component type that can be the name of a directory{then}")
WRITE_RELATIVE = Form(
    "edit", "write a path relative to the directory of the component type, separated by /{then}"
)
NAME_INSIDE = Form("edit", "name a path inside the root in the entry{then}")
REPLACE_LINK = Form("edit", "put a file in place of the link{then}")
NAME_OTHER = Form("edit", "name another file in the entry{then}")


def _check(facts: Facts) -> Iterator[Finding]:
    for path, fault in facts.faults.items():
        if fault.code == RULE.code:
            yield RULE.finding(
                f"the map is not read: {fault.reason}",
                map=path,
                path=path,
                line=fault.line,
                column=fault.column,
                hint=REPLACE_MAP(then=facts.then(path)),
            )
    for unsafe in facts.comparison.unsafe:
        yield RULE.at_entry(unsafe.reference, _message(unsafe), hint=_hint(facts, unsafe))


def _message(unsafe: Unsafe) -> str:
    entry = unsafe.reference.entry
    component_type, filename = entry.component_type, entry.filename
    if unsafe_type(component_type):
        return f"{unsafe.reason}: {quote(component_type)}"
    return f"{unsafe.reason}: {quote(filename)}" if unsafe_filename(filename) else unsafe.reason


def _hint(facts: Facts, unsafe: Unsafe) -> Hint:
    entry = unsafe.reference.entry
    component_type, filename = entry.component_type, entry.filename
    then = facts.then(unsafe.reference.map.path)
    if not isinstance(unsafe.reference.map, GoalMap):
        return NAME_INSIDE(then=then)
    if unsafe.normal is not None:
        return NORMALIZE(normal=no_command(unsafe.normal), then=then)
    if unsafe_type(component_type):
        return NAME_TYPE(then=then)
    if unsafe_filename(filename):
        return WRITE_RELATIVE(then=then)
    return either(REPLACE_LINK(then=facts.then(unsafe.reference.path)), NAME_OTHER(then=then))


def _inject(sample: Sample) -> Breakage:
    return sample.outside()


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
