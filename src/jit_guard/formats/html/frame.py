"""The frame of the page: its head, the result with its counts, and its end."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from urllib.parse import quote

from jit_guard.formats.html.library import Library
from jit_guard.formats.html.markup import count, name
from jit_guard.inventory.inventory import STATUSES
from jit_guard.report import Report
from jit_guard.version import __version__

_COLORS = {"ok": "#0b6e69", "warning": "#8a5300", "error": "#b3261e"}
_SIGNS = {
    "ok": "M4.5 8.3l2.3 2.3 4.7-5",
    "warning": "M8 4.2v4.6M8 11.3v.1",
    "error": "M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4",
}


def opening(report: Report, library: Library, style: str, script: str) -> Iterator[str]:
    """The lines up to the notices above the findings."""
    style += library.rules
    kind, result = _result(report)
    maps = ", ".join(report.maps)
    start = "library" if library.known else "main"
    yield from (
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{result}: {name(maps or 'jit-guard')}</title>",
        f'<link rel="icon" href="data:image/svg+xml,{_icon(kind)}">',
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        f'<a class="skip" href="#{start}">Skip to the {start}</a>',
        f'<header class="top {kind}">',
        '<svg class="sign" viewBox="0 0 16 16" aria-hidden="true">',
        f'<circle cx="8" cy="8" r="8"/><path d="{_SIGNS[kind]}"/></svg>',
        f"<h1>{result}</h1>",
        f"<p>{_size(report)}</p>",
        "</header>",
        '<main id="main" tabindex="-1">',
        *_composition(library),
        *_notices(report),
    )


def closing(script: str) -> Iterator[str]:
    """The lines after the components."""
    yield from (
        f'<footer class="end"><p>jit-guard {__version__}</p>',
        '<p class="keys" hidden><kbd>/</kbd> filter <kbd>←</kbd><kbd>↑</kbd><kbd>↓</kbd>',
        "<kbd>→</kbd> move <kbd>Enter</kbd> open <kbd>Esc</kbd> close</p></footer>",
        f"<script>{script}</script>",
        "</body>",
        "</html>",
    )


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _icon(kind: str) -> str:
    return quote(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
        f'<circle cx="8" cy="8" r="8" fill="{_COLORS[kind]}"/>'
        f'<path d="{_SIGNS[kind]}" fill="none" stroke="white" stroke-width="1.8" '
        'stroke-linecap="round"/></svg>'
    )


def _result(report: Report) -> tuple[str, str]:
    counts = []
    if report.errors:
        counts.append(count(report.errors, "error"))
    if report.warnings:
        counts.append(count(report.warnings, "warning"))
    if report.unreadable:
        return "error", ", ".join(["Not everything could be read", *counts])
    if not counts:
        return "ok", "Nothing wrong"
    return "error" if report.errors else "warning", ", ".join(counts)


def _size(report: Report) -> str:
    size = f"{count(report.entries, 'entry', 'entries')}, {count(report.components, 'component')}"
    if report.maps:
        shown = [f"<code>{name(one)}</code>" for one in report.maps[:5]]
        more = len(report.maps) - len(shown)
        size += f" in {', '.join(shown)}{f' and {more:,} more' if more else ''}"
    if report.source != "worktree":
        size += f", as in <code>{name(report.source)}</code>"
    if report.accepted:
        size += f"; {count(report.accepted, 'finding')} accepted by the baseline"
    if report.preset:
        size += f"; preset {name(report.preset)}, no configuration found"
    return size


def _composition(library: Library) -> Iterator[str]:
    """A bar with the share of each status; the filter below says the same in numbers."""
    total = len(library.components)
    if not total:
        return
    parts, at = [], 0.0
    first = [one.statuses[0] for one in library.components.values()]
    for status in reversed(STATUSES):
        share = first.count(status) * 1000 / total
        if share:
            width = max(share - 2, 1)
            parts.append(f'<rect class="s-{status}" x="{at:.1f}" width="{width:.1f}" height="6"/>')
        at += share
    yield (
        '<svg class="bar" viewBox="0 0 1000 6" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(parts)}</svg>"
    )


def _notices(report: Report) -> Iterator[str]:
    """What could not be checked, and what a fix did."""
    notices = [f"<b>Could not be read:</b> {name(one)}" for one in report.unreadable]
    if report.trouble:
        notices.append(f"<b>Stopped:</b> {name(report.trouble)}")
    for skipped in report.skipped:
        where = f" for <code>{name(skipped.map)}</code>" if skipped.map else ""
        notices.append(f"<b>{skipped.code} was not checked</b>{where}: {name(skipped.reason)}")
    if report.inventory is not None:
        notices += (f"<b>Note:</b> {name(one)}" for one in report.inventory.notes)
    if notices:
        yield '<ul class="notices">'
        yield from (f"<li>{notice}</li>" for notice in notices)
        yield "</ul>"
    done = [
        f"<b>{one.action}</b> {name(one.name)}: <code>{name(one.path)}</code>"
        for one in report.fixed
    ]
    done += (f"<b>not fixed</b> {name(one.name)}: {name(one.reason)}" for one in report.failed)
    if done:
        yield f'<details class="group"><summary>Fixed: {len(report.fixed):,}, not fixed: '
        yield f"{len(report.failed):,}</summary><ul>"
        yield from (f"<li>{one}</li>" for one in done)
        yield "</ul></details>"
