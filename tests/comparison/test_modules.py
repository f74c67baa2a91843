"""Submodules, of whose contents nothing is known, and files that are never orphans."""

from __future__ import annotations

from pathlib import Path

import pytest

from jit_guard.check import check
from jit_guard.comparison import compare
from jit_guard.project import load
from jit_guard.sources.memory import Memory
from projects import TEXT, call, git, lay_out
from repositories import NEEDS_GIT, repository

TABLE = """
[[registry]]
file = "r.json"
entries = "$[*]"
target = "{value}"
tree = ["ext/*/", "ext/*"]
"""
LISTED = '["ext/mod/", "ext/mod/deep/x.md", "ext/plain/"]'


def gitlink(root: Path, path: str) -> None:
    """Add a submodule to the index; its directory is empty, as in a clone."""
    commit = git(root, "rev-parse", "HEAD").strip()
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")
    (root / path).mkdir(parents=True)


@NEEDS_GIT
@pytest.mark.parametrize("named", [True, False], ids=["in .gitmodules", "in the index alone"])
def test_a_submodule_is_a_directory_in_every_snapshot(tmp_path: Path, named: bool) -> None:
    files = {"jit-guard.toml": TABLE, "r.json": LISTED, "ext/plain/x.md": "x"}
    if named:
        files[".gitmodules"] = '[submodule "m"]\n\tpath = "ext/mod"\n\turl = u\n'
    root = repository(tmp_path / "project", {**files, "ext/left.md": "x"})
    gitlink(root, "ext/mod")
    gitlink(root, "ext/unused")
    git(root, "commit", "-m", "submodules")
    for source in ("worktree", "index", "HEAD"):
        found = call("--source", source, "--format", "json", cwd=root).report["findings"]
        paths = [(one["code"], one["path"]) for one in found]
        # That an empty directory is a submodule, only the index knows; it is asked for entries.
        unused = [] if source == "worktree" else [("JG301", "ext/unused/")]
        assert paths == [("JG301", "ext/left.md"), *unused], source


@NEEDS_GIT
def test_a_submodule_that_an_entry_leads_into_is_no_orphan(tmp_path: Path) -> None:
    files = {"goal_map.json": '{"A": {"persona": "mod/x.md"}, "B": {"persona": "no.md"}}'}
    root = repository(tmp_path / "project", files)
    for name in ("mod", "unused"):
        gitlink(root, f"components/personas/{name}")
    git(root, "commit", "-m", "submodules")
    found = call("--source", "HEAD", "--format", "json", cwd=root).report["findings"]
    assert [(one["code"], one["path"]) for one in found] == [
        ("JG201", "components/personas/mod/x.md"),
        ("JG201", "components/personas/no.md"),
        ("JG301", "components/personas/unused"),
    ]


@NEEDS_GIT
def test_an_empty_directory_that_is_no_submodule_is_missing(tmp_path: Path) -> None:
    files = {"jit-guard.toml": TABLE, "r.json": LISTED, "ext/plain/x.md": "x"}
    root = repository(tmp_path / "project", files)
    (root / "ext" / "mod").mkdir()
    found = call("--format", "json", cwd=root).report["findings"]
    assert [(one["code"], one["path"]) for one in found] == [
        ("JG201", "ext/mod/"),
        ("JG201", "ext/mod/deep/x.md"),
    ]


def test_an_unnamed_submodule_is_an_orphan() -> None:
    modules = "".join(f'[submodule "{one}"]\n\tpath = ext/{one}\n' for one in ("mod", "new"))
    files = {
        ".gitmodules": f"{modules}[other]\n\tpath =\n\tpath\n",
        "r.json": '["ext/mod/"]',
        "ext/mod/": "",
        "ext/new/": "",
        "ext/nothing/": "",
    }
    source = Memory({**files, "jit-guard.toml": TABLE})
    found = check(source, load(source.read).settings).findings
    assert [(one.code, one.path) for one in found] == [("JG301", "ext/new/")]


def test_our_own_files_are_never_orphans(tmp_path: Path) -> None:
    table = TABLE.replace('["ext/*/", "ext/*"]', '["**"]')
    root = lay_out(
        tmp_path,
        {
            "jit-guard.toml": f'baseline = "accepted.jsonl"\n{table}',
            "r.json": '["a.md"]',
            "a.md": "x",
            ".jit-guard/ledger.db": "x",
            "deep/.jit-guard/x": "x",
        },
    )
    assert call("--update-baseline", cwd=root).code == 0
    found = [
        one["path"] for one in call("--format", "json", "--strict", cwd=root).report["findings"]
    ]
    assert found == []
    (root / "accepted.jsonl").write_text("")
    found = [one["path"] for one in call("--format", "json", cwd=root).report["findings"]]
    assert found == ["deep/.jit-guard/x"]


def test_a_directory_of_many_registries_is_searched_once_for_temporary_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def temporary(name: str) -> bool:
        asked.append(name)
        return name.endswith(".tmp")

    monkeypatch.setattr(compare, "temporary", temporary)
    files = {f"r/{number}.json": '["a.md"]' for number in range(30)}
    table = TABLE.replace("r.json", "r/*.json").replace('["ext/*/", "ext/*"]', "[]")
    left = "r/29.json.tmp"
    source = Memory({**files, "a.md": TEXT, left: "x", "jit-guard.toml": table})
    found = check(source, load(source.read).settings).findings
    assert [(one.code, one.path) for one in found] == [("JG303", left)]
    assert len(asked) <= 2 * len(files)
