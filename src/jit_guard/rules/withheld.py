"""The rules that could not be checked, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from jit_guard.comparison.content import Content
from jit_guard.errors import UnreadableError
from jit_guard.report import Skipped

if TYPE_CHECKING:
    from jit_guard.comparison.contracts import Contracted
    from jit_guard.comparison.evidence import Evidence
    from jit_guard.text.stored_form import StoredForm


def withheld(evidence: Evidence, undecided: list[UnreadableError]) -> list[Skipped]:
    """Return the rules that could not be checked, for one map or for the tree.

    Args:
        evidence: the files that an unreadable map names are unknown; some entries lead to
            unreadable directories, and some components have no text here.
        undecided: errors of git when asked which files it ignores.
    """
    maps, tables = evidence.maps, evidence.settings.registry
    found = [
        Skipped(
            "JG301",
            path,
            f"the map cannot be read ({fault.code}), so the files it names are unknown",
        )
        for path, fault in maps.faults.items()
    ]
    found += (
        Skipped("JG301", error.path, f"the map cannot be read: {error.reason}")
        for error in maps.unreadable
    )
    found += (
        Skipped(
            "JG301",
            one.path,
            "some values are not filenames (JG101), so the files they mean are unknown",
        )
        for one in maps.read
        if not one.sound
    )
    found += (
        Skipped(
            "JG301", one.path, "some entries name nothing (JG101), so what they mean is unknown"
        )
        for one in maps.registries
        if not one.sound
    )
    found += (
        Skipped("JG301", None, f"git cannot say which files it ignores: {error.reason}")
        for error in undecided
    )
    found += (
        Skipped("JG301", table.file, "no tree is configured")
        for table in tables
        if table.tree is None
    )
    for reference, place in evidence.comparison.unknown:
        why = f"{place.real} cannot be read: {place.what}"
        found.append(Skipped("JG201", reference.map.path, why))
    found += _unread(evidence.content)
    found += _unexamined(evidence.contracted)
    return list(dict.fromkeys(found))


def _unread(content: Content) -> Iterator[Skipped]:
    """Yield the notices about files in another form, which cover JG206 and JG501, too."""
    by_form: dict[StoredForm, list[str]] = {}
    for path, form in content.converted:
        by_form.setdefault(form, []).append(path)
    for form, paths in by_form.items():
        count = len(paths)
        what = f"1 component is {form.one}" if count == 1 else f"{count} are {form.many}"
        why = f"{what} ({_some(paths)}), so the text is not available here"
        yield Skipped("JG207", None, why)


def _unexamined(contracted: Contracted | None) -> Iterator[Skipped]:
    """Yield the notices about components whose contract could not be checked."""
    if contracted is None or not contracted.unread:
        return
    paths = [f"{path} {why}" for path, why in contracted.unread.items()]
    for code in sorted(contracted.unchecked):
        yield Skipped(code, None, f"the contract was not checked: {_some(paths)}")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
