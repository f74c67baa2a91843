"""Resolution of paths, link by link, from the directory listings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_guard.errors import UnreadableError
from jit_guard.sources.answers import DirectoryListing
from jit_guard.sources.memory import Link, Memory, Other
from jit_guard.sources.tree import MAX_LINKS, Place, Tree
from jit_guard.text.names import by_directory, join
from projects import Files

FILES: Files = {
    "c/a.txt": "a",
    "c/Sub/B.txt": "b",
    "c/to_file": Link("a.txt"),
    "c/to_directory": Link("Sub"),
    "c/up": Link("../c/Sub/B.txt"),
    "c/Sub/back": Link("../a.txt"),
    "c/chain": Link("to_directory"),
    "c/here": Link("."),
    "c/root": Link(".."),
    "c/out": Link("../../x"),
    "c/far": Link("/etc/passwd"),
    "c/gone": Link("nowhere"),
    "c/through_file": Link("a.txt/x"),
    "c/other_case": Link("sub"),
    "c/self": Link("self"),
    "c/ping": Link("pong"),
    "c/pong": Link("ping"),
    "c/pipe": Other("FIFO"),
    "c/to_pipe": Link("pipe"),
    "c/\u00e9.txt": "e",
}


def resolve(path: str) -> Place:
    return Tree(Memory(FILES)).resolve(path)


@pytest.mark.parametrize(
    ("path", "kind", "spelled", "real"),
    [
        ("c", "directory", "c", "c"),
        ("c/a.txt", "file", "c/a.txt", "c/a.txt"),
        ("c/A.TXT", "file", "c/a.txt", "c/a.txt"),
        ("C/SUB/b.txt", "file", "c/Sub/B.txt", "c/Sub/B.txt"),
        ("c/e\u0301.txt", "file", "c/\u00e9.txt", "c/\u00e9.txt"),
        ("c/to_file", "file", "c/to_file", "c/a.txt"),
        ("c/to_directory/B.txt", "file", "c/to_directory/B.txt", "c/Sub/B.txt"),
        ("c/to_directory/b.txt", "file", "c/to_directory/B.txt", "c/Sub/B.txt"),
        ("c/up", "file", "c/up", "c/Sub/B.txt"),
        ("c/Sub/back", "file", "c/Sub/back", "c/a.txt"),
        ("c/chain/B.txt", "file", "c/chain/B.txt", "c/Sub/B.txt"),
        ("c/here/here/a.txt", "file", "c/here/here/a.txt", "c/a.txt"),
        ("c/root/c/a.txt", "file", "c/root/c/a.txt", "c/a.txt"),
        ("c/to_directory", "directory", "c/to_directory", "c/Sub"),
        ("c/root", "directory", "c/root", ""),
        ("c/none.txt", "absent", "c/none.txt", "c/none.txt"),
        ("c/none/x.txt", "absent", "c/none/x.txt", "c/none"),
        ("none/x.txt", "absent", "none/x.txt", "none"),
        ("c/a.txt/x", "absent", "c/a.txt/x", "c/a.txt"),
        ("", "directory", "", ""),
    ],
)
def test_a_path_leads_to(path: str, kind: str, spelled: str, real: str) -> None:
    place = resolve(path)
    assert (place.kind, place.spelled, place.real) == (kind, spelled, real)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("c/gone", "broken"),
        ("c/gone/x", "broken"),
        ("c/through_file", "broken"),
        ("c/other_case/B.txt", "broken"),  # the target of a link is case-sensitive
        ("c/self", "broken"),
        ("c/ping", "broken"),
        ("c/ping/x", "broken"),
        ("c/out", "outside"),
        ("c/far", "outside"),
        ("c/root/../x", "outside"),
        ("..", "outside"),
        ("c/pipe", "other"),
        ("c/to_pipe", "other"),
    ],
)
def test_a_path_that_does_not_lead_to_a_file_says_what_it_leads_to(path: str, kind: str) -> None:
    assert resolve(path).kind == kind


def test_the_followed_links_are_recorded_in_order() -> None:
    assert resolve("c/chain/B.txt").links == ("c/chain", "c/to_directory")
    assert resolve("c/a.txt").links == ()


@pytest.mark.parametrize(("links", "kind"), [(MAX_LINKS, "file"), (MAX_LINKS + 1, "broken")])
def test_the_limit_of_links_is_that_of_linux(links: int, kind: str) -> None:
    chain = {f"l{number}": Link(f"l{number + 1}") for number in range(links - 1)}
    tree = Tree(Memory({**chain, f"l{links - 1}": Link("a"), "a": ""}))
    assert tree.resolve("l0").kind == kind


def test_an_absolute_link_into_the_project_is_followed() -> None:
    class Here(Memory):
        def inside(self, target: str) -> str | None:
            return target.removeprefix("/here/") if target.startswith("/here/") else None

    tree = Tree(Here({"c/in": Link("/here/d/a.txt"), "d/a.txt": "", "c/out": Link("/there")}))
    assert tree.resolve("c/in")[:3] == ("file", "c/in", "d/a.txt")
    assert tree.resolve("c/out").kind == "outside"


def test_walking_lists_real_directories_in_a_stable_order_without_following_links() -> None:
    files = {"c/b/x": "", "c/a/y/z": "", "c/loop": Link("."), "c/.git/objects/x": "", "d/x": ""}
    assert list(Tree(Memory(files)).walk("c")) == ["c", "c/a", "c/a/y", "c/b"]


def test_walking_a_missing_directory_lists_nothing() -> None:
    assert Tree(Memory({"a": ""})).walk("c") == {}


def test_unreadable_directories_are_recorded_and_the_rest_is_walked() -> None:
    class Locked(Memory):
        def directory(self, path: str, *, sizes: bool = False) -> DirectoryListing | None:
            if path == "c/locked":
                raise UnreadableError(path, "permission denied")
            return super().directory(path, sizes=sizes)

    tree = Tree(Locked({"c/locked/x": "", "c/open/y": ""}))
    assert list(tree.walk("c")) == ["c", "c/open"]
    assert tree.unreadable == {"c/locked": "permission denied"}
    place = tree.resolve("c/locked/x")
    assert (place.kind, place.real, place.what) == ("unknown", "c/locked", "permission denied")


def test_a_directory_is_read_once() -> None:
    class Counting(Memory):
        asked: list[str] = []  # noqa: RUF012 - one instance, in this test

        def directory(self, path: str, *, sizes: bool = False) -> DirectoryListing | None:
            self.asked.append(path)
            return super().directory(path, sizes=sizes)

    tree = Tree(Counting(FILES))
    tree.walk("c")
    for path in FILES:
        tree.resolve(path)
    assert len(Counting.asked) == len(set(Counting.asked))


def test_a_discarded_file_is_absent_also_under_another_case() -> None:
    tree = Tree(Memory({"c/a.txt": ""}))
    assert tree.resolve("c/A.txt").kind == "file"
    tree.discard("c/a.txt")
    tree.discard("nowhere/a.txt")
    assert tree.resolve("c/a.txt").kind == "absent"
    assert tree.resolve("c/A.txt").kind == "absent"


def test_joining_to_the_root_adds_no_slash() -> None:
    assert join("", "a") == "a"
    assert join("a", "b") == "a/b"


def test_expected_names_are_shared_and_never_changed() -> None:
    expected = {"x", "y"}
    tree = Tree(Memory({"c/x": "", "c/y": "", "d/x": ""}))
    tree.expect({"c": expected, "d": expected})
    kept, other = tree.directory("c"), tree.directory("d")
    assert kept is not None
    assert kept.files is expected
    assert other is not None
    assert other.files == {"x"}
    tree.discard("c/x")
    left = tree.directory("c")
    assert left is not None
    assert left.files == {"y"}
    assert expected == {"x", "y"}


TWINS = st.sampled_from(["a", "A", "b", "B", "\u00e9", "e\u0301", "\u00c9", "c", "d"])


@given(st.sets(TWINS), st.sets(TWINS), st.sets(TWINS), st.sets(TWINS))
def test_plainly_absent_names_are_absent_in_every_case_and_normalization(
    files: set[str], directories: set[str], links: set[str], asked: set[str]
) -> None:
    tree = Tree(
        Memory(
            {
                "c/": "",
                **{f"c/{name}": "x" for name in files - directories - links},
                **{f"c/{name}/x": "x" for name in directories - links},
                **{f"c/{name}": Link("nowhere") for name in links},
            }
        )
    )
    absent = tree.plainly_absent("c", asked)
    assert absent == {name for name in asked if tree.resolve(f"c/{name}").kind == "absent"}
    assert tree.plainly_absent("nowhere", asked) == set()


def test_paths_are_grouped_by_directory() -> None:
    paths = ["a/b/x", "y", "a/y", "a/b/z", "a/y"]
    assert by_directory(paths) == {"a/b": {"x", "z"}, "": {"y"}, "a": {"y"}}
    assert by_directory([]) == {}
