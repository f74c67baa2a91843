"""What a built site refers to: every link leads somewhere, and nothing is loaded from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

# Elements that make a browser load something, and the attributes that name it. Links of other kinds
# (canonical, next, prev) are only read.
_LOADS = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "iframe": ("src",),
    "video": ("src", "poster"),
    "audio": ("src",),
}
_LOADED = {"stylesheet", "icon", "preload", "prefetch", "preconnect", "dns-prefetch", "manifest"}
# What the theme's script takes as a reason to ask another server.
_ASKS = {
    "class": {"mermaid", "glightbox", "pyodide"},  # a content delivery network
    "data-md-component": {"source"},  # the forge, for the number of stars
}
_IN_CSS = re.compile(r"""(?:url\(|@import\s+)["']?(https?:)?//[^"')]+""")


class Page(NamedTuple):
    """The anchors of one page, where its links lead, and what it loads."""

    anchors: frozenset[str]
    links: tuple[str, ...]
    loads: tuple[str, ...]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value is not None}
        self.anchors.update(values[name] for name in ("id", "name") if name in values)
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "link" and _LOADED & set(values.get("rel", "").split()):
            self.loads.append(values.get("href", ""))
        self.loads += [values[name] for name in _LOADS.get(tag, ()) if name in values]
        for name, reasons in _ASKS.items():
            found = reasons & set(values.get(name, "").split())
            self.loads += [f"https://…, for {name}={reason}" for reason in sorted(found)]


def page(html: str) -> Page:
    """Read one page."""
    reader = _Reader()
    reader.feed(html)
    return Page(frozenset(reader.anchors), tuple(reader.links), tuple(reader.loads))


def problems(site: Path) -> Iterator[str]:
    """What is wrong with a site, one sentence each. No network is asked."""
    pages = {path: page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, content in pages.items():
        name = path.relative_to(site)
        for target in (*content.links, *content.loads):
            if _is_elsewhere(target):
                if target in content.loads:
                    yield f"{name} loads {target}"
            elif name.name != "404.html":  # its links are relative to the top
                yield from (
                    f"{name}: {target} {reason}" for reason in _broken(path, target, pages, site)
                )
    for path in sorted(site.rglob("*.css")):
        for found in _IN_CSS.finditer(path.read_text("utf-8")):
            yield f"{path.relative_to(site)} loads {found[0]}"


def _is_elsewhere(target: str) -> bool:
    parts = urlsplit(target)
    return bool(parts.netloc or parts.scheme not in ("", "data"))


def _broken(path: Path, target: str, pages: dict[Path, Page], site: Path) -> Iterator[str]:
    parts = urlsplit(target)
    if parts.scheme == "data":
        return
    leads = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if leads.is_dir():
        leads /= "index.html"
    if not leads.is_file() or not leads.is_relative_to(site.resolve()):
        yield "does not exist"
    elif parts.fragment and leads in pages and unquote(parts.fragment) not in pages[leads].anchors:
        yield "has no such anchor"
