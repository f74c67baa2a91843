"""The rules as SARIF describes them: what code scanning shows beside an alert."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from jit_guard.formats.sentence import cut
from jit_guard.report import Finding
from jit_guard.rules import load_rules
from jit_guard.rules.explained import page, section
from jit_guard.rules.rule import Rule

if TYPE_CHECKING:
    from jit_guard.report import Severity

_MOST_CHARACTERS = 1024  # of a description
_MOST_NAME = 255
_ABOUT = {
    "JG0": "map",
    "JG1": "schema",
    "JG2": "component",
    "JG3": "tree",
    "JG4": "transaction",
    "JG5": "draft",
}


def descriptors(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Every rule of ours, and those of plugins that found something, in the order of codes."""
    found = {rule.code: _ours(rule) for rule in load_rules()}
    for finding in findings:
        if finding.code not in found:
            found[finding.code] = _plugins(finding)
    return [found[code] for code in sorted(found)]


def _ours(rule: Rule) -> dict[str, Any]:
    return _descriptor(
        rule.code,
        rule.name,
        rule.severity,
        short=f"{rule.summary[0].upper()}{rule.summary[1:]}.",
        full=rule.why,
        text="\n".join(page(rule)),
        markdown="\n".join(section(rule)),
    )


def _plugins(finding: Finding) -> dict[str, Any]:
    """A rule of which the report holds no more than its code and its name."""
    told = f"{finding.code} {finding.name}: a rule of a plugin."
    return _descriptor(
        finding.code, finding.name, finding.severity, told, told, text=told, markdown=told
    )


def _descriptor(
    code: str, name: str, severity: Severity, short: str, full: str, text: str, markdown: str
) -> dict[str, Any]:
    return {
        "id": code,
        "name": cut(name, _MOST_NAME),
        "shortDescription": {"text": cut(short, _MOST_CHARACTERS)},
        "fullDescription": {"text": cut(full, _MOST_CHARACTERS)},
        "help": {"text": text, "markdown": markdown},
        "defaultConfiguration": {"level": severity},
        "properties": {
            "tags": ["goal-map", _ABOUT.get(code[:3], "plugin")],
            "precision": "very-high",
            "problem.severity": severity,
        },
    }
