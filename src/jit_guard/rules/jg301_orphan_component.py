"""JG301 orphan-component: no entry of any map references the file."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule
from jit_guard.rules.series import Series
from jit_guard.text.shell import no_command


def _check(facts: Facts) -> Iterator[Series]:
    orphans = facts.comparison.orphans
    yield Series(None, RULE.severity, len(orphans), partial(_findings, facts))


def _findings(facts: Facts) -> Iterator[Finding]:
    twins = {path: group for group in facts.names.collisions for path in group}
    for path in facts.comparison.orphans:
        related = tuple(one for one in twins[path] if one != path) if path in twins else ()
        hint = (
            "add an entry, list the file in orphan-ignore, or run `jit-guard prune` to remove all "
            "orphans"
        )
        wanted = facts.candidates.wanting(path)
        if wanted is not None:
            missing, why = wanted
            related = (missing, *related)
            move = facts.move(path, missing)
            hint = f"is this the missing {no_command(missing)} ({why})? {move}"
        what = "directory" if path.endswith("/") else "file"
        yield RULE.of_file(path, f"no entry references this {what}", hint, related)


def _inject(sample: Sample) -> Breakage:
    return Breakage("no entry references a file", {sample.path("jit_guard_selftest.txt"): "text"})


RULE = Rule(
    code="JG301",
    name="orphan-component",
    severity="error",
    summary="no entry of any map references the file",
    why="An unused component is still edited, reviewed and translated, and the next reader takes "
    "it for the one in use. Often it is the other half of a JG201: the file was renamed, but the "
    "map was not updated. Files with these base names are never orphans: `.gitkeep .gitignore "
    ".gitattributes .DS_Store Thumbs.db desktop.ini README README.* *~ .*.swp`. Neither are files "
    "that git ignores or that match `orphan-ignore`.",
    fix="Add an entry, remove the file, or list it in `orphan-ignore`.",
    bad=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "components/personas/host.txt": "You welcome people.\n",
            "components/personas/usher.txt": "You show people to their seats.\n",
        }
    ),
    good=Example(
        {
            "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
            "components/personas/host.txt": "You welcome people.\n",
            "components/personas/README.md": "Who the model is.\n",
        }
    ),
    judge=_check,
    inject=_inject,
)
