"""An edit of a map changes the string of the value and no other byte."""

from __future__ import annotations

import difflib
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_guard.registry.edit import Edit, EditError, splice, values

TABS = b'{\n\t"A":\t{ "p" : "x.txt" ,\n\t\t"q": "y.txt" }\n}\n'
EDIT = Edit(("A", "p"), "x.txt", "new.txt")


@pytest.mark.parametrize(
    "before",
    [
        TABS,
        TABS.replace(b"\n", b"\r\n"),
        b'{"A":{"p":"x.txt","q":"y.txt"}}',
        b'  {"A":{"p":"x.txt"}}\n\n\n',
        b'{"$schema": "x.txt", "A": {"o": "x.txt", "p": "x.txt"}, "B": {"p": "x.txt"}}',
        '{"Ä": {"p": "x.txt"}, "A": {"é": "x.txt", "p": "x.txt", "漢": "💥"}}'.encode(),
        b'{"\\u00c4": {"p": "x.txt"}, "\\u0041": {"\\u0070": "\\u0078.txt"}}',
        b'{"A": {"p": "x.txt"}, "B": [{"p": ["x.txt", {}]}, 1e400, -0, null]}',
    ],
    ids=[
        "tabs",
        "CRLF",
        "minified",
        "blank lines",
        "repeated values",
        "UTF-8",
        "escapes",
        "others",
    ],
)
def test_only_the_string_of_the_value_changes(before: bytes) -> None:
    after = splice(before, [EDIT])
    start = next(i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b)
    assert json.loads(after)["A"]["p"] == "new.txt"
    rest = before.replace(b"\\u0078.txt", b"x.txt")
    tail = rest[rest.index(b"x.txt", max(0, start - 1)) + 5 :] if start else b""
    assert after.endswith(tail)
    assert before[:start] == after[:start]
    changed = [line for line in difflib.ndiff(_lines(before), _lines(after)) if line[0] == "+"]
    assert len(changed) == 1


def _lines(data: bytes) -> list[str]:
    return data.decode().split("\n")


def test_each_entry_is_one_line_of_a_diff() -> None:
    before = json.dumps({f"G{n}": {"p": "x.txt", "q": "y.txt"} for n in range(50)}, indent=2)
    edits = [Edit((f"G{n}", "p"), "x.txt", f"n{n}.txt") for n in range(0, 50, 7)]
    after = splice(before.encode(), edits).decode()
    changed = [
        line
        for line in difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=0)
        if line.startswith("+") and not line.startswith("+++")
    ]
    assert len(changed) == len(edits)


def test_the_last_one_of_a_repeated_key_counts() -> None:
    before = b'{"A": {"p": "x.txt"}, "A": {"p": "1", "p": "x.txt"}}'
    assert splice(before, [EDIT]) == b'{"A": {"p": "x.txt"}, "A": {"p": "1", "p": "new.txt"}}'


@pytest.mark.parametrize(
    ("before", "written"),
    [
        (b'{"A": {"p": "x.txt"}}', b'{"A": {"p": "caf\\u00e9\\ud83d\\udca5\\".txt"}}'),
        (
            '{"A": {"p": "x.txt", "é": ""}}'.encode(),
            '{"A": {"p": "café💥\\".txt", "é": ""}}'.encode(),
        ),
    ],
    ids=["ASCII stays ASCII", "UTF-8 stays UTF-8"],
)
def test_a_value_is_escaped_as_the_file_does(before: bytes, written: bytes) -> None:
    assert splice(before, [EDIT._replace(new='café💥".txt')]) == written


@pytest.mark.parametrize(
    ("before", "edits", "words"),
    [
        (b'{"A": {"p": "z.txt"}}', [EDIT], "another process changed it"),
        (b'{"A": {"q": "x.txt"}}', [EDIT], "no value at /A/p"),
        (b'{"B": {}}', [EDIT], "no value at /A/p"),
        (b'{"A": "x"}', [EDIT], "no value at /A/p"),
        (b'{"A": {"p": 1}}', [EDIT], "is not a string"),
        (b'{"A": {"p": {"x.txt": 1}}}', [EDIT], "is not a string"),
        (b'"x.txt"', [Edit((), "x.txt", "n")], "no value at"),
        (b'{"A": {"p": "x.txt"}}', [EDIT, EDIT], "two edits change the same value"),
        (b'{"A": {"p": "x.txt", }}', [EDIT], "trailing comma"),
        (b"\xef\xbb\xbf{}", [EDIT], "byte order mark"),
        (b'{"A": "\xff"}', [EDIT], "not UTF-8"),
        ('{"A": {"p": "x.txt", "é": ""}}'.encode(), [EDIT._replace(new="\ud800")], "surrogate"),
        (b'{"A": {"p": "x.txt"}}', [EDIT._replace(new="\ud800")], "surrogate"),
        (b"[" * 200_000 + b"]" * 200_000, [EDIT], "nested deeper"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(before: bytes, edits: list[Edit], words: str) -> None:
    with pytest.raises(EditError, match=words):
        splice(before, edits)


def test_the_output_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if positions were wrong, no wrong map would be written."""
    from jit_guard.registry import edit
    from jit_guard.registry.positions import Span

    monkeypatch.setattr(edit, "_find", lambda document, edits: [Span(8, 11)])
    with pytest.raises(EditError, match="report this bug"):
        splice(b'{"A": {"p": "x.txt"}}', [EDIT])


_names = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
_maps = st.dictionaries(
    _names, st.dictionaries(_names, _names | st.integers(), max_size=4), max_size=5
)


@given(_maps, st.data(), st.booleans(), st.sampled_from([None, 0, 1, "\t"]))
def test_any_edits_of_any_map(
    before: dict[str, Any], data: st.DataObject, ascii_only: bool, indent: int | str | None
) -> None:
    entries = [
        (goal, key)
        for goal, parts in before.items()
        for key, value in parts.items()
        if isinstance(value, str)
    ]
    chosen = data.draw(st.lists(st.sampled_from(entries), unique=True)) if entries else []
    edits = [Edit(keys, before[keys[0]][keys[1]], data.draw(_names)) for keys in chosen]
    text = json.dumps(before, ensure_ascii=ascii_only, indent=indent)
    after = splice(text.encode(), edits).decode()
    expected = json.loads(text)
    for edit in edits:
        expected[edit.keys[0]][edit.keys[1]] = edit.new
    assert after == json.dumps(expected, ensure_ascii=text.isascii(), indent=indent)


def test_many_edits_need_one_pass() -> None:
    goals = {f"GOAL {n} é": {"protocol": f"{n}.txt"} for n in range(5_000)}
    before = json.dumps(goals, indent=1, ensure_ascii=False).encode()
    few = [Edit((f"GOAL {n} é", "protocol"), f"{n}.txt", "x") for n in range(10)]
    many = [Edit((f"GOAL {n} é", "protocol"), f"{n}.txt", "x") for n in range(0, 5_000, 10)]

    def cost(edits: list[Edit]) -> float:
        start = time.process_time()
        splice(before, edits)
        return time.process_time() - start

    assert min(cost(many) for _ in range(3)) < 4 * min(cost(few) for _ in range(3))


@pytest.mark.parametrize(
    ("syntax", "before", "keys", "after"),
    [
        ("json", '["a", {"b": "a"}]', ("1", "b"), '["a", {"b": "n w"}]'),
        ("jsonc", '{"k": "a", // a\n}', ("k",), '{"k": "n w", // a\n}'),
        ("yaml", "k: a # a\n", ("k",), "k: n w # a\n"),
        ("yaml", "k: [a, 'a', \"a\"]\n", ("k", "1"), "k: [a, 'n w', \"a\"]\n"),
        ("yaml", 'k: {x: "a"}\r\n', ("k", "x"), 'k: {x: "n w"}\r\n'),
        ("yaml", "\ufeffa: 1\n---\nk: a\n", ("1", "k"), "\ufeffa: 1\n---\nk: n w\n"),
        ("yaml", "é: a\nk: a\n", ("k",), "é: a\nk: n w\n"),
        ("toml", "k = 'a'\r\nz = \"a\"\r\n", ("k",), "k = 'n w'\r\nz = \"a\"\r\n"),
        ("toml", "[[x]]\n[[x]]\nk = 'a'\n", ("x", "1", "k"), "[[x]]\n[[x]]\nk = 'n w'\n"),
        ("toml", 'x = {k = ["a"]}\n', ("x", "k", "0"), 'x = {k = ["n w"]}\n'),
    ],
)  # fmt: skip
def test_every_syntax_changes_only_the_value(
    syntax: str, before: str, keys: tuple[str, ...], after: str
) -> None:
    assert splice(before.encode(), [Edit(keys, "a", "n w")], syntax).decode() == after


@pytest.mark.parametrize(
    ("syntax", "new"),
    [
        *(
            ("yaml", new)
            for new in ("no", "true", "1.5", "~", "a: b", "a #b", "- a", "", "ü", "'\"")
        ),
        *(("toml", new) for new in ("\x7f", "'", "\\", "ü\n", "💥", "")),
        *(("jsonc", new) for new in ("//", "/*", "ü")),
    ],
)
def test_a_new_value_means_the_same_text_in_every_syntax(syntax: str, new: str) -> None:
    before = {"yaml": "- k: a\n", "toml": "k = 'a'\n", "jsonc": '{"k": "a"}'}[syntax]
    keys = ("0", "k") if syntax == "yaml" else ("k",)
    spliced = splice(before.encode(), [Edit(keys, "a", new)], syntax)
    assert values(spliced, [keys], syntax) == [new]
    assert spliced.isascii()


def test_a_character_that_ends_a_line_of_yaml_is_escaped() -> None:
    before = "- é\n- a\n"
    spliced = splice(before.encode(), [Edit(("1",), "a", "b\x85c")], "yaml")
    assert spliced.decode() == '- é\n- "b\\u0085c"\n'


@pytest.mark.parametrize(
    ("syntax", "before"),
    [
        ("yaml", "k: &x a\n"),
        ("yaml", "z: &x a\nk: *x\n"),
        ("yaml", "k: !!str a\n"),
        ("yaml", "k: |-\n  a\n"),
        ("toml", 'k = """a"""\n'),
    ],
)
def test_a_value_that_cannot_be_replaced_exactly_is_left(syntax: str, before: str) -> None:
    with pytest.raises(EditError) as raised:
        splice(before.encode(), [Edit(("k",), "a", "b")], syntax)
    why = ": it is an alias or a block, or has an anchor or a tag" if syntax == "yaml" else ""
    assert str(raised.value).endswith(f"the value at /k cannot be replaced exactly{why}")


def test_several_values_of_a_document_change_at_once() -> None:
    before = "k: a\nl: [a, 'a']\nm: x\n"
    edits = [Edit(keys, "a", "b") for keys in (("l", "1"), ("k",), ("l", "0"))]
    assert splice(before.encode(), edits, "yaml") == b"k: b\nl: [b, 'b']\nm: x\n"
