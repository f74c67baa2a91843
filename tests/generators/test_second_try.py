"""A rejected text is requested once more, and both are stored before they are checked."""

from __future__ import annotations

import pytest

from jit_guard.generators.generator import GenerationError, Request, Text
from jit_guard.generators.judgement import write_checked

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

    def check(self, _: Request, text: Text) -> str | None:
        self.happened.append(f"checked {text.content}")
        return None if "good" in text.content else f"{text.content} is not good"

    def arrived(self, text: Text) -> str:
        self.happened.append(f"stored {text.content}")
        return text.content

    def run(self, tries: int = 2) -> tuple[Text, str]:
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
    assert ledger.run() == (Text("good"), "good")
    assert ledger.happened == ["stored good", "checked good"]


def test_the_second_attempt_knows_the_fault_of_the_first() -> None:
    ledger = Ledger(Text("bad"), Text("good"))
    assert ledger.run()[0] == Text("good")
    assert ledger.happened == [
        "stored bad",
        "checked bad",
        "refused bad: bad is not good",
        "stored good",
        "checked good",
    ]
    assert ledger.asked == [
        REQUEST,
        REQUEST._replace(rejected="bad", objection="bad is not good"),
    ]


@pytest.mark.parametrize(("tries", "reason"), [(1, "bad is not good"), (2, "(after 2 tries)")])
def test_there_is_no_third_attempt(tries: int, reason: str) -> None:
    ledger = Ledger(*[Text("bad")] * 3)
    with pytest.raises(GenerationError) as caught:
        ledger.run(tries)
    assert reason in caught.value.reason
    assert len(ledger.asked) == tries


def test_the_text_of_a_failure_is_stored_and_rejected() -> None:
    ledger = Ledger(GenerationError("cut off", Text("half")))
    with pytest.raises(GenerationError, match="cut off"):
        ledger.run()
    assert ledger.happened == ["stored half", "refused half: cut off"]


def test_a_failure_without_a_text_stores_nothing() -> None:
    ledger = Ledger(GenerationError("400: no"))
    with pytest.raises(GenerationError):
        ledger.run()
    assert ledger.happened == []
