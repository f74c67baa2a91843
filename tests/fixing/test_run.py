"""A run of the fix: what it opens it closes, and what happens if the map changes meanwhile."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jit_guard import Guard
from jit_guard.commit import transaction
from jit_guard.errors import UnreadableError, UsageError
from jit_guard.fixing.interaction import Silent
from jit_guard.fixing.job import FixOptions
from jit_guard.fixing.progress import Display
from jit_guard.fixing.session import InterruptedRun
from jit_guard.fixing.worktree_plan import plan_worktree
from jit_guard.generators.generator import (
    Generator,
    GeneratorUnusableError,
    Options,
    Request,
    Text,
    Writer,
)
from jit_guard.ledger.engine import LedgerError
from jit_guard.ledger.history import history
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import Key, Wanted
from jit_guard.registry.edit import EditError
from jit_guard.report import Report
from projects import call, lay_out

KNOWN = "it has the name that the component would get"
UNKNOWN = "no description; pass --descriptions FILE, or accept 'A persona to c' with --yes"
GOALS = {"A": {"persona": "a.txt"}, "B": {"persona": "b.txt"}, "C": {"persona": "c.txt"}}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three goals, each with a missing persona."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "JIT_GUARD_COMMAND", "CI", "PRE_COMMIT"):
        monkeypatch.delenv(name, raising=False)
    return lay_out(tmp_path / "project", {"goal_map.json": json.dumps(GOALS, indent=2) + "\n"})


class Own:
    """A program's own generator: what it was asked for, and how often it was closed."""

    def __init__(
        self,
        write: Callable[[str], object] = lambda _: None,
        text: str = "A text.\n",
        **record: bool,
    ) -> None:
        self.asked: list[str] = []
        self.made: list[Options] = []
        self.closed = 0
        self._write_one = write
        self._text = text
        given = {"network": False, "paid": False, **record}
        self.record = Generator("own", "for tests", self._make, **given)

    def _make(self, options: Options) -> Writer:
        self.made.append(options)
        return Writer(self._write, "m", close=self._close)

    def _write(self, request: Request) -> Text:
        self.asked.append(request.goal)
        self._write_one(request.goal)
        return Text(self._text)

    def _close(self) -> None:
        self.closed += 1


def fix(project: Path, own: Own, **options: Any) -> Report:
    return Guard(project).fix(FixOptions(generator=own.record, **options), Silent(yes=True))


def named(project: Path) -> list[str]:
    """The file that each goal names, in the order of the map."""
    goals = json.loads((project / "goal_map.json").read_text())
    return [parts["persona"] for parts in goals.values()]


def generated(goals: str) -> list[str]:
    """What the goals name if only these were generated."""
    return [f"autogen_persona_for_{goal}.txt" if goal in goals else f"{goal}.txt" for goal in "abc"]


# The generator is closed


def test_the_generator_is_closed_once_however_the_run_ends(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unusable(_: str) -> None:
        raise GeneratorUnusableError("the key is wrong")

    def pressed(_: str) -> None:
        raise KeyboardInterrupt

    def refuse(*_: object) -> Iterator[object]:
        raise LedgerError("the disk is full")

    ended = Own(unusable, network=True)
    report = fix(project, ended, jobs=1)
    assert (ended.asked, ended.closed, report.trouble) == (["A"], 1, "the key is wrong")
    interrupted = Own(pressed, network=True)
    with pytest.raises(InterruptedRun):
        fix(project, interrupted, jobs=1)
    assert (interrupted.asked, interrupted.closed) == (["A"], 1)
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "__init__", refuse)
        broken = Own()
        with pytest.raises(LedgerError):
            fix(project, broken)
    assert (broken.asked, broken.closed) == ([], 1)
    good = Own()
    fix(project, good)
    assert (sorted(good.asked), good.closed) == (["A", "B", "C"], 1)
    assert not [path for path in open_files() if path.startswith(str(project))]


def open_files() -> list[str]:
    """The files that this process has open; none where the system does not say."""
    found = []
    for entry in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(OSError):  # the list itself
            found.append(os.readlink(entry))
    return found


def test_a_dry_run_makes_a_generator_asks_it_for_nothing_and_closes_it(project: Path) -> None:
    own = Own(paid=True)
    guard = Guard(project)
    lines = guard.preview(FixOptions(generator=own.record, limit=2), Silent(yes=True))
    assert len([line for line in lines if line.startswith("generate ")]) == 2
    assert (own.asked, len(own.made), own.closed) == ([], 1, 1)
    assert not (project / ".jit-guard").exists()


def test_a_dry_run_lists_each_step_the_cost_what_is_sent_and_the_change(project: Path) -> None:
    goals = {
        "A": {"persona": "a.txt", "image": "a.png"},
        "B": {"persona": "Host.txt"},
        "C": {"persona": "c.txt"},
        "D": {"persona": "d.txt"},
    }
    lay_out(
        project,
        {
            "goal_map.json": json.dumps(goals, indent=2) + "\n",
            "jit-guard.toml": 'prompt = "p.md"\ntypes.image.text = false\n',
            "p.md": "Be short.\n",
            "components/personas/host.txt": "You welcome people.\n",
            "components/personas/autogen_persona_for_d.txt": "An orphan.\n",
        },
    )
    own = Own(paid=True)
    given = FixOptions(
        generator=own.record,
        descriptions={("A", "persona"): "A guard"},
        described_in="d.json",
    )
    lines = list(Guard(project).preview(given, Silent()))
    free = list(Guard(project).preview(given._replace(generator=Own().record), Silent()))
    assert free[4] == "with      own m"
    cost = lines.pop(4)
    assert re.fullmatch(r"with      own m, about \d{2,3} tokens", cost)
    personas = "components/personas"
    assert lines[:11] == [
        f"relink    {personas}/Host.txt -> {personas}/host.txt: the file's own spelling",
        f"relink    {personas}/d.txt -> {personas}/autogen_persona_for_d.txt: {KNOWN}",
        f"generate  {personas}/a.txt -> {personas}/autogen_persona_for_a.txt: A guard",
        f"leave     C/persona: {UNKNOWN}",
        "shows     p.md",
        "shows     d.json",
        f"shows     {personas}/host.txt",
        "leave     components/images/a.png: components of the type image are not text files",
        "",
        "--- a/goal_map.json",
        "+++ b/goal_map.json",
    ]
    assert [line for line in lines[11:] if line.startswith("+")] == [
        '+    "persona": "autogen_persona_for_a.txt",',
        '+    "persona": "host.txt"',
        '+    "persona": "autogen_persona_for_d.txt"',
    ]


def test_the_options_reach_the_generator(project: Path) -> None:
    (project / "jit-guard.toml").write_text('model = "configured"\ntimeout = 7\nprompt = "p.md"\n')
    (project / "p.md").write_text("Be short.\n")
    own = Own()
    fix(project, own, limit=1)
    fix(project, own, limit=1, model="m2", timeout=9.0, max_tokens_total=77, base_url="http://x/v1")
    first, second = own.made
    assert (first.model, first.timeout, first.prompt) == ("configured", 7, "Be short.\n")
    assert first.root == str(project)
    assert (second.model, second.timeout, second.base_url) == ("m2", 9.0, "http://x/v1")
    assert [one.budget and one.budget.limit for one in own.made] == [None, 77]


def test_quiet_turns_the_progress_off(project: Path) -> None:
    command = ("--fix", "--yes", "--limit", "1", "--command", "echo A text.")
    assert "jit-guard: generating 1 text with echo\n" in call(*command, cwd=project).err
    assert "generating" not in call(*command, "-q", cwd=project).err


def test_texts_that_cost_nothing_are_generated_in_large_groups_and_others_as_configured(
    project: Path,
) -> None:
    together = threading.Barrier(3)
    free = Own(lambda _: together.wait(20.0))
    assert len(fix(project, free, jobs=1).fixed) == 3
    for network, paid, jobs in ((True, False, 1), (False, True, 2)):
        first, running, most = threading.Barrier(jobs), list[str](), list[int]()

        def write(
            goal: str,
            first: threading.Barrier = first,
            running: list[str] = running,
            most: list[int] = most,
        ) -> None:
            running.append(goal)
            if len(most) + len(running) <= first.parties:
                first.wait(20.0)
            time.sleep(0.02)
            most.append(len(running))
            running.remove(goal)

        shutil.rmtree(project / "components")
        lay_out(project, {"goal_map.json": json.dumps(GOALS)})
        own = Own(write, network=network, paid=paid)
        fix(project, own, jobs=jobs, fresh=True, consent=True)
        assert max(most) == jobs


def test_only_a_text_that_costs_something_has_a_second_try(project: Path) -> None:
    """The answer of a free generator would be the same again."""
    for paid, asked in ((False, ["A"]), (True, ["A", "A"])):
        own = Own(text="", paid=paid)
        report = fix(project, own, limit=1, consent=True)
        assert own.asked == asked
        (failed,) = report.failed
        assert failed.reason == "the text is empty" + (" (after 2 tries)" if paid else "")


def test_a_component_without_a_description_does_not_keep_the_others_from_theirs(
    project: Path,
) -> None:
    own = Own()
    report = fix(project, own, describe=lambda one: "" if one.goal == "A" else "Be kind.")
    assert sorted(own.asked) == ["B", "C"]
    assert [one.goal for one in report.failed] == ["A"]


def test_if_the_tree_cannot_be_compared_nothing_is_generated(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> Any:
        raise UnreadableError("components", "permission denied")

    monkeypatch.setattr("jit_guard.fixing.worktree_plan.compare", denied)
    own = Own()
    report = fix(project, own)
    assert not own.asked
    assert report.unreadable == ("components cannot be read: permission denied",)


# The map changes


def saving(monkeypatch: pytest.MonkeyPatch, times: int, goal: str) -> list[int]:
    """Let the commits fail that set the entry of a goal, so often; count the entries of each."""
    for seconds in ("run._GATHER", "delivery._MOMENT"):  # the texts arrive together
        monkeypatch.setattr(f"jit_guard.fixing.{seconds}", 60.0)
    commit = transaction.commit
    sizes: list[int] = []

    def refused(root: str, changes: Any, *more: Any) -> Any:
        edits = [edit for change in changes for edit in change.edits]
        sizes.append(len(edits))
        if goal in [edit.keys[0] for edit in edits] and len(sizes) <= times:
            raise EditError("the value of A/persona is another one now")
        return commit(root, changes, *more)

    monkeypatch.setattr("jit_guard.fixing.placing.commit", refused)
    return sizes


def test_if_a_commit_is_refused_its_texts_are_committed_one_by_one(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = saving(monkeypatch, 2, "A")  # with the others, and alone
    own = Own()
    report = fix(project, own)
    assert [one.goal for one in report.fixed] == ["A", "B", "C"]
    assert sizes == [3, 1, 1, 1, 1]  # together, one by one, A in the next round
    assert report.messages == ()  # nobody edited a draft
    assert named(project) == generated("abc")
    assert sorted(own.asked) == ["A", "B", "C"]  # nothing is generated again
    assert [one.origin for one in report.fixed] == ["ledger", "generated", "generated"]


def test_two_texts_that_are_refused_together_are_committed_one_by_one(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = saving(monkeypatch, 1, "B")
    report = fix(project, Own(), limit=2)
    assert [one.goal for one in report.fixed] == ["A", "B"]
    assert sizes == [2, 1, 1]


def test_the_project_is_read_again_only_after_something_happened(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans: list[object] = []

    def plan(*given: Any, **more: Any) -> Any:
        plans.append(given)
        return plan_worktree(*given, **more)

    monkeypatch.setattr("jit_guard.fixing.run.plan_worktree", plan)
    assert len(fix(project, Own()).fixed) == 3
    assert len(plans) == 3  # before, when the texts are claimed, and after


def test_what_the_ledger_has_and_what_is_new_are_one_round(project: Path) -> None:
    fix(project, Own(), only="components/personas/a.txt")
    lay_out(project, {"goal_map.json": json.dumps(GOALS)})
    shutil.rmtree(project / "components")
    expected: list[tuple[int, int]] = []

    class Expecting(Display):
        def expect(self, texts: int, new: int, by: str) -> None:
            expected.append((texts, new))
            super().expect(texts, new, by)

    own = Own()
    given = FixOptions(generator=own.record, consent=True)
    report = Guard(project).fix(given, Silent(yes=True, progress=Expecting()))
    assert [one.goal for one in report.fixed] == ["A", "B", "C"]
    assert sorted(own.asked) == ["B", "C"]
    assert expected == [(3, 2)]


def test_a_text_that_is_refused_twice_is_given_up_and_stays_in_the_ledger(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = saving(monkeypatch, 99, "A")
    own = Own()
    report = fix(project, own)
    assert [one.goal for one in report.fixed] == ["B", "C"]
    assert [(one.goal, one.reason) for one in report.failed] == [
        ("A", "the value of A/persona is another one now")
    ]
    assert sizes == [3, 1, 1, 1, 1]
    assert named(project) == generated("bc")
    statuses = {one.goal: (one.status, one.path) for one in history(str(project))}
    assert statuses["A"] == ("arrived", "components/personas/autogen_persona_for_a.txt")
    assert statuses["B"] == ("committed", "components/personas/autogen_persona_for_b.txt")
    monkeypatch.undo()
    assert [one.origin for one in fix(project, Own()).fixed] == ["ledger"]


def test_a_map_that_keeps_changing_ends_the_run(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(project, {"components/personas/A.txt": "In another case.\n"})
    attempts: list[int] = []

    def refused(*_: object) -> Any:
        attempts.append(1)
        raise EditError("changed")

    monkeypatch.setattr("jit_guard.fixing.placing.commit", refused)
    with pytest.raises(UsageError, match="the map keeps changing; run jit-guard --fix again"):
        fix(project, Own())
    assert len(attempts) == 50


def test_a_component_that_was_committed_elsewhere_meanwhile_is_not_generated(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process commits between the plan and the claim."""
    claim = Ledger.claim

    def late(self: Ledger, wanted: Any, *, after: int = 0) -> Any:
        found = claim(self, wanted, after=after)
        if "a.txt" in named(project):
            lay_out(project, {"components/personas/a.txt": "Written meanwhile.\n"})
        return found

    monkeypatch.setattr(Ledger, "claim", late)
    own = Own()
    report = fix(project, own)
    assert sorted(own.asked) == ["B", "C"]
    assert [one.goal for one in report.fixed] == ["B", "C"]
    assert named(project) == generated("bc")


def test_claims_are_released_although_the_run_fails(project: Path) -> None:
    def fail(_: str) -> None:
        raise GeneratorUnusableError("no")

    with Ledger(str(project)) as other:
        fix(project, Own(fail, network=True), jobs=1)
        wanted = [
            Wanted(f"components/personas/{goal}.txt", Key(goal, "persona", "", "", "", "", ""))
            for goal in "abc"
        ]
        assert None not in other.claim(wanted)


# Another process works on a component


def test_the_run_goes_on_with_what_it_can_claim_and_waits_for_the_rest(project: Path) -> None:
    """The other process gives its component up."""
    component = "components/personas/b.txt"
    with Ledger(str(project)) as other:
        other.claim([Wanted(component, Key("B", "persona", "", "", "", "", ""))])
        begun: list[str] = []

        def write(goal: str) -> None:
            begun.append(goal)
            if len(begun) == 2:  # A and C, not B
                threading.Timer(0.2, other.release, [[component]]).start()

        report = fix(project, Own(write, network=True), jobs=2)
    assert sorted(begun[:2]) == ["A", "C"]
    assert begun[2] == "B"
    assert [one.goal for one in report.fixed] == ["A", "B", "C"]


def test_a_component_that_stays_claimed_is_an_error(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jit_guard.fixing.run._LONGEST_TEXT", 0.1)
    component = "components/personas/a.txt"
    with Ledger(str(project)) as other:
        other.claim([Wanted(component, Key("A", "persona", "", "", "", "", ""))])
        words = f"another jit-guard process is still generating {component}; try again later"
        with pytest.raises(UsageError, match=words):
            fix(project, Own(), only=component, timeout=0.1)


def test_the_longest_wait_is_an_hour_beyond_the_timeout(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[tuple[str, float]] = []

    def wait(self: Ledger, component: str, timeout: float) -> bool:
        waits.append((component, timeout))
        other.release(components)
        return True

    monkeypatch.setattr(Ledger, "wait", wait)
    components = [f"components/personas/{name}.txt" for name in "abc"]
    with Ledger(str(project)) as other:
        key = Key("A", "persona", "", "", "", "", "")
        other.claim([Wanted(component, key) for component in components])
        fix(project, Own(), timeout=5.0)
    assert waits == [(components[0], 3605.0)]  # for one of them, the first


# Ctrl-C


def test_ctrl_c_commits_the_texts_that_are_complete(project: Path) -> None:
    def write(goal: str) -> None:
        if goal == "C":
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(InterruptedRun) as caught:
            fix(project, Own(write, network=True), jobs=1)
    finally:
        signal.signal(signal.SIGINT, before)
    assert named(project) == generated("ab")
    outcome = caught.value.outcome
    assert [one.goal for one in outcome.fixed] == ["A", "B"]
    assert outcome.left == ("components/personas/autogen_persona_for_c.txt",)
    assert outcome.written == (
        "goal_map.json",
        "components/personas/autogen_persona_for_a.txt",
        "components/personas/autogen_persona_for_b.txt",
    )
