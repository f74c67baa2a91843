"""The check of a text before it is committed."""

from __future__ import annotations

from collections.abc import Iterator

from jit_guard.config import Settings, TypeSettings
from jit_guard.contracts.contract import Contract
from jit_guard.fixing.contracts import Contracts
from jit_guard.fixing.judging import plain, with_rules
from jit_guard.generators.generator import Request, Text
from jit_guard.generators.judgement import Rejection
from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.rule import Example, Rule
from jit_guard.sources.memory import Memory

PATH = "components/personas/autogen_persona_for_greet.txt"
REQUEST = Request("GREET", "persona", "autogen_persona_for_greet.txt", PATH, "A host")
SOURCE = Memory({"goal_map.json": '{"GREET": {"persona": "host.txt"}}'})
NONE = Contracts(SOURCE, Settings())


def _no_hosts(facts: Facts) -> Iterator[Finding]:
    # Sees the project as it would be: the entry is set, and the file exists.
    assert not facts.comparison.missing
    for reference in [facts.first(PATH)]:
        assert reference is not None
        yield RULE.at_entry(reference, "speaks of hosts")


RULE = Rule("ACME001", "no-hosts", "error", "s", "w", "f", Example({}), Example({}), _no_hosts)


def test_a_component_must_be_text() -> None:
    assert plain(REQUEST, Text("A host.\r\n\n")) == "A host.\n"
    assert plain(REQUEST, Text(" \n")) == Rejection("the text is empty", " \n")
    refused = plain(REQUEST, Text("a\x1bb"))
    assert isinstance(refused, Rejection)
    assert "control character" in refused.reason


def test_without_plugins_nothing_else_is_checked() -> None:
    assert with_rules((), NONE, SOURCE, Settings()) is plain


def test_a_plugin_rule_can_reject_a_text_before_it_is_committed() -> None:
    check = with_rules((RULE,), NONE, SOURCE, Settings())
    refused = check(REQUEST, Text("<think>hm</think>A host.\n"))
    assert refused == Rejection("ACME001 no-hosts: speaks of hosts", "A host.\n")


def test_of_several_errors_the_first_is_the_reason_and_those_elsewhere_are_none() -> None:
    def at(code: str, name: str, path: str) -> Rule:
        rule = RULE._replace(code=code, name=name)
        return rule._replace(judge=lambda _: [rule.finding(f"says {name}", path=path)])

    here, elsewhere = at("ACME002", "here", PATH), at("ACME001", "elsewhere", "other.txt")
    last = at("ACME003", "last", PATH)
    check = with_rules((last, elsewhere, here), NONE, SOURCE, Settings())
    assert check(REQUEST, Text("A host.\n")) == Rejection("ACME002 here: says here", "A host.\n")
    assert with_rules((elsewhere,), NONE, SOURCE, Settings())(REQUEST, Text("A host.\n")) == (
        "A host.\n"
    )


def test_a_warning_of_a_plugin_rule_rejects_nothing() -> None:
    warning = RULE._replace(severity="warning")
    rules = (warning._replace(judge=lambda facts: [warning.finding("hm", path=PATH)]),)
    assert with_rules(rules, NONE, SOURCE, Settings())(REQUEST, Text("A host.\n")) == "A host.\n"


def test_a_satisfied_rule_does_not_excuse_a_violated_contract() -> None:
    """The reason is that of the contract, which is checked first."""
    contract = Contract(headings=("# Role",))
    settings = Settings(types={"persona": TypeSettings(contract=contract)})
    satisfied = RULE._replace(judge=lambda _: [])
    for rules in ((satisfied,), (RULE,), ()):
        check = with_rules(rules, Contracts(SOURCE, settings), SOURCE, settings)
        refused = check(REQUEST, Text("A host.\n"))
        assert isinstance(refused, Rejection)
        assert refused.reason.startswith("it violates types.persona.contract: JG603 ")
        assert refused.text == "A host.\n"
    check = with_rules((satisfied,), Contracts(SOURCE, settings), SOURCE, settings)
    assert check(REQUEST, Text("# Role\n\nA host.\n")) == "# Role\n\nA host.\n"


def test_a_rule_sees_the_new_entry_in_every_map_that_has_one_and_the_others_as_they_are() -> None:
    seen: list[dict[str, object]] = []

    def look(facts: Facts) -> Iterator[Finding]:
        seen.append({one.path: one.goals for one in facts.maps})
        yield from ()

    files = {
        "first.json": '{"GREET": {"tone": "calm.txt"}}',
        "goal_map.json": '{"GREET": {"persona": "host.txt", "tone": "calm.txt"}, "B": {}}',
        "same.json": '{"GREET": {"persona": "other.txt"}}',
        "other.json": '{"GREET": {"tone": "calm.txt"}}',
        "broken.json": "{",
    }
    settings = Settings(maps=(*files, "gone.json"))
    source = Memory(files)
    rules = (RULE._replace(judge=look),)
    check = with_rules(rules, Contracts(source, settings), source, settings)
    assert check(REQUEST, Text("A host.\n")) == "A host.\n"
    new = {"persona": REQUEST.filename}
    assert seen == [
        {
            "first.json": {"GREET": {"tone": "calm.txt"}},
            "goal_map.json": {"GREET": {**new, "tone": "calm.txt"}, "B": {}},
            "same.json": {"GREET": new},
            "other.json": {"GREET": {"tone": "calm.txt"}},
        }
    ]
