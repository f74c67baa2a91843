"""The fix, through the command and through Guard, on projects on disk."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from unittest import mock

import pytest

from jit_guard import Guard, MissingComponent, handle_just_in_time_generation
from jit_guard.fixing.dialogue import Dialogue
from jit_guard.fixing.interaction import Draft, Silent
from jit_guard.fixing.job import FixOptions
from jit_guard.ledger.history import history
from jit_guard.pytest_plugin.fixtures import Script
from jit_guard.text.generated import untouched
from projects import call, command_line, lay_out
from projects import run as run_process
from threads import at_once

TEXT = "# Purpose\nServe the goal.\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two goals share a missing persona, a protocol is missing, and a template exists."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "JIT_GUARD_COMMAND", "CI", "PRE_COMMIT"):
        monkeypatch.delenv(name, raising=False)
    goal_map = {
        "GREET": {"persona": "host.txt", "template": "note.md"},
        "PART": {"persona": "host.txt", "protocol": "sub/farewell.md"},
    }
    (tmp_path / "goal_map.json").write_text(json.dumps(goal_map, indent=2) + "\n")
    (tmp_path / "components" / "templates").mkdir(parents=True)
    (tmp_path / "components" / "templates" / "note.md").write_text(TEXT)
    return tmp_path


def run(
    project: Path, *arguments: str, stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in this process, which is fast."""
    given = io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8")
    with mock.patch.dict(os.environ, environment), mock.patch("sys.stdin", given):
        code, out, err = call(*arguments, cwd=project)
    return subprocess.CompletedProcess(arguments, code, out, err)


def program(project: Path, body: str) -> str:
    """A generator for `--command` that records each call."""
    script = project / "generator.py"
    script.write_text(
        f"import json, sys, time\nwith open({str(project / 'calls')!r}, 'a') as f: f.write('x')\n"
        f"request = json.load(sys.stdin)\n{body}\n"
    )
    return command_line(sys.executable, str(script))


def calls(project: Path) -> int:
    counted = project / "calls"
    return len(counted.read_text()) if counted.exists() else 0


def entries(project: Path) -> dict[str, dict[str, str]]:
    value: dict[str, dict[str, str]] = json.loads((project / "goal_map.json").read_text())
    return value


def test_without_a_description_nothing_is_written_and_the_message_says_how(project: Path) -> None:
    before = (project / "goal_map.json").read_bytes()
    done = run(project, "--fix", "--no-input")
    assert done.returncode == 1
    assert "--descriptions FILE" in done.stdout
    assert (project / "goal_map.json").read_bytes() == before
    assert not list(project.glob("components/**/autogen_*"))


def test_yes_writes_drafts_and_one_line_of_the_map_per_entry(project: Path) -> None:
    before = (project / "goal_map.json").read_text().splitlines()
    done = run(project, "--fix", "--yes", "--format", "json")
    after = (project / "goal_map.json").read_text().splitlines()
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 3
    assert entries(project) == {
        "GREET": {"persona": "autogen_persona_for_greet.txt", "template": "note.md"},
        "PART": {
            "persona": "autogen_persona_for_greet.txt",
            "protocol": "autogen_protocol_for_part.md",
        },
    }
    report = json.loads(done.stdout)
    assert [one["action"] for one in report["fixed"]] == ["generated"] * 3
    assert {one["code"] for one in report["findings"]} == {"JG501"}
    assert done.returncode == 1  # drafts are findings until they are written
    for path in project.glob("components/**/autogen_*"):
        assert untouched(path.read_bytes())


def test_descriptions_come_from_a_file_or_from_standard_input(project: Path) -> None:
    given = json.dumps({"GREET": {"persona": "A warm host"}, "PART": {"protocol": "Say goodbye"}})
    (project / "d.json").write_text(json.dumps({"GREET": {"persona": "A warm host"}}))
    run(project, "--fix", "--descriptions", "d.json")
    written = project / "components/personas/autogen_persona_for_greet.txt"
    assert "A warm host" in written.read_text()
    assert entries(project)["PART"]["protocol"] == "sub/farewell.md"
    run(project, "--fix", "--descriptions", "-", stdin=given)
    assert (
        "Say goodbye" in (project / "components/protocols/autogen_protocol_for_part.md").read_text()
    )


def test_a_dry_run_creates_nothing_and_its_diff_is_what_the_fix_does(project: Path) -> None:
    before = sorted(project.rglob("*"))
    done = run(project, "--fix", "--dry-run", "--yes")
    assert done.returncode == 1
    assert sorted(project.rglob("*")) == before
    diff = done.stdout[done.stdout.index("--- a/goal_map.json") :]
    patched = subprocess.run(
        ["git", "apply", "-"], cwd=project, input=diff.encode(), capture_output=True, check=False
    )
    assert patched.returncode == 0, patched.stderr
    shown = (project / "goal_map.json").read_bytes()
    (project / "goal_map.json").write_text((project / "goal_map.json").read_text())
    again = run(project, "--fix", "--yes")
    assert (project / "goal_map.json").read_bytes() == shown, again.stdout


def test_a_clean_project_has_nothing_to_do(project: Path) -> None:
    command = program(project, "print('Text.')")
    assert run(project, "--fix", "--yes", "--command", command).returncode == 0
    done = run(project, "--fix", "--dry-run", "--yes", "--command", command)
    assert (done.returncode, done.stdout) == (0, "nothing to do\n")
    assert calls(project) == 2


def test_a_paid_text_is_not_paid_for_again(project: Path) -> None:
    command = program(project, "print('Text for', request['goal'])")
    run(project, "--fix", "--yes", "--command", command)
    assert calls(project) == 2
    goal_map = entries(project)
    goal_map["PART"]["protocol"] = "sub/farewell.md"  # an outdated save
    (project / "goal_map.json").write_text(json.dumps(goal_map, indent=2) + "\n")
    done = run(project, "--fix", "--yes", "--command", command)
    assert calls(project) == 2
    assert entries(project)["PART"]["protocol"] == "autogen_protocol_for_part.md"
    assert done.returncode == 0, done.stdout


def test_a_lost_component_is_restored_from_the_ledger(project: Path) -> None:
    command = program(project, "print('Text for', request['goal'])")
    run(project, "--fix", "--yes", "--command", command)
    path = project / "components/protocols/autogen_protocol_for_part.md"
    text = path.read_bytes()
    path.unlink()
    assert run(project, "--fix", "--yes", "--command", command).returncode == 0
    assert path.read_bytes() == text
    assert calls(project) == 2


def test_fresh_generates_again(project: Path) -> None:
    command = program(project, "print('Text for', request['goal'])")
    run(project, "--fix", "--yes", "--command", command)
    (project / "components/protocols/autogen_protocol_for_part.md").unlink()
    run(project, "--fix", "--yes", "--fresh", "--command", command)
    assert calls(project) == 3


def test_a_failed_entry_does_not_affect_the_others(project: Path) -> None:
    command = program(project, "sys.exit(1) if request['goal'] == 'GREET' else print('Text.')")
    done = run(project, "--fix", "--yes", "--command", command, "--format", "json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert entries(project)["PART"]["protocol"] == "autogen_protocol_for_part.md"
    assert {(one["goal"], one["component_type"]) for one in report["failed"]} == {
        ("GREET", "persona"),
        ("PART", "persona"),
    }


def test_an_invalid_text_is_stored_as_rejected_and_not_offered_again(project: Path) -> None:
    command = program(project, "print('bad \\x07 text')")
    done = run(project, "--fix", "--yes", "--command", command, "--limit", "1")
    assert done.returncode == 1
    assert not list(project.glob("components/**/autogen_*"))
    first = [one.status for one in history(str(project))]
    assert first == ["rejected"] * len(first) != []
    good = program(project, "print('Good text.')")
    assert run(project, "--fix", "--yes", "--command", good).returncode == 0


def test_a_fatal_error_ends_the_run_with_2(project: Path) -> None:
    done = run(project, "--fix", "--yes", "--command", "no-such-program-here")
    assert done.returncode == 2
    assert "no-such-program-here" in done.stderr
    assert "Traceback" not in done.stderr


def test_limit_counts_files(project: Path) -> None:
    run(project, "--fix", "--yes", "--limit", "1")
    assert len(list(project.glob("components/**/autogen_*"))) == 1


def test_only_reportable_findings_are_acted_on(project: Path) -> None:
    before = (project / "goal_map.json").read_bytes()
    run(project, "--fix", "--yes", "--ignore", "JG201")
    assert (project / "goal_map.json").read_bytes() == before
    run(project, "--baseline", "b", "--update-baseline")
    run(project, "--fix", "--yes", "--baseline", "b")
    assert (project / "goal_map.json").read_bytes() == before


def test_a_difference_in_case_is_relinked_without_a_generator(project: Path) -> None:
    goal_map = entries(project)
    goal_map["GREET"]["template"] = "Note.md"
    (project / "goal_map.json").write_text(json.dumps(goal_map, indent=2) + "\n")
    run(project, "--fix", "--no-input")
    assert entries(project)["GREET"]["template"] == "note.md"


def test_a_difference_in_case_is_fixable_only_where_a_fix_corrects_the_entry(
    tmp_path: Path,
) -> None:
    goals = {"A": {"Persona": "host.txt"}, "B": {"tone": "warm.txt"}, "C": {"tone": "cold.txt"}}
    names = ("personas/host.txt", "tones/Warm.txt", "tones/COLD.txt", "tones/Cold.txt")
    root = lay_out(tmp_path, {f"components/{name}": name * 9 for name in names})
    (root / "goal_map.json").write_text(json.dumps(goals))
    found = call("--format", "json", cwd=root).report["findings"]
    promised = {one["goal"]: one["fixable"] for one in found if one["code"] == "JG202"}
    assert promised == {"A": False, "B": True, "C": False}
    done = call("--fix", "--no-input", "--format", "json", cwd=root)
    assert [one["goal"] for one in done.report["fixed"]] == ["B"]


def test_an_orphan_with_the_expected_name_is_adopted(project: Path) -> None:
    directory = project / "components/personas"
    directory.mkdir()
    (directory / "autogen_persona_for_greet.txt").write_text("Written before.\n")
    done = run(project, "--fix", "--no-input", "--format", "json")
    assert entries(project)["GREET"]["persona"] == "autogen_persona_for_greet.txt"
    assert {one["action"] for one in json.loads(done.stdout)["fixed"]} == {"adopted"}


def test_a_better_generator_replaces_an_untouched_draft_and_nothing_else(project: Path) -> None:
    run(project, "--fix", "--yes")
    touched = project / "components/protocols/autogen_protocol_for_part.md"
    touched.write_text(touched.read_text() + "Mine.\n")
    done = run(project, "--fix", "--yes", "--command", program(project, "print('Real.')"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project / "components/personas/autogen_persona_for_greet.txt").read_text() == "Real.\n"
    assert touched.read_text().endswith("Mine.\n")


def test_in_a_hook_a_fix_that_wrote_fails(project: Path) -> None:
    command = program(project, "print('Text.')")
    done = run(project, "--fix", "--yes", JIT_GUARD_COMMAND=command, PRE_COMMIT="1")
    assert done.returncode == 1
    assert run(project, "--fix", "--yes", JIT_GUARD_COMMAND=command, PRE_COMMIT="1").returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [("--yes",), ("--dry-run",), ("--generator", "scaffold"), ("--fix", "--source", "index")],
)
def test_options_that_cannot_be_combined_are_refused(
    project: Path, arguments: tuple[str, ...]
) -> None:
    assert run(project, *arguments).returncode == 2


def test_auto_spends_nothing_under_ci(project: Path) -> None:
    done = run(project, "--fix", "--yes", OPENAI_API_KEY="sk-canary", CI="true")
    assert done.returncode == 2
    assert "never chosen automatically" in done.stderr
    assert "sk-canary" not in done.stdout + done.stderr


def test_two_concurrent_runs_generate_a_text_once(project: Path) -> None:
    command = program(project, "time.sleep(0.2); print('Text for', request['goal'])")

    def fix() -> None:
        done = run_process("--fix", "--yes", "--command", command, cwd=project)
        assert done.code == 0, done

    at_once(dict.fromkeys("ABC", fix))
    assert calls(project) == 2


def test_ensure_returns_an_existing_file(project: Path) -> None:
    assert Guard(project).ensure("GREET", "template").read_text() == TEXT


def test_ensure_generates_once_for_all_threads_and_all_entries(project: Path) -> None:
    command = program(project, "time.sleep(0.3); print('A host.')")
    found: list[Path] = []

    def ensure(goal: str) -> None:
        found.append(Guard(project).ensure(goal, "persona", command=command))

    threads = [threading.Thread(target=ensure, args=(goal,)) for goal in ("GREET", "PART") * 4]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 8
    assert {path.read_text() for path in found} == {"A host.\n"}
    assert calls(project) == 1
    assert entries(project)["PART"]["persona"] == entries(project)["GREET"]["persona"]
    assert entries(project)["PART"]["protocol"] == "sub/farewell.md"  # not requested


def test_ensure_reports_why_there_is_no_text(project: Path) -> None:
    command = program(project, "sys.exit(1)")
    with pytest.raises(MissingComponent, match="host"):
        Guard(project).ensure("GREET", "persona", command=command)
    with pytest.raises(MissingComponent, match="no map has an entry"):
        Guard(project).ensure("GREET", "nothing")


def test_the_original_function_accepts_a_description(project: Path) -> None:
    path = handle_just_in_time_generation(
        "GREET", "persona", "host.txt", root=project, describe="A very warm host"
    )
    assert "A very warm host" in path.read_text()
    assert path == Guard(project).component("GREET", "persona")


def test_a_component_is_looked_up_again_when_the_map_changes(project: Path) -> None:
    guard = Guard(project)
    assert guard.component("GREET", "template").name == "note.md"
    (project / "components/templates/other.md").write_text(TEXT)
    goal_map = entries(project)
    goal_map["GREET"]["template"] = "other.md"
    (project / "goal_map.json").write_text(json.dumps(goal_map))
    assert guard.component("GREET", "template").name == "other.md"


def test_the_report_of_a_fix_is_that_of_a_check(project: Path) -> None:
    guard = Guard(project)
    report = guard.fix(FixOptions(consent=True), Silent(yes=True))
    assert report.findings == guard.check().findings
    assert {one.action for one in report.fixed} == {"generated"}
    assert "goal_map.json" in report.written


def test_a_program_may_pass_its_own_generator(project: Path) -> None:
    script = Script()
    script.write("GREET", "persona", "A scripted host.\n")
    path = Guard(project, generator=script.record).ensure("GREET", "persona")
    assert path.read_text() == "A scripted host.\n"
    assert [request.goal for request in script.requests] == ["GREET"]


def test_after_a_fatal_error_texts_in_progress_are_kept_and_committed(
    project: Path,
) -> None:
    fatal = "sys.exit(2) if request['goal'] == 'GREET' else (time.sleep(0.3), print('Late text.'))"
    done = run(project, "--fix", "--yes", "--jobs", "2", "--command", program(project, fatal))
    assert done.returncode == 2
    assert entries(project)["PART"]["protocol"] == "autogen_protocol_for_part.md"


@pytest.mark.parametrize("taken", ["y", ""])
def test_on_a_terminal_the_question_is_asked_and_the_text_shown(project: Path, taken: str) -> None:
    answers = iter(["A warm host", "-", taken])
    out = io.StringIO()
    terminal = Dialogue(color=False, read=lambda: next(answers), out=out)
    report = Guard(project).fix(FixOptions(), terminal)
    assert {one.goal for one in report.fixed} == {"GREET", "PART"}
    assert (
        "A warm host" in (project / "components/personas/autogen_persona_for_greet.txt").read_text()
    )
    assert "What should it do, in one line?" in out.getvalue()
    assert [one.component_type for one in report.failed] == ["protocol"]


def test_a_text_can_be_rejected_edited_and_requested_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = project / "editor.py"
    editor.write_text("import sys\nopen(sys.argv[1], 'a').write('Edited.\\n')\n")
    monkeypatch.setenv("EDITOR", command_line(sys.executable, str(editor)))
    command = program(project, "print('Try', open(__file__[:-12] + 'calls').read())")
    answers = iter(["-", "A farewell", "a", "e", "y"])
    terminal = Dialogue(color=False, read=lambda: next(answers), out=io.StringIO())
    Guard(project).fix(FixOptions(command=command), terminal)
    written = project / "components/protocols/autogen_protocol_for_part.md"
    assert written.read_text() == "Try xx\nEdited.\n"


def test_skipping_leaves_the_entry_and_its_file_missing(project: Path) -> None:
    answers = iter(["A host", "A farewell", "s", "s"])
    terminal = Dialogue(color=False, read=lambda: next(answers), out=io.StringIO())
    report = Guard(project).fix(FixOptions(), terminal)
    assert {one.reason for one in report.failed} == {"skipped"}
    assert not list(project.glob("components/**/autogen_*"))


def test_terminal_output_contains_no_control_characters(project: Path) -> None:
    out = io.StringIO()
    terminal = Dialogue(color=False, read=lambda: "s", out=out)
    draft = Draft("components/\x1b[2J.txt", "a\x1b]0;title\x07\u202eb\n")
    terminal.review(draft, lambda _: draft)
    assert not set(out.getvalue()) & set("\x1b\x07\u202e")


def test_ctrl_c_keeps_and_commits_complete_texts(project: Path) -> None:
    slow = "time.sleep(0 if request['goal'] == 'GREET' else 15); print('Text.')"
    # A background test run ignores SIGINT, and its children would, too.
    hearing = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from jit_guard.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    arguments = ["--fix", "--yes", "--jobs", "1", "--command", program(project, slow)]
    with subprocess.Popen([sys.executable, "-c", hearing, *arguments], cwd=project) as child:
        while calls(project) < 2 and child.poll() is None:
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 130
    assert entries(project)["GREET"]["persona"] == "autogen_persona_for_greet.txt"
    assert entries(project)["PART"]["protocol"] == "sub/farewell.md"


def test_without_anything_to_do_no_generator_is_chosen(project: Path) -> None:
    (project / "goal_map.json").write_text('{"GREET": {"template": "note.md"}}')
    done = run(project, "--fix", "--yes", OPENAI_API_KEY="sk-canary", CI="true")
    assert (done.returncode, done.stderr) == (0, "")
