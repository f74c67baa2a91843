"""One-line descriptions of components, read from a file or suggested from the names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from jit_guard.errors import ConfigError
from jit_guard.registry import goal_map
from jit_guard.registry.goal_map import Entry, MapFault
from jit_guard.text.names import GENERATED

Descriptions = Mapping[tuple[str, str], str]  # (goal, component type) -> one line


def parse(path: str, data: bytes) -> Descriptions:
    """Read descriptions from a file shaped like the map: `{"GOAL": {"type": "text"}}`.

    Raises ConfigError: the file is not valid JSON, or has another shape.
    """
    read = goal_map.parse(path, data)
    if isinstance(read, MapFault):
        raise ConfigError([f"{path}:{read.line}:{read.column}: {read.reason}"])
    if not read.conforms:
        raise ConfigError(
            [f'{path}: descriptions must be shaped like {{"GOAL": {{"type": "one line"}}}}']
        )
    return {
        (one.goal, one.component_type): " ".join(one.filename.split()) for one in read.entries()
    }


def suggestion(entry: Entry) -> str:
    """Derive a description from the names, to be accepted with Enter or `--yes`."""
    about = f"A {_words(entry.component_type)} to {_words(entry.goal)}"
    stem = entry.filename.rpartition("/")[2].rpartition(".")[0] or entry.filename
    detail = _words(stem)
    if stem.startswith(GENERATED) or detail in about or about.endswith(detail):
        return about
    return f"{about}: {detail}"


def _words(name: str) -> str:
    """Split a name into words: `DIAGNOSE_ROOT_CAUSE` -> `diagnose root cause`."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return " ".join(re.findall(r"\w+", apart.replace("_", " "))).lower() or name
