"""`jit-guard --fix` with a model, against a real server; in a process where that is the subject."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chat_client import needs_sdk
from chat_server import Asked, Reply, answer, completion, error, good, serving
from projects import call, lay_out

needs_sdk()

CANARY = "sk-canary-5f1d7c0b9a3e4826"
TYPES = ("persona", "protocol", "checklist")
MISSING = {"goal_map.json": json.dumps({"GREET": {kind: f"no_{kind}.txt" for kind in TYPES}})}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"{CANARY}\n")


def arguments(url: str) -> list[str]:
    return ["--fix", "--yes", "-v", "--model", "fake", "--base-url", url]


def start(root: Path, url: str, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "jit_guard", *arguments(url), *more],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def fix(root: Path, url: str, *more: str) -> tuple[int, str]:
    done = call(*arguments(url), *more, cwd=root)
    return done.code, done.out + done.err


def holds(root: Path, word: str) -> list[Path]:
    files = [path for path in root.rglob("*") if path.is_file()]
    return [path for path in files if word.encode() in path.read_bytes()]


def test_missing_texts_are_paid_for_once_and_another_run_pays_nothing(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", MISSING)
    with serving(good()) as server:
        code, output = fix(root, server.url)
        assert code == 0, output
        assert "3 calls, 300 tokens in, 60 out, 0 retries" in output
        assert fix(root, server.url)[0] == 0
        assert len(server.asked) == 3


def test_two_concurrent_processes_pay_for_a_text_once(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", MISSING)
    with serving(good(delay=0.3)) as server:
        both = [start(root, server.url) for _ in range(2)]
        output = [one.communicate(timeout=60)[0] for one in both]
        assert [one.returncode for one in both] == [0, 0], output
        assert len(server.asked) == 3


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 on this system")
def test_a_text_that_arrived_before_a_kill_is_not_paid_for_again(
    tmp_path: Path,
) -> None:
    """With one job, the second request proves that the first answer is in the ledger."""
    root = lay_out(tmp_path / "project", MISSING)

    def script(number: int, _: Asked) -> Reply:
        return good(delay=30.0) if number == 2 else good()

    with serving(script) as server:
        with start(root, server.url, "--jobs", "1") as running:
            while len(server.asked) < 2 and running.poll() is None:
                time.sleep(0.01)
            running.kill()
            running.communicate()
        code, output = fix(root, server.url, "--jobs", "1")
        assert code == 0, output
        assert len(server.asked) == 4  # the second one again, and the third


def test_one_failure_does_not_affect_the_others(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", MISSING)

    def script(_: int, asked: Asked) -> Reply:
        return answer(completion("x", "length")) if '"persona"' in asked.text else good()

    with serving(script) as server:
        code, output = fix(root, server.url)
    assert code == 1
    assert "cut off at the model's limit" in output
    named = json.loads((root / "goal_map.json").read_text())["GREET"]
    assert [kind for kind in TYPES if named[kind].startswith("no_")] == ["persona"]


def test_texts_from_before_the_quota_ran_out_are_kept_and_committed(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", MISSING)
    dry = error(429, "You exceeded your current quota", "insufficient_quota")
    with serving(good(), dry) as server:
        code, output = fix(root, server.url, "--jobs", "1")
        assert code == 2
        assert "You exceeded your current quota" in output
        assert len(server.asked) == 2
    named = json.loads((root / "goal_map.json").read_text())["GREET"]
    assert sum(name.startswith("autogen_") for name in named.values()) == 1


@pytest.mark.parametrize(
    "reply",
    [
        good(f"# Role\n\n{CANARY}\n"),
        error(401, f"Incorrect API key provided: {CANARY}"),
        error(400, f"bad header: Bearer {CANARY}"),
        Reply(200, f"<p>{CANARY}".encode(), {"content-type": "text/html"}),
        answer(completion(f"half {CANARY}", "length")),
    ],
    ids=["text", "401", "400", "HTML", "cut off"],
)
def test_a_key_appears_in_no_output_and_no_file(
    reply: Reply, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = lay_out(tmp_path / "project", MISSING)
    with serving(reply) as server:
        code, output = fix(root, server.url)
    assert code in (1, 2)
    assert CANARY not in "".join((output, *capfd.readouterr()))
    assert holds(root, CANARY) == []
