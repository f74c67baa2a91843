"""Templates: which path an entry names, and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_guard.registry.target import (
    Context,
    MissingFieldError,
    OutsideTargetError,
    Path,
    TemplateError,
    normalized,
    parse,
)

DOCUMENT: Any = {
    "version": "v2",
    "skills": {"plan": {"files": ["a.md", "b.md"], "home": "lib", "size": 3, "key": "no"}},
    "list": [[{"name": "x"}, 1.10]],
}


def context(*location: str | int, **more: Any) -> Context:
    """Return the context of the node at a location."""
    node = DOCUMENT
    for step in location:
        node = node[step]
    return Context(location, node, DOCUMENT, "data/index", lambda: "1.10", **more)


@pytest.mark.parametrize(
    ("template", "location", "path"),
    [
        ("{value}", ("skills", "plan", "files", 1), "b.md"),
        ("{keys[0]}/{keys[1]}/{keys[-1]}", ("skills", "plan", "files", 0), "skills/plan/files"),
        ("{key}-{index}", ("skills", "plan", "files", 1), "files-1"),
        ("{key}", ("skills", "plan"), "plan"),
        ("{home}/{value}", ("skills", "plan", "files", 0), "lib/a.md"),
        ("{version}/{key}/{home}", ("skills", "plan", "home"), "v2/home/lib"),
        ("{home}/", ("skills", "plan"), "lib/"),
        ("{dir}/{name}", ("list", 0, 0), "data/index/x"),
        ("v{value}", ("list", 0, 1), "v1.10"),
        ("{{{value}}}", ("version",), "{v2}"),
        ("plain", ("version",), "plain"),
    ],
)
def test_fields_are_those_of_the_entry(
    template: str, location: tuple[str | int, ...], path: str
) -> None:
    assert parse(template).expand(context(*location)) == path


@pytest.mark.parametrize(
    ("template", "location", "field"),
    [
        ("{value}", ("skills", "plan"), "value"),
        ("{version}", ("skills", "plan"), "version"),  # an object has its own members only
        ("{size}", ("skills", "plan"), "size"),
        ("{index}", ("version",), "index"),
        ("{key}", ("list", 0, 0, "name"), None),
        ("{keys[2]}", ("skills", "plan"), "keys[2]"),
        ("{nothing}", ("version",), "nothing"),
    ],
)
def test_a_field_that_an_entry_does_not_have_is_named(
    template: str, location: tuple[str | int, ...], field: str | None
) -> None:
    if field is None:
        assert parse(template).expand(context(*location)) == "name"
        return
    with pytest.raises(MissingFieldError) as error:
        parse(template).expand(context(*location))
    assert str(error.value) == field


def test_the_directory_of_a_file_at_the_root_is_the_root() -> None:
    there = Context(("a",), "x.md", {"a": "x.md"}, "", str)
    assert normalized("", parse("{dir}/{value}").expand(there)) == Path("x.md", directory=False)
    assert normalized(parse("{dir}").expand(there), "x.md").path == "x.md"


def test_named_groups_win_over_members_and_reserved_names_over_both() -> None:
    given_groups = context("skills", "plan", groups={"home": "other", "key": "other"})
    assert parse("{home}/{key}").expand(given_groups) == "other/plan"


@pytest.mark.parametrize("text", ["{", "a}", "{}", "{a{b}}", "{a"])
def test_a_brace_without_its_pair_is_no_template(text: str) -> None:
    with pytest.raises(TemplateError):
        parse(text)


@pytest.mark.parametrize(
    ("template", "glob"),
    [
        ("icons/{name}/{name}-{value}.svg", "icons/*/*-*.svg"),
        ("a[1]/{value}", "a\\[1\\]/*"),
        ("{value}/SKILL.md", None),
        ("x{value}/a", None),
        ("docs/{value}/", "docs/*/"),
        ("a{{b}}c/{value}", "a{b}c/*"),
    ],
)
def test_a_template_whose_first_name_is_literal_gives_a_glob(
    template: str, glob: str | None
) -> None:
    assert parse(template).glob == glob


@pytest.mark.parametrize(
    ("base", "target", "path"),
    [
        ("", "./a//b/./c.md", Path("a/b/c.md", directory=False)),
        ("x/y", "../z/", Path("x/z", directory=True)),
        ("", "./", Path("", directory=True)),
        ("a/..", "b", Path("b", directory=False)),
        ("a", "b\\c", Path("a/b\\c", directory=False)),
    ],
)
def test_a_path_is_normalized_after_expansion(base: str, target: str, path: Path) -> None:
    assert normalized(base, target) == path


@pytest.mark.parametrize("target", ["../x", "a/../../x", "/etc/passwd", "C:\\x", "a\0b"])
def test_a_path_outside_the_root_is_refused(target: str) -> None:
    with pytest.raises(OutsideTargetError):
        normalized("", target)


@pytest.mark.parametrize(("base", "target"), [("a\0", "b"), ("\ud800", "b"), ("a", "\ud800b")])
def test_a_path_that_no_file_can_have_is_refused(base: str, target: str) -> None:
    with pytest.raises(OutsideTargetError, match=r"^contains a (NUL|lone surrogate)"):
        normalized(base, target)
    assert normalized("a\udcff", "b").path == "a\udcff/b"  # bytes on disk that are not UTF-8


@given(st.text("ab./-", min_size=1, max_size=9))
def test_the_inverse_of_a_template_gives_the_value_back(value: str) -> None:
    template = parse("lib/{version}/{value}.md")
    one = Context(("version",), value, {"version": "v2"}, "", str)
    wanted = template.expand(one)
    assert template.inverse(one, wanted) == value
    assert template.inverse(one, "lib/v3/x.md") is None


def test_a_template_with_the_value_twice_has_no_inverse() -> None:
    assert parse("{value}/{value}").inverse(context("version"), "a/a") is None
