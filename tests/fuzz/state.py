"""What a checkout may have in `.jit-guard/`: a baseline, an intent, a ledger, or garbage."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from fuzz.decisions import Decisions
from fuzz.texts import content, text
from jit_guard.commit.intent import ComponentIntent, Intent, MapIntent, MoveIntent
from jit_guard.commit.intent_json import encode
from jit_guard.registry.edit import Edit

Put = Callable[[Path, str, bytes], bool]
_CODES = ("JG201", "JG301", "JG001", "JG401", "JG205", "JG999", "", "JG2\x1b[2J")
_BASELINES = (".jit-guard/baseline.jsonl", "b.jsonl")
_FILES = (
    *("ledger.sqlite3", "ledger.db", "pending.json", "pending.json.tmp", "commit.lock"),
    *("commit.lock/", "pending.json/", ".gitignore", "unreadable-pending.json", "x\x1b[2J"),
)  # fmt: skip
_TEMPORARY = ".jit-guard-0123456789ab-1"
_PATHS = ("goal_map.json", "jit-guard.toml", ".git/config", "../outside/secret.txt", "a\nb", "x")


def put_state(draw: Decisions, root: Path, named: tuple[str, ...], put: Put) -> None:
    """Create some of it."""
    if draw.one_in(2):
        lines = [_line(draw, named) for _ in range(1 + draw.number(4))]
        put(root, draw.choose(_BASELINES), "".join(lines).encode("utf-8", "surrogatepass"))
    if draw.one_in(3):
        put(root, ".jit-guard/pending.json", _intent(draw, named))
    if draw.one_in(3):
        for path in draw.some(_FILES, 2):
            put(root, f".jit-guard/{path}", content(draw))


def _line(draw: Decisions, named: tuple[str, ...]) -> str:
    if draw.one_in(8):
        return draw.choose(("[]\n", "{}\n", "\n", "[1,2,3,4,5]\n", '["JG201"]\n', "[" * 2000))
    fields = [draw.choose(_CODES), "goal_map.json", text(draw), text(draw), _path(draw, named)]
    if draw.one_in(4):
        fields[draw.number(len(fields))] = draw.choose((None, 5, [], True))  # type: ignore[call-overload]
    return f"{json.dumps(fields, ensure_ascii=not draw.one_in(4))}\n"


def _path(draw: Decisions, named: tuple[str, ...]) -> str:
    return draw.choose((*named[:200], text(draw), *_PATHS))


def _intent(draw: Decisions, named: tuple[str, ...]) -> bytes:
    """An intent as jit-guard would write it, but for what it is about; or almost one."""
    data = content(draw)
    try:
        whole = encode(
            Intent(
                draw.choose(("commit", "plan")),
                tuple(
                    MapIntent(
                        draw.choose(("goal_map.json", _path(draw, named))),
                        _TEMPORARY,
                        sha256(b"").hexdigest(),
                        sha256(data).hexdigest(),
                        (Edit((text(draw), text(draw)), text(draw), text(draw)),),
                    )
                    for _ in range(draw.number(2))
                ),
                tuple(
                    ComponentIntent(
                        _path(draw, named),
                        draw.choose((_TEMPORARY, "x", "../x")),
                        sha256(data).hexdigest(),
                        data,
                        None,
                        draw.one_in(2),
                    )
                    for _ in range(draw.number(3))
                ),
                tuple(_path(draw, named) for _ in range(draw.number(3))),
                moves=tuple(
                    MoveIntent(_path(draw, named), _path(draw, named), _TEMPORARY)
                    for _ in range(draw.number(2))
                ),
            )
        )
    except UnicodeEncodeError:
        return data
    return whole if not draw.one_in(4) else whole.replace(b"e", draw.take(1), 1)
