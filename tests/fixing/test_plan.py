"""The plan: relink what is certain, generate what is missing once, overwrite nothing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from difflib import unified_diff as difflib_diff
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jit_guard.check import check
from jit_guard.comparison.compare import compare
from jit_guard.comparison.explanation import Explanation, explain
from jit_guard.comparison.result import Comparison, Reference
from jit_guard.config import Settings, TypeSettings
from jit_guard.errors import UnreadableError
from jit_guard.fixing.outline import outline
from jit_guard.fixing.plan import make_plan
from jit_guard.fixing.steps import Generate, Plan, changes
from jit_guard.registry.diff import unified_diff
from jit_guard.registry.edit import splice
from jit_guard.registry.goal_map import GoalMap
from jit_guard.sources.answers import Blob, GitState
from jit_guard.sources.memory import Link, Memory
from jit_guard.sources.read_maps import read_maps
from jit_guard.sources.tree import Tree
from jit_guard.text.generated import candidates
from jit_guard.text.names import fold

Goals = Mapping[str, Mapping[str, str]]


def project(goals: Goals, *paths: str, **more: Any) -> dict[str, Any]:
    files: dict[str, Any] = {f"components/{path}": "A text.\n" for path in paths}
    return {"goal_map.json": json.dumps(goals, ensure_ascii=False, indent=2), **files, **more}


def look(files: Mapping[str, Any], settings: Settings) -> tuple[Any, Tree, Comparison]:
    source = Memory(files)
    maps = read_maps(source, settings.maps)
    tree = Tree(source)
    return maps.read, tree, compare(maps, tree, settings)


def planned(files: Mapping[str, Any], settings: Settings | None = None, **more: Any) -> Plan:
    settings = settings or Settings()
    maps, tree, comparison = look(files, settings)
    return make_plan(maps, tree, settings, Explanation.without_source(comparison), **more)


def applied(files: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """Return the project as the commit of the plan would leave it."""
    after = dict(files)
    for change in changes((*plan.free, *plan.generates)):
        data = after[change.path]
        data = data.encode() if isinstance(data, str) else data
        after[change.path] = splice(data, change.edits)
    for step in plan.generates:
        assert step.replaces_draft or step.path not in after, "an existing file is overwritten"
        after[step.path] = "A text.\n"
    return after


def news(plan: Plan) -> list[str]:
    return [f"{step.component} > {step.path.rpartition('/')[2]}" for step in plan.generates]


# Missing components


def test_a_missing_component_gets_a_generated_name_and_its_entry_is_set() -> None:
    plan = planned(project({"GREET": {"persona": "host.md"}}))
    (step,) = plan.generates
    assert step[:5] == (
        "components/personas/host.md",
        "components/personas/autogen_persona_for_greet.md",
        "GREET",
        "persona",
        "autogen_persona_for_greet.md",
    )
    (change,) = changes([step])
    assert change.path == "goal_map.json"
    (edit,) = change.edits
    assert edit == (("GREET", "persona"), "host.md", "autogen_persona_for_greet.md")


def test_a_file_of_several_entries_is_generated_once_for_the_first() -> None:
    goals = {"B": {"persona": "host.txt"}, "A": {"persona": "host.txt"}}
    (step,) = planned(project(goals)).generates
    assert step.filename == "autogen_persona_for_b.txt"
    assert [repoint.edit.keys[0] for repoint in step.repoints] == ["B", "A"]


def test_several_maps_share_one_file() -> None:
    files = project({"A": {"persona": "host.txt"}})
    files["other.json"] = '{"B": {"persona": "host.txt"}}'
    (step,) = planned(files, Settings(maps=("goal_map.json", "other.json"))).generates
    assert [repoint.map for repoint in step.repoints] == ["goal_map.json", "other.json"]


def test_only_findings_in_scope_are_acted_on() -> None:
    def acts(code: str, reference: Reference) -> bool:
        return code == "JG201" and reference.entry.goal == "B"

    goals = {"A": {"persona": "x.txt", "protocol": "Y.txt"}, "B": {"persona": "x.txt"}}
    plan = planned(project(goals, "protocols/y.txt"), acts=acts)
    assert plan.relinks == ()
    (step,) = plan.generates
    assert step.filename == "autogen_persona_for_b.txt"
    assert len(step.repoints) == 1


def test_each_step_needs_its_own_finding() -> None:
    draft = "autogen_lesson_for_a.txt"
    goals = {"A": {"persona": "x.txt", "protocol": "Y.txt", "lesson": draft}}
    files = project(goals, "protocols/y.txt", f"lessons/{draft}")
    drafts = [f"components/lessons/{draft}"]
    for allowed, done in {
        "JG201": "components/personas/x.txt",
        "JG202": "components/protocols/Y.txt",
        "JG501": drafts[0],
    }.items():
        plan = planned(files, drafts=drafts, acts=lambda code, _: code == allowed)  # noqa: B023
        assert [one.component for one in (*plan.free, *plan.generates)] == [done]


def test_what_a_plan_does_about_each_component_in_short() -> None:
    settings = Settings(types={"image": TypeSettings(text=False)})
    draft = "autogen_lesson_for_a.txt"
    parts = {"persona": "x.txt", "protocol": "Y.txt", "tone": "calm.txt", "image": "x.png"}
    names = ("protocols/y.txt", "tones/autogen_tone_for_a.txt", "voices/hosts.txt")
    files = project(
        {"A": {**parts, "lesson": draft, "voice": "host.txt"}}, *names, f"lessons/{draft}"
    )
    plan = planned(files, settings, drafts=[f"components/lessons/{draft}"])
    expected = {
        "components/personas/x.txt": (
            "generate",
            "components/personas/autogen_persona_for_a.txt",
            None,
        ),
        "components/protocols/Y.txt": ("relink", "components/protocols/y.txt", 0),
        "components/tones/calm.txt": ("adopt", "components/tones/autogen_tone_for_a.txt", 0),
        "components/images/x.png": ("leave", None, 0),
        "components/voices/host.txt": ("offer", "components/voices/hosts.txt", 0),
    }
    assert outline(plan) == expected
    lesson = f"components/lessons/{draft}"
    assert outline(plan, better=True) == {**expected, lesson: ("generate", lesson, None)}


def test_goals_that_differ_in_case_both_get_a_hash() -> None:
    plan = planned(project({"Greet": {"persona": "a"}, "GREET": {"persona": "b"}}))
    names = {step.filename for step in plan.generates}
    assert len(names) == 2
    assert "autogen_persona_for_greet.txt" not in names


def test_a_goal_with_replaced_characters_does_not_take_the_name_of_another() -> None:
    plan = planned(project({"A_B": {"persona": "a"}, "A B": {"persona": "b"}}))
    plain, hashed = [step.filename for step in plan.generates]
    assert plain == "autogen_persona_for_a_b.txt"
    assert hashed.startswith("autogen_persona_for_a_b_")


def test_two_files_of_one_goal_and_type_get_two_names() -> None:
    files = project({"A": {"persona": "one.txt"}})
    files["other.json"] = '{"A": {"persona": "two.txt"}}'
    plan = planned(files, Settings(maps=("goal_map.json", "other.json")))
    assert len({step.path for step in plan.generates}) == 2


@pytest.mark.parametrize("there", ["AUTOGEN_persona_for_a.txt", "autogen_persona_for_a.txt/x"])
def test_a_name_that_is_taken_gets_a_hash(there: str) -> None:
    (step,) = planned(project({"A": {"persona": "x.txt"}}, f"personas/{there}")).generates
    assert step.filename.startswith("autogen_persona_for_a_")


def test_a_name_taken_in_a_directory_that_differs_only_in_case_is_taken() -> None:
    files = project({"A": {"t": "y.txt"}}, "ts/x.txt", "Ts/autogen_t_for_a.txt")
    (step,) = planned(files).generates
    assert step.filename.startswith("autogen_t_for_a_")


def test_a_name_used_by_another_goal_is_taken() -> None:
    goals = {"A": {"persona": "x.txt"}, "B": {"persona": "autogen_persona_for_a.txt"}}
    for files in (project(goals), project(goals, "personas/autogen_persona_for_a.txt")):
        step = planned(files).generates[0]
        assert step.filename.startswith("autogen_persona_for_a_")


def test_a_missing_generated_file_is_regenerated_under_its_name() -> None:
    for goal in ("A", "A B"):
        first = planned(project({goal: {"persona": "x.txt"}})).generates[0]
        (step,) = planned(project({goal: {"persona": first.filename}})).generates
        assert step.path == step.component == first.path
        assert step.repoints == ()


def test_a_generated_file_keeps_its_name_if_a_new_goal_would_share_it() -> None:
    goals = {"A": {"persona": "autogen_persona_for_a.txt"}, "a": {"persona": "x.txt"}}
    ours, new = planned(project(goals)).generates
    assert ours.filename == "autogen_persona_for_a.txt"
    assert new.filename.startswith("autogen_persona_for_a_")


def test_a_generated_file_keeps_its_name_if_another_map_needs_a_new_file() -> None:
    files = project({"A": {"persona": "x.txt"}})
    files["other.json"] = '{"A": {"persona": "autogen_persona_for_a.txt"}}'
    ours, new = planned(files, Settings(maps=("goal_map.json", "other.json"))).generates
    assert ours.filename == "autogen_persona_for_a.txt"
    assert new.filename.startswith("autogen_persona_for_a_")


def test_a_generated_file_is_not_written_beside_one_that_differs_only_in_case() -> None:
    files = project({"A": {"t": "autogen_t_for_a.txt"}}, "ts/x.txt", "Ts/autogen_t_for_a.txt")
    (step,) = planned(files, decide=lambda _: "generate").generates
    assert step.filename.startswith("autogen_t_for_a_")


def test_a_missing_directory_is_created() -> None:
    assert news(planned({"goal_map.json": '{"A": {"persona": "deep/er/x.txt"}}'})) == [
        "components/personas/deep/er/x.txt > autogen_persona_for_a.txt"
    ]


SHARED = Settings(types={"persona": TypeSettings("a"), "role": TypeSettings("a/b")})


def test_types_that_share_a_directory_share_the_file() -> None:
    goals = {"A": {"persona": "b/x.txt"}, "B": {"role": "x.txt"}}
    (step,) = planned(project(goals), SHARED).generates
    assert step.path == "components/a/b/autogen_persona_for_a.txt"
    assert [repoint.edit.new for repoint in step.repoints] == [
        "b/autogen_persona_for_a.txt",
        "autogen_persona_for_a.txt",
    ]


# Existing files


def test_an_entry_in_another_case_is_set_to_the_spelling_of_the_file() -> None:
    plan = planned(project({"A": {"persona": "deep/HOST.txt"}}, "personas/Deep/host.txt"))
    (step,) = plan.relinks
    assert step.repoints[0].edit[1:] == ("deep/HOST.txt", "Deep/host.txt")
    assert plan.generates == ()


def test_an_entry_in_another_normal_form_is_set_to_the_spelling_of_the_file() -> None:
    there = "cafe\N{COMBINING ACUTE ACCENT}.txt"
    (step,) = planned(project({"A": {"persona": "café.txt"}}, f"personas/{there}")).relinks
    assert step.repoints[0].edit.new == there


def test_an_ambiguous_case_match_is_left_alone() -> None:
    files = project({"A": {"persona": "HOST.txt"}}, "personas/host.txt", "personas/Host.txt")
    plan = planned(files)
    assert plan.relinks == ()
    assert "only in case" in plan.leaves[0].reason


def test_a_directory_in_another_case_cannot_be_fixed_in_the_map() -> None:
    plan = planned(project({"A": {"persona": "x.txt", "protocol": "y"}}, "Personas/x.txt"))
    assert "directory is spelled differently in components/Personas" in plan.leaves[0].reason
    plan = planned(project({"A": {"persona": "gone.txt"}}, "Personas/x.txt"))
    assert plan.generates == ()
    assert "spelled components/Personas" in plan.leaves[0].reason


def test_an_orphan_with_the_generated_name_is_adopted() -> None:
    files = project({"A": {"persona": "x.txt"}}, "personas/autogen_persona_for_a.txt")
    plan = planned(files)
    (step,) = plan.adopts
    assert step.path == "components/personas/autogen_persona_for_a.txt"
    assert plan.generates == ()


def test_a_text_generated_for_the_goal_in_another_map_is_used() -> None:
    files = project({"A": {"persona": "x.txt"}}, "personas/autogen_persona_for_a.txt")
    files["other.json"] = '{"A": {"persona": "autogen_persona_for_a.txt"}}'
    plan = planned(files, Settings(maps=("goal_map.json", "other.json")))
    (step,) = plan.relinks
    assert step.path == "components/personas/autogen_persona_for_a.txt"


def test_a_restored_old_entry_is_set_to_where_its_text_was_placed() -> None:
    """An old map was restored: B names the file again that A's text replaced."""
    files = project(
        {"A": {"persona": "autogen_persona_for_a.txt"}, "B": {"persona": "x.txt"}},
        "personas/autogen_persona_for_a.txt",
    )
    put = {"components/personas/x.txt": "components/personas/autogen_persona_for_a.txt"}
    (step,) = planned(files, replaced=lambda: put).relinks
    assert step.repoints[0].edit.new == "autogen_persona_for_a.txt"
    gone = {"components/personas/x.txt": "components/personas/autogen_persona_for_z.txt"}
    assert len(planned(files, replaced=lambda: gone).generates) == 1


# Steps that are left


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"components/personas": "a file"}, "components/personas is not a directory"),
        ({"components/personas": Link("../..")}, "is not a directory inside the project"),
    ],
)
def test_an_unwritable_component_is_left_with_the_reason(
    files: dict[str, Any], reason: str
) -> None:
    plan = planned({**project({"A": {"persona": "x.txt"}}), **files})
    assert plan.generates == ()
    assert all(reason in one.reason for one in plan.leaves)


def steps(plan: Plan) -> tuple[object, ...]:
    """Return everything that a fix would do."""
    return (*plan.free, *plan.generates)


def test_what_two_entries_name_is_left_at_the_first() -> None:
    goals = {"A": {"persona": "x.md"}, "B": {"persona": "x.md"}}
    files = project(goals)
    for more, settings in (
        ({"components/personas": "A file.\n"}, None),
        ({}, Settings(types={"persona": TypeSettings(text=False)})),
    ):
        (step,) = planned({**files, **more}, settings).leaves
        assert step.goal == "A"


def test_if_every_name_is_taken_the_component_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jit_guard.fixing.destination._MOST_NAMES", 2)
    goals = {"A": {"persona": "x.txt"}}
    plain, hashed = [
        f"personas/{name}/inside" for name in islice(candidates("A", "persona", "x.txt"), 2)
    ]
    assert len(planned(project(goals, plain)).generates) == 1
    plan = planned(project(goals, plain, hashed))
    assert plan.generates == ()
    assert [one.reason for one in plan.leaves] == ["the first 2 names for it are taken"]


def test_a_type_without_text_files_is_left() -> None:
    settings = Settings(types={"image": TypeSettings(text=False)})
    plan = planned(project({"A": {"image": "x.png"}}), settings)
    assert not steps(plan)
    assert "are not text files" in plan.leaves[0].reason


# Drafts


def test_a_draft_is_replaced_in_place_and_only_once() -> None:
    path = "components/personas/autogen_persona_for_a.txt"
    name = "autogen_persona_for_a.txt"
    files = project({"A": {"persona": name}, "B": {"persona": name}}, f"personas/{name}")
    assert not steps(planned(files))
    (step,) = planned(files, drafts=[path, "components/personas/orphan.txt"]).generates
    assert step == Generate(path, path, "A", "persona", name, (), replaces_draft=True)


def test_a_draft_is_reported_at_its_first_entry_and_only_that_one_decides() -> None:
    name = "autogen_persona_for_a.txt"
    files = project({"A": {"persona": name}, "B": {"persona": name}}, f"personas/{name}")
    drafts = [f"components/personas/{name}"]
    for goal, number in (("A", 1), ("B", 0)):
        plan = planned(files, drafts=drafts, acts=lambda _, one: one.entry.goal == goal)  # noqa: B023
        assert len(plan.generates) == number


# Any project


LETTERS = st.sampled_from(
    ["a", "A", "b", "é", "e\N{COMBINING ACUTE ACCENT}", " ", "/", "_", "ß", "."]
)
GOAL = st.lists(LETTERS, min_size=1, max_size=3).map("".join)
NAME = st.sampled_from(["x.txt", "X.txt", "y.md", "d/x.txt", "D/x.txt", "é", "e\u0301"])
FILENAME = NAME | GOAL.map(lambda goal: f"autogen_t_for_{goal.lower().replace('/', '_')}.txt")
MAP = st.dictionaries(GOAL, st.dictionaries(st.sampled_from(["t", "T", "u"]), FILENAME))


@st.composite
def projects(draw: st.DrawFn) -> dict[str, Any]:
    directories = st.sampled_from(["ts", "Ts", "us", "elsewhere"])
    paths = draw(st.lists(st.tuples(directories, FILENAME).map("/".join), max_size=6))
    assume(not any(f"{one}/" in other for one in paths for other in paths))
    files = project(draw(MAP), *paths)
    files["other.json"] = json.dumps(draw(MAP))
    return files


BOTH = Settings(maps=("goal_map.json", "other.json"))


@given(projects())
def test_after_a_plan_nothing_is_left_to_do(files: dict[str, Any]) -> None:
    maps, _, before = look(files, BOTH)
    plan = planned(files, BOTH)
    after = applied(files, plan)
    _, _, comparison = look(after, BOTH)
    assert {one.path for one in comparison.missing} | {
        one.reference.path for one in comparison.misspelled
    } <= {one.component for one in plan.leaves} | {one.component for one in plan.offers}
    assert set(comparison.orphans) <= set(before.orphans)
    again = planned(after, BOTH)
    assert not steps(again)
    assert {one.component for one in again.leaves} <= {one.component for one in plan.leaves}
    assert [len(one.goals) for one in maps] == [len(one.goals) for one in look(after, BOTH)[0]]


@given(projects())
def test_a_plan_is_the_same_every_time(files: dict[str, Any]) -> None:
    assert planned(files, BOTH) == planned(dict(reversed(files.items())), BOTH)


@given(projects())
def test_no_new_file_collides_with_another_on_any_system(
    files: dict[str, Any],
) -> None:
    plan = planned(files, BOTH)
    new = [step.path for step in plan.generates]
    old = [path for path in files if path not in new]
    assert len({fold(path) for path in new}) == len(new)
    assert not {fold(path) for path in new} & {fold(path) for path in old}


@given(projects())
def test_every_missing_file_is_planned_once_or_has_a_reason(files: dict[str, Any]) -> None:
    _, _, comparison = look(files, BOTH)
    plan = planned(files, BOTH)
    missing = {one.path for one in comparison.missing}
    steps: list[Any] = [*plan.free, *plan.offers, *plan.generates, *plan.leaves]
    components: list[str] = [step.component for step in steps]
    reported = [component for component in components if component in missing]
    assert sorted(reported) == sorted(missing)
    seen = [
        (one.map, one.edit.keys) for step in (*plan.free, *plan.generates) for one in step.repoints
    ]
    assert len(seen) == len(set(seen))


# What the check names


TEXTS = st.sampled_from(["One.\n", "Two.\n", "Three.\n"])


@st.composite
def histories(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, bytes], dict[str, GitState]]:
    """A project, the last committed texts of missing files, and what git has of others."""
    files = draw(projects())
    for path in files:
        if path.startswith("components/"):
            files[path] = draw(TEXTS)
    committed: dict[str, bytes] = {}
    traces: dict[str, GitState] = {}
    _, _, comparison = look(files, BOTH)
    for path in dict.fromkeys(one.path for one in comparison.missing):
        if draw(st.booleans()):
            committed[path] = draw(TEXTS).encode()
        if draw(st.booleans()):
            blob = st.builds(Blob, st.just("1" * 40), st.booleans(), st.booleans()) | st.none()
            traces[path] = GitState(
                path, "deleted", "is in git", "git x", held=True, blob=draw(blob)
            )
    return files, committed, traces


class InGit(Memory):
    """A project in memory, some of whose missing files git has."""

    def __init__(self, files: Any, committed: Any, traces: Mapping[str, GitState]) -> None:
        super().__init__(files, committed=committed)
        self._traces = traces

    def explain_missing(self, missing: list[str]) -> dict[str, GitState]:
        """Return what git has."""
        return {path: self._traces[path] for path in missing if path in self._traces}


def explained(source: Memory, **more: Any) -> tuple[Explanation, Plan]:
    maps, tree = read_maps(source, BOTH.maps), Tree(source)
    found = explain(source, maps, tree, BOTH, compare(maps, tree, BOTH))
    return found, make_plan(maps.read, tree, BOTH, found, **more)


@given(histories())
def test_a_plan_never_generates_what_the_check_names_a_file_for(
    history: tuple[dict[str, Any], dict[str, bytes], dict[str, GitState]],
) -> None:
    source = InGit(*history)
    named = {
        one.path
        for one in check(source, BOTH).findings
        if one.code == "JG201" and (one.related or "run `jit-guard --fix`" not in (one.hint or ""))
    }
    found, plan = explained(source)
    generated = {step.component for step in plan.generates}
    assert not generated & named
    assert not generated & set(found.traces)
    # A decision changes only what was offered.
    _, anyway = explained(source, decide=lambda _: "generate")
    offered = {step.component for step in plan.offers}
    assert {step.component for step in anyway.generates} <= generated | offered
    assert anyway.free == plan.free
    assert not anyway.offers
    _, accepted = explained(source, decide=lambda _: "accept")
    assert {step.component for step in accepted.generates} == generated
    assert {step.component for step in accepted.free} >= {step.component for step in plan.free}


@given(histories())
def test_a_relink_is_certain_or_decided(
    history: tuple[dict[str, Any], dict[str, bytes], dict[str, GitState]],
) -> None:
    files, committed, _ = history
    _, plan = explained(InGit(*history))
    for step in plan.relinks:
        if step.why == "same text as last committed":
            assert files[step.path].encode() == committed[step.component]
        else:
            assert step.why in ("the file's own spelling", "it was generated for this goal before")
    for one in plan.restores:
        assert one.staged


def held(path: str, **more: Any) -> GitState:
    return GitState(path, "deleted", "is in git", f"git restore -- {path}", held=True, **more)


def test_what_git_has_is_restored_unless_only_git_can_do_that() -> None:
    goals = {"A": {"persona": "x.txt"}, "B": {"persona": "x.txt", "protocol": "y.txt"}}
    x, y = "components/personas/x.txt", "components/protocols/y.txt"
    traces = {one: held(one, blob=Blob("1" * 40, executable=False)) for one in (x, y)}
    _, plan = explained(
        InGit({**project(goals), "other.json": "{}"}, {}, traces), obstacles={y: "it is large"}
    )
    (step,) = plan.restores
    assert step.component == x
    assert step.entries == (("A", "persona"), ("B", "persona"))
    assert [one.reason for one in plan.leaves] == [f"it is large; run: `git restore -- {y}`"]
    assert not plan.generates


def test_a_text_is_not_generated_if_git_cannot_be_asked() -> None:
    files = project({"A": {"persona": "x.txt"}})
    maps, tree, comparison = look(files, Settings())
    error = UnreadableError(".git", "broken")
    found = Explanation.without_source(comparison)._replace(untraced=error)
    plan = make_plan(maps, tree, Settings(), found)
    assert not steps(plan)
    assert "git cannot say" in plan.offers[0].reason
    assert len(make_plan(maps, tree, Settings(), found, decide=lambda _: "generate").generates) == 1


def test_a_file_that_is_no_plain_file_is_not_offered_for_a_relink() -> None:
    files = {
        **project({"A": {"persona": "hosts.txt"}}),
        "components/personas/host.txt": Link("../nowhere"),
    }
    (offer,) = planned(files).offers
    assert offer.accept is None


def test_a_file_that_no_entry_may_name_is_not_offered_for_a_relink() -> None:
    (offer,) = planned(project({"A": {"persona": "host.txt"}}, "personas/ho\\st.txt")).offers
    assert offer.found == "components/personas/ho\\st.txt"
    assert offer.accept is None


# The diff


def pair(files: Mapping[str, Any]) -> tuple[bytes, bytes]:
    after = applied(files, planned(files, BOTH))["goal_map.json"]
    return files["goal_map.json"].encode(), after if isinstance(after, bytes) else after.encode()


def test_the_diff_shows_one_line_per_entry() -> None:
    files = project({"A": {"persona": "x.txt"}, "B": {"persona": "y.txt"}}, "personas/y.txt")
    assert list(unified_diff("goal_map.json", *pair({**files, "other.json": "{}"}))) == [
        "--- a/goal_map.json",
        "+++ b/goal_map.json",
        "@@ -1,6 +1,6 @@",
        " {",
        '   "A": {',
        '-    "persona": "x.txt"',
        '+    "persona": "autogen_persona_for_a.txt"',
        "   },",
        '   "B": {',
        '     "persona": "y.txt"',
    ]


LINES = st.lists(st.sampled_from(["a", "b", "c\r", ""]), min_size=1, max_size=30)


@given(LINES, st.data())
def test_the_diff_is_in_the_format_of_git(lines: list[str], data: st.DataObject) -> None:
    """It equals the diff of difflib, if every change is a changed line in place."""
    lines = [f"{number}{line}" for number, line in enumerate(lines)]
    changed = [f"{line}!" if data.draw(st.booleans()) else line for line in lines]
    end = data.draw(st.sampled_from(["\n", ""]))
    old, new = "\n".join(lines) + end, "\n".join(changed) + end
    expected = difflib_diff(
        old.removesuffix("\n").split("\n"), new.removesuffix("\n").split("\n"), lineterm=""
    )
    found = [line for line in unified_diff("x", old.encode(), new.encode()) if line[0] != "\\"]
    assert sorted(found[2:]) == sorted(list(expected)[2:])


def test_git_applies_it(tmp_path: Path) -> None:
    goals = {f"G{number}": {"persona": f"{number % 7}.txt"} for number in range(40)}
    for text in (
        json.dumps(goals, indent=2),
        json.dumps(goals, indent=2) + "\n",
        json.dumps(goals),
    ):
        for end in ("\n", "\r\n"):
            files = {"goal_map.json": text.replace("\n", end), "other.json": "{}"}
            before, after = pair(files)
            (tmp_path / "goal_map.json").write_bytes(before)
            patch = "".join(f"{line}\n" for line in unified_diff("goal_map.json", before, after))
            argv = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"]
            subprocess.run(argv, cwd=tmp_path, input=patch.encode(), check=True)
            assert (tmp_path / "goal_map.json").read_bytes() == after


def test_without_a_change_there_is_no_diff() -> None:
    assert list(unified_diff("x", b"a\n", b"a\n")) == []


def test_planning_does_not_change_the_maps() -> None:
    files = project({"A": {"persona": "x.txt"}})
    maps, tree, comparison = look(files, Settings())
    before = [one.value for one in maps]
    make_plan(maps, tree, Settings(), Explanation.without_source(comparison))
    assert [one.value for one in maps] == before
    assert all(isinstance(one, GoalMap) for one in maps)
