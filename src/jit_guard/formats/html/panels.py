"""A panel for each component: where it comes from, what is wrong with it, and its text."""

from __future__ import annotations

import time
from collections.abc import Iterator

from jit_guard.formats.html.findings import Findings, in_panel
from jit_guard.formats.html.library import MEANINGS, Library, entry_id
from jit_guard.formats.html.markup import count, identifier, name, passage, path
from jit_guard.inventory.inventory import Component, ListedEntry, Provenance, Register

_MOST_NAMED = 20  # entries that name a component


def panels(library: Library, findings: Findings) -> Iterator[str]:
    """The panel of every component. It is shown while its id is the fragment of the address."""
    if not library.components:
        yield "</main>"
        return
    yield "</main>"
    yield '<section id="components" aria-label="Components">'
    for component in library.components.values():
        yield from _panel(component, library, findings)
    yield "</section>"


def _panel(component: Component, library: Library, findings: Findings) -> Iterator[str]:
    own = identifier("c", component.path)
    named_by = library.named_by.get(component.path, [])
    back = entry_id(*named_by[0]) if named_by else identifier("e", component.path)
    yield f'<article id="{own}" aria-labelledby="h{own}">'
    yield f'<header><h3 id="h{own}" tabindex="-1">{path(component.path)}</h3>'
    yield f'<a class="close" href="#{back}" aria-label="Close">&times;</a></header>'
    yield '<p class="tags">'
    for status in component.statuses:
        yield f'<span class="s-{status}">{status}</span>'
    if component.statuses != ("present",):
        yield f'<span class="meaning">{MEANINGS[component.statuses[0]]}</span>'
    yield "</p>"
    about = findings.about(component)
    if about:
        yield from in_panel(about)
    yield from (f'<p class="remark">{name(one)}</p>' for one in component.remarks)
    facts = list(_facts(component, named_by))
    if facts:
        yield from ("<dl>", *facts, "</dl>")
    if component.files:
        shown = "\n".join(map(name, component.files))
        yield f"<h4>{count(len(component.files), 'name')} in the directory</h4>"
        yield f'<pre class="files">{shown}</pre>'
    if component.text is not None:
        yield from _text(component, own)
    yield "</article>"


def _facts(component: Component, named_by: list[tuple[Register, ListedEntry]]) -> Iterator[str]:
    if named_by:
        yield f"<dt>Named by</dt><dd>{_named_by(named_by)}</dd>"
    if component.size is not None:
        lines = ""
        if component.text is not None and component.whole:
            lines = f", {count(len(component.text.splitlines()), 'line')}"
        yield f"<dt>Size</dt><dd>{count(component.size, 'byte')}{lines}</dd>"
    for provenance in component.provenance:
        yield from _provenance(provenance)
    if "generated" in component.statuses and not component.provenance:
        yield "<dt>Generated</dt><dd>by its name; the ledger here does not have it</dd>"


def _named_by(entries: list[tuple[Register, ListedEntry]]) -> str:
    shown = []
    for register, entry in entries[:_MOST_NAMED]:
        words = entry.words or f"{entry.goal}/{entry.component_type}"
        shown.append(f'<a href="#{entry_id(register, entry)}">{name(words)}</a>')
    more = len(entries) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _provenance(one: Provenance) -> Iterator[str]:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(one.arrived))
    by = f"{one.generator} {one.model}".strip()
    yield f'<dt>Generated</dt><dd><time datetime="{when.replace(" ", "T")}Z">{when} UTC</time> '
    yield f"by <b>{name(by)}</b>, {one.state}"
    used = [f"{one.seconds:.1f} s"]
    if one.input_tokens is not None or one.output_tokens is not None:
        used.append(f"{one.input_tokens or 0:,} tokens in")
        used.append(f"{one.output_tokens or 0:,} out")
    yield f'<span class="used">{", ".join(used)}</span>'
    if one.description:
        yield f"<q>{name(one.description)}</q>"
    yield "</dd>"


def _text(component: Component, own: str) -> Iterator[str]:
    text = component.text or ""
    title = "Text" if component.text_of is None else f"Text of {name(component.text_of)}"
    yield f'<h4 id="t{own}">{title}</h4>'
    yield f'<pre class="text" tabindex="0" role="region" aria-labelledby="t{own}">'
    yield f"{passage(text)}</pre>"
    if not component.whole:
        yield f'<p class="more">Only the first {count(len(text), "character")} are shown.</p>'
