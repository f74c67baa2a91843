"""The picture in a browser: what it runs, what it requests, its keys, and who can use it.

These need the programs `chromium` and the packages `playwright` and `axe-playwright-python`.
"""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from jit_guard.inventory.inventory import Component, Inventory, ListedEntry, Register
from pictures import GOALS, NASTY, nasty, pictured, reported
from projects import sound
from reports import report

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not on the PATH")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Visit(NamedTuple):
    """A page that is open, and what the browser noticed."""

    page: Any
    requests: list[str]
    complaints: list[str]  # messages of the console, and uncaught errors


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pictures")
    many = {f"kind{number}": f"{number}.txt" for number in range(20)}
    samples = {
        "library": reported(),
        "nasty": reported(nasty()),
        "wide": reported(sound({"A": many, "B": many})),
        "large": report(inventory=large(2_000)),
    }
    for name, sample in samples.items():
        (made / f"{name}.html").write_text(pictured(sample), "utf-8")
    return made


def large(goals: int) -> Inventory:
    """The inventory of a map with five types."""
    types = ("persona", "protocol", "strategy", "template", "checklist")
    components, entries = {}, []
    for number in range(goals):
        for one in types:
            path = f"components/{one}s/{one}_{number}.txt"
            text = f"# Purpose\n\nThe {one} of goal {number}. " + "Some more of the text. " * 30
            components[path] = Component(path, ("present",), (), len(text), text)
            entries.append(ListedEntry((f"GOAL_{number}", one), path, f"GOAL_{number}", one))
    return Inventory([Register("m.json", types, tuple(entries), len(entries))], components, {})


class Pages:
    """A page for each kind of profile, which tests visit one after the other."""

    def __init__(self, browser: Any, directory: Path) -> None:
        self._browser = browser
        self._directory = directory
        self._visits: dict[tuple[tuple[str, bool], ...], Visit] = {}

    def visit(self, name: str = "library", *, width: int = 1280, **options: bool) -> Visit:
        """Load a picture anew; options are those of a profile."""
        key = tuple(sorted(options.items()))
        if key not in self._visits:
            self._visits[key] = self._open(**options)
        opened = self._visits[key]
        opened.page.goto("about:blank")
        opened.page.emulate_media(media="screen", color_scheme="light", reduced_motion="reduce")
        opened.page.set_viewport_size({"width": width, "height": 800})
        opened.requests.clear()
        opened.complaints.clear()
        opened.page.goto((self._directory / f"{name}.html").as_uri())
        return opened

    def _open(self, **options: bool) -> Visit:
        context = self._browser.new_context(**options)
        context.set_default_timeout(10_000)
        opened = Visit(context.new_page(), [], [])
        opened.page.on("request", lambda one: opened.requests.append(one.url))
        opened.page.on("console", lambda one: opened.complaints.append(one.text))
        opened.page.on("pageerror", lambda one: opened.complaints.append(str(one)))
        return opened


@pytest.fixture(scope="module")
def visit(browser: Any, directory: Path) -> Any:
    return Pages(browser, directory).visit


def settle(page: Any) -> None:
    """Wait until the page has done what was started, timers included."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def shown(page: Any, selector: str) -> list[str]:
    """The words of the visible elements."""
    found = page.locator(f":is({selector}):visible").all_inner_texts()
    return [" ".join(text.split()) for text in found]


def headers(page: Any) -> list[str]:
    return shown(page, "tbody th")


def focused(page: Any) -> str:
    text: str = page.evaluate("document.activeElement.textContent")
    return text


# --- safety --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["library", "nasty"])
def test_nothing_is_requested_and_the_console_is_silent(visit: Any, name: str) -> None:
    page, requests, complaints = visit(name)
    page.locator("td a").first.click()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("owned")
    settle(page)
    assert complaints == []
    assert all(one.startswith(("file:", "data:image/svg+xml,")) for one in requests)
    assert len([one for one in requests if one.startswith("file:")]) == 1
    assert "owned" not in page.title()


def test_hostile_texts_are_shown_as_they_are(visit: Any) -> None:
    page = visit("nasty").page
    page.evaluate("document.querySelectorAll('article').forEach(a => a.style.display = 'block')")
    texts = page.locator("pre.text").all_text_contents()
    for name in NASTY:
        if name.isprintable():
            assert any(text.startswith(f"{name}\n") for text in texts), name
    assert page.locator("img, iframe, object").count() == 0


def received(server: socket.socket) -> bytes:
    """What clients have sent; a browser may connect before it knows that it must not ask."""
    found = b""
    server.setblocking(False)
    while True:
        try:
            client, _ = server.accept()
        except BlockingIOError:
            return found
        with client, suppress(BlockingIOError):
            client.setblocking(False)
            found += client.recv(1000)


INJECTED = """
<script>window.owned = 1</script>
<img src="http://127.0.0.1:{port}/x.png" onerror="window.owned = 2">
<svg onload="window.owned = 3"></svg>
<style>h1 { display: none }</style>
<iframe src="http://127.0.0.1:{port}/"></iframe>
<form action="http://127.0.0.1:{port}/"><button id="send">x</button></form>
<a id="go" href="javascript:window.owned=4">x</a>
"""


@pytest.mark.timeout(60)  # a page that is leaving for a server that does not answer
def test_the_policy_stops_what_escaping_could_miss(visit: Any, directory: Path) -> None:
    text = (directory / "library.html").read_text("utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server:
        injected = INJECTED.replace("{port}", str(server.getsockname()[1]))
        (directory / "injected.html").write_text(text.replace("<footer", f"{injected}<footer"))
        page, _, complaints = visit("injected")
        page.evaluate("document.getElementById('send').click()")
        page.evaluate("document.getElementById('go').click()")
        settle(page)
        assert received(server) == b""
    assert page.evaluate("window.owned") is None
    assert page.locator("h1").is_visible()
    assert len(complaints) == 8  # two scripts in attributes, and each other thing in INJECTED once


def test_a_script_cannot_write_markup(visit: Any) -> None:
    page = visit().page
    tried = """() => {
      try { document.body.innerHTML = 'x'; return 'written'; } catch (error) { return error.name; }
    }"""
    assert page.evaluate(tried) == "TypeError"


# --- reading -------------------------------------------------------------------------------------


def test_without_javascript_everything_can_be_read(visit: Any) -> None:
    page = visit(java_script_enabled=False).page
    assert "4 errors" in page.locator("h1").inner_text()
    assert not page.locator("#search").is_visible()
    assert "does not exist" in page.locator("details li").first.inner_text()
    page.locator("summary").first.click()
    assert not page.locator("details li").first.is_visible()
    assert len(headers(page)) == 5
    page.locator("label[for=show-missing]").click()
    assert headers(page) == ["COUNT_STOCK"]
    page.locator("label[for=show-orphan]").click()
    assert len(headers(page)) == 2
    page.locator("label[for=show-all]").click()
    page.get_by_role("link", name="host.txt").first.click()
    panel = page.locator("article:visible")
    assert panel.count() == 1
    assert "You know the house." in panel.inner_text()
    panel.get_by_label("Close").click()
    assert page.locator("article:visible").count() == 0


def test_the_keys_filter_move_open_and_close(visit: Any) -> None:
    page = visit().page
    page.keyboard.press("/")
    page.keyboard.type("smile")  # only the text of a component has it
    assert headers(page) == ["SERVE_GUESTS"]
    assert page.locator("td a.hit").all_text_contents() == ["present: welcome.txt"]
    assert page.locator("#count").inner_text() == "1 of 5 rows"
    page.keyboard.press("Escape")
    assert len(headers(page)) == 5
    page.keyboard.type("close PERSONA")
    assert headers(page) == ["CLOSE_UP"]
    page.keyboard.press("Escape")
    page.locator("td a").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert focused(page) == "generated: autogen_protocol_for_close_up.txt"
    page.keyboard.press("Enter")
    page.locator("article h3:focus").wait_for()
    assert focused(page).endswith("autogen_protocol_for_close_up.txt")
    assert shown(page, "article h3") == ["components/protocols/autogen_protocol_for_close_up.txt"]
    page.keyboard.press("Escape")
    assert focused(page) == "generated: autogen_protocol_for_close_up.txt"
    assert shown(page, "article") == []


def test_arrow_keys_page_through_open_components(visit: Any) -> None:
    page = visit().page
    page.locator("td a").first.click()
    page.locator("td a").first.focus()
    page.keyboard.press("ArrowRight")
    page.locator("article:target h3", has_text="welcome").wait_for()
    assert focused(page) == "present: welcome.txt"


def test_statuses_are_filtered_by_keyboard(visit: Any) -> None:
    page = visit().page
    page.locator("#show-all").focus()
    page.keyboard.press("ArrowRight")
    assert headers(page) == ["COUNT_STOCK"]
    assert page.locator("#count").inner_text() == "1 of 5 rows"


def test_the_first_tab_skips_to_the_library(visit: Any) -> None:
    page = visit().page
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the library"
    assert page.locator(".skip").bounding_box()["y"] >= 0


def test_a_finding_opens_its_component_and_focus_returns(visit: Any) -> None:
    page = visit().page
    page.locator("details a").first.click()
    assert "keeper.txt" in shown(page, "article h3")[0]
    page.get_by_label("Close").locator("visible=true").click()
    assert focused(page) == "COUNT_STOCK/persona"


def test_an_address_with_a_component_opens_it(visit: Any, directory: Path) -> None:
    page = visit().page
    target = page.locator("td a").nth(1).get_attribute("href")
    page.goto("about:blank")
    page.goto(f"{(directory / 'library.html').as_uri()}{target}")
    assert shown(page, "article h3") == ["components/protocols/welcome.txt"]


@pytest.mark.parametrize("name", ["library", "nasty", "wide"])
def test_a_phone_needs_no_scrolling_sideways(visit: Any, name: str) -> None:
    page = visit(name, width=390).page
    measure = "document.documentElement.scrollWidth"
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate(measure) <= width
        page.locator("td a").first.click()
        assert page.evaluate(measure) <= width
        assert page.evaluate("document.querySelector('article:target').scrollWidth") <= width
        page.keyboard.press("Escape")
        assert shown(page, "article") == []


def test_print_has_the_findings_and_the_table_or_the_open_component(visit: Any) -> None:
    page = visit().page
    for summary in page.locator("summary").all():
        summary.click()
    assert shown(page, "details li") == []
    page.emulate_media(media="print")
    assert "does not exist" in " ".join(shown(page, "details li"))
    assert shown(page, ".search, .keys, .skip, .close") == []
    assert page.evaluate("getComputedStyle(document.querySelector('thead')).display") == (
        "table-header-group"
    )
    page.emulate_media(media="screen")
    page.locator("td a").first.click()
    page.emulate_media(media="print")
    assert shown(page, "h1, table") == []
    assert "You welcome people." in shown(page, "article")[0]


# --- accessibility -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "schemes"), [("library", ("light", "dark")), ("wide", ("light",))]
)
def test_axe_finds_nothing(visit: Any, name: str, schemes: tuple[str, ...]) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = visit(name, bypass_csp=True).page
    page.evaluate(axe.Axe().axe_script)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    for selector in (None, "td a"):  # closed, and with a component
        if selector:
            page.locator(selector).last.click()
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme)
            found = page.evaluate(
                "async (tags) => (await axe.run({ runOnly: tags })).violations", tags
            )
            assert not found, json.dumps(found, indent=2)


def test_the_table_reads_as_a_table(visit: Any) -> None:
    page = visit().page
    table = page.get_by_role("table", name="goal_map.json 3 goals, 7 entries")
    assert table.get_by_role("columnheader").all_inner_texts() == [
        "Goal", "persona", "protocol", "checklist",
    ]  # fmt: skip
    assert table.get_by_role("rowheader").all_inner_texts() == list(GOALS)
    assert page.get_by_role("link", name="missing: keeper.txt").count() == 1
    assert page.get_by_role("radio", name="missing 1").count() == 1
    assert page.get_by_role("searchbox", name="Filter by name or text").count() == 1
    page.get_by_role("link", name="missing: keeper.txt").click()
    assert page.get_by_role("article", name="components/personas/keeper.txt").count() == 1


def test_statuses_differ_without_colours(visit: Any) -> None:
    page = visit().page
    shapes = page.evaluate(
        """() => [...document.querySelectorAll('fieldset label[class]')].map((label) => {
          const style = getComputedStyle(label, '::before');
          return [style.clipPath, style.borderRadius, style.borderWidth, style.transform].join();
        })"""
    )
    assert len(shapes) == len(set(shapes)) == 5


# --- size ----------------------------------------------------------------------------------------


def test_ten_thousand_entries_are_filtered_in_a_moment(visit: Any) -> None:
    page, _, complaints = visit("large")
    page.locator("#search").focus()
    settle(page)
    # The time of the page's own thread, which other programs do not change.
    measure = page.context.new_cdp_session(page)
    measure.send("Performance.enable", {"timeDomain": "threadTicks"})

    def seconds() -> float:
        metrics = measure.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))

    before = seconds()
    page.evaluate(
        """() => {
          for (const words of ['g', 'goal_1', 'nothing', '', 'strategy_77']) {
            const search = document.getElementById('search');
            search.value = words;
            search.dispatchEvent(new Event('input', { bubbles: true }));
            document.body.getBoundingClientRect();
          }
        }"""
    )
    took = (seconds() - before) / 5
    assert took < 0.1
    assert page.locator("#count").inner_text() == "11 of 2,000 rows"
    page.evaluate("document.querySelector('tr:not([hidden]) td a').click()")
    assert "Some more of the text." in page.locator("article:target").inner_text()
    assert complaints == []
