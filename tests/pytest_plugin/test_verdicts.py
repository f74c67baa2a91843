"""Every finding and every unreadable path belongs to a test, and to the right one."""

from __future__ import annotations

import pytest

from jit_guard.pytest_plugin.parts import Key
from jit_guard.pytest_plugin.verdicts import distribute
from jit_guard.report import Finding, Report, Skipped

SCHEMA, TREE = Key("m.json", "schema"), Key("m.json", "orphans")
GREET, PART = Key("m.json", "goal", "GREET"), Key("m.json", "goal", "PART")
OTHER = Key("n.json", "schema")
KEYS = (SCHEMA, GREET, PART, TREE, OTHER)
ENTRIES = {"components/personas/a.txt": [GREET], "components/tools/b.txt": [GREET, PART]}
REPORT = Report(".", "worktree", ("m.json", "n.json"), 3, 2)


def finding(code: str, map_: str | None = None, goal: str | None = None) -> Finding:
    return Finding(code, "name", "error", "message", map=map_, goal=goal)


@pytest.mark.parametrize(
    ("reported", "home"),
    [
        (finding("JG201", "m.json", "GREET"), GREET),
        (finding("ACME1", "m.json", "PART"), PART),
        (finding("JG001", "m.json"), SCHEMA),
        (finding("JG002", "m.json", "GREET"), SCHEMA),
        (finding("JG101", "m.json", "GREET"), SCHEMA),
        (finding("JG004", "n.json"), OTHER),
        (finding("JG401"), SCHEMA),
        (finding("ACME2", "n.json"), OTHER),
        (finding("JG301"), TREE),
        (finding("ACME3"), TREE),
        (finding("JG201", "m.json", "added since"), SCHEMA),
    ],
    ids=lambda value: value.code if isinstance(value, Finding) else "",
)
def test_a_finding_belongs_to_one_test(reported: Finding, home: Key) -> None:
    verdicts = distribute(REPORT._replace(findings=(reported,)), KEYS, {})
    assert {key: verdict.findings for key, verdict in verdicts.items()} == {home: (reported,)}


@pytest.mark.parametrize(
    ("path", "unchecked"),
    [
        ("n.json", [OTHER]),
        ("components/personas/a.txt", [GREET]),
        ("components/tools/b.txt", [GREET, PART]),
        ("components/personas", [GREET, TREE]),
        ("components", [GREET, PART, TREE]),
        (".", [GREET, PART, TREE]),
        ("components/elsewhere", [TREE]),
    ],
)
def test_an_unreadable_path_fails_every_test_that_depends_on_it(
    path: str, unchecked: list[Key]
) -> None:
    line = f"{path} cannot be read: permission denied"
    verdicts = distribute(REPORT._replace(unreadable=(line,)), KEYS, ENTRIES)
    assert {key: verdict.unread for key, verdict in verdicts.items()} == dict.fromkeys(
        unchecked, (line,)
    )


def test_orphans_are_withheld_with_every_reason() -> None:
    skipped = (
        Skipped("JG301", "m.json", "no JSON"),
        Skipped("JG301", "n.json", "no text"),
        Skipped("JG201", "n.json", "no directory"),
    )
    verdicts = distribute(REPORT._replace(skipped=skipped), KEYS, {})
    assert list(verdicts) == [TREE]
    assert verdicts[TREE].withheld == "m.json: no JSON; n.json: no text"
