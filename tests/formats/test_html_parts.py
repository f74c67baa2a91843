"""The parts of the picture of a library, each with exactly what it says."""

from __future__ import annotations

import re

import pytest

from jit_guard.report import Failed, Fixed, Report, Skipped
from pictures import pictured, reported
from reports import finding, orphan, report

SIGN = {
    "ok": "M4.5 8.3l2.3 2.3 4.7-5",
    "warning": "M8 4.2v4.6M8 11.3v.1",
    "error": "M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4",
}
WARNING = finding(2, severity="warning")
IN_MAP = "12 entries, 11 components in <code>goal_map.json</code>"


@pytest.mark.parametrize(
    ("made", "kind", "result", "size"),
    [
        (report(), "ok", "Nothing wrong", IN_MAP),
        (report(finding()), "error", "1 error", IN_MAP),
        (report(WARNING), "warning", "1 warning", IN_MAP),
        (report(finding(), orphan(), WARNING), "error", "2 errors, 1 warning", IN_MAP),
        (
            report(WARNING, unreadable=("x",)),
            "error",
            "Not everything could be read, 1 warning",
            IN_MAP,
        ),
        (report(maps=(), entries=1, components=1), "ok", "Nothing wrong", "1 entry, 1 component"),
        (
            report(maps=("a", "b"), entries=1234, components=0),
            "ok",
            "Nothing wrong",
            "1,234 entries, 0 components in <code>a</code>, <code>b</code>",
        ),
        (
            report(maps=tuple("abcdefg"), source="index", accepted=1, preset="<p>"),
            "ok",
            "Nothing wrong",
            "12 entries, 11 components in "
            + ", ".join(f"<code>{one}</code>" for one in "abcde")
            + " and 2 more, as in <code>index</code>; 1 finding accepted by the baseline; "
            "preset &lt;p&gt;, no configuration found",
        ),
        (
            report(maps=tuple("abcde"), accepted=2),
            "ok",
            "Nothing wrong",
            "12 entries, 11 components in "
            + ", ".join(f"<code>{one}</code>" for one in "abcde")
            + "; 2 findings accepted by the baseline",
        ),
    ],
)
def test_the_head_has_the_result_and_what_was_checked(
    made: Report, kind: str, result: str, size: str
) -> None:
    text = pictured(made)
    maps = ", ".join(made.maps) or "jit-guard"
    assert f"<title>{result}: {maps}</title>" in text
    assert f'<header class="top {kind}">' in text
    assert f'<circle cx="8" cy="8" r="8"/><path d="{SIGN[kind]}"/></svg>\n<h1>{result}</h1>' in text
    assert f"</h1>\n<p>{size}</p>\n</header>" in text
    assert '<a class="skip" href="#main">Skip to the main</a>' in text


def test_a_bar_has_the_share_of_each_status() -> None:
    assert re.findall(r'<rect class="s-(\w+)" x="(.*?)" width="(.*?)"', pictured(reported())) == [
        ("present", "0.0", "373.0"),
        ("generated", "375.0", "123.0"),
        ("orphan", "500.0", "248.0"),
        ("broken", "750.0", "123.0"),
        ("missing", "875.0", "123.0"),
    ]
    assert "<rect" not in pictured(report())


def test_findings_are_in_groups_each_with_its_place_its_entry_and_its_hint() -> None:
    plain = finding(4, hint=None, line=None, goal=None, component_type=None, entry="<4>")
    text = pictured(report(finding(1), WARNING, plain._replace(severity="warning"), orphan()))
    section = text[text.index('<section id="findings"') : text.index("</section>")]
    assert section.split("\n") == [
        '<section id="findings" aria-label="Findings">',
        "<h2>Findings</h2>",
        '<details class="group error" open><summary>',
        '<span class="code">JG201</span> <span>missing-component</span> ',
        '<span class="number">1 error</span></summary>',
        "<ul>",
        "<li>",
        (
            '<span class="where">goal_map.json:1:17</span> <strong>GOAL_1/persona</strong> '
            "components/personas/1.txt does not exist"
        ),
        '<p class="hint"><code>jit-guard --fix</code> writes it</p>',
        "</li>",
        "</ul>",
        "</details>",
        '<details class="group error" open><summary>',
        '<span class="code">JG301</span> <span>orphan-component</span> ',
        '<span class="number">1 error</span></summary>',
        "<ul>",
        "<li>",
        (
            '<strong><span class="d">components/personas/</span>left.txt</strong> '
            "no entry references this file"
        ),
        "</li>",
        "</ul>",
        "</details>",
        '<details class="group warning" open><summary>',
        '<span class="code">JG201</span> <span>missing-component</span> ',
        '<span class="number">2 warnings</span></summary>',
        "<ul>",
        "<li>",
        (
            '<span class="where">goal_map.json</span> <strong>&lt;4&gt;</strong> '
            "components/personas/4.txt does not exist"
        ),
        "</li>",
        "<li>",
        (
            '<span class="where">goal_map.json:2:17</span> <strong>GOAL_2/persona</strong> '
            "components/personas/2.txt does not exist"
        ),
        '<p class="hint"><code>jit-guard --fix</code> writes it</p>',
        "</li>",
        "</ul>",
        "</details>",
        "",
    ]


def test_the_notices_are_a_list_and_what_a_fix_did_is_another() -> None:
    text = pictured(
        report(
            unreadable=("<x>: permission denied",),
            trouble="the key is <wrong>",
            skipped=(Skipped("JG301", "<m>.json", "it is broken"), Skipped("JG208", None, "a & b")),
            fixed=(Fixed("relinked", "A", "persona", "a<b.txt"),),
            failed=(Failed("B", "persona", "it was <empty>"), Failed("C", "persona", "no")),
        )
    )
    notices = text[text.index('<ul class="notices">') : text.index("</main>")]
    assert notices.split("\n") == [
        '<ul class="notices">',
        "<li><b>Could not be read:</b> &lt;x&gt;: permission denied</li>",
        "<li><b>Stopped:</b> the key is &lt;wrong&gt;</li>",
        "<li><b>JG301 was not checked</b> for <code>&lt;m&gt;.json</code>: it is broken</li>",
        "<li><b>JG208 was not checked</b>: a &amp; b</li>",
        "</ul>",
        '<details class="group"><summary>Fixed: 1, not fixed: ',
        "2</summary><ul>",
        "<li><b>relinked</b> A/persona: <code>a&lt;b.txt</code></li>",
        "<li><b>not fixed</b> B/persona: it was &lt;empty&gt;</li>",
        "<li><b>not fixed</b> C/persona: no</li>",
        "</ul></details>",
        "",
    ]


def test_a_finding_leads_to_the_first_component_that_it_is_about() -> None:
    text = pictured(reported())
    for goal, path in (
        ("COUNT_STOCK/persona", "keeper.txt"),
        ("COUNT_STOCK/checklist", "blank.txt"),
    ):
        link = re.search(rf'<strong><a href="#(c-\w+)">{goal}</a></strong>', text)
        assert link is not None
        article = text[text.index(f'id="{link[1]}"') :]
        assert path in article[: article.index("</article>")]


def test_a_page_ends_with_the_version_and_the_keys() -> None:
    *_, end = pictured(report()).split("</main>\n")
    assert end.startswith('<footer class="end"><p>jit-guard ')
    assert end.endswith("</script>\n</body>\n</html>")
