"""Markdown: what a reviewer sees after rendering, and that no name becomes markup."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from jit_guard.formats.markdown import MOST_BYTES, OPEN
from jit_guard.report import Failed, Fixed, Report, Skipped
from jit_guard.text.printable import printable
from reports import HOSTILE, finding, hostile, orphan, report, reports, text

_OURS = {
    "h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "details", "summary",
    "blockquote", "strong",
}  # fmt: skip


class Rendered(HTMLParser):
    """A rendered document: its tags, and the text of every cell."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.rows: list[list[str]] = []
        self.codes: list[str] = []
        self._open: list[str] = []
        self.words = ""
        self.feed(MarkdownIt("gfm-like").render(markdown))
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not attrs
        self.tags.append(tag)
        self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")
        elif tag == "code":
            self.codes.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data
        if "td" in self._open:
            self.rows[-1][-1] += data
        if "code" in self._open:
            self.codes[-1] += data

    @property
    def cells(self) -> list[list[str]]:
        """The rows of all tables, without their heads."""
        return [row for row in self.rows if row]


def rendered(sample: Report) -> Rendered:
    """A report as a reader sees it, checked to contain only the format's own tags."""
    made = Rendered(text("markdown", sample))
    assert set(made.tags) <= _OURS
    return made


def test_the_result_comes_first() -> None:
    warned = report(finding(), finding(2), finding(3, severity="warning"))
    assert text("markdown", warned).startswith("## ❌ jit-guard: 2 errors, 1 warning\n")
    mild = report(finding(severity="warning"))
    assert text("markdown", mild).startswith("## ⚠️ jit-guard: 1 warning\n")


def test_a_clean_report_says_how_much_was_checked() -> None:
    assert text("markdown", report(accepted=3)) == (
        "## ✅ jit-guard: nothing wrong\n\n"
        "12 entries, 11 components in `goal_map.json`; 3 accepted by the baseline."
    )


def test_a_row_says_where_what_and_how_to_fix_it() -> None:
    made = rendered(report(finding(3)))
    assert made.cells == [
        [
            "3:17",
            "❌ JG201 missing-component",
            "GOAL_3/persona: components/personas/3.txt does not exist",
            "jit-guard --fix writes it",
        ]
    ]
    assert made.codes == [
        "goal_map.json", "goal_map.json", "GOAL_3/persona", "components/personas/3.txt",
        "jit-guard --fix",
    ]  # fmt: skip


def test_an_orphan_shows_its_path_as_position() -> None:
    (row,) = rendered(report(orphan("components/x.txt"))).cells
    assert row[0] == "components/x.txt"


def test_every_finding_has_its_row_and_a_long_list_is_folded() -> None:
    sample = report(*(finding(number) for number in range(1, OPEN + 6)))
    made = rendered(sample)
    assert len(made.cells) == OPEN + 5
    shown, _, folded = text("markdown", sample).partition("<details><summary>5 more</summary>")
    assert shown.count("JG201") == OPEN
    assert folded.count("JG201") == 5
    assert made.tags.count("table") == 2


def test_a_short_list_is_not_folded() -> None:
    sample = report(*(finding(number) for number in range(1, OPEN + 1)))
    assert "<details>" not in text("markdown", sample)


def test_a_summary_stays_below_githubs_limit() -> None:
    sample = report(*(finding(number, message="|" * 4000) for number in range(1, 50)))
    shown = text("markdown", sample)
    assert MOST_BYTES / 2 < len(shown.encode()) < 1024 * 1024
    rows = shown.count("| ❌ JG201 missing-component |")
    assert shown.endswith(f"… and {49 - rows:,} more; run `jit-guard` to see them.")


def test_what_a_fix_fixed_and_did_not_fix_is_reported() -> None:
    sample = report(
        fixed=(Fixed("generated", "A", "persona", "components/personas/a.txt", "scaffold"),),
        failed=(Failed("B|", "persona", "the answer was empty"),),
    )
    made = rendered(sample)
    assert made.cells == [
        ["A/persona", "generated", "components/personas/a.txt"],
        ["B|/persona", "the answer was empty"],
    ]
    assert "Fixed: 1" in made.words
    assert "Not fixed: 1" in made.words


def test_what_could_not_be_checked_is_reported_before_the_tables() -> None:
    sample = report(
        finding(),
        unreadable=("x: permission denied",),
        skipped=(Skipped("JG301", "goal_map.json", "it is broken"),),
    )
    words = rendered(sample).words
    assert "not everything could be read" in words
    assert words.index("x: permission denied") < words.index("JG201 missing")
    assert words.index("JG301 was not checked for goal_map.json: it is broken") < words.index(
        "GOAL"
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_exactly_and_never_as_markup(name: str) -> None:
    sample = hostile(name)
    made = rendered(sample)
    for row, found in zip(made.cells, sample.findings, strict=True):
        assert len(row) == 4
        assert " ".join(printable(found.message).split()) in " ".join(row[2].split())
    assert "##[" not in text("markdown", sample)


@given(reports)
def test_no_report_renders_to_anything_but_our_own_tags(sample: Report) -> None:
    assert [len(row) for row in rendered(sample).cells] == [4] * len(sample.findings)
    assert printable(text("markdown", sample).replace("\n", "")) == (
        text("markdown", sample).replace("\n", "")
    )
