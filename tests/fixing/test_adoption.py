"""`--fix --adopt`: an orphan gets the entry that directory and name make certain, or a question."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jit_guard import Guard
from jit_guard.commit import transaction
from jit_guard.fixing import adopting
from jit_guard.fixing.adoption import Unclear
from jit_guard.fixing.job import FixOptions
from jit_guard.registry.edit import EditError
from projects import Files, call, lay_out
from repositories import NEEDS_GIT, repository
from typed import type_in

TEXT = "Some text.\n"
MAP = """{
  "TRIAGE": {
    "persona": "triage.md",
    "protocol": "triage.md"
  },
  "ROLL_BACK": {
    "persona": "roll-back.md"
  }
}
"""
SOUND: Files = {
    "goal_map.json": MAP,
    "components/personas/triage.md": TEXT,
    "components/personas/roll-back.md": TEXT,
    "components/protocols/triage.md": TEXT,
}
FIX = ("--fix", "--no-input", "--adopt", "--generator", "scaffold")


def project(tmp_path: Path, *orphans: str, **more: Any) -> Path:
    files = {f"components/{path}": TEXT for path in orphans}
    return lay_out(tmp_path, {**SOUND, **files, **more})


def goals(root: Path) -> Any:
    return json.loads((root / "goal_map.json").read_text())


def test_an_existing_goal_gets_the_component_that_its_name_spells(tmp_path: Path) -> None:
    root = project(tmp_path, "protocols/roll-back.md")
    done = call(*FIX, "--format", "json", cwd=root)
    assert (done.code, done.codes) == (0, [])
    assert (root / "goal_map.json").read_text() == MAP.replace(
        '"roll-back.md"\n', '"roll-back.md",\n    "protocol": "roll-back.md"\n'
    )
    assert done.report["fixed"] == [
        {
            "action": "adopted",
            "goal": "ROLL_BACK",
            "component_type": "protocol",
            "path": "components/protocols/roll-back.md",
            "generator": None,
            "origin": None,
        }
    ]


def test_a_new_goal_is_spelled_like_the_others(tmp_path: Path) -> None:
    root = project(tmp_path, "personas/on call.md")
    done = call(*FIX, cwd=root)
    assert done.code == 0, done
    assert (root / "goal_map.json").read_text() == MAP.replace(
        "  }\n}", '  },\n  "ON_CALL": {\n    "persona": "on call.md"\n  }\n}'
    )
    assert "adopted    ON_CALL/persona: components/personas/on call.md" in done.out


@pytest.mark.parametrize(
    ("styled", "new"),
    [
        (("page_someone", "call_back"), "write_it_up"),
        (("page-someone", "call-back"), "write-it-up"),
        (("page someone", "call back"), "write it up"),
        (("Page someone", "Call back"), "Write it up"),
        (("Page Someone", "Call Back"), "Write It Up"),
        (("PageSomeone", "CallBack"), "WriteItUp"),
    ],
)
def test_any_consistent_spelling(tmp_path: Path, styled: tuple[str, str], new: str) -> None:
    names = ("page_someone.md", "call_back.md")
    root = lay_out(
        tmp_path,
        {
            "goal_map.json": json.dumps(
                {goal: {"persona": name} for goal, name in zip(styled, names, strict=True)}
            ),
            **{f"components/personas/{name}": TEXT for name in (*names, "write_it_up.md")},
        },
    )
    assert call(*FIX, cwd=root).code == 0
    assert goals(root)[new] == {"persona": "write_it_up.md"}


def test_a_nested_file_and_a_configured_directory(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path,
        {
            "goal_map.json": '{"PDF": {"skill": "pdf/SKILL.md"}, "WEB": {"skill": "web/SKILL.md"}}',
            "jit-guard.toml": 'types.skill.directory = "abilities"\n',
            **{f"components/abilities/{name}/SKILL.md": TEXT for name in ("pdf", "web", "mail")},
        },
    )
    assert call(*FIX, cwd=root).code == 0
    assert goals(root)["MAIL"] == {"skill": "mail/SKILL.md"}


def test_the_innermost_directory_decides(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        "personas/of/roll-back.md",
        **{"jit-guard.toml": 'types.of.directory = "personas/of"\n'},
    )
    assert call(*FIX, cwd=root).code == 0
    assert goals(root)["ROLL_BACK"]["of"] == "roll-back.md"


def test_a_generated_file_belongs_to_its_goal(tmp_path: Path) -> None:
    root = project(tmp_path, "protocols/autogen_protocol_for_roll_back.txt")
    assert call(*FIX, cwd=root).code == 0
    assert goals(root)["ROLL_BACK"]["protocol"] == "autogen_protocol_for_roll_back.txt"
    both = {"A": {"persona": "a.md"}, "B": {"protocol": "b.md"}}
    made = {"personas": "autogen_persona_for_b.md", "protocols": "autogen_protocol_for_a.md"}
    files = {f"components/{where}/{name}": TEXT for where, name in made.items()}
    there = {"components/personas/a.md": TEXT, "components/protocols/b.md": TEXT}
    root = lay_out(tmp_path / "both", {"goal_map.json": json.dumps(both), **there, **files})
    assert call(*FIX, cwd=root).code == 0
    assert goals(root) == {
        "A": {"persona": "a.md", "protocol": made["protocols"]},
        "B": {"protocol": "b.md", "persona": made["personas"]},
    }


def test_two_maps(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        "protocols/roll-back.md",
        "tones/call.md",
        **{
            "more.json": '{"CALL_BACK": {"tone": "call-back.md"}, "CALL": {"voice": "call.md"}}',
            "jit-guard.toml": 'maps = ["goal_map.json", "more.json"]\n',
            "components/tones/call-back.md": TEXT,
            "components/voices/call.md": TEXT,
        },
    )
    assert call(*FIX, cwd=root).code == 0
    assert json.loads((root / "more.json").read_text())["CALL"] == {
        "voice": "call.md",
        "tone": "call.md",
    }
    assert goals(root)["ROLL_BACK"]["protocol"] == "roll-back.md"


@pytest.mark.parametrize(("kind", "certain"), [("tone", True), ("persona", False)])
def test_a_new_goal_belongs_in_the_map_with_its_type(
    tmp_path: Path, kind: str, certain: bool
) -> None:
    more = {"CALL": {kind: "call.md"}, "WRITE": {kind: "write.md"}}
    root = project(
        tmp_path,
        f"{kind}s/page.md",
        **{
            "more.json": json.dumps(more),
            "jit-guard.toml": 'maps = ["goal_map.json", "more.json"]\n',
            f"components/{kind}s/call.md": TEXT,
            f"components/{kind}s/write.md": TEXT,
        },
    )
    done = call(*FIX, cwd=root)
    assert ("it is not clear which map the entry belongs in" in done.err) is not certain
    assert ("PAGE" in json.loads((root / "more.json").read_text())) is certain
    assert "PAGE" not in goals(root)


# Not certain

LEFT: dict[str, tuple[str, Files, str]] = {
    "taken": (
        "personas/Triage.txt",
        {},
        "TRIAGE/persona already names triage.md",
    ),
    "no convention": (
        "protocols/page.md",
        {},
        "its name fits no goal, and goals with a protocol have other names",
    ),
    "goals have other names": (
        "personas/page.md",
        {"goal_map.json": MAP.replace("ROLL_BACK", "UNDO")},
        "its name fits no goal, and goals with a persona have other names",
    ),
    "no letters": ("personas/--.md", {}, "its name fits no goal"),
    "several goals": (
        "protocols/roll_back.md",
        {"goal_map.json": MAP.replace('"ROLL_BACK"', '"roll back": {"tone": "x"}, "ROLL_BACK"'),
         "components/tones/x": TEXT},
        "its name fits several goals: roll back, ROLL_BACK",
    ),
    "a directory without a type": (
        "voices/roll-back.md",
        {},
        "no component type uses the directory components/voices",
    ),
    "a directory of two types": (
        "personas/page.md",
        {"jit-guard.toml": 'types.role.directory = "personas"\n'},
        "several component types use its directory: role, persona",
    ),
    "at the top": ("page.md", {}, "no component type uses the directory components"),
    "a goal without entries": (
        "personas/page.md",
        {"goal_map.json": MAP.replace("{\n  ", '{\n  "PAGE": {},\n  ', 1)},
        "the goal PAGE has no entries yet; add this one by hand",
    ),
    "no such name": ("personas/a\\b.md", {}, "the filename contains a backslash"),
}  # fmt: skip


@pytest.mark.parametrize("name", LEFT)
def test_without_a_terminal_the_rest_is_left_with_the_reason(tmp_path: Path, name: str) -> None:
    orphan, more, why = LEFT[name]
    root = project(tmp_path, orphan, **more)
    before = (root / "goal_map.json").read_bytes()
    done = call(*FIX, cwd=root)
    assert done.code == 1
    assert f"components/{orphan} got no entry: {why}" in done.err
    assert (root / "goal_map.json").read_bytes() == before
    assert f"leave     components/{orphan}: {why}" in call(*FIX, "--dry-run", cwd=root).out


def test_two_files_for_one_entry_are_both_left(tmp_path: Path) -> None:
    root = project(tmp_path, "protocols/roll-back.md", "protocols/roll_back.txt")
    done = call(*FIX, cwd=root)
    assert done.code == 1
    assert done.err.count("several files could be ROLL_BACK/protocol") == 2


def test_what_may_be_a_missing_component_is_left(tmp_path: Path) -> None:
    root = project(tmp_path, "personas/triages.md")
    (root / "components/personas/triage.md").unlink()
    done = call(*FIX, cwd=root)
    assert "components/personas/triages.md got no entry: it may be components/personas/triage" in (
        done.err
    )
    assert "TRIAGES" not in goals(root)


def test_without_the_flag_orphans_are_left(tmp_path: Path) -> None:
    root = project(tmp_path, "protocols/roll-back.md")
    assert call("--fix", "--no-input", cwd=root).code == 1
    assert (root / "goal_map.json").read_text() == MAP


@pytest.mark.parametrize(
    ("more", "argv"),
    [
        ({"jit-guard.toml": 'orphan-ignore = ["roll-back.md"]\n'}, ()),
        ({"jit-guard.toml": 'ignore = ["JG301"]\n'}, ()),
        ({}, ("--ignore", "JG3")),
        ({"goal_map.json": MAP[:-3]}, ()),
    ],
)
def test_only_reported_orphans_are_adopted(
    tmp_path: Path, more: Files, argv: tuple[str, ...]
) -> None:
    root = project(tmp_path, "protocols/roll-back.md", **more)
    before = (root / "goal_map.json").read_bytes()
    call(*FIX, *argv, cwd=root)
    assert (root / "goal_map.json").read_bytes() == before


def test_an_accepted_orphan_is_left(tmp_path: Path) -> None:
    root = project(tmp_path, "protocols/roll-back.md")
    call("--baseline", "b.jsonl", "--update-baseline", cwd=root)
    assert call(*FIX, "--baseline", "b.jsonl", cwd=root).code == 0
    assert (root / "goal_map.json").read_text() == MAP


def test_a_map_that_is_not_shown_is_not_edited(tmp_path: Path) -> None:
    more = {"jit-guard.toml": 'maps = ["goal_map.json", "more.json"]\n', "more.json": "{}"}
    root = project(tmp_path, "protocols/roll-back.md", **more)
    done = call(*FIX, "--map", "more.json", cwd=root)
    assert "it is not clear which map the entry belongs in" in done.err
    assert (root / "goal_map.json").read_text() == MAP


@NEEDS_GIT
def test_what_git_ignores_is_left(tmp_path: Path) -> None:
    root = repository(tmp_path, {**SOUND, ".gitignore": "*.log\n"})
    lay_out(root, {"components/protocols/roll-back.log": TEXT})
    call(*FIX, cwd=root)
    assert (root / "goal_map.json").read_text() == MAP


@NEEDS_GIT
def test_a_fix_in_git_prints_what_to_stage(tmp_path: Path) -> None:
    root = repository(tmp_path, SOUND)
    lay_out(root, {"components/protocols/roll-back.md": TEXT})
    done = call(*FIX, cwd=root)
    command = done.err.partition("to stage the fix, run: ")[2].strip()
    assert command == "git add -- goal_map.json components/protocols/roll-back.md"


def test_a_dry_run_shows_the_entries_and_changes_nothing(tmp_path: Path) -> None:
    root = project(tmp_path, "protocols/roll-back.md", "personas/page.md")
    done = call(*FIX, "--dry-run", cwd=root)
    assert done.code == 1
    for line in (
        '+    "protocol": "roll-back.md"',
        '+  "PAGE": {',
    ):
        assert f"{line}\n" in done.out
    spelled = "ROLL_BACK/protocol (its name spells the goal)"
    assert f"adopt     components/protocols/roll-back.md: {spelled}\n" in done.out
    same = "PAGE/persona (every persona is named after its goal)"
    assert f"adopt     components/personas/page.md: {same}\n" in done.out
    assert (root / "goal_map.json").read_text() == MAP
    assert not (root / ".jit-guard").exists()


def test_the_json_report_has_the_plan_for_each_orphan(tmp_path: Path) -> None:
    root = project(tmp_path, "protocols/roll-back.md", "voices/x.md")
    report = call(*FIX, "--dry-run", "--format", "json", cwd=root).report
    assert {one["path"]: one["fix"] for one in report["findings"]} == {
        "components/protocols/roll-back.md": {
            "action": "adopt",
            "path": "components/protocols/roll-back.md",
            "cost": 0,
        },
        "components/voices/x.md": {"action": "leave", "path": None, "cost": 0},
    }
    assert (root / "goal_map.json").read_text() == MAP


def test_adoption_and_generation_in_one_run(tmp_path: Path) -> None:
    first = json.loads(MAP)
    more = {"goal_map.json": json.dumps({"ROLL_BACK": first.pop("ROLL_BACK"), **first})}
    root = project(tmp_path, "protocols/roll-back.md", **more)
    (root / "components/personas/triage.md").unlink()
    done = call(*FIX, "--yes", "--format", "json", cwd=root)
    assert [one["action"] for one in done.report["fixed"]] == ["generated", "adopted"]
    assert done.codes == ["JG501"]


# On a terminal


def test_a_user_names_the_entry(tmp_path: Path) -> None:
    root = project(tmp_path, "protocols/page.md")
    done = type_in(["PAGE_SOMEONE", ""], "--fix", "--adopt", cwd=root)
    assert done.code == 0, done
    assert "components/protocols/page.md has no entry" in done.err
    assert "Goal of it, or - to leave it? [PAGE]" in done.err
    assert "Component type? [protocol]" in done.err
    assert goals(root)["PAGE_SOMEONE"] == {"protocol": "page.md"}


def test_enter_accepts_the_suggestion(tmp_path: Path) -> None:
    root = project(tmp_path, "voices/page.md")
    assert type_in(["", ""], "--fix", "--adopt", cwd=root).code == 0
    assert goals(root)["PAGE"] == {"voice": "page.md"}


def test_of_several_goals_the_first_without_such_a_component_is_suggested(tmp_path: Path) -> None:
    tone = {"tone": "calm.md"}
    named = {"roll back": {"protocol": "undo.md"}, "ROLL_BACK": tone, "Roll Back": tone}
    files = {
        "goal_map.json": json.dumps({**named, "RollBack": tone}),
        "components/protocols/undo.md": TEXT,
        "components/tones/calm.md": TEXT,
    }
    root = lay_out(tmp_path, {**files, "components/protocols/roll_back.md": TEXT})
    done = type_in(["", ""], "--fix", "--adopt", cwd=root)
    assert "its name fits several goals: roll back, ROLL_BACK, Roll Back\n" in done.err
    assert "Goal of it, or - to leave it? [ROLL_BACK]" in done.err
    assert goals(root)["ROLL_BACK"] == {"tone": "calm.md", "protocol": "roll_back.md"}


def test_an_impossible_answer_is_asked_again_with_the_reason(tmp_path: Path) -> None:
    root = project(tmp_path, "protocols/page.md")
    answers = ["TRIAGE", "protocol", "TRIAGE", "persona", "$schema", "protocol", "X", "protocol"]
    done = type_in(answers, "--fix", "--adopt", cwd=root)
    assert done.code == 0
    assert "TRIAGE/protocol already names triage.md" in done.err
    assert "the components of the type persona are in components/personas" in done.err
    assert "no goal can be called '$schema'" in done.err
    assert goals(root)["X"] == {"protocol": "page.md"}


@pytest.mark.parametrize("answers", [["-", "-"], [], ["X"], ["X", "-", "-"]])
def test_an_orphan_may_be_left(tmp_path: Path, answers: list[str]) -> None:
    root = project(tmp_path, "protocols/page.md", "protocols/write.md")
    done = type_in(answers, "--fix", "--adopt", cwd=root)
    assert done.code == 1
    assert done.err.count("got no entry") == 2
    assert (root / "goal_map.json").read_text() == MAP


def test_after_the_end_of_input_nothing_more_is_asked(tmp_path: Path) -> None:
    root = project(tmp_path, "protocols/page.md", "protocols/write.md")
    assert type_in([], "--fix", "--adopt", cwd=root).err.count("Goal of it") == 1


def test_an_entry_is_given_once(tmp_path: Path) -> None:
    root = project(tmp_path, "protocols/page.md", "protocols/write.md")
    answers = ["ROLL_BACK", "protocol", "ROLL_BACK", "protocol", "-"]
    done = type_in(answers, "--fix", "--adopt", cwd=root)
    assert "ROLL_BACK/protocol already names page.md" in done.err
    assert goals(root)["ROLL_BACK"]["protocol"] == "page.md"

    # Nor is one that was certain.
    root = project(tmp_path / "certain", "protocols/page.md", "protocols/roll-back.md")
    done = type_in(["ROLL_BACK", "protocol", "PAGE", "protocol"], "--fix", "--adopt", cwd=root)
    assert "ROLL_BACK/protocol already names roll-back.md" in done.err
    assert goals(root)["ROLL_BACK"]["protocol"] == "roll-back.md"
    assert goals(root)["PAGE"]["protocol"] == "page.md"


def test_a_new_goal_stays_in_one_map(tmp_path: Path) -> None:
    more = {
        "more.json": '{"CALL": {"tone": "call.md"}}',
        "jit-guard.toml": 'maps = ["goal_map.json", "more.json"]\n',
        "components/tones/call.md": TEXT,
    }
    root = project(tmp_path, "protocols/page.md", "tones/page.md", **more)
    assert type_in(["PAGE", "protocol", "PAGE", "tone"], "--fix", "--adopt", cwd=root).code == 0
    assert goals(root)["PAGE"] == {"protocol": "page.md", "tone": "page.md"}
    assert (root / "more.json").read_text() == more["more.json"]


def test_no_input_and_hooks_ask_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project(tmp_path, "protocols/page.md")
    assert "Goal of it" not in type_in(["X", ""], "--fix", "--adopt", "--no-input", cwd=root).err
    monkeypatch.setenv("PRE_COMMIT", "1")
    assert "Goal of it" not in type_in(["X", ""], "--fix", "--adopt", cwd=root).err


def test_a_program_names_the_entry(tmp_path: Path) -> None:
    root = project(tmp_path, "protocols/page.md")
    asked: list[Unclear] = []

    def name(orphan: Unclear) -> tuple[str, str]:
        asked.append(orphan)
        return "TRIAGE", "protocol"

    report = Guard(root).fix(FixOptions(adopt=True, name_orphan=name))
    assert not report.fixed
    assert 1 < len(asked) < 100, "it is not asked for ever"
    options = FixOptions(adopt=True, name_orphan=lambda _: ("PAGE", "protocol"))
    assert [one.action for one in Guard(root).fix(options).fixed] == ["adopted"]


# A map that is saved meanwhile


def saving(root: Path, times: int) -> Callable[..., object]:
    left = [times]

    def commit(*args: Any, **keywords: Any) -> object:
        if left[0]:
            left[0] -= 1
            raise EditError("another process changed it")
        return transaction.commit(*args, **keywords)

    return commit


def test_a_map_that_is_saved_meanwhile_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project(tmp_path, "protocols/roll-back.md")
    monkeypatch.setattr(adopting, "commit", saving(root, 2))
    assert call(*FIX, cwd=root).code == 0
    monkeypatch.setattr(adopting, "commit", saving(root, 99))
    lay_out(root, {"components/personas/page.md": TEXT})
    done = call(*FIX, cwd=root)
    assert done.code == 2
    assert "the map keeps changing" in done.err
