"""The settings: what each key accepts, and that all problems are reported at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jit_guard.config import (
    KEYS,
    Price,
    Settings,
    TypeSettings,
    from_table,
    inside_path,
    toml_key,
    toml_string,
)
from jit_guard.errors import ConfigError
from jit_guard.text.gitignore import MOST
from jit_guard.text.printable import did_you_mean

PAGE = Path(__file__).resolve().parent.parent / "docs/configuration.md"


def faults(table: dict[str, object]) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        from_table(table, "jit-guard.toml")
    return caught.value.problems


def test_every_key_is_a_field_of_the_settings() -> None:
    assert {key.replace("-", "_") for key in KEYS} <= set(Settings._fields)


def documented() -> Iterator[tuple[str, object]]:
    """Each key of the table in the docs, and its default."""
    words = {"none": None, "built in": None, "the generator's": None, "all": [""]}
    for line in PAGE.read_text("utf-8").splitlines():
        if line.startswith("| `"):
            keys, defaults, _ = (cell.strip() for cell in line.strip("|").split("|"))
            for key, default in zip(keys.split(", "), defaults.split(", "), strict=True):
                text = default.strip("`")
                yield key.strip("`"), words[text] if text in words else json.loads(text)


def test_the_defaults_are_the_documented_ones() -> None:
    settings, keys = Settings(), dict(documented())
    one_type = {key.split(".")[2]: keys.pop(key) for key in list(keys) if key.startswith("types.")}
    assert set(keys) == set(KEYS) - {"types"}
    for key, default in keys.items():
        value = getattr(settings, key.replace("-", "_"))
        empty = default is None and value in ((), {})
        assert empty or value == (tuple(default) if isinstance(default, list) else default), key
    assert one_type["directory"] == "{NAME}s"
    unset = from_table({"types": {"u": {}}}, "x")["types"]
    for settings in (Settings(), Settings(types=unset)):
        assert settings.directory("u") == "us"
        assert settings.path("u", "x") == "components/us/x"
        assert settings.is_text("u") is one_type["text"] is True
        assert settings.contract("u") is one_type["contract"] is None
        assert settings.contracts is False


def test_the_settings_of_a_type_are_of_this_type_alone() -> None:
    contract = {"headings": ["# Role"]}
    table = {"types": {"u": {"directory": "a/b", "text": False, "contract": contract}}}
    settings = Settings(**from_table(table, "x"))
    assert (settings.path("u", "x"), settings.path("t", "x")) == (
        "components/a/b/x",
        "components/ts/x",
    )
    assert (settings.is_text("u"), settings.is_text("t")) == (False, True)
    assert (settings.contract("u"), settings.contract("t")) == (contract, None)
    assert settings.contracts is True


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("maps", ["a.json", "./b.json", "a.json"], ("a.json", "b.json")),
        ("components", "lib//parts/", "lib/parts"),
        ("components", ".", ""),
        ("schema", "./team.json", "team.json"),
        ("orphan-ignore", ["drafts/", "!x"], ("drafts/", "!x")),
        ("select", ["JG2", "JG301"], ("JG2", "JG301")),
        ("allow-empty", True, True),
        ("types", {"a b": {"directory": "x", "text": False}}, {"a b": TypeSettings("x", False)}),
        ("types", {"t": {"directory": "."}}, {"t": TypeSettings("")}),
        ("types", {}, {}),
        ("maps", (".git/x",), (".git/x",)),  # it is a finding
        ("orphan-ignore", [], ()),
        ("orphan-ignore", ["a" * MOST], ("a" * MOST,)),
        ("select", ["ACME1", "J"], ("ACME1", "J")),  # a plugin may have such codes
        ("ignore", [], ()),
        ("plugins", ["one", "two"], ("one", "two")),
        ("generator", "scaffold", "scaffold"),
        ("registry", [{"preset": "goal-map"}], ({"preset": "goal-map"},)),
        ("prices", {}, {}),
        (
            "prices",
            {"a": {"input": 0.25, "output": 2}, "b": {"output": 0}, "c": {"input": 1}, "d": {}},
            {"a": Price(0.25, 2), "b": Price(0, 0), "c": Price(1, 0), "d": Price(0, 0)},
        ),
    ],
)
def test_a_key_accepts(key: str, value: object, field: object) -> None:
    assert from_table({key: value}, "x") == {key.replace("-", "_"): field}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("maps", []),
        ("maps", "goal_map.json"),
        ("maps", ["."]),
        ("maps", ["../x"]),
        ("maps", ["/x"]),
        ("maps", ["a\\b"]),
        ("maps", ["a\0b"]),
        ("maps", [1]),
        ("maps", [""]),
        ("components", ""),
        ("components", 1),
        ("components", "../x"),
        ("schema", "/etc/x"),
        ("orphan-ignore", "x"),
        ("orphan-ignore", ["!"]),
        ("select", ["JG9"]),
        ("select", "JG2"),
        ("ignore", ["JG777"]),
        ("allow-empty", 1),
        ("allow-empty", "true"),
        ("types", []),
        ("types", {"t": 1}),
        ("types", {"t": {"directory": "../x"}}),
        ("types", {"t": {"text": "no"}}),
        ("types", {"t": {"nope": 1}}),
        ("types", {"t": {"contract": "x"}}),
        ("types", {"t": {"directory": ".git"}}),
        ("components", "a/.GIT/b"),
        ("schema", ".git/config"),
        ("orphan-ignore", ["a" * (MOST + 1)]),
        ("select", []),
        ("select", ["ACME1", "JG9"]),
        ("plugins", [1]),
        ("generator", ""),
        ("generator", 1),
        ("registry", []),
        ("registry", {}),
        ("registry", "goal-map"),
        ("prices", []),
        ("prices", {"m": 1}),
        ("prices", {"m": []}),
        ("prices", {"m": {"inptu": 1}}),
        ("prices", {"m": {"input": 1, "output": 1, "other": 1}}),
        ("prices", {"m": {"input": -0.5}}),
        ("prices", {"m": {"input": True}}),
        ("prices", {"m": {"input": "1"}}),
        ("prices", {"m": {"input": float("nan")}}),
    ],
)
def test_an_invalid_value_is_reported_with_file_and_key(key: str, value: object) -> None:
    (fault,) = faults({key: value})
    assert fault.startswith(f"jit-guard.toml: {key}")


@pytest.mark.parametrize(
    ("key", "least", "most"), [("jobs", 1, 64), ("timeout", 1, 86_400), ("examples", 0, 20)]
)
def test_a_number_has_limits(key: str, least: int, most: int) -> None:
    for value in (least, most):
        assert from_table({key: value}, "x") == {key: value}
    for wrong in (least - 1, most + 1, -most, True, str(least), float(most), None):
        (fault,) = faults({key: wrong})
        assert fault.startswith(
            f"jit-guard.toml: {key} must be a whole number from {least} to {most:,}, not "
        )


def test_all_problems_are_reported_at_once() -> None:
    problems = faults(
        {
            "zzz": 1,
            "componets": "x",
            "maps": [],
            "select": ["JG7", "JG8"],
            "types": {"u": 1, "t": {"directry": "x", "text": 1}},
        }
    )
    assert len(problems) == 8
    assert "jit-guard.toml: unknown key 'zzz'" in problems
    assert "jit-guard.toml: unknown key 'componets'; did you mean 'components'?" in problems
    assert any(
        "types.t: unknown key 'directry'; did you mean 'directory'?" in one for one in problems
    )


@pytest.mark.parametrize("key", ["base-url", "base_url", "command", "openai", "api-key", "program"])
def test_no_key_redirects_a_request_or_runs_a_program(key: str) -> None:
    """A pull request could change it: servers and programs come from flags and the environment."""
    (fault,) = faults({key: "https://example.invalid"})
    assert f"unknown key {key!r}" in fault


def test_a_long_value_is_shortened() -> None:
    (fault,) = faults({"allow-empty": "x" * 10_000})
    assert len(fault) < 200


@pytest.mark.parametrize(
    ("select", "ignore", "code", "counts"),
    [
        (("",), (), "JG201", True),
        (("JG2",), (), "JG201", True),
        (("JG2",), (), "JG301", False),
        (("JG2",), ("JG201",), "JG201", False),
        (("JG201",), ("JG2",), "JG201", True),
        (("JG201",), ("JG201",), "JG201", False),
        (("",), ("JG",), "JG201", False),
        ((), (), "JG201", False),
    ],
)
def test_the_longer_prefix_wins_and_a_tie_is_ignored(
    select: tuple[str, ...], ignore: tuple[str, ...], code: str, counts: bool
) -> None:
    assert Settings(select=select, ignore=ignore).selects(code) is counts


@pytest.mark.parametrize(
    ("path", "normal"), [("a", "a"), ("./a", "a"), ("a//b/", "a/b"), (".", ""), ("a/./b", "a/b")]
)
def test_a_path_is_normalized(path: str, normal: str) -> None:
    assert inside_path(path) == normal


@pytest.mark.parametrize("path", ["..", "a/..", "/", "/a", "a\\b", "a\0", "", None, 1, ["a"]])
def test_a_path_outside_the_root_is_refused(path: object) -> None:
    with pytest.raises(ValueError, match="must"):
        inside_path(path)


def test_only_a_similar_word_is_suggested() -> None:
    assert did_you_mean("ignor", ["ignore", "select"]) == "; did you mean 'ignore'?"
    assert did_you_mean("zzz", ["ignore", "select"]) == ""


NAMES_OF_TYPES = ["a", "a-b_1", "a b", "日本", "日本🎉", 'q"q', "back\\slash", "a\nb\x7f", ""]


@pytest.mark.parametrize("name", NAMES_OF_TYPES)
def test_a_name_survives_toml(name: str) -> None:
    try:
        import tomllib
    except ImportError:
        import tomli as tomllib  # type: ignore[no-redef,import-not-found,unused-ignore]
    text = f"types.{toml_key(name)}.directory = {toml_string(name)}"
    assert tomllib.loads(text) == {"types": {name: {"directory": name}}}


def test_a_name_in_toml_does_not_end_a_command_in_a_hint() -> None:
    assert "`" not in toml_string("a`b") + toml_key("a`b")
    assert (toml_key("a-b_1"), toml_key("é")) == ("a-b_1", '"é"')
