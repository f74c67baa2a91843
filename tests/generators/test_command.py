"""`command`: any program, and everything that can go wrong with it."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from jit_guard.generators.command import writer
from jit_guard.generators.generator import (
    Example,
    GenerationError,
    GeneratorUnusableError,
    Options,
    Request,
    Text,
)
from jit_guard.generators.judgement import MAX_BYTES
from jit_guard.ledger.records import Key
from programs import count_from_the_first_output
from projects import command_line

REQUEST = Request(
    "GREET",
    "persona",
    "autogen_persona_for_greet.txt",
    "components/personas/autogen_persona_for_greet.txt",
    "waves",
    ("# Role",),
    (Example("components/personas/host.txt", "# Role\nYou welcome people.\n"),),
)


def options(program: str, root: Path | str = ".", **more: object) -> Options:
    """Make options for a Python program."""
    command = command_line(sys.executable, "-c", program)
    return Options(str(root), command=command, **more)  # type: ignore[arg-type]


def printed(text: str) -> str:
    """Return what a program of Python prints for a text: lines end as the system has them."""
    return text.replace("\n", os.linesep)


def run(program: str, root: Path | str = ".", timeout: float = 20.0) -> str:
    return writer(options(program, root, timeout=timeout)).write(REQUEST).content


def failure(program: str, timeout: float = 20.0) -> str:
    with pytest.raises(GenerationError) as caught:
        run(program, timeout=timeout)
    return caught.value.reason.replace(os.path.basename(sys.executable), "PROG")


def test_the_request_is_json_on_standard_input() -> None:
    text = run("import sys; print(sys.stdin.read())")
    assert json.loads(text) == {
        "version": 1,
        "goal": "GREET",
        "component_type": "persona",
        "filename": "autogen_persona_for_greet.txt",
        "path": "components/personas/autogen_persona_for_greet.txt",
        "description": "waves",
        "headings": ["# Role"],
        "examples": [
            {"path": "components/personas/host.txt", "text": "# Role\nYou welcome people.\n"}
        ],
        "model": None,
        "prompt": None,
        "contract": None,
    }


def test_the_text_is_standard_output() -> None:
    assert run("print('Hello, 挨拶')") == printed("Hello, 挨拶\n")


def test_it_runs_in_the_root(tmp_path: Path) -> None:
    assert run("import os; print(os.getcwd())", tmp_path).strip() == str(tmp_path.resolve())


def test_no_shell_is_involved(tmp_path: Path) -> None:
    show = command_line(sys.executable, "-c", "import sys; print(*sys.argv[1:])")
    made = writer(Options(str(tmp_path), command=f"{show} $HOME; touch x `date` > y"))
    assert made.write(REQUEST).content == printed("$HOME; touch x `date` > y\n")
    assert list(tmp_path.iterdir()) == []


def test_a_program_need_not_read_its_input() -> None:
    huge = REQUEST._replace(description="x" * 1_000_000)
    made = writer(options("import os; os.close(0); print('Hello')"))
    assert made.write(huge).content == printed("Hello\n")


def test_large_output_on_both_streams_does_not_block() -> None:
    text = run("import sys; sys.stderr.write('e' * 500_000); print('x' * 500_000)")
    assert text == printed("x" * 500_000 + "\n")


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("raise SystemExit(1)", "PROG exited with 1"),
        ("raise SystemExit(3)", "PROG exited with 3"),
        (
            "import os; os.kill(os.getpid(), 9)",
            "PROG exited with 9" if os.name == "nt" else "PROG was killed by SIGKILL",
        ),
        ("", "PROG printed no text"),
        ("print(' \\n')", "PROG printed no text"),
        (
            "import sys; sys.stdout.buffer.write(b'ab\\xff')",
            "PROG printed text that is not UTF-8 (byte 2)",
        ),
    ],
)
def test_a_program_that_fails_is_a_failed_entry(program: str, reason: str) -> None:
    assert failure(program) == reason


@pytest.mark.parametrize(
    ("then", "timeout"), [("sys.exit(5)", 20.0), ("time.sleep(60)", 0.1)], ids=["code", "timeout"]
)
def test_what_a_program_printed_before_it_failed_is_kept(
    then: str, timeout: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_from_the_first_output(monkeypatch)
    made = writer(options(f"import sys, time; print('half', flush=True); {then}", timeout=timeout))
    with pytest.raises(GenerationError) as caught:
        made.write(REQUEST)
    assert caught.value.text == Text(printed("half\n"))


def test_only_the_second_attempt_has_an_objection() -> None:
    made = writer(options("import sys; print(sys.stdin.read())"))
    first = json.loads(made.write(REQUEST).content)
    assert not {"rejected", "objection"} & first.keys()
    again = REQUEST._replace(rejected="...", objection="the text has no words")
    second = json.loads(made.write(again).content)
    assert (second.pop("rejected"), second.pop("objection")) == ("...", "the text has no words")
    assert second == first


def test_standard_error_is_reported_on_one_line_without_control_characters() -> None:
    reason = failure(
        r"import sys; sys.stderr.write('early\n\n\x1b[2Jone\n::error::two\nthree\n'); sys.exit(1)"
    )
    assert reason == r"PROG exited with 1: \x1b[2Jone | ::error::two | three"


def test_long_standard_error_is_truncated() -> None:
    assert len(failure("import sys; sys.exit('x' * 100_000)")) < 500


def test_possible_keys_are_not_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_API_KEY", "sk-very-secret")
    reason = failure("import os, sys; sys.exit('wrong key ' + os.environ['ACME_API_KEY'])")
    assert reason == "PROG exited with 1: wrong key [key]"


@pytest.mark.parametrize("code", [2, 126, 127])
def test_a_usage_error_of_the_program_ends_the_run(code: int) -> None:
    with pytest.raises(GeneratorUnusableError, match=f"exited with {code}: no such model"):
        run(f"import sys; print('no such model', file=sys.stderr); sys.exit({code})")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (None, "needs a program"),
        ("", "needs a program"),
        ("  ", "needs a program"),
        pytest.param(
            *("llm 'unclosed", "--command: no closing quotation"),
            marks=pytest.mark.skipif(os.name == "nt", reason="a quotation need not end there"),
        ),
    ],
)
def test_a_command_line_without_a_program_ends_the_run(command: str | None, words: str) -> None:
    with pytest.raises(GeneratorUnusableError, match=words):
        writer(Options(".", command=command))


@pytest.mark.parametrize("command", ["no-such-program-here", "/etc/passwd", "/", "a\0b"])
def test_a_program_that_cannot_be_run_ends_the_run(command: str) -> None:
    with pytest.raises(GeneratorUnusableError, match="cannot be run"):
        writer(Options(".", command=command)).write(REQUEST)


def test_a_text_that_is_too_long_is_refused_before_all_of_it_is_read() -> None:
    began = time.monotonic()
    reason = failure("import sys\nwhile True: sys.stdout.write('x' * 65536)")
    assert reason == f"PROG printed more than {MAX_BYTES} bytes"
    assert time.monotonic() - began < 10


def test_a_run_can_be_stopped_from_outside() -> None:
    made = writer(options("import time; time.sleep(60)"))
    reasons: list[str] = []

    def work() -> None:
        try:
            made.write(REQUEST)
        except GenerationError as error:
            reasons.append(error.reason)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    made.close()
    for thread in threads:
        thread.join(10)
    assert reasons == ["it was stopped"] * 3
    with pytest.raises(GenerationError, match="it was stopped"):
        made.write(REQUEST)


def test_many_programs_run_at_once() -> None:
    made = writer(options("import json, sys; print(json.load(sys.stdin)['goal'])"))
    found: dict[str, str] = {}

    def work(goal: str) -> None:
        found[goal] = made.write(REQUEST._replace(goal=goal)).content

    threads = [threading.Thread(target=work, args=(f"G{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {f"G{number}": printed(f"G{number}\n") for number in range(8)}


def test_another_command_line_is_another_version_and_is_not_stored() -> None:
    one = writer(Options(".", command="llm --key sk-secret"))
    other = writer(Options(".", command="llm --key sk-secret -m large"))
    prompted = writer(Options(".", command="llm --key sk-secret", prompt="Be brief."))
    assert len({one.version, other.version, prompted.version}) == 3
    assert one.model == "llm"
    assert writer(Options(".", command="llm", model="large")).model == "large"
    key = Key("g", "t", "f", "d", "command", one.model, one.version)
    assert "secret" not in str(key)
