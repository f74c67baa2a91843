"""Which files of a project `init` reads, and which expressions it tries for what is in them."""

from __future__ import annotations

import json

import pytest

from jit_guard.commands import shapes
from jit_guard.commands.path_index import PathIndex
from jit_guard.commands.shapes import Family, Location, expressions, families, read
from jit_guard.commands.tree_guess import accepted, guess_tree
from jit_guard.sources.memory import Memory
from jit_guard.sources.tree import Tree
from projects import Content


def index(*paths: str) -> PathIndex:
    return PathIndex(Tree(Memory(dict.fromkeys(paths, "x"))))


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ((0,), ["$[*]"]),
        (("a",), ["$.a", "$.*"]),
        (("skills", 0), ["$.skills[*]", "$.*[*]", "$..skills[*]", "$.skills..*"]),
        (("a", 0, 0), ["$.a[*][*]", "$.*[*][*]", "$.a..*"]),
        ((0, "files", 1), ["$[*].files[*]", "$[*].*[*]", "$..files[*]"]),
        (
            ("plugins", 0, "source"),
            [
                *("$.plugins[*].source", "$.plugins[*].*", "$.*[*].source", "$.*[*].*"),
                *("$..source", "$.plugins..source", "$.plugins..*"),
            ],
        ),
        (
            ("a b", "c'\"d"),
            [
                *("$['a b']['c\\'\"d']", "$['a b'].*", "$.*['c\\'\"d']", "$.*.*"),
                *("$..['c\\'\"d']", "$['a b']..['c\\'\"d']", "$['a b']..*"),
            ],
        ),
        (
            tuple("abcde"),
            [
                "$.a.b.c.d.e",
                "$.a.*.*.*.e",
                "$.a.*.*.*.*",
                "$.*.*.*.*.e",
                "$..e",
                "$.a..e",
                "$.a..*",
            ],
        ),
    ],
)
def test_the_strictest_expression_of_a_location_comes_first(
    location: Location, expected: list[str]
) -> None:
    assert list(expressions(location)) == expected


def test_four_names_are_replaced_in_turn() -> None:
    tried = [one for one in expressions(tuple("abcd")) if ".." not in one]
    assert len(tried) == len(set(tried)) == 2**4
    assert [one.count("*") for one in tried] == sorted(one.count("*") for one in tried)


def test_likely_files_come_first_and_families_before_their_other_members() -> None:
    found = families(
        index(
            *("index.json", "a/skill-index.yaml", "b/notes.json", "package-lock.json"),
            *("tests/manifest.json", "a/fixtures/index.json", "x.md", "reindexed.json"),
            *("p.json", "a/p.json", "b/p.json", "c/p.json", "a/q.json", "b/q.json"),
            *(f"d/{number}.toml" for number in range(8)),
            *(f"e/{number}.toml" for number in range(7)),
            *(f"{number}.yaml" for number in range(8)),
        )
    )
    assert [(one.file, len(one.paths), one.is_named_so) for one in found] == [
        ("index.json", 1, True),
        ("a/skill-index.yaml", 1, True),
        ("*/p.json", 3, False),
        ("d/*.toml", 8, False),
        *((f"{number}.yaml", 1, False) for number in range(8)),
        ("p.json", 1, False),
        ("reindexed.json", 1, False),
        ("a/p.json", 1, False),
        ("a/q.json", 1, False),
        ("b/notes.json", 1, False),
        ("b/q.json", 1, False),
        ("d/0.toml", 1, False),
        *((f"e/{number}.toml", 1, False) for number in range(7)),
    ]


@pytest.mark.parametrize("limit", [0, 1, 5])
def test_so_many_files_without_a_telling_name_are_read(
    limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shapes, "_MOST_FILES", limit)
    found = list(families(index("index.json", *(f"a{number}.json" for number in range(9)))))
    assert len(found) == 1 + limit


@pytest.mark.parametrize(
    ("paths", "glob"),
    [
        (("a/p.json", "b/p.json", "c/p.json"), "*/p.json"),
        (("x/a/p.json", "x/b/p.json", "x/c/p.json"), "x/*/p.json"),
        (("x/a/b/p.json", "x/c/b/p.json", "x/d/b/p.json"), "x/*/b/p.json"),
        (("a/p.json", "a/b/p.json", "a/b/c/p.json"), "a/**/p.json"),
        (("a/b/p.json", "c/p.json", "d/p.json"), "**/p.json"),
    ],
)
def test_the_glob_of_files_of_one_name_is_as_narrow_as_they_are(
    paths: tuple[str, ...], glob: str
) -> None:
    (family,) = (one for one in families(index(*paths)) if len(one.paths) == 3)
    assert family.file == glob


@pytest.mark.parametrize(
    ("file", "named"),
    [
        ("index.json", True),
        ("Skills.yaml", True),
        ("my-agent.toml", True),
        ("x/plugin_list.json", True),
        ("catalog2.json", True),
        ("reindex.json", False),
        ("index/notes.json", False),
        ("skillset.json", False),
    ],
)
def test_a_file_is_called_like_a_registry(file: str, named: bool) -> None:
    assert Family(file, (file,)).is_named_so is named


def test_every_node_of_a_file_is_read_with_its_place() -> None:
    document = {"a": [1, {"b": "x"}], "c": {}}
    nodes, form = read(
        Memory({"d/r.json": json.dumps(document)}), Family("d/r.json", ("d/r.json",))
    )
    assert form is None
    assert [(one.location, one.value) for one in nodes] == [
        (("a",), [1, {"b": "x"}]),
        (("a", 0), 1),
        (("a", 1), {"b": "x"}),
        (("a", 1, "b"), "x"),
        (("c",), {}),
    ]
    assert {(one.path, one.directory) for one in nodes} == {("d/r.json", "d")}


@pytest.mark.parametrize(
    ("files", "count", "form"),
    [
        ({"r.json": '{"a": 1, /* b */ }'}, 1, "jsonc"),
        ({"r.jsonc": '{"a": 1, /* b */ }'}, 1, None),
        ({"r.json": '{"a": ', "s.json": '{"a": 1}'}, 1, None),
        ({"r.yaml": "a: ["}, 0, None),
        ({"r.json": b"\xff"}, 0, None),
        ({"r.toml": "a = 1\nb = [2]\n"}, 3, None),
        ({}, 0, None),
    ],
)
def test_what_cannot_be_read_has_no_nodes(
    files: dict[str, Content], count: int, form: str | None
) -> None:
    paths = tuple(files) or ("gone.json",)
    nodes, found = read(Memory(files), Family(paths[0], paths))
    assert (len(nodes), found) == (count, form)


def test_large_files_and_many_nodes_and_files_are_read_in_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shapes, "_MOST_BYTES", 20)
    monkeypatch.setattr(shapes, "_MOST_NODES", 5)
    monkeypatch.setattr(shapes, "_SAMPLE", 2)
    sizes = {20: '["a", "b", "c", "d"]', 21: '["a", "b", "c", "dd"]'}
    for size, text in sizes.items():
        assert len(text) == size
        nodes, _ = read(Memory({"r.json": text}), Family("r.json", ("r.json",)))
        assert len(nodes) == (4 if size == 20 else 0)
    files = {f"{number}.json": f"[{number}, {number}]" for number in range(6)}
    nodes, _ = read(Memory(files), Family("*.json", tuple(files)))
    assert [one.value for one in nodes] == [0, 0, 3, 3], "a sample from all of them"
    nodes, _ = read(Memory({"r.json": "[1,2,3,4,5,6,7]"}), Family("r.json", ("r.json",)))
    assert [one.value for one in nodes] == [1, 2, 3, 4, 5]


# What is beside the paths that entries name

LIBRARY = index(
    *("lib/a.md", "lib/b.md", "lib/deep/c.md", "lib/x.txt", "lib/README.md", "top.md"),
    *(f"{top}/s/K.md" for top in ("one", "two", "three", "four")),
    *("dirs/a/f", "dirs/b/f", "dirs/c/d/f", "mixed/a.md", "mixed/b.txt", "odd!/z.md"),
    *("wide/1/a.md", "wide/1/b.md", "wide/2/a.md", "wide/2/x.md", "wide/2/y.md", "wide/2/z.md"),
    *(f"parts/{letter}/in/x.md" for letter in "abcdefghi"),
    *(f"parts/{letter}/out/{number}.md" for letter in "abcdefghi" for number in range(5)),
)


@pytest.mark.parametrize(
    ("paths", "globs", "strict"),
    [
        (["lib/a.md", "lib/b.md", "lib/deep/c.md"], ["lib/**/*.md"], ["lib/**/*.md"]),
        (["lib/a.md", "lib/b.md"], ["lib/*.md"], ["lib/*.md"]),
        (["lib/a.md"], ["lib/*.md"], []),
        (["lib/a.md", "lib/x.txt"], ["lib/**"], ["lib/*.txt"]),
        (["mixed/a.md", "mixed/b.txt"], ["mixed/**"], ["mixed/**"]),
        (["one/s/K.md", "two/s/K.md"], ["one/s/K.md", "two/s/K.md"], ["one/s/K.md", "two/s/K.md"]),
        ([f"{top}/s/K.md" for top in ("one", "two", "three", "four")], ["*/s/K.md"], ["*/s/K.md"]),
        (
            [f"{top}/s/K.md" for top in ("one", "two", "three")],
            [f"{top}/s/K.md" for top in ("one", "two", "three")],
            [f"{top}/s/K.md" for top in ("one", "two", "three")],
        ),
        (["top.md"], ["*.md"], ["*.md"]),
        (["odd!/z.md"], [r"odd\!/*.md"], [r"odd\!/*.md"]),
        (["dirs/a/", "dirs/b/"], ["dirs/*/"], []),
        (["dirs/a/", "dirs/b/", "dirs/c/"], ["dirs/*/"], ["dirs/*/"]),
        (["dirs/a/", "dirs/c/d/"], ["dirs/c/*/"], ["dirs/c/*/"]),
        (["wide/1/a.md", "wide/1/b.md"], ["wide/1/*.md"], ["wide/1/*.md"]),
        (["wide/1/a.md", "wide/1/b.md", "wide/2/a.md"], ["wide/**/*.md"], ["wide/1/*.md"]),
        ([f"parts/{one}/in/x.md" for one in "abcdefghi"], ["parts/*/*/x.md"], ["parts/*/*/x.md"]),
        ([], [], []),
    ],
)
def test_globs_accept_what_entries_name_and_little_else(
    paths: list[str], globs: list[str], strict: list[str]
) -> None:
    assert guess_tree(LIBRARY, paths) == globs
    assert guess_tree(LIBRARY, paths, covered=0.9) == strict


def test_a_glob_that_accepts_too_much_else_is_replaced_by_narrower_ones() -> None:
    deep = [f"m/deep/{number}.md" for number in range(8)]
    assert guess_tree(index("m/a.md", "m/b.txt", *deep), ["m/a.md", "m/b.txt"]) == ["m/*"]
    same = ["x/a/K.md", "x/b/c/K.md"]
    assert guess_tree(index(*same, "x/a/o.md"), same) == ["x/**/K.md"]
    four = [f"{number}/s/K.md" for number in range(4)]
    for others, globs in ((4, ["*/s/K.md"]), (5, four)):
        tree = index(*four, *(f"other{number}/s/K.md" for number in range(others)))
        assert guess_tree(tree, four, covered=0.5) == globs


def test_globs_are_split_by_suffix_and_then_by_directory() -> None:
    logs = [f"m/{number}.log" for number in range(40)]
    paths = ["m/a.md", "m/d/b.md", "m/c.txt"]
    assert guess_tree(index(*paths, *logs), paths) == ["m/**/*.md", "m/*.txt"]
    eight = [f"m/x.s{number}" for number in range(8)]
    assert guess_tree(index(*eight, *logs), eight) == [f"m/*.s{number}" for number in range(8)]
    others = [f"a/3/s/{number}.md" for number in range(40)]
    paths = ["a/1/p/x.md", "a/1/q/y.md", "a/2/p/z.md"]
    assert guess_tree(index(*paths, *others), paths) == ["a/1/**/*.md", "a/2/p/*.md"]
    parts = [f"b/{number}/x{number}.md" for number in range(8)]
    others = [f"b/z/{number}.md" for number in range(40)]
    assert guess_tree(index(*parts, *others), parts) == [f"b/{one}/*.md" for one in range(8)]
    half = [f"h/{number}.md" for number in range(4)]
    assert guess_tree(index(*half), half[:2], covered=0.5) == ["h/*.md"]
    assert guess_tree(index(*half), half[:1], covered=0.5) == []


def test_what_other_entries_name_counts_as_named() -> None:
    assert guess_tree(LIBRARY, ["lib/a.md"], covered=0.9) == []
    assert guess_tree(LIBRARY, ["lib/a.md"], ["lib/b.md"], covered=0.9) == ["lib/*.md"]


def test_names_that_never_count_and_files_in_place_of_directories_are_not_accepted() -> None:
    assert accepted(LIBRARY, ["lib/*"]) == ["lib/a.md", "lib/b.md", "lib/x.txt"]
    assert accepted(LIBRARY, ["dirs/*/"]) == ["dirs/a/", "dirs/b/", "dirs/c/"]
    assert accepted(LIBRARY, ["dirs/*"]) == []
    assert accepted(LIBRARY, ["lib/*.md", "!lib/a.md"]) == ["lib/b.md"]


def test_more_than_eight_globs_are_none() -> None:
    tops = [f"t{number}/{'d' * number}/x{number}.md" for number in range(1, 11)]
    for most in (8, 9):
        paths = tops[:most]
        assert len(guess_tree(index(*paths), paths)) == (8 if most == 8 else 0)
