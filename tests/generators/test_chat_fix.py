"""`jit-guard --fix` with a model: whole processes against a real server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chat_client import needs_sdk
from chat_server import Asked, Reply, answer, completion, error, good, serving
from projects import lay_out

needs_sdk()

CANARY = "sk-canary-5f1d7c0b9a3e4826"
TYPES = ("persona", "protocol", "checklist")
MISSING = {"goal_map.json": json.dumps({"GREET": {kind: f"no_{kind}.txt" for kind in TYPES}})}


def start(root: Path, url: str, *more: str) -> subprocess.Popen[str]:
    options = ["--fix", "--yes", "-v", "--model", "fake", "--base-url", url, *more]
    return subprocess.Popen(
        [sys.executable, "-m", "jit_guard", *options],
        cwd=root,
        env={**os.environ, "OPENAI_API_KEY": f"{CANARY}\n"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def fix(root: Path, url: str, *more: str) -> tuple[int, str]:
    with start(root, url, *more) as running:
        told, _ = running.communicate(timeout=60)
    return running.returncode, told


def holds(root: Path, word: str) -> list[Path]:
    files = [path for path in root.rglob("*") if path.is_file()]
    return [path for path in files if word.encode() in path.read_bytes()]


def test_what_is_missing_is_bought_once_and_another_run_buys_nothing(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", MISSING)
    with serving(good()) as server:
        code, told = fix(root, server.url)
        assert code == 0, told
        assert "3 calls, 300 tokens in, 60 out, 0 retries" in told
        assert fix(root, server.url)[0] == 0
        assert len(server.asked) == 3


def test_two_processes_at_once_buy_a_text_once(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", MISSING)
    with serving(good(delay=0.3)) as server:
        both = [start(root, server.url) for _ in range(2)]
        told = [one.communicate(timeout=60)[0] for one in both]
        assert [one.returncode for one in both] == [0, 0], told
        assert len(server.asked) == 3


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 on this system")
def test_a_text_whose_process_is_killed_after_the_next_one_began_is_not_bought_again(
    tmp_path: Path,
) -> None:
    """With one job, the second question proves that the first answer is in the ledger."""
    root = lay_out(tmp_path / "project", MISSING)

    def script(number: int, _: Asked) -> Reply:
        return good(delay=30.0) if number == 2 else good()

    with serving(script) as server:
        with start(root, server.url, "--jobs", "1") as running:
            while len(server.asked) < 2 and running.poll() is None:
                time.sleep(0.01)
            running.kill()
            running.communicate()
        code, told = fix(root, server.url, "--jobs", "1")
        assert code == 0, told
        assert len(server.asked) == 4  # the second one again, and the third


def test_one_that_fails_leaves_the_others_alone(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", MISSING)

    def script(_: int, asked: Asked) -> Reply:
        return answer(completion("x", "length")) if '"persona"' in asked.text else good()

    with serving(script) as server:
        code, told = fix(root, server.url)
    assert code == 1
    assert "cut off at the model's limit" in told
    named = json.loads((root / "goal_map.json").read_text())["GREET"]
    assert [kind for kind in TYPES if named[kind].startswith("no_")] == ["persona"]


def test_what_was_bought_before_the_account_ran_dry_is_kept_and_committed(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", MISSING)
    dry = error(429, "You exceeded your current quota", "insufficient_quota")
    with serving(good(), dry) as server:
        code, told = fix(root, server.url, "--jobs", "1")
        assert code == 2
        assert "You exceeded your current quota" in told
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
def test_a_key_is_in_no_output_and_in_no_file(reply: Reply, tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", MISSING)
    with serving(reply) as server:
        code, told = fix(root, server.url)
    assert code in (1, 2)
    assert CANARY not in told
    assert holds(root, CANARY) == []
