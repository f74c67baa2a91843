"""A JSONPath selects the nodes of RFC 9535, each once, and never takes long."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from jit_guard.registry import selection
from jit_guard.registry.selection import Selection, SelectionError
from projects import processor_time

PLUGINS = {
    "name": "all",
    "plugins": [
        {"name": "a", "source": "./plugins/a"},
        {"name": "b", "source": {"github": "x/b"}},
        {"name": "c", "source": "plugins/c", "skills": ["one", "two"]},
    ],
}


@pytest.mark.parametrize(
    ("expression", "locations"),
    [
        ("$.plugins[*].source", ["plugins/0/source", "plugins/1/source", "plugins/2/source"]),
        ("$.plugins[?match(@.source, '[.]/.+')].source", ["plugins/0/source"]),
        ("$.plugins[?search(@.source, 'ins/c')].name", ["plugins/2/name"]),
        ("$.plugins[?@.skills].skills[*]", ["plugins/2/skills/0", "plugins/2/skills/1"]),
        ("$..source", ["plugins/0/source", "plugins/1/source", "plugins/2/source"]),
        ("$['plugins', 'plugins'][0].name", ["plugins/0/name"]),
        ("$.plugins[?match(@.source, '[.]/.{9,12}')].source", ["plugins/0/source"]),
        ("$.plugins[?match(@.source, '[.][^{}]+')].source", ["plugins/0/source"]),
        ("$.nothing", []),
    ],
)
def test_nodes_are_those_of_the_standard_each_once(expression: str, locations: list[str]) -> None:
    found = Selection(expression).nodes(PLUGINS, 100)
    assert ["/".join(map(str, one.location)) for one in found] == locations


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("plugins", "is not a JSONPath"),
        ("$.plugins[", "is not a JSONPath"),
        ("$[?match(@.a, '(?=x)')]", "is not an I-Regexp"),
        ("$[?!search(@.a, 'x{') && @.b]", "is not an I-Regexp"),
        ("$[?length(@.a, 2) > 1]", "is not a JSONPath"),
        ("$" + ".a" * 600, "is longer than"),
    ],
)
def test_what_is_no_expression_is_refused_with_the_reason(expression: str, reason: str) -> None:
    with pytest.raises(SelectionError, match=reason or "."):
        Selection(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "$..[?@..[?@..[?@..x]]]",
        "$..*..*..*..*..*..*..x",
        "$[?count(@..*..*..*) > 5]",
        "$..[?!(@..[?@..[?@..x]])]",
        "$[?match(@.text, '(a|a)*b')]",
        "$[?search(@.text, '(a*)*(a*)*b')]",
    ],
)
def test_an_expression_that_never_ends_is_stopped(
    expression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "_LEAST_TIME", 0.2)
    deep: Any = [{"text": "a" * 5000}]
    for _ in range(9):
        deep = [deep, deep]
    started = processor_time()
    with suppress(SelectionError):
        Selection(expression).nodes([*deep, {"text": "a" * 5000}], 0)
    assert processor_time() - started < 2


def test_an_expression_can_be_used_again_after_it_was_stopped() -> None:
    select = Selection("$.a")
    assert select.nodes({"a": 1}, 1) == select.nodes({"a": 1}, 1)


def test_a_pattern_from_the_document_cannot_take_all_memory() -> None:
    document = [{"text": "aaa", "pattern": "(a{9000}){9000}"}, {"text": "a", "pattern": "a{1,9}"}]
    with pytest.raises(SelectionError, match="repeats more than"):
        Selection("$[?match(@.text, @.pattern)]").nodes(document, 100)
    assert len(Selection("$[?match(@.text, @.pattern)]").nodes(document[1:], 100)) == 1
