"""Registries of any shape: what they name, what no entry names, and where."""

from __future__ import annotations

import json
import re
import sys
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from documents import blocks
from jit_guard.check import check
from jit_guard.config import PRESETS
from jit_guard.errors import ConfigError
from jit_guard.project import load
from jit_guard.registry.presets import NAMES, preset
from jit_guard.report import Report
from jit_guard.sources.memory import Link, Memory
from projects import Content, call, lay_out

SKILLS = """
[[registry]]
file = "skills.json"
entries = "$.skills[*].path"
target = "{value}/SKILL.md"
tree = ["skills/*/SKILL.md"]
"""


def reported(configuration: str, files: dict[str, Any]) -> Report:
    """Check a project in memory."""
    source = Memory({**files, "jit-guard.toml": configuration})
    return check(source, load(source.read).settings)


def found(report: Report) -> list[tuple[str, str | None, str | None]]:
    """Return code, pointer and path of every finding."""
    return [(one.code, one.pointer, one.path) for one in report.findings]


def skills(*paths: str, **more: Content) -> dict[str, Content]:
    """Return a project whose index names these directories of skills, and has three of them."""
    listed = [{"name": path, "path": path} for path in paths]
    there = {f"skills/{name}/SKILL.md": "Text.\n" for name in "abc"}
    return {"skills.json": json.dumps({"skills": listed}), **there, **more}


def test_every_entry_names_a_file_and_every_file_has_an_entry() -> None:
    report = reported(SKILLS, skills("skills/a", "./skills//b/", "skills/x/../c"))
    assert found(report) == []
    assert (report.entries, report.components, report.maps) == (3, 3, ("skills.json",))


def test_what_is_missing_and_what_no_entry_names() -> None:
    report = reported(SKILLS, skills("skills/a", "skills/no", "../out"))
    assert found(report) == [
        ("JG201", "/skills/1/path", "skills/no/SKILL.md"),
        ("JG205", "/skills/2/path", "../out/SKILL.md"),
        ("JG301", None, "skills/b/SKILL.md"),
        ("JG301", None, "skills/c/SKILL.md"),
    ]
    first = report.findings[0]
    assert (first.entry, first.goal, first.component_type) == ("skills[1].path", None, None)
    assert (first.line, first.column) == (1, 85)


def test_a_node_that_names_nothing_withholds_the_orphans() -> None:
    files = skills("skills/a")
    files["skills.json"] = '{"skills": [{"path": {}}, {"path": "skills/a"}]}'
    report = reported(SKILLS, files)
    assert found(report) == [("JG101", "/skills/0/path", "skills.json")]
    assert "'value'" in report.findings[0].message
    assert [one.code for one in report.skipped] == ["JG301"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"skills": [', "JG001"),
        ("\ufeff{}", "JG003"),
        ('{"skills": [], "skills": [{"path": "skills/a"}]}', "JG002"),
        ('{"skills": []}', "JG004"),
        (None, "JG004"),
    ],
)
def test_a_broken_registry_is_reported_once(text: str | None, code: str) -> None:
    files: dict[str, Any] = skills("skills/a")
    del files["skills.json"]
    if text is not None:
        files["skills.json"] = text
    codes = [one.code for one in reported(SKILLS, files).findings if one.code != "JG301"]
    assert codes == [code]


def test_the_first_target_that_exists_counts_and_the_first_is_missing() -> None:
    table = """
[[registry]]
file = "pages.yaml"
entries = "$.pages[*]"
target = ["docs/{value}.mdx", "docs/{value}.md"]
tree = ["docs/**"]
"""
    files = {"pages.yaml": "pages:\n- a\n- b\n- c\n", "docs/a.md": "x", "docs/b.mdx": "x"}
    assert found(reported(table, files)) == [("JG201", "/pages/2", "docs/c.mdx")]


def test_a_directory_counts_when_it_holds_a_file() -> None:
    table = """
[[registry]]
file = "r.json"
entries = "$[*]"
target = "{value}/"
tree = ["p/*/"]
"""
    files = {
        "r.json": '["p/a", "p/empty", "p/file", "p/CASE", "p/module/inner"]',
        "p/a/deep/x.txt": "x",
        "p/empty/": "",
        "p/file": "x",
        "p/case/x.txt": "x",
        "p/left/x.txt": "x",
        ".gitmodules": '[submodule "m"]\n\tpath = p/module\n\turl = u\n',
    }
    assert found(reported(table, files)) == [
        ("JG201", "/1", "p/empty/"),
        ("JG204", "/2", "p/file/"),
        ("JG202", "/3", "p/CASE/"),
        ("JG301", None, "p/left/"),
    ]


def test_an_entry_covers_what_is_around_and_inside_it() -> None:
    table = """
[[registry]]
file = "r.json"
entries = "$[*]"
target = "{value}"
tree = ["a/**", "b/*/", "c/*"]
"""
    files = {
        "r.json": '["a/", "b/x/y.txt", "c/link"]',
        "a/1/2.txt": "x",
        "b/x/y.txt": "x",
        "c/real.txt": "x",
        "c/link": Link("real.txt"),
    }
    assert found(reported(table, files)) == []


def test_what_another_registry_names_is_no_orphan_unless_each_must_name_it() -> None:
    second = SKILLS.replace("skills.json", "other.json")
    files = skills("skills/a", "skills/b", **{"other.json": skills("skills/c")["skills.json"]})
    assert found(reported(SKILLS + second, files)) == []
    report = reported(SKILLS + second + "required = true\n", files)
    assert found(report) == [
        ("JG301", None, "skills/a/SKILL.md"),
        ("JG301", None, "skills/b/SKILL.md"),
    ]


def test_a_goal_map_beside_a_registry() -> None:
    table = f'{SKILLS}\n[[registry]]\npreset = "goal-map"\n'
    files = {
        **skills("skills/a", "skills/b", "skills/c"),
        "goal_map.json": '{"GREET": {"persona": "host.txt"}}',
        "components/personas/left.txt": "x",
    }
    report = reported(table, files)
    assert found(report) == [
        ("JG201", "/GREET/persona", "components/personas/host.txt"),
        ("JG301", None, "components/personas/left.txt"),
    ]
    assert report.maps == ("goal_map.json", "skills.json")


def test_without_a_tree_the_report_says_that_orphans_are_not_checked() -> None:
    table = SKILLS.replace('tree = ["skills/*/SKILL.md"]\n', "")
    report = reported(table, skills("skills/a"))
    assert [(one.code, one.map, one.reason) for one in report.skipped] == [
        ("JG301", "skills.json", "no tree is configured")
    ]
    assert reported(table + "tree = []\n", skills("skills/a")).skipped == ()


def test_several_files_and_a_base_above_them() -> None:
    table = """
[[registry]]
file = "*/meta/pack.toml"
entries = "$.parts[*]"
target = "{value}"
base = "{dir}/.."
tree = ["*/*.md"]
"""
    files = {
        "one/meta/pack.toml": 'parts = ["a.md", "no.md"]\n',
        "two/meta/pack.toml": "# nothing\n",
        "one/a.md": "x",
        "two/b.md": "x",
    }
    report = reported(table, files)
    assert found(report) == [("JG201", "/parts/1", "one/no.md"), ("JG301", None, "two/b.md")]
    assert report.findings[0].map == "one/meta/pack.toml"


def test_match_filters_nodes_and_makes_fields() -> None:
    table = """
[[registry]]
file = "r.json"
entries = "$.*"
target = "lib/{stem}.txt"
tree = []
match.value = '(?P<stem>[a-z]+)[.]md'
match.dir = '[^{}]*'
match.key = '[^_].*'
"""
    files = {"r.json": '{"a": "x.md", "_b": "y.md", "c": "z.txt", "d": 5}', "lib/x.txt": "x"}
    report = reported(table, files)
    assert (found(report), report.entries) == ([], 1)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("entries = '$['", "registry[1].entries: '$[' is not a JSONPath"),
        ("target = '{'", "registry[1].target: '{' has a { without its pair"),
        ("tree = ['../x']", "registry[1].tree: '../x' is not a glob below the root"),
        ("file = '/etc/passwd'", "registry[1].file"),
        ("fromat = 'json'", "unknown key 'fromat'; did you mean 'format'?"),
        ("format = 'xml'", "must be one of json, jsonc, yaml, toml"),
        ("match.value = '('", "registry[1].match.value: '(' is not a pattern"),
        ("match.value = '(a{900}){900}'", "registry[1].match.value: '(a{900}){900}' repeats more"),
        ("match.value = '(?:a|(?R))+'", "registry[1].match.value: '(?:a|(?R))+' is not a pattern"),
        ("entries = \"$[?match(@.a, '(a{900}){900}')]\"", "repeats more than 10,000 times"),
        ("required = 1", "must be true or false"),
        ("preset = 'claude'", "not one of goal-map, claude-marketplace, codex-marketplace"),
        ("preset = 'goal-map'", "has no other key"),
    ],
)
def test_a_wrong_table_is_refused_with_every_problem(line: str, problem: str) -> None:
    key = line.partition(" ")[0]
    lines = [one for one in SKILLS.splitlines() if not one.startswith(f"{key} =")]
    with pytest.raises(ConfigError, match=re.escape(problem)):
        reported("\n".join([*lines, line]), {})


def test_a_table_without_its_keys_is_refused() -> None:
    with pytest.raises(ConfigError, match="has no 'target'") as error:
        reported("[[registry]]\nfile = 'a.json'\n", {})
    assert len(error.value.problems) == 2


def test_a_slow_expression_ends_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from jit_guard.registry import selection

    monkeypatch.setattr(selection, "_LEAST_TIME", 0.05)
    table = SKILLS.replace("$.skills[*].path", "$..[?match(@.path, '(a|aa)*[bc]')]")
    files = {"skills.json": json.dumps({"skills": [{"path": "a" * 5000}]})}
    with pytest.raises(ConfigError, match=r"skills\.json: .* takes too long"):
        reported(table, files)


def test_the_identity_of_an_entry_survives_reordering(tmp_path: Path) -> None:
    files = {**skills("skills/a", "skills/no", "skills/b", "skills/c"), "jit-guard.toml": SKILLS}
    root = lay_out(tmp_path, files)
    assert call("--baseline", "b.jsonl", "--update-baseline", cwd=root).code == 0
    assert (root / "b.jsonl").read_text() == (
        '["JG201", "skills.json", "skills[skills/no].path", null, "skills/no/SKILL.md"]\n'
    )
    turned = {"skills": json.loads((root / "skills.json").read_text())["skills"][::-1]}
    (root / "skills.json").write_text(json.dumps(turned))
    assert call("--baseline", "b.jsonl", cwd=root).code == 0


def test_an_element_without_a_name_is_identified_by_the_value_of_its_entry(tmp_path: Path) -> None:
    index = {"skills": [{"path": "skills/a"}, {"path": "skills/no", "id": 7}, {"path": "skills/x"}]}
    files = {**skills("skills/a"), "skills.json": json.dumps(index), "jit-guard.toml": SKILLS}
    root = lay_out(tmp_path, files)
    assert call("--baseline", "b.jsonl", "--update-baseline", cwd=root).code == 0
    accepted = (root / "b.jsonl").read_text()
    assert "skills[7].path" in accepted
    assert "skills[skills/x].path" in accepted


def test_the_command_names_the_entry_in_words(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**skills("skills/a", "skills/no"), "jit-guard.toml": SKILLS})
    outcome = call(cwd=root)
    assert outcome.code == 1
    assert "skills.json:1:85: JG201 missing-component  skills[1].path: " in outcome.out
    finding = call("--format", "json", cwd=root).report["findings"][0]
    assert (finding["entry"], finding["goal"]) == ("skills[1].path", None)
    assert "registry[1].file = " in call("config", cwd=root).out


def test_a_preset_is_used_when_there_is_no_configuration(tmp_path: Path) -> None:
    listed = [{"name": one, "source": f"./plugins/{one}"} for one in ("a", "missing")]
    marketplace = {"plugins": listed}
    files = {
        ".claude-plugin/marketplace.json": json.dumps(marketplace),
        "plugins/a/x.md": "x",
        "plugins/left/x.md": "x",
    }
    root = lay_out(tmp_path, files)
    outcome = call(cwd=root / "plugins" / "a")
    assert outcome.code == 1
    assert "plugins/left/: JG301" in outcome.out
    assert "(preset claude-marketplace, no configuration found)" in outcome.out
    report = call("--format", "json", cwd=root).report
    assert report["preset"] == "claude-marketplace"
    schema = resources("jit_guard.formats").joinpath("report.schema.json").read_text()
    Draft202012Validator(json.loads(schema)).validate(report)
    (root / "goal_map.json").write_text("{}")
    assert "preset" not in call(cwd=root).out
    (root / "goal_map.json").unlink()
    (root / "jit-guard.toml").write_text("")
    assert "preset" not in call(cwd=root).out


def test_the_files_that_show_a_preset_are_those_of_the_presets() -> None:
    files = ((one["file"], name) for name in NAMES for one in preset(name))
    assert {file: name for file, name in files if "*" not in file} == PRESETS


def test_the_pages_of_a_mintlify_navigation() -> None:
    groups = [
        {"group": "Start", "pages": ["index", "/quickstart", "guides/a.mdx"]},
        {
            "group": "API",
            "pages": [
                "GET /users",
                "https://example.com/status",
                {"group": "More", "pages": ["api/users", "api/gone"]},
            ],
        },
    ]
    tabs = [{"tab": "Docs", "groups": groups}, {"tab": "Blog", "href": "https://example.com"}]
    navigation = {"tabs": tabs, "global": {"anchors": [{"anchor": "x", "href": "y"}]}}
    docs = {"$schema": "https://mintlify.com/docs.json", "name": "x", "navigation": navigation}
    pages = ("index.mdx", "quickstart.md", "guides/a.mdx", "api/users.mdx", "hidden.mdx")
    files = {f"site/{page}": "x" for page in pages}
    table = '[[registry]]\npreset = "mintlify"\n'
    report = reported(table, {**files, "site/docs.json": json.dumps(docs)})
    assert [(one.entry, one.path) for one in report.findings] == [
        (
            "navigation.tabs[0].groups[1].pages[2].pages[1]",
            "site/api/gone.mdx",
        )
    ]
    assert (report.entries, report.skipped) == (5, ())


RECIPES = [one.text for one in blocks("registries.md") if one.language == "toml"]
FILES: list[dict[str, Content]] = [
    {
        ".claude-plugin/marketplace.json": '{"plugins": [{"source": "./plugins/a"}]}',
        "plugins/a/x": "x",
    },
    {
        "skills/index.json": '{"skills": [{"name": "plan", "path": "skills/plan"}]}',
        "skills/plan/SKILL.md": "x",
    },
    {"prompts/registry.yaml": "prompts: {greet: {file: greet.md}}\n", "prompts/greet.md": "x"},
    {"agents.json": '{"agents": {"planner": {"model": "small"}}}', "agents/planner.txt": "x"},
    {
        "packs.toml": '[[pack]]\nhome = "packs/a"\nfiles = ["a.md", "b.md"]\n',
        "packs/a/a.md": "x",
        "packs/a/b.md": "x",
    },
    {
        "docs/docs.json": '{"navigation": [{"pages": ["start", {"pages": ["a/b"]}]}]} // x',
        "docs/start.mdx": "x",
        "docs/a/b.md": "x",
    },
    {
        "catalog.json": '{"schemas": [{"url": "https://example.com/s/cat"}, {"url": "http://x"}]}',
        "schemas/cat.xsd": "x",
    },
    {
        "packs/a/pack.json": '{"parts": ["../../lib/a.lua", "../../lib/b.lua"]}',
        "packs/b/pack.json": "{}",
        "lib/a.lua": "x",
        "lib/b.lua": "x",
    },
]


@pytest.mark.parametrize("number", range(len(FILES)))
def test_every_recipe_of_the_documentation_is_right(number: int) -> None:
    files, recipe = FILES[number], RECIPES[number]
    clean = reported(recipe, files)
    assert (found(clean), clean.skipped, clean.entries > 0) == ([], (), True)
    for path in (one for one in files if not one.endswith((".json", ".yaml", ".toml"))):
        less = {name: text for name, text in files.items() if name != path}
        assert {code for code, _, _ in found(reported(recipe, less))} == {"JG201"}, path
        head, _, name = path.rpartition("/")
        more = (
            path.replace("/a/", "/new/") if name == "x" else f"{head}/new{name[name.find('.') :]}"
        )
        if name == "SKILL.md":
            more = "skills/new/SKILL.md"
        assert {code for code, _, _ in found(reported(recipe, {**files, more: "x"}))} == {"JG301"}


def test_all_recipes_are_tested() -> None:
    assert len(RECIPES) == len(FILES)


def test_a_check_of_a_goal_map_imports_nothing_of_it(tmp_path: Path) -> None:
    import subprocess

    root = lay_out(
        tmp_path,
        {"goal_map.json": '{"A": {"persona": "no.txt"}}', "components/personas/x.txt": "x"},
    )
    code = (
        "import sys; from jit_guard import Guard; Guard('.').check(); "
        "print([one for one in sys.modules if 'jsonpath' in one or one in ('regex', 'yaml')])"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_registry_can_be_named_with_map(tmp_path: Path) -> None:
    files = {
        "r.yaml": "# names\n- a.md\n- b.md\n",
        "other.json": '["c.md"]',
        "a.md": "x",
        "jit-guard.toml": "".join(
            f'[[registry]]\nfile = "{name}"\nentries = "$[*]"\ntarget = "{{value}}"\ntree = []\n'
            for name in ("r.yaml", "other.json")
        ),
    }
    root = lay_out(tmp_path, files)
    report = call("--map", "r.yaml", "--format", "json", cwd=root).report
    assert [(one["code"], one["path"]) for one in report["findings"]] == [("JG201", "b.md")]
    fixing = ("--fix", "--yes", "--generator", "scaffold")
    assert call(*fixing, "--map", "r.yaml", cwd=root).code == 1  # with a draft
    assert ((root / "b.md").exists(), (root / "c.md").exists()) == (True, False)


def test_prune_never_removes_a_directory(tmp_path: Path) -> None:
    table = (
        '[[registry]]\nfile = "r.json"\nentries = "$[*]"\ntarget = "{value}/"\ntree = ["p/*/"]\n'
    )
    root = lay_out(
        tmp_path, {"r.json": '["p/a"]', "p/a/x": "x", "p/b/x": "x", "jit-guard.toml": table}
    )
    outcome = call("prune", "--force", cwd=root)
    assert "kept p/b/: it is a directory" in outcome.out + outcome.err
    assert (root / "p" / "b" / "x").exists()


def test_a_draft_is_reported_under_the_name_that_its_entry_has(tmp_path: Path) -> None:
    files = {**skills("skills/new"), "jit-guard.toml": SKILLS}
    root = lay_out(tmp_path, files)
    call("--fix", "--yes", "--generator", "scaffold", cwd=root)
    report = call("--format", "json", "--select", "JG501", cwd=root).report
    assert [(one["code"], one["path"]) for one in report["findings"]] == [
        ("JG501", "skills/new/SKILL.md")
    ]
    text = (root / "skills/new/SKILL.md").read_text()
    (root / "skills/new/SKILL.md").write_text(f"{text}\nWritten by hand.\n")
    assert call("--select", "JG501", cwd=root).code == 0


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        ("r.yaml", "[gone.md, a.md]\n", (1, 2)),
        ("r.yaml", "\n- a.md\n- gone.md\n", (3, 3)),
        ("r.json", '["gone.md"]', (1, 2)),
    ],
)
def test_a_place_in_any_syntax_has_its_line_and_column(
    file: str, text: str, place: tuple[int, int]
) -> None:
    table = f'[[registry]]\nfile = "{file}"\nentries = "$[*]"\ntarget = "{{value}}"\ntree = []\n'
    (finding,) = reported(table, {file: text, "a.md": "Text.\n"}).findings
    assert (finding.code, finding.path) == ("JG201", "gone.md")
    assert (finding.line, finding.column) == place
