"""JG204 not-a-file: an entry names a directory, a device, a FIFO or a broken link."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.hint import Form, either
from jit_guard.rules.rule import Example, Rule

NAME_FILE = Form("edit", "name a {meant} in the entry{then}")
PUT_FILE = Form("edit", "put a {meant} in its place{then}")


def _check(facts: Facts) -> Iterator[Finding]:
    for reference, place in facts.comparison.not_files:
        if place.kind == "broken":
            what = f"a broken link ({place.links[-1]})"
        elif place.kind in ("directory", "file"):
            what = f"a {place.kind}"
        else:
            what = f"a {place.what}"
        meant = "directory" if reference.path.endswith("/") else "file"
        yield RULE.at_entry(
            reference,
            f"{reference.path.rstrip('/')} is {what}, not a {meant}",
            hint=either(
                NAME_FILE(meant=meant, then=facts.then(reference.map.path)),
                PUT_FILE(meant=meant, then=facts.then(reference.path)),
            ),
        )


def _inject(sample: Sample) -> Breakage:
    return sample.misplaced()


RULE = Rule(
    code="JG204",
    name="not-a-file",
    severity="error",
    summary="an entry names a directory, a device, a FIFO or a broken link",
    why="Something exists at this path, so a naive check passes, but it cannot be read as a "
    "component. A FIFO or a device can even hang the run that opens it.",
    fix="Name a file in the entry, repair the link, or put a file in its place.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host"}}\n',
            "components/personas/host/.gitkeep": "",
        }
    ),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host/warm.txt"}}\n',
            "components/personas/host/warm.txt": "You welcome people.\n",
        }
    ),
    judge=_check,
    inject=_inject,
)
