"""What a run may buy: bounded by its limits and by what the user agreed to, failures included."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from chat_client import needs_sdk, retry_soon
from chat_server import Asked, ChatServer, Reply, answer, completion, error, good, serving, streamed
from jit_guard import Guard
from jit_guard.fixing.dialogue import Dialogue
from jit_guard.fixing.interaction import Silent
from jit_guard.fixing.job import FixOptions
from jit_guard.generators.generator import GenerationError, Generator, Request, Text, Writer
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import Arrival, Key, Wanted
from jit_guard.report import Report

GOOD = "# Role\n\nGreet every guest at the door.\n"
BAD = "half\x00"  # no component: it needs a second try
MANY = 8


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Many goals, each with a missing persona."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "JIT_GUARD_COMMAND", "CI", "PRE_COMMIT"):
        monkeypatch.delenv(name, raising=False)
    goals = {f"GOAL_{number}": {"persona": f"p{number}.txt"} for number in range(MANY)}
    (tmp_path / "goal_map.json").write_text(json.dumps(goals, indent=2) + "\n")
    (tmp_path / "components").mkdir()
    return tmp_path


class Paid:
    """A paid generator of a program, and the requests that it received."""

    def __init__(self, texts: Iterable[str | GenerationError]) -> None:
        self.requests: list[Request] = []
        self._texts = iter(texts)
        self.record = Generator("paid", "for tests", lambda _: Writer(self._write, "m"))

    def _write(self, request: Request) -> Text:
        self.requests.append(request)
        text = next(self._texts, GOOD)
        if isinstance(text, GenerationError):
            raise text
        return Text(text)


class Answers:
    """The answers of a user on a terminal: Enter to every question but those about costs."""

    def __init__(self, *consents: str) -> None:
        self.out = io.StringIO()
        self._consents = list(consents)

    def read(self) -> str:
        shown = self.out.getvalue()
        if shown.endswith("Continue? [y/N] "):
            return self._consents.pop(0)
        return ""

    @property
    def questions(self) -> list[str]:
        lines = self.out.getvalue().splitlines()
        return [line for line in lines if line.startswith("Generating ")]

    @property
    def dialogue(self) -> Dialogue:
        return Dialogue(color=False, read=self.read, out=self.out)


def fix(project: Path, generator: Generator, *, yes: bool = True, **options: int) -> Report:
    made = FixOptions(generator=generator, jobs=2, **options)  # type: ignore[arg-type]
    return Guard(project).fix(made, Silent(yes=yes))


def fix_with(
    server: ChatServer, project: Path, interaction: Silent | Dialogue, **options: int
) -> Report:
    made = FixOptions("openai", "fake", server.url, jobs=1, timeout=5.0, **options)  # type: ignore[arg-type]
    return Guard(project).fix(made, interaction)


# --limit


def test_a_limit_counts_components_that_fail(project: Path) -> None:
    paid = Paid([GenerationError("cut off")] * 100)
    report = fix(project, paid.record, limit=2)
    assert len(paid.requests) == 2
    assert len(report.failed) == 2


def test_a_limit_counts_components_that_are_refused(project: Path) -> None:
    paid = Paid([BAD] * 100)
    fix(project, paid.record, limit=2)
    assert len({one.path for one in paid.requests}) == 2
    assert len(paid.requests) == 4  # each with its second try


def test_a_limit_counts_both_kinds_together(project: Path) -> None:
    paid = Paid([GOOD, GenerationError("cut off"), GOOD])
    report = fix(project, paid.record, limit=3)
    assert len(paid.requests) == 3
    assert len([one for one in report.fixed if one.action == "generated"]) == 2


def test_a_limit_counts_texts_that_the_user_skips(project: Path) -> None:
    paid = Paid([])
    out = io.StringIO()
    answers = iter(["", "", "y", "s", "s"])
    dialogue = Dialogue(color=False, read=lambda: next(answers), out=out)
    Guard(project).fix(FixOptions(generator=paid.record, limit=2), dialogue)
    assert len(paid.requests) == 2


# Consent to texts


def test_a_refusal_names_the_texts_and_requests_nothing(project: Path) -> None:
    paid = Paid([])
    goals = json.loads((project / "goal_map.json").read_text())
    goals["OTHER"] = {"persona": "p0.txt"}
    (project / "goal_map.json").write_text(json.dumps(goals))
    # A program that brings no answers has not agreed to anything.
    options = FixOptions(generator=paid.record, descriptions=_described())
    report = Guard(project).fix(options)
    assert paid.requests == []
    assert {one.reason for one in report.failed} == {
        f"generating {MANY} texts with m may cost money; pass --yes to agree"
    }
    assert {one.goal for one in report.failed} == set(goals)  # each of the entries


def test_what_costs_nothing_needs_no_consent(project: Path) -> None:
    described = _described()
    free = Generator("free", "for tests", lambda _: Writer(lambda _: Text(GOOD)), paid=False)
    assert len(Guard(project).fix(FixOptions(free, descriptions=described)).fixed) == MANY


def _described() -> dict[tuple[str, str], str]:
    return {(f"GOAL_{number}", "persona"): "Greet." for number in range(MANY)}


def test_without_consent_texts_of_the_ledger_are_used(project: Path) -> None:
    """A run that was not allowed to commit left its texts in the ledger."""
    described = _described()
    first = Paid([])
    fix(project, first.record, limit=2, descriptions=described)  # type: ignore[arg-type]
    for path in (project / "components").rglob("autogen_*"):
        path.unlink()
    (project / "goal_map.json").write_text(
        json.dumps({goal: {kind: f"again_{goal}.txt"} for goal, kind in described})
    )
    second = Paid([])
    report = fix(project, second.record, yes=False, descriptions=described)  # type: ignore[arg-type]
    assert second.requests == []
    assert len([one for one in report.fixed if one.action == "generated"]) == 2
    assert len(report.failed) == MANY - 2


def test_a_stored_text_that_is_no_component_is_asked_for(project: Path) -> None:
    """A process was killed between the arrival of a text and its check."""
    name = "autogen_persona_for_goal_0.txt"
    request = Request("GOAL_0", "persona", name, f"components/personas/{name}", "Greet.")
    key = Key("GOAL_0", "persona", name, "Greet.", "paid", "m", "1")
    ledger = Ledger(str(project))
    ledger.arrived([Arrival(Wanted("components/personas/p0.txt", key), request, Text(BAD), 0.0)])
    ledger.close()
    paid = Paid([])
    report = fix(project, paid.record, yes=False, limit=1, descriptions=_described())  # type: ignore[arg-type]
    assert paid.requests == []
    assert "may cost money" in report.failed[0].reason


def test_a_text_that_was_not_named_is_asked_for_again(project: Path) -> None:
    """An entry that is added to the map while the run works was not agreed to."""

    saving = threading.Lock()

    class Adding(Paid):
        def _write(self, request: Request) -> Text:
            with saving:
                goals = json.loads((project / "goal_map.json").read_text())
                if "LATER" not in goals:
                    goals["LATER"] = {"persona": "later.txt"}
                    (project / "goal_map.json").write_text(json.dumps(goals, indent=2) + "\n")
            return super()._write(request)

    adding = Adding([])
    report = fix(project, adding.record)
    assert len(adding.requests) == MANY
    assert [(one.goal, one.reason) for one in report.failed] == [
        ("LATER", "it would cost more than was agreed to; run --fix again")
    ]
    (project / "goal_map.json").write_text(json.dumps({"GREET": {"persona": "host.txt"}}))
    asked = Adding([])
    answers = Answers("y", "y")
    dialogue = answers.dialogue
    Guard(project).fix(FixOptions(generator=asked.record), dialogue)
    assert len(asked.requests) == 2
    assert [line.split(" takes")[0] for line in answers.questions] == [
        "Generating 1 text with m",
        "Generating 1 text more with m",
    ]


# Consent to tokens


def cut_off(_: int, asked: Asked) -> Reply:
    return answer(completion("half a text", "length"))


def test_answers_that_are_cut_off_are_neither_asked_nor_paid_for_beyond_the_limit(
    project: Path,
) -> None:
    needs_sdk()
    answers = Answers("y")
    with serving(cut_off) as server:
        fix_with(server, project, answers.dialogue, limit=2)
        assert len(server.asked) == 2
    assert len(answers.questions) == 1
    assert answers.questions[0].startswith("Generating 2 texts with fake takes about ")
    assert ", at most " in answers.questions[0]


def lost(_: int, asked: Asked) -> Reply:
    """Send a part of an answer, which may have been charged."""
    return streamed({"choices": [{"delta": {"content": "half"}}]}, end="")._replace(cut=9)


def test_retries_that_may_have_been_charged_count_against_what_was_agreed_to(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_sdk()
    retry_soon(monkeypatch)
    with serving(lost) as server:
        report = fix_with(server, project, Silent(yes=True), limit=1)
        assert len(server.asked) == 2  # what was announced for one text
    (failed,) = report.failed
    assert failed.reason == "it would cost more than was agreed to; run --fix again"


def test_the_user_can_agree_to_more_tokens(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs_sdk()
    retry_soon(monkeypatch)

    def script(number: int, asked: Asked) -> Reply:
        return lost(number, asked) if number <= 2 else good(GOOD)

    answers = Answers("y", "y")
    with serving(script) as server:
        report = fix_with(server, project, answers.dialogue, limit=1)
        assert len(server.asked) == 3
    assert len([one for one in report.fixed if one.action == "generated"]) == 1
    assert [line.split(" takes")[0] for line in answers.questions] == [
        "Generating 1 text with fake",
        "Generating 1 text more with fake",
    ]


def test_free_failures_do_not_count(project: Path) -> None:
    needs_sdk()

    def script(number: int, _: Asked) -> Reply:
        return error(429, "slow down", retry_after_ms="1") if number <= 5 else good(GOOD)

    with serving(script) as server:
        report = fix_with(server, project, Silent(yes=True), limit=1)
        assert len(server.asked) == 6
    assert len(report.fixed) == 1


def test_a_second_try_counts_against_what_was_agreed_to(project: Path) -> None:
    """The server reports that every answer took all tokens that it may take."""
    needs_sdk()
    used: list[int] = []

    def script(_: int, asked: Asked) -> Reply:
        sent, given = len(asked.text.encode()), int(asked.body["max_tokens"])
        used.append(sent + given)
        usage = {"prompt_tokens": sent, "completion_tokens": given}
        return answer({**completion(BAD), "usage": usage})

    with serving(script) as server:
        report = fix_with(server, project, Silent(yes=True), limit=3)
    assert len(used) <= 6
    assert len(report.failed) == 3


def test_the_limit_of_tokens_bounds_the_question(project: Path) -> None:
    needs_sdk()
    answers = Answers("n")
    with serving(good(GOOD)) as server:
        fix_with(server, project, answers.dialogue, max_tokens_total=7000)
        assert server.asked == []
    assert answers.questions[0].endswith("at most 7,000.")


def test_used_and_reserved_tokens_are_shown_apart(project: Path) -> None:
    needs_sdk()

    def script(number: int, _: Asked) -> Reply:
        silent = answer({**completion(GOOD), "usage": None})
        return good(GOOD) if number == 1 else silent

    with serving(script) as server:
        report = fix_with(server, project, Silent(yes=True), max_tokens_total=12_000)
    reasons = {one.reason for one in report.failed}
    assert len(reasons) == 1
    reason = reasons.pop()
    assert reason.startswith("--max-tokens-total 12,000 would be exceeded: 120 used, ")
    assert " reserved for calls of unknown usage, up to " in reason
    (usage,) = [line for line in report.messages if " calls, " in line]
    assert "100 tokens in, 20 out, 0 retries, up to " in usage
    assert usage.endswith(" more in calls of unknown usage")
