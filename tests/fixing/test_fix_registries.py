"""`--fix` of registries of any shape: each step, in each syntax, in real repositories."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.resources import files as resources
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from commits import interrupt
from jit_guard.commit.intent import MapChange
from jit_guard.guard import Guard
from jit_guard.registry.edit import Edit
from jit_guard.registry.selection import SelectionError
from jit_guard.sources.git import directories
from jit_guard.sources.memory import Link
from projects import Content, Outcome, call, command_line, git, lay_out
from repositories import NEEDS_GIT, repository, save

pytestmark = NEEDS_GIT

FIX = ("--fix", "--yes", "--generator", "scaffold")
TABLE = """
[[registry]]
file = "lib/index.SUFFIX"
entries = "$.pages[*]"
target = "{value}"
base = "{dir}"
tree = ["lib/**/*.md"]
"""
# The same index in every syntax, with what an edit must not touch.
TEXTS = {
    "json": '{"pages":  ["./one.md",\t"two.md", "d\\u00e9j\\u00e0.md"]}\n',
    "jsonc": '{ // pages\n  "pages": [\n    "./one.md", /* first */\n    "two.md",\n  ],\n}\n',
    "yaml": "# pages\npages:\n- ./one.md   # first\n- 'two.md'\n",
    "toml": "# pages\npages = [\n  './one.md', # first\n  \"two.md\",\n]\n",
}
ONE, TWO = "A page about one thing.\n", "Another page, about two things.\n"


def project(root: Path, suffix: str, **more: Content) -> Path:
    """A repository with this index, whose pages exist."""
    pages: dict[str, Content] = {"lib/one.md": ONE, "lib/two.md": TWO}
    if suffix == "json":
        pages["lib/déjà.md"] = "Seen before.\n"
    files = {
        "jit-guard.toml": TABLE.replace("SUFFIX", suffix),
        f"lib/index.{suffix}": TEXTS[suffix],
    }
    return repository(root / "project", {**files, **pages, **more})


def fix(root: Path, *more: str) -> Outcome:
    return call(*FIX, *more, cwd=root)


def done(outcome: Outcome) -> list[tuple[str, str, str]]:
    """Action, entry and path of everything that was fixed."""
    return [(one["action"], one["entry"], one["path"]) for one in outcome.report["fixed"]]


def stage(root: Path, outcome: Outcome) -> None:
    """Run the printed command that stages the fix."""
    line = outcome.err.partition("to stage the fix, run: ")[2].splitlines()[0]
    subprocess.run(["sh", "-c", line], cwd=root, check=True)


@pytest.mark.parametrize("suffix", TEXTS)
def test_a_renamed_page_is_relinked_and_no_other_byte_changes(tmp_path: Path, suffix: str) -> None:
    root = project(tmp_path, suffix)
    (root / "lib/deep").mkdir()
    (root / "lib/one.md").rename(root / "lib/deep/uno.md")
    outcome = fix(root, "--format", "json")
    assert done(outcome) == [("relinked", "pages[0]", "lib/deep/uno.md")]
    index = (root / f"lib/index.{suffix}").read_bytes().decode()
    assert index == TEXTS[suffix].replace("./one.md", "./deep/uno.md")
    stage(root, outcome)
    assert call(cwd=root).code == 0
    assert git(root, "diff", "--cached", "--name-status", "-M").splitlines() == [
        "R100\tlib/one.md\tlib/deep/uno.md",
        f"M\tlib/index.{suffix}",
    ] or git(root, "status", "--porcelain").splitlines() == [
        "R  lib/one.md -> lib/deep/uno.md",
        f"M  lib/index.{suffix}",
    ]


@pytest.mark.parametrize("suffix", TEXTS)
def test_a_deleted_page_is_restored_and_the_index_stays(tmp_path: Path, suffix: str) -> None:
    root = project(tmp_path, suffix)
    (root / "lib/two.md").unlink()
    assert done(fix(root, "--format", "json")) == [("restored", "pages[1]", "lib/two.md")]
    assert git(root, "status", "--porcelain") == ""


@pytest.mark.parametrize("suffix", TEXTS)
def test_a_page_in_another_case_is_relinked(tmp_path: Path, suffix: str) -> None:
    root = project(tmp_path, suffix)
    (root / "lib/two.md").rename(root / "lib/Two.md")
    assert done(fix(root, "--format", "json")) == [("relinked", "pages[1]", "lib/Two.md")]
    index = (root / f"lib/index.{suffix}").read_bytes().decode()
    assert index == TEXTS[suffix].replace("two.md", "Two.md")


@pytest.mark.parametrize("suffix", TEXTS)
def test_a_page_that_never_was_is_generated_at_its_very_path(tmp_path: Path, suffix: str) -> None:
    root = project(tmp_path, suffix)
    text = TEXTS[suffix].replace("./one.md", "./new/first page.md")
    (root / f"lib/index.{suffix}").write_bytes(text.encode())
    (root / "lib/one.md").unlink()
    save(root)
    outcome = fix(root, "--format", "json")
    assert done(outcome) == [("generated", "pages[0]", "lib/new/first page.md")]
    assert (root / f"lib/index.{suffix}").read_bytes() == text.encode()
    stage(root, outcome)
    assert git(root, "status", "--porcelain") == 'A  "lib/new/first page.md"\n'


@pytest.mark.parametrize("suffix", TEXTS)
def test_a_dry_run_shows_the_diff_and_the_report_has_every_step(
    tmp_path: Path, suffix: str
) -> None:
    root = project(tmp_path, suffix)
    (root / "lib/one.md").rename(root / "lib/uno.md")
    (root / "lib/two.md").unlink()
    lines = fix(root, "--dry-run").out.splitlines()
    assert "relink    lib/one.md -> lib/uno.md: same text as last committed" in lines
    assert f"--- a/lib/index.{suffix}" in lines
    assert [one for one in lines if one.startswith("+") and "./uno.md" in one]
    report = call("--format", "json", cwd=root).report
    fixes = {one["entry"]: one["fix"] for one in report["findings"] if "entry" in one}
    assert fixes == {
        "pages[0]": {"action": "relink", "path": "lib/uno.md", "cost": 0},
        "pages[1]": {"action": "restore", "path": "lib/two.md", "cost": 0},
    }
    schema = json.loads(resources("jit_guard.formats").joinpath("report.schema.json").read_text())
    Draft202012Validator(schema).validate(report)
    Draft202012Validator(schema).validate(fix(root, "--format", "json").report)


def test_a_likely_page_is_offered_and_set_on_request(tmp_path: Path) -> None:
    root = project(tmp_path, "yaml")
    index = root / "lib/index.yaml"
    index.write_text(TEXTS["yaml"].replace("two.md", "twoo.md"))
    outcome = fix(root)
    words = " ".join(outcome.out.split())
    assert (
        "not fixed pages[1]: lib/two.md may be the file (similar name); run `jit-guard --fix "
        "--relink` to set the entry to it, or run `jit-guard --fix --generate-anyway` to generate "
        "a new text"
    ) in words
    assert done(fix(root, "--relink", "--format", "json")) == [
        ("relinked", "pages[1]", "lib/two.md")
    ]
    assert index.read_text() == TEXTS["yaml"]


def registered(root: Path, entries: object, table: Mapping[str, str], **more: Content) -> Path:
    """A repository with an index of these entries and this table."""
    lines = [f"{key} = {value}\n" for key, value in table.items()]
    head = '[[registry]]\nfile = "index.json"\nentries = "$.all[*].at"\n'
    index = json.dumps({"all": entries})
    return repository(root, {"jit-guard.toml": head + "".join(lines), "index.json": index, **more})


def test_a_directory_in_another_case_is_relinked_and_its_files_are_staged(tmp_path: Path) -> None:
    table = {"target": "'{at}{value}/'", "tree": "['p/*/']"}
    table["target"] = "'{value}/'"
    root = registered(tmp_path / "r", [{"at": "./p/one/"}], table, **{"p/one/x.md": "x\n"})
    (root / "p/one").rename(root / "p/One")
    outcome = fix(root, "--format", "json")
    assert done(outcome) == [("relinked", "all[0].at", "p/One/")]
    assert json.loads((root / "index.json").read_text()) == {"all": [{"at": "./p/One/"}]}
    stage(root, outcome)
    assert git(root, "ls-files").splitlines() == ["index.json", "jit-guard.toml", "p/One/x.md"]


MARKET = {
    "name": "m",
    "plugins": [
        {"name": "review", "source": "./plugins/review", "skills": ["./skills/lint"]},
        {"name": "notes", "source": "./plugins/notes", "agents": ["./a.md"]},
    ],
}
PLUGINS: dict[str, Content] = {
    "plugins/review/skills/lint/SKILL.md": "Lint the code.\n",
    "plugins/review/plugin.json": "{}\n",
    "plugins/review/run.sh": "exit\n",
    "plugins/notes/a.md": "Take notes.\n",
    "plugins/notes/plugin.json": "{}\n",
}


def marketplace(root: Path, **more: Content) -> Path:
    index = {".claude-plugin/marketplace.json": json.dumps(MARKET, indent=1)}
    return repository(root / "market", {**index, **PLUGINS, **more})


@pytest.mark.parametrize("by_git", [True, False])
def test_a_renamed_directory_is_relinked_with_what_is_in_it(tmp_path: Path, by_git: bool) -> None:
    root = marketplace(tmp_path)
    for old, new in (("review", "code-checker"), ("notes", "memory")):
        if by_git:
            git(root, "mv", f"plugins/{old}", f"plugins/{new}")
        else:
            (root / "plugins" / old).rename(root / "plugins" / new)
    (root / "plugins/memory/more.md").write_text("A new file.\n")
    for source in ("worktree", "index") if by_git else ("worktree",):
        report = call("--source", source, "--format", "json", cwd=root).report
        first = report["findings"][0]
        assert first["related"] == ["plugins/code-checker/"], source
        assert "same contents as last committed" in first["hint"]
        assert "move the directory with" in first["hint"]
    plan = fix(root, "--dry-run").out.splitlines()
    assert plan[:3] == [
        "relink    plugins/review/ -> plugins/code-checker/: same contents as last committed",
        "relink    plugins/notes/ -> plugins/memory/: same contents as last committed",
        "",
    ]
    outcome = fix(root, "--format", "json")
    assert done(outcome) == [
        ("relinked", "plugins[0].source", "plugins/code-checker/"),
        ("relinked", "plugins[1].source", "plugins/memory/"),
    ]
    assert outcome.report["failed"] == []
    after = json.loads((root / ".claude-plugin/marketplace.json").read_text())
    sources = [one.pop("source") for one in after["plugins"]]
    assert sources == ["./plugins/code-checker", "./plugins/memory"]
    stage(root, outcome)
    assert call("--source", "index", cwd=root).code == 0


@pytest.mark.parametrize("inside", ["before", "after", ""])
def test_a_renamed_directory_is_left_if_another_entry_would_lead_elsewhere(
    tmp_path: Path, inside: str
) -> None:
    listed = [{"at": "p/old", "skill": "s"}]
    root = registered(tmp_path / "r", listed, {"target": "'{value}/'", "tree": "['p/*/']"})
    second = (
        '[[registry]]\nfile = "index.json"\nentries = "$.all[*].skill"\n'
        'target = ["{at}/{value}/", "{value}/"]\ntree = []\n'
    )
    with (root / "jit-guard.toml").open("a") as file:
        file.write(second)
    lay_out(root, {"p/old/x.md": ONE, "p/old/s/y.md" if inside == "before" else "s/y.md": TWO})
    save(root)
    (root / "p/old").rename(root / "p/new")
    if inside == "after":
        lay_out(root, {"p/new/s/y.md": TWO})
    plan = fix(root, "--dry-run").out
    outcome = fix(root, "--format", "json")
    if inside == "after":
        assert "would change another entry" in outcome.report["failed"][0]["reason"]
    else:
        assert done(outcome) == [("relinked", "all[0].at", "p/new/")]
        assert outcome.code == 0
        assert "leave" not in plan  # it is repaired by the other entry


def test_a_directory_is_relinked_although_its_tree_is_of_files(tmp_path: Path) -> None:
    table = {"target": "'{value}/'", "tree": "['p/**']"}
    files = {"p/a/x/one.md": ONE, "p/a/two.md": TWO, "p/b/x/one.md": TWO}
    root = registered(tmp_path / "r", [{"at": "p/a"}, {"at": "p/b"}], table, **files)
    (root / "p/a").rename(root / "p/c")
    outcome = fix(root, "--format", "json")
    assert done(outcome) == [("relinked", "all[0].at", "p/c/")]
    assert outcome.code == 0


def test_a_directory_with_most_of_the_files_is_offered(tmp_path: Path) -> None:
    root = marketplace(tmp_path)
    git(root, "mv", "plugins/review", "plugins/code-checker")
    (root / "plugins/code-checker/run.sh").write_text("exit 1\n")
    save(root)
    git(root, "reset", "-q", "--soft", "HEAD^")
    for source in ("worktree", "index"):
        first = call("--source", source, "--format", "json", cwd=root).report["findings"][0]
        assert "plugins/code-checker/ (most files as last committed)" in first["hint"]
    assert "may be the directory (most files as last committed)" in fix(root).out
    assert done(fix(root, "--relink", "--format", "json")) == [
        ("relinked", "plugins[0].source", "plugins/code-checker/")
    ]


def test_a_directory_that_has_two_copies_is_not_relinked(tmp_path: Path) -> None:
    root = marketplace(tmp_path)
    for name in ("one", "two"):
        lay_out(root, {path.replace("review", name): text for path, text in PLUGINS.items()})
    git(root, "rm", "-rq", "plugins/review")
    outcome = fix(root, "--format", "json")
    assert done(outcome) == []
    assert "last committed" not in outcome.report["findings"][0]["hint"]


def test_too_many_files_are_not_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = marketplace(tmp_path)
    (root / "plugins/review").rename(root / "plugins/code-checker")
    for most, known in ((4, False), (5, False), (6, True)):  # names below both missing ones
        monkeypatch.setattr(directories, "_MOST", most)
        finding = call("--format", "json", cwd=root).report["findings"][0]
        assert ("last committed" in finding["hint"]) is known, most


def test_a_directory_is_left_to_git_or_to_the_user(tmp_path: Path) -> None:
    table = {"target": "'{value}/'", "tree": "['p/*/']"}
    files = {"p/one/x.md": "x\n"}
    root = registered(tmp_path / "r", [{"at": "p/one"}, {"at": "q/never"}], table, **files)
    (root / "p/one/x.md").unlink()
    out = fix(root).out
    assert "run: `git restore --worktree -- p/one`" in out
    assert "all[1].at: it is a directory, which cannot be generated" in out
    assert not (root / "q").exists()
    run = ["sh", "-c", "git restore --worktree -- p/one"]
    subprocess.run(run, cwd=root, check=True)
    assert "all[0].at" not in call(cwd=root).out


def test_what_several_entries_name_is_reported_at_the_first(tmp_path: Path) -> None:
    table = {"target": "'{value}'", "tree": "['*.md']"}
    entries = [{"at": path} for path in ("new.md", "new.md", "gone.md", "gone.md")]
    root = registered(tmp_path / "files", entries, table, **{"gone.md": ONE})
    git(root, "rm", "-q", "gone.md")
    lines = fix(root, "--dry-run").out.splitlines()
    assert "generate  new.md -> new.md: An index to all 0 at: new" in lines
    lines = [line.partition(": ")[0] for line in fix(root).out.splitlines()]
    left = [line for line in lines if line.startswith("not fixed")]
    assert left == ["not fixed  all[2].at"]
    table = {"target": "'{value}/'", "tree": "['p/*/']"}
    entries = [{"at": path} for path in ("p/one", "p/one", "q/never", "q/never")]
    root = registered(tmp_path / "directories", entries, table, **{"p/one/x.md": ONE})
    (root / "p/one/x.md").unlink()
    lines = [line.partition(": ")[0] for line in fix(root).out.splitlines()]
    left = [line for line in lines if line.startswith("not fixed")]
    assert left == ["not fixed  all[0].at", "not fixed  all[2].at"]


def test_what_only_git_can_restore_is_left_to_git(tmp_path: Path) -> None:
    table = {"target": "'{value}'", "tree": "[]"}
    files: dict[str, Content] = {"a.md": ONE, ".gitattributes": "a.md filter=house\n"}
    files["link.md"] = Link("a.md")
    root = registered(tmp_path / "r", [{"at": "a.md"}, {"at": "link.md"}], table, **files)
    for name in ("a.md", "link.md"):
        (root / name).unlink()
    out = fix(root).out
    for number, name in enumerate(("a.md", "link.md")):
        (line,) = [one for one in out.splitlines() if f"not fixed  all[{number}].at: " in one]
        assert line.endswith(f"; run: `git restore --worktree -- {name}`")
    assert not (root / "a.md").exists()


def test_what_is_around_the_value_stays(tmp_path: Path) -> None:
    table = {"target": "'skills/{value}/SKILL.md'", "tree": "['skills/*/SKILL.md']"}
    root = registered(
        tmp_path / "r", [{"at": "plan"}], table, **{"skills/plan/SKILL.md": "Plan with care.\n"}
    )
    (root / "skills/plan").rename(root / "skills/planning")
    assert done(fix(root, "--format", "json")) == [
        ("relinked", "all[0].at", "skills/planning/SKILL.md")
    ]
    assert json.loads((root / "index.json").read_text()) == {"all": [{"at": "planning"}]}


@pytest.mark.parametrize(
    ("target", "value", "reason"),
    [
        ("'docs/{name}.md'", "x", "no value leads there"),
        ("'docs/{value}-{value}.md'", "one", "no value leads there"),
        ("'docs/{value}.md'", 7, "its value is not a text"),
        ("['docs/{value}.md', 'docs/{value}']", "one", "several values lead there"),
    ],
)
def test_an_entry_that_cannot_be_set_exactly_is_left_with_the_reason(
    tmp_path: Path, target: str, value: object, reason: str
) -> None:
    old = {"one": "docs/one.md", "x": "docs/one.md", 7: "docs/7.md"}[value]
    old = "docs/one-one.md" if target.count("{value}-") else old
    entries = [{"at": value, "name": "one"}]
    root = registered(
        tmp_path / "r", entries, {"target": target, "tree": "['docs/*']"}, **{old: ONE}
    )
    before = (root / "index.json").read_bytes()
    (root / old).rename(root / "docs/other.md")
    outcome = fix(root)
    assert reason in outcome.out
    assert "not fixed  all[0].at: docs/other.md may be the file" in outcome.out
    assert (root / "index.json").read_bytes() == before
    assert not (root / old).exists()


def test_a_value_that_cannot_be_replaced_exactly_is_left(tmp_path: Path) -> None:
    root = project(tmp_path, "yaml")
    index = root / "lib/index.yaml"
    index.write_text("pages:\n- &first ./one.md\n- two.md\n")
    save(root)
    (root / "lib/one.md").rename(root / "lib/uno.md")
    (root / "lib/two.md").rename(root / "lib/due.md")
    outcome = fix(root)
    assert "has an anchor or a tag" in outcome.out
    assert "relinked   pages[1]: lib/due.md" in outcome.out
    assert index.read_text() == "pages:\n- &first ./one.md\n- due.md\n"


HOME = """
[[registry]]
file = "r.json"
entries = "$.home"
target = "{value}/index.md"
tree = ["TREE"]
[[registry]]
file = "r.json"
entries = "$.files[*].at"
target = "{home}/{value}"
tree = []
"""
PERSONAS = "components/personas"


def moved(root: Path, files: list[dict[str, str]], **more: Content) -> Path:
    """A repository where the index of a home has moved elsewhere, and other files did not."""
    home = f"{PERSONAS}/a"
    index = json.dumps({"home": home, "files": files})
    pages = {f"{home}/index.md": ONE, "r.json": index, **more}
    repository(root, {"jit-guard.toml": HOME.replace("TREE", f"{PERSONAS}/b/*"), **pages})
    (root / f"{PERSONAS}/b").mkdir()
    (root / f"{home}/index.md").rename(root / f"{PERSONAS}/b/index.md")
    return root


@pytest.mark.parametrize("goal_map", [False, True])
@pytest.mark.parametrize("there", [False, True])
def test_an_edit_that_would_change_another_entry_is_left(
    tmp_path: Path, there: bool, goal_map: bool
) -> None:
    """Whether or not the file of the other exists, and a goal map has an entry to set as well."""
    more: dict[str, Content] = {f"{PERSONAS}/a/x.md": TWO} if there else {}
    if goal_map:
        more["goal_map.json"] = '{"GREET": {"persona": "a/index.md"}}'
    more["c/own.md"] = "Its own home.\n"
    root = moved(tmp_path / "r", [{"home": "c", "at": "own.md"}, {"at": "x.md"}], **more)
    if goal_map:
        preset = '[[registry]]\npreset = "goal-map"\n'
        lay_out(root, {"jit-guard.toml": preset + (root / "jit-guard.toml").read_text()})
    before = (root / "r.json").read_text()
    (line,) = [one for one in fix(root).out.splitlines() if "would change another" in one]
    name = "GREET/persona" if goal_map else "home"
    assert line.startswith(f"not fixed  {name}: {PERSONAS}/b/index.md is it (same text as last ")
    assert (root / "r.json").read_text() == before


@pytest.mark.parametrize("error", [SelectionError, TimeoutError])
def test_an_edit_whose_result_cannot_be_read_is_left(
    tmp_path: Path, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise error("it takes too long")

    root = moved(tmp_path / "r", [])
    monkeypatch.setattr("jit_guard.fixing.registry_steps.read", broken)
    assert "but r.json: it takes too long" in fix(root).out


def test_files_that_are_not_text_are_never_generated(tmp_path: Path) -> None:
    table = {"target": "'{value}'", "tree": "[]", "text": "false"}
    root = registered(tmp_path / "r", [{"at": "icon.png"}], table)
    assert "are not text files" in fix(root).out
    assert not (root / "icon.png").exists()


def test_the_description_beside_an_entry_is_suggested(tmp_path: Path) -> None:
    table = {"target": "'{value}'", "tree": "[]"}
    entries = [{"at": "a.md", "description": "How to  greet\nguests"}, {"at": "b.md"}]
    entries.append({"at": "c.md", "description": "x" * 501})
    root = registered(tmp_path / "r", entries, table)
    lines = fix(root, "--dry-run").out.splitlines()
    assert "generate  a.md -> a.md: How to greet guests" in lines
    assert f"generate  c.md -> c.md: {'x' * 500}" in lines
    given = tmp_path / "given.json"
    given.write_text('{"index.json": {"all[1].at": "All the rest", "all[9].at": "x"}}')
    outcome = fix(root, "--dry-run", "--descriptions", str(given))
    assert "generate  b.md -> b.md: All the rest" in outcome.out.splitlines()
    assert "no component type 'all[9].at'" in outcome.err
    assert "no component type 'all[1].at'" not in outcome.err


def test_a_path_that_a_goal_map_names_too_is_fixed_once_for_both(tmp_path: Path) -> None:
    files = {
        "jit-guard.toml": '[[registry]]\npreset = "goal-map"\n[[registry]]\nfile = "r.json"\n'
        'entries = "$[*]"\ntarget = "{value}"\ntree = []\n',
        "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
        "r.json": '["components/personas/host.txt"]\n',
        "components/personas/host.txt": ONE,
    }
    root = repository(tmp_path / "r", files)
    (root / "components/personas/host.txt").rename(root / "components/personas/usher.txt")
    assert len(fix(root, "--format", "json").report["fixed"]) == 2
    assert (root / "r.json").read_text() == '["components/personas/usher.txt"]\n'
    (root / "components/personas/usher.txt").rename(root / "components/personas/Usher.txt")
    lines = fix(root, "--dry-run").out.splitlines()
    start = "relink    components/personas/usher.txt -> components/personas/Usher.txt: "
    whys = [line.removeprefix(start) for line in lines if line.startswith(start)]
    assert sorted(whys) == ["its own spelling", "the file's own spelling"]
    (root / "components/personas/Usher.txt").rename(root / "components/personas/usher.txt")
    assert "usher.txt" in (root / "goal_map.json").read_text()
    (root / "components/personas/usher.txt").unlink()
    git(root, "rm", "-rq", "--cached", "components")
    git(root, "commit", "-qam", "Gone")
    path = "components/personas/usher.txt"
    lines = fix(root, "--dry-run").out.splitlines()
    assert f"generate  {path} -> {path}: A persona to greet: usher" in lines
    assert {one["action"] for one in fix(root, "--format", "json").report["fixed"]} == {"generated"}
    assert (root / "components/personas/usher.txt").exists()


def test_two_missing_files_of_which_one_is_above_the_other_do_not_stop_the_run(
    tmp_path: Path,
) -> None:
    table = {"target": "'{value}'", "tree": "[]"}
    root = registered(tmp_path / "r", [{"at": "a"}, {"at": "a/b.md"}, {"at": "c.md"}], table)
    outcome = fix(root)
    assert outcome.code == 1
    assert (root / "c.md").exists()


def test_a_draft_that_entries_name_twice_is_replaced_once_unless_it_is_accepted(
    tmp_path: Path,
) -> None:
    table = {"target": "'{value}'", "tree": "[]"}
    root = registered(tmp_path / "r", [{"at": "a.md"}, {"at": "./a.md"}], table)
    assert done(fix(root, "--format", "json")) == [
        ("generated", "all[0].at", "a.md"),
        ("generated", "all[1].at", "a.md"),
    ]
    calls = tmp_path / "calls"
    program = (
        f"import sys; sys.stdin.read(); open({str(calls)!r}, 'a').write('x'); print('A page.')"
    )
    better = ("--fix", "--yes", "--command", command_line(sys.executable, "-c", program))
    assert call("--baseline", "b.jsonl", "--update-baseline", cwd=root).code == 0
    accepted = call(*better, "--baseline", "b.jsonl", "--format", "json", cwd=root)
    assert (accepted.code, accepted.report["fixed"]) == (0, [])
    assert not calls.exists()
    outcome = call(*better, "--format", "json", cwd=root)
    assert done(outcome) == [("generated", "all[0].at", "a.md")]
    assert calls.read_text() == "x"
    assert (root / "a.md").read_text() == "A page.\n"


def test_a_page_with_two_spellings_is_left(tmp_path: Path) -> None:
    table = {"target": "'{value}'", "tree": "['*.md']"}
    root = registered(
        tmp_path / "r", [{"at": "page.md"}], table, **{"Page.md": ONE, "PAGE.md": TWO}
    )
    found = call("--format", "json", cwd=root).report["findings"]
    assert [one["fixable"] for one in found if one["code"] == "JG202"] == [False]
    (failed,) = fix(root, "--format", "json").report["failed"]
    assert failed["reason"] == (
        "it exists as PAGE.md, but several names differ from it only in case"
    )


def test_what_a_goal_map_cannot_name_is_left_with_the_reason(tmp_path: Path) -> None:
    files = {
        "jit-guard.toml": '[[registry]]\npreset = "goal-map"\n[[registry]]\nfile = "r.json"\n'
        'entries = "$[*]"\ntarget = "{value}"\ntree = ["docs/**/*"]\n',
        "goal_map.json": '{"GREET": {"persona": "host.txt"}}\n',
        "r.json": '["components/personas/host.txt"]\n',
        "components/personas/host.txt": ONE,
    }
    root = repository(tmp_path / "r", files)
    (root / "docs/of-all-kinds").mkdir(parents=True)
    (root / "components/personas/host.txt").rename(root / "docs/of-all-kinds/host.txt")
    outcome = fix(root, "--format", "json")
    assert outcome.report["fixed"] == []
    (failed,) = outcome.report["failed"]
    assert failed["reason"].startswith(
        "docs/of-all-kinds/host.txt may be the file (same text as last committed); "
        "run `mv -- docs/of-all-kinds/host.txt components/personas/host.txt` to move it (the entry "
        "GREET/persona cannot be set to it: it names files below components/personas only), or run"
    )
    lay_out(
        root,
        {
            "goal_map.json": '{"GREET": {"image": "x.png"}}\n',
            "r.json": '["components/images/x.png"]\n',
            "jit-guard.toml": files["jit-guard.toml"] + "[types.image]\ntext = false\n",
        },
    )
    (failed,) = fix(root, "--format", "json").report["failed"]
    assert failed["reason"] == "components of the type image are not text files"


def test_names_that_differ_only_in_case_are_not_generated_beside_each_other(tmp_path: Path) -> None:
    table = {"target": "'{value}'", "tree": "[]"}
    entries = [{"at": "d/a.md"}, {"at": "d/A.md"}, {"at": "E/b.md"}]
    root = registered(tmp_path / "r", entries, table, **{"e/x.md": TWO})
    outcome = fix(root, "--format", "json")
    assert done(outcome) == [
        ("generated", "all[0].at", "d/a.md"),
        ("relinked", "all[1].at", "d/a.md"),  # which exists by then
    ]
    assert {one["entry"]: one["reason"] for one in outcome.report["failed"]} == {
        "all[2].at": "the directory E is spelled e on disk; rename it"
    }


def test_the_registry_is_the_type_of_a_component_without_one(tmp_path: Path) -> None:
    program = "import json, sys; print('Of', json.load(sys.stdin)['component_type'])"
    better = ("--fix", "--yes", "--command", command_line(sys.executable, "-c", program))
    for name, kind in (("pages.de.json", "pages"), (".pages.json", "registry")):
        table = (
            f'[[registry]]\nfile = "{name}"\nentries = "$[*]"\ntarget = "{{value}}"\ntree = []\n'
        )
        files = {"jit-guard.toml": table, name: '["new.md"]'}
        root = repository(tmp_path / kind, files)
        assert call(*better, cwd=root).code == 0
        assert (root / "new.md").read_text() == f"Of {kind}\n"


def test_a_path_that_no_commit_would_set_is_left(tmp_path: Path) -> None:
    root = project(tmp_path, "toml")
    before = (root / "lib/index.toml").read_bytes()
    (root / "lib/one.md").rename(root / "lib/o\\ne.md")
    outcome = fix(root)
    assert outcome.code == 1
    assert "is not a plain path below the root" in outcome.out
    assert (root / "lib/index.toml").read_bytes() == before
    table = {"target": "'{value}'", "tree": "[]"}
    root = registered(tmp_path / "ours", [{"at": "lib/.jit-guard/x.md"}], table)
    outcome = fix(root)
    assert "maps and components cannot be in .jit-guard" in outcome.out
    assert not (root / "lib").exists()


@pytest.mark.parametrize(
    ("selected", "target", "also"),
    [
        ("$.all[?@.at != 'b/x.md'].at", "{value}", "another.md"),  # the entry would be gone
        ("$.all[*].at", "{value}", "missing.md"),  # another missing file would be another one
    ],
)
def test_an_edit_that_changes_what_else_is_named_is_left(
    tmp_path: Path, selected: str, target: str, also: str
) -> None:
    table = (
        f'[[registry]]\nfile = "index.json"\nentries = "{selected}"\n'
        f'target = "{target}"\ntree = ["b/*"]\n'
    )
    if also == "missing.md":
        table += (
            '[[registry]]\nfile = "index.json"\nentries = "$.all[*].beside"\n'
            'target = "{at}.{value}"\ntree = []\n'
        )
    index = json.dumps({"all": [{"at": "a/x.md", "beside": also}]})
    files = {"jit-guard.toml": table, "index.json": index, "a/x.md": ONE}
    root = repository(tmp_path / "r", files)
    (root / "b").mkdir()
    (root / "a/x.md").rename(root / "b/x.md")
    outcome = fix(root, "--format", "json")
    (reason,) = [
        one["reason"] for one in outcome.report["failed"] if "b/x.md is it" in one["reason"]
    ]
    assert reason == (
        "b/x.md is it (same text as last committed), but setting it would change another entry"
    )
    assert (root / "index.json").read_text() == index


def test_findings_that_the_baseline_accepts_are_not_fixed(tmp_path: Path) -> None:
    root = project(tmp_path, "toml")
    (root / "lib/two.md").rename(root / "lib/due.md")
    assert call("--baseline", "b.jsonl", "--update-baseline", cwd=root).code == 0
    before = (root / "lib/index.toml").read_bytes()
    assert done(fix(root, "--baseline", "b.jsonl", "--format", "json")) == []
    assert (root / "lib/index.toml").read_bytes() == before


@pytest.mark.parametrize("suffix", ["yaml", "toml", "jsonc", "json"])
@pytest.mark.parametrize("steps", [None, 0, 1, 2])
@pytest.mark.parametrize("abandon", [False, True])
def test_an_interrupted_relink_is_finished_or_undone(
    tmp_path: Path, suffix: str, steps: int | None, abandon: bool
) -> None:
    root = project(tmp_path, suffix)
    (root / "lib/one.md").rename(root / "lib/uno.md")
    path = f"lib/index.{suffix}"
    edit = Edit(("pages", "0"), "./one.md", "./uno.md")
    interrupt(str(root), [MapChange(path, (edit,), suffix)], (), steps)
    recovered = Guard(root).recover(abandon=abandon)
    back = abandon or steps is None
    assert recovered.outcome == ("back" if back else "forward")
    after = TEXTS[suffix] if back else TEXTS[suffix].replace("one", "uno")
    assert (root / path).read_bytes().decode() == after
    assert sorted(os.listdir(root / "lib")) == sorted(
        [f"index.{suffix}", "two.md", "uno.md", *(["déjà.md"] if suffix == "json" else [])]
    )
    assert Guard(root).recover().outcome == "nothing"
