"""Git tree objects are parsed completely, whatever bytes an id has."""

from __future__ import annotations

from pathlib import Path

import pytest

from jit_guard.errors import GitError
from jit_guard.sources.git.listing import DIRECTORY, LINK, MODULE, ids, listing
from projects import call, git
from repositories import repository

EMPTY = bytes.fromhex("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
# Ids may contain NULs, digits and spaces that look like the start of the next entry.
ODD_IDS = [
    b"\0" * 20,
    b"100644 x\0" + b"1" * 11,
    b"1 a\0" * 5,
    b" " * 20,
    b"\n" * 20,
    bytes(range(20)),
]


def tree(*entries: tuple[bytes, str, bytes]) -> bytes:
    return b"".join(
        mode + b" " + name.encode("utf-8", "surrogateescape") + b"\0" + id_
        for mode, name, id_ in entries
    )


@pytest.mark.parametrize("window", [64, 100, 1 << 20])
def test_files_are_distinguished_from_the_rest(
    window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jit_guard.sources.git.listing._WINDOW", window)
    odd = dict(zip("abcdef", ODD_IDS, strict=True))
    data = tree(
        *((b"100644", name, id_) for name, id_ in odd.items()),
        (b"100755", "run 100644 x", ODD_IDS[1]),
        (b"100644", "empty", EMPTY),
        (DIRECTORY, "100644 directory", ODD_IDS[1]),
        (LINK, "link", ODD_IDS[0]),
        (MODULE, "module", EMPTY),
        (b"100664", "\udcffé\n", ODD_IDS[2]),
    )
    found = listing(data, 20)
    assert found.files == {*"abcdef", "run 100644 x", "empty", "\udcffé\n"}
    assert found.empty == {"empty"}
    assert found.odd == [
        (DIRECTORY, "100644 directory", ODD_IDS[1].hex()),
        (LINK, "link", ODD_IDS[0].hex()),
        (MODULE, "module", EMPTY.hex()),
    ]
    assert {name: id_ for name, id_ in ids(data, 20).items() if name in odd} == odd


@pytest.mark.parametrize("window", [64, 1 << 20])
@pytest.mark.parametrize("entry", [None, *ODD_IDS])
def test_files_are_parsed_alike_whatever_is_between_them(
    window: int, entry: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jit_guard.sources.git.listing._WINDOW", window)
    files = [(b"100644", f"100644 {number}", id_) for number, id_ in enumerate(ODD_IDS)]
    odd = [] if entry is None else [(DIRECTORY, "100644 x", entry)]
    found = listing(tree(*files[:3], *odd, *files[3:]), 20)
    assert found.files == {name for _, name, _ in files}
    assert found.odd == [(DIRECTORY, "100644 x", one[2].hex()) for one in odd]


def test_an_empty_tree_has_no_entries() -> None:
    assert listing(b"", 20) == (set(), set(), [])


def test_a_tree_of_directories_has_no_files() -> None:
    assert listing(tree((DIRECTORY, "a", EMPTY), (DIRECTORY, "b", EMPTY)), 20)[:2] == (set(), set())


@pytest.mark.parametrize(
    "data", [b"junk", tree((b"100644", "a", EMPTY))[:-1], b"100644 a\0" + EMPTY + b"x"]
)
def test_what_is_not_a_tree_is_refused(data: bytes) -> None:
    with pytest.raises(GitError, match="corrupt"):
        listing(data, 20)


def test_a_corrupt_tree_in_a_repository_is_reported(tmp_path: Path) -> None:
    made = repository(tmp_path / "project")
    (made / "junk").write_bytes(b"junk")
    broken = git(made, "hash-object", "-t", "tree", "--literally", "-w", "junk").strip()
    result = call("--source", broken, cwd=made)
    assert result.code == 2
    assert "the tree object is corrupt" in result.err
