"""Real runs as actions of the model: is a trace of `crash.tracing` a behaviour of it?

The model has one map and one component here. A commit of several is projected: each pair of a map
and a component must be a behaviour of the model, which covers every order between the two.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Sequence
from typing import Any, NamedTuple

from crash.disk_model import State
from crash.tracing import Call
from jit_guard.commit.pending import DRAFT as DRAFT_PATH
from jit_guard.text.names import COMMIT_LOCK, STATE_DIRECTORY
from jit_guard.text.names import PENDING as PENDING_PATH
from spec.model import check

# As in trace.pml and disk.pml, with one fix, one map and one component.
WRITE, FSYNC, RENAME, LINK, UNLINK, MKDIR, RMDIR, SYNC, LOCK, UNLOCK = range(1, 11)
PENDING, DRAFT, STATE, FOLDER, _LEDGER, MAP, COMPONENT, NEWMAP, TEXT, PROBE = range(10)
ROOT, ABOVE, COMPONENTS, OURS = 1, 2, 4, 8
NONE, TORN, WHOLE, THEIRS, STALE, EMPTY = range(6)
PLAN, INTENT, RESERVING = 2, 4, 6
LINKS = 1  # of `refused`
FIX, RECOVERER = 1, 2

_TEMPORARY = re.compile(r"\.jit-guard-[0-9a-f]{12}-(map-)?(\d+)(f?)$")  # f: a probe


class Pair(NamedTuple):
    """A map and a component of a commit; paths are relative to the root, of real files."""

    map: str
    keys: tuple[str, str]  # the entry
    new: str  # its new value
    component: str
    data: bytes
    map_number: int = 0
    component_number: int = 0
    replaces: bytes | None = None
    adopted: bool = False


class Action(NamedTuple):
    """One step of the model: a call, a slot or directory, and a value."""

    call: int
    slot: int
    value: int = 0


class Verdict(NamedTuple):
    """Whether a trace is a behaviour of the model; if not, how many of its actions are."""

    accepted: bool
    matched: int


def actions(calls: Sequence[Call], root: str, pair: Pair) -> list[Action]:
    """Map the calls of a run to actions that concern a pair."""
    made: list[Action] = []
    opened: dict[tuple[int, int], str] = {}
    written: dict[int, tuple[int, bytearray]] = {}  # action -> its slot and bytes
    filling: dict[tuple[int, int], int] = {}
    for call in calls:
        handle = (call.process, call.args[0]) if isinstance(call.args[0], int) else None
        if call.name == "open":
            assert handle is not None
            path = os.path.relpath(call.args[1], root)
            opened[handle] = path
            filling.pop(handle, None)
            slot = _slot(path, pair)
            if call.args[2] & os.O_CREAT and slot is not None:
                filling[handle] = len(made)
                written[len(made)] = slot, bytearray()
                made.append(Action(WRITE, slot))
        elif call.name == "lock" and opened.get(handle or (0, 0)) == COMMIT_LOCK:
            made.append(Action(UNLOCK if call.args[1] == "unlock" else LOCK, 0))
        elif call.name == "write" and handle in filling:
            written[filling[handle]][1].extend(call.args[1])
        elif call.name == "fsync":
            assert handle is not None
            path = opened.get(handle, "")
            slot, directory = _slot(path, pair), _directory(path, pair)
            if directory is not None:
                made.append(Action(SYNC, directory))
            elif slot is not None:
                made.append(Action(FSYNC, slot))
        elif call.name in ("mkdir", "rmdir", "unlink", "rename", "link"):
            slots = [_slot(os.path.relpath(path, root), pair) for path in call.args]
            if slots[-1] == PROBE and call.name == "link":
                slots[0] = TEXT  # one component of a directory is tried for all
            if slots[0] is not None and None not in slots:
                number = {
                    "mkdir": MKDIR, "rmdir": RMDIR, "unlink": UNLINK, "rename": RENAME,
                    "link": LINK,
                }[call.name]  # fmt: skip
                made.append(Action(number, slots[0], (slots[1] or 0) if slots[1:] else 0))
    for index, (slot, data) in written.items():
        made[index] = Action(WRITE, slot, _value(slot, bytes(data), pair))
    return made


def start(before: State, pair: Pair) -> list[int]:
    """Map a state to the slots of the model."""
    slots = [NONE] * 10
    for path, content in before.items():
        slot = _slot(path, pair)
        if slot is not None:
            slots[slot] = WHOLE if content is None else _value(slot, content, pair)
    return slots


def is_behaviour(
    trace: Sequence[Action],
    begin: Sequence[int],
    actors: int,
    *,
    checker: Checker,
    makes: bool = True,
    replaces: bool = False,
    others: str = "",
    refused: int = 0,
    kills: int = 0,
    mutation: int = 0,
) -> Verdict:
    """Ask the model whether it can do exactly these actions, and then be done."""
    return checker.ask(
        trace,
        begin,
        {
            "ACTORS": actors, "MAKES": makes, "REPLACES": replaces, "REFUSED": refused,
            "OTHERS": sum(check.ACTORS[name] for name in others.split()),
            "KILLS": kills, "MUT": mutation,
        },
    )  # fmt: skip


class Checker:
    """The model, compiled once; it reads each trace when it starts."""

    def __init__(self, folder: str) -> None:
        with open(os.path.join(folder, "traces.h"), "w") as header:
            header.write(_HEADER)
        self._checker = check.build(folder, "-DTRACE", include=folder)

    def ask(self, trace: Sequence[Action], begin: Sequence[int], given: dict[str, int]) -> Verdict:
        with tempfile.NamedTemporaryFile("w") as file:
            numbers = [*begin, len(trace), *(number for action in trace for number in action)]
            file.write(" ".join(map(str, numbers)))
            file.flush()
            given = {name: int(value) for name, value in given.items()}
            result, output = check.run(self._checker, given, TRACE=file.name)
        assert not result.violated, result.violated
        matched = [int(number) for number in re.findall(r"^reached (\d+)$", output, re.MULTILINE)]
        return Verdict("accepted" in output, max(matched, default=0))


_HEADER = """
static unsigned char start[10], steps[1000][3];
static int steps_in_all = -1, furthest;
static void load(void)
{   FILE *file = fopen(getenv("TRACE"), "r");
    int i, number;
    for (i = 0; i < 10; i++) { if (fscanf(file, "%d", &number) == 1) start[i] = number; }
    if (fscanf(file, "%d", &steps_in_all) != 1) exit(1);
    for (i = 0; i < 3 * steps_in_all; i++)
    {   if (fscanf(file, "%d", &number) == 1) steps[i / 3][i % 3] = number; }
    fclose(file);
}
static int next_is(int at, int call, int slot, int value)
{   return at < steps_in_all && steps[at][0] == call && steps[at][1] == slot
        && steps[at][2] == value;
}
static int next_is_sync(int at) { return at < steps_in_all && steps[at][0] == 8; }
static void matched(int at)
{   if (at > furthest) { furthest = at; printf("reached %d\\n", at); } }
static void at_the_end(int at) { if (at == steps_in_all) printf("accepted\\n"); }
"""


def _slot(path: str, pair: Pair) -> int | None:
    fixed = {
        PENDING_PATH: PENDING,
        DRAFT_PATH: DRAFT,
        STATE_DIRECTORY: STATE,
        os.path.dirname(pair.component): FOLDER,
        pair.map: MAP,
        pair.component: COMPONENT,
    }
    if path in fixed:
        return fixed[path]
    folder, name = os.path.split(path)
    match = _TEMPORARY.match(name)
    if match is None:
        return None
    if match[3]:
        return PROBE if folder == os.path.dirname(pair.component) and not pair.adopted else None
    if match[1] and folder == os.path.dirname(pair.map) and int(match[2]) == pair.map_number:
        return NEWMAP
    right = folder == os.path.dirname(pair.component) and int(match[2]) == pair.component_number
    return TEXT if not match[1] and right else None


def _directory(path: str, pair: Pair) -> int | None:
    folder = os.path.dirname(pair.component)
    if path == STATE_DIRECTORY:
        return OURS
    if path == folder:
        return COMPONENTS
    if path == os.path.dirname(folder):
        return ABOVE
    return ROOT if path in (".", os.path.dirname(pair.map)) else None


def _value(slot: int, content: bytes | str, pair: Pair) -> int:
    if isinstance(content, str):
        return WHOLE
    if slot in (PENDING, DRAFT):
        body = _parsed(content)
        phases = {"plan": PLAN, "commit": RESERVING if body.get("reserves") else INTENT}
        return phases.get(str(body.get("phase")), TORN)
    if slot in (MAP, NEWMAP):
        body = _parsed(content)
        if not body:
            return TORN
        new = bool(body[pair.keys[0]][pair.keys[1]] == pair.new)
        return 2 + new + 9 * ("MINE" in body)
    if content == pair.data:
        return WHOLE
    if not content:
        return EMPTY
    return STALE if content == pair.replaces else THEIRS


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
