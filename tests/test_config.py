"""The settings: what each key accepts, and that all problems are reported at once."""

from __future__ import annotations

import pytest

from jit_guard.config import (
    KEYS,
    Settings,
    TypeSettings,
    from_table,
    inside_path,
    toml_key,
    toml_string,
)
from jit_guard.errors import ConfigError
from jit_guard.text.printable import did_you_mean


def faults(table: dict[str, object]) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        from_table(table, "jit-guard.toml")
    return caught.value.problems


def test_every_key_is_a_field_of_the_settings() -> None:
    assert {key.replace("-", "_") for key in KEYS} <= set(Settings._fields)


def test_the_defaults_are_the_documented_ones() -> None:
    settings = Settings()
    assert settings.maps == ("goal_map.json",)
    assert settings.components == "components"
    assert settings.schema is None
    assert settings.orphan_ignore == ()
    assert settings.allow_empty is False
    assert settings.directory("protocol") == "protocols"
    assert settings.is_text("protocol")
    assert settings.selects("JG001")


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
    ],
)
def test_an_invalid_value_is_reported_with_file_and_key(key: str, value: object) -> None:
    (fault,) = faults({key: value})
    assert fault.startswith(f"jit-guard.toml: {key}")


def test_all_problems_are_reported_at_once() -> None:
    problems = faults(
        {
            "zzz": 1,
            "componets": "x",
            "maps": [],
            "select": ["JG7", "JG8"],
            "types": {"t": {"directry": "x", "text": 1}, "u": 1},
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


NAMES_OF_TYPES = ["a", "a-b_1", "a b", "日本🎉", 'q"q', "back\\slash", "a\nb\x7f", ""]


@pytest.mark.parametrize("name", NAMES_OF_TYPES)
def test_a_name_survives_toml(name: str) -> None:
    try:
        import tomllib
    except ImportError:
        import tomli as tomllib  # type: ignore[no-redef,import-not-found,unused-ignore]
    text = f"types.{toml_key(name)}.directory = {toml_string(name)}"
    assert tomllib.loads(text) == {"types": {name: {"directory": name}}}
