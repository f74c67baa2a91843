"""Every rule fires on its bad example and is silent on its good one, in memory and on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

import jit_guard
from jit_guard.config import CODES, MODULES
from jit_guard.rules import load_rules
from jit_guard.rules.rule import Example, Rule, configuration
from projects import call, codes, git, lay_out, report_on

RULES = load_rules()
EACH_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


def test_the_rules_are_those_of_the_catalogue_in_its_order() -> None:
    assert tuple(rule.code for rule in RULES) == CODES
    assert list(CODES) == sorted(set(CODES))


def test_every_rule_module_is_in_the_catalogue() -> None:
    directory = Path(jit_guard.__file__).parent / "rules"
    assert sorted(path.stem for path in directory.glob("jg[0-9]*.py")) == list(MODULES)


@pytest.mark.parametrize(("rule", "module"), list(zip(RULES, MODULES, strict=True)))
def test_a_module_is_named_after_its_rule(rule: Rule, module: str) -> None:
    assert module == f"{rule.code.lower()}_{rule.name.replace('-', '_')}"


@EACH_RULE
def test_a_rule_fires_on_its_bad_example_and_no_other_does(rule: Rule) -> None:
    report = report_on(rule.bad.files, tracked=rule.bad.tracked, **rule.bad.settings)
    assert set(codes(report.findings)) == {rule.code}
    assert {finding.name for finding in report.findings} == {rule.name}
    assert {finding.severity for finding in report.findings} == {rule.severity}
    assert not report.unreadable


@EACH_RULE
def test_nothing_fires_on_a_good_example(rule: Rule) -> None:
    report = report_on(rule.good.files, tracked=rule.good.tracked, **rule.good.settings)
    assert report.findings == ()
    assert report.skipped == ()
    assert report.ok


@EACH_RULE
def test_on_disk_the_command_reports_the_same_for_the_bad_example(
    rule: Rule, tmp_path: Path
) -> None:
    result = call("--format", "json", cwd=_on_disk(tmp_path, rule.bad))
    assert set(result.codes) == {rule.code}
    assert result.code == (1 if rule.severity == "error" else 0)
    in_memory = report_on(rule.bad.files, tracked=rule.bad.tracked, **rule.bad.settings)
    assert [
        (finding["map"], finding["path"], finding["pointer"], finding["line"], finding["column"])
        for finding in result.report["findings"]
    ] == [(one.map, one.path, one.pointer, one.line, one.column) for one in in_memory.findings]


@EACH_RULE
def test_on_disk_the_command_is_silent_on_the_good_example(rule: Rule, tmp_path: Path) -> None:
    result = call("--format", "json", "--strict", cwd=_on_disk(tmp_path, rule.good))
    assert (result.code, result.codes, result.err) == (0, [], "")


@EACH_RULE
def test_an_ignored_rule_reports_nothing(rule: Rule) -> None:
    report = report_on(
        rule.bad.files,
        tracked=rule.bad.tracked,
        **{**rule.bad.settings, "ignore": (rule.code,)},
    )
    assert rule.code not in codes(report.findings)


@EACH_RULE
def test_a_rule_explains_itself_in_whole_sentences(rule: Rule) -> None:
    assert rule.severity in ("error", "warning")
    assert rule.summary
    assert not rule.summary.endswith(".")
    assert rule.why.endswith((".", "`.", ")."))
    assert rule.fix.endswith(".")


def _on_disk(directory: Path, example: Example) -> Path:
    root = lay_out(directory / "project", example.files)
    lines = configuration(example.settings)
    (root / "jit-guard.toml").write_text("\n".join(lines))
    if example.tracked is not None:
        git(root, "init", "-q")
        git(root, "add", "jit-guard.toml", *example.tracked)
    return root


def test_only_what_a_fix_corrects_is_called_fixable() -> None:
    report = report_on(
        {
            "goal_map.json": '{"A": {"persona": "gone.txt"}, "B": {"persona": "../x"}, "C": 5,'
            ' "D": {"persona": "empty.txt"}}',
            "components/personas/empty.txt": " ",
        }
    )
    found = {one.code: one.fixable for one in report.findings}
    assert found == {
        "JG101": False,
        "JG201": True,
        "JG205": False,
        "JG206": False,
    }
