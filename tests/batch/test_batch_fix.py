"""`--fix --batch`: submitted once, remembered, and collected by any later run."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest

from batch_server import BatchServer, Call, Fault, batching, result, written
from chat_client import needs_sdk
from chat_server import completion
from jit_guard import Guard, MissingComponent
from jit_guard.fixing import batches, collecting
from jit_guard.fixing.interaction import Silent
from jit_guard.fixing.job import FixOptions
from jit_guard.ledger.batches import Batch, Batches
from jit_guard.ledger.history import history
from jit_guard.ledger.ledger import Ledger
from projects import Outcome, call, lay_out

needs_sdk()

MAP = {"GREET": {"persona": "host.txt", "protocol": "steps.txt"}, "LEAVE": {"persona": "bye.txt"}}
PLACED = [
    "components/personas/autogen_persona_for_greet.txt",
    "components/personas/autogen_persona_for_leave.txt",
    "components/protocols/autogen_protocol_for_greet.txt",
]
SUBMITTED = ["POST /files", "POST /batches"]


@pytest.fixture
def api() -> Iterator[BatchServer]:
    with batching() as server:
        yield server


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return checkout(tmp_path / "project")


def checkout(path: Path, goals: object = MAP) -> Path:
    return lay_out(path, {"goal_map.json": json.dumps(goals), "components/": ""})


def fix(api: BatchServer, root: Path, *more: str) -> Outcome:
    """Run a fix that agrees to its cost."""
    options = ("--fix", "--no-input", "--yes", "--model", "fake", "--base-url", api.url)
    return call(*options, *more, cwd=root)


def placed(root: Path) -> list[str]:
    files = (root / "components").rglob("*.txt")
    return sorted(path.relative_to(root).as_posix() for path in files)


def made(api: BatchServer, *ignored: str) -> list[str]:
    """What was asked of the server since the last time."""
    calls = [one.what for one in api.calls if one.what not in ignored]
    api.calls.clear()
    return calls


def always(fault: Fault, _: Call) -> Fault:
    return fault


def failures(outcome: Outcome) -> dict[str, str]:
    """The reasons of a JSON report, by goal and type."""
    return {f"{one['goal']}/{one['component_type']}": one["reason"] for one in failed(outcome)}


def failed(outcome: Outcome) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = outcome.report["failed"]
    return found


@pytest.mark.usefixtures("engine")
def test_a_batch_is_submitted_once_and_collected_by_any_fix(
    api: BatchServer, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = fix(api, root, "--batch")
    assert first.code == 1
    assert "batch batch-1: 3 texts submitted" in first.err
    assert re.search(r"batch batch-1: 3 texts pending for \d s; to collect,", first.err)
    assert "to collect, run --fix --batch again, or add --wait" in first.err
    assert first.out.count("it is pending in batch batch-1") == 3
    assert made(api) == SUBMITTED

    again = fix(api, root, "--batch")
    assert again.code == 1
    assert "(validating, 0 of 3 done)" in again.err
    counts = {"completed": 2, "failed": 0, "total": 3}
    api.batches["batch-1"].update(status="in_progress", request_counts=counts)
    assert "(in_progress, 2 of 3 done)" in fix(api, root, "--batch").err
    alone = fix(api, root, "--format", "json")
    assert set(failures(alone).values()) == {"it is pending in batch batch-1"}
    draft = call("--fix", "--no-input", "--yes", "--generator", "scaffold", cwd=root)
    assert "it is pending in batch batch-1" in draft.out
    assert "(it is on another server; pass its --base-url to ask it)" in draft.err
    assert made(api) == ["GET /batches/N"] * 3
    assert placed(root) == []

    api.finish()
    last = fix(api, root)
    assert last.code == 0, last
    assert "generated  GREET/persona" in last.out
    assert "free" not in last.out
    assert "batch batch-1 is completed: 3 texts collected; 300 tokens in, 60 out" in last.err
    assert "pending" not in last.err
    assert "did not place" not in last.err
    assert placed(root) == PLACED
    assert made(api) == ["GET /batches/N", "GET /files/N/content"]
    assert fix(api, root, "--batch").code == 0
    assert made(api) == []
    for one in history(str(root)):
        assert one.status == "committed"
        assert json.loads(one.details)["batch"] == "batch-1"


def test_the_requests_are_those_of_a_direct_run(api: BatchServer, root: Path) -> None:
    fix(api, root, "--batch")
    batch = api.batches["batch-1"]
    assert batch["endpoint"] == "/v1/chat/completions"
    lines = api.requests("batch-1")
    assert len(batch["metadata"]["jit_guard_token"]) == 32
    api.finish()
    fix(api, root)
    keys = {line["custom_id"] for line in lines}
    assert all(len(key) == 64 for key in keys)
    direct = checkout(root.parent / "direct")
    api.calls.clear()
    assert fix(api, direct).code == 0
    bodies = [json.loads(one.body) for one in api.calls]
    for body in bodies:
        del body["stream"], body["stream_options"]
    assert sorted(map(str, bodies)) == sorted(str(line["body"]) for line in lines)


def test_another_machine_with_the_same_ledger_collects(
    api: BatchServer, root: Path, tmp_path: Path, server: object
) -> None:
    fix(api, root, "--batch")
    other = checkout(tmp_path / "other")
    assert "it is pending in batch batch-1" in fix(api, other).out
    api.finish()
    made(api)
    assert fix(api, other).code == 0
    assert made(api) == ["GET /batches/N", "GET /files/N/content"]
    assert fix(api, root).code == 0  # from the ledger
    assert made(api) == []
    assert placed(root) == placed(other) == PLACED


def test_a_text_that_is_pending_can_be_bought_anyway(api: BatchServer, root: Path) -> None:
    fix(api, root, "--batch")
    assert fix(api, root, "--generate-anyway").code == 0
    assert api.count("POST /chat/completions") == 3
    before = [(root / path).read_text() for path in PLACED]
    api.finish()
    done = fix(api, root, "--batch")
    assert done.code == 0
    assert "batch batch-1: the ledger keeps 3 texts that this run did not place" in done.err
    assert [(root / path).read_text() for path in PLACED] == before
    assert len(list(history(str(root)))) == 6


def test_what_fails_is_reported_and_can_be_submitted_again(api: BatchServer, root: Path) -> None:
    def write(line: dict[str, Any]) -> dict[str, Any]:
        asked = str(line["body"]["messages"])
        if "steps" in asked:
            return result(line, 400, {"error": {"message": "No \x1b[31mway\n::error::"}})
        if "bye" in asked:
            return result(line, 200, completion("Cut", "length"))
        return written(line)

    fix(api, root, "--batch")
    api.write = write
    # What failed comes first.
    api.rewrite = lambda lines: sorted(lines, key=lambda line: b"Written for" in line)
    api.finish()
    done = fix(api, root, "--batch", "--format", "json")
    assert done.code == 1
    assert "batch batch-1 is completed: 1 text collected" in done.err
    assert failures(done) == {
        "GREET/protocol": "400: No \\x1b[31mway ::error::",
        "LEAVE/persona": "the answer was cut off at the model's limit (finish_reason length)",
    }
    assert placed(root) == PLACED[:1]
    assert {one.content for one in history(str(root)) if one.status == "rejected"} == {"Cut"}
    assert len(api.batches) == 1  # not bought again by the run that reports it
    api.write = written
    again = fix(api, root, "--batch")
    assert "2 texts submitted" in again.err
    api.finish("batch-2")
    assert fix(api, root).code == 0


def test_a_text_that_is_no_component_fails_with_the_reason(api: BatchServer, root: Path) -> None:
    def write(line: dict[str, Any]) -> dict[str, Any]:
        return result(line, 200, completion("Zero\u200bwidth.\n"))

    fix(api, root, "--batch")
    api.write = write
    api.finish()
    done = fix(api, root, "--format", "json")
    (reason,) = set(failures(done).values())
    assert "invisible character" in reason
    assert {one.status for one in history(str(root))} == {"rejected"}
    assert api.count("POST /chat/completions") == 0


@pytest.mark.parametrize(
    ("status", "word"), [("expired", "expired"), ("cancelled", "was cancelled")]
)
def test_what_was_written_before_a_batch_ended_is_kept(
    api: BatchServer, root: Path, status: str, word: str
) -> None:
    fix(api, root, "--batch")
    api.finish(status=status, written=2)
    done = fix(api, root, "--batch", "--format", "json")
    assert done.code == 1
    assert len(placed(root)) == 2
    (reason,) = failures(done).values()
    assert reason.startswith("This request was not executed: batch_")
    assert f"batch batch-1 is {status}: 2 texts collected; 200 tokens in, 40 out\n" in done.err
    fix(api, root, "--batch")
    api.batches["batch-2"].update(status=status)  # without any result
    done = fix(api, root, "--format", "json", "--batch")
    assert list(failures(done).values()) == [
        f"batch batch-2 {word} before it was written; it can be submitted again"
    ]
    fix(api, root, "--batch")
    api.finish("batch-3")
    assert fix(api, root).code == 0


def test_a_batch_that_is_not_valid_says_why(api: BatchServer, root: Path) -> None:
    fix(api, root, "--batch")
    api.fail("batch-1", code="token_limit_exceeded", line=2, message="Too many\ntokens")
    done = fix(api, root, "--batch", "--format", "json")
    assert done.code == 1
    reason = "batch batch-1 failed: line 2: Too many tokens"
    assert set(failures(done).values()) == {reason}
    assert reason in done.err
    fix(api, root, "--batch")
    assert len(api.batches) == 2


def test_results_are_matched_by_their_ids_alone(api: BatchServer, root: Path) -> None:
    """Out of order, repeated, unknown, cut, too long, and one is missing."""

    def rewrite(lines: list[bytes]) -> list[bytes]:
        known = json.loads(lines[0])
        other = {**known, "custom_id": "f" * 64}
        twice = {**known, "response": {"status_code": 200, "body": completion("Second.\n")}}
        odd = [{**known, "custom_id": name} for name in (None, "", "x" * 65, 7)]
        strange: list[object] = [other, twice, *odd, [], None, 1]
        extra = [json.dumps(one).encode() + b"\n" for one in strange]
        huge = b'{"custom_id": "' + b"x" * 8_000_001 + b'"}\n'
        return [b"\n", lines[1], huge, *extra[:1], lines[0], *extra[1:], b"\xff\n", lines[2][:40]]

    fix(api, root, "--batch")
    api.rewrite = rewrite
    api.finish()
    done = fix(api, root, "--format", "json")
    assert done.code == 1
    assert set(failures(done).values()) == {"the results of batch batch-1 have no answer for it"}
    assert len(placed(root)) == 2
    assert "1 answer to no request of ours was ignored" in done.err
    assert "1 repeated answer was ignored" in done.err
    assert "10 of 14 lines of its results cannot be read" in done.err
    for path in placed(root):
        assert "Written for" in (root / path).read_text()


def test_a_text_counts_more_than_an_error_for_the_same_request(
    api: BatchServer, root: Path
) -> None:
    def rewrite(lines: list[bytes]) -> list[bytes]:
        failed = [{**json.loads(one), "response": None, "error": {"code": "x"}} for one in lines]
        return [*(json.dumps(one).encode() + b"\n" for one in failed), *lines]

    fix(api, root, "--batch")
    api.rewrite = rewrite
    api.finish()
    assert fix(api, root).code == 0


@pytest.mark.parametrize("content", [b"<html>busy</html>\n", b"{}\n" * 3])
def test_results_that_are_something_else_are_asked_for_again(
    api: BatchServer, root: Path, content: bytes
) -> None:
    fix(api, root, "--batch")
    api.rewrite = lambda _: [content]
    api.finish()
    done = fix(api, root, "--batch")
    assert done.code == 1
    assert "(it cannot be collected now: its results are not lines of JSON: " in done.err
    api.rewrite = list
    api.finish()
    assert fix(api, root, "--batch").code == 0
    assert len(api.batches) == 1


def test_results_that_do_not_end_are_read_up_to_a_limit(
    api: BatchServer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jit_guard.generators.chat import batches as client

    monkeypatch.setattr(client, "_ROOM", 5000)
    monkeypatch.setattr(client, "_ROOM_FOR_TEXT", 0)
    fix(api, root, "--batch")
    api.rewrite = lambda lines: [*lines, b" " * 10_000]
    api.finish()
    done = fix(api, root, "--batch")
    assert "its results exceed 0 MB; the rest was not read" in done.err
    assert "cannot be read" not in done.err
    assert done.code == 0


def test_what_is_said_about_results_is_counted(api: BatchServer, root: Path) -> None:
    """The tokens that a server counts, answers to nothing, and repeated ones."""

    def write(line: dict[str, Any]) -> dict[str, Any]:
        answer = written(line)
        usage = answer["response"]["body"]["usage"]
        usage.clear()
        usage.update(
            {"prompt_tokens": 1200, "completion_tokens": 0} if "steps" in str(line["body"]) else {}
        )
        return answer

    def rewrite(lines: list[bytes]) -> list[bytes]:
        known = json.loads(lines[0])
        others = [{**known, "custom_id": letter * 64} for letter in "ef"]
        return [*(json.dumps(one).encode() + b"\n" for one in others), *lines, *lines[:2]]

    fix(api, root, "--batch")
    api.write, api.rewrite = write, rewrite
    api.finish()
    done = fix(api, root)
    assert done.code == 0
    assert (
        "batch batch-1 is completed: 3 texts collected; 1,200 tokens in, 0 out; "
        "2 answers to no request of ours were ignored; 2 repeated answers were ignored\n"
    ) in done.err


@pytest.mark.parametrize("on_page", [1, 3])
def test_a_batch_whose_answer_was_lost_is_found_by_its_token(
    api: BatchServer, root: Path, on_page: int
) -> None:
    api.page = 1

    def lose(asked: Call) -> Fault | None:
        if asked.what == "POST /batches":
            names = [f"other-{number}" for number in range(on_page - 1)]
            others.extend({**api.batches["other"], "id": name} for name in names)
            return Fault(late=True)
        if asked.what == "GET /batches" and others:
            for one in others:
                api.batches[one["id"]] = one
            others.clear()
        return None

    others: list[dict[str, Any]] = []
    api.batches["other"] = {"id": "other", "metadata": None, "input_file_id": "file-other"}
    api.faults = [lose]
    done = fix(api, root, "--batch")
    assert "batch batch-2: 3 texts submitted" in done.err
    assert api.count("POST /batches") == 1
    assert api.count("GET /batches") == on_page
    del api.batches["other"]
    api.finish("batch-2")
    assert fix(api, root).code == 0


@pytest.mark.parametrize("status", [500, 502])
def test_a_submission_that_may_have_failed_is_not_repeated(
    api: BatchServer, root: Path, status: int
) -> None:
    faults = [Fault(status), Fault(status)]
    api.faults = [lambda one: faults.pop() if one.what == "POST /batches" else None]
    done = fix(api, root, "--batch")
    assert done.code == 1
    assert api.count("POST /batches") == 1
    assert f"(whether it was submitted is not known: {status}: no)" in done.err
    assert "it is pending in batch with the token" in fix(api, root, "--generator", "scaffold").out
    faults.clear()
    faults.append(None)  # type: ignore[arg-type]
    again = fix(api, root, "--batch")
    assert "was never submitted" in again.err
    assert "batch batch-1: 3 texts submitted" in again.err
    assert api.count("DELETE /files/N") == 1
    assert len(api.files) == len(api.batches) == 1


@pytest.mark.parametrize("point", ["before", "uploaded", "submitted"])
def test_a_run_that_is_killed_submits_nothing_twice(
    api: BatchServer, root: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """A kill is like an exception that nothing handles: what is on disk stays as it is."""

    class KilledError(BaseException):
        pass

    remember = Batches.remember

    def killed(self: Batches, batch: Batch) -> None:
        if point != "submitted" or batch.name:
            raise KilledError
        remember(self, batch)

    def killed_before(*_: object) -> str:
        raise KilledError

    with monkeypatch.context() as patch:
        if point == "before":
            from jit_guard.generators.chat.batches import ChatBatches

            patch.setattr(ChatBatches, "upload", killed_before)
        patch.setattr(Batches, "remember", killed)
        with pytest.raises(KilledError):
            fix(api, root, "--batch")
    assert len(api.batches) == (point == "submitted")
    done = fix(api, root, "--batch")
    assert done.code == 1
    assert len(api.batches) == 1
    assert len(api.files) == 1
    if point == "submitted":
        assert api.count("POST /files") == 1
        assert "batch-1: 3 texts pending" in done.err
    else:
        assert "was never submitted" in done.err
        assert "batch batch-1: 3 texts submitted" in done.err
    api.finish()
    assert fix(api, root).code == 0
    assert placed(root) == PLACED


def test_an_upload_whose_answer_was_lost_is_found(api: BatchServer, root: Path) -> None:
    faults = [Fault(late=True)]
    api.faults = [lambda one: faults.pop() if one.what == "POST /files" and faults else None]
    assert "3 texts submitted" in fix(api, root, "--batch").err
    assert made(api) == ["POST /files", "GET /files", "POST /batches"]
    assert len(api.files) == 1


def test_polling_waits_as_the_server_asks(api: BatchServer, root: Path) -> None:
    fix(api, root, "--batch")
    api.finish()
    soon = (("retry-after-ms", "20"),)
    faults = [Fault(429, headers=soon), Fault(503, headers=soon), Fault(429, headers=soon)]
    api.faults = [lambda one: faults.pop() if one.method == "GET" and faults else None]
    assert fix(api, root).code == 0
    assert not faults


def test_a_server_that_does_not_answer_now_is_asked_by_the_next_run(
    api: BatchServer, root: Path
) -> None:
    fix(api, root, "--batch")
    api.finish()
    api.faults = [lambda _: Fault(429, headers=(("retry-after", "600"),))]
    done = fix(api, root, "--timeout", "1", "--format", "json")
    assert done.code == 1
    assert set(failures(done).values()) == {"it is pending in batch batch-1"}
    assert "(it cannot be collected now: 429: no)" in done.err
    api.faults = []
    assert fix(api, root).code == 0


def test_a_batch_that_the_server_does_not_know_stays_pending(api: BatchServer, root: Path) -> None:
    fix(api, root, "--batch")
    batch = api.batches.pop("batch-1")
    done = fix(api, root, "--batch", "--wait")
    assert done.code == 1
    assert f"({api.url} does not know it, with this key)" in done.err
    assert not api.batches
    api.batches["batch-1"] = batch
    api.finish()
    assert fix(api, root).code == 0


def test_waiting_collects_as_soon_as_it_can(
    api: BatchServer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "_FIRST_POLL", 0.01)

    def progress(asked: Call) -> Fault | None:
        if api.count("GET /batches/N") == 3:
            api.finish()
        return None

    api.faults = [progress]
    done = fix(api, root, "--batch", "--wait")
    assert done.code == 0, done
    assert placed(root) == PLACED
    assert api.count("GET /batches/N") == 3


def test_waiting_asks_every_5_to_60_seconds_until_the_server_fails_five_times_in_a_row(
    api: BatchServer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(collecting, "time", SimpleNamespace(sleep=slept.append))
    odd, busy = Fault(200, b"[]"), Fault(429, headers=(("retry-after", "600"),))
    answers = [*[None] * 9, odd, None, odd, odd, odd, busy]
    api.faults = [lambda one: answers.pop(0) if one.what == "GET /batches/N" else None]
    done = fix(api, root, "--batch", "--wait", "--timeout", "1")
    assert [round(one) for one in slept] == [5, 8, 11, 17, 25, 38, 57, *[60] * 7, 600]
    assert done.code == 1
    assert "3 texts pending for " in done.err
    assert "(it cannot be collected now: 429: no)" in done.err


def test_waiting_goes_on_while_another_process_works_on_the_batch(
    api: BatchServer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fix(api, root, "--batch")
    api.finish()
    with Ledger(str(root)) as other:
        (batch,) = other.batches.open()
        assert other.batches.claim(batch)
        release = SimpleNamespace(sleep=lambda _: other.batches.release(batch))
        monkeypatch.setattr(collecting, "time", release)
        assert fix(api, root, "--batch", "--wait").code == 0
    assert placed(root) == PLACED


def test_a_program_does_not_wait_for_a_text_that_was_not_submitted(
    api: BatchServer, root: Path
) -> None:
    api.faults = [lambda one: Fault(400) if one.what == "POST /batches" else None]
    options: Any = {"model": "fake", "base_url": api.url, "batch": True, "wait": True}
    with pytest.raises(MissingComponent, match="the batch was not accepted: 400: no"):
        Guard(str(root)).ensure("GREET", "persona", **options)
    assert api.count("GET /batches/N") == 0


def test_ctrl_c_while_waiting_leaves_everything_remembered(
    api: BatchServer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(collecting, "_FIRST_POLL", 0.0)
        patch.setattr(time, "sleep", interrupted)
        done = fix(api, root, "--batch", "--wait")
    assert done.code == 130
    assert "batch batch-1: 3 texts pending" in done.err
    api.finish()
    assert fix(api, root).code == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--wait"], "--wait requires --batch"),
        (["--batch", "--command", "cat"], "--batch and --command cannot be combined"),
        (["--batch", "--generator", "scaffold"], "--batch requires the generator openai, not sca"),
        (["--batch"], "--batch requires the generator openai, not scaffold; set OPENAI_API_KEY"),
    ],
)
def test_what_takes_no_batch_is_refused(root: Path, options: list[str], message: str) -> None:
    done = call("--fix", *options, cwd=root)
    assert done.code == 2
    assert message in done.err
    assert call(*options, cwd=root).code == 2  # without --fix


def test_a_server_without_the_api_is_named(api: BatchServer, root: Path) -> None:
    api.faults = [lambda _: Fault(404)]
    done = fix(api, root, "--batch")
    assert done.code == 2
    assert f"{api.url} has no Batch API (404: no); run --fix without --batch" in done.err
    api.faults = []
    assert fix(api, root).code == 0  # nothing is pending


def test_a_batch_needs_consent_and_respects_the_limits(api: BatchServer, root: Path) -> None:
    options = ("--fix", "--no-input", "--model", "fake", "--base-url", api.url, "--batch")
    described = root / "about.json"
    described.write_text(json.dumps({goal: dict.fromkeys(MAP[goal], "It is.") for goal in MAP}))
    done = call(*options, "--descriptions", str(described), cwd=root)
    assert done.code == 1
    assert "generating 3 texts with fake may cost money; pass --yes to agree" in done.out
    assert not api.calls
    done = fix(api, root, "--batch", "--max-tokens-total", "12000", "--format", "json")
    pending = "it is pending in batch batch-1"
    *submitted, refused = (one["reason"] for one in failed(done))
    assert submitted == [pending, pending]
    assert "--max-tokens-total 12,000 would be exceeded" in refused
    assert "reserved for batches" in refused
    assert len(api.requests("batch-1")) == 2
    assert all(line["body"]["max_tokens"] <= 4096 for line in api.requests("batch-1"))
    api.finish()
    fix(api, root)
    other = checkout(root.parent / "other")
    fix(api, other, "--batch", "--limit", "1")
    assert len(api.requests("batch-2")) == 1


def test_an_entry_that_changed_meanwhile_is_left_alone(api: BatchServer, root: Path) -> None:
    """One entry is gone, one has another description, and the file of one has appeared."""
    fix(api, root, "--batch")
    api.finish()
    own = root / "components/personas/host.txt"
    own.parent.mkdir()
    own.write_text("Mine.\n")
    goals = {"GREET": MAP["GREET"]}
    (root / "goal_map.json").write_text(json.dumps(goals))
    described = root / "about.json"
    described.write_text(json.dumps({"GREET": {"protocol": "Another one."}}))
    done = fix(api, root, "--descriptions", str(described))
    assert "batch batch-1: the ledger keeps 3 texts that this run did not place" in done.err
    assert api.count("POST /chat/completions") == 1  # with the new description
    assert placed(root) == ["components/personas/host.txt", PLACED[2]]
    assert own.read_text() == "Mine.\n"
    (root / "goal_map.json").write_text(json.dumps(MAP))
    assert fix(api, root).code == 0
    assert api.count("POST /chat/completions") == 1


def test_a_model_that_answers_elsewhere_is_asked_there_next_time(
    api: BatchServer, root: Path
) -> None:
    def refuse(line: dict[str, Any]) -> dict[str, Any]:
        message = "This model is only supported in v1/responses and not in v1/chat/completions."
        return result(line, 404, {"error": {"message": message}})

    fix(api, root, "--batch")
    api.write = refuse
    api.finish()
    fix(api, root, "--batch")
    api.write = written
    fix(api, root, "--batch")
    assert api.batches["batch-2"]["endpoint"] == "/v1/responses"
    assert api.requests("batch-2")[0]["body"]["store"] is False
    api.finish("batch-2")
    assert fix(api, root).code == 0


def test_what_a_server_refused_when_a_batch_was_submitted_is_remembered(
    api: BatchServer, root: Path
) -> None:
    message = "This model is only supported in v1/responses and not in v1/chat/completions."
    refused = Fault(400, json.dumps({"error": {"message": message}}).encode())
    api.faults = [lambda one: refused if one.what == "POST /batches" else None]
    assert "the batch was not accepted: " in fix(api, root, "--batch").out
    api.faults = []
    assert "3 texts submitted" in fix(api, root, "--batch").err
    assert api.batches["batch-1"]["endpoint"] == "/v1/responses"


def test_a_refused_batch_says_why_and_leaves_no_file(api: BatchServer, root: Path) -> None:
    api.faults = [lambda one: Fault(400) if one.what == "POST /batches" else None]
    done = fix(api, root, "--batch", "--format", "json")
    assert done.code == 1
    assert set(failures(done).values()) == {"the batch was not accepted: 400: no"}
    assert not api.files
    api.faults = []
    assert "3 texts submitted" in fix(api, root, "--batch").err


def test_a_run_killed_while_it_collects_stores_no_text_twice(
    api: BatchServer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        pass

    def killed(*_: object) -> None:
        raise KilledError

    fix(api, root, "--batch")
    api.finish()
    with monkeypatch.context() as patch:
        patch.setattr("jit_guard.ledger.embedded.Embedded.change", killed)
        with pytest.raises(KilledError):
            fix(api, root)
    assert len(list(history(str(root)))) == 3
    assert placed(root) == []
    assert "batch batch-1 is completed: 3 texts collected" in fix(api, root).err
    assert len(list(history(str(root)))) == 3
    assert placed(root) == PLACED


def test_a_run_that_is_interrupted_while_it_commits_is_continued(
    api: BatchServer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    fix(api, root, "--batch")
    api.finish()
    with monkeypatch.context() as patch:
        patch.setattr("jit_guard.fixing.run.place", interrupted)
        assert fix(api, root).code == 130
    done = fix(api, root)
    assert done.code == 0
    assert "batch batch-1 is completed: 3 texts collected" in done.err


def test_each_page_of_results_is_one_commit(
    api: BatchServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jit_guard.commit.transaction import commit
    from jit_guard.fixing import placing

    commits = []

    def counted(*given: Any) -> Any:
        commits.append(len(given[2]))
        return commit(*given)

    monkeypatch.setattr(placing, "commit", counted)
    assert batches.PAGE == 250  # so many are in memory, and in one commit, as docs/models.md says
    monkeypatch.setattr(batches, "PAGE", 8)
    monkeypatch.setattr("jit_guard.fixing.run._GATHER", -1.0)  # of other texts each is a commit
    goals = {f"G{number}": {"persona": f"{number}.txt"} for number in range(20)}
    root = checkout(tmp_path / "many", goals)
    fix(api, root, "--batch")
    api.finish()
    assert fix(api, root).code == 0
    assert [one for one in commits if one] == [8, 8, 4]
    assert len(placed(root)) == 20


def test_a_backlog_is_split_by_the_limits_of_a_batch(
    api: BatchServer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jit_guard.generators.chat import batch_file as client

    monkeypatch.setattr(client, "MOST_REQUESTS", 2)
    done = fix(api, root, "--batch")
    assert "batch batch-1: 2 texts submitted" in done.err
    assert "batch batch-2: 1 text submitted" in done.err
    api.finish("batch-2")
    assert fix(api, root).code == 1
    api.finish("batch-1")
    assert fix(api, root).code == 0
    monkeypatch.setattr(client, "MOST_REQUESTS", 9)
    monkeypatch.setattr(client, "MOST_BYTES", 10)
    fix(api, checkout(root.parent / "other"), "--batch")
    assert len(api.batches) == 5
    monkeypatch.setattr(client, "MOST_REQUESTS", 2)
    monkeypatch.setattr(client, "MOST_BYTES", 10**6)
    five = {letter: {"persona": f"{letter}.txt"} for letter in "ABCDE"}
    done = fix(api, checkout(root.parent / "five", five), "--batch")
    assert re.findall(r"(batch-\d): (\d) texts? submitted", done.err) == [
        ("batch-6", "2"),
        ("batch-7", "2"),
        ("batch-8", "1"),
    ]


def test_a_text_that_is_too_long_for_a_batch_does_not_keep_others_from_it(
    api: BatchServer, root: Path
) -> None:
    described = root / "about.json"
    described.write_text(json.dumps({"GREET": {"persona": "word " * 20_000}}))
    done = fix(
        *(api, root, "--batch", "--max-tokens-total", "20000"),
        *("--descriptions", str(described), "--format", "json"),
    )
    assert "batch batch-1: 2 texts submitted" in done.err
    reason = failures(done)["GREET/persona"]
    assert "--max-tokens-total 20,000 would be exceeded" in reason


def test_an_upload_that_fails_leaves_nothing_pending(api: BatchServer, root: Path) -> None:
    api.faults = [lambda one: Fault(500) if one.what == "POST /files" else None]
    done = fix(api, root, "--batch", "--format", "json")
    assert set(failures(done).values()) == {"the batch was not accepted: 500: no"}
    assert "pending" not in done.err
    assert made(api) == ["POST /files", "GET /files", "POST /files"]
    api.faults = []
    assert fix(api, root).code == 0


@pytest.mark.parametrize("status", [401, 500])
def test_a_batch_whose_list_fails_too_is_found_by_the_next_run(
    api: BatchServer, root: Path, status: int
) -> None:
    faults = {"POST /batches": Fault(late=True), "GET /batches": Fault(status)}
    api.faults = [lambda one: faults.get(one.what)]
    done = fix(api, root, "--batch", "--timeout", "1")
    assert done.code == 1
    assert "(whether it was submitted is not known: the connection was lost" in done.err
    faults.clear()
    assert "pending" in fix(api, root, "--batch").err
    assert len(api.batches) == 1
    api.finish()
    assert fix(api, root).code == 0


def test_a_key_that_may_not_use_batches_still_writes_texts(api: BatchServer, root: Path) -> None:
    fix(api, root, "--batch", "--limit", "1")
    api.faults = [lambda one: Fault(403) if "batches" in one.path else None]
    done = fix(api, root)
    assert done.code == 1
    assert len(placed(root)) == 2
    assert "(it cannot be collected: " in done.err
    assert fix(api, root, "--batch").code == 2


def test_a_dry_run_shows_what_is_pending(api: BatchServer, root: Path) -> None:
    fix(api, root, "--batch", "--limit", "2")
    made(api)
    shown = fix(api, root, "--dry-run").out
    for component in ("personas/host.txt", "protocols/steps.txt"):
        assert f"leave     components/{component}: it is pending in batch batch-1\n" in shown
    assert "generate  components/personas/bye.txt" in shown
    findings = fix(api, root, "--dry-run", "--format", "json").report["findings"]
    assert [one["fix"]["action"] for one in findings] == ["leave", "leave", "generate"]
    assert findings[0]["fix"] == {"action": "leave", "path": None, "cost": 0}
    assert "pending" not in fix(api, root, "--dry-run", "--generate-anyway").out
    assert made(api) == []


def test_a_program_that_wants_a_pending_component_learns_why(api: BatchServer, root: Path) -> None:
    fix(api, root, "--batch", "--limit", "1")
    made(api)
    guard, options = Guard(str(root)), {"model": "fake", "base_url": api.url}
    guard.ensure("LEAVE", "persona", describe="Waves.", **options)
    assert made(api) == ["POST /chat/completions"]  # the batch does not concern it
    with pytest.raises(MissingComponent, match="it is pending in batch batch-1"):
        guard.ensure("GREET", "persona", describe="Greets.", **options)
    api.finish()
    assert guard.ensure("GREET", "persona", describe="Greets.", **options).is_file()


def test_a_batch_has_one_process_at_a_time(api: BatchServer, root: Path) -> None:
    fix(api, root, "--batch")
    api.finish()
    with Ledger(str(root)) as other:
        (batch,) = other.batches.open()
        assert other.batches.claim(batch)
        done = fix(api, root, "--batch")
        assert "(another jit-guard process is working on it)" in done.err
        assert placed(root) == []
        other.batches.release(batch)
    assert fix(api, root).code == 0


@pytest.mark.usefixtures("engine")
def test_runs_at_the_same_time_submit_each_text_once(api: BatchServer, root: Path) -> None:
    options = FixOptions("openai", "fake", api.url, batch=True, consent=True)
    barrier = Barrier(4)

    def one(_: int) -> None:
        barrier.wait()
        Guard(str(root)).fix(options, Silent(yes=True))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(4)))
    asked = [line["custom_id"] for name in api.batches for line in api.requests(name)]
    assert len(asked) == len(set(asked)) == 3
    api.finish()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(4)))
    assert fix(api, root).code == 0
    assert len(list(history(str(root)))) == 3


def test_a_download_that_breaks_off_is_repeated(api: BatchServer, root: Path) -> None:
    fix(api, root, "--batch")
    api.finish()
    faults = [Fault()]
    api.faults = [lambda one: faults.pop() if "content" in one.path and faults else None]
    assert fix(api, root).code == 0
    assert not faults


def test_a_key_that_the_results_contain_is_in_no_output_and_no_file(
    api: BatchServer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = "sk-canary-5f1d7c0b9a3e4826"
    monkeypatch.setenv("OPENAI_API_KEY", canary)

    def write(line: dict[str, Any]) -> dict[str, Any]:
        if "steps" in str(line):
            return result(line, 400, {"error": {"message": f"wrong {canary}"}})
        return result(line, 200, completion(f"Use {canary}.\n", reasoning=canary))

    fix(api, root, "--batch")
    api.write = write
    api.finish()
    done = fix(api, root, "--format", "json")
    assert set(failures(done).values()) == {
        "400: wrong [key]",
        "the text contains the value of OPENAI_API_KEY",
    }
    assert canary not in done.out + done.err
    for path in (one for one in root.rglob("*") if one.is_file()):
        assert canary.encode() not in path.read_bytes(), path
    fix(api, root, "--batch")
    api.fail("batch-2", message=canary)
    echo = Fault(400, json.dumps({"error": {"message": canary}}).encode())
    api.faults = [lambda one: echo if one.what == "POST /batches" else None]
    done = fix(api, root, "--batch")
    done = fix(api, root, "--batch")
    assert "the batch was not accepted: 400: [key]" in done.out
    assert canary not in done.out + done.err
    for path in (one for one in root.rglob("*") if one.is_file()):
        assert canary.encode() not in path.read_bytes(), path


def test_hostile_answers_of_the_server_have_a_clear_result(api: BatchServer, root: Path) -> None:
    """Each of these answers instead of the one to a poll; nothing is lost."""
    fix(api, root, "--batch")
    answers = [
        b"<html>",
        b"[]",
        b"{}",
        b'{"status": {"a": 1}, "request_counts": [], "errors": 5}',
        b'{"status": "over\\u001b[2J", "request_counts": {"total": "x", "completed": true}}',
        b'{"status": "completed", "output_file_id": "../../x", "error_file_id": ["y"]}',
        b'{"status": "failed", "errors": {"data": [1, {"line": 1e999}, {"message": []}]}}',
    ]
    for answer in answers:
        api.faults = [partial(always, Fault(200, answer))]
        done = fix(api, root, "--timeout", "2")
        assert done.code == 1, done
        assert "\x1b" not in done.err
        assert "Traceback" not in done.err
        if b"completed" in answer or b"failed" in answer:
            api.faults = []
            fix(api, root, "--batch")
    assert len(api.batches) == 3


def test_the_slash_at_the_end_of_a_url_says_nothing(api: BatchServer, root: Path) -> None:
    fix(api, root, "--batch")
    api.finish()
    options = ("--fix", "--yes", "--model", "fake", "--base-url", f"{api.url}/")
    assert call(*options, cwd=root).code == 0


@pytest.mark.parametrize("point", ["TemporaryFile", "write"])
def test_a_full_disk_is_named(
    api: BatchServer, root: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def full(*_: object) -> Full:
        if point == "write":
            return Full()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "TemporaryFile", full)
        done = fix(api, root, "--batch")
        assert done.code == 2
        assert "a temporary file cannot be used in " in done.err
        assert "no space left on device" in done.err
    assert "batch batch-1: 3 texts submitted" in fix(api, root, "--batch").err
    api.finish()
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "TemporaryFile", full)
        if point == "write":
            assert "no space left on device" in fix(api, root).err
    assert fix(api, root).code == 0


@pytest.mark.parametrize("options", [["--batch"], []])
def test_what_another_run_submitted_before_the_claim_is_not_bought(
    api: BatchServer, root: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    claim = Ledger.claim

    def late(self: Ledger, *given: Any, **more: Any) -> Any:
        monkeypatch.setattr(Ledger, "claim", claim)
        fix(api, root, "--batch")
        return claim(self, *given, **more)

    monkeypatch.setattr(Ledger, "claim", late)
    assert fix(api, root, *options).code == 1
    assert len(api.batches) == 1
    assert api.count("POST /chat/completions") == 0


def test_what_another_run_bought_before_the_claim_is_not_submitted(
    api: BatchServer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = Ledger.claim
    before = (root / "goal_map.json").read_bytes()

    def late(self: Ledger, *given: Any, **more: Any) -> Any:
        monkeypatch.setattr(Ledger, "claim", claim)
        assert fix(api, root).code == 0
        for path in placed(root):  # and the user undoes what the other run did
            (root / path).unlink()
        (root / "goal_map.json").write_bytes(before)
        return claim(self, *given, **more)

    monkeypatch.setattr(Ledger, "claim", late)
    fix(api, root, "--batch")
    assert not api.batches
    assert fix(api, root).code == 0
    assert api.count("POST /chat/completions") == 3
    assert placed(root) == PLACED


def test_a_batch_that_is_being_submitted_is_left_to_its_process(
    api: BatchServer, root: Path
) -> None:
    seen: list[Outcome] = []

    def meanwhile(asked: Call) -> Fault | None:
        if asked.what == "POST /batches" and not seen:
            seen.append(fix(api, root, "--batch"))
        return None

    api.faults = [meanwhile]
    assert "batch batch-1: 3 texts submitted" in fix(api, root, "--batch").err + seen[0].err
    assert api.count("GET /batches") == api.count("DELETE /files/N") == 0
    assert len(api.batches) == len(api.files) == 1


def test_a_batch_that_was_collected_before_the_claim_is_not_asked_for(
    api: BatchServer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fix(api, root, "--batch")
    claim = Batches.claim

    def late(self: Batches, batch: Batch) -> bool:
        self.close(batch, "meanwhile")
        return claim(self, batch)

    monkeypatch.setattr(Batches, "claim", late)
    made(api)
    assert fix(api, root).code == 0
    assert "GET /batches/N" not in made(api)


def test_a_batch_of_another_server_is_left_there(api: BatchServer, root: Path) -> None:
    fix(api, root, "--batch", "--limit", "1")
    with batching() as other:
        done = fix(other, root)
        assert "(it is on another server; pass its --base-url to ask it)" in done.err
        assert made(other) == ["POST /chat/completions"] * 2
    api.finish()
    assert fix(api, root).code == 0


def test_what_collects_needs_neither_consent_nor_descriptions(api: BatchServer, root: Path) -> None:
    fix(api, root, "--batch")
    api.finish()
    options = ("--fix", "--no-input", "--model", "fake", "--base-url", api.url)
    assert call(*options, cwd=root).code == 0
    assert placed(root) == PLACED


def test_a_file_that_the_server_does_not_know_yet_is_named_again(
    api: BatchServer, root: Path
) -> None:
    """Right after an upload, another part of the server may not have it."""
    missing = [1, 1]

    def unknown(asked: Call) -> Fault | None:
        if asked.what != "POST /batches" or not missing:
            return None
        file = json.loads(asked.body)["input_file_id"]
        error = {"error": {"message": f"Cannot find file {file}, or project has no access to it."}}
        return Fault(400 if missing.pop() else 404, json.dumps(error).encode())

    api.faults = [unknown]
    assert "batch batch-1: 3 texts submitted" in fix(api, root, "--batch").err
    assert api.count("POST /batches") == 3
