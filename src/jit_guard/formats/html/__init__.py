"""A picture of the library: one HTML file that needs no network, and no JavaScript to be read.

Everything from a repository is escaped, and a content security policy allows only the one style
sheet and the one script of this package, by their hashes. The same input gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from jit_guard.formats import Options
from jit_guard.formats.html.findings import Findings, findings_section
from jit_guard.formats.html.frame import closing, opening
from jit_guard.formats.html.library import Library, library_section
from jit_guard.formats.html.panels import panels
from jit_guard.report import Report


def render(report: Report, options: Options) -> Iterator[str]:  # noqa: ARG001
    """The lines of an HTML document; without an inventory, it has the findings only."""
    style, script = _resource("page.css"), _resource("page.js")
    library = Library(report.inventory)
    findings = Findings(report.findings, library)
    yield from opening(report, library, style, script)
    yield from findings_section(findings, library)
    yield from library_section(library)
    yield from panels(library, findings)
    yield from closing(script)


def _resource(name: str) -> str:
    return files("jit_guard.formats.html").joinpath(name).read_text("utf-8")
