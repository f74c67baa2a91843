"""The picture of a library: what it shows, and that nothing in a project becomes markup."""

from __future__ import annotations

import json
import re
import time
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given

from jit_guard import Guard
from jit_guard.formats import Options, render
from jit_guard.formats.html import findings as findings_module
from jit_guard.generators.generator import Request, Text, Usage
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import Arrival, Key, Placed, Wanted
from jit_guard.report import Failed, Fixed, Report, Skipped
from jit_guard.text.printable import quiet_lines
from pictures import GOALS, LIBRARY, Page, nasty, picture_of, pictured, reported
from projects import TEXT, call, lay_out, sound
from reports import finding, hostile, orphan, report, reports

_ELEMENTS = {
    "html", "head", "meta", "title", "link", "style", "body", "a", "header", "svg", "circle",
    "path", "rect", "h1", "h2", "h3", "h4", "p", "code", "main", "ul", "li", "b", "details",
    "summary", "span", "strong", "section", "form", "label", "input", "kbd", "fieldset", "legend",
    "output", "div", "table", "thead", "tbody", "tr", "th", "td", "wbr", "article", "dl", "dt",
    "dd", "time", "q", "pre", "footer", "script",
}  # fmt: skip


@pytest.fixture
def page() -> Page:
    return Page(pictured(reported()))


def is_ours(page: Page) -> None:
    """Every element and attribute is the format's own, and nothing leads out of the page."""
    for tag, attributes in page.tags:
        assert tag in _ELEMENTS
        assert not any(name.startswith("on") or name in ("style", "src") for name in attributes)
        target = attributes.get("href")
        assert target is None or target.startswith(("#", "data:image/svg+xml,")), target
    links = {str(one["href"])[1:] for one in page.attributes("a")}
    assert links <= page.texts.keys(), "every link leads somewhere"
    assert sum(tag == "script" for tag, _ in page.tags) == 1


def test_the_result_and_the_counts_come_first(page: Page) -> None:
    assert page.words.split("Skip to the library")[1].startswith(
        "\n\n\n\n4 errors\n7 entries, 7 components in goal_map.json"
    )
    assert Page(pictured(reported(sound({"A": {"t": "a"}})))).words.count("Nothing wrong") == 2


def test_goals_and_types_are_a_table(page: Page) -> None:
    assert page.rows[:4] == [
        ["Goal", "persona", "protocol", "checklist"],
        ["SERVE_GUESTS", "present: host.txt", "present: welcome.txt", "present: tables.txt"],
        [
            "CLOSE_UP",
            "present: host.txt",
            "generated: autogen_protocol_for_close_up.txt",
            "",
        ],
        ["COUNT_STOCK", "missing: keeper.txt", "", "broken: blank.txt"],
    ]


def test_files_without_an_entry_are_a_table_with_the_same_columns(page: Page) -> None:
    assert page.rows[4:] == [
        ["File", "persona", "protocol", "checklist", "elsewhere"],
        ["components/notes/idea.md", "", "", "", "orphan: no entry"],
        ["components/personas/former.txt", "orphan: no entry", "", "", ""],
    ]


def test_the_tables_have_the_semantics_of_tables(page: Page) -> None:
    scopes = {(one["scope"], one["role"]) for one in page.attributes("th")}
    assert scopes == {("col", "columnheader"), ("row", "rowheader")}
    assert all(one["role"] == "cell" for one in page.attributes("td"))
    labels = [str(one["aria-labelledby"]) for one in page.attributes("table")]
    assert [page.texts[one] for one in labels] == [
        "goal_map.json 3 goals, 7 entries",
        "Files that no entry names 2 files",
    ]


def test_the_filter_offers_every_status_that_occurs(page: Page) -> None:
    values = [one["value"] for one in page.attributes("input") if one["type"] == "radio"]
    assert values == ["", "missing", "broken", "orphan", "generated", "present"]
    assert re.findall(r"(?m)^(all|missing|orphan|present)\s+(\d+)", page.words) == [
        ("all", "8"), ("missing", "1"), ("orphan", "2"), ("present", "3"),
    ]  # fmt: skip


def test_a_component_has_a_panel_with_its_text_and_what_is_wrong_with_it(page: Page) -> None:
    assert page.panel("host.txt") == (
        "components/personas/host.txt \N{MULTIPLICATION SIGN} present "
        "Named bySERVE_GUESTS/persona, CLOSE_UP/persona "
        "Size40 bytes, 2 lines Text You welcome people. You know the house."
    )
    missing = page.panel("keeper.txt")
    assert "JG201 components/personas/keeper.txt does not exist" in missing
    assert "jit-guard --fix" in missing
    assert "JG301" in page.panel("former.txt")
    assert "the ledger here does not have it" in page.panel("autogen_protocol")


def test_findings_are_grouped_and_few_are_open() -> None:
    few = Page(pictured(report(finding(1), finding(2), orphan())))
    groups = list(few.attributes("details"))
    assert len(groups) == 2
    assert all("open" in one for one in groups)
    assert few.words.count("jit-guard --fix writes it") == 1, "one hint for a group of equal ones"
    many = Page(pictured(report(*(finding(number) for number in range(9)))))
    assert ["open" in one for one in many.attributes("details")] == [False]


def test_many_findings_of_a_rule_end_with_a_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings_module, "MOST", 3)
    made = Page(pictured(report(*(finding(number) for number in range(5)))))
    assert sum(tag == "li" for tag, _ in made.tags) == 3
    assert "2 more; run jit-guard \nto see them" in made.words


def test_a_finding_leads_to_its_component(page: Page) -> None:
    text = pictured(reported())
    target = re.search(r'<strong><a href="#(c-\w+)">COUNT_STOCK/persona</a>', text)
    assert target is not None
    assert "keeper.txt" in page.texts[target[1]]


def test_without_an_inventory_the_findings_are_shown() -> None:
    made = Page(pictured(report(finding())))
    is_ours(made)
    assert "missing-component" in made.words
    assert "Library" not in made.words


def test_notices_say_what_is_not_known_and_what_a_fix_did() -> None:
    made = Page(
        pictured(
            report(
                skipped=(Skipped("JG301", "goal_map.json", "it is broken"),),
                unreadable=("x: permission denied",),
                fixed=(Fixed("generated", "A", "persona", "components/personas/a.txt"),),
                failed=(Failed("B", "persona", "the answer was empty"),),
            )
        )
    )
    assert "Not everything could be read" in made.words
    assert "JG301 was not checked for goal_map.json: it is broken" in made.words
    assert "Could not be read: x: permission denied" in made.words
    assert "generated A/persona: components/personas/a.txt" in made.words
    assert "not fixed B/persona: the answer was empty" in made.words


def test_an_invalid_map_shows_the_finding_and_the_files() -> None:
    made = Page(pictured(reported({**LIBRARY, "goal_map.json": '{"A": {,}}'})))
    is_ours(made)
    assert "JG001 invalid-json" in made.words
    assert "Files that no known entry names" in made.words
    assert ["components/personas/host.txt", "unclear: not known"] in made.rows


def test_a_map_with_very_many_types_is_a_list() -> None:
    goals = {f"G{number}": {f"t{number}": f"{number}.txt"} for number in range(60)}
    made = Page(pictured(reported(sound(goals))))
    assert made.rows[:2] == [["Entry", "component"], ["G0/t0", "present: components/t0s/0.txt"]]


def test_names_that_join_to_the_same_text_have_different_ids() -> None:
    goals = {"A": {"b\0c": "x.txt"}, "A\0b": {"c": "x.txt"}, "A\0": {"b\0c": "x.txt"}}
    text = pictured(reported({**LIBRARY, "goal_map.json": json.dumps(goals)}))
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert sum(one.startswith("e-") for one in ids) >= len(goals)
    assert len(set(ids)) == len(ids)


def test_a_registry_is_a_list(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path,
        {
            "jit-guard.toml": '[[registry]]\nfile = "p.json"\nentries = "$[*].source"\n'
            'target = "{value}/"\ntree = ["plugins/*/"]\n',
            "p.json": '[{"source": "plugins/a"}, {"source": "plugins/b"}]',
            "plugins/a/README.md": "What it does.\n",
        },
    )
    made = Page(picture_of(root))
    is_ours(made)
    assert made.rows == [
        ["Entry", "component"],
        ["[0].source", "present: plugins/a/"],
        ["[1].source", "missing: plugins/b/"],
    ]
    assert "Text of README.md What it does." in made.panel("a/")
    assert "JG201" in made.panel("b/")


def test_where_a_text_comes_from_is_in_its_panel(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {"goal_map.json": '{"SERVE_GUESTS": {"persona": "host.txt"}}'})
    (root / "d.json").write_text('{"SERVE_GUESTS": {"persona": "Who <b>serves</b>"}}')
    fix = ("--fix", "--yes", "--generator", "scaffold", "--descriptions", "d.json")
    call(*fix, cwd=root)
    panel = Page(picture_of(root)).panel("autogen_persona_for_serve_guests.txt")
    assert re.search(r"Generated\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC by scaffold, as gen", panel)
    assert "draft" in panel
    assert "Who <b>serves</b>" in panel


@pytest.mark.parametrize(
    ("usage", "shown"),
    [
        (Usage(None, None, 0), "1.5 s"),
        (Usage(None, 7, 0), "1.5 s, 0 tokens in, 7 out"),
        (Usage(1234, None, 0), "1.5 s, 1,234 tokens in, 0 out"),
    ],
)
def test_what_a_text_took_is_in_its_panel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, usage: Usage, shown: str
) -> None:
    path = "components/personas/host.txt"
    root = lay_out(tmp_path, {"goal_map.json": '{"A": {"persona": "host.txt"}}', path: TEXT})
    key = Key("A", "persona", "host.txt", "", "command", "cat", "1")
    request = Request("A", "persona", "host.txt", path, "")
    with Ledger(str(root)) as ledger:
        monkeypatch.setattr(time, "time", lambda: 1_800_000_001.5)
        text = Text(TEXT, usage, "cat")
        (stored,) = ledger.arrived([Arrival(Wanted(path, key), request, text, 1_800_000_000.0)])
        ledger.committed([Placed(stored.id, path, TEXT.encode())])
        monkeypatch.undo()
    panel = Page(picture_of(root)).panel("host.txt")
    assert f"2027-01-15 08:00:01 UTC by command cat, as generated {shown}" in panel, panel


# --- hostile input -------------------------------------------------------------------------------


@pytest.fixture
def nasty_text() -> str:
    return pictured(reported(nasty()))


def test_nothing_in_a_project_becomes_markup(nasty_text: str) -> None:
    made = Page(nasty_text)
    is_ours(made)
    assert "<script>document.title='owned'</script>" in made.words
    assert "javascript:document.title='owned'" in made.words


def test_invisible_characters_are_visible(nasty_text: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]", nasty_text)
    assert "a\\u202ecod.exe" in Page(nasty_text).words


def test_no_ci_runner_finds_a_command_in_it(nasty_text: str) -> None:
    lines = list(render("html", reported(nasty()), Options()))
    # The file is written through this; a change would break the hashes of the policy.
    assert "".join(quiet_lines(lines)) == f"{nasty_text}\n"
    assert not re.search(r"(?m)^\s*::|##\[|##vso\[", nasty_text)


@pytest.mark.parametrize("name", ["<b>x</b>", "a\nb", "\u202e", "caf\udce9", "'\"&"])
def test_names_in_findings_are_escaped(name: str) -> None:
    text = pictured(hostile(name))
    assert "<b>x" not in text
    text.encode()
    assert "\u202e" not in text


@given(reports)
def test_any_report_is_a_page(sample: Report) -> None:
    Page(pictured(sample))


def test_the_policy_allows_only_our_style_and_script(nasty_text: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', nasty_text)
    assert policy is not None
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (content,) = re.findall(rf"(?s)<{tag}>(.*?)</{tag}>", nasty_text)
        digest = b64encode(sha256(content.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy[1]
    assert policy[1].startswith("default-src 'none'; ")
    assert "unsafe" not in policy[1]
    assert "http" not in policy[1]


# --- the file ------------------------------------------------------------------------------------


def test_the_same_project_gives_the_same_bytes(tmp_path: Path) -> None:
    first = picture_of(lay_out(tmp_path / "a", LIBRARY))
    assert picture_of(lay_out(tmp_path / "b", dict(reversed(LIBRARY.items())))) == first


def test_another_component_changes_only_its_own_lines() -> None:
    goals = {**GOALS, "NEW": {"persona": "new.txt"}}
    more = {
        **LIBRARY,
        "goal_map.json": json.dumps(goals, indent=2),
        "components/personas/new.txt": "You are new.\n",
    }
    before, after = pictured(reported()).split("\n"), pictured(reported(more)).split("\n")
    counts = [
        one for one in before if re.search(r"\d+ (entries|components)|all <b>|present <b>|bar", one)
    ]
    gone = [one for one in before if one not in after and one not in counts]
    assert gone == []


def test_exit_codes_are_those_of_the_check(tmp_path: Path) -> None:
    root = lay_out(tmp_path, LIBRARY)
    assert call("--format", "html=out.html", cwd=root).code == 1
    assert (root / "out.html").read_text("utf-8").startswith("<!doctype html>\n")
    assert call("--format", "html=out.html", "--select", "JG302", cwd=root).code == 0


def test_a_fix_is_pictured_as_it_left_the_project(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**LIBRARY, "goal_map.json": '{"A": {"persona": "keeper.txt"}}'})
    outcome = call(
        "--fix", "--yes", "--generator", "scaffold", "--format", "html=out.html", cwd=root
    )
    assert outcome.code == 1
    made = Page((root / "out.html").read_text("utf-8"))
    assert made.rows[1] == ["A", "draft: autogen_persona_for_a.txt"]
    assert "generated A/persona" in made.words


def test_a_clean_check_without_a_picture_imports_nothing_of_it(project: Path) -> None:
    import sys

    known = [one for one in sys.modules if one.startswith("jit_guard.inventory")]
    saved = {one: sys.modules.pop(one) for one in known}
    try:
        Guard(root=project).check()
        assert not any(one.startswith("jit_guard.inventory") for one in sys.modules)
    finally:
        sys.modules.update(saved)
