"""The findings, one group for each rule, and those about one component."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jit_guard.formats.html.library import Library
from jit_guard.formats.html.markup import count, identifier, name, path, prose
from jit_guard.inventory.inventory import Component
from jit_guard.report import Finding

MOST = 500  # of one rule; each is shown with its component, too
FEW = 8  # findings: up to this many are shown at once
_MOST_OF_ONE = 10  # of one component


class Findings:
    """The findings of a report, by rule and by the component that they are about."""

    def __init__(self, findings: Iterable[Finding], library: Library) -> None:
        self.groups: dict[tuple[bool, str], list[Finding]] = {}
        self.sizes: dict[tuple[bool, str], int] = {}
        self._about: dict[str, list[Finding]] = {}
        for finding in findings:
            group = (finding.severity != "error", finding.code)
            self.sizes[group] = self.sizes.get(group, 0) + 1
            shown = self.groups.setdefault(group, [])
            if len(shown) < MOST:
                shown.append(finding)
            for component in library.concerned(finding):
                about = self._about.setdefault(component, [])
                if len(about) < _MOST_OF_ONE:
                    about.append(finding)

    def about(self, component: Component) -> list[Finding]:
        """The findings about a component and the entries that name it."""
        return self._about.get(component.path, [])


def findings_section(findings: Findings, library: Library) -> Iterator[str]:
    """A section with every rule that has findings; nothing if there are none."""
    if not findings.groups:
        return
    yield '<section id="findings" aria-label="Findings">'
    yield "<h2>Findings</h2>"
    shown_at_once = sum(findings.sizes.values()) <= FEW
    for group in sorted(findings.groups):
        some, size = findings.groups[group], findings.sizes[group]
        severity = some[0].severity
        yield f'<details class="group {severity}"{" open" if shown_at_once else ""}><summary>'
        yield f'<span class="code">{name(some[0].code)}</span> <span>{name(some[0].name)}</span> '
        yield f'<span class="number">{count(size, severity)}</span></summary>'
        hints = {one.hint for one in some}
        shared = len(some) > 1 and len(hints) == 1
        if shared:
            yield from _hint(some[0])
        yield "<ul>"
        for finding in some:
            yield "<li>"
            yield _line(finding, library)
            if not shared:
                yield from _hint(finding)
            yield "</li>"
        yield "</ul>"
        if size > len(some):
            yield f'<p class="more">{size - len(some):,} more; run <code>jit-guard</code> '
            yield "to see them, or open the components below.</p>"
        yield "</details>"
    yield "</section>"


def in_panel(findings: list[Finding]) -> Iterator[str]:
    """A list of the findings about one component."""
    yield '<ul class="about">'
    for finding in findings:
        yield f'<li class="{finding.severity}"><span class="code">{name(finding.code)}</span> '
        yield prose(finding.message)
        yield from _hint(finding)
        yield "</li>"
    yield "</ul>"


def _line(finding: Finding, library: Library) -> str:
    where = finding.file or ""
    if where and finding.line is not None:
        where += f":{finding.line}:{finding.column}"
    words = finding.entry or "/".join(filter(None, (finding.goal, finding.component_type)))
    about, message = name(words), prose(finding.message)
    if not words and finding.path and not finding.map:
        about = path(finding.path)
    concerned = library.concerned(finding)
    if about and concerned:
        about = f'<a href="#{identifier("c", concerned[0])}">{about}</a>'
    if where:
        where = f'<span class="where">{name(where)}</span> '
    return f"{where}{f'<strong>{about}</strong> ' if about else ''}{message}"


def _hint(finding: Finding) -> Iterator[str]:
    if finding.hint:
        yield f'<p class="hint">{prose(finding.hint)}</p>'
