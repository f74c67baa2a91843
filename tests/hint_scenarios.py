"""Scenarios of hints: small repositories with a finding, and the forms of its hint."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from commits import interrupt
from hint_edits import PERSONAS
from jit_guard.commit import MapChange, Placement
from jit_guard.registry.edit import Edit
from jit_guard.rules import load_rules
from jit_guard.rules.rule import configuration
from jit_guard.sources.memory import Link
from jit_guard.text.generated import mark
from projects import HOST, SOUND, TEXT, Files, git, lay_out, sound
from repositories import repository, save

TWO = {"GREET": {"persona": "host.txt"}, "PART": {"persona": "usher.txt"}}
BROKEN: Files = {
    "goal_map.json": json.dumps(TWO),
    f"{PERSONAS}/host.txt": HOST,
    "jit-guard.toml": 'descriptions = "d.json"\n',
    "d.json": json.dumps({"PART": {"persona": "shows people to their seats"}}),
}
DRAFT = mark("# Purpose\n\nTo be written: what this is for.\n", ".txt")


class Making(NamedTuple):
    """A repository in which a scenario is made: the project's root, and the top."""

    root: Path
    top: Path

    def git(self, *argv: str) -> str:
        return git(self.root, *argv)

    def write(self, files: Files) -> None:
        lay_out(self.root, files)

    def remove(self, path: str) -> None:
        (self.root / path).unlink()


class Scenario(NamedTuple):
    """One finding, and the hint that it has.

    Args:
        name: unique, for the test's id.
        code: of the finding.
        hint: the forms of the hint, in order.
        files: what is committed first.
        make: what happens then.
        argv: the options of the check.
        path: of the finding, if there are several with the code.
        state: the git state that the hint explains.
        unfollowed: alternatives that do not apply here, as the tool cannot know.
        hook_index: the index of the hook in which the check runs, below the top.
        everywhere: also follow the hint from other working directories.
    """

    name: str
    code: str
    hint: tuple[str, ...]
    files: Files = SOUND
    make: Callable[[Making], object] = lambda _: None
    argv: tuple[str, ...] = ()
    path: str | None = None
    state: str | None = None
    unfollowed: tuple[str, ...] = ()
    hook_index: str | None = None
    everywhere: bool = False


INDEX, HEAD, OTHER = (("--source", source) for source in ("index", "HEAD", "other"))
CORRECT_ENTRY = "jg201.CORRECT"
STATE = ("remedies.STATE",)
KEEP = ("jg301.ADD_ENTRY", "jg301.LIST")
PAIR = ("jg201.DID_YOU_MEAN", "remedies.CHANGE_ENTRY", "remedies.MOVE")
OTHER_HALF = ("jg301.IS_IT", "remedies.CHANGE_ENTRY_OF", "remedies.MOVE")
USHER = f"{PERSONAS}/usher.txt"
ORPHAN = {**SOUND, USHER: TEXT}
RENAMED: Files = {**BROKEN, f"{PERSONAS}/ushers.txt": TEXT}
MISTYPED: Files = sound(
    {"A": {"protocol": "p1.md"}, "B": {"persona": "host.txt"}},
    **{"components/protocols/p2.md": TEXT},
)
MISTYPED = {
    **MISTYPED,
    "goal_map.json": json.dumps(
        {"A": {"protocol": "p1.md"}, "B": {"persona": "host.txt", "protocl": "p2.md"}}
    ),
}


def on_other(made: Making) -> None:
    """Commit everything to the branch `other`, and check out a sound `main`."""
    made.git("branch", "-q", "-m", "other")
    made.git("checkout", "-q", "--orphan", "main")
    made.git("rm", "-rfq", ".")
    made.write(SOUND)
    save(made.top)


def staged(files: Files) -> Callable[[Making], None]:
    """Return what writes and stages files."""

    def make(made: Making) -> None:
        made.write(files)
        made.git("add", "-A")

    return make


def written(files: Files) -> Callable[[Making], None]:
    """Return what writes files."""
    return lambda made: made.write(files)


def git_rm(made: Making) -> None:
    made.git("rm", "-q", USHER)


def crash(made: Making) -> None:
    """Interrupt a commit after its map was set."""
    keys = ("PART", "persona")
    map_change = MapChange("goal_map.json", (Edit(keys, "usher.txt", "new.txt"),))
    interrupt(str(made.root), [map_change], [Placement(f"{PERSONAS}/new.txt", b"New.\n")], 0)


def partial_commit(made: Making) -> None:
    """Stage a map and its component, and prepare the index of a commit of the map alone."""
    staged({"goal_map.json": json.dumps(TWO), USHER: TEXT})(made)
    index = made.top / ".git/partial"
    shutil.copy(made.top / ".git/index", index)
    subprocess.run(
        ["git", "rm", "-q", "--cached", "--", USHER],
        cwd=made.root,
        env={**os.environ, "GIT_INDEX_FILE": str(index)},
        check=True,
    )


BASE: Files = {**SOUND, USHER: TEXT, "goal_map.json": json.dumps(TWO)}
GROUP: Files = {"components/strategies/x.txt": TEXT}
STRATEGY: Files = {**SOUND, **GROUP}
STRATEGY = {
    **STRATEGY,
    "goal_map.json": '{"A": {"strategy": "x.txt"}, "B": {"persona": "host.txt"}}',
}


def listing(*named: str, entries: str = "$.prompts[*]", more: Files | None = None) -> Files:
    """Return a project whose registry has another shape: an array of paths."""
    table = f"""[[registry]]
file = "index.json"
entries = "{entries}"
target = "{{value}}"
tree = ["prompts/**"]
"""
    files = {"jit-guard.toml": table, "index.json": json.dumps({"prompts": named})}
    return {**files, "prompts/a.md": TEXT, **(more or {})}


def in_directories(top: str, more: str = "") -> Files:
    """Return a project whose registry names one of two directories."""
    listed = dict(listing(f"{top}/a/", more={f"{top}/a/x.md": TEXT, f"{top}/b/x.md": TEXT}))
    table = str(listed["jit-guard.toml"]).replace("prompts/**", f"{top}/*/")
    del listed["prompts/a.md"]
    return {**listed, "jit-guard.toml": f"{table}{more}"}


DIRECTORIES = in_directories("packs")
GOAL_MAP_TOO = '\n[[registry]]\npreset = "goal-map"\n'
IN_COMPONENTS: Files = {
    **SOUND,
    **in_directories("components/packs", GOAL_MAP_TOO),
}
LISTED = listing("prompts/a.md", "prompts/b.md")
DESCRIBED = {
    **LISTED,
    "jit-guard.toml": 'descriptions = "d.json"\n' + str(LISTED["jit-guard.toml"]),
    "d.json": '{"index.json": {"prompts[1]": "What to say at the end"}}',
}
GUIDE = listing("prompts/a.md", "prompts/guide.md", more={"prompts/guides.md": HOST})
GUIDED = listing("prompts/a.md", "prompts/guide.md", more={"prompts/guide.md": HOST})


def with_entry(value: object, more: Files | None = None, component_type: str = "protocol") -> Files:
    """Return a sound project with one more entry, and more files."""
    goals = {"GREET": {"persona": "host.txt"}, "MORE": {component_type: value}}
    return {**SOUND, "goal_map.json": json.dumps(goals), **(more or {})}


def state(
    name: str, kind: str, make: Callable[[Making], object], code: str, **more: Any
) -> Scenario:
    return Scenario(name, code, STATE, make=make, state=kind, **more)


SCENARIOS = [
    # JG002, JG004
    Scenario(
        "a goal twice",
        "JG002",
        ("jg002.MERGE_KEYS",),
        {
            **SOUND,
            "goal_map.json": '{"GREET": {"persona": "host.txt"}, "GREET": {"persona": "host.txt"}}',
        },
    ),
    Scenario(
        "a goal twice, staged",
        "JG002",
        ("jg002.MERGE_KEYS",),
        {
            **SOUND,
            "goal_map.json": '{"GREET": {"persona": "host.txt"}, "GREET": {"persona": "host.txt"}}',
        },
        argv=INDEX,
    ),
    Scenario(
        "no map",
        "JG004",
        ("jg004.INIT", "jg004.CONFIGURE_MAP"),
        {"other.json": SOUND["goal_map.json"], f"{PERSONAS}/host.txt": HOST},
    ),
    Scenario(
        "no second map",
        "JG004",
        ("jg004.ADD_MAP", "jg004.CONFIGURE_MAP"),
        {
            "jit-guard.toml": 'maps = ["goal_map.json", "other.json"]\n',
            "other.json": SOUND["goal_map.json"],
            f"{PERSONAS}/host.txt": HOST,
        },
        unfollowed=("jg004.CONFIGURE_MAP",),
    ),
    Scenario(
        "no map on other",
        "JG004",
        ("jg004.ADD_MAP",),
        {f"{PERSONAS}/host.txt": HOST},
        on_other,
        OTHER,
    ),
    Scenario(
        "an empty map",
        "JG004",
        ("jg004.ADD_GOAL", "jg004.ALLOW_EMPTY"),
        {**SOUND, "goal_map.json": "{}"},
    ),
    state(
        "a map that is not staged",
        "untracked",
        lambda made: (made.write(SOUND), made.git("add", "components")),
        "JG004",
        files={"notes.txt": TEXT},
        argv=INDEX,
    ),
    # JG201
    Scenario("a missing file", "JG201", ("jg201.GENERATE", CORRECT_ENTRY), BROKEN, everywhere=True),
    Scenario(
        "a missing file, staged",
        "JG201",
        ("jg201.GENERATE_AND_STAGE", CORRECT_ENTRY),
        BROKEN,
        argv=INDEX,
    ),
    Scenario(
        "a missing file in HEAD", "JG201", ("jg201.ADD_FILE", CORRECT_ENTRY), BROKEN, argv=HEAD
    ),
    Scenario(
        "a missing file on other",
        "JG201",
        ("jg201.ADD_FILE", CORRECT_ENTRY),
        BROKEN,
        on_other,
        OTHER,
    ),
    Scenario(
        "a missing image",
        "JG201",
        ("jg201.ADD_FILE", CORRECT_ENTRY),
        {**BROKEN, "jit-guard.toml": "types.persona.text = false\n"},
    ),
    Scenario("a likely rename", "JG201", PAIR, RENAMED, everywhere=True),
    Scenario(
        "a likely rename, untracked",
        "JG201",
        PAIR,
        BROKEN,
        written({f"{PERSONAS}/ushers.txt": TEXT}),
    ),
    Scenario("a likely rename, staged", "JG201", PAIR, RENAMED, argv=INDEX),
    Scenario("a likely rename in HEAD", "JG201", PAIR[:2], RENAMED, argv=HEAD),
    Scenario(
        "a rename by git mv",
        "JG201",
        ("jg201.DID_YOU_MEAN", "remedies.RELINK", "remedies.MOVE"),
        BASE,
        lambda made: made.git("mv", USHER, f"{PERSONAS}/guide.txt"),
    ),
    Scenario(
        "removed by git rm, with a likely file",
        "JG201",
        (*PAIR, "jg201.RESTORE"),
        {**BASE, f"{PERSONAS}/ushers.txt": "Other.\n"},
        git_rm,
    ),
    Scenario(
        "a file in another type's directory",
        "JG201",
        ("jg201.DID_YOU_MEAN", "remedies.MOVE"),
        with_entry("x/y.txt", {"components/personas/x/y.txt": TEXT}),
    ),
    Scenario(
        "a misspelled type", "JG201", ("jg201.DID_YOU_MEAN", "remedies.RENAME_TYPE"), MISTYPED
    ),
    Scenario(
        "a misspelled type, staged",
        "JG201",
        ("jg201.DID_YOU_MEAN", "remedies.RENAME_TYPE"),
        MISTYPED,
        argv=INDEX,
    ),
    Scenario("another plural", "JG201", ("jg201.SET_DIRECTORY",), STRATEGY),
    Scenario("another plural, staged", "JG201", ("jg201.SET_DIRECTORY",), STRATEGY, argv=INDEX),
    Scenario(
        "an entry that was removed on disk only",
        "JG201",
        ("jg201.UNSTAGED",),
        BASE,
        lambda made: (
            made.git("rm", "-q", USHER),
            made.write({"goal_map.json": SOUND["goal_map.json"]}),
        ),
        INDEX,
    ),
    state(
        "deleted on disk",
        "deleted",
        lambda made: made.remove(USHER),
        "JG201",
        files=BASE,
        everywhere=True,
    ),
    state("removed by git rm", "gone", git_rm, "JG201", files=BASE),
    state("removed by git rm, staged", "gone", git_rm, "JG201", files=BASE, argv=INDEX),
    state(
        "outside a sparse checkout",
        "sparse",
        lambda made: made.git("sparse-checkout", "set", "notes"),
        "JG201",
        files={**BASE, "notes/a.txt": TEXT},
        path=USHER,
    ),
    state(
        "not staged",
        "untracked",
        lambda made: (staged({"goal_map.json": json.dumps(TWO)})(made), made.write({USHER: TEXT})),
        "JG201",
        argv=INDEX,
        everywhere=True,
    ),
    state("not in HEAD", "untracked", written({USHER: TEXT}), "JG201", files=BROKEN, argv=HEAD),
    state(
        "staged, not in HEAD",
        "uncommitted",
        staged({USHER: TEXT}),
        "JG201",
        files=BROKEN,
        argv=HEAD,
        everywhere=True,
    ),
    state(
        "left out of a partial commit",
        "staged",
        partial_commit,
        "JG201",
        argv=INDEX,
        hook_index=".git/partial",
        everywhere=True,
    ),
    # JG202
    Scenario(
        "another case",
        "JG202",
        ("jg202.CORRECT", "remedies.CHANGE_ENTRY"),
        with_entry("A.txt", {"components/protocols/a.txt": TEXT}),
    ),
    Scenario(
        "another case, staged",
        "JG202",
        ("remedies.CHANGE_ENTRY",),
        with_entry("A.txt", {"components/protocols/a.txt": TEXT}),
        argv=INDEX,
    ),
    Scenario(
        "two other cases",
        "JG202",
        ("remedies.CHANGE_ENTRY",),
        with_entry(
            "a.txt", {"components/protocols/A.txt": TEXT, "components/protocols/a.TXT": TEXT}
        ),
    ),
    Scenario(
        "a directory in another case",
        "JG202",
        ("jg202.RENAME_DIRECTORY",),
        {"goal_map.json": SOUND["goal_map.json"], "components/Personas/host.txt": HOST},
    ),
    Scenario(
        "a directory in another case, staged",
        "JG202",
        ("jg202.RENAME_DIRECTORY",),
        {"goal_map.json": SOUND["goal_map.json"], "components/Personas/host.txt": HOST},
        argv=INDEX,
    ),
    Scenario(
        "a directory in another case on other",
        "JG202",
        ("jg202.RENAME_IN_REVISION",),
        {"goal_map.json": SOUND["goal_map.json"], "components/Personas/host.txt": HOST},
        on_other,
        OTHER,
    ),
    Scenario(
        "a type in another case",
        "JG202",
        ("remedies.RENAME_TYPE",),
        {
            **sound({"A": {"persona": "host.txt"}}),
            "goal_map.json": '{"A": {"persona": "host.txt"}, "B": {"Persona": "host.txt"}}',
        },
    ),
    Scenario(
        "a type twice in a goal, in two cases",
        "JG202",
        ("jg202.KEEP_ONE",),
        {
            **sound({"A": {"persona": "host.txt"}}),
            "goal_map.json": '{"A": {"persona": "host.txt", "Persona": "host.txt"}}',
        },
    ),
    # JG203
    state(
        "untracked",
        "untracked",
        written({"goal_map.json": json.dumps(TWO), USHER: TEXT}),
        "JG203",
    ),
    state(
        "ignored",
        "ignored",
        written({"goal_map.json": json.dumps(TWO), USHER: TEXT, ".gitignore": "ush*\n"}),
        "JG203",
    ),
    state(
        "by name only",
        "announced",
        lambda made: (
            made.write({"goal_map.json": json.dumps(TWO), USHER: TEXT}),
            made.git("add", "-N", USHER),
        ),
        "JG203",
    ),
    state(
        "removed from the index",
        "removed",
        lambda made: made.git("rm", "-q", "--cached", USHER),
        "JG203",
        files=BASE,
    ),
    state(
        "tracked in another case",
        "renamed",
        lambda made: (
            (made.root / USHER).rename(made.root / PERSONAS / "Usher.txt"),
            made.write({"goal_map.json": json.dumps({**TWO, "PART": {"persona": "Usher.txt"}})}),
        ),
        "JG203",
        files=BASE,
    ),
    Scenario(
        "in a nested repository",
        "JG203",
        ("remedies.STATE_ONLY",),
        make=lambda made: (
            repository(made.root / "components/guests", {"guest.txt": TEXT}),
            made.write({"goal_map.json": '{"A": {"persona": "host.txt", "guest": "guest.txt"}}'}),
        ),
        state="nested",
    ),
    # JG204, JG205
    Scenario(
        "a directory",
        "JG204",
        ("jg204.NAME_FILE", "jg204.PUT_FILE"),
        {
            **with_entry(
                "a",
                {
                    "components/protocols/a/.gitkeep": "",
                    "components/protocols/host.txt": TEXT,
                    "jit-guard.toml": 'orphan-ignore = ["protocols/host.txt"]\n',
                },
            )
        },
    ),
    Scenario(
        "a broken link, staged",
        "JG204",
        ("jg204.NAME_FILE", "jg204.PUT_FILE"),
        with_entry(
            "a",
            {
                "components/protocols/a": Link("gone"),
                "components/protocols/host.txt": TEXT,
                "jit-guard.toml": 'orphan-ignore = ["protocols/a", "protocols/host.txt"]\n',
            },
        ),
        argv=INDEX,
    ),
    Scenario(
        "a map that is a link out",
        "JG205",
        ("jg205.REPLACE_MAP",),
        {"goal_map.json": Link("../outside.json"), f"{PERSONAS}/host.txt": HOST},
    ),
    Scenario(
        "a path that is not normalized",
        "JG205",
        ("jg205.NORMALIZE",),
        with_entry("./a//b.txt", {"components/protocols/a/b.txt": TEXT}),
    ),
    Scenario(
        "a file URL",
        "JG205",
        ("jg205.NORMALIZE",),
        with_entry("file://b.txt", {"components/protocols/b.txt": TEXT}),
        argv=INDEX,
    ),
    Scenario(
        "a type with a slash",
        "JG205",
        ("jg205.NAME_TYPE",),
        with_entry("host.txt", component_type="a/b"),
    ),
    Scenario(
        "a path that leaves its directory",
        "JG205",
        ("jg205.WRITE_RELATIVE",),
        with_entry(
            "../personas/host.txt",
            {
                "components/protocols/host.txt": TEXT,
                "jit-guard.toml": 'orphan-ignore = ["protocols"]\n',
            },
        ),
    ),
    Scenario(
        "a web address",
        "JG205",
        ("jg205.WRITE_RELATIVE",),
        with_entry(
            "https://example.invalid/a",
            {
                "components/protocols/host.txt": TEXT,
                "jit-guard.toml": 'orphan-ignore = ["protocols"]\n',
            },
        ),
    ),
    Scenario(
        "a link out",
        "JG205",
        ("jg205.REPLACE_LINK", "jg205.NAME_OTHER"),
        with_entry(
            "a",
            {
                "components/protocols/a": Link("../../../outside"),
                "components/protocols/host.txt": TEXT,
                "jit-guard.toml": 'orphan-ignore = ["protocols/*"]\n',
            },
        ),
    ),
    # JG206 to JG208
    Scenario("an empty file", "JG206", ("jg206.WRITE", "jg206.REMOVE_BOTH"), {**BASE, USHER: ""}),
    Scenario(
        "an empty file, staged",
        "JG206",
        ("jg206.WRITE", "jg206.REMOVE_BOTH"),
        {**BASE, USHER: ""},
        argv=INDEX,
    ),
    Scenario("not text", "JG207", ("jg207.SAVE", "jg207.NOT_TEXT"), {**BASE, USHER: b"\xff"}),
    Scenario(
        "not text, staged",
        "JG207",
        ("jg207.SAVE", "jg207.NOT_TEXT"),
        {**BASE, USHER: b"\xff"},
        argv=INDEX,
    ),
    Scenario(
        "not text, in a registry",
        "JG207",
        ("jg207.SAVE", "jg207.NONE_TEXT"),
        {**listing("prompts/a.md"), "prompts/a.md": b"\xff"},
    ),
    Scenario(
        "an unportable name",
        "JG208",
        ("jg208.RENAME",),
        with_entry("a:b.txt", {"components/protocols/a:b.txt": TEXT}),
    ),
    Scenario(
        "an unportable name, staged",
        "JG208",
        ("jg208.RENAME",),
        with_entry("a:b.txt", {"components/protocols/a:b.txt": TEXT}),
        argv=INDEX,
    ),
    Scenario(
        "an unportable orphan",
        "JG208",
        ("jg208.RENAME_ORPHAN",),
        {**SOUND, f"{PERSONAS}/a:b.txt": TEXT},
    ),
    Scenario(
        "an unportable name of no file", "JG208", ("jg208.NAME_PORTABLY",), with_entry("aux.txt")
    ),
    # JG301
    Scenario("an orphan", "JG301", (*KEEP, "jg301.PRUNE"), ORPHAN),
    Scenario(
        "an untracked orphan",
        "JG301",
        (*KEEP, "jg301.REMOVE"),
        make=written({USHER: TEXT}),
    ),
    Scenario(
        "an orphan beside the types",
        "JG301",
        ("jg301.MOVE_TO_TYPE", "jg301.LIST", "jg301.REMOVE"),
        make=written({"components/usher.txt": TEXT}),
    ),
    Scenario(
        "an orphan beside the types, staged",
        "JG301",
        ("jg301.UNSTAGE", "jg301.MOVE_TO_TYPE", "jg301.LIST"),
        make=staged({"components/usher.txt": TEXT}),
        argv=INDEX,
    ),
    Scenario(
        "an orphan in the last commit",
        "JG301",
        (*KEEP, "remedies.UNTRACK"),
        ORPHAN,
        argv=INDEX,
    ),
    Scenario(
        "an orphan that was staged",
        "JG301",
        (*KEEP, "jg301.UNSTAGE"),
        make=staged({USHER: TEXT}),
        argv=INDEX,
        everywhere=True,
    ),
    Scenario(
        "an orphan that the map on disk names",
        "JG301",
        ("jg301.NAMED_ON_DISK",),
        make=lambda made: (
            staged({USHER: TEXT})(made),
            made.write({"goal_map.json": json.dumps(TWO)}),
        ),
        argv=INDEX,
    ),
    Scenario("an orphan in HEAD", "JG301", (*KEEP, "remedies.REMOVE_FILE"), ORPHAN, argv=HEAD),
    Scenario(
        "an orphan on other", "JG301", (*KEEP, "remedies.REMOVE_FILE"), ORPHAN, on_other, OTHER
    ),
    Scenario("the other half of a rename", "JG301", OTHER_HALF, RENAMED),
    Scenario(
        "the other half of a git mv",
        "JG301",
        ("jg301.IS_IT", "remedies.RELINK_OF", "remedies.MOVE"),
        BASE,
        lambda made: made.git("mv", USHER, f"{PERSONAS}/guide.txt"),
    ),
    Scenario("the other half of a rename, staged", "JG301", OTHER_HALF, RENAMED, argv=INDEX),
    Scenario(
        "the file of a misspelled type",
        "JG301",
        ("jg301.IS_IT", "remedies.RENAME_TYPE_OF"),
        MISTYPED,
    ),
    # JG302 to JG501
    Scenario(
        "two names that collide",
        "JG302",
        ("jg302.RENAME_ONE",),
        sound({"GREET": {"persona": "Host.txt"}, "PART": {"persona": "host.txt"}}),
    ),
    Scenario(
        "two names that collide, staged",
        "JG302",
        ("jg302.RENAME_ONE",),
        sound({"GREET": {"persona": "Host.txt"}, "PART": {"persona": "host.txt"}}),
        argv=INDEX,
    ),
    Scenario(
        "a temporary file",
        "JG303",
        ("jg303.REMOVE",),
        make=written({"goal_map.json.tmp": "{"}),
        everywhere=True,
    ),
    Scenario(
        "a temporary file, staged",
        "JG303",
        ("remedies.UNTRACK",),
        make=staged({"goal_map.json.tmp": "{"}),
        argv=INDEX,
    ),
    Scenario(
        "a temporary file in HEAD",
        "JG303",
        ("remedies.REMOVE_FILE",),
        {**SOUND, "goal_map.json.tmp": "{"},
        argv=HEAD,
    ),
    Scenario(
        "an interrupted commit",
        "JG401",
        ("jg401.FINISH", "jg401.ABANDON"),
        BROKEN,
        make=crash,
        everywhere=True,
    ),
    Scenario(
        "an intent that is refused",
        "JG401",
        ("jg401.FINISH", "jg401.ABANDON"),
        make=written({".jit-guard/pending.json": "{}"}),
        unfollowed=("jg401.FINISH",),
    ),
    Scenario(
        "a draft",
        "JG501",
        ("jg501.WRITE", "jg501.GENERATE"),
        sound({"GREET": {"persona": "autogen_persona_for_greet.txt"}})
        | {
            f"{PERSONAS}/autogen_persona_for_greet.txt": DRAFT,
            "jit-guard.toml": 'model = "any"\ndescriptions = "d.json"\n',
            "d.json": '{"GREET": {"persona": "welcomes"}}',
        },
    ),
    Scenario(
        "a draft, staged",
        "JG501",
        ("jg501.WRITE",),
        sound({"GREET": {"persona": "autogen_persona_for_greet.txt"}})
        | {f"{PERSONAS}/autogen_persona_for_greet.txt": DRAFT},
        argv=INDEX,
    ),
    # Registries of other shapes
    Scenario(
        "no entry",
        "JG004",
        ("jg004.CORRECT_ENTRIES", "jg004.ALLOW_EMPTY"),
        listing("prompts/a.md", entries="$.nothing[*]"),
    ),
    Scenario(
        "a missing path",
        "JG201",
        ("jg201.GENERATE", CORRECT_ENTRY),
        DESCRIBED,
    ),
    Scenario(
        "a missing directory",
        "JG201",
        ("jg201.ADD_DIRECTORY", CORRECT_ENTRY),
        listing("prompts/a.md", "prompts/b/"),
    ),
    Scenario(
        "a renamed path",
        "JG201",
        ("jg201.DID_YOU_MEAN", "remedies.NAME_IT", "remedies.MOVE"),
        GUIDE,
    ),
    Scenario(
        "the other half of a renamed path",
        "JG301",
        ("jg301.IS_IT", "remedies.NAME_IT_IN", "remedies.MOVE"),
        GUIDE,
    ),
    Scenario(
        "a path renamed by git mv",
        "JG201",
        ("jg201.DID_YOU_MEAN", "remedies.RELINK", "remedies.MOVE"),
        GUIDED,
        lambda made: made.git("mv", "prompts/guide.md", "prompts/welcome.md"),
    ),
    Scenario(
        "the other half of a path renamed by git mv",
        "JG301",
        ("jg301.IS_IT", "remedies.RELINK_OF", "remedies.MOVE"),
        GUIDED,
        lambda made: made.git("mv", "prompts/guide.md", "prompts/welcome.md"),
    ),
    Scenario(
        "a path in another case",
        "JG202",
        ("jg202.CORRECT", "remedies.NAME_IT"),
        listing("prompts/a.md", "prompts/B.md", more={"prompts/b.md": TEXT}),
    ),
    Scenario(
        "a path that leads out", "JG205", ("jg205.NAME_INSIDE",), listing("prompts/a.md", "../b.md")
    ),
    Scenario(
        "a path that is not listed",
        "JG301",
        ("jg301.ADD_PLAINLY", "jg301.EXCLUDE", "jg301.PRUNE"),
        listing("prompts/a.md", more={"prompts/b.md": TEXT}),
    ),
    Scenario(
        "a directory that is not listed",
        "JG301",
        ("jg301.ADD_PLAINLY", "jg301.EXCLUDE", "jg301.REMOVE_DIRECTORY"),
        DIRECTORIES,
    ),
    Scenario(
        "a directory that is not listed, beside components",
        "JG301",
        ("jg301.ADD_PLAINLY", "jg301.EXCLUDE", "jg301.REMOVE_DIRECTORY"),
        IN_COMPONENTS,
        path="components/packs/b/",
    ),
    Scenario(
        "a path that is not listed, staged",
        "JG301",
        ("remedies.UNTRACK", "jg301.ADD_PLAINLY", "jg301.EXCLUDE"),
        listing("prompts/a.md", more={"prompts/b.md": TEXT}),
        argv=INDEX,
    ),
]


def bad_example(code: str) -> Files:
    """Return the bad example of a rule, with its configuration."""
    (rule,) = (one for one in load_rules() if one.code == code)
    config = "\n".join(configuration(rule.bad.settings))
    return {**rule.bad.files, "jit-guard.toml": config}


SCENARIOS += [
    Scenario(
        f"a broken contract, {remedy}, {place}",
        code,
        (f"{code.lower()}.{remedy}", "remedies.CHANGE_CONTRACT"),
        bad_example(code),
        argv=argv,
    )
    for place, argv in (("on disk", ()), ("staged", INDEX))
    for code, remedy in (
        ("JG601", "CORRECT"),
        ("JG602", "CORRECT"),
        ("JG603", "PUT"),
        ("JG604", "ADD"),
        ("JG605", "AGREE"),
        ("JG606", "SHORTEN"),
    )
    if place == "on disk" or code in ("JG603", "JG604")
]
# States that no command fixes alone, or that need more than one repository: see test_git_truth.py.
TRIED_ELSEWHERE = {"conflict", "submodule"}
