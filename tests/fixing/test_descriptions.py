"""Descriptions: suggested ones read like English, and those of a file are checked."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from jit_guard import Guard
from jit_guard.errors import ConfigError
from jit_guard.fixing.descriptions import parse, suggestion, unknown
from jit_guard.fixing.job import FixOptions
from jit_guard.registry.goal_map import Entry
from projects import call, command_line, lay_out


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (Entry("GREET", "persona", "host.txt"), "A persona to greet: host"),
        (Entry("B", "evaluation", "autogen_x.txt"), "An evaluation to b"),
        (Entry("B", "Outline", "b.txt"), "An outline to b"),
        (Entry("B", "日本", "x.txt"), "A 日本 to b: x"),
    ],
)
def test_a_suggestion_is_made_of_the_names(entry: Entry, words: str) -> None:
    assert suggestion(entry) == words


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (Entry("Find the Cause", "persona", "deep/findTheCause.md"), "A persona to find the cause"),
        (Entry("A", "persona", "causeFinder2Go.md"), "A persona to a: cause finder2 go"),
        (Entry("A", "unit", "noSuffix"), "An unit to a: no suffix"),
        (Entry("A", "persona", ".hidden"), "A persona to a: hidden"),
        (Entry("!!", "persona", "?.md"), "A persona to !!: ?"),
    ],
)
def test_a_suggestion_splits_names_into_words(entry: Entry, words: str) -> None:
    assert suggestion(entry) == words


# A file of descriptions


def test_a_description_is_one_line_whatever_its_file_says() -> None:
    data = b'{"$schema": "x", "GREET": {"persona": "  A warm\\n\\thost ", "tone": "Calm"}}'
    assert parse("d.json", data) == {("GREET", "persona"): "A warm host", ("GREET", "tone"): "Calm"}
    with pytest.raises(ConfigError, match=r"^d\.json:1:2: "):
        parse("d.json", b"{GREET}")
    for other in (b'{"GREET": "A host"}', b'{"GREET": {"persona": ["A host"]}}', b"[]"):
        with pytest.raises(
            ConfigError, match=r'^d\.json: descriptions must be shaped like \{"GOAL"'
        ):
            parse("d.json", other)


GOALS = {"GREET": {"persona": "host.txt", "tone": "calm.txt"}, "PART": {"persona": "host.txt"}}


def test_what_is_described_but_in_no_map_is_named_with_what_is_similar(tmp_path: Path) -> None:
    lay_out(tmp_path, {"goal_map.json": json.dumps(GOALS)})
    given = {
        "GRET": {"persona": "A host", "tone": "Calm"},
        "PART": {"person": "x"},
        "X": {"y": "z"},
    }
    (tmp_path / "d.json").write_text(json.dumps(given))
    done = call("--fix", "--no-input", "--descriptions", "d.json", cwd=tmp_path)
    start = "jit-guard: warning: --descriptions: "
    assert [line for line in done.err.splitlines() if line.startswith(start)] == [
        f"{start}no map has the goal 'GRET'; did you mean 'GREET'?",
        f"{start}the goal 'PART' has no component type 'person'; did you mean 'persona'?",
        f"{start}no map has the goal 'X'",
    ]
    (tmp_path / "d.json").write_text(json.dumps(GOALS))
    assert "no map" not in call("--fix", "--yes", "--descriptions", "d.json", cwd=tmp_path).err


def test_of_many_that_are_unknown_twenty_are_named() -> None:
    described = {(f"G{number}", "persona"): "x" for number in range(1020)}
    messages = unknown(described, [])
    assert messages[:20] == [f"no map has the goal 'G{number}'" for number in range(20)]
    assert messages[20:] == ["… and 1,000 more"]
    assert len(unknown({(f"G{number}", "persona"): "x" for number in range(20)}, [])) == 20


# Which description is used


def described(project: Path, *arguments: str) -> list[str]:
    """The description of each text that a dry run would generate."""
    lines = call("--fix", "--dry-run", *arguments, cwd=project).out.splitlines()
    return [line.partition(".txt: ")[2] for line in lines if line.startswith("generate ")]


def test_an_entry_is_described_with_its_own_filename(tmp_path: Path) -> None:
    """Two entries name a component, each from the directory of its type."""
    lay_out(
        tmp_path,
        {
            "jit-guard.toml": '[types.guest]\ndirectory = "personas/guests"\n',
            "goal_map.json": '{"A": {"persona": "guests/a.txt", "guest": "a.txt"}}',
        },
    )
    asked: list[Entry] = []

    def describe(entry: Entry) -> str:
        asked.append(entry)
        return "A guest."

    Guard(tmp_path).fix(FixOptions(generator="scaffold", describe=describe))
    assert asked == [Entry("A", "persona", "guests/a.txt")]


def test_a_description_comes_from_the_flag_the_configuration_the_ledger_or_the_names(
    tmp_path: Path,
) -> None:
    project = lay_out(
        tmp_path,
        {
            "goal_map.json": json.dumps({"A": {"persona": "x.txt"}, "B": {"persona": "x.txt"}}),
            "d.json": '{"B": {"persona": "Of the second entry"}}',
            "more.json": '{"A": {"persona": "Of the flag"}}',
        },
    )
    assert described(project, "--yes") == ["A persona to a: x"]
    (project / "jit-guard.toml").write_text('descriptions = "d.json"\n')
    assert described(project, "--no-input") == ["Of the second entry"]
    assert described(project, "--no-input", "--descriptions", "more.json") == ["Of the flag"]
    command, other = (
        ("--command", command_line(sys.executable, "-c", f"print('{text}')"))
        for text in ("A text.", "Another.")
    )
    call("--fix", "--no-input", *command, cwd=project)
    (project / "jit-guard.toml").unlink()
    (project / "components/personas/autogen_persona_for_a.txt").unlink()
    assert described(project, "--no-input", *other) == ["Of the second entry"]
    assert described(project, "--yes", "--fresh", *command) == ["A persona to a"]
