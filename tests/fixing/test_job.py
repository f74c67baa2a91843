"""Which generator a fix uses, and with which options: flags, environment, configuration."""

from __future__ import annotations

from typing import Any

import pytest

from jit_guard.config import Settings
from jit_guard.errors import MissingComponent, UsageError
from jit_guard.fixing.job import FixOptions, GeneratorSetup, for_one, refusal, set_up_generator
from jit_guard.generators.generator import Generator, GeneratorUnusableError, Text, Writer
from jit_guard.registry.goal_map import Entry
from jit_guard.report import Failed, Report

OWN = Generator("own", "for tests", lambda _: Writer(lambda _: Text("")))
KEY = {"OPENAI_API_KEY": "sk-canary-of-the-tests"}


def setup(
    settings: dict[str, Any] | None = None, environ: dict[str, str] | None = None, **given: Any
) -> GeneratorSetup:
    return set_up_generator(
        FixOptions(**given), Settings(**settings or {}), "/root", "Be short.", environ or {}
    )


def chosen(*arguments: Any, **given: Any) -> str:
    return setup(*arguments, **given).generator.name


def test_the_generator_is_named_or_follows_from_what_is_set() -> None:
    assert chosen() == "scaffold"
    assert chosen({}, KEY) == "openai"
    assert chosen(base_url="http://here/v1") == "openai"
    assert chosen({}, {**KEY, "JIT_GUARD_COMMAND": "write it"}) == "command"
    assert chosen({}, KEY, command="write it") == "command"
    assert chosen({"generator": "scaffold"}, KEY) == "scaffold"
    assert chosen({"generator": "scaffold"}, {"JIT_GUARD_COMMAND": "write it"}) == "scaffold"
    assert chosen({"generator": "scaffold"}, {}, generator="command") == "command"
    assert chosen({"generator": "scaffold"}, {}, command="write it") == "command"
    assert chosen(generator="auto", command="write it") == "command"
    assert chosen({}, {**KEY, "JIT_GUARD_COMMAND": "write it"}, generator=OWN) == "own"


def test_a_generator_that_contradicts_a_flag_or_the_environment_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^--command requires --generator command, not openai$"):
        setup(command="write it", generator="openai")
    with pytest.raises(UsageError, match="never chosen automatically"):
        setup({}, {**KEY, "CI": "true"})
    with pytest.raises(UsageError, match="the generator 'own' needs the network"):
        setup({}, {"JIT_GUARD_NO_NETWORK": "1"}, generator=OWN)


def test_flags_win_over_the_configuration_and_the_environment() -> None:
    configured = {"model": "m", "timeout": 7.0, "jobs": 2}
    made = setup(configured, {"JIT_GUARD_COMMAND": "write it"})
    assert made.options[:4] == ("/root", "m", 7.0, "write it")
    assert made.options.prompt == "Be short."
    assert made.options.base_url is None
    assert made.options.budget is not None
    assert made.options.budget.limit is None
    assert made.jobs == 2
    given = {"model": "n", "timeout": 9.0, "jobs": 3, "command": "say it", "max_tokens_total": 5}
    made = setup(configured, {"JIT_GUARD_COMMAND": "write it"}, **given)
    assert made.options[:4] == ("/root", "n", 9.0, "say it")
    assert made.options.budget is not None
    assert made.options.budget.limit == 5
    assert made.jobs == 3
    assert setup({}, {}, base_url="http://here/v1").options.base_url == "http://here/v1"
    assert setup().jobs == 4


def test_every_generator_but_scaffold_writes_better_texts_than_drafts() -> None:
    assert not setup().improves_drafts
    assert setup(command="write it").improves_drafts
    assert setup(generator=OWN).improves_drafts


def test_who_names_a_generator_in_any_way_asks_for_its_own_texts() -> None:
    named = [{"generator": "own"}, {"model": "m"}, {"base_url": "http://x"}, {"command": "x"}]
    assert all(FixOptions(**one).names_generator for one in named)  # type: ignore[arg-type]
    assert not FixOptions(jobs=3, fresh=True, limit=1, timeout=3.0).names_generator


# A program that wants one component

ENTRY = Entry("GREET", "persona", "host.txt")
MISSING = MissingComponent("GREET", "persona", "components/personas/host.txt")


def test_a_program_agrees_to_the_cost_of_its_component_unless_it_says_otherwise() -> None:
    options = for_one("components/personas/host.txt", "A host", {"limit": 1})
    assert (options.consent, options.only, options.limit) == (
        True,
        "components/personas/host.txt",
        1,
    )
    assert options.describe is not None
    assert options.describe(ENTRY) == "A host"
    options = for_one("x", lambda entry: f"Of {entry.goal}", {"consent": False})
    assert not options.consent
    assert options.describe is not None
    assert options.describe(ENTRY) == "Of GREET"
    assert for_one("x", None, {}).describe is None


def test_a_component_that_is_still_missing_has_the_reason_of_its_own_entry() -> None:
    def refused(*failed: Failed, trouble: str | None = None) -> Exception:
        report = Report(".", "worktree", ("goal_map.json",), 1, 0, ())
        return refusal(report._replace(failed=failed, trouble=trouble), MISSING)

    others = (Failed("GREET", "tone", "no tone"), Failed("PART", "persona", "no part"))
    assert refused(*others) is MISSING
    found = refused(*others, Failed("GREET", "persona", "the model refused"))
    assert isinstance(found, MissingComponent)
    assert "the model refused" in str(found)
    assert (found.goal, found.component_type, found.path) == MISSING.args[:3] or "host" in str(
        found
    )
    ended = refused(Failed("GREET", "persona", "no"), trouble="the key is wrong")
    assert isinstance(ended, GeneratorUnusableError)
    assert str(ended) == "the key is wrong"
