"""JG301 orphan-component: a file that no entry of any map names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.rule import Example, Rule
from jit_guard.rules.series import Series
from jit_guard.text.shell import no_command


def _judge(facts: Facts) -> Iterator[Series]:
    orphans = facts.comparison.orphans
    yield Series(None, RULE.severity, len(orphans), partial(_findings, facts))


def _findings(facts: Facts) -> Iterator[Finding]:
    twins = {path: group for group in facts.names.collisions for path in group}
    for path in facts.comparison.orphans:
        related = tuple(one for one in twins[path] if one != path) if path in twins else ()
        hint = (
            "add an entry for it, or remove it with the other orphans: `jit-guard prune`; "
            "orphan-ignore keeps what is meant to stand there"
        )
        wanted = facts.candidates.wanting(path)
        if wanted is not None:
            missing, why = wanted
            related = (missing, *related)
            move = facts.move(path, missing)
            hint = (
                f"{no_command(missing)} is missing, and this file has {why}: is it this one? {move}"
            )
        yield RULE.of_file(path, "no entry names it", hint, related)


def _inject(sample: Sample) -> Breakage:
    return Breakage("a file that no entry names", {sample.path("jit_guard_selftest.txt"): "text"})


RULE = Rule(
    code="JG301",
    name="orphan-component",
    severity="error",
    summary="a file that no entry of any map names",
    why="A component that nothing uses is edited, reviewed and translated for nobody, and the next "
    "reader takes it for the one in use. Often it is the other half of a JG201: the file was "
    "renamed and the map was not. Base names that never count: `.gitkeep .gitignore "
    ".gitattributes .DS_Store Thumbs.db desktop.ini README README.* *~ .*.swp`; nor do files that "
    "git ignores, and what `orphan-ignore` names.",
    fix="Add an entry, remove the file, or name it in `orphan-ignore`.",
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
    judge=_judge,
    inject=_inject,
)
