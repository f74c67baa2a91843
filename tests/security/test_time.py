"""A check ends in bounded time, whatever patterns the repository contains."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from jit_guard.registry import bounded
from jit_guard.sources.memory import Link
from projects import SOUND, TEXT, call, lay_out, processor_time, run


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*a" * 14 + "*b", "a" * 200),
        ("/personas/" + "*a" * 20 + "*b", "a" * 200),
        ("**/*" * 30 + "z", "a/" * 60 + "a"),
        ("*?" * 40 + "z", "a" * 200),
        ("!" + "*a" * 30 + "z", "a" * 200),
    ],
)
def test_orphan_ignore_patterns_are_matched_in_time(
    tmp_path: Path, pattern: str, name: str
) -> None:
    settings = f"orphan-ignore = {json.dumps([pattern])}\n"
    root = lay_out(
        tmp_path, {**SOUND, "jit-guard.toml": settings, f"components/personas/{name}": TEXT}
    )
    outcome = run("--format", "json", cwd=root, timeout=20)
    assert (outcome.code, outcome.codes) == (1, ["JG301"])


def test_a_pattern_that_is_slow_or_too_long_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = 'orphan-ignore = ["never"]\n'
    root = lay_out(tmp_path, {**SOUND, "jit-guard.toml": settings, "components/x": TEXT})
    monkeypatch.setattr("jit_guard.comparison.ignored._LEAST_TIME", -1.0)
    outcome = call(cwd=root)
    assert (outcome.code, outcome.out) == (2, "")
    assert "orphan-ignore: 'never' takes too long to match" in outcome.err
    (root / "jit-guard.toml").write_text(f'orphan-ignore = ["{"a" * 5000}"]\n')
    outcome = call(cwd=root)
    assert outcome.code == 2
    assert "is longer than 1,000 characters" in outcome.err


SLOW: list[dict[str, object]] = [
    {"propertyNames": {"pattern": "^(x+x+)+y"}},
    {"patternProperties": {"^(x*)*$": {}}, "format": "x"},
    {"patternProperties": {"^(x*)*$": {}}, "additionalProperties": False},
    {"patternProperties": {"^(x*)*$": {}}, "unevaluatedProperties": False},
    {"$defs": {"a": {"pattern": "(x?){40}x{40}!"}}, "propertyNames": {"$ref": "#/$defs/a"}},
]


@pytest.mark.parametrize(
    ("schema", "where"), [*((schema, "flag") for schema in SLOW), (SLOW[0], "key")]
)
def test_a_slow_pattern_in_a_schema_is_named(
    tmp_path: Path, schema: object, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    goals = {"x" * 45 + "-": {"persona": "host.txt"}}
    root = lay_out(
        tmp_path, {**SOUND, "goal_map.json": json.dumps(goals), "s.json": json.dumps(schema)}
    )
    if where == "key":
        (root / "jit-guard.toml").write_text('schema = "s.json"\n')
    for least in (0.5, 1.0, 2.0, 4.0, 8.0):  # on a busy machine, it takes seconds to start Python
        monkeypatch.setattr(bounded, "LEAST", least)
        began = processor_time()
        outcome = call(*(("--schemafile", "s.json") if where == "flag" else ()), cwd=root)
        assert processor_time() - began < 10
        if "the pattern" in outcome.err or os.name == "nt":
            break
    assert (outcome.code, outcome.out) == (2, "")
    # Without alarms, it is not known which one it was.
    assert f"s.json: {'it takes' if os.name == 'nt' else 'the pattern '}" in outcome.err
    assert "takes too long" in outcome.err


def test_a_schema_with_circular_references_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "LEAST", 0.5)
    twice = {"anyOf": [{"not": {"$ref": "#/$defs/b"}}, {"$ref": "#/$defs/b"}]}
    parts = {"a": twice, "b": json.loads(json.dumps(twice).replace("/b", "/c"))}
    for one, other in zip("cdefghijklmnopqrstuvwxy", "defghijklmnopqrstuvwxyz", strict=True):
        parts[one] = json.loads(json.dumps(twice).replace("/b", f"/{other}"))
    schema = {"$ref": "#/$defs/a", "$defs": {**parts, "z": {"type": "object"}}}
    root = lay_out(tmp_path, {**SOUND, "s.json": json.dumps(schema)})
    outcome = call("--schemafile", "s.json", cwd=root)
    assert outcome.code == 2
    assert "s.json: it takes too long" in outcome.err


@pytest.mark.parametrize("above", ["", "link/"])
def test_a_path_through_very_many_directories_is_resolved_in_time(
    tmp_path: Path, above: str
) -> None:
    goals = {"A": {"t": f"{above}{'a/' * 30_000}x"}}
    files = {"goal_map.json": json.dumps(goals), "components/ts/there/": ""}
    root = lay_out(tmp_path, {**files, "components/ts/link": Link("there")})
    outcome = run("--select", "JG201", "--format", "json", cwd=root, timeout=10)
    assert (outcome.code, outcome.codes) == (1, ["JG201"])


@pytest.mark.parametrize(
    "text",
    [
        '"a"' + ".a" * 100_000 + " = 1\n",
        "['a'" + ".a" * 100_000 + "]\n",
        "x = {'a'" + ".a" * 100_000 + " = 1}\n",
        "jobs." + "a." * 1_900 + "a = 1\n",
        "'jobs'." + "a." * 1_900 + "a = 1\n",
        "jobs = " + "[" * 5_000 + "]" * 5_000,
    ],
)
@pytest.mark.parametrize("name", ["jit-guard.toml", "pyproject.toml"])
def test_a_configuration_is_read_in_time(tmp_path: Path, text: str, name: str) -> None:
    if name == "pyproject.toml":
        text = f"[tool.jit-guard]\n{text}"
    outcome = run(cwd=lay_out(tmp_path, {**SOUND, name: text}), timeout=20)
    assert (outcome.code, outcome.out) == (2, "")
