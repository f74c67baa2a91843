"""The report for programs: version 1 of `report.schema.json` in this directory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from json import JSONEncoder, dumps

from jit_guard.formats import Options
from jit_guard.report import Failed, Finding, Fixed, PlannedFix, Report
from jit_guard.text.printable import quiet_anywhere, true_name
from jit_guard.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

VERSION = 1
_BATCH = 500  # findings


def render(report: Report, options: Options) -> Iterator[str]:  # noqa: ARG001
    """The lines of a JSON document in ASCII; names are exact, in JSON's own escapes.

    Each finding is one line, made when it is written, because there may be millions.
    """
    # In JSON, "##" never follows an odd number of backslashes, so its second # can be escaped.
    return (quiet_anywhere(line, r"#\\u0023") for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    rest = dumps({**document(report._replace(findings=())), "summary": _summary(report)}, indent=2)
    # No JSON string contains this, because its quotes would be escaped.
    before, here, after = rest.partition('"findings": []')
    if not report.findings:
        yield from rest.split("\n")
        return
    yield from f"{before}{here[:-1]}".split("\n")
    findings = iter(report.findings)
    batch = list(islice(findings, _BATCH))
    while batch:
        following = list(islice(findings, _BATCH))
        joined = _joined(batch) if report.fixes is None else _with_fixes(batch, report.fixes)
        yield from f"    {joined}{',' if following else ''}".split("\n")
        batch = following
    yield from f"  ]{after}".split("\n")


def _joined(findings: list[Finding]) -> str:
    """Findings, one per line; encoding a batch takes a third of the time of single findings."""
    encode = JSONEncoder(check_circular=False).encode
    text = encode([_fields(finding) for finding in findings])
    if "\\ud" in text:  # a name may contain bytes that are not UTF-8
        text = encode([_finding(finding) for finding in findings])
    return text[1:-1].replace('}, {"', '},\n    {"')  # as above, no string contains it


def _with_fixes(findings: list[Finding], fixes: Mapping[str, PlannedFix]) -> str:
    """Findings, one per line, with what `--fix` would do about them."""
    return ",\n    ".join(dumps(_planned(finding, fixes)) for finding in findings)


def _planned(finding: Finding, fixes: Mapping[str, PlannedFix]) -> dict[str, Any]:
    fields = _finding(finding)
    concerned = finding.fixable or finding.code == "JG301"  # an orphan, with --adopt
    fix = fixes.get(finding.path) if concerned and finding.path is not None else None
    if fix is not None:
        fields["fix"] = _true_names(fix._asdict())
    return fields


def document(report: Report) -> dict[str, Any]:
    """The report as a JSON value."""
    preset = {"preset": report.preset} if report.preset else {}
    return {
        "version": VERSION,
        "tool": f"jit-guard {__version__}",
        "root": true_name(report.root),
        "source": report.source,
        **preset,
        "maps": [true_name(path) for path in report.maps],
        "summary": _summary(report),
        "findings": [_planned(finding, report.fixes or {}) for finding in report.findings],
        "skipped": [_true_names(skipped._asdict()) for skipped in report.skipped],
        "fixed": [_done(fixed) for fixed in report.fixed],
        "failed": [_done(failed) for failed in report.failed],
    }


def _done(one: Fixed | Failed) -> dict[str, Any]:
    fields = _true_names(one._asdict())
    if one.entry is None:  # it has a goal
        del fields["map"], fields["entry"]
    return fields


def _summary(report: Report) -> dict[str, int]:
    return {
        "entries": report.entries,
        "components": report.components,
        "errors": report.errors,
        "warnings": report.warnings,
        "findings": len(report.findings),
    }


def _fields(finding: Finding) -> dict[str, Any]:
    fields = finding._asdict()
    del fields["identity"], fields["in_path"]
    if finding.entry is None:
        del fields["entry"]
    if finding.in_path:
        fields["file"] = finding.path
    return fields


def _finding(finding: Finding) -> dict[str, Any]:
    fields = _true_names(_fields(finding))
    fields["related"] = [true_name(path) for path in finding.related]
    return fields


def _true_names(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        key: true_name(value) if isinstance(value, str) else value for key, value in fields.items()
    }
