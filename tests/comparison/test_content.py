"""The content pass: empty, blank and garbled components, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from jit_guard.check import check
from jit_guard.config import Settings, TypeSettings
from jit_guard.errors import UnreadableError
from jit_guard.sources.memory import Link, Memory
from jit_guard.sources.source import Answers, Chunks
from projects import MAP, TEXT, Content, Files, codes, configured, found, only, sound

HOST = "components/personas/host.txt"


def codes_for(content: Content, **settings: Any) -> list[str]:
    return codes(found({"goal_map.json": MAP, HOST: content}, **settings))


@pytest.mark.parametrize("content", ["", " ", "\n\n", "\t \r\n", "\u3000\u2003", "\x0b\x0c"])
def test_only_whitespace_is_empty(content: str) -> None:
    assert codes_for(content) == ["JG206"]


@pytest.mark.parametrize("content", ["x", " x ", "\n" * 70_000 + "x", "日", "\u200b", "\ufeff"])
def test_anything_else_is_not_empty(content: str) -> None:
    assert codes_for(content) == []


@pytest.mark.parametrize(
    ("content", "offset"),
    [
        (b"\xff", 0),
        (b"abc\xe9", 3),
        ("é".encode("latin-1") * 2 + b"x", 0),
        ("日本".encode() + b"\x80", 6),
        ("日本".encode()[:-1], 3),
        (b"a\xed\xa0\x80", 1),
        (b"\xff\xfea\x00", 0),
        (b"x" * 70_000 + b"\xff", 70_000),
    ],
)
def test_bytes_that_are_not_utf8_are_reported_with_the_first_invalid_byte(
    content: bytes, offset: int
) -> None:
    finding = only(found({"goal_map.json": MAP, HOST: content}), "JG207")
    assert f"(byte {offset})" in finding.message


class Pieces(Memory):
    """A source that returns a file in given pieces."""

    def __init__(self, *pieces: bytes) -> None:
        super().__init__({"goal_map.json": MAP, HOST: b"".join(pieces)})
        self._pieces = pieces

    def chunks(self, directory: str, names: Iterable[str]) -> Answers[Chunks]:
        for name in names:
            yield name, iter(self._pieces)


@pytest.mark.parametrize("cut", range(1, 7))
def test_a_character_that_is_split_between_two_pieces_is_valid(cut: int) -> None:
    data = "a日b🎉".encode()
    assert check(Pieces(data[:cut], data[cut:]), Settings()).findings == ()


def test_an_invalid_byte_in_a_later_piece_is_counted_from_the_start() -> None:
    (finding,) = check(Pieces(b"ab\xe6", b"\x97\xa5c", b"\xffd"), Settings()).findings
    assert "(byte 6)" in finding.message


def test_a_truncated_character_at_the_end_is_reported_at_its_start() -> None:
    (finding,) = check(Pieces(b"ab\xe6", b"\x97"), Settings()).findings
    assert "(byte 2)" in finding.message


def test_blank_pieces_before_text_do_not_make_it_blank() -> None:
    assert check(Pieces(b" \n", b"\t", b"x", b" "), Settings()).findings == ()
    assert codes(check(Pieces(b" \n", b"\t", b" "), Settings()).findings) == ["JG206"]


def test_components_of_a_non_text_type_are_not_read() -> None:
    types = configured(persona=TypeSettings(text=False))
    assert codes_for(b"\xff\x00", **types) == []
    assert codes_for(" ", **types) == []


def test_components_of_a_non_text_type_may_not_be_empty_either() -> None:
    assert codes_for("", **configured(persona=TypeSettings(text=False))) == ["JG206"]


def test_the_content_pass_is_skipped_if_no_rule_needs_it() -> None:
    class Unread(Memory):
        def chunks(self, directory: str, names: Iterable[str]) -> Answers[Chunks]:
            raise AssertionError("no file should be opened")

    source = Unread({"goal_map.json": MAP, HOST: b"\xff"})
    assert check(source, Settings(ignore=("JG207", "JG501"))).findings == ()


def test_without_the_content_pass_a_file_of_0_bytes_is_still_empty() -> None:
    assert codes_for("", ignore=("JG207", "JG501")) == ["JG206"]
    assert codes_for(" ", ignore=("JG207", "JG501")) == []


def test_a_component_of_several_entries_is_reported_once_at_its_first() -> None:
    goals = {"B": {"persona": "host.txt"}, "A": {"persona": "host.txt"}}
    finding = only(found({**sound(goals), HOST: ""}), "JG206")
    assert (finding.goal, finding.component_type, finding.path) == ("B", "persona", HOST)


def test_an_orphan_is_not_read() -> None:
    files = {**sound({"A": {"persona": "host.txt"}}), "components/personas/x.txt": b"\xff"}
    assert codes(found(files)) == ["JG301"]


def test_a_linked_component_is_read_and_reported_at_its_entry() -> None:
    files = {
        "goal_map.json": '{"A": {"persona": "alias.txt"}, "B": {"persona": "real.txt"}}',
        "components/personas/alias.txt": Link("real.txt"),
        "components/personas/real.txt": "",
    }
    finding = only(found(files), "JG206")
    assert finding.goal in ("A", "B")
    del files["components/personas/real.txt"]
    files["lib/real.txt"] = ""
    files["components/personas/alias.txt"] = Link("../../lib/real.txt")
    files["goal_map.json"] = '{"A": {"persona": "alias.txt"}}'
    assert only(found(files), "JG206").goal == "A"


def test_the_text_of_an_unsafe_entry_is_not_checked() -> None:
    files: Files = {
        "goal_map.json": '{"A": {"logo": "./a.png"}}',
        "components/logos/a.png": b"\x89PNG\xff",
    }
    assert codes(found(files, **configured(logo=TypeSettings(text=False)))) == ["JG205"]
    assert codes(found(files)) == ["JG205"]


def test_a_file_that_an_unsafe_entry_means_is_not_an_orphan() -> None:
    files: Files = {
        "goal_map.json": '{"A": {"persona": "./a.txt"}, "B": {"persona": "x//b.txt"}}',
        "components/personas/a.txt": TEXT,
        "components/personas/x/b.txt": TEXT,
    }
    assert codes(found(files)) == ["JG205", "JG205"]


def test_a_file_where_an_entry_needs_a_directory_is_an_orphan() -> None:
    files: Files = {
        "goal_map.json": '{"A": {"persona": "a.txt/b.txt"}, "B": {"persona": "to"}}',
        "components/personas/a.txt": TEXT,
        "components/personas/to": Link("a.txt/b.txt"),
    }
    assert codes(found(files)) == ["JG201", "JG204", "JG301"]


def test_unreadable_components_are_reported_and_the_others_are_checked() -> None:
    class Failing(Memory):
        def chunks(self, directory: str, names: Iterable[str]) -> Answers[Chunks]:
            for name, chunks in super().chunks(directory, names):
                if name == "a.txt":
                    yield name, UnreadableError(f"{directory}/{name}", "input/output error")
                elif name == "b.txt":
                    yield name, _breaks(f"{directory}/{name}")
                else:
                    yield name, chunks

    goals = {name: {"persona": f"{name}.txt"} for name in "abc"}
    report = check(Failing({**sound(goals), "components/personas/c.txt": ""}), Settings())
    assert codes(report.findings) == ["JG206"]
    assert report.unreadable == (
        "components/personas/a.txt cannot be read: input/output error",
        "components/personas/b.txt cannot be read: input/output error",
    )
    assert not report.ok


def _breaks(path: str) -> Chunks:
    yield TEXT.encode()
    raise UnreadableError(path, "input/output error")
