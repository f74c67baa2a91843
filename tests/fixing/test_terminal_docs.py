"""What docs/terminal.md shows is what a user sees."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from documents import block
from jit_guard import Guard
from jit_guard.commands.fix_options import _report_interruption
from jit_guard.fixing.dialogue import Dialogue
from jit_guard.fixing.displays import Lines
from jit_guard.fixing.interaction import Draft, Turn
from jit_guard.fixing.job import FixOptions
from jit_guard.fixing.progress import Tracker
from jit_guard.fixing.session import InterruptedRun
from jit_guard.registry.goal_map import Entry
from jit_guard.text.console import Console
from projects import git, lay_out

GREET = "components/personas/autogen_persona_for_greet.txt"
PART = "components/personas/autogen_persona_for_part.txt"
REASON = "429: rate limit reached"


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def dialogue(*answers: str) -> tuple[Dialogue, io.StringIO]:
    """A dialogue with these answers, shown as a terminal shows them."""
    left = iter(answers)
    out = io.StringIO()

    def read() -> str:
        answer = next(left)
        out.write(f"{answer}\n")
        return answer

    return Dialogue(color=False, read=read, out=out), out


def test_the_questions_and_the_text() -> None:
    asked, out = dialogue("A warm host", "y")
    entry = Entry("GREET", "persona", "host.txt")
    path = "components/personas/host.txt"
    asked.describe(entry, path, "A persona to greet: host", Turn(2, 5))
    text = "# Purpose\n\nYou are a warm host.\n"
    draft = Draft(GREET, text, Turn(2, 5), by="gpt-5-mini", description="A warm host")
    asked.review(draft, lambda _: draft)
    lines = [line.rstrip() for line in out.getvalue().strip().splitlines()]
    expected = block("terminal.md", "2/5  GREET/persona").text.splitlines()
    assert lines == [*expected[:-1], f"{expected[-1]} y"]


def test_the_summary_of_a_run_that_was_ended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    goals = {
        goal: {"persona": f"{goal}.txt"} for goal in ("GREET", "PART", "SEAT", "SERVE", "SING")
    }
    lay_out(tmp_path, {"goal_map.json": json.dumps(goals)})
    git(tmp_path, "init", "-q")
    guard = Guard(".")
    asked, _ = dialogue("", "", "", "", "", "y", "q")
    with pytest.raises(InterruptedRun) as ended:
        guard.fix(FixOptions(generator="scaffold", jobs=1, consent=True), asked)
    _report_interruption(guard, ended.value.outcome, Console())
    # How many texts had arrived depends on the speed of the machine.
    shown, page = (
        re.sub(r"for \d of", "for 1 of", text)
        for text in (capsys.readouterr().err, block("terminal.md", "jit-guard: interrupted").text)
    )
    assert shown == page


def test_the_progress_on_a_terminal() -> None:
    clock = Clock()
    tracker = Tracker(clock)
    tracker.expect(5, 5, "gpt-5-mini")
    tracker.started("a")
    tracker.started("b")
    clock.now += 19
    tracker.finished("a", ok=True)
    tracker.started(GREET)
    tracker.tokens(GREET, 340)
    clock.now += 9
    tracker.finished("b", ok=True)
    tracker.started(PART)
    tracker.waiting(PART, 30, REASON)
    clock.now += 3
    lines = tracker.state().lines(clock.now, 120, 24)
    assert lines == block("terminal.md", GREET).text.splitlines()


def test_the_progress_in_a_pipe() -> None:
    said: list[str] = []
    clock = Clock()
    lines = Lines(said.append, 10.0)
    lines.clock = clock
    lines._last = clock.now
    lines._announced = clock.now
    lines.expect(5, 5, "gpt-5-mini")
    lines.started(GREET)
    lines.waiting(GREET, 30, REASON)
    clock.now += 31
    lines.finished(GREET, ok=True)
    lines.committed(GREET)
    lines.started(PART)
    clock.now += 10
    lines.tick()
    lines.close()
    expected = block("terminal.md", "jit-guard: generating").text.splitlines()
    assert [f"jit-guard: {line}" for line in said] == expected
