"""How much `init` needs to see before it proposes a table, and how it sums up what it found."""

from __future__ import annotations

import json

import pytest

from jit_guard.commands.proposal import propose
from jit_guard.sources.memory import Memory
from projects import TEXT, Content

MARKETPLACE: dict[str, Content] = {
    ".claude-plugin/marketplace.json": '{"plugins": [{"source": "./plugins/a"}]}',
    "plugins/a/x.md": TEXT,
    "plugins/b/x.md": TEXT,
}


def written(*names: str, top: str, end: str = ".md") -> dict[str, Content]:
    """Return a text for each name."""
    return {f"{top}/{name}{end}": TEXT for name in names}


def of_files(number: int, end: str = ".md") -> dict[str, Content]:
    return written(*(f"n{one}" for one in range(number)), top="lib", end=end)


@pytest.mark.parametrize(
    ("file", "entry", "least"),
    [
        ("index.json", "lib/n{}.md", 2),  # written as paths, in a file that is called so
        ("index.json", "n{}", 3),  # written as words
        ("notes.json", "lib/n{}.md", 4),
        ("notes.json", "n{}", 5),
    ],
)
def test_a_few_paths_may_be_chance(file: str, entry: str, least: int) -> None:
    for number in (least - 1, least):
        entries = [entry.format(one) for one in range(number)]
        files: dict[str, Content] = {file: json.dumps({"files": entries}), **of_files(number)}
        found = propose(Memory(files))
        assert (found is not None) == (number == least), (file, number)
        repeated: dict[str, Content] = {**files, file: json.dumps({"files": entries[:1] * 9})}
        assert propose(Memory(repeated)) is None, "the same path again is no other path"


@pytest.mark.parametrize("number", [7, 8])
def test_one_path_in_each_of_several_files_needs_many_files(number: int) -> None:
    files: dict[str, Content] = {
        f"packs/p{one}/conf.json": json.dumps({"main": f"../../lib/n{one}.md"})
        for one in range(number)
    }
    assert (propose(Memory({**files, **of_files(number)})) is not None) == (number == 8)


def test_words_in_each_of_several_files_may_be_chance() -> None:
    files: dict[str, Content] = {
        f"packs/p{one}/conf.json": json.dumps({"main": f"n{one}"}) for one in range(9)
    }
    assert propose(Memory({**files, **of_files(9)})) is None


def test_paths_in_one_file_may_be_wrong_more_often_than_words() -> None:
    for entry, proposed in (("lib/n{}.md", True), ("n{}", False)):
        listed = json.dumps([entry.format(one) for one in (*range(9), "wrong")])
        assert (propose(Memory({"notes.json": listed, **of_files(9)})) is not None) == proposed


@pytest.mark.parametrize("first", [False, True])
def test_what_a_sample_of_the_files_did_not_show_is_checked(first: bool) -> None:
    """A third of all entries may be missing, whatever another table has."""
    for number, missing, proposed in ((81, 27, True), (80, 27, False)):
        files: dict[str, Content] = {
            f"packs/p{one:02}/conf.json": json.dumps({"main": f"../../lib/n{one}.md"})
            for one in range(number)
        }
        there = {**of_files(number), **written(*map(str, range(95)), top="etc")}
        for one in range(1, 2 * missing, 2):  # every other file is read at first
            del there[f"lib/n{one}.md"]
        if first:
            files["index.json"] = json.dumps([f"etc/{one}.md" for one in range(100)])
        found = propose(Memory({**files, **there}))
        tables = found.text.count("[[registry]]") if found is not None else 0
        assert tables == first + proposed


def test_a_registry_may_name_a_third_of_what_is_beside_its_paths() -> None:
    paths = json.dumps([f"lib/n{one}.md" for one in range(4)])
    found = propose(Memory({"index.json": paths, **of_files(11)}))
    assert found is not None
    assert 'tree = ["lib/*.md"]' in found.text
    for plugins in ("[]", '[{"source": "./plugins/a"}], "plugins": [{"source": "./plugins/a"}]'):
        broken = {".claude-plugin/marketplace.json": f'{{"plugins": {plugins}}}'}
        assert propose(Memory({**MARKETPLACE, **broken})) is None


def test_a_preset_hides_no_other_registry() -> None:
    skill = {"name": "a", "description": "b", "files": ["SKILL.md"]}
    listed = {
        ".well-known/skills/index.json": json.dumps({"skills": [skill]}),
        "x/y/z/catalog.json": json.dumps(["lib/n0.md", "lib/n1.md"]),
    }
    found = propose(Memory({**listed, ".well-known/skills/a/SKILL.md": TEXT, **of_files(2)}))
    assert found is not None
    assert 'preset = "agent-skills"' in found.text
    assert 'file = "x/y/z/catalog.json"' in found.text


@pytest.mark.parametrize(("new", "tables"), [(1, 2), (0, 1)])
def test_a_table_of_which_a_fifth_is_new_is_proposed_too(new: int, tables: int) -> None:
    paths = [f"lib/n{one}.md" for one in range(10)]
    other = [*paths[: 5 - new], *(f"etc/n{one}.md" for one in range(new))]
    there = {**of_files(10), **written("n0", top="etc")}
    for more in ([], paths[5:6]):  # six paths, of which one is new
        listed = {"index.json": json.dumps(paths), "catalog.json": json.dumps([*other, *more])}
        found = propose(Memory({**listed, **there}))
        assert found is not None
        assert found.text.count("[[registry]]") == (1 if more else tables)


@pytest.mark.parametrize(("wrong", "proposed"), [(0, True), (1, True), (2, False)])
def test_words_must_nearly_always_be_right(wrong: int, proposed: bool) -> None:
    words = [f"n{one}" for one in range(10)] + [f"wrong{one}" for one in range(wrong)]
    files: dict[str, Content] = {"notes.json": json.dumps({"files": words}), **of_files(10)}
    assert (propose(Memory(files)) is not None) == proposed


@pytest.mark.parametrize(("others", "proposed"), [(4, True), (5, False)])
def test_a_file_with_another_name_must_name_half_of_what_is_there(
    others: int, proposed: bool
) -> None:
    paths = [f"lib/n{one}.md" for one in range(4)]
    files = {"notes.json": json.dumps(paths), **of_files(4 + others)}
    assert (propose(Memory(files)) is not None) == proposed


def test_six_tables_are_enough_and_four_of_one_file() -> None:
    files: dict[str, Content] = {}
    stems = ("index", "manifest", "registry", "catalog", "skills", "prompts", "agents")
    for stem in stems:
        files |= {f"{stem}.json": json.dumps([f"{stem}/x.md", f"{stem}/y.md"])}
        files |= written("x", "y", top=stem, end=".md")
    found = propose(Memory(files))
    assert found is not None
    assert found.text.count("[[registry]]") == 6
    one = {stem: [f"{stem}/x.md", f"{stem}/y.md"] for stem in stems[1:]}
    there = {path: text for path, text in files.items() if path.endswith(".md")}
    lists = {f"list-{stem}": {"of": [{"file": path} for path in one[stem]]} for stem in one}
    shapes: dict[str, object] = {
        "a": lists["list-manifest"],
        "b": one["registry"],
        "c": {"d": {"e": one["catalog"]}},
    }
    shapes |= {"f": [[path] for path in one["skills"]], "g": [{"h": {"i": one["prompts"]}}]}
    found = propose(Memory({"index.json": json.dumps(shapes), **there}))
    assert found is not None
    assert found.text.count("[[registry]]") == 4


def test_files_are_read_for_a_limited_time(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"index.json": '["lib/n0.md", "lib/n1.md"]', **of_files(2)}
    assert propose(Memory(files)) is not None
    monkeypatch.setattr("jit_guard.commands.proposal._LONGEST", -1.0)
    assert propose(Memory(files)) is None
    found = propose(Memory({**files, **MARKETPLACE}))
    assert found is not None
    assert found.text.splitlines()[1:] == ["[[registry]]", 'preset = "claude-marketplace"']


@pytest.mark.parametrize(("small", "tables"), [(4, 1), (5, 2)])
def test_a_small_list_beside_a_large_one_is_beside_the_point(small: int, tables: int) -> None:
    """Less than a fifth of the largest; in a file that is called like a registry it counts."""
    large = [f"lib/n{one}.md" for one in range(25)]
    few = [f"etc/n{one}.md" for one in range(small)]
    there = {**of_files(25), **written(*(f"n{one}" for one in range(small)), top="etc", end=".md")}
    found = propose(
        Memory({"index.json": json.dumps(large), "more.json": json.dumps(few), **there})
    )
    assert found is not None
    assert found.text.count("[[registry]]") == tables
    named = {"index.json": json.dumps(large), "catalog.json": json.dumps(few), **there}
    if tables == 1:  # what is skipped hides nothing
        named |= {"more.json": named.pop("catalog.json"), **written("a", "b", top="doc")}
        named["catalog.json"] = json.dumps(["doc/a.md", "doc/b.md"])
    found = propose(Memory(named))
    assert found is not None
    assert found.text.count("[[registry]]") == 2


@pytest.mark.parametrize(
    ("missing", "orphans", "empty", "summary"),
    [
        (0, 0, 0, "8 entries, 0 missing, 0 orphans"),
        (1, 1, 1, "8 entries, 1 missing, 1 orphan, 1 other finding"),
        (2, 2, 2, "8 entries, 2 missing, 2 orphans, 2 other findings"),
    ],
)
def test_the_summary_counts(missing: int, orphans: int, empty: int, summary: str) -> None:
    paths = [f"lib/n{one}.md" for one in range(8)]
    there = {path: "" if at < empty else TEXT for at, path in enumerate(paths[: 8 - missing])}
    more = {f"lib/left{one}.md": TEXT for one in range(orphans)}
    found = propose(Memory({"index.json": json.dumps(paths), **there, **more}))
    assert found is not None
    assert found.summary == f"index.json: {summary}"


def test_the_summary_of_one_entry_and_of_four_files() -> None:
    packs: dict[str, Content] = {
        f"packs/{one}/pack.json": f'["{one}1.md", "{one}2.md"]' for one in "abcd"
    }
    parts = [f"{one}/{one}{number}" for one in "abcd" for number in (1, 2)]
    found = propose(Memory({**packs, **written(*parts, top="packs", end=".md")}))
    assert found is not None
    assert found.summary.startswith(
        "packs/a/pack.json, packs/b/pack.json, packs/c/pack.json, 1 more: "
    )
