"""Pictures of libraries for tests, and what a reader finds in one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from jit_guard import formats
from jit_guard.check import check
from jit_guard.config import Settings
from jit_guard.inventory.take import take_inventory
from jit_guard.report import Report
from jit_guard.sources.memory import Memory
from projects import Content, Files, call
from reports import HOSTILE

# Names that a browser or a reader could take for something else.
NASTY = (
    *HOSTILE[:-1],
    "</script><script>document.title='owned'</script>",
    "</pre></article><img src=x onerror=document.title='owned'>",
    "javascript:document.title='owned'",
    "\" onmouseover=document.title='owned' x=\"",
    "--></style><!--",
    "a\u202ecod.exe",
)
GOALS = {
    "SERVE_GUESTS": {"persona": "host.txt", "protocol": "welcome.txt", "checklist": "tables.txt"},
    "CLOSE_UP": {"persona": "host.txt", "protocol": "autogen_protocol_for_close_up.txt"},
    "COUNT_STOCK": {"persona": "keeper.txt", "checklist": "blank.txt"},
}
LIBRARY: dict[str, Content] = {
    "goal_map.json": json.dumps(GOALS, indent=2),
    "components/personas/host.txt": "You welcome people.\nYou know the house.\n",
    "components/protocols/welcome.txt": "# Steps\n\n1. Smile.\n",
    "components/protocols/autogen_protocol_for_close_up.txt": "Lock the door.\n",
    "components/checklists/tables.txt": "- [ ] Candles\n",
    "components/checklists/blank.txt": " \n",
    "components/personas/former.txt": "You left.\n",
    "components/notes/idea.md": "An idea.\n",
}


def reported(files: Files = LIBRARY, **settings: Any) -> Report:
    """The report on a project in memory, with an inventory."""
    return check(Memory(files), Settings(**settings), root="/nowhere", take=take_inventory)


def pictured(report: Report) -> str:
    """The picture of a report, as it is written to a file."""
    return "\n".join(formats.render("html", report, formats.Options()))


def picture_of(root: Path, *argv: str) -> str:
    """The picture that the command writes for a project on disk."""
    outcome = call("--format", "html", *argv, cwd=root)
    assert outcome.code in (0, 1), outcome.err
    return outcome.out


def nasty() -> dict[str, Content]:
    """A project in which goals, types, names and texts are what a browser could misread."""
    goals = {
        f"{number} {one}": {"persona": f"{number}.txt", f"kind{number}": f"{one}.txt"}
        for number, one in enumerate(one.replace("/", "-") for one in NASTY)
    }
    files: dict[str, Content] = {"goal_map.json": json.dumps(goals)}
    for number, one in enumerate(NASTY):
        text = one.encode("utf-8", "replace").decode()
        files[f"components/personas/{number}.txt"] = f"{text}\n::error::owned\n##[group]{text}\n"
    files["components/personas/<b>left.txt"] = "x"
    return files


class Page(HTMLParser):
    """A parsed picture, checked to be well formed.

    Attributes:
        tags: every element with its attributes, in order.
        texts: the text of every element that has an id, by its id.
        rows: the rows of all tables: their cells' words.
        statuses: a link's words -> its status.
    """

    _VOID = frozenset({"meta", "link", "input", "wbr", "rect", "circle", "path"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.rows: list[list[str]] = []
        self.words = ""
        self._open: list[tuple[str, str | None]] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        assert len(known) == len(attrs)
        self.tags.append((tag, known))
        if tag in self._VOID:
            return
        self._open.append((tag, known.get("id")))
        if known.get("id"):
            assert known["id"] not in self.texts, "ids are unique"
            self.texts[str(known["id"])] = ""
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._VOID:
            assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for tag, identifier in self._open:
            if identifier:
                self.texts[identifier] += data
            if tag in ("td", "th"):
                self.rows[-1][-1] += data
        if not any(tag in ("style", "script") for tag, _ in self._open):
            self.words += data

    def attributes(self, tag: str) -> Iterator[dict[str, str | None]]:
        """The attributes of every element with this name."""
        return (known for name, known in self.tags if name == tag)

    def panel(self, path: str) -> str:
        """The words of the panel of a component, on one line."""
        for identifier, text in self.texts.items():
            if identifier.startswith("c-") and path in self.texts[f"h{identifier}"]:
                return " ".join(text.split())
        raise AssertionError(path)
