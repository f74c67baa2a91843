"""Where a text is code, and what opens and closes a fenced block."""

from __future__ import annotations

import re

import pytest

from jit_guard.generators.answers.code import Code, Fence, blocks, fence


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("```", Fence("```", "")),
        ("   ````  python  title=x", Fence("````", "python")),
        ("~~~ a`b c", Fence("~~~", "a`b")),
        ("  ~~~a", Fence("~~~", "a")),
        ("``` a`b", None),
        ("  ```a`", None),
        ("    ```", None),
        ("``", None),
        ("a ```", None),
    ],
)
def test_a_fence_is_three_marks_and_a_word(line: str, expected: Fence | None) -> None:
    assert fence(line) == expected


def test_a_block_ends_at_the_first_bare_fence_that_is_as_long() -> None:
    lines = ["a", "~~~", "```", "~~~ x", "~~~~", "b", "````md", "```", "~~~~", "````", "", "```js"]
    found = [(one.first, one.last, one.opening) for one in blocks(lines)]
    assert found == [
        (1, 4, Fence("~~~", "")),
        (6, 9, Fence("````", "md")),
        (11, None, Fence("```", "js")),
    ]
    assert blocks(["a", "b"]) == []


# A line of a text, and a `^` below what of it is code.
MARKED = [
    ("`a` b `` c`d `` e ` f", "^^^   ^^^^^^^^^"),
    ("no `code", ""),
    ("`` a ``` b `` c ``` `x`", "^^^^^^^^^^^^^       ^^^"),
    ("a `b``c` d `e`", "  ^^^^^^   ^^^"),
    ("~~~ a", "^^^^^"),
    ("b `c` d", "^^^^^^^"),
    ("~~~", "^^^"),
    ("~~~", "^^^"),
    ("e", "^"),
    ("~~~", "^^^"),
    ("f `g` h", "  ^^^"),
    ("~~~ never closed", ""),
    ("i", ""),
]


def test_code_is_closed_spans_and_closed_blocks() -> None:
    text = "\n".join(line for line, _ in MARKED)
    code = Code(text)
    marks = ("\n" if one == "\n" else " ^"[code.contains(at)] for at, one in enumerate(text))
    assert [line.rstrip() for line in "".join(marks).split("\n")] == [mark for _, mark in MARKED]
    words = [one[0] for one in code.outside(re.finditer(r"\b[a-z]\b", text))]
    assert words == ["b", "e", "f", "c", "a", "d", "f", "h", "i"]


def test_the_break_within_a_block_is_code_and_the_one_after_it_is_not() -> None:
    code = Code("x\n```\na\n```\ny\n`z`")
    assert [code.contains(at) for at in (0, 1, 2, 5, 6, 7, 10, 11, 12, 14)] == [
        *(False, False, True, True, True, True, True, False, False, True)
    ]
    assert not Code("`").contains(0)
    assert not Code("ab").contains(0)
    assert [Code("`a`").contains(at) for at in (0, 2, 3)] == [True, True, False]
