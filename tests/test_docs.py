"""The documentation agrees with the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jit_guard import __version__
from jit_guard.commands import COMMANDS, WORDS
from jit_guard.config import KEYS
from jit_guard.rules import load_rules, page
from jit_guard.rules.explained import html, markdown

ROOT = Path(__file__).parent.parent


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_the_rules_page_is_what_explain_prints() -> None:
    assert read("docs/rules.md") == "\n".join(markdown(load_rules())) + "\n"


def test_the_page_that_hyperlinks_open_has_an_anchor_for_every_rule() -> None:
    """`python -m jit_guard.rules.explained html > src/jit_guard/rules/rules.html` writes it."""
    assert read("src/jit_guard/rules/rules.html") == "\n".join(html(load_rules())) + "\n"
    assert page().endswith("/jit_guard/rules/rules.html")
    assert all(f'id="{rule.code}"' in "".join(html([rule])) for rule in load_rules())


def test_the_version_of_the_package_is_that_of_the_project_file() -> None:
    found = re.search(r'^version = "(.+)"$', read("pyproject.toml"), re.MULTILINE)
    assert found is not None
    assert found[1] == __version__


@pytest.mark.parametrize("key", [key for key in KEYS if key != "types"])
def test_every_configuration_key_is_documented(key: str) -> None:
    assert f"`{key}`" in read("docs/configuration.md")


@pytest.mark.parametrize("command", sorted({*COMMANDS} - {*WORDS, "check"}))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`jit-guard {command}" in read("README.md")


DOCUMENTS = [path.relative_to(ROOT) for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_between_documents_resolve(document: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)(?:#([^)]*))?\)", read(str(document))):
        path = ROOT / document.parent / target if target else ROOT / document
        assert path.exists(), target
        if anchor and path.suffix == ".md":
            assert anchor in anchors(path.read_text("utf-8")), f"{target}#{anchor}"


def anchors(text: str) -> list[str]:
    """The anchors of the headings, as the forge and the site name them."""
    prose = re.sub(r"(?ms)^ *```.*?^ *```$", "", text)
    titles = [
        re.sub(r"\[(.*?)\]\(.*?\)", r"\1", one) for one in re.findall(r"(?m)^#+ (.*)$", prose)
    ]
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]


def test_every_page_is_in_the_navigation_of_the_site_once() -> None:
    """A page that is missing belongs in `nav` in zensical.toml, under one of the four kinds."""
    listed = re.findall(r'= "([\w-]+\.md)"', read("zensical.toml"))
    assert sorted(listed) == sorted(path.name for path in ROOT.glob("docs/*.md"))
