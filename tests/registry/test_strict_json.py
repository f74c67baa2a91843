"""Strict JSON: what is refused, at which position, and with which message."""

from __future__ import annotations

import json
import math
import sys

import pytest

from jit_guard.registry.strict_json import (
    MAX_DEPTH,
    EncodingError,
    JsonError,
    decode,
    loads,
    refuse_deep,
    strings,
)


def refused(text: str) -> JsonError:
    with pytest.raises(JsonError) as caught:
        _read(text)
    return caught.value


def _read(text: str) -> None:
    loads(text)
    refuse_deep(text)


@pytest.mark.parametrize(
    "text", ['{"a": {"b": "c"}}', "[]", "1", '"x"', "null", " \t\r\n{} \n", '{"a": 1e5}', "-0.5"]
)
def test_what_json_allows_is_read_as_the_standard_library_reads_it(text: str) -> None:
    assert loads(text) == (json.loads(text), False)


@pytest.mark.parametrize(
    ("text", "repeats"),
    [
        ('{"a": 1, "a": 2}', True),
        ('{"a": {"b": 1, "b": 1}}', True),
        ('[{"a": 1}, {"a": 1}]', False),
        ('{"a": {"a": 1}}', False),
        (r'{"a": 1, "\u0061": 2}', True),
    ],
)
def test_a_repeated_key_is_noticed_at_any_depth_and_the_last_one_counts(
    text: str, repeats: bool
) -> None:
    assert loads(text) == (json.loads(text), repeats)


@pytest.mark.parametrize(
    ("text", "offset", "words"),
    [
        ('{"a": 1,}', 7, "trailing comma before }"),
        ('{"a": 1 , }', 8, "trailing comma before }"),
        ('{"a": 1,\n}', 7, "trailing comma before }"),
        ('{"a": [1, 2,]}', 11, "trailing comma before ]"),
        ('{"a": [1, 2,\n ]}', 11, "trailing comma before ]"),
        ('{"a": 1 // x\n}', 8, "comments are not allowed"),
        ('{"a": # x\n 1}', 6, "comments are not allowed"),
        ("/* x */ {}", 0, "comments are not allowed"),
        ("{'a': 1}", 1, "single quote"),
        ("{\"a\": 'x'}", 6, "single quote"),
        ('{"a": NaN}', 6, "NaN"),
        ('{"NaN": [-Infinity]}', 9, "-Infinity"),
        ('{"a": Infinity}', 6, "Infinity"),
        ('{"a": "x\ny"}', 8, "unescaped line break"),
        ('{"a": "x\x1by"}', 8, "control character"),
        ('{"a": "x', 6, "unterminated string"),
        ('{"a": 1} x', 9, "unexpected text after the end"),
        ('{"a": 1}{}', 8, "unexpected text after the end"),
        ('{"a": 1', 7, "unexpected end of file"),
        ('{"a": 1  \n\n', 7, "unexpected end of file"),
        ("", 0, "the file is empty"),
        (" \r\n\t", 0, "the file is empty"),
        ('{"a" 1}', 5, "delimiter"),
        ('{"a": 01}', 7, ""),
        ('{"a": True}', 6, ""),
        ("{a: 1}", 1, ""),
        ('{"a": "\\x"}', 7, "escape"),
        ('{"a": 1,, "b": 2}', 8, "expecting property name"),
        (",", 0, "expecting value"),
        ('{"a": }', 6, "expecting value"),
        ('{"a": ]}', 6, "expecting value"),
        ("[1,, ]", 3, "trailing comma before ]"),
        ("\ufeff{}", 0, ""),
    ],
)
def test_invalid_json_is_refused_with_position_and_reason(
    text: str, offset: int, words: str
) -> None:
    error = refused(text)
    assert (error.offset, words in error.reason) == (offset, True), error.reason


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "=======", ">>>>>>> theirs", "||||||| base"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_merge_conflict_marker_is_reported_as_such(marker: str, end: str) -> None:
    text = f'{{"a": 1{end}{marker}{end}, "b": 2}}'
    error = refused(text)
    assert error.offset == text.index(marker)
    assert error.reason.startswith(f"merge conflict marker ({marker[:7]})")


def test_a_string_that_looks_like_a_marker_or_a_constant_is_valid() -> None:
    text = '{"<<<<<<< HEAD": "NaN", "//": "Infinity", "a": "b,}"}'
    assert loads(text) == (json.loads(text), False)


@pytest.mark.parametrize("brackets", ["[]", "{}"])
@pytest.mark.parametrize("levels", [1_000, 200_000])
def test_a_nesting_bomb_is_refused_at_the_first_level_too_many(brackets: str, levels: int) -> None:
    opening = "[" if brackets == "[]" else '{"k":'
    text = opening * levels + "1" + brackets[1] * levels
    error = refused(text)
    assert error.reason == f"nested deeper than {MAX_DEPTH} levels"
    assert error.offset == len(opening) * MAX_DEPTH


def test_an_unclosed_nesting_bomb_is_refused_as_well() -> None:
    assert refused("[" * 200_000).reason == f"nested deeper than {MAX_DEPTH} levels"


def test_the_maximum_number_of_levels_is_accepted() -> None:
    refuse_deep("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    with pytest.raises(JsonError):
        refuse_deep("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


def test_what_is_closed_does_not_count_as_a_level() -> None:
    for sibling in ("[],", '{"a": {}},'):
        before = f"[{sibling * 300}"
        refuse_deep(before + "[" * (MAX_DEPTH - 1))
        with pytest.raises(JsonError) as raised:
            refuse_deep(before + "[" * MAX_DEPTH)
        assert raised.value.offset == len(before) + MAX_DEPTH - 1


def test_brackets_in_strings_do_not_count_as_levels() -> None:
    refuse_deep('{"a": "' + r"[{\"" * 500 + '"}')


@pytest.mark.parametrize("digits", [3_999, 4_000, 5_000, 500_000])
def test_a_number_of_any_length_is_accepted(digits: int) -> None:
    value, _ = loads(f'{{"a": {"9" * digits}}}')
    assert isinstance(value["a"], int) or math.isinf(value["a"])


def test_a_lower_limit_of_the_interpreter_on_digits_changes_nothing() -> None:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        value, _ = loads(f'{{"a": {"9" * 1_000}}}')
    finally:
        sys.set_int_max_str_digits(before)
    assert math.isinf(value["a"])


def test_lone_surrogates_survive_reading() -> None:
    assert loads(r'"\ud800"') == ("\ud800", False)


@pytest.mark.parametrize(
    ("mark", "name"), [(b"\xef\xbb\xbf", "UTF-8"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16")]
)
def test_a_byte_order_mark_is_refused_at_the_start(mark: bytes, name: str) -> None:
    with pytest.raises(EncodingError, match=f"{name} byte order mark") as caught:
        decode(mark + b"{}")
    assert caught.value.offset == 0


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (b'{"a": "\xe9"}', 7),  # latin-1
        (b"\xc3", 0),  # cut off
        (b"ab\xed\xa0\x80", 2),  # a surrogate encoded as UTF-8
        (b"abc\xc0\x80", 3),  # an overlong NUL
        ("é".encode() + b"\xff", 2),
    ],
)
def test_bytes_that_are_not_utf8_are_refused_with_their_offset(data: bytes, offset: int) -> None:
    with pytest.raises(EncodingError, match=rf"byte 0x{data[offset]:02x} is not UTF-8") as caught:
        decode(data)
    assert caught.value.offset == offset


def test_utf8_is_decoded_and_a_later_bom_character_is_a_character() -> None:
    assert decode('{"日本": "🎉\ufeff"}'.encode()) == '{"日本": "🎉\ufeff"}'


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("{}", 0),
        ('{"a": {"b": "c"}}', 3),
        (r'{"a\"": "\\"}', 2),
        (r'["\\\"", "\"\\", "\\\\", "\u005c\\"]', 4),
    ],
)
def test_strings_are_counted(text: str, number: int) -> None:
    json.loads(text)
    assert strings(text) == number
