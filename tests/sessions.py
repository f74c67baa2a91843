"""Sessions of pytest over a project on disk, and the outcome of each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

# In-process sessions drop their own imports, so that these would be imported again in each.
import jit_guard.pytest_plugin.collection
import jit_guard.pytest_plugin.fixtures  # noqa: F401
from jit_guard.rules import load_rules
from projects import Files, lay_out

load_rules()

OWN = {"tests/test_own.py": "def test_own(): pass\n"}
TWO = {
    "goal_map.json": '{\n  "GREET": {"persona": "host.txt"},\n'
    '  "PART": {"persona": "host.txt"}\n}\n',
    "components/personas/host.txt": "You welcome people.\n",
}
ALL_OF_TWO = ["schema", "GREET", "PART", "orphans"]


class SessionResult(NamedTuple):
    """The result of one session, by test id."""

    exit_code: int | pytest.ExitCode | None
    outcomes: dict[str, str]
    texts: dict[str, str]
    sections: dict[str, str]

    @property
    def ours(self) -> dict[str, str]:
        """The outcomes of the tests of `goal_map.json`, by the part after `::`."""
        own = "goal_map.json::"
        return {id_[len(own) :]: one for id_, one in self.outcomes.items() if id_.startswith(own)}

    @property
    def failed(self) -> list[str]:
        """The ids of the tests that failed."""
        return [id_ for id_, outcome in self.outcomes.items() if outcome == "failed"]


def run(pytester: pytest.Pytester, *arguments: str) -> SessionResult:
    """Run a session in this process. Warnings are errors, and markers and keys must be known."""
    strict = ("-W", "error", "--strict-markers", "--strict-config")
    recorded = pytester.inline_run(*strict, *arguments)
    reports = list(_reports(recorded))
    return SessionResult(
        recorded.ret,
        {one.nodeid: one.outcome for one in reports},
        {one.nodeid: str(one.longrepr or "") for one in reports},
        {one.nodeid: "\n".join(text for _, text in one.sections) for one in reports},
    )


def _reports(recorded: pytest.HookRecorder) -> Iterator[pytest.TestReport]:
    for one in recorded.getreports("pytest_runtest_logreport"):
        assert isinstance(one, pytest.TestReport)
        if one.when == "call" or one.outcome != "passed":
            yield one


class _Chosen:
    ids: tuple[str, ...] = ()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.ids = tuple(item.nodeid for item in session.items)


def collected(pytester: pytest.Pytester, *arguments: str) -> list[str]:
    """Return the ids that a session would run, in order."""
    chosen = _Chosen()
    pytester.inline_run("--collect-only", *arguments, plugins=[chosen])
    return list(chosen.ids)


def plant(pytester: pytest.Pytester, *projects: Files) -> None:
    """Write files to the directory that sessions run in, which becomes the root directory."""
    for files in ({"pytest.ini": "[pytest]\n"}, *projects):
        lay_out(pytester.path, files)
