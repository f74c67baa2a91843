"""The parts of a program's run: what it is given, what is kept of its output, how it ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from jit_guard.generators import command, process
from jit_guard.generators.command import FATAL_CODES, Programs, encode, writer
from jit_guard.generators.generator import Example, GeneratorUnusableError, Options, Request
from jit_guard.generators.process import Pipe
from jit_guard.generators.supervisor import _descendants, _kill

REQUEST = Request("GREET", "persona", "host.txt", "components/host.txt", "Says hello.", ("# A",))


@pytest.mark.skipif(sys.platform == "win32", reason="words are split as POSIX does")
def test_a_program_is_named_and_only_a_hash_of_its_line_is_stored() -> None:
    made = writer(Options(".", command="bin/prog 'a b' c", prompt="p"))
    assert made.model == "prog"
    assert made.version.startswith("1-")
    assert len(made.version) == 2 + 16
    assert writer(Options(".", model="m", command="prog")).model == "m"
    for line, words in (
        (None, "needs a program"),
        ("  ", "needs a program"),
        ("'a", "--command: "),
    ):
        with pytest.raises(GeneratorUnusableError, match=words):
            writer(Options(".", command=line))
    programs = Programs(["prog", "a b", "c"], Options("."))
    assert programs._name == "prog"
    programs._argv = ["sh", "a b", "c"]
    program, *rest = programs._program()
    assert os.path.basename(program) == "sh"
    assert rest == ["a b", "c"]
    assert FATAL_CODES == (2, 126, 127)


def test_a_program_gets_the_request_on_one_line() -> None:
    contract: Any = SimpleNamespace(value={"a": 1})
    asked = REQUEST._replace(examples=(Example("x", "y"),), contract=contract)
    sent = encode(asked, Options(".", model="m", prompt="p"))
    assert sent.endswith(b"}\n")
    assert json.loads(sent) == {
        "version": 1,
        "goal": "GREET",
        "component_type": "persona",
        "filename": "host.txt",
        "path": "components/host.txt",
        "description": "Says hello.",
        "headings": ["# A"],
        "examples": [{"path": "x", "text": "y"}],
        "model": "m",
        "prompt": "p",
        "contract": {"a": 1},
    }
    again = json.loads(encode(REQUEST._replace(objection="no", rejected="r"), Options(".")))
    assert (again["objection"], again["rejected"], again["contract"]) == ("no", "r", None)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_the_end_of_a_program_has_words() -> None:
    assert command._ended(0) == "exited with 0"
    assert command._ended(3) == "exited with 3"
    assert command._ended(-9) == "was killed by SIGKILL"
    assert command._ended(-1) == "was killed by SIGHUP"
    assert command._ended(-200) == "was killed by signal 200"
    assert command._last_words(b"a\nb\n\n c \nd\n") == "b | c | d"
    assert command._last_words(b"x" * 399 + b"y" * 2) == "x" * 398 + "yy"
    assert command._reason(OSError(2, "No such file")) == "No such file"
    assert command._reason(ValueError("a NUL")) == "a NUL"
    script: Any = OSError(8, "Bad")
    script.winerror = 193
    assert command._reason(script).startswith("it is not an executable file")
    assert command._arrived(b" \n") is None
    kept = command._arrived(b"a\xff")
    assert kept
    assert kept.content == "a\\xff"


def piped(data: bytes, limit: int, *, tail: bool = False) -> Pipe:
    here, there = os.pipe()
    with open(there, "wb") as file:
        file.write(data)
    found = Pipe(open(here, "rb"), limit, tail=tail)  # noqa: SIM115 - the pipe closes it
    assert found._thread.daemon
    found.join(20)
    return found


def test_output_is_kept_up_to_a_limit() -> None:
    for data, kept, too_long in ((b"abcd", b"abcd", False), (b"abcde", b"abcde", True)):
        found = piped(data, 5)
        assert (found.data, found.too_long, found.ended) == (kept, too_long, not too_long)
    last = piped(b"abcdefgh", 5, tail=True)
    assert (last.data, last.too_long, last.ended) == (b"defgh", False, True)
    here, there = os.pipe()
    waiting = Pipe(open(here, "rb"), 5)  # noqa: SIM115 - the pipe closes it
    assert (waiting.data, waiting.ended, waiting.too_long) == (b"", False, False)
    os.close(there)
    waiting.join(20)


@pytest.mark.skipif(sys.platform == "win32", reason="a job object of Windows does that")
@pytest.mark.parametrize(
    ("executable", "expected"), [("/x/Python3", True), ("/x/prog", False), ("", False)]
)
def test_a_supervisor_needs_a_python(
    executable: str, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    assert process._can_supervise() is expected
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert not process._can_supervise()
    assert "PYTHONIOENCODING" not in set(process._environment()) - set(os.environ)


def test_descendants_are_found_at_any_depth() -> None:
    with subprocess.Popen(["sh", "-c", "sh -c 'sleep 60; :' & echo; wait"], stdout=-1) as child:
        assert child.stdout
        child.stdout.readline()
        found = _descendants(child.pid)
        while len(found) < 2:
            found = _descendants(child.pid)
        assert {child.pid, *found} <= set(_descendants(os.getpid()))
        for pid in (*found, child.pid):
            assert _kill(os.kill, pid, 9)
    assert not _kill(os.kill, 2**22 + 1, 9)
    assert _descendants(2**22 + 1) == []
