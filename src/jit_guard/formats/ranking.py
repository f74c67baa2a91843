"""Which findings are shown where not all can be."""

from __future__ import annotations

from jit_guard.report import Finding


def badness(finding: Finding) -> tuple[bool, bool]:
    """A key to sort by: the worst is the least. Equals stay in the order of the report.

    Errors come before warnings, and before all else what keeps a map from being read: while a
    map cannot be read (JG0xx) or a commit is half done (JG4xx), the other findings are not the
    whole truth.
    """
    return finding.severity != "error", not finding.code.startswith(("JG0", "JG4"))
