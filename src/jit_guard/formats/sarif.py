"""SARIF 2.1.0, as GitHub's code scanning reads it.

Every file lists all rules with their help, so that files differ only in their results. Code
scanning keeps 5,000 results per run and 1,024 characters per description. It identifies a result
only by `partialFingerprints.primaryLocationLineHash`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import nsmallest
from json import dumps
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jit_guard.formats import Options
from jit_guard.formats.finding import anchor, badness, cut, fingerprints, from_top, sentence
from jit_guard.report import Finding, Report
from jit_guard.rules import load_rules
from jit_guard.rules.explained import page, section
from jit_guard.rules.rule import Rule
from jit_guard.text.printable import printable, quiet_anywhere, true_name
from jit_guard.version import HOME, __version__

if TYPE_CHECKING:
    from jit_guard.report import Severity


SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_RESULTS = 5000
MOST_CHARACTERS = 1024
_TOP = "%SRCROOT%"
_MOST_NAME = 255
_ABOUT = {
    "JG0": "map",
    "JG1": "schema",
    "JG2": "component",
    "JG3": "tree",
    "JG4": "transaction",
    "JG5": "draft",
    "JG6": "contract",
}


def render(report: Report, options: Options) -> Iterator[str]:
    """The lines of a SARIF log with one run; ASCII."""
    text = dumps(document(report, options.prefix), indent=2)
    yield from quiet_anywhere(text, r"#\\u0023").split("\n")


def document(report: Report, prefix: str = "") -> dict[str, Any]:
    """The report as a SARIF log."""
    rules = descriptors(report.findings)
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    # Fingerprints number equal findings, so compute them all before any finding is omitted.
    known = zip(report.findings, fingerprints(report.findings, prefix), strict=True)
    kept = nsmallest(MOST_RESULTS, known, key=lambda pair: badness(pair[0]))
    run = {
        "tool": {
            "driver": {
                "name": "jit-guard",
                "version": __version__,
                "semanticVersion": __version__,
                "informationUri": HOME,
                "rules": rules,
            }
        },
        "invocations": [
            {
                "executionSuccessful": not report.unreadable,
                "toolExecutionNotifications": list(_notifications(report)),
            }
        ],
        # No absolute path, so that the same findings give the same file on every machine.
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
    at = anchor(finding, report, prefix)
    region = {
        "startLine": at.line,
        "startColumn": at.column,
        "endLine": at.line,
        "endColumn": at.column,  # a point: the length of the value is not known here
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
    # `[words](address)` in a message is a link; no name may form one.
    return cut(text.replace("](", "\\]("), MOST_CHARACTERS)


def _file(path: str) -> dict[str, str]:
    try:
        name = path.encode("utf-8", "surrogateescape")  # a URI can contain any byte
    except UnicodeEncodeError:  # a map can contain names that no file system allows
        name = path.encode("utf-8", "backslashreplace")
    return {"uri": quote(name), "uriBaseId": _TOP}


def _notifications(report: Report) -> Iterator[dict[str, Any]]:
    for problem in report.unreadable:
        yield _notification("error", f"could not be read: {problem}")
    for skipped in report.skipped:
        where = f" for {skipped.map}" if skipped.map else ""
        yield _notification("note", f"{skipped.code} was not checked{where}: {skipped.reason}")
    more = len(report.findings) - MOST_RESULTS
    if more > 0:
        yield _notification(
            "warning",
            f"{more:,} less severe findings are omitted, because code scanning keeps "
            f"{MOST_RESULTS:,} per run; run jit-guard to see them all",
        )


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": _text(printable(text))}}


def descriptors(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """All built-in rules, and the plugin rules with findings, sorted by code."""
    found = {rule.code: _built_in(rule) for rule in load_rules()}
    for finding in findings:
        if finding.code not in found:
            found[finding.code] = _plugin_rule(finding)
    return [found[code] for code in sorted(found)]


def _built_in(rule: Rule) -> dict[str, Any]:
    return _descriptor(
        rule.code,
        rule.name,
        rule.severity,
        short=f"{rule.summary[0].upper()}{rule.summary[1:]}.",
        full=rule.why,
        text="\n".join(page(rule)),
        markdown="\n".join(section(rule)),
    )


def _plugin_rule(finding: Finding) -> dict[str, Any]:
    """A plugin's rule, of which the report has only the code and the name."""
    text = f"{finding.code} {finding.name}: a rule of a plugin."
    return _descriptor(
        finding.code, finding.name, finding.severity, text, text, text=text, markdown=text
    )


def _descriptor(
    code: str, name: str, severity: Severity, short: str, full: str, text: str, markdown: str
) -> dict[str, Any]:
    return {
        "id": code,
        "name": cut(name, _MOST_NAME),
        "shortDescription": {"text": cut(short, MOST_CHARACTERS)},
        "fullDescription": {"text": cut(full, MOST_CHARACTERS)},
        "help": {"text": text, "markdown": markdown},
        "defaultConfiguration": {"level": severity},
        "properties": {
            "tags": ["goal-map", _ABOUT.get(code[:3], "plugin")],
            "precision": "very-high",
            "problem.severity": severity,
        },
    }
