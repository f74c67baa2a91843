"""Contracts in a check: which components are examined, and how the report says what it found."""

from __future__ import annotations

import builtins
import json
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from jit_guard.check import check
from jit_guard.errors import ConfigError, JitGuardError
from jit_guard.project import load
from jit_guard.report import Report
from jit_guard.sources.memory import Link, Memory
from jit_guard.text.generated import mark
from projects import Content, call, git, lay_out
from repositories import NEEDS_GIT, repository, save

CONFIG = """
[types.guide.contract]
front-matter = "guide.schema.json"
headings = ["# Steps"]
max-bytes = 200
"""
SCHEMA = '{"required": ["name"], "properties": {"name": {"type": "string"}}}'
GOOD = "---\nname: pack\n---\n# Steps\n"
BAD = "---\nname: 5\n---\nText.\n"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12\n"
GUIDES = "components/guides"
PACKS = """
[[registry]]
file = "packs.json"
entries = "$[*].at"
target = "{value}/"
tree = []
contract = {requires = ["PACK.md", "bin/run.sh"], equal = ["{name}", "{front-matter.name}"]}
"""


def project(
    goals: dict[str, dict[str, str]] | None = None, /, **guides: Content
) -> dict[str, Content]:
    """Return a project with these guides, each the guide of a goal unless goals are given."""
    named = goals or {name.upper(): {"guide": f"{name}.md"} for name in guides}
    texts = {f"{GUIDES}/{name}.md": text for name, text in guides.items()}
    files: dict[str, Content] = {"goal_map.json": json.dumps(named), "jit-guard.toml": CONFIG}
    return {**files, "guide.schema.json": SCHEMA, **texts}


def packs(*entries: dict[str, str], **texts: Content) -> dict[str, Content]:
    """Return a project whose registry names directories, with these main files."""
    files: dict[str, Content] = {"packs.json": json.dumps(entries), "jit-guard.toml": PACKS}
    for name, text in texts.items():
        files |= {f"packs/{name}/PACK.md": text, f"packs/{name}/bin/run.sh": "true\n"}
    return files


def reported(files: dict[str, Any], **changes: Any) -> Report:
    source = Memory(files)
    return check(source, load(source.read).settings._replace(**changes))


def found(report: Report) -> list[tuple[str, str | None, int | None]]:
    """Return code, path and line of every finding."""
    return [(one.code, one.path, one.line) for one in report.findings]


def test_a_component_that_meets_its_contract_has_no_finding() -> None:
    report = reported(project(pack=GOOD))
    assert (found(report), report.skipped, report.ok) == ([], (), True)


def test_findings_are_in_the_component_and_belong_to_its_entry() -> None:
    (first, second) = reported(project(pack=BAD)).findings
    assert first._replace(hint=None) == (
        *("JG601", "front-matter", "error", "name: 5 is not of type 'string' (type)", None),
        *("goal_map.json", f"{GUIDES}/pack.md", 2, 7, "/name", "PACK", "guide"),
        *((), False, None, None, True),
    )
    assert second.code == "JG603"
    assert second.hint == (
        "put the heading there, or change types.guide.contract in the configuration"
    )


def test_what_is_missing_or_has_no_entry_is_not_examined() -> None:
    goals = {"PACK": {"guide": "pack.md"}, "GONE": {"guide": "gone.md"}}
    report = reported(project(goals, pack=GOOD, other=BAD))
    assert [code for code, *_ in found(report)] == ["JG201", "JG301"]


def test_types_without_a_contract_are_not_examined() -> None:
    goals = {"PACK": {"note": "pack.md"}}
    files = {**project(goals), "components/notes/pack.md": BAD}
    assert found(reported(files)) == []


def test_a_component_that_several_entries_name_is_examined_once() -> None:
    goals = {"A": {"guide": "pack.md"}, "B": {"guide": "pack.md"}}
    report = reported(project(goals, pack=BAD))
    assert [(one.code, one.goal) for one in report.findings] == [("JG601", "A"), ("JG603", "A")]


def test_a_component_is_examined_behind_a_link_once() -> None:
    goals = {"A": {"guide": "pack.md"}, "B": {"guide": "link.md"}}
    files: dict[str, Any] = project(goals, pack=BAD)
    report = reported({**files, f"{GUIDES}/link.md": Link("pack.md")})
    assert [(one.code, one.path) for one in report.findings] == [
        ("JG601", f"{GUIDES}/pack.md"),
        ("JG603", f"{GUIDES}/pack.md"),
    ]


@pytest.mark.parametrize(
    ("text", "code"), [("", "JG206"), (" \n", "JG206"), (b"\xff", "JG207")], ids=repr
)
def test_a_file_with_a_problem_of_its_own_is_not_examined(text: Content, code: str) -> None:
    assert [one for one, *_ in found(reported(project(pack=text)))] == [code]
    alone = reported(project(pack=text), select=("JG6",))
    assert [one for one, *_ in found(alone)] == ["JG601", "JG603"]


def test_a_draft_that_nobody_has_edited_is_not_examined() -> None:
    name = "autogen_guide_for_pack.md"
    files = project({"PACK": {"guide": name}})
    files[f"{GUIDES}/{name}"] = mark("# Purpose\n\nTo be written.\n", ".md")
    assert [one for one, *_ in found(reported(files))] == ["JG501"]


def test_rules_of_contracts_are_selected_like_others() -> None:
    files = project(pack=BAD)
    assert [one for one, *_ in found(reported(files, select=("JG603",)))] == ["JG603"]
    del files["guide.schema.json"]  # which is not read then
    assert found(reported(files, ignore=("JG6",))) == []


def test_of_a_directory_the_required_files_are_examined() -> None:
    entries = ({"name": "pack", "at": "packs/pack"}, {"name": "tie", "at": "packs/tie"})
    good = "---\nname: pack\n---\n"
    assert found(reported(packs(entries[0], pack=good))) == []
    files = packs(*entries, pack=good.replace("pack", "unpack"), tie=good)
    del files["packs/tie/PACK.md"]
    report = reported(files)
    assert [
        (*one, two.file, two.related)
        for one, two in zip(found(report), report.findings, strict=True)
    ] == [
        ("JG604", "packs/tie/", 1, "packs.json", ("packs/tie/PACK.md",)),
        ("JG605", "packs/pack/PACK.md", 2, "packs/pack/PACK.md", ()),
    ]
    message = "{name} is 'pack' and {front-matter.name} is 'unpack'; they must be equal"
    assert report.findings[1].message == message
    assert (report.findings[1].entry, report.findings[1].pointer) == ("[0].at", None)


def test_a_component_that_two_registries_name_under_one_contract_is_examined_once() -> None:
    entries = ({"name": "pack", "at": "packs/pack"},)
    files = packs(*entries, pack="---\nname: unpack\n---\n")
    files["jit-guard.toml"] = PACKS + PACKS.replace("packs.json", "more.json")
    files["more.json"] = files["packs.json"]
    assert found(reported(files)) == [("JG605", "packs/pack/PACK.md", 2)]


def test_each_entry_must_agree_with_the_component_that_it_names() -> None:
    entries = ({"name": "pack", "at": "packs/pack"}, {"name": "bag", "at": "packs/pack"})
    (finding,) = reported(packs(*entries, pack="---\nname: pack\n---\n")).findings
    assert finding.message.startswith("{name} is 'bag' and {front-matter.name} is 'pack'")


def test_a_required_file_in_another_case_does_not_count() -> None:
    files = packs({"name": "pack", "at": "packs/pack"}, pack="---\nname: pack\n---\n")
    files["packs/pack/Pack.md"] = files.pop("packs/pack/PACK.md")
    (finding,) = reported(files).findings
    assert finding.message == (
        "PACK.md does not exist, but packs/pack/Pack.md does, in another case"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (POINTER, "is a Git LFS pointer"),
        ("/annex/objects/SHA256E-s5--0.md\n", "is a git-annex pointer"),
        (b"\0GITCRYPT\0\1\2", "is encrypted by git-crypt"),
    ],
)
def test_a_text_that_is_kept_elsewhere_is_skipped(text: Content, why: str) -> None:
    report = reported(project(pack=text))
    assert found(report) == []
    listed = {one.code: one.reason for one in report.skipped}
    reason = f"the contract was not checked: {GUIDES}/pack.md {why}"
    assert listed.items() >= dict.fromkeys(("JG601", "JG603", "JG606"), reason).items()
    alone = reported(project(pack=text), select=("JG6",))  # the content pass has not read it
    assert (found(alone), {one.reason for one in alone.skipped}) == ([], {reason})


@pytest.mark.parametrize("filename", ["../notes/pack.md", "../guides/pack.md", "a\\b.md"])
def test_an_unsafe_entry_is_not_followed(filename: str) -> None:
    goals = {"A": {"guide": filename}, "B": {"note": "pack.md"}}
    files = {**project(goals, pack=BAD), "components/notes/pack.md": BAD}
    report = reported({**files, f"{GUIDES}/a\\b.md": BAD})
    assert not [code for code, *_ in found(report) if code.startswith("JG6")]


@NEEDS_GIT
def test_every_source_is_examined(tmp_path: Path) -> None:
    root = repository(tmp_path / "project", project(pack=BAD))
    lay_out(root, {f"{GUIDES}/pack.md": GOOD})
    for source, codes in (("HEAD", ["JG601", "JG603"]), ("worktree", [])):
        report = call("--format", "json", "--source", source, cwd=root)
        assert report.codes == codes
    git(root, "add", "-A")
    assert call("--source", "index", cwd=root).code == 0


@NEEDS_GIT
def test_a_text_that_a_filter_makes_is_skipped_where_git_has_another_form(tmp_path: Path) -> None:
    root = repository(tmp_path / "project", project(pack=BAD))
    lay_out(root, {".gitattributes": "*.md filter=shout\n"})
    save(root)
    report = call("--format", "json", "--source", "HEAD", cwd=root).report
    assert report["findings"] == []
    reason = f"the contract was not checked: {GUIDES}/pack.md is stored by git through filter=shout"
    expected = dict.fromkeys(("JG601", "JG603", "JG606"), reason)
    assert {one["code"]: one["reason"] for one in report["skipped"]}.items() >= expected.items()
    alone = call("--format", "json", "--source", "HEAD", "--select", "JG60", cwd=root).report
    assert (alone["findings"], {one["reason"] for one in alone["skipped"]}) == ([], {reason})
    assert call("--format", "json", cwd=root).codes == ["JG601", "JG603"]


def test_a_target_in_a_submodule_is_skipped() -> None:
    files = packs({"name": "pack", "at": "packs/pack"})
    files["packs/pack/"] = ""
    files[".gitmodules"] = '[submodule "x"]\n\tpath = packs/pack\n\turl = x\n'
    report = reported(files)
    assert found(report) == []
    assert {one.code for one in report.skipped if "git submodule" in one.reason} == {
        "JG604",
        "JG605",
    }


def test_the_formats_point_into_the_component(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", project(pack=BAD))
    path = f"{GUIDES}/pack.md"
    text = call("--color", "never", cwd=root).out
    assert f"{path}:2:7: JG601 front-matter  PACK/guide: name: 5 is not of type 'string'" in text
    (first, _) = call("--format", "json", cwd=root).report["findings"]
    assert (first["path"], first["line"], first["column"]) == (path, 2, 7)
    assert (first["file"], first["map"], first["goal"]) == (path, "goal_map.json", "PACK")
    assert (
        f"::error file={path},line=2,col=7,title=JG601" in call("--format", "github", cwd=root).out
    )
    sarif = json.loads(call("--format", "sarif", cwd=root).out)["runs"][0]["results"][0]
    place = sarif["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == (path, 2)
    gitlab = json.loads(call("--format", "gitlab", cwd=root).out)[0]["location"]
    assert gitlab == {"path": path, "lines": {"begin": 2}}
    assert f"| `{path}` 2:7 | ❌ JG601" in call("--format", "markdown", cwd=root).out


def test_a_baseline_accepts_a_violation_wherever_it_moves(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", project(pack=BAD))
    call("--baseline", "b.jsonl", "--update-baseline", cwd=root)
    lay_out(root, {f"{GUIDES}/pack.md": "---\nid: 1\nname: 6\n---\nMore.\n"})
    assert call("--baseline", "b.jsonl", cwd=root).code == 0
    lay_out(root, {f"{GUIDES}/pack.md": GOOD})
    assert "JG603" in call("--baseline", "b.jsonl", cwd=root).err  # a stale line


def test_a_map_that_is_not_reported_on_shows_no_violation(tmp_path: Path) -> None:
    files = {**project(pack=BAD), "other.json": '{"OTHER": {"note": "n.md"}}'}
    files["components/notes/n.md"] = "Text.\n"
    files["jit-guard.toml"] = f'maps = ["goal_map.json", "other.json"]\n{CONFIG}'
    root = lay_out(tmp_path / "project", files)
    assert call("--map", "other.json", "--format", "json", cwd=root).codes == []
    assert len(call("--format", "json", cwd=root).codes) == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"guide.schema.json": None}, "front-matter: guide.schema.json does not exist"),
        ({"guide.schema.json": "{"}, "guide.schema.json: invalid JSON"),
        ({"guide.schema.json": '{"type": 5}'}, "guide.schema.json: not a JSON Schema"),
        (
            {"guide.schema.json": '{"$ref": "https://example.com/x"}'},
            "points outside the file; external references are not loaded",
        ),
        (
            {"guide.schema.json": Link("../outside.json")},
            "guide.schema.json is refused: the link guide.schema.json points outside",
        ),
    ],
)
def test_a_contract_that_cannot_be_applied_exits_with_2(
    changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    files: dict[str, Any] = {**project(pack=GOOD), **changes}
    root = lay_out(tmp_path / "project", {k: v for k, v in files.items() if v is not None})
    (tmp_path / "outside.json").write_text("true")
    done = call(cwd=root)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_a_pattern_that_takes_forever_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    from jit_guard.registry import bounded

    monkeypatch.setattr(bounded, "LEAST", 0.5)
    files = project(pack=f"---\nname: {'a' * 40}!\n---\n# Steps\n")
    files["guide.schema.json"] = '{"properties": {"name": {"pattern": "^(a+)+$"}}}'
    with pytest.raises(ConfigError, match="takes too long to apply"):
        reported(files)


def test_without_pyyaml_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "jit_guard.registry.syntax.yaml_files", raising=False)
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(JitGuardError) as raised:
        reported(project(pack=GOOD))
    assert str(raised.value) == (
        "types.guide.contract: YAML needs PyYAML; install it with `pip install 'jit-guard[yaml]'`"
    )
    toml = '+++\nname = "pack"\n+++\n# Steps\n'
    assert found(reported(project(pack=toml))) == []


def test_a_huge_file_is_counted_but_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    from jit_guard.comparison import contracts

    monkeypatch.setattr(contracts, "MOST_READ", 100)
    report = reported(project(pack=GOOD + "x" * 5000))
    assert [(one.code, one.message) for one in report.findings] == [
        ("JG606", f"the file has {5000 + len(GOOD):,} bytes, {4800 + len(GOOD):,} more than 200")
    ]


def test_the_rest_of_a_huge_file_is_not_held() -> None:
    from jit_guard.comparison.contracts import _read
    from jit_guard.contracts.component import MOST_READ

    tracemalloc.start()
    content = _read(bytes(1_000_000) for _ in range(40))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(content.data), content.size, content.cut) == (MOST_READ, 40_000_000, True)
    assert peak < 20_000_000


def test_verify_finds_a_schema_that_is_none(tmp_path: Path) -> None:
    from jit_guard import Guard

    files = {**project(pack=GOOD), "guide.schema.json": '{"type": 5}'}
    root = lay_out(tmp_path / "project", files)
    with pytest.raises(ConfigError, match="not a JSON Schema"):
        Guard(root).verify()


def test_config_shows_contracts(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", project(pack=GOOD))
    out = call("config", cwd=root).out
    assert 'types.guide.contract.front-matter = "guide.schema.json"' in out
    assert 'types.guide.contract.headings = ["# Steps"]' in out


def test_the_contract_pass_is_not_imported_without_contracts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load_module = builtins.__import__

    def refusing(name: str, *rest: Any, **named: Any) -> Any:
        assert "contracts" not in name
        return load_module(name, *rest, **named)

    files = {**project(pack=BAD), "jit-guard.toml": ""}
    source = Memory(files)
    settings = load(source.read).settings
    monkeypatch.setattr(builtins, "__import__", refusing)
    assert check(source, settings).ok
