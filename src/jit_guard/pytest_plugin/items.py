"""The pytest nodes: a map as a file of tests, and each of its parts as a test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jit_guard.errors import JitGuardError
from jit_guard.pytest_plugin.failure import Failure, describe, not_checked, shown, summary
from jit_guard.pytest_plugin.parts import Part
from jit_guard.pytest_plugin.suite import Suite
from jit_guard.report import Finding
from jit_guard.text.printable import printable, quiet_line

if TYPE_CHECKING:
    from _pytest._code.code import TerminalRepr, TracebackStyle


class MapFile(pytest.File):
    """A goal map. A map that does not exist is collected, too, with a failing test."""

    def __init__(self, *, suite: Suite, **node: Any) -> None:
        super().__init__(**node)
        self.suite = suite
        self.add_marker("jit_guard")

    @classmethod
    def of(cls, parent: pytest.Collector, path: Path, suite: Suite) -> MapFile:
        """The map at a path, which may be outside pytest's root directory."""
        node: dict[str, Any] = {"path": path, "suite": suite}
        root = parent.config.rootpath
        if not path.is_relative_to(root):
            # By default, pytest would omit the path from the ids.
            try:
                node["nodeid"] = os.path.relpath(path, root).replace(os.sep, "/")
            except ValueError:  # another drive on Windows
                node["nodeid"] = path.as_posix()
        found: MapFile = cls.from_parent(parent, **node)
        return found

    def collect(self) -> Iterator[MapItem]:
        """The tests of the map. Never raises: a broken map fails a test, not the session."""
        for part in self.suite.parts(self.suite.maps[self.path]):
            yield MapItem.from_parent(self, name=part.name, part=part, suite=self.suite)


class MapItem(pytest.Item):
    """The test of one part of a map."""

    def __init__(self, *, part: Part, suite: Suite, **node: Any) -> None:
        super().__init__(**node)
        self.part = part
        self.suite = suite
        if part.key.goal not in {None, part.name}:
            self.extra_keyword_matches.add(str(part.key.goal))  # -k knows the goal's true name

    def runtest(self) -> None:
        """Pass, skip or fail by the result of the check. Warnings are shown, and never fail."""
        try:
            verdict = self.suite.verdict(self.part.key)
        except JitGuardError as error:
            raise not_checked(str(error).split("\n"), self.path) from None
        errors, warnings = verdict.errors, verdict.warnings
        self.add_report_section(
            "call", "jit-guard warnings", "\n\n".join(map(self._describe, warnings))
        )
        if errors:
            more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
            text = "\n\n".join([*map(self._describe, errors), *map(_line, verdict.unread)])
            raise Failure(summary(errors[0]) + more, text, *self._place(errors[0]))
        if verdict.unread:
            raise not_checked(verdict.unread, self.path)
        if reason := verdict.withheld or self.part.unusable:
            pytest.skip(_line(reason))

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: TracebackStyle | None = None
    ) -> str | TerminalRepr:
        """Show a failure as its findings, and any other exception as pytest does."""
        if isinstance(excinfo.value, Failure):
            return shown(excinfo, excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The path of the map, the 0-based line of the part, and the title of the test."""
        return self.path, self.part.line - 1, _line(self.part.title)

    def _describe(self, finding: Finding) -> str:
        return "\n".join(describe(finding, self.suite.line(finding)))

    def _place(self, finding: Finding) -> tuple[Path, int]:
        path = finding.file or finding.path
        return self.suite.root / path if path else self.path, finding.line or 1


def _line(text: str) -> str:
    return quiet_line(printable(text))
