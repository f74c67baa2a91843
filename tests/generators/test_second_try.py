"""A rejected text is requested once more, and both are stored before they are checked."""

from __future__ import annotations

import pytest

from jit_guard.generators.generator import GenerationError, Request, Text
from jit_guard.generators.judgement import Rejection, write_checked

REQUEST = Request("GOAL", "persona", "a.txt", "components/personas/a.txt", "Be kind.")


class Ledger:
    """A ledger that records what happened, in order."""

    def __init__(self, *answers: Text | GenerationError) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []
        self.happened: list[str] = []

    def write(self, request: Request) -> Text:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, GenerationError):
            raise answer
        return answer

    def check(self, _: Request, text: Text) -> str | Rejection:
        self.happened.append(f"checked {text.content}")
        if "good" in text.content:
            return f"the {text.content}"
        again = "hopeless" not in text.content
        return Rejection(f"{text.content} is not good", f"the {text.content}", again)

    def arrived(self, text: Text, fault: str | None) -> str:
        self.happened.append(f"stored {text.content}{f': {fault}' if fault else ''}")
        return text.content

    def run(self, tries: int = 2) -> tuple[str, str]:
        return write_checked(
            REQUEST,
            self.write,
            check=self.check,
            arrived=self.arrived,
            refused=lambda stored, reason: self.happened.append(f"refused {stored}: {reason}"),
            tries=tries,
        )


def test_a_good_text_is_used_as_it_is() -> None:
    ledger = Ledger(Text("good"))
    assert ledger.run() == ("the good", "good")
    assert ledger.happened == ["stored good", "checked good"]


def test_the_second_attempt_knows_the_fault_of_the_first() -> None:
    ledger = Ledger(Text("bad"), Text("good"))
    assert ledger.run()[0] == "the good"
    assert ledger.happened == [
        "stored bad",
        "checked bad",
        "refused bad: bad is not good",
        "stored good",
        "checked good",
    ]
    assert ledger.asked == [
        REQUEST,
        REQUEST._replace(rejected="the bad", objection="bad is not good"),
    ]


@pytest.mark.parametrize(("tries", "reason"), [(1, "bad is not good"), (2, "(after 2 tries)")])
def test_there_is_no_third_attempt(tries: int, reason: str) -> None:
    ledger = Ledger(*[Text("bad")] * 3)
    with pytest.raises(GenerationError) as caught:
        ledger.run(tries)
    assert reason in caught.value.reason
    assert len(ledger.asked) == tries


def test_a_text_that_another_attempt_would_not_change_is_not_requested_again() -> None:
    ledger = Ledger(Text("hopeless"), Text("good"))
    with pytest.raises(GenerationError) as caught:
        ledger.run()
    assert caught.value.reason == "hopeless is not good"
    assert len(ledger.asked) == 1


def test_the_text_of_a_failure_is_stored_and_rejected() -> None:
    ledger = Ledger(GenerationError("cut off", Text("half")))
    with pytest.raises(GenerationError, match="cut off"):
        ledger.run()
    assert ledger.happened == ["stored half: cut off"]


def test_a_failure_without_a_text_stores_nothing() -> None:
    ledger = Ledger(GenerationError("400: no"))
    with pytest.raises(GenerationError):
        ledger.run()
    assert ledger.happened == []
