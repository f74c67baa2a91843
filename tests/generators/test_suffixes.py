"""What a suffix promises of a text, and why a text does not keep it."""

from __future__ import annotations

import sys

import pytest

from jit_guard.generators.answers.formats import format_fault

JSON = "the text is not JSON: "
LINE = "is neither a key nor an item"


@pytest.mark.parametrize(
    ("suffix", "text", "fault"),
    [
        (".txt", "{", None),
        (".json", '{"a": 1}', None),
        (".json", "0", None),
        (".json", "false", None),
        (".json", '{"a": [null, "x"]}', None),
        (".json", '{"a": \n}', f"{JSON}expecting value (line 2)"),
        (".json", '{"a": NaN}', f"{JSON}NaN is not JSON"),
        (".json", "[" * 5000, f"{JSON}it is nested too deeply"),
        (".json", '[[], {"a": " "}, null]', "the JSON has no content"),
        (".jsonl", '{"a": 1}\n \n["b"]\n', None),
        (".ndjson", '{"a": 1}\n\n[}', f"line 3: {JSON}expecting value (line 1)"),
        (".jsonl", "[]\n", "line 1: the JSON has no content"),
        (".toml", "a = 1", None),
        (".toml", "# a\n", "the TOML has no content"),
        (".toml", "a = 1\nb =\n", "the text is not TOML: Invalid value (at line 2, column 4)"),
    ],
)
def test_a_text_is_what_its_suffix_says(suffix: str, text: str, fault: str | None) -> None:
    assert format_fault(text, suffix) == fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- a\n", None),
        ("  a\nb: c\n\td: e\n\nHello there", f"line 5 {LINE}"),
        ("a: b\nthe key, with a comma: c", f"line 2 {LINE}"),
        ("# a\n---\n%YAML 1.2\n...\n", "the YAML has no content"),
        ("  a\n\tb\n", "the YAML has no content"),
        ("... a\n# b", "the YAML has no content"),
        ("--a: b\n", None),
        ("!a\nb: c", None),
    ],
)
def test_without_pyyaml_the_lines_at_the_margin_are_checked(
    text: str, fault: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    expected = f"the text is not YAML: {fault}" if fault and "YAML" not in fault else fault
    for suffix in (".yaml", ".yml"):
        assert format_fault(text, suffix) == expected


def test_pyyaml_reads_a_text_that_is_not_long(monkeypatch: pytest.MonkeyPatch) -> None:
    yaml = pytest.importorskip("yaml")
    for text, fault in (
        ("a: !include b\n", None),
        ("- a\n---\nb\n", None),
        ("'a sentence'\n", ", but a sentence"),
        ("[]", ", but a sentence"),
        ("a: 1\nb: *c\n", ": found undefined alias (line 2)"),
        ("a: \x01\n", ": unacceptable character #x0001"),
    ):
        found = format_fault(text, ".yaml")
        assert (found or "").startswith("the text is not YAML" if fault else ""), found
        assert (fault or "") in (found or "")
    long = "a: *b\n" + "# \n" * 40_000
    assert format_fault(long[:90_000], ".yaml") is not None
    assert format_fault(long, ".yaml") is None
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)  # as where PyYAML has no libyaml
    for text, part in (
        ('a: "\\U00110000"', "chr()"),
        ('a: "\\UFFFFFFFF"', "too large"),
        ("[" * 1000, "recursion"),
        ("a: \x01\n", "not allowed"),
    ):
        found = format_fault(text, ".yaml")
        assert found
        assert found.startswith("the text is not YAML: ")
        assert part in found
