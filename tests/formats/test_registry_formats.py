"""Reports of registries of any shape in every format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from projects import call, lay_out

FILE = ".claude-plugin/marketplace.json"
PLUGINS = [
    {"name": "here", "source": "./plugins/here"},
    {"name": "gone", "source": "./plugins/gone"},
    {"name": "out", "source": "./../out"},
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A marketplace with a missing plugin, one outside the repository, and an orphan."""
    files = {FILE: "", "plugins/here/x.md": "x", "plugins/left/x.md": "x"}
    made = lay_out(tmp_path, files)
    write(made, PLUGINS)
    return made


def write(root: Path, plugins: list[dict[str, str]]) -> None:
    (root / FILE).write_text(json.dumps({"plugins": plugins}, indent=2), "utf-8")


def output(root: Path, name: str) -> str:
    outcome = call("--format", name, cwd=root)
    assert outcome.code == 1, outcome
    return outcome.out


def test_github_annotates_the_entry(root: Path) -> None:
    lines = output(root, "github").splitlines()
    assert lines[0].startswith(
        f"::error file={FILE},line=9,col=17,title=JG201 missing-component::"
        "plugins[1].source: plugins/gone/ does not exist%0Ahint: "
    )
    # A directory has no lines, so its annotation is at the registry.
    assert lines[2].startswith(
        f"::error file={FILE},line=1,col=1,title=JG301 orphan-component::"
        "plugins/left/: no entry references this directory%0Ahint: add an entry, "
        "exclude it from the tree of the registry, or "
    )


def test_gitlab_and_sarif_name_files_and_the_entry(root: Path) -> None:
    issues = json.loads(output(root, "gitlab"))
    assert [one["location"]["path"] for one in issues] == [FILE] * 3
    assert issues[0]["description"].startswith(
        "JG201 missing-component: plugins[1].source: plugins/gone/ does not exist"
    )
    sarif = json.loads(output(root, "sarif"))
    results = sarif["runs"][0]["results"]
    places = [one["locations"][0]["physicalLocation"] for one in results]
    assert {one["artifactLocation"]["uri"] for one in places} == {FILE}
    assert [one["properties"]["path"] for one in results] == [
        "plugins/gone/",
        "./../out/",
        "plugins/left/",
    ]
    assert results[0]["properties"]["pointer"] == "/plugins/1/source"


def test_markdown_names_the_entry(root: Path) -> None:
    text = output(root, "markdown")
    assert "| 9:17 | ❌ JG201 missing-component | " in text
    assert "plugins&#91;1&#93;&#46;source</code>: `plugins/gone/` does not exist" in text
    assert "| `plugins/left/` | ❌ JG301 orphan-component | no entry references" in text


def test_fingerprints_survive_reordering_and_other_entries(root: Path) -> None:
    def known() -> dict[str, Any]:
        issues = json.loads(output(root, "gitlab"))
        results = json.loads(output(root, "sarif"))["runs"][0]["results"]
        prints = [one["partialFingerprints"]["primaryLocationLineHash"] for one in results]
        assert [one["fingerprint"] for one in issues] == prints
        return {one["properties"]["path"]: two for one, two in zip(results, prints, strict=True)}

    before = known()
    assert len(set(before.values())) == 3
    write(root, [{"name": "first", "source": "./plugins/here"}, *PLUGINS[::-1]])
    assert known() == before


def test_every_format_says_what_is_not_checked(tmp_path: Path) -> None:
    table = '[[registry]]\nfile = "r.json"\nentries = "$[*]"\ntarget = "{value}"\n'
    made = lay_out(tmp_path, {"r.json": '["a.md"]', "a.md": "x", "jit-guard.toml": table})
    words = {"github": "JG301 was not checked for r.json: no tree is configured"}
    words |= {"sarif": words["github"], "markdown": "> **JG301 was not checked** for `r.json`"}
    for name, expected in words.items():
        outcome = call("--format", name, cwd=made)
        assert (outcome.code, expected in outcome.out) == (0, True), outcome
