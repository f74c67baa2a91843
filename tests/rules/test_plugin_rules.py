"""Rules of plugins: what they see of a project, and where their problems are reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from jit_guard.check import check
from jit_guard.config import Settings
from jit_guard.report import Finding
from jit_guard.rules.plugin_rule import (
    MappedEntry,
    PluginRule,
    Problem,
    Project,
    as_rule,
    fault_of,
)
from jit_guard.sources.memory import Memory
from projects import Files

PERSONAS = "components/personas"
FILES: Files = {
    "goal_map.json": """{
  "A": {"persona": "host.txt", "rule": "../x.txt"},
  "B": {"persona": "Usher.txt", "protocol": "gone.txt"},
  "C": {"persona": "hall"}
}
""",
    f"{PERSONAS}/host.txt": "You welcome people.\n",
    f"{PERSONAS}/usher.txt": b"\xff",
    f"{PERSONAS}/hall/README.md": "never counts",
    f"{PERSONAS}/hall/z.txt": "orphan",
    f"{PERSONAS}/a.txt": "orphan",
}


def reported(judge: Callable[[Project], Iterable[Problem]]) -> list[Finding]:
    """Return the findings of one rule of a plugin, in a project in memory."""
    source = Memory(FILES)
    own = PluginRule("ACME101", "a-rule", "error", "it is so", judge)
    found = check(source, Settings(), extra_rules=(as_rule("acme", own, source.read),)).findings
    return [one for one in found if one.code == "ACME101"]


def test_a_rule_sees_which_entries_name_a_file_and_what_is_there() -> None:
    seen: list[Project] = []

    def judge(project: Project) -> list[Problem]:
        seen.append(project)
        return []

    assert reported(judge) == []
    (project,) = seen
    assert project.entries == (
        MappedEntry("goal_map.json", "A", "persona", "host.txt", f"{PERSONAS}/host.txt", True),
        MappedEntry("goal_map.json", "A", "rule", "../x.txt", "components/rules/../x.txt", False),
        MappedEntry("goal_map.json", "B", "persona", "Usher.txt", f"{PERSONAS}/Usher.txt", False),
        MappedEntry(
            "goal_map.json", "B", "protocol", "gone.txt", "components/protocols/gone.txt", False
        ),
        MappedEntry("goal_map.json", "C", "persona", "hall", f"{PERSONAS}/hall", False),
    )
    assert project.files == tuple(
        f"{PERSONAS}/{name}" for name in ("a.txt", "hall/z.txt", "host.txt", "usher.txt")
    )
    assert project.entries is project.entries  # found once, whatever a rule asks
    assert project.files is project.files
    texts = [project.text(f"{PERSONAS}/{name}") for name in ("host.txt", "usher.txt", "no.txt")]
    assert texts == ["You welcome people.\n", None, None]


def test_a_problem_is_reported_where_it_says() -> None:
    def judge(project: Project) -> Iterator[Problem]:
        entry = project.entries[3]
        yield Problem("at an entry", entry, hint="wave", related=("x",))
        yield Problem("of an entry", entry, path="elsewhere")
        yield Problem("no such map", entry._replace(map="other.json"))
        yield Problem("a named file", path=f"{PERSONAS}/host.txt", hint="nod", related=("y",))
        yield Problem("an orphan", path=f"{PERSONAS}/a.txt")
        yield Problem("the whole", hint="bow", related=("z",))

    found = {one.message: one for one in reported(judge)}
    places = {
        name: (one.map, one.line, one.column, one.path, one.hint, one.related)
        for name, one in found.items()
    }
    gone, here = "components/protocols/gone.txt", "goal_map.json"
    assert places == {
        "at an entry": (here, 3, 45, gone, "wave", ("x",)),
        "of an entry": (here, 3, 45, "elsewhere", None, ()),
        "no such map": (None, None, None, None, None, ()),
        "a named file": (here, 2, 20, f"{PERSONAS}/host.txt", "nod", ("y",)),
        "an orphan": (None, None, None, f"{PERSONAS}/a.txt", None, ()),
        "the whole": (None, None, None, None, "bow", ("z",)),
    }
    assert found["at an entry"].pointer == "/B/protocol"


def test_what_a_plugin_does_not_explain_is_referred_to_it() -> None:
    own = PluginRule("ACME101", "a-rule", "warning", "it is so", lambda _: [])
    rule = as_rule("acme", own, Memory(FILES).read)
    assert (rule.why, rule.fix) == (
        "A rule of the plugin acme.",
        "See the plugin's own documentation.",
    )
    explained = as_rule("acme", own._replace(why="Because.", fix="Undo it."), Memory(FILES).read)
    assert (explained.why, explained.fix) == ("Because.", "Undo it.")


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("code", ("AB101", "ABCDEFGH1234"), ("A101", "ABCDEFGHI101", "AB10", "AB10101", "xAB101")),
        ("name", ("a", "a-1-b", "2"), ("", "a-", "-a", "a--b", "A", "a_b", "a b")),
        ("severity", ("error", "warning"), ("note", "")),
        ("summary", ("it is so",), ("", " ", "a\nb", None)),
    ],
)
def test_the_fields_of_a_rule_have_limits(
    field: str, good: tuple[Any, ...], bad: tuple[Any, ...]
) -> None:
    own = PluginRule("ACME101", "a-rule", "error", "it is so", lambda _: [])
    assert [fault_of(own._replace(**{field: one})) for one in good] == [None] * len(good)
    for one in bad:
        assert fault_of(own._replace(**{field: one})), one
