"""What the ledger keeps of an answer, and what a run pays for, from end to end."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chat_client import needs_sdk
from chat_server import ChatServer, answer, completion, good, serving
from jit_guard.generators.answers.gate import component_in
from jit_guard.generators.generator import Request, Text
from jit_guard.ledger.history import history
from jit_guard.ledger.ledger import Ledger, keep
from jit_guard.ledger.records import Arrival, Key, Wanted
from projects import Outcome, call, command_line, lay_out

MISSING = {
    "goal_map.json": json.dumps({"LEAVE": {"persona": "usher.txt"}}),
    "components/personas/.gitkeep": "",
}
PATH = "components/personas/autogen_persona_for_leave.txt"
BODY = "# Purpose\n\nSee people off.\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    needs_sdk()
    return lay_out(tmp_path / "project", MISSING)


def fix(root: Path, server: ChatServer) -> Outcome:
    return call("--fix", "--yes", "--model", "m", "--base-url", server.url, cwd=root)


def rows(root: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(root / ".jit-guard" / "ledger.db")) as ledger:
        ledger.row_factory = sqlite3.Row
        return [dict(row) for row in ledger.execute("SELECT * FROM texts ORDER BY id")]


def test_the_component_is_placed_and_the_answer_is_kept_as_it_arrived(root: Path) -> None:
    said = f"<think>\nAn usher.\n</think>\n\nHere is the file:\n\n```markdown\n{BODY}```<|im_end|>"
    with serving(good(said)) as server:
        assert fix(root, server).code == 0
        assert fix(root, server).code == 0
        assert len(server.asked) == 1
    assert (root / PATH).read_text() == BODY
    (row,) = rows(root)
    assert (row["content"].decode(), row["status"]) == (said, "committed")
    done = call("log", "-v", cwd=root)
    assert "(as generated)" in done.out
    assert "    | An usher." in done.out


def test_parts_and_reasoning_are_kept_and_shown(root: Path) -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "An usher."}]},
        {"type": "text", "text": BODY},
    ]
    with serving(answer(completion(parts, reasoning_content="Short."))) as server:
        assert fix(root, server).code == 0
    assert (root / PATH).read_text() == BODY
    kept = json.loads(rows(root)[0]["details"])["message"]
    assert kept["reasoning_content"] == "Short."
    assert "An usher." in json.dumps(kept["content"])
    shown = call("log", "-v", cwd=root).out
    assert "An usher." in shown
    assert "Short." in shown


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (completion("", reasoning_content=BODY), "sent only its reasoning"),
        (completion(f"<think>\n{BODY}"), "the model's thought has no end"),
        (completion([{"type": "hologram", "text": BODY}]), "a part of an unknown type"),
    ],
    ids=["only reasoning", "a thought without an end", "an unknown part"],
)
def test_what_another_attempt_would_not_change_is_not_bought_again(
    reply: dict[str, Any], reason: str, root: Path
) -> None:
    with serving(answer(reply)) as server:
        done = fix(root, server)
        assert len(server.asked) == 1
    assert done.code == 1
    assert reason in done.out + done.err
    assert not (root / PATH).exists()
    (row,) = rows(root)
    assert row["status"] == "rejected"
    assert "See people off." in row["content"].decode() + row["details"]
    assert "See people off." in call("log", "-v", cwd=root).out


def test_a_refusal_in_words_is_requested_once_more_with_the_objection(root: Path) -> None:
    refusal = "I'm sorry, but I can't help with that."
    with serving(good(refusal), good(f"{BODY}</s>")) as server:
        assert fix(root, server).code == 0
        assert len(server.asked) == 2
        assert "the model refused" in server.asked[1].text
    assert (root / PATH).read_text() == BODY
    assert [row["status"] for row in rows(root)] == ["rejected", "committed"]


def test_there_is_no_third_attempt(root: Path) -> None:
    with serving(good("```")) as server:
        assert fix(root, server).code == 1
        assert len(server.asked) == 2
    assert not (root / PATH).exists()


@pytest.mark.parametrize("content", ["</s>", "<think>\nAn usher."])
def test_a_stored_text_passes_the_same_gate(content: str, root: Path) -> None:
    """An earlier version may have stored it, or the process was killed before the check."""
    with serving(good()) as server:
        assert fix(root, server).code == 0
    with closing(sqlite3.connect(root / ".jit-guard" / "ledger.db")) as ledger:
        ledger.execute("UPDATE texts SET content = ?, status = 'arrived'", [content.encode()])
        ledger.commit()
    (root / PATH).unlink()
    lay_out(root, MISSING)
    with serving(good(BODY)) as server:
        assert fix(root, server).code == 0
        assert len(server.asked) == 1
    assert (root / PATH).read_text() == BODY


def test_an_answer_that_failed_is_stored_as_rejected_at_once(tmp_path: Path) -> None:
    """A kill right after its arrival must not make half a text a whole one."""
    wanted = Wanted(PATH, Key("LEAVE", "persona", "u.txt", "", "openai", "m", "1"))
    request = Request("LEAVE", "persona", "u.txt", PATH, "")
    with Ledger(str(tmp_path)) as ledger:
        ledger.arrived([Arrival(wanted, request, Text("half a te"), 1.5, "cut off")])
        (claim,) = ledger.claim([wanted])
        assert claim is not None
        assert claim.stored is None
    (record,) = history(str(tmp_path))
    assert (record.status, record.reason, record.content) == ("rejected", "cut off", "half a te")


def test_a_program_s_answer_passes_the_gate(root: Path) -> None:
    line = command_line(sys.executable, "-c", "print('<think>hm</think>A host.', end='')")
    done = call("--fix", "--yes", "--generator", "command", "--command", line, cwd=root)
    assert done.code == 0, done.out
    assert (root / PATH).read_text() == "A host.\n"


def records(root: Path) -> Iterator[str | None]:
    return (record.component() for record in history(str(root)))


def test_a_recovered_component_is_not_stored_beside_its_answer(tmp_path: Path) -> None:
    wanted = Wanted(PATH, Key("LEAVE", "persona", "u.txt", "", "openai", "m", "1"))
    request = Request("LEAVE", "persona", "u.txt", PATH, "")
    with Ledger(str(tmp_path)) as ledger:
        ledger.arrived([Arrival(wanted, request, Text(f"<think>hm</think>{BODY}"), 1.5)])
    keep(str(tmp_path), PATH, BODY.encode())
    assert len(list(history(str(tmp_path)))) == 1
    keep(str(tmp_path), PATH, b"Something else.\n")
    assert len(list(history(str(tmp_path)))) == 2


def test_the_history_finds_the_component_again(root: Path) -> None:
    said = f"Sure, here is the file:\n\n{BODY}\nLet me know!"
    with serving(good(said)) as server:
        assert fix(root, server).code == 0
    request = Request("LEAVE", "persona", Path(PATH).name, PATH, "")
    assert list(records(root)) == [component_in(said, request)] == [BODY]
