"""`explain`: the rules in words, on a terminal and on a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from jit_guard.config import CODES
from jit_guard.rules import load_rules
from jit_guard.rules.explained import listing, markdown, page, silence, table
from jit_guard.rules.rule import Rule
from projects import call

RULES = load_rules()
PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def test_without_a_code_every_rule_has_a_line(tmp_path: Path) -> None:
    result = call("explain", cwd=tmp_path)
    assert result.code == 0
    listed = [line.split()[0] for line in result.out.splitlines() if line.startswith("JG")]
    assert listed == list(CODES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_page_says_what_why_how_to_fix_and_how_to_silence(tmp_path: Path, rule: Rule) -> None:
    for word in (rule.code, rule.code.lower(), rule.name):
        result = call("explain", word, cwd=tmp_path)
        assert (result.code, result.err) == (0, "")
        flat = " ".join(result.out.split())
        assert flat.startswith(f"{rule.code} {rule.name} ({rule.severity})")
        for part in (rule.why, rule.fix, silence(rule)):
            assert " ".join(part.split()) in flat
        for part in ("Fires on:", "Silent on:", "To fix:", "To silence:"):
            assert part in result.out


@pytest.mark.parametrize(
    ("word", "near"), [("JG202X", "JG202"), ("jg21", "JG2"), ("missing-componet", "missing-comp")]
)
def test_an_unknown_rule_is_an_error_that_suggests_the_nearest(
    tmp_path: Path, word: str, near: str
) -> None:
    result = call("explain", word, cwd=tmp_path)
    assert result.code == 2
    assert f"did you mean '{near}" in result.err


def test_lines_fit_a_terminal() -> None:
    for rule in RULES:
        for line in page(rule):
            assert len(line) <= 100 or "http" in line, line
            assert line.isprintable() or line == ""


@pytest.mark.parametrize("code", [code for code in CODES if code.startswith(("JG0", "JG4"))])
def test_the_page_says_when_a_baseline_cannot_accept_a_rule(code: str) -> None:
    rule = next(rule for rule in RULES if rule.code == code)
    assert "cannot accept" in silence(rule)


def test_the_listing_and_the_table_hold_every_rule() -> None:
    assert len(list(listing(RULES))) == len(RULES)
    assert len(list(table(RULES))) == len(RULES) + 2


@pytest.mark.skipif(not PAGE.exists(), reason="the page is not written yet")
def test_the_page_in_the_docs_is_what_explain_shows() -> None:
    assert PAGE.read_text("utf-8").rstrip("\n").split("\n") == list(markdown(RULES))
