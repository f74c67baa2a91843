"""Which expression and which target `init` reads out of a document and the paths beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from jit_guard.commands import inference
from jit_guard.commands.inference import Guess, Votes
from jit_guard.commands.path_index import PathIndex
from jit_guard.commands.shapes import Family, read
from jit_guard.sources.memory import Memory
from jit_guard.sources.tree import Tree

LIB = ("lib/a.md", "lib/b.md", "lib/c.md")


def best(
    document: object, *paths: str, file: str = "r.json", out: Iterable[int] = ()
) -> Guess | None:
    source = Memory({**dict.fromkeys(paths, "x"), file: json.dumps(document)})
    nodes, _ = read(source, Family(file, (file,)))
    return Votes(nodes, PathIndex(Tree(source))).best(out)


@pytest.mark.parametrize(
    ("document", "entries", "target", "match", "misses", "spelled"),
    [
        (LIB, "$[*]", "{value}", None, 0, True),
        (list("abc"), "$[*]", "lib/{value}.md", None, 0, False),
        (["lib/a", "lib/b", "lib/c"], "$[*]", "{value}.md", None, 0, True),
        (dict.fromkeys("abc", 1), "$.*", "lib/{key}.md", None, 0, False),
        (["/lib/a.md", "/lib/b.md", "/lib/c.md"], "$[*]", "./{value}", None, 0, True),
        ([*LIB, {"x": "lib/a.md"}], "$[*]", "{value}", "[^:]+", 0, True),
        # what is no path is left out by a pattern that all paths match, or counts as missing
        ([*LIB, "https://x.example/y"], "$[*]", "{value}", "[^:]+", 0, True),
        ([*LIB, {"x": 1}, {"y": 2}], "$[*]", "{value}", "[^:]+", 0, True),
        ([*LIB, "see: x", "none"], "$[*]", "{value}", ".+[.](?:md)", 0, True),
        ([f"./{one}" for one in LIB] + ["n/a"], "$[*]", "{value}", "[.]{1,2}/.+", 0, True),
        ([*LIB, "lib/x.md"], "$[*]", "{value}", None, 1, True),
    ],
)
def test_what_most_nodes_agree_on_is_the_table(
    document: object, entries: str, target: str, match: str | None, misses: int, spelled: bool
) -> None:
    found = best(document, *LIB)
    assert found is not None
    assert (found.entries, found.base, found.targets) == (entries, "", (target,))
    assert (found.match, found.misses, found.spelled) == (match, misses, spelled)
    assert found.paths == LIB
    assert found.files == 1


@pytest.mark.parametrize(
    ("document", "paths", "file", "entries", "base", "targets"),
    [
        (["a.md", "b.md"], ["d/a.md", "d/b.md"], "d/r.json", "$[*]", "{dir}", ("{value}",)),
        (["../lib/a.md", "../lib/b.md"], LIB[:2], "d/r.json", "$[*]", "{dir}", ("{value}",)),
        (["lib/a.md", "lib/b.md"], ["x/lib/a.md", "x/lib/b.md"], "x/d/r.json", "$[*]", "{dir}/..",
         ("{value}",)),
        (list("abcd"), ["lib/a.md", "lib/b.md", "lib/c.txt", "lib/d.txt"], "r.json", "$[*]", "",
         ("lib/{value}.md", "lib/{value}.txt")),
        (["alpha", "beta"], ["lib/x-alpha.md", "lib/x-beta.md"], "r.json", "$[*]", "",
         ("lib/x-{value}.md",)),
        (["s/a/", "s/b/"], ["s/a/f", "s/b/f"], "r.json", "$[*]", "", ("{value}/",)),
        (["a", "b"], ["s/a/SKILL.md", "s/b/SKILL.md"], "r.json", "$[*]", "", ("s/{value}/",)),
        (["../lib/a", "../lib/b"], LIB[:2], "d/r.json", "$[*]", "{dir}", ("{value}.md",)),
        (["a", "b"], ["x/lib/a.md", "x/lib/b.md"], "x/d/r.json", "$[*]", "{dir}/..",
         ("lib/{value}.md",)),
        (["a", "b"], ["d/lib/a.md", "d/lib/b.md"], "d/r.json", "$[*]", "{dir}",
         ("lib/{value}.md",)),
        (["x", "y"], ["x.tar.gz", "y.tar.gz"], "r.json", "$[*]", "", ("{value}.tar.gz",)),
        (["d/a", "d/b"], ["d/ab/a.md", "d/bb/b.md", "lib/d/a.md", "lib/d/b.md"], "r.json", "$[*]",
         "", ("lib/{value}.md",)),
        ({"x": {"a": 1, "b": 1}}, LIB[:2], "r.json", "$.x.*", "", ("lib/{key}.md",)),
        (list("abc"), ["lib/a.md", "lib/b.txt", "lib/c.yml"], "r.json", "$[*]", "",
         ("lib/{value}.md", "lib/{value}.txt", "lib/{value}.yml")),
    ],
)  # fmt: skip
def test_targets_are_relative_to_where_they_are(
    document: object,
    paths: list[str],
    file: str,
    entries: str,
    base: str,
    targets: tuple[str, ...],
) -> None:
    found = best(document, *paths, file=file)
    assert found is not None
    assert (found.entries, found.base, found.targets) == (entries, base, targets)
    assert set(found.paths) <= {*paths, *(f"{one.rpartition('/')[0]}/" for one in paths)}
    assert len(found.paths) == (2 if len(paths) < 3 or "lib/d/a.md" in paths else len(paths))


@pytest.mark.parametrize(
    ("names", "file"),
    [
        (("SKILL.md", "README.md", "LICENSE"), "SKILL.md"),
        (("SKILL.md", "x.png"), "SKILL.md"),
        (("pack.json", "x.png", "y.png"), "pack.json"),
        (("only.bin",), "only.bin"),
    ],
)
def test_the_file_that_all_directories_have_is_the_target(
    names: tuple[str, ...], file: str
) -> None:
    paths = [f"s/{top}/{name}" for top in "abc" for name in names]
    found = best(list("abc"), *paths)
    assert found is not None
    assert found.targets == (f"s/{{value}}/{file}",)
    assert found.paths == tuple(f"s/{top}/{file}" for top in "abc")


def test_the_file_that_is_rarest_elsewhere_is_the_target() -> None:
    paths = [f"s/{top}/{name}" for top in "abc" for name in ("a.json", "z.json")]
    found = best(list("abc"), *paths, "other/a.json")
    assert found is not None
    assert found.targets == ("s/{value}/z.json",)


def test_other_nodes_are_a_table_of_their_own() -> None:
    lists = {"x": LIB, "y": ["m.txt", "n.txt"]}
    first = best(lists, *LIB, "m.txt", "n.txt")
    assert first is not None
    assert (first.entries, len(first.paths)) == ("$.*[*]", 5)
    assert best(lists, *LIB, "m.txt", "n.txt", out=first.nodes) is None


@pytest.mark.parametrize(
    "document",
    [
        ["lib/a.md"],
        [*LIB, "x.md", "y.md"],
        ["r.json", "lib/a.md"],
        [1, 2, 3],
        ["{x}", "http://a", "..", "lib/a.md", "lib/b.md"],
        ["ib/a", "ib/b"],
        [],
        {},
        "lib/a.md",
    ],
)
def test_nothing_is_read_out_of_chance(document: object) -> None:
    assert best(document, *LIB) is None


@pytest.mark.parametrize("length", [200, 201])
def test_a_long_text_is_no_path(length: int) -> None:
    names = [letter * (length - 3) + ".md" for letter in "xy"]
    assert (best(names, *names) is not None) == (length == 200)


def test_fields_of_the_objects_around_are_in_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    document: list[dict[str, Any]] = [
        {"id": "go", "kind": "flat", "n": 1, "files": ["one", "two"]},
        {"id": "c", "kind": "line", "n": 2, "files": ["one", "two"]},
    ]
    paths = [
        f"art/{one['kind']}/{one['id']}-{name}.svg" for one in document for name in one["files"]
    ]
    found = best(document, *paths)
    assert found is not None
    assert found.entries == "$[*].files[*]"
    assert found.targets == ("art/{kind}/{id}-{value}.svg",)
    assert found.paths == tuple(paths)
    monkeypatch.setattr(inference, "_MOST_FIELDS", 0)
    without = best(document, *paths)
    assert without is None or without.targets != found.targets


def matched(document: object, *paths: str) -> tuple[str | None, int] | None:
    found = best(document, *paths)
    return None if found is None else (found.match, found.misses)


def test_what_entries_must_match_leaves_out_what_is_no_path() -> None:
    # as many other texts as paths, but no more
    assert matched([*LIB, *(f"see: {one}" for one in "xyz")], *LIB) == ("[^:]+", 0)
    assert matched([*LIB, *(f"see: {one}" for one in "wxyz")], *LIB) is None
    six = [f"lib/{one}.md" for one in "abcdef"]
    others = ["lib/y.md", "lib/z.md", *(f"see: {one}" for one in "wxyz")]
    assert matched([*six, *others], *six) == ("[^:]+", 2)
    # three suffixes are a pattern, four are not
    three = ["lib/a.md", "lib/b.txt", "lib/c.yml"]
    assert matched([*three, "none"], *three) == (".+[.](?:md|txt|yml)", 0)
    four = [*three, "lib/d.rst"]
    assert matched([*four, "none"], *four) == (None, 1)
    # where nothing else matches all paths, what is no text is left out
    odd = ["lib/a:1", "lib/b:2", "lib/c:3"]
    assert matched([*odd, {"x": 1}], *odd) == (".*", 0)


def test_half_of_the_texts_that_look_like_paths_are_not_enough() -> None:
    paths = ["a.md", "b.md", "c", "d"]
    for number, spelled in ((4, False), (3, True)):
        found = best(paths[:number], *paths)
        assert found is not None
        assert (found.targets, found.spelled) == (("{value}",), spelled)


def test_alternatives_differ_in_their_suffix_alone() -> None:
    two = ["lib/a.md", "lib/b.md"]
    assert best(list("abcd"), *two, "other/c.md", "other/d.md") is None
    assert best(dict.fromkeys("abcd", 1), *two, "lib/c.txt", "lib/d.txt") is None
    assert best(list("abcd"), "lib/a.md", "lib/b.txt", "lib/c.yml", "lib/d.rst") is not None
    assert best(list("abcde"), *(f"lib/{one}.{at}" for at, one in enumerate("abcde"))) is None


def test_a_key_that_the_expression_names_is_no_path() -> None:
    found = best({"x": {"a": 1}, "y": {"a": 1}}, *LIB)
    assert found is not None
    assert found.entries == "$.*.*"  # not $.*.a


def test_a_name_that_only_begins_like_a_text_is_another_one() -> None:
    assert best(["d/a", "e/a"], "d/ab/a.md", "e/ab/a.md") is None


def test_what_leads_up_is_not_looked_up_in_the_directory_called_like_a_field() -> None:
    rows = [{"id": "a", "p": "../x"}, {"id": "b", "p": "../y"}]
    assert best(rows, "d/a/f", "d/b/f", "d/x", "d/y", out=(1, 4)) is None


def test_a_name_within_a_file_is_a_field_too() -> None:
    kinds = ("SKILL", "SKILL", "SKILL"), ("SKILL", "SKILL", "x")
    for kind, target in zip(kinds, ("s/{value}/{kind}.md", "s/{value}/SKILL.md"), strict=True):
        document = [{"id": one, "kind": k} for one, k in zip("abc", kind, strict=True)]
        paths = [f"s/{one}/SKILL.md" for one in "abc"]
        found = best(document, *paths)
        assert found is not None
        assert (found.entries, found.targets) == ("$[*].id", (target,))
        assert found.paths == tuple(paths)


def test_fields_with_equal_texts_are_tried_in_turn() -> None:
    document = [
        {"id": "a", "kind": "a", "set": "s", "files": ["one", "two"]},
        {"id": "b", "kind": "c", "set": "t", "files": ["one", "two"]},
    ]
    paths = [
        f"art/{one['set']}/{one['kind']}/{name}.svg" for one in document for name in one["files"]
    ]
    found = best(document, *paths)
    assert found is not None
    assert (found.entries, found.targets) == ("$[*].files[*]", ("art/{set}/{kind}/{value}.svg",))


def test_a_common_name_is_looked_up_in_the_directory_called_like_a_field() -> None:
    names = [f"s{number}" for number in range(45)]
    document = [{"id": one, "doc": "doc.md"} for one in names]
    found = best(document, *(f"p/{one}/doc.md" for one in names), out=range(1, 135, 3))
    assert found is not None
    assert (found.entries, found.targets) == ("$[*].doc", ("p/{id}/{value}",))
    assert len(found.paths) == 45
    parts = [{"id": one, "kind": "part"} for one in names[:3]]
    found = best(parts, *(f"p/{one}/x_part_y.md" for one in names[:3]), out=(1, 4, 7))
    assert found is not None
    assert (found.entries, found.targets) == ("$[*].kind", ("p/{id}/x_{value}_y.md",))


def target_of(document: object, *paths: str) -> tuple[str, str] | None:
    found = best(document, *paths)
    return None if found is None else (found.entries, found.targets[0])


def test_what_names_fewer_paths_but_all_of_them_is_better() -> None:
    rows = [{"a": f"lib/{n}.md", "b": f"doc/{n}.md"} for n in range(5)]
    rows += [{"b": "doc/5.md"}, {"b": "doc/6.md"}]
    paths = [f"lib/{n}.md" for n in range(5)] + [f"doc/{n}.md" for n in range(6)]
    assert target_of(rows, *paths) == ("$[*].a", "{value}")
    members = {letter: f"lib/{letter}.md" for letter in "abcdef"}
    both = {**members, "more": ["x.txt", "y.txt"]}
    assert target_of(both, *members.values(), "x.txt", "y.txt") == ("$.*", "{value}")


def test_what_is_the_same_for_all_needs_no_field() -> None:
    rows = [{"kind": "same", "id": one} for one in "abc"]
    found = target_of(rows, *(f"lib/same/{one}.md" for one in "abc"))
    assert found == ("$[*].id", "lib/same/{value}.md")


def test_keys_and_parts_of_names_are_fields_of_the_target() -> None:
    lists = {"x": ["one", "two"], "y": ["one", "two"]}
    paths = [f"{key}/{name}.md" for key in lists for name in lists[key]]
    assert target_of(lists, *paths) == ("$.*[*]", "{keys[0]}/{value}.md")
    names = ["one", "two"]
    rows = [{"group": one, "set": f"{one}-{two}", "files": names} for one, two in ("gx", "cy")]
    for form, target in (
        ("{set}", "{set}"),
        ("x-{group}", "x-{group}"),
        ("x_{group}", "x_{group}"),
    ):
        paths = [f"art/{form.format(**row)}/{name}.svg" for row in rows for name in names]
        assert target_of(rows, *paths) == ("$[*].files[*]", f"art/{target}/{{value}}.svg")


@pytest.mark.parametrize("name", ["a b", "dir", "index"])
def test_what_a_target_cannot_name_is_no_field(name: str) -> None:
    rows = [{name: one, "files": ["one", "two"]} for one in "xy"]
    found = target_of(rows, *(f"art/{top}/{file}.svg" for top in "xy" for file in ("one", "two")))
    assert found is not None
    assert "files" not in found[0]


def test_a_file_that_one_directory_does_not_have_is_not_common() -> None:
    for lacking in "ab":
        names = {one: ["SKILL.md", "x.json"] if one != lacking else ["x.json"] for one in "abcd"}
        paths = [f"s/{top}/{name}" for top in names for name in names[top]]
        assert target_of(list("abcd"), *paths) == ("$[*]", "s/{value}/x.json")
    many = [f"s/{top}/{name}.json" for top in "abc" for name in "edcba"]
    assert target_of(list("abc"), *many) == ("$[*]", "s/{value}/a.json"), "the first by name"
