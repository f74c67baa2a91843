"""What every rule says: the message, and the hint for each kind of snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from jit_guard.check import check
from jit_guard.config import Settings
from jit_guard.project import load
from jit_guard.rules import load_rules
from jit_guard.sources.answers import Origin
from jit_guard.sources.memory import Memory
from projects import report_on, sound
from repositories import SNAPSHOTS, Kind

pytestmark = pytest.mark.usefixtures("schemas_here")

# A block for each example of a rule, and each situation: what is said in each kind of snapshot.
EXPECTED = Path(__file__).parent.parent / "data/messages.txt"


def table(entries: str, target: str, tree: str = "p/**") -> str:
    """Return the configuration of a registry."""
    lines = (f"entries = '{entries}'", f"target = '{target}'", f"tree = ['{tree}']")
    return "\n".join(["[[registry]]", "file = 'r.json'", *lines])


# Where hints depend on more than the rule.
SITUATIONS: dict[str, dict[str, str]] = {
    "a rename in a registry": {
        "jit-guard.toml": table("$[*]", "{value}"),
        "r.json": '["p/host.md"]',
        "p/hosts.md": "x",
    },
    "a rename that no value can express": {
        "jit-guard.toml": table("$[*]", "p/{value}.md"),
        "r.json": '["host"]',
        "p/host.txt": "x",
    },
    "a missing file in a registry": {
        "jit-guard.toml": table("$[*]", "{value}"),
        "r.json": '["p/host.md"]',
    },
    "a missing directory": {
        "jit-guard.toml": table("$[*]", "{value}/", "p/*/"),
        "r.json": '["p/host"]',
    },
    "an orphan directory": {
        "jit-guard.toml": table("$[*]", "{value}/", "p/*/"),
        "r.json": '["p/host"]',
        "p/host/a": "x",
        "p/guest/a": "x",
    },
    "a registry without entries": {"jit-guard.toml": table("$[*]", "{value}"), "r.json": "[]"},
    "an unsafe target": {"jit-guard.toml": table("$[*]", "{value}"), "r.json": '["../x"]'},
    "a rename": {
        "goal_map.json": '{"A":{"persona":"host.txt"}}',
        "components/personas/hosts.txt": "x",
    },
    "a rename to another directory": {
        "goal_map.json": '{"A":{"persona":"host.txt"}}',
        "components/protocols/host.txt": "x",
    },
    "another case in a registry": {
        "jit-guard.toml": table("$[*]", "{value}"),
        "r.json": '["p/host.md"]',
        "p/Host.md": "x",
    },
    "a directory in another case": {
        "goal_map.json": '{"A":{"persona":"Sub/x.txt"}}',
        "components/personas/sub/x.txt": "x",
    },
    "a component type in another case": {
        "goal_map.json": '{"A":{"Persona":"a.txt"},"B":{"persona":"b.txt"}}',
        "components/personas/a.txt": "x",
        "components/personas/b.txt": "x",
    },
    "a contract of a registry": {
        "jit-guard.toml": table("$[*]", "{value}") + "\ncontract = {max-bytes = 1}",
        "r.json": '["p/host.md"]',
        "p/host.md": "xx",
    },
    "a typo of a used file": {
        "goal_map.json": '{"A":{"persona":"hostes.txt"},"B":{"persona":"hosts.txt"}}',
        "components/personas/hosts.txt": "x",
    },
    "a misspelled type": {
        "goal_map.json": '{"A":{"persnoa":"host.txt"},"B":{"persona":"guest.txt"}}',
        "components/personas/host.txt": "x",
        "components/personas/guest.txt": "x",
    },
    "another plural": {
        "goal_map.json": '{"A":{"strategy":"host.txt"},"B":{"strategy":"b.txt"}}',
        "components/strategies/host.txt": "x",
        "components/strategies/b.txt": "x",
    },
    "an orphan outside every type": {
        "goal_map.json": '{"A":{"persona":"a.txt"}}',
        "components/personas/a.txt": "x",
        "components/x.txt": "x",
    },
    "no map": {"components/personas/a.txt": "x"},
}


class Snapshot(Memory):
    """An example as a state of git, or as the worktree."""

    kind: Kind = "worktree"

    def origin(self) -> Origin:
        return Origin(self.kind, SNAPSHOTS[self.kind])


def said(files: Mapping[str, Any], kind: Kind, tracked: Any, settings: Settings) -> Iterator[str]:
    """Yield a line for each finding of a project: the code, the message and the hint."""
    source = Snapshot(files, tracked=tracked)
    source.kind = kind
    for one in check(source, settings).findings:
        hint = f" -> {one.hint}" if one.hint else ""
        yield f"{kind} {one.code}{' fixable' if one.fixable else ''}: {one.message}{hint}"


def block(
    name: str, files: Mapping[str, Any], settings: Settings, tracked: Any = None
) -> tuple[str, ...]:
    """Return what the file has of a project."""
    return (name, *(line for kind in SNAPSHOTS for line in said(files, kind, tracked, settings)))


def blocks() -> Iterator[tuple[str, ...]]:
    """Yield the blocks of the file."""
    for rule in load_rules():
        settings = Settings()._replace(**rule.bad.settings)
        yield block(rule.code, rule.bad.files, settings, rule.bad.tracked)
    for name, files in SITUATIONS.items():
        yield block(name, files, load(Snapshot(files).read).settings)


def test_each_rule_says_what_is_wrong_and_what_to_do_in_each_kind_of_snapshot() -> None:
    expected = EXPECTED.read_text("utf-8").strip().split("\n\n")
    for made, wanted in zip(blocks(), expected, strict=True):
        assert made == tuple(wanted.split("\n"))


LFS = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 1\n"


def test_what_was_not_checked_is_listed_with_three_examples() -> None:
    reasons = []
    for count in (1, 3, 4):
        goals = {f"G{number}": {"persona": f"{number}.txt"} for number in range(count)}
        texts = {f"components/personas/{number}.txt": LFS for number in range(count)}
        (skipped,) = report_on({**sound(goals), **texts}).skipped
        assert (skipped.code, skipped.map) == ("JG207", None)
        reasons.append(skipped.reason)
    first, second, third = (f"components/personas/{number}.txt" for number in range(3))
    end = "so the text is not available here"
    assert reasons == [
        f"1 component is a Git LFS pointer ({first}), {end}",
        f"3 are Git LFS pointers ({first}, {second}, {third}), {end}",
        f"4 are Git LFS pointers ({first}, {second}, {third}, ...), {end}",
    ]
