"""The report for programs: version 1 of `report.schema.json`, which stands beside this file."""

from __future__ import annotations

from collections.abc import Iterator
from json import dumps

from jit_guard import __version__
from jit_guard.findings import Finding
from jit_guard.formats import Options
from jit_guard.printable import quiet_anywhere, true_name
from jit_guard.report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = 1


def render(report: Report, options: Options) -> Iterator[str]:  # noqa: ARG001
    """The lines of a JSON document; ASCII, with true names behind JSON's own escapes."""
    text = dumps(document(report), indent=2)
    # "##" never follows an odd backslash in JSON, so its second half may be escaped.
    yield from quiet_anywhere(text, r"#\\u0023").split("\n")


def document(report: Report) -> dict[str, Any]:
    """The report as a JSON value."""
    return {
        "version": VERSION,
        "tool": f"jit-guard {__version__}",
        "root": true_name(report.root),
        "source": report.source,
        "maps": [true_name(path) for path in report.maps],
        "summary": {
            "entries": report.entries,
            "components": report.components,
            "errors": report.errors,
            "warnings": report.warnings,
            "findings": len(report.findings),
        },
        "findings": [_finding(finding) for finding in report.findings],
        "skipped": [_true_names(skipped._asdict()) for skipped in report.skipped],
        "fixed": [_true_names(fixed._asdict()) for fixed in report.fixed],
        "failed": [_true_names(failed._asdict()) for failed in report.failed],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    fields = _true_names(finding._asdict())
    fields["related"] = [true_name(path) for path in finding.related]
    return fields


def _true_names(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        key: true_name(value) if isinstance(value, str) else value for key, value in fields.items()
    }
