"""The tests fail for the command's findings: each once, at its position, with its hint."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jit_guard.errors import ConfigError, UnreadableError
from jit_guard.guard import Guard
from jit_guard.rules import load_rules
from jit_guard.rules.rule import Rule
from jit_guard.sources.worktree import Worktree
from projects import SOUND, Content, call
from sessions import OWN, TWO, plant, run

if TYPE_CHECKING:
    from jit_guard.sources.source import Answers, Chunks

RULES = [pytest.param(rule, id=rule.code) for rule in load_rules()]
MANY: dict[str, Content] = {
    "goal_map.json": '{\n  "GREET": {\n    "persona": "gone.txt",\n    "checklist": "../up.txt"\n'
    '  },\n  "PART": {"persona": "HOST.txt", "tool": 3},\n  "ODD": []\n}\n',
    "components/personas/host.txt": "You welcome people.\n",
    "components/personas/aux.txt": "A name of Windows.\n",
}

GONE = "components/personas/gone.txt"


@pytest.mark.parametrize("rule", RULES)
def test_each_error_fails_exactly_one_test_and_warnings_fail_none(
    pytester: pytest.Pytester, rule: Rule
) -> None:
    plant(pytester, OWN, rule.bad.files)
    expected = Guard(pytester.path).check()
    if rule.bad.settings or not expected.findings:
        pytest.skip("the example needs settings, or git")
    result = run(pytester, "--jit-guard", "-p", "no:cacheprovider")
    assert result.outcomes["tests/test_own.py::test_own"] == "passed"
    assert bool(result.failed) == bool(expected.errors)
    for finding in expected.findings:
        shown = result.texts if finding.severity == "error" else result.sections
        place = finding.map or finding.path
        if finding.line is not None:
            place = f"{place}:{finding.line}:{finding.column}"
        start = f"{place}: {finding.code} {finding.name}  "
        assert sum(text.count(start) for text in shown.values()) == 1, finding
        if finding.hint:
            assert any(f"    hint: {finding.hint}" in text for text in shown.values())


@pytest.mark.parametrize("rule", RULES)
def test_a_project_without_findings_passes(pytester: pytest.Pytester, rule: Rule) -> None:
    if rule.good.settings or rule.code == "JG203":
        pytest.skip("the example needs settings, or git")
    plant(pytester, OWN, rule.good.files)
    assert run(pytester, "--jit-guard").failed == []


def test_codes_and_positions_equal_those_of_the_command(pytester: pytest.Pytester) -> None:
    plant(pytester, MANY)
    command = call("--format", "json", cwd=pytester.path).report["findings"]
    result = run(pytester, "--jit-guard")
    everything = "\n".join([*result.texts.values(), *result.sections.values()])
    assert len(command) > 5
    for finding in command:
        assert everything.count(f" {finding['code']} {finding['name']}  ") == sum(
            one["code"] == finding["code"] for one in command
        )
        assert finding["message"] in everything
    assert result.ours == {
        "schema": "failed",
        "GREET": "failed",
        "PART": "failed",
        "ODD": "skipped",
        "orphans": "skipped",
    }


def test_a_failure_shows_position_line_caret_and_hint(pytester: pytest.Pytester) -> None:
    plant(pytester, MANY)
    text = run(pytester, "--jit-guard").texts["goal_map.json::GREET"]
    assert text.splitlines()[:3] == [
        f"goal_map.json:3:16: JG201 missing-component  GREET/persona: {GONE} does not exist",
        '  3 |     "persona": "gone.txt",',
        "    |                ^",
    ]
    assert text.splitlines()[3].startswith("    hint: ")
    assert "goal_map.json:4:18: JG205 unsafe-path" in text


def test_a_broken_contract_fails_its_goal_and_points_into_the_component(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    contract = 'types.persona.contract.headings = ["# Who", "# How"]\n'
    plant(pytester, SOUND, {"jit-guard.toml": contract})
    host = "components/personas/host.txt"
    (pytester.path / host).write_text("# Who\n\nA host.\n")
    result = run(pytester, "--jit-guard")
    assert result.failed == ["goal_map.json::GREET"]
    assert result.texts["goal_map.json::GREET"].splitlines()[:3] == [
        f"{host}:1:1: JG603 heading  GREET/persona: the heading '# How' is missing after '# Who'",
        "  1 | # Who",
        "    | ^",
    ]
    lines = pytester.runpytest_inprocess("--jit-guard", "--tb=line", "--color=no").outlines
    assert any(
        line.endswith(
            f"{Path(host)}:1: JG603 heading: the heading '# How' is missing after '# Who'"
        )
        for line in lines
    )


def test_the_short_summary_and_one_line_tracebacks_point_into_the_map(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    plant(pytester, MANY)
    result = pytester.runpytest_inprocess("--jit-guard", "--tb=line", "-vv", "--color=no")
    result.stdout.fnmatch_lines(
        [
            "*/goal_map.json:3: JG201 missing-component: components/personas/gone.txt does not*",
            "FAILED goal_map.json::GREET - JG201 missing-component: * (and 1 more)",
        ]
    )


def test_a_test_is_reported_at_its_goal(pytester: pytest.Pytester) -> None:
    plant(pytester, TWO)
    items = pytester.inline_genitems("--jit-guard")[0]
    assert [item.location for item in items] == [
        ("goal_map.json", 0, "goal_map.json: the map"),
        ("goal_map.json", 1, "goal_map.json: GREET"),
        ("goal_map.json", 2, "goal_map.json: PART"),
        ("goal_map.json", 0, "goal_map.json: orphans"),
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"GREET": {"persona": "host.txt",}}', "JG001"),
        (b"[[[", "JG001"),
        (b"[" * 200_000, "JG001"),
        (b"\xef\xbb\xbf{}", "JG003"),
        (b'{"GREET": "\xff"}', "JG003"),
        (b"[]", "JG101"),
        (b'{"GREET": 3}', "JG101"),
        (b"{}", "JG004"),
        (None, "JG004"),
    ],
)
def test_a_broken_map_fails_one_test_and_stops_nothing(
    pytester: pytest.Pytester, data: bytes | None, code: str
) -> None:
    plant(pytester, OWN, SOUND, {"jit-guard.toml": ""})
    if data is None:
        (pytester.path / "goal_map.json").unlink()
    else:
        (pytester.path / "goal_map.json").write_bytes(data)
    result = run(pytester, "--jit-guard")
    assert result.outcomes["tests/test_own.py::test_own"] == "passed"
    assert code in result.texts["goal_map.json::schema"]
    assert result.ours["schema"] == "failed"
    # If a map is known to be empty, files are orphans; if it is unreadable, that is not known.
    known = code == "JG004"
    assert result.ours["orphans"] == ("failed" if known else "skipped")


def test_without_a_project_the_absent_map_fails(pytester: pytest.Pytester) -> None:
    plant(pytester, OWN)
    result = run(pytester, "--jit-guard")
    assert result.failed == ["goal_map.json::schema"]
    assert "JG004" in result.texts["goal_map.json::schema"]
    assert result.ours["orphans"] == "passed"


def test_warnings_are_shown_and_fail_nothing(pytester: pytest.Pytester) -> None:
    plant(pytester, SOUND, {"goal_map.json.tmp": "{}"})
    result = run(pytester, "--jit-guard")
    assert result.exit_code == 0
    assert (
        "goal_map.json.tmp: JG303 leftover-temporary" in result.sections["goal_map.json::orphans"]
    )
    pytester.runpytest_inprocess("--jit-guard", "-rP").stdout.fnmatch_lines(
        ["*jit-guard warnings*", "goal_map.json.tmp: JG303*"]
    )


def test_a_commit_that_did_not_finish_fails_the_schema(pytester: pytest.Pytester) -> None:
    plant(pytester, SOUND, {".jit-guard/pending.json": "{}\n"})
    result = run(pytester, "--jit-guard")
    assert result.failed == ["goal_map.json::schema"]
    assert "JG401" in result.texts["goal_map.json::schema"]


def test_selection_and_baseline_of_the_configuration_count(pytester: pytest.Pytester) -> None:
    broken = {**TWO, "goal_map.json": TWO["goal_map.json"].replace("host.txt", "gone.txt", 1)}
    plant(pytester, broken)
    assert run(pytester, "--jit-guard").failed == ["goal_map.json::GREET"]
    plant(pytester, {"jit-guard.toml": 'ignore = ["JG201"]\n'})
    assert run(pytester, "--jit-guard").failed == []
    plant(pytester, {"jit-guard.toml": 'baseline = "accepted.jsonl"\n'})
    call("--baseline", "accepted.jsonl", "--update-baseline", cwd=pytester.path)
    assert run(pytester, "--jit-guard").failed == []


def test_an_unreadable_file_fails_every_test_that_depends_on_it(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(pytester, TWO, {"goal_map.json": '{"GREET": {"persona": "host.txt"}, "PART": {}}'})
    real = Worktree.chunks

    def chunks(source: Worktree, directory: str, names: Iterable[str]) -> Answers[Chunks]:
        for name, answer in real(source, directory, names):
            refused = UnreadableError(f"{directory}/{name}", "permission denied")
            yield name, refused if name == "host.txt" else answer

    monkeypatch.setattr(Worktree, "chunks", chunks)  # permissions do not bind every user
    result = run(pytester, "--jit-guard")
    assert result.failed == ["goal_map.json::GREET"]
    assert result.texts["goal_map.json::GREET"].startswith(
        "components/personas/host.txt cannot be read: permission denied"
    )


def test_a_schema_that_cannot_be_applied_is_reported_and_nothing_passes(
    pytester: pytest.Pytester,
) -> None:
    plant(pytester, OWN, TWO, {"jit-guard.toml": 'schema = "own.json"\n'})
    (pytester.path / "own.json").write_text('{"$ref": "https://example.invalid/x.json"}')
    result = run(pytester, "--jit-guard")
    assert set(result.ours.values()) == {"failed"}
    assert "own.json" in result.texts["goal_map.json::schema"]
    assert "Traceback" not in result.texts["goal_map.json::schema"]
    assert result.outcomes["tests/test_own.py::test_own"] == "passed"


def test_the_project_is_checked_once_a_session_and_only_when_a_test_runs(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(pytester, OWN, TWO)
    checks: list[str] = []
    real = Guard.check

    def counted(guard: Guard, *_: object) -> object:
        checks.append(guard.root)
        return real(guard)

    monkeypatch.setattr(Guard, "check", counted)
    run(pytester, "--jit-guard", "--collect-only")
    run(pytester, "--jit-guard", "-m", "not jit_guard")
    assert not checks
    run(pytester, "--jit-guard")
    assert len(checks) == 1


def test_a_failed_check_is_run_once_for_all_tests(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(pytester, TWO)
    checks: list[str] = []

    def refused(guard: Guard) -> None:
        checks.append(guard.root)
        raise ConfigError(["plugin 'x' is broken"])

    monkeypatch.setattr(Guard, "check", refused)
    result = run(pytester, "--jit-guard")
    assert set(result.ours.values()) == {"failed"}
    assert len(checks) == 1


def test_a_bug_in_jit_guard_is_shown_as_one(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(pytester, OWN, TWO)

    def broken(_: Guard) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(Guard, "check", broken)
    result = run(pytester, "--jit-guard", "goal_map.json::schema")
    assert "ZeroDivisionError: a bug" in result.texts["goal_map.json::schema"]
    assert "def broken" in result.texts["goal_map.json::schema"]


def test_no_content_of_a_map_forges_a_line_of_the_report(pytester: pytest.Pytester) -> None:
    goal = "##[error]x\\n::error::y\\u001b[2J\\u202e"
    plant(pytester, {"goal_map.json": f'{{"{goal}": {{"persona": "##vso[task.x]y.txt"}}}}'})
    result = pytester.runpytest_inprocess("--jit-guard", "-vv", "--color=no")
    for line in result.outlines:
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
        assert "##vso[" not in line
        assert not {"\x1b", "\u202e"}.intersection(line)
