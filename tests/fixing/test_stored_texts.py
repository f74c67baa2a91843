"""A text that the ledger has is used before a new one is bought."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from jit_guard import Guard
from jit_guard.fixing.dialogue import Dialogue
from jit_guard.fixing.interaction import Silent
from jit_guard.fixing.job import FixOptions
from jit_guard.fixing.past import Past
from jit_guard.generators.generator import Generator, Request, Text, Writer
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import Key
from jit_guard.report import Report
from projects import call, command_line, lay_out

PATH = "components/personas/autogen_persona_for_greet.txt"
GOALS = {"GREET": {"persona": "host.txt"}}


class Shop(NamedTuple):
    """A generator that costs money; `sold` are the requests that it received."""

    sold: list[Request]
    model: str = "small"

    @property
    def generator(self) -> Generator:
        return Generator(
            "shop",
            "sells texts",
            lambda options: Writer(self._write, options.model or self.model, "1"),
            network=False,
            paid=True,
        )

    def _write(self, request: Request) -> Text:
        self.sold.append(request)
        return Text(f"Text number {len(self.sold)}.\n")


@pytest.fixture
def shop() -> Shop:
    return Shop([])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "JIT_GUARD_COMMAND", "CI", "PRE_COMMIT"):
        monkeypatch.delenv(name, raising=False)
    return lay_out(tmp_path, {"goal_map.json": json.dumps(GOALS)})


def fix(project: Path, shop: Shop, *, yes: bool = True, **options: object) -> Report:
    guard = Guard(project, generator=shop.generator)
    return guard.fix(FixOptions(consent=yes, **options), Silent(yes=yes))  # type: ignore[arg-type]


def lose(project: Path) -> None:
    """Lose the component and the change of the map, but not the ledger."""
    shutil.rmtree(project / "components")
    (project / "goal_map.json").write_text(json.dumps(GOALS))


def test_a_lost_text_comes_from_the_ledger_and_is_reported_as_free(
    project: Path, shop: Shop
) -> None:
    (bought,) = fix(project, shop).fixed
    assert (bought.action, bought.origin, bought.generator) == ("generated", "generated", "shop")
    lose(project)
    (fixed,) = fix(project, shop).fixed
    assert (fixed.action, fixed.origin, fixed.generator) == ("generated", "ledger", "shop")
    assert len(shop.sold) == 1


def test_the_text_report_says_that_it_was_free(project: Path) -> None:
    program = command_line(sys.executable, "-c", "input(); print('Text.')")
    command = ("--fix", "--yes", "--command", program)
    assert "from the ledger" not in call(*command, cwd=project).out
    lose(project)
    done = call(*command, cwd=project)
    assert f"generated  GREET/persona: {PATH} (from the ledger, free)" in done.out


def test_a_stored_text_needs_no_consent(project: Path, shop: Shop) -> None:
    fix(project, shop)
    lose(project)
    report = fix(project, shop, yes=False)
    assert [one.origin for one in report.fixed] == ["ledger"]


def test_refusing_to_spend_does_not_refuse_what_is_free(project: Path, shop: Shop) -> None:
    fix(project, shop)
    lose(project)
    (project / "goal_map.json").write_text(json.dumps({**GOALS, "NEW": {"persona": "n.txt"}}))
    answers = iter(["A new one", "n", "y"])
    dialogue = Dialogue(color=False, read=lambda: next(answers), out=io.StringIO())
    report = Guard(project, generator=shop.generator).fix(FixOptions(), dialogue)
    assert [(one.goal, one.origin) for one in report.fixed] == [("GREET", "ledger")]
    assert [one.goal for one in report.failed] == ["NEW"]
    assert len(shop.sold) == 1


def test_another_generator_or_model_uses_the_stored_text(project: Path, shop: Shop) -> None:
    fix(project, shop)
    for other in (Shop(shop.sold, "large"), None):
        lose(project)
        guard = Guard(project, generator="scaffold" if other is None else other.generator)
        (fixed,) = guard.fix(FixOptions(consent=True), Silent(yes=True)).fixed
        assert (fixed.origin, fixed.generator) == ("ledger", "shop")
    assert len(shop.sold) == 1


@pytest.mark.parametrize("asked", [{"model": "large"}, {"fresh": True}])
def test_who_asks_for_a_model_or_a_fresh_text_gets_one(
    project: Path, shop: Shop, asked: dict[str, Any]
) -> None:
    fix(project, shop)
    lose(project)
    (fixed,) = fix(project, shop, **asked).fixed
    assert fixed.origin == "generated"
    assert len(shop.sold) == 2


def test_another_description_gets_another_text(project: Path, shop: Shop) -> None:
    fix(project, shop)
    lose(project)
    fix(project, shop, descriptions={("GREET", "persona"): "A stern host"})
    assert len(shop.sold) == 2


def test_a_draft_is_not_used_in_place_of_a_text(project: Path, shop: Shop) -> None:
    Guard(project, generator="scaffold").fix(FixOptions(), Silent(yes=True))
    lose(project)
    (fixed,) = fix(project, shop).fixed
    assert fixed.origin == "generated"
    assert len(shop.sold) == 1


def test_a_rejected_text_is_not_used_again(project: Path, shop: Shop) -> None:
    fix(project, shop)
    lose(project)
    with Ledger(str(project)) as ledger:
        ledger.reject(1, "the reader did not like it")
    (fixed,) = fix(project, shop).fixed
    assert fixed.origin == "generated"
    assert len(shop.sold) == 2


def test_an_earlier_text_is_used_if_the_latest_was_rejected(project: Path, shop: Shop) -> None:
    fix(project, shop)
    lose(project)
    fix(project, shop, model="large")
    lose(project)
    with Ledger(str(project)) as ledger:
        ledger.reject(2, "the reader did not like it")
    (fixed,) = fix(project, Shop(shop.sold, "medium")).fixed
    assert fixed.origin == "ledger"
    assert (project / PATH).read_text() == "Text number 1.\n"


def test_on_a_terminal_a_stored_text_is_shown_as_free(project: Path, shop: Shop) -> None:
    fix(project, shop)
    lose(project)
    out = io.StringIO()
    dialogue = Dialogue(color=False, read=lambda: "y", out=out)
    Guard(project, generator=shop.generator).fix(FixOptions(), dialogue)
    assert "from the ledger, free" in out.getvalue()
    assert "Text number 1." in out.getvalue()
    assert (project / PATH).read_text() == "Text number 1.\n"


def test_a_dry_run_counts_no_tokens_for_a_stored_text(project: Path, shop: Shop) -> None:
    guard = Guard(project, generator=shop.generator)
    assert any("tokens" in line for line in guard.preview(None, Silent(yes=True)))
    fix(project, shop)
    lose(project)
    before = sorted(os.listdir(project / ".jit-guard"))
    lines = guard.preview(None, Silent(yes=True))
    assert f"stored    components/personas/host.txt -> {PATH}: from the ledger, free" in lines
    assert not any("tokens" in line for line in lines)
    assert any(line.startswith('+{"GREET": {"persona": "autogen') for line in lines)
    assert sorted(os.listdir(project / ".jit-guard")) == before
    report = guard.with_fixes(guard.check())
    assert report.fixes is not None
    assert report.fixes["components/personas/host.txt"] == ("stored", PATH, 0)


def test_the_cost_of_a_new_text_is_in_the_report_for_programs(project: Path, shop: Shop) -> None:
    guard = Guard(project, generator=shop.generator)
    report = guard.with_fixes(guard.check())
    assert report.fixes is not None
    action, path, cost = report.fixes["components/personas/host.txt"]
    assert (action, path) == ("generate", PATH)
    assert cost is not None
    assert cost > 100
    assert not shop.sold


def test_without_a_usable_generator_the_cost_is_not_known(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIT_GUARD_NO_NETWORK", "1")
    guard = Guard(project, generator="openai")
    report = guard.with_fixes(guard.check())
    assert report.fixes is not None
    assert report.fixes["components/personas/host.txt"] == ("generate", PATH, None)


def test_the_own_text_comes_first_but_for_a_draft() -> None:
    key = Key("GREET", "persona", "host.txt", "A host", "openai", "m", "1")
    past = Past({}, {key[:4]: "other"})
    assert past.keys(key, FixOptions()) == (key.digest(), "other")
    assert past.keys(key, FixOptions(model="m")) == (key.digest(),)
    assert Past({}, {}).keys(key, FixOptions()) == (key.digest(),)
    draft = key._replace(generator="scaffold")
    assert past.keys(draft, FixOptions()) == ("other", draft.digest())
