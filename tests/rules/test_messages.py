"""What every rule says of its bad example: the message, and the hint for each kind of snapshot."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from jit_guard.check import check
from jit_guard.config import Settings
from jit_guard.rules import load_rules
from jit_guard.rules.rule import Rule
from jit_guard.sources.answers import Origin
from jit_guard.sources.memory import Memory

pytestmark = pytest.mark.usefixtures("schemas_here")

Kind = Literal["worktree", "index", "head", "revision"]
NAMES: dict[Kind, str] = {
    "worktree": "the worktree",
    "index": "the index",
    "head": "HEAD",
    "revision": "v1",
}
# Blocks: a rule, what it says, and a line per kind of snapshot, if there are hints.
EXPECTED = Path(__file__).parent.parent / "data/messages.txt"


class Snapshot(Memory):
    """An example as a state of git, or as the worktree."""

    kind: Kind = "worktree"

    def origin(self) -> Origin:
        return Origin(self.kind, NAMES[self.kind])


def hints(rule: Rule, kind: Kind) -> dict[str, str]:
    """Return the message of each finding, without where it is, and its hint."""
    source = Snapshot(rule.bad.files, tracked=rule.bad.tracked)
    source.kind = kind
    found = check(source, Settings()._replace(**rule.bad.settings)).findings
    return {one.message: one.hint or "" for one in found}


def block(rule: Rule) -> str:
    """Return what the file has of a rule."""
    first = hints(rule, "worktree")
    lines = [f"{rule.code} {' / '.join(first)}"]
    for kind in NAMES:
        for message, hint in hints(rule, kind).items():
            said = [message] if message not in first else []
            lines += [f"{kind}: {': '.join((*said, hint))}"] if hint else said
    return "\n".join(lines)


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.code)
def test_a_rule_says_what_is_wrong_and_what_to_do_in_each_kind_of_snapshot(rule: Rule) -> None:
    expected = {one[:5]: one for one in EXPECTED.read_text("utf-8").strip().split("\n\n")}
    assert block(rule) == expected[rule.code]
