"""Drafts: unedited until any character changes, independent of line endings."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from jit_guard.text.generated import mark, untouched

SUFFIXES = st.sampled_from([".txt", ".md", ".html", ".yaml", ".json", ".TXT", ".j2", "", ".odd"])
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"))


def normal(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")


@given(TEXT, SUFFIXES)
def test_a_marked_text_is_an_unedited_draft(text: str, suffix: str) -> None:
    assert untouched(mark(text, suffix).encode())


@given(TEXT, SUFFIXES)
def test_line_endings_do_not_matter(text: str, suffix: str) -> None:
    data = mark(text, suffix).encode()
    assert untouched(data.replace(b"\n", b"\r\n"))
    assert mark(text.replace("\n", "\r\n"), suffix) == mark(text, suffix)


@given(TEXT, SUFFIXES, st.data())
def test_after_any_edit_it_is_no_longer_a_draft(
    text: str, suffix: str, data: st.DataObject
) -> None:
    before = mark(text, suffix).encode()
    start = data.draw(st.integers(0, len(before)))
    end = data.draw(st.integers(start, len(before)))
    after = before[:start] + data.draw(st.binary(max_size=5)) + before[end:]
    assume(normal(after) != before)
    assert not untouched(after)


@given(TEXT, SUFFIXES, st.text("\n# xyz-<>!\"'", min_size=1))
def test_text_before_or_after_the_mark_is_an_edit(text: str, suffix: str, words: str) -> None:
    before = mark(text, suffix)
    where = before.index("jit-guard:draft")
    line_end = before.index("\n", where)
    for at in (where, line_end, before.rindex("\n", 0, where) + 1 if "\n" in before[:where] else 0):
        assert not untouched((before[:at] + words + before[at:]).encode())


@given(TEXT)
@example("jit-guard:draft sha256=" + "0" * 64)
def test_a_text_without_the_mark_is_not_a_draft(text: str) -> None:
    assert not untouched(text.encode())


@given(TEXT, SUFFIXES)
def test_a_text_that_quotes_a_mark_can_be_a_draft(text: str, suffix: str) -> None:
    quoting = mark(text, suffix)
    assert untouched(mark(quoting, suffix).encode())


@given(st.dictionaries(TEXT, TEXT, min_size=1))
def test_a_json_draft_is_still_json(value: dict[str, str]) -> None:
    assume("$comment" not in value)
    marked = mark(json.dumps(value, indent=2), ".json")
    read = json.loads(marked)
    assert read.pop("$comment").startswith("jit-guard:draft sha256=")
    assert read == value


@pytest.mark.parametrize(
    ("suffix", "line"),
    [
        (".txt", "jit-guard:draft sha256=#"),
        (".md", "<!-- jit-guard:draft sha256=# -->"),
        (".html", "<!-- jit-guard:draft sha256=# -->"),
        (".yaml", "# jit-guard:draft sha256=#"),
        (".j2", "{# jit-guard:draft sha256=# #}"),
    ],
)
def test_the_mark_is_the_last_line_as_a_comment(suffix: str, line: str) -> None:
    marked = mark("A text.\n", suffix)
    assert marked.endswith("\n")
    last = marked.splitlines()[-1]
    assert re.sub("[0-9a-f]{64}", "#", last) == line
