"""What is found: one disagreement is one value."""

from __future__ import annotations

from jit_guard.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Severity = Literal["error", "warning"]


class Finding(NamedTuple):
    """One disagreement between map and tree. Paths are relative to the root, with `/`.

    `line` and `column` are 1-based, in characters. A finding about a file that no entry
    names (an orphan) has no map, no position, no goal and no component type.
    """

    code: str
    name: str
    severity: Severity
    message: str
    hint: str | None = None
    map: str | None = None
    path: str | None = None
    line: int | None = None
    column: int | None = None
    pointer: str | None = None
    goal: str | None = None
    component_type: str | None = None
    related: tuple[str, ...] = ()
    fixable: bool = False


def order(finding: Finding) -> tuple[object, ...]:
    """The order of every report: map, line, column, code, path; findings without a map last."""
    return (
        finding.map is None,
        finding.map or "",
        finding.line or 0,
        finding.column or 0,
        finding.code,
        finding.path or "",
        finding.message,
    )
