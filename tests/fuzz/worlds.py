"""Hostile projects on disk: registries, a tree, a configuration and a state directory, from bytes.

sandbox/project    what is checked
sandbox/outside    what nothing may read into a report, or change
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from fuzz.decisions import Decisions
from fuzz.registries import Written, goal_map, other
from fuzz.state import put_state
from fuzz.texts import component_type, content, filename, text, toml

SECRET = "a-text-outside-the-project"
_PRESETS = (".claude-plugin/marketplace.json", ".agents/plugins/marketplace.json",
            ".well-known/skills/index.json", "docs.json")  # fmt: skip
_LINKS = (
    *("a.txt", ".", "..", "loop", "../..", "../../outside", "../../../outside/secret.txt", "/"),
    *("/dev/zero", "/dev/null", "gone", "../personas", "../../goal_map.json", ".git"),
)  # fmt: skip
_DIRECTORIES = ("components/personas", "components/as", "components/protocols", "components",
                "components/strategies", "components/as/sub", "skills", "skills/a", "")  # fmt: skip
_SCHEMAS = (
    *(b"{}", b"true", b'{"propertyNames": {"pattern": "^[A-Z]"}}', b'{"$ref": "#"}', b"["),
    *(b'{"required": ["name"], "additionalProperties": false}', b'{"$schema": "\\u0000"}'),
)  # fmt: skip
_DEMANDS: tuple[dict[str, Any], ...] = (
    {"headings": ["# Purpose", "## Steps"]},
    {"headings": ["Purpose", "#\0"]},
    {"requires": ["SKILL.md", "a\0b"]},
    {"equal": ["{stem}", "{front-matter.name}", "{keys[0]}"]},
    {"equal": ["{value}", "{dir}\0"]},
    {"max-bytes": 10},
    {"front-matter": "schema.json"},
    {"schema": "schema.json"},
)


_PLACES = ("as", "as/sub", "..", "", "x\0")


class World(NamedTuple):
    """A project: its root, and the paths that its entries name."""

    root: Path
    named: tuple[str, ...]
    configured: bool


def build(draw: Decisions, sandbox: Path) -> World:
    """Create a project in an empty directory."""
    root = sandbox / "project"
    root.mkdir()
    put(sandbox, "outside/secret.txt", SECRET.encode())
    tables: list[str] = []
    named: list[str] = []
    if not draw.one_in(8):
        _put_registry(root, "goal_map.json", _map(draw), named)
    if draw.one_in(8):
        _put_registry(root, "more.json", _map(draw), named)
    if draw.one_in(4):
        file, written, table = other(draw)
        tables += [table, '[[registry]]\npreset = "goal-map"'] if draw.one_in(2) else [table]
        _put_registry(root, file, written, named)
    elif draw.one_in(16):
        _put_registry(root, draw.choose(_PRESETS), _map(draw), named)
    for path in named:
        _put_named(draw, root, path)
    for _ in range(draw.number(4)):
        name = filename(draw)
        _put_odd(draw, root, f"{draw.choose(_DIRECTORIES)}/{name}".lstrip("/"))
    if draw.one_in(8):
        put(root, f"components/{component_type(draw)}s/{text(draw)}", content(draw))
    put(root, "schema.json", draw.choose(_SCHEMAS))
    configuration = _configuration(draw, tables)
    if configuration:
        put(root, "jit-guard.toml", configuration)
    if draw.one_in(4):
        put_state(draw, root, tuple(named), put)
    if draw.one_in(12):
        for path in ("HEAD", "objects/", "refs/"):
            put(root, f".git/{path}", b"ref: refs/heads/main\n")
        put(root, ".git/config", b"" if draw.one_in(2) else draw.raw())
    return World(root, tuple(named), configuration != b"")


def put(root: Path, path: str, data: bytes) -> bool:
    """Write a file (a directory for a final slash) if this system can have it, below the root."""
    names = path.rstrip("/").split("/")
    if path.startswith("/") or ".." in names or "\0" in path:
        return False
    try:
        full = os.fsencode(root) + b"/" + os.fsencode(path)
        os.makedirs(full if path.endswith("/") else os.path.dirname(full), exist_ok=True)
        if not path.endswith("/"):
            with open(os.open(full, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
                file.write(data)
    except (OSError, UnicodeEncodeError):
        return False
    return True


def _map(draw: Decisions) -> Written:
    return Written(draw.raw(), ()) if draw.one_in(12) else goal_map(draw)


def _put_registry(root: Path, path: str, written: Written, named: list[str]) -> None:
    put(root, path, written.data)
    named += written.named


def _put_named(draw: Decisions, root: Path, path: str) -> None:
    """Create what an entry names, or something that is almost that, or nothing."""
    head, _, name = path.rpartition("/")
    how = draw.number(12)
    if how < 4:
        put(root, path, content(draw))
    elif how == 4:
        put(root, f"{head}/{name.swapcase()}", content(draw))
    elif how == 5:
        put(root, f"{head}/{name.partition('.')[0]}.md", content(draw))
    elif how == 6:
        put(root, f"components/as/{name}", content(draw))
    elif how == 7:
        put(root, f"{path}/inside.txt", content(draw))
    elif how == 8:
        _put_odd(draw, root, path)


def _put_odd(draw: Decisions, root: Path, path: str) -> None:
    """Create a file, a link or a FIFO."""
    how = draw.number(8)
    if how < 5:
        put(root, path, content(draw))
    elif put(root, path, b""):
        full = os.fsencode(root) + b"/" + os.fsencode(path)
        with contextlib.suppress(OSError):
            os.unlink(full)
            if how == 7 and hasattr(os, "mkfifo"):
                os.mkfifo(full)
            else:
                os.symlink(draw.choose((*_LINKS, os.path.basename(path))), full)


def _configuration(draw: Decisions, tables: list[str]) -> bytes:
    """Return the bytes of `jit-guard.toml`; empty: there is none."""
    if draw.one_in(16):
        return draw.raw()
    lines: list[str] = []
    if draw.one_in(3):
        keys: dict[str, Callable[[], Any]] = {
            "maps": lambda: draw.some(("goal_map.json", "more.json", "gone.json", text(draw)), 3),
            "components": lambda: draw.choose(
                ("components", ".", "components/as", "..", text(draw))
            ),
            "orphan-ignore": lambda: [text(draw), draw.choose(("*", "!*", "a/**/b", "[", "*.md"))],
            "select": lambda: [draw.choose(("JG2", "JG301", "JG", "x"))],
            "ignore": lambda: [draw.choose(("JG207", "JG3", "JG5", ""))],
            "baseline": lambda: draw.choose((".jit-guard/baseline.jsonl", "b.jsonl", "..", "\0")),
            "schema": lambda: draw.choose(("schema.json", "gone.json", "../outside/secret.txt")),
            "allow-empty": lambda: draw.one_in(2),
            "descriptions": lambda: draw.choose(("goal_map.json", "../outside/secret.txt")),
            "generator": lambda: draw.choose(("scaffold", "auto", "\0")),
            "plugins": lambda: [text(draw)],
            text(draw): lambda: 1,
        }
        chosen = dict.fromkeys(draw.some(tuple(keys), 3))
        lines += [f"{toml(key)} = {toml(keys[key]())}" for key in chosen]
    if draw.one_in(5):
        kind = component_type(draw)
        key = f"types.{toml(kind)}"
        if draw.one_in(2):
            lines.append(f"{key}.directory = {toml(draw.choose(_PLACES))}")
        if draw.one_in(2):
            lines.append(f"{key}.text = false")
        for demand, value in draw.choose(_DEMANDS).items():
            lines.append(f"{key}.contract.{demand} = {toml(value)}")
    joined = "\n".join([*lines, *tables])
    return joined.encode("utf-8", draw.choose(("replace", "surrogatepass")))
