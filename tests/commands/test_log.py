"""`log`: the newest text first, filters, JSON, and a message where there is nothing."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from jit_guard.generators.generator import Request, Text, Usage
from jit_guard.generators.judgement import MAX_BYTES
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import Arrival, Key, Placed, Wanted
from projects import SOUND, Outcome, call, lay_out
from typed import on_screen

GOALS = ("GREET", "LEAVE", "GREET")


def store(root: Path, *goals: str, content: str = "Hello.\n", **details: Any) -> list[int]:
    """Store a text for each goal, one after the other."""
    with Ledger(str(root)) as ledger:
        return [
            ledger.arrived([_arrival(goal, f"{content}{number}\n", details)])[0].id
            for number, goal in enumerate(goals)
        ]


def _arrival(goal: str, content: str, details: dict[str, Any]) -> Arrival:
    path = f"components/personas/{goal.lower()}.txt"
    key = Key(goal, "persona", f"{goal.lower()}.txt", "kind", "command", "cat-2", "1")
    request = Request(goal, "persona", f"{goal.lower()}.txt", path, "kind")
    text = Text(content, Usage(10, 20, 1), "cat-2", details)
    return Arrival(Wanted(path, key), request, text, 1.5)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with three texts."""
    store(lay_out(tmp_path, SOUND), *GOALS)
    return tmp_path


def texts(done: Outcome) -> list[str]:
    return [one["text"].split("\n")[1] for one in json.loads(done.out)]


def test_the_newest_is_first(project: Path) -> None:
    assert texts(call("log", "--json", cwd=project)) == ["2", "1", "0"]
    shown = call("log", "-v", cwd=project).out
    assert shown.index("| 2") < shown.index("| 1") < shown.index("| 0")


def test_the_newest_n(project: Path) -> None:
    assert texts(call("log", "--json", "-n", "2", cwd=project)) == ["2", "1"]
    assert call("log", "-n", "1", cwd=project).out.count("by command") == 1
    assert texts(call("log", "--json", "-n", "9", cwd=project)) == ["2", "1", "0"]


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5", "nan"])
def test_n_is_a_positive_whole_number(project: Path, number: str) -> None:
    done = call("log", "-n", number, cwd=project)
    assert done.code == 2
    assert "is not a positive whole number" in done.err


@pytest.mark.parametrize(
    "words", [("GREET",), ("--goal", "GREET"), ("GREET", "persona"), ("--goal", "GREET", "persona")]
)
def test_one_goal(project: Path, words: tuple[str, ...]) -> None:
    assert texts(call("log", "--json", *words, cwd=project)) == ["2", "0"]
    assert texts(call("log", "--json", "-n", "1", *words, cwd=project)) == ["2"]


def test_two_goals_are_an_error(project: Path) -> None:
    assert call("log", "GREET", "persona", "--goal", "LEAVE", cwd=project).code == 2


def test_more_texts_than_are_read_at_once(tmp_path: Path) -> None:
    store(lay_out(tmp_path, SOUND), *["GREET"] * 4, content="x" * 600_000 + "\n")
    assert texts(call("log", "--json", cwd=tmp_path)) == ["3", "2", "1", "0"]


def test_the_json_has_every_field(project: Path) -> None:
    (newest,) = json.loads(call("log", "--json", "-n", "1", cwd=project).out)
    arrived = newest.pop("arrived")
    assert arrived.startswith("2")
    assert arrived.endswith("Z")
    assert newest.pop("seconds") > 0
    assert newest == {
        "goal": "GREET",
        "component_type": "persona",
        "path": "components/personas/greet.txt",
        "state": "not committed",
        "generator": "command",
        "model": "cat-2",
        "description": "kind",
        "input_tokens": 10,
        "output_tokens": 20,
        "retries": 1,
        "reason": None,
        "text": "Hello.\n2\n",
    }


# What is printed


NOON = 1_795_694_400.0
WHEN = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(NOON + 1))


def keep(root: Path, *arrivals: Arrival) -> list[int]:
    """Store texts that arrived 1.23456 seconds after they were asked for."""
    with Ledger(str(root)) as ledger, patch("time.time", lambda: NOON + 1.23456):
        return [ledger.arrived([one._replace(asked=NOON)])[0].id for one in arrivals]


def described(goal: str, words: str, **text: Any) -> Arrival:
    """A text with this description."""
    made = _arrival(goal, "Hello.\nWorld.\n", {})
    key = made.wanted.key._replace(description=words, model=text.get("model", "cat-2"))
    return made._replace(
        wanted=made.wanted._replace(key=key),
        request=made.request._replace(description=words),
        text=made.text._replace(**text),
    )


@pytest.fixture
def various(tmp_path: Path) -> Path:
    """A project with a text of every kind: refused, without usage, without a description."""
    root = lay_out(tmp_path, SOUND)
    refused, *_ = keep(
        root,
        described("GREET", "kind"),
        described("LEAVE", "", usage=Usage(None, None, 0), model=""),
        described("PART", "kind", usage=Usage(None, 7, 0)),
        described("SEAT", "kind", usage=Usage(3, None, 0)),
    )
    with Ledger(str(root)) as ledger:
        ledger.reject(refused, "it has a credential")
    return root


def test_an_entry_says_when_what_by_whom_for_how_much_and_from_what(various: Path) -> None:
    assert call("log", cwd=various).out.splitlines() == [
        f"{WHEN}  SEAT/persona  components/personas/seat.txt  (not committed)",
        "    by command cat-2 in 1.2 s, 3 tokens in, 0 out",
        "    from: kind",
        f"{WHEN}  PART/persona  components/personas/part.txt  (not committed)",
        "    by command cat-2 in 1.2 s, 0 tokens in, 7 out",
        "    from: kind",
        f"{WHEN}  LEAVE/persona  components/personas/leave.txt  (not committed)",
        "    by command in 1.2 s",
        f"{WHEN}  GREET/persona  components/personas/greet.txt  (rejected)",
        "    by command cat-2 in 1.2 s, 10 tokens in, 20 out, rejected: it has a credential",
        "    from: kind",
    ]
    assert call("log", "GREET", "-v", cwd=various).out.splitlines()[-3:] == [
        "    from: kind",
        "    | Hello.",
        "    | World.",
    ]
    newest, *_ = json.loads(call("log", "--json", cwd=various).out)
    assert newest["seconds"] == 1.235
    assert newest["arrived"] == "2026-11-26T12:00:01Z"


def test_long_lines_are_indented_on_a_terminal(various: Path) -> None:
    assert on_screen("log", "-n", "1", cwd=various, columns=50).out.splitlines() == [
        f"{WHEN}  \x1b[1mSEAT/persona\x1b[0m",
        "    components/personas/seat.txt  (not committed)",
        "    by command cat-2 in 1.2 s, 3 tokens in, 0 out",
        "    from: kind",
    ]
    keep(various, described("LONG", " ".join(["word"] * 12)))
    lines = on_screen("log", "LONG", cwd=various, columns=40, NO_COLOR="1").out.splitlines()
    assert lines[1:] == [
        "    components/personas/long.txt  (not",
        "    committed)",
        "    by command cat-2 in 1.2 s, 10 tokens",
        "       in, 20 out",
        "    from: word word word word word word",
        "          word word word word word word",
    ]


@pytest.mark.parametrize("length", [1, 1999, 2000, 2001, 5000])
def test_a_field_of_any_length_has_at_most_2000_characters(tmp_path: Path, length: int) -> None:
    words = "d" * length
    keep(lay_out(tmp_path, SOUND), described("GREET", words))
    line = call("log", cwd=tmp_path).out.splitlines()[-1]
    assert line == f"    from: {words if length <= 2000 else 'd' * 2000 + '…'}"


def test_a_huge_text_is_cut_and_what_is_left_out_is_counted(tmp_path: Path) -> None:
    store(lay_out(tmp_path, SOUND), "GREET", content="x" * MAX_BYTES + "\n")
    last = call("log", "-v", cwd=tmp_path).out.splitlines()[-1]
    assert last == "    … and 3 more characters"
    (one,) = json.loads(call("log", "--json", cwd=tmp_path).out)
    assert len(one["text"]) == MAX_BYTES


# What became of a text


def state(root: Path) -> str:
    (newest,) = json.loads(call("log", "--json", "-n", "1", cwd=root).out)
    shown: str = newest["state"]
    assert f"({shown})" in call("log", "-n", "1", cwd=root).out
    return shown


def place(root: Path, data: bytes, number: int) -> None:
    path = "components/personas/greet.txt"
    with Ledger(str(root)) as ledger:
        ledger.committed([Placed(number, path, data)])
    (root / path).write_bytes(data)


def test_a_text_that_was_changed_on_disk_is_edited_by_hand(tmp_path: Path) -> None:
    (number,) = store(lay_out(tmp_path, SOUND), "GREET")
    place(tmp_path, b"Hello.\n0\n", number)
    assert state(tmp_path) == "as generated"
    (tmp_path / "components/personas/greet.txt").write_text("Hello!\n")
    assert state(tmp_path) == "edited by hand"
    (tmp_path / "components/personas/greet.txt").unlink()
    assert state(tmp_path) == "gone"


def test_a_text_that_was_changed_when_it_was_reviewed_is_edited_by_hand(tmp_path: Path) -> None:
    (number,) = store(lay_out(tmp_path, SOUND), "GREET", edited=True)
    place(tmp_path, b"Hello.\n0\n", number)
    assert state(tmp_path) == "edited by hand"


@pytest.mark.parametrize("details", ['{"edited": 1}', "[]", "{", "x" * 5, '"edited"', "[" * 5000])
def test_only_our_own_mark_counts_as_edited(tmp_path: Path, details: str) -> None:
    import sqlite3
    from contextlib import closing

    (number,) = store(lay_out(tmp_path, SOUND), "GREET")
    place(tmp_path, b"Hello.\n0\n", number)
    with closing(sqlite3.connect(tmp_path / ".jit-guard/ledger.db")) as connection:
        connection.execute("UPDATE texts SET details = ?", [details])
        connection.commit()
    assert state(tmp_path) == "as generated"


def test_a_file_that_cannot_be_read_does_not_end_the_list(tmp_path: Path) -> None:
    numbers = store(lay_out(tmp_path, SOUND), "GREET", "LEAVE", "PART")
    (tmp_path / "components/personas/greet.txt").mkdir(parents=True)
    (tmp_path / "components/personas/part.txt").mkdir()
    with Ledger(str(tmp_path)) as ledger:
        ledger.reject(numbers[2], "too warm")
    done = call("log", "--json", cwd=tmp_path)
    assert done.code == 0
    assert [(one["goal"], one["state"]) for one in json.loads(done.out)] == [
        ("PART", "rejected"),
        ("LEAVE", "not committed"),
        ("GREET", "unreadable"),
    ]


@pytest.mark.parametrize("path", ["../host.txt", "components/../../host.txt"])
def test_a_path_that_leads_outside_is_not_read(tmp_path: Path, path: str) -> None:
    import sqlite3
    from contextlib import closing

    root = lay_out(tmp_path / "project", SOUND)
    (tmp_path / "host.txt").write_bytes(b"Hello.\n0\n")
    store(root, "GREET")
    with closing(sqlite3.connect(root / ".jit-guard/ledger.db")) as connection:
        connection.execute("UPDATE texts SET path = ?", [path])
        connection.commit()
    assert state(root) == "not committed"


def test_nothing_in_a_record_can_forge_a_line(tmp_path: Path) -> None:
    (number,) = store(lay_out(tmp_path, SOUND), "GREET\n::error::x\x1b[2J", content="\x1b[2J\n")
    with Ledger(str(tmp_path)) as ledger:
        ledger.reject(number, "no\n::error file=a::b\x1b[31m ##[group]\u202e")
    for argv in (("log",), ("log", "-v"), ("log", "--json")):
        done = call(*argv, cwd=tmp_path)
        assert done.code == 0
        assert not any(one in done.out for one in ("\x1b", "\n::", "##[", "\u202e"))
    (record,) = json.loads(done.out)
    assert record["reason"] == "no\n::error file=a::b\x1b[31m ##[group]\u202e"
    assert record["state"] == "rejected"


# Nothing to show


def test_a_project_without_texts_says_so(tmp_path: Path) -> None:
    done = call("log", cwd=lay_out(tmp_path, SOUND))
    assert done == Outcome(0, "", "jit-guard: no text was generated here yet\n")
    assert not (tmp_path / ".jit-guard").exists()


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_no_match_says_which_goals_are_near(project: Path, words: tuple[str, ...]) -> None:
    done = call("log", "GREAT", *words, cwd=project)
    assert done.code == 0
    assert "no text was generated for GREAT; did you mean 'GREET'?" in done.err
    assert done.out == ("[]\n" if words else "")
    done = call("log", "GREET", "person", *words, cwd=project)
    assert "no text was generated for GREET/person; did you mean 'persona'?" in done.err
    done = call("log", *words, "--", "--", cwd=project)  # a goal that looks like an option
    assert done.err == "jit-guard: no text was generated for --\n"


@pytest.mark.parametrize("words", [(), ("GREET",), ("--json",)])
def test_outside_a_project_is_an_error(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = call("log", *words, cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "is not in a project" in done.err
    assert list(tmp_path.iterdir()) == []


def test_the_log_of_a_project_whose_map_is_gone(project: Path) -> None:
    (project / "goal_map.json").unlink()
    shutil.rmtree(project / "components")
    assert texts(call("log", "--json", cwd=project)) == ["2", "1", "0"]
    assert call("log", "OTHER", cwd=project).code == 0
