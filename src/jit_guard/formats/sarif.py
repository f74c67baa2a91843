"""SARIF 2.1.0, as GitHub's code scanning reads it.

Every rule is told in every file, with its help, so that files differ in their results alone.
Of a run code scanning keeps 5,000 results, of a description 1,024 characters; it knows a result
again by `partialFingerprints.primaryLocationLineHash` and by nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nsmallest
from json import dumps
from typing import Any
from urllib.parse import quote

from jit_guard import __version__
from jit_guard.formats import Options
from jit_guard.formats.fingerprint import fingerprints
from jit_guard.formats.place import from_top, place
from jit_guard.formats.ranking import badness
from jit_guard.formats.sarif_rules import descriptors
from jit_guard.formats.sentence import cut, sentence
from jit_guard.report import Finding, Report
from jit_guard.text.printable import printable, quiet_anywhere, true_name

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_RESULTS = 5000
MOST_CHARACTERS = 1024
_TOP = "%SRCROOT%"


def render(report: Report, options: Options) -> Iterator[str]:
    """The lines of a SARIF log with one run; ASCII."""
    text = dumps(document(report, options.prefix), indent=2)
    yield from quiet_anywhere(text, r"#\\u0023").split("\n")


def document(report: Report, prefix: str = "") -> dict[str, Any]:
    """The report as a SARIF log."""
    rules = descriptors(report.findings)
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    # Fingerprints count equals, so all findings have theirs before some are left out.
    known = zip(report.findings, fingerprints(report.findings, prefix), strict=True)
    kept = nsmallest(MOST_RESULTS, known, key=lambda pair: badness(pair[0]))
    run = {
        "tool": {
            "driver": {
                "name": "jit-guard",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": rules,
            }
        },
        "invocations": [
            {
                "executionSuccessful": not report.unreadable,
                "toolExecutionNotifications": list(_notifications(report)),
            }
        ],
        # No address: the same findings give the same file on every machine.
        "originalUriBaseIds": {_TOP: {"description": {"text": "The top of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(finding, report, prefix, fingerprint, numbers[finding.code])
            for finding, fingerprint in kept
        ],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(
    finding: Finding, report: Report, prefix: str, fingerprint: str, rule: int
) -> dict[str, Any]:
    at = place(finding, report, prefix)
    region = {
        "startLine": at.line,
        "startColumn": at.column,
        "endLine": at.line,
        "endColumn": at.column,  # a point: nothing is said of how long the value is
    }
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity,
        "message": {"text": _message(finding)},
        "locations": [{"physicalLocation": {"artifactLocation": _file(at.path), "region": region}}],
        "partialFingerprints": {
            "primaryLocationLineHash": fingerprint,
            "jitGuardIdentity/v1": fingerprint,
        },
    }
    if finding.related:
        result["relatedLocations"] = [
            {
                "id": number,
                "physicalLocation": {"artifactLocation": _file(from_top(path, prefix))},
                "message": {"text": _text(printable(path))},
            }
            for number, path in enumerate(finding.related, 1)
        ]
    facts = {"hint": finding.hint, "path": finding.path, "pointer": finding.pointer}
    result["properties"] = {key: true_name(value) for key, value in facts.items() if value}
    return result


def _message(finding: Finding) -> str:
    hint = f". Hint: {printable(finding.hint)}" if finding.hint else ""
    return _text(f"{sentence(finding)}{hint}")


def _text(text: str) -> str:
    # `[words](address)` in a message is a link. No name may make one.
    return cut(text.replace("](", "\\]("), MOST_CHARACTERS)


def _file(path: str) -> dict[str, str]:
    try:
        name = path.encode("utf-8", "surrogateescape")  # a URI holds also what is not UTF-8
    except UnicodeEncodeError:  # a map may name what no file system can
        name = path.encode("utf-8", "backslashreplace")
    return {"uri": quote(name), "uriBaseId": _TOP}


def _notifications(report: Report) -> Iterator[dict[str, Any]]:
    for problem in report.unreadable:
        yield _notification("error", f"could not be read: {problem}")
    for skipped in report.skipped:
        where = f" for {skipped.map}" if skipped.map else ""
        yield _notification("note", f"{skipped.code} was not judged{where}: {skipped.reason}")
    more = len(report.findings) - MOST_RESULTS
    if more > 0:
        yield _notification(
            "warning",
            f"{more:,} more findings are left out: code scanning keeps {MOST_RESULTS:,} of a run, "
            "and these are the worst; jit-guard lists them all",
        )


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": _text(printable(text))}}
