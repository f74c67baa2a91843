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
    assert len(found.paths) == len(paths)


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
