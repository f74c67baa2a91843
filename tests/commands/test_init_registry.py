"""`jit-guard init` in a project that already has a registry of another shape."""

from __future__ import annotations

import json
import re
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from jit_guard.commands import inference
from jit_guard.commands.proposal import propose
from jit_guard.sources.memory import Link, Memory
from projects import TEXT, Content, call, lay_out
from typed import type_in

MARKETPLACE: dict[str, Content] = {
    ".claude-plugin/marketplace.json": '{"plugins": [{"source": "./plugins/a"}]}',
    "plugins/a/x.md": TEXT,
    "plugins/b/x.md": TEXT,
}


def written(*names: str, top: str = "skills", end: str = "/SKILL.md") -> dict[str, Content]:
    """Return a text for each name."""
    return {f"{top}/{name}{end}": TEXT for name in names}


@pytest.mark.parametrize(
    ("files", "keys", "summary"),
    [
        (
            {
                "skills/index.json": json.dumps(
                    {
                        "version": "1",
                        "skills": [{"name": one, "path": f"skills/{one}"} for one in "abcx"],
                    }
                ),
                **written("a", "b", "c", "d"),
            },
            [
                'file = "skills/index.json"',
                'entries = "$.skills[*].path"',
                'target = "{value}/SKILL.md"',
                'tree = ["skills/*/SKILL.md"]',
            ],
            "4 entries, 1 missing, 1 orphan",
        ),
        (
            {
                "prompts/registry.yaml": "hi: {file: greet.md, by: me}\nbye: {file: deep/bye.md}\n",
                **written("greet", "deep/bye", "deep/left", top="prompts", end=".md"),
            },
            [
                'file = "prompts/registry.yaml"',
                'entries = "$.*.file"',
                'target = "{value}"',
                'base = "{dir}"',
                'tree = ["prompts/**/*.md"]',
            ],
            "2 entries, 0 missing, 1 orphan",
        ),
        (
            {
                "manifest.toml": '[pages]\n"it\'s" = ["docs/a", "docs/b"]\n',
                **written("a", "b", top="docs", end=".mdx"),
            },
            [
                'file = "manifest.toml"',
                "entries = \"$.pages['it\\\\'s'][*]\"",
                'target = "{value}.mdx"',
                'tree = ["docs/*.mdx"]',
            ],
            "2 entries, 0 missing, 0 orphans",
        ),
        (
            {
                "assets/manifest.json": '{"icons": {"16": "a.png", "32": "b.png"}}',
                "assets/a.png": b"\xff",
                "assets/b.png": b"\xff",
            },
            [
                'file = "assets/manifest.json"',
                'entries = "$.icons.*"',
                'target = "{value}"',
                'base = "{dir}"',
                'tree = ["assets/*.png"]',
                "text = false",
            ],
            "2 entries, 0 missing, 0 orphans",
        ),
        (
            {
                "index.json": '["lib/a.md", "lib/b.md"]',
                **written(*map(str, range(9)), "a", "b", top="lib", end=".md"),
            },
            ['file = "index.json"', 'entries = "$[*]"', 'target = "{value}"'],
            "2 entries, 0 missing, 0 orphans, orphans are not checked",
        ),
        (  # a field of the object around, and of the objects around that
            {
                "icons.json": json.dumps(
                    [{"name": one, "versions": {"svg": ["flat", "line"]}} for one in ("go", "c")]
                    + [{"name": "r-lang", "versions": {"svg": ["flat"]}}]
                ),
                **{
                    f"art/{one}/{one}-{kind}.svg": TEXT
                    for one in ("go", "c", "r-lang")
                    for kind in ("flat", "line")
                },
            },
            [
                'file = "icons.json"',
                'entries = "$[*].versions.svg[*]"',
                'target = "art/{name}/{name}-{value}.svg"',
                'tree = ["art/**/*.svg"]',
            ],
            "5 entries, 0 missing, 1 orphan",
        ),
        (  # the key is the name of a directory, which is in another field
            {
                "manifest.json": json.dumps(
                    {
                        "skills": {
                            one: {
                                "home": "new" if one == "d" else "old",
                                "files": ["x.md", "y/z.md"],
                            }
                            for one in "abcd"
                        }
                    }
                ),
                **{
                    f"{'new' if one == 'd' else 'old'}/{one}/{name}": TEXT
                    for one in "abcd"
                    for name in ("x.md", "y/z.md")
                },
            },
            [
                'file = "manifest.json"',
                'entries = "$.skills.*.files[*]"',
                'target = "{home}/{keys[1]}/{value}"',
                'tree = ["old/**/*.md", "new/d/**/*.md"]',
            ],
            "8 entries, 0 missing, 0 orphans",
        ),
        (  # pages of any depth, between headings and addresses
            {
                "site/nav.json": json.dumps(
                    {
                        "menu": [
                            {"pages": ["start", {"pages": ["deep/one", "deep/two"]}]},
                            {"pages": ["more", "last", "https://example.com/x"]},
                        ]
                    }
                ),
                **written("start", "deep/one", "deep/two", "more", "left", top="site", end=".mdx"),
                "site/last.md": TEXT,
            },
            [
                'file = "site/nav.json"',
                'entries = "$..pages[*]"',
                'match.value = "[^:]+"',
                'target = ["{value}.mdx", "{value}.md"]',
                'base = "{dir}"',
                'tree = ["site/**"]',
            ],
            "5 entries, 0 missing, 1 orphan",
        ),
        (  # several files, with comments, and paths that go up
            {
                **{
                    f"packs/{one}/pack.json": f'{{ // {one}\n"parts": ["../../lib/{one}.txt", '
                    f'"../../lib/{one}2.txt",]}}'
                    for one in "abc"
                },
                **written(*"abc", "a2", "b2", "c2", "left", top="lib", end=".txt"),
            },
            [
                'file = "packs/*/pack.json"',
                'format = "jsonc"',
                'entries = "$.parts[*]"',
                'target = "{value}"',
                'base = "{dir}"',
                'tree = ["lib/*.txt"]',
            ],
            "6 entries, 0 missing, 1 orphan",
        ),
        (  # the first directory differs, and something is called like it elsewhere
            {
                "work.yaml": "projects:\n"
                + "".join(f"- {{name: {one}, folder: {one}/core}}\n" for one in "abcde"),
                **{f"{one}/core/build.json": "[]" for one in "abcdef"},
            },
            [
                'file = "work.yaml"',
                'entries = "$.projects[*].folder"',
                'target = "{value}/build.json"',
                'tree = ["*/core/build.json"]',
            ],
            "5 entries, 0 missing, 1 orphan",
        ),
        (MARKETPLACE, ['preset = "claude-marketplace"'], "1 entry, 0 missing, 1 orphan"),
    ],
)
def test_a_table_is_proposed_for_what_is_there(
    files: dict[str, Content], keys: list[str], summary: str
) -> None:
    found = propose(Memory(files))
    assert found is not None
    head = "# `jit-guard config` shows all settings in force."
    assert found.text.splitlines() == [head, "[[registry]]", *keys]
    assert found.summary.endswith(f": {summary}")


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"index.json": '["a.md"]', "a.md": TEXT},
        {"index.json": '["a.md", "b.md", "c.md", "d.md"]', "a.md": TEXT, "b.md": TEXT},
        {"index.json": '["a.md", "b.md"', "a.md": TEXT, "b.md": TEXT},
        {"index.json": b"\xff", "manifest.yaml": "a: [", "registry.toml": "="},
        {"node_modules/index.json": '["a.md", "b.md"]', "a.md": TEXT, "b.md": TEXT},
        {"notes.json": '["a.md", "b.md"]', "a.md": TEXT, "b.md": TEXT},
        {  # words that are also names of files
            "package.json": '{"keywords": ["x", "y", "z"], "scripts": {"x": "z", "y": "x"}}',
            **{f"bin/{one}.sh": TEXT for one in "xyz"},
        },
        {  # each file names itself
            **{f"lib/{one}/package.json": f'{{"name": "{one}"}}' for one in "abcdefghij"},
        },
        {"a/b/c/registry.json": '["a/", "a/b/", "a/b/c/", "a/b/c/registry.json"]'},
        {  # a few of many
            "settings.json": json.dumps({"skip": [f"src/{number}.py" for number in range(6)]}),
            **{f"src/{number}.py": TEXT for number in range(30)},
        },
        {"index.json": '["a.md", "b.md"], ["a.md"]'},
    ],
)
def test_nothing_is_proposed_where_nothing_is_clear(files: dict[str, Content]) -> None:
    assert propose(Memory(files)) is None


def test_hostile_names_and_documents_are_no_proposal_and_take_little_time() -> None:
    deep = "[" * 400 + '"lib/a.md", "lib/b.md"' + "]" * 400
    wide = json.dumps({str(number): {"x": ["lib/a.md"] * 9} for number in range(3000)})
    files: dict[str, Content] = {
        "index.json": deep,
        "registry.json": wide,
        "catalog[1].json": '["lib/a.md", "lib/b.md"]',
        "manifest.json": '["lib/{value}.md", "lib/{b.md", "lib/*.md"]',
        **written("a", "b", "{value}", "{b", "*", top="lib", end=".md"),
    }
    start = monotonic()
    found = propose(Memory(files))
    assert monotonic() - start < 20  # the limit is five, for all files
    files_named = re.findall(r"^file = (.*)$", found.text if found else "", re.MULTILINE)
    assert set(files_named) <= {'"index.json"', '"registry.json"'}


def test_several_registries_are_proposed_together() -> None:
    found = propose(
        Memory(
            {
                "skills/index.json": '["a", "b", "c"]',
                "agents/index.json": '["a.md", "b.md"]',
                **written("a", "b", "c"),
                **written("a", "b", top="agents", end=".md"),
            }
        )
    )
    assert found is not None
    assert found.text.count("[[registry]]") == 2
    assert (found.report.entries, found.report.findings) == (5, ())


def test_init_shows_the_table_and_its_result_and_writes_it(tmp_path: Path) -> None:
    root = lay_out(tmp_path, MARKETPLACE)
    outcome = call("init", cwd=root)
    assert outcome.code == 0, outcome
    shown = outcome.out.index(".claude-plugin/marketplace.json: 1 entry, 0 missing, 1 orphan")
    assert outcome.out.index('preset = "claude-marketplace"') < shown
    assert shown < outcome.out.index("wrote  jit-guard.toml") < outcome.out.index("JG301")
    assert 'preset = "claude-marketplace"' in (root / "jit-guard.toml").read_text()
    before = sorted(root.rglob("*"))
    assert call("init", cwd=root).out.startswith("kept   jit-guard.toml\n")
    assert sorted(root.rglob("*")) == before
    assert call(cwd=root).code == 1


def test_a_preset_that_names_nothing_here_is_left_out() -> None:
    local = {"source": "local", "path": "./plugins/a"}
    far = {"source": {"source": "github", "repo": "a/b"}}
    files: dict[str, Content] = {
        ".claude-plugin/marketplace.json": json.dumps({"plugins": [far]}),
        ".agents/plugins/marketplace.json": json.dumps({"plugins": [{"source": local}]}),
        "plugins/a/.codex-plugin/plugin.json": "{}",
    }
    found = propose(Memory(files))
    assert found is not None
    assert found.text.splitlines()[1:] == ["[[registry]]", 'preset = "codex-marketplace"']


def test_of_many_files_the_first_are_named() -> None:
    files: dict[str, Content] = {
        f"packs/{one}/pack.json": f'["{one}1.md", "{one}2.md"]' for one in "abcdef"
    }
    parts = [f"{one}/{one}{number}" for one in "abcdef" for number in (1, 2)]
    found = propose(Memory({**files, **written(*parts, top="packs", end=".md")}))
    assert found is not None
    shown = [f"packs/{one}/pack.json" for one in "abc"]
    counts = "12 entries, 0 missing, 0 orphans"
    assert found.summary == f"{', '.join(shown)}, 3 more: {counts}"


def test_a_link_out_of_the_project_is_not_followed(tmp_path: Path) -> None:
    lay_out(tmp_path / "outside", {"index.json": '["lib/a.md", "lib/b.md"]'})
    files = {"index.json": Link("../outside/index.json"), **written("a", "b", top="lib", end=".md")}
    root = lay_out(tmp_path / "project", files)
    assert "[[registry]]" not in call("init", cwd=root).out


def test_what_a_check_does_not_read_is_never_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = lay_out(tmp_path, {"index.json": '["lib/a.md", "lib/b.md"]', **MARKETPLACE})
    (root / ".claude-plugin" / "marketplace.json").write_text("{")
    outcome = call("init", cwd=root)
    assert "[[registry]]" not in outcome.out
    assert not (root / "jit-guard.toml").exists()

    def other(location: Any) -> list[str]:
        return ["$.nothing"]

    monkeypatch.setattr(inference, "expressions", other)
    files = {"index.json": '["lib/a.md", "lib/b.md"]', **written("a", "b", top="lib", end=".md")}
    assert propose(Memory(files)) is None


def test_a_given_library_wins(tmp_path: Path) -> None:
    files = {
        "prompts/index.json": '["a.md", "b.md"]',
        **written("a", "b", top="prompts", end=".md"),
    }
    root = lay_out(tmp_path, files)
    assert call("init", "--components", "prompts", cwd=root).code == 0
    assert (root / "goal_map.json").exists()


@pytest.mark.parametrize(("answer", "there"), [("y", True), ("", True), ("n", False)])
def test_a_user_is_asked_before_it_is_written(answer: str, there: bool, tmp_path: Path) -> None:
    root = lay_out(tmp_path, MARKETPLACE)
    done = type_in([answer], "init", cwd=root)
    assert "1 entry, 0 missing, 1 orphan" in done.out
    assert "Write this to jit-guard.toml? [Y/n]" in done.err
    assert ("Which directory has the components?" in done.err) == (not there)
    assert (done.code, (root / "jit-guard.toml").exists()) == (0 if there else 2, there)
