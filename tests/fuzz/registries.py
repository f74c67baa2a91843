"""Registries: valid JSON with any keys, and the other syntaxes; with the paths that they name."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from fuzz.decisions import Decisions
from fuzz.texts import component_type, filename, text, toml

_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -0.0, 1e308, 10**400, [], {}, "", "\0", [["a.txt"]], {"a": {"b": "c"}}),
    *({"": ""}, {"\0": "a.txt"}, [None], "a.txt", {"persona": ["a.txt"]}, {"persona": None}),
)
_SCHEMAS: tuple[Any, ...] = ("goal_map.schema.json", "", "\0", "https://x.invalid/\u202e", 5, {})
_SUFFIXES = ("json", "yaml", "toml", "jsonc")
_ENTRIES = (
    *("$.skills[*].path", "$.skills[*]", "$..path", "$.*", "$[*]", "$", "$..*", "$['\\u0000']"),
    *("$.skills[?@.path]", "$.skills[?match(@.path, '.*')].path", "$[", ""),
)  # fmt: skip
_TARGETS = (
    *("{value}", "{value}/", "skills/{value}", "{key}", "{keys[0]}/{value}", "{name}.md"),
    *("{index}", "{dir}/{value}", "{}", "{keys[9]}", "{{{value}}}", "{value}/SKILL.md"),
)  # fmt: skip
_TREES = (
    "skills/**",
    "skills/*/",
    "**",
    "*",
    "!skills/a*",
    "[",
    "skills/*/SKILL.md",
    "components/**",
)


class Written(NamedTuple):
    """A registry: its bytes, and what its entries name (not every name is a possible path)."""

    data: bytes
    named: tuple[str, ...]


def goal_map(draw: Decisions) -> Written:
    """A goal map whose keys may be anything, defined twice, or have values of any kind."""
    members: list[tuple[str, str]] = []
    named: list[str] = []
    dump = _dump(draw)
    if draw.one_in(6):
        members.append(('"$schema"', dump(draw.choose(_SCHEMAS))))
    for _ in range(draw.number(5)):
        goal = text(draw)
        if draw.one_in(8):
            members.append((dump(goal), dump(draw.choose(_VALUES))))
            continue
        parts = []
        for _ in range(draw.number(4)):
            kind, name = component_type(draw), filename(draw)
            parts.append(f"{dump(kind)}: {dump(name)}")
            named.append(f"components/{kind}s/{name}")
        members.append((dump(goal), "{" + ", ".join(parts) + "}"))
    if members and draw.one_in(8):
        members.append(draw.choose(members))
    space = draw.choose(("", " ", "\n  ", "\r\n\t"))
    body = f",{space}".join(f"{key}:{space}{value}" for key, value in members)
    whole = "{" + space + body + space + "}" + draw.choose(("\n", "", "\r\n", " "))
    return Written(whole.encode("utf-8", "surrogatepass"), tuple(named))


def other(draw: Decisions) -> tuple[str, Written, str]:
    """A registry of another shape: its file, its contents, and its table in the configuration."""
    suffix = draw.choose(_SUFFIXES)
    names = [filename(draw) for _ in range(draw.number(4))]
    rows = [{"path": name, "name": text(draw)} for name in names]
    value: Any = {"skills": rows} if not draw.one_in(4) else {text(draw): rows, "skills": names}
    if draw.one_in(6):
        value = draw.choose(_VALUES)
    if suffix == "toml":
        lines = [f"{toml(str(key))} = {toml(one)}\n" for key, one in _items(value)]
        data = "".join(lines)
    else:
        data = _dump(draw)(value)
    if suffix == "yaml" and draw.one_in(3):
        data = f"# all\n&a {data}\n---\n*a\n" if draw.one_in(2) else f"? {data}\n: !!str x\n"
    if suffix == "jsonc":
        data = f"// all\n{data}/* \0 */"
    file = f"index.{suffix}"
    table: dict[str, Any] = {
        "file": file if not draw.one_in(8) else text(draw),
        "entries": draw.choose(_ENTRIES) if not draw.one_in(8) else text(draw),
        "target": draw.choose(_TARGETS) if not draw.one_in(8) else text(draw),
        "tree": draw.some(_TREES, 3),
    }
    if draw.one_in(4):
        table["base"] = draw.choose(("{dir}", "{dir}/..", "skills", "..", "/", "\0"))
    if draw.one_in(6):
        table["match"] = {"value": draw.choose(("(?P<stem>.+)", "(a*)*b", "[", "(?P<name>.*)", ""))}
    if draw.one_in(6):
        table["required"] = True
    lines = ["[[registry]]", *(f"{key} = {toml(one)}" for key, one in table.items())]
    written = Written(data.encode("utf-8", "surrogatepass"), tuple(f"skills/{x}" for x in names))
    return file, written, "\n".join(lines)


def _items(value: Any) -> list[tuple[Any, Any]]:
    return list(value.items()) if isinstance(value, dict) else [("skills", value)]


def _dump(draw: Decisions) -> Any:
    ascii_only = not draw.one_in(3)
    return lambda value: json.dumps(value, ensure_ascii=ascii_only)
