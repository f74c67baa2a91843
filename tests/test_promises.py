"""Every promise in the documentation has a test that fails when it is broken: docs/testing.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import yaml
from publishing.commands import manuals

import jit_guard
from jit_guard import formats, hookspecs
from jit_guard.commands import COMMANDS, WORDS
from jit_guard.commands.reference import EXITS, REFERENCES, VARIABLES
from jit_guard.config import CODES, KEYS
from jit_guard.contracts import contract
from jit_guard.registry import table
from promises import (
    OWN_TABLES,
    ROOT,
    TABLES,
    Promise,
    always_skipped,
    exempt,
    functions,
    pages,
    promises,
    read,
    titles,
)

PROMISES = promises()


@cache
def of(page: str, where: str = "") -> list[Promise]:
    return [one for one in PROMISES if one.page == page and where in ("", one.where)]


def test_every_test_that_a_promise_names_exists_and_runs() -> None:
    wrong = []
    for one in PROMISES:
        if not one.text or not one.tests:
            wrong.append(f"{one.page}, {one.where}: a promise needs a text and a test")
        for path, test in one.tests:
            if not (ROOT / path).is_file():
                wrong.append(f"{one.page}: {path} does not exist")
            elif test and test not in functions(path):
                wrong.append(f"{one.page}: {path} has no {test}")
            elif test and always_skipped(path, test):
                wrong.append(f"{one.page}: {path}::{test} is always skipped")
            elif not test and one.page not in OWN_TABLES:
                wrong.append(f"{one.page}, {one.where}: name a test of {path}")
    assert not wrong, "\n".join(wrong)


def test_every_heading_has_a_promise_or_a_reason_why_not() -> None:
    excused = {(one.page, one.where) for one in exempt()}
    missing = []
    for page in pages():
        if (page, "") in excused or page in OWN_TABLES:
            continue
        first, *rest = titles(page)
        if not of(page, first[1]) and (page, first[1]) not in excused:
            missing.append(f"{page}: {first[1]} (before the first heading)")
        for level, title in rest:
            if level < 4 and not of(page, title) and (page, title) not in excused:
                missing.append(f"{page}: {title}")
    assert not missing, "\n".join(missing)


def test_every_row_is_of_a_heading_that_exists_and_says_something_new() -> None:
    known = {(page, title) for page in pages() for _, title in titles(page)}
    wrong = [f"{one.page}: {one.where}" for one in PROMISES if (one.page, one.where) not in known]
    wrong += [
        f"{one.page}: {one.where}: {one.why or 'without a reason'}"
        for one in exempt()
        if not one.why
        or one.page not in pages()
        or (one.where and (one.page, one.where) not in known)
        or of(one.page, one.where)
    ]
    seen = [(one.page, one.where, one.text) for one in PROMISES]
    wrong += [
        f"{page}: twice: {text}"
        for page, where, text in {*seen}
        if seen.count((page, where, text)) > 1
    ]
    assert not wrong, "\n".join(wrong)


def required() -> Iterator[tuple[str, str, str]]:
    """Yield a page, a heading or nothing for any, and a name that one of its rows must have."""
    shown = manuals()
    shared = {section for one in shown[:1] for section in one.sections}
    for one in shown:
        for section in one.sections:
            if one is shown[0] or section not in shared:
                for term, _ in section.items:
                    yield "docs/commands.md", one.name, term.split(", ")[-1].split()[0]
        codes = {0, 2, *REFERENCES[one.name].exits, *(EXITS if one is shown[0] else ())}
        yield from (("docs/commands.md", one.name, str(code)) for code in sorted(codes))
    yield from (("docs/commands.md", "Commands", word) for word in WORDS)
    for names in VARIABLES:
        for name in names.split(", "):
            yield "docs/commands.md", "Environment variables", name
    yield from (("", "", name) for name in formats.NAMES)
    for key in KEYS:
        if key == "types":
            yield from (
                ("docs/configuration.md", "", f"types.NAME.{one}")
                for one in ("directory", "text", "contract")
            )
        else:
            yield "docs/configuration.md", "", key
    yield from (("docs/registries.md", "", key) for key in table._KEYS)
    yield from (("docs/contracts.md", "", key) for key in contract._KEYS)
    yield from (
        ("docs/pre-commit.md", "", hook["id"])
        for hook in yaml.safe_load(read(".pre-commit-hooks.yaml"))
    )
    action = yaml.safe_load(read("action.yml"))
    yield from (("docs/ci.md", "", name) for kind in ("inputs", "outputs") for name in action[kind])
    plugin = read("src/jit_guard/pytest_plugin/__init__.py")
    for name in re.findall(
        r'(?:addoption|addini)\(\s*"([\w-]+)"|markers", "(\w+):|@pytest.fixture.*\ndef (\w+)',
        plugin,
    ):
        yield "docs/pytest.md", "", "".join(name)
    yield from (("docs/python.md", "", name) for name in jit_guard.__all__)
    yield from (("docs/plugins.md", "", name) for name in hookspecs.__all__)


def test_every_name_that_a_user_can_write_is_in_a_promise() -> None:
    """Commands, options, exit codes, variables, keys, formats, hooks, inputs, fixtures, names."""
    missing = [
        f"{page or 'any page'}{where and f', {where}'}: {name}"
        for page, where, name in required()
        if not any(name in one.names for one in (of(page, where) if page else PROMISES))
    ]
    assert not missing, "\n".join(missing)


def test_every_rule_fires_is_silent_and_is_injected() -> None:
    missing = []
    for code in CODES:
        rows = [
            one for one in of("docs/rules.md") if one.where.startswith(code) or code in one.names
        ]
        rows += [one for one in of("docs/rules.md") if "every rule" in one.text.lower()]
        said = " ".join(one.text for one in rows)
        missing += [
            f"{code}: {word}" for word in ("fires", "silent", "selftest") if word not in said
        ]
        if not any(one.where.startswith(code) for one in rows):
            missing.append(f"{code}: a row of its own")
    assert not missing, "\n".join(missing)


def test_every_test_of_an_attack_belongs_to_a_promise() -> None:
    named = {path for one in of("docs/security.md") for path, _ in one.tests}
    files = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("tests/security/test_*.py")}
    assert files <= named
    assert len(of("docs/security.md")) >= 20


def test_every_command_has_a_promise() -> None:
    assert {*COMMANDS} <= {one.where for one in of("docs/commands.md")} | {*WORDS}


def test_the_page_has_a_section_for_every_page() -> None:
    excused = {one.page for one in exempt() if not one.where}
    sections = [title for _, title in titles(TABLES) if title.endswith(".md")]
    expected = [page.removeprefix("docs/") for page in pages() if page not in excused]
    assert sections == [name for name in expected if f"docs/{name}" not in OWN_TABLES]
