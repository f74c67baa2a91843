"""The documentation site: what it accepts, and what it refers to."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from publishing.links import problems
from publishing.project import ROOT, Project
from publishing.website import build, outward, titled

from projects import lay_out

HERE = '<a href="guide/#start">Guide</a> <img src="a.svg"> <a href="https://example.com/">out</a>'
THERE = '<h2 id="start">Start</h2> <a href="../">Home</a> <a href="#start">here</a>'
SITE = {"index.html": HERE, "guide/index.html": THERE, "a.svg": "<svg/>", "a.css": "a {}"}


def test_links_pictures_and_anchors_of_a_site_lead_somewhere(tmp_path: Path) -> None:
    assert list(problems(lay_out(tmp_path, SITE))) == []


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ('<a href="no/">', "no/ does not exist"),
        ('<a href="guide/#end">', "guide/#end has no such anchor"),
        ('<img src="b.svg">', "b.svg does not exist"),
        ('<a href="../../">', "../../ does not exist"),
        ('<script src="https://cdn.example/x.js">', "loads https://cdn.example/x.js"),
        ('<link rel="preconnect" href="//fonts.example">', "loads //fonts.example"),
        ('<pre class="mermaid">', "loads https://…, for class=mermaid"),
        ('<a data-md-component="source">', "loads https://…, for data-md-component=source"),
    ],
)
def test_what_leads_nowhere_or_loads_from_elsewhere_is_found(
    html: str, problem: str, tmp_path: Path
) -> None:
    (found,) = problems(lay_out(tmp_path / "site", {**SITE, "index.html": html}))
    assert problem in found


def test_a_style_sheet_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    css = {"a.css": "@import url(https://fonts.example/x.css)"}
    (found,) = problems(lay_out(tmp_path, {**SITE, **css}))
    assert "https://fonts.example/x.css" in found


def test_links_out_of_the_pages_lead_to_the_repository() -> None:
    project = Project("x", "1", "https://forge.example/a/x")
    assert outward("[a](../action.yml), [b](b.md), [c](../d/#e)", project) == (
        "[a](https://forge.example/a/x/blob/main/action.yml), [b](b.md), "
        "[c](https://forge.example/a/x/blob/main/d/#e)"
    )


def test_links_have_the_titles_of_pages_instead_of_names_of_files() -> None:
    page = "[fix.md](fix.md#x), [it](fix.md), [new.md](new.md)"
    assert titled(page, {"fix.md": "The fix"}) == (
        "[The fix](fix.md#x), [it](fix.md), [new.md](new.md)"
    )


needs_zensical = pytest.mark.skipif(
    find_spec("zensical") is None, reason="zensical is not installed here (the group docs)"
)


@needs_zensical
def test_the_site_is_built_and_complete(tmp_path: Path) -> None:
    pages = tmp_path / "p"
    shutil.copytree(ROOT / "docs", pages / "docs")
    shutil.copy(ROOT / "zensical.toml", pages)
    assert build(tmp_path / "site", pages) is None
    assert list(problems(tmp_path / "site")) == []
    for page in (pages / "docs").glob("*.md"):
        name = "" if page.stem == "index" else page.stem
        assert (tmp_path / "site" / name / "index.html").is_file()
    assert "goal_map.json" in (tmp_path / "site/search.json").read_text("utf-8")


@needs_zensical
def test_a_page_with_a_broken_link_is_refused(tmp_path: Path) -> None:
    text = (ROOT / "zensical.toml").read_text("utf-8")
    index = "# Here\n\n[broken](nowhere.md), [broken](fix.md#nowhere), [sound](fix.md#there)\n"
    two = {"zensical.toml": text, "docs/index.md": index, "docs/fix.md": "# Fix\n\n## There\n"}
    refused = build(tmp_path / "site", lay_out(tmp_path / "p", two)) or ""
    assert "page does not exist" in refused
    assert "anchor does not exist" in refused
    assert "2 issues found" in refused
