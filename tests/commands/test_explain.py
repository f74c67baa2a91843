"""`explain`: the rules in words, on a terminal and on a page."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from jit_guard.config import CODES
from jit_guard.rules import explained, load_rules
from jit_guard.rules import page as find_page
from jit_guard.rules.explained import html, listing, markdown, page, silence, table
from jit_guard.rules.rule import Example, Rule, under_contract
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


# As wide as a page, and what would be one character wider.
LINES = (f"Because {'of this ' * 8}evenness", "x" * 40, f"{'y' * 30}-{'z' * 9}", f"<{'w' * 99}>")
ODD = RULES[0]._replace(
    code="JG999",
    name="odd-thing",
    summary="it is `a` & <b>",
    why="\n".join(LINES),
    fix="Undo `it`.",
    bad=Example(
        {"map.json": b"\xef\xbb\xbf{}\n", "none": "", "two": "a\n\x1b<b>\n", "x": "\ufeffy\nz"},
        {"allow_empty": True, **under_contract(max_bytes=5, headings=("# A",))},
        ("map.json", "two"),
    ),
    good=Example({"map.json": "{}\n"}),
)
BAD = (
    "configuration: allow-empty = true",
    'configuration: types.persona.contract.headings = ["# A"]',
    "configuration: types.persona.contract.max-bytes = 5",
    "in git: map.json, two",
    "map.json: (byte order mark){}",
    "none: (empty)",
    "two:",
    "    a",
    r"    \x1b<b>",
    "x:",
    "    (byte order mark)y",
    "    z",
)


def test_a_page_shows_both_examples_as_they_are() -> None:
    assert len(LINES[0]) == 80
    assert list(page(ODD)) == [
        "JG999 odd-thing (error)",
        "",
        "It is `a` & <b>.",
        "",
        *LINES,
        "",
        "Fires on:",
        *(f"    {line}" for line in BAD),
        "",
        "Silent on:",
        "    map.json: {}",
        "",
        "To fix: Undo `it`.",
        "",
        'To silence: `--ignore JG999`, or `ignore = ["JG999"]` in the configuration.',
        "`--update-baseline` accepts the current findings.",
    ]


def test_the_page_of_hyperlinks_shows_them_as_well() -> None:
    shown = "\n".join(html([ODD]))
    assert '<h2 id="JG999">JG999 odd-thing</h2>' in shown
    assert "<p><em>error</em>: it is <code>a</code> &amp; &lt;b&gt;</p>" in shown
    bad = "\n".join(BAD).replace("<b>", "&lt;b&gt;").replace('"', "&quot;")
    assert f"<p>Fires on:</p>\n<pre>{bad}</pre>" in shown
    assert "<p>Silent on:</p>\n<pre>map.json: {}</pre>" in shown
    assert "<strong>To fix:</strong> Undo <code>it</code>." in shown
    assert "<strong>To silence:</strong> <code>--ignore JG999</code>" in shown
    assert find_page().endswith("/jit_guard/rules/rules.html")


def test_the_module_prints_the_page_of_the_docs_only_when_it_is_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def printed(name: str, *argv: str) -> str:
        monkeypatch.setattr(sys, "argv", ["explained", *argv])
        runpy.run_path(explained.__file__, run_name=name)
        return capsys.readouterr().out

    assert printed("jit_guard.rules.explained") == ""
    assert printed("__main__") == PAGE.read_text("utf-8")
    assert printed("__main__", "html").startswith("<!doctype html>")


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
