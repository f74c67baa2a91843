"""Every syntax of registries: values as its specification says, and the exact span of each."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jit_guard.registry.strict_json import ReadError
from jit_guard.registry.syntax import yaml_files
from jit_guard.registry.syntax.syntax import syntax, syntax_name

TOML = """\
title = "a"  # the first
dotted.key."with space" = 'b'
list = [1, "c", {inner = "d", far.away = '''e'''}, ]
when = 1979-05-27 07:32:00
long = \"\"\"
f \\" "quoted\"\"\"\"

[table.'sub.table']
number = 0x1F
[[items]]
name = "g"
[[items.parts]]
name = "h"
[[items]]
[items.more]
name = "i"
"""

YAML = """\
# comment
title: a
"with space": 'b'
list: [1, "c", {inner: d}]
nested:
- name: e
  file: &here ./f.md
- name: no
  file: 1.10
date: 2026-01-31
block: |
  two
  lines
"""

JSONC = """\
{ // first
  "url": "http://example.org/*x*/", /* two
  lines */ "list": [1, {"a": "b",},],
}
"""


def leaves(value: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every scalar of a value with its location."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*at, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from leaves(one, (*at, str(index)))
    else:
        yield at, value


@pytest.mark.parametrize(("name", "text"), [("toml", TOML), ("yaml", YAML), ("jsonc", JSONC)])
def test_every_scalar_is_where_its_span_says(name: str, text: str) -> None:
    document = syntax(name).read(text)
    spans = document.spans()
    found = dict(leaves(document.value))
    assert len(found) >= 3
    for location, value in found.items():
        member = spans.find(location)
        assert member is not None, location
        written = text[member.start : member.end]
        again = syntax(name).read(
            {"jsonc": "[{}]", "toml": "x = {}", "yaml": "- {}"}[name].format(written)
        )
        alone = again.value["x"] if name == "toml" else again.value[0]
        assert alone == value or "\n" in written, (location, written)


@pytest.mark.parametrize(("name", "text"), [("toml", TOML), ("yaml", YAML), ("jsonc", JSONC)])
def test_every_key_is_where_its_span_says(name: str, text: str) -> None:
    spans = syntax(name).read(text).spans()
    for location, key in {
        "toml": ((("items", "1", "more"), "more"), (("dotted", "key"), "key")),
        "yaml": ((("with space",), '"with space"'), (("nested", "1", "file"), "file")),
        "jsonc": ((("list", "1", "a"), '"a"'),),
    }[name]:
        member = spans.find(location)
        assert member is not None
        assert text[slice(*member.key_span)] == key


def test_lines_and_columns_count_from_one() -> None:
    spans = syntax("yaml").read("é: 1\nb:\n  - c\n").spans()
    member = spans.find(("b", "0"))
    assert member is not None
    assert spans.line_column(member.start) == (3, 5)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("0o17", 15),
        ("017", 17),
        ("0x1f", 31),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2026-01-31", "2026-01-31"),
        ("~", None),
        ("Null", None),
        ("TRUE", True),
        ("'true'", "true"),
        ("!!str 7", "7"),
        ("!custom x", "x"),
        ("<<", "<<"),
        ("=", "="),
        ("-.inf", float("-inf")),
        ("", None),
    ],
)
def test_yaml_means_the_core_schema_of_version_1_2(text: str, value: Any) -> None:
    assert syntax("yaml").read(f"- {text}\n").value == [value]


def test_yaml_documents_are_an_array_and_a_mark_is_legal() -> None:
    text = "\ufeffa: 1\n---\nb: x\n"
    document = syntax("yaml").read(text)
    assert document.value == [{"a": 1}, {"b": "x"}]
    member = document.spans().find(("1", "b"))
    assert member is not None
    assert text[member.start : member.end] == "x"


def test_keys_of_yaml_are_texts_as_written() -> None:
    assert syntax("yaml").read("1: a\n~: b\n'c': d\n").value == {"1": "a", "~": "b", "c": "d"}


def test_a_repeated_key_is_noticed_and_the_last_one_counts() -> None:
    document = syntax("yaml").read("a: 1\nb: 2\na: 3\n")
    assert document.repeats_keys
    assert document.value == {"a": 3, "b": 2}
    (repeated,) = document.spans().repeated  # type: ignore[union-attr]
    assert (repeated.location, repeated.first.start, repeated.again.start) == (("a",), 0, 10)


@pytest.mark.parametrize(
    ("name", "text", "offset", "reason"),
    [
        ("yaml", "a: b: c\n", 4, "mapping values are not allowed"),
        ("yaml", "a: *nope\n", 3, "undefined alias"),
        ("yaml", "a: \x07\n", 3, "U+0007"),
        ("yaml", "? [x]\n: 1\n", 2, "a key that is not"),
        ("yaml", "a: &a [*a]\n", None, "deeper than 100"),
        ("yaml", "[" * 3000, None, "nest"),
        ("yaml", "a: !!int x\n", 3, "not of the type int"),
        ("toml", "a = 1\nb = \n", 10, "invalid value"),
        ("toml", "a = 1\na = 2\n", None, "overwrite"),
        ("toml", "x = " + "[" * 5000, None, "nest"),
        ("jsonc", '{"a": 1 /* no end', 8, "no end"),
        ("jsonc", '{"a" 1}', 5, ""),
        ("json", '{"a": 1,}', None, "comma"),
        ("json", "// no\n{}", 0, "comment"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    name: str, text: str, offset: int | None, reason: str
) -> None:
    with pytest.raises(ReadError) as error:
        syntax(name).read(text)
    assert reason in error.value.reason
    assert 0 <= error.value.offset <= len(text)
    if offset is not None:
        assert error.value.offset == offset


def test_without_libyaml_the_same_is_read_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "cyaml", raising=False)
    found = importlib.util.spec_from_file_location("yaml_without_libyaml", yaml_files.__file__)
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    read = module.YAML.read
    assert read(YAML).value == syntax("yaml").read(YAML).value
    for text, reason in (
        ('a: "\\UFFFFFFFF"', "out of range"),
        ('a: "\\U00110000"', "out of range"),
        ("a: *nope\n", "undefined alias"),
        ("a: \x07\n", "U+0007"),
        ("[" * 1000, "nested deeper"),
    ):
        with pytest.raises(ReadError, match=re.escape(reason)):
            read(text)


def test_aliases_that_mean_a_huge_document_are_refused() -> None:
    levels = [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 9)]
    with pytest.raises(ReadError, match="too many copies"):
        syntax("yaml").read("\n".join(["a0: &a0 x", *levels]))


@given(st.text("/*\"\\ ,]}\n'ab#", max_size=30))
def test_a_comment_never_hides_in_a_string(text: str) -> None:
    import json

    written = json.dumps({"a": text})
    assert syntax("jsonc").read(f"/* x */{written}// y").value == {"a": text}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/index.json", "json"),
        ("A.JSON", "json"),
        ("x.jsonc", "jsonc"),
        ("x.yml", "yaml"),
        ("x.yaml", "yaml"),
        ("x.toml", "toml"),
        ("x.ini", None),
    ],
)
def test_the_suffix_says_the_syntax(path: str, name: str | None) -> None:
    assert syntax_name(path) == name
