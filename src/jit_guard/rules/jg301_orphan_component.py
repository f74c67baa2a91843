"""JG301 orphan-component: no entry of any map references the file."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from jit_guard.report import Finding
from jit_guard.rules import remedies
from jit_guard.rules.facts import Facts
from jit_guard.rules.fault import Breakage, Sample
from jit_guard.rules.hint import Form, Hint, either
from jit_guard.rules.rule import Example, Rule
from jit_guard.rules.series import Series
from jit_guard.text.names import join
from jit_guard.text.shell import no_command

IS_IT = Form("context", "is this the missing {missing} ({why})?")
ADD_ENTRY = Form("edit", "add an entry of the component type {component_type}{then}")
MOVE_TO_TYPE = Form(
    "edit", "move the file to the directory of a component type and add an entry{then}"
)
ADD_PLAINLY = Form("edit", "add an entry{then}")
EXCLUDE = Form("edit", "exclude it from the tree of the registry{then}")
LIST = Form("edit", "list the file in orphan-ignore{then}")
PRUNE = Form("command", "run `{command}` to remove all orphans")
REMOVE = Form("command", "remove the file with `{command}`")
REMOVE_DIRECTORY = Form("command", "remove the directory with `{command}`")
NAMED_ON_DISK = Form("command", "the map on disk has an entry for it; run `{command}`")
UNSTAGE = Form("command", "unstage it with `{command}`")


def _check(facts: Facts) -> Iterator[Series]:
    orphans = facts.comparison.orphans
    yield Series(None, RULE.code, RULE.severity, len(orphans), partial(_findings, facts))


def _findings(facts: Facts) -> Iterator[Finding]:
    twins = {path: group for group in facts.names.collisions for path in group}
    usual = _Usual(facts)
    for number, path in enumerate(facts.comparison.orphans):
        related = tuple(one for one in twins[path] if one != path) if path in twins else ()
        hint: Hint | None = None
        wanted = facts.candidates.wanting(path)
        if wanted is not None:
            related = (wanted[0], *related)
            hint = _of_pair(facts, *wanted)
        if hint is None:
            hint = usual.hint(path, examined=number < facts.examined)
        what = "directory" if path.endswith("/") else "file"
        yield RULE.of_file(path, f"no entry references this {what}", hint, related)


def _of_pair(facts: Facts, missing: str, why: str) -> Hint | None:
    candidate = facts.candidates.of(missing)
    assert candidate is not None
    alternatives = list(remedies.of_orphan(facts, candidate, missing))
    if not alternatives:
        return None
    question = IS_IT(missing=no_command(missing), why=no_command(why))
    return either(*alternatives, context=question)


class _Usual:
    """Hints for orphans that are not half of a pair; what is common to many is made once."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._types: dict[str, str] = {}  # real directory -> component type
        top, components = facts.comparison.top, facts.settings.components
        for goal_map in facts.maps:
            for component_type in goal_map.columns:
                base = facts.settings.path(component_type)
                real = join(top, base[len(components) :].lstrip("/")) if top else base
                self._types.setdefault(real, component_type)
        self._common: dict[str, Hint] = {}

    def hint(self, path: str, *, examined: bool) -> Hint:
        """Return the hint for an orphan; `examined`: it is known whether git has it."""
        facts = self._facts
        kind = facts.origin.kind
        directory, whole = path.rpartition("/")[0], path.endswith("/")
        if kind == "worktree" and (path in facts.tracked or not examined):
            if whole:  # `prune` removes files only
                return either(*self._keep(directory, whole=whole))
            if directory not in self._common:
                prune = PRUNE(command=facts.shell.jit_guard("prune"))
                self._common[directory] = either(*self._keep(directory), prune)
            return self._common[directory]
        if kind == "worktree":
            remove = REMOVE(command=facts.shell.run(["rm", "--", path]))
            if whole:
                remove = REMOVE_DIRECTORY(command=facts.shell.run(["rm", "-r", "--", path]))
            return either(*self._keep(directory, whole=whole), remove)
        if kind != "index":
            what = "directory" if whole else "file"
            remove = remedies.REMOVE_FILE(what=what, then=facts.then())
            return either(*self._keep(directory, whole=whole), remove)
        named_in = facts.naming_on_disk(facts.spelled(path))
        if named_in is not None:
            return NAMED_ON_DISK(command=facts.shell.git(["add"], [named_in]))
        if path in facts.tracked or whole or not facts.origin.born:
            options = ["-r"] if whole else []
            command = facts.shell.git(["rm", "-q", *options, "--cached"], [path])
            return either(*self._keep(directory, whole=whole), remedies.UNTRACK(command=command))
        command = facts.shell.git(["restore", "--staged"], [path])
        return either(*self._keep(directory), UNSTAGE(command=command))

    def _keep(self, directory: str, *, whole: bool = False) -> tuple[Hint, Hint]:
        """Return the two ways to keep a file of this directory, or the `whole` directory.

        Only the tree of a registry demands directories.
        """
        facts = self._facts
        if whole or not self._is_component(directory):
            return ADD_PLAINLY(then=facts.then_stage()), EXCLUDE(then=facts.then_stage())
        component_type = self._type(directory)
        add: Hint = MOVE_TO_TYPE(then=facts.then_stage())
        if component_type is not None:
            named = no_command(component_type)
            add = ADD_ENTRY(component_type=named, then=facts.then(*facts.settings.maps[:1]))
        return add, LIST(then=facts.then_stage())

    def _is_component(self, directory: str) -> bool:
        """Return whether goal maps name the files of a directory, not other registries."""
        facts = self._facts
        top = facts.comparison.top
        below = not top or f"{directory}/".startswith(f"{top}/")
        return not facts.registries or (bool(facts.maps) and below)

    def _type(self, directory: str) -> str | None:
        """Return the component type whose directory, or whose subdirectory, this is."""
        while directory and directory not in self._types:
            directory = directory.rpartition("/")[0]
        return self._types.get(directory)


def _inject(sample: Sample) -> Breakage:
    return Breakage("no entry references a file", {sample.orphan("jit_guard_selftest.txt"): "text"})


RULE = Rule(
    code="JG301",
    name="orphan-component",
    severity="error",
    summary="no entry of any map references the file",
    why="An unused component is still edited, reviewed and translated, and the next reader takes "
    "it for the one in use. Often it is the other half of a JG201: the file was renamed, but the "
    "map was not updated. Files with these base names are never orphans: `.gitkeep .gitignore "
    ".gitattributes .DS_Store Thumbs.db desktop.ini README README.* *~`, and what editors and file "
    "systems keep beside an open file: `.*.swp #*# .#* ._* ~$* .~lock.*# .nfs* .fuse_hidden*`. "
    "Neither are files that git ignores or that match `orphan-ignore`.",
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
