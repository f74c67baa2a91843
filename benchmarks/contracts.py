"""Front matter under contract, beside a bare loop that reads and parses the same YAML."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import contenders
from benchmarks.measure import in_turn, ratio, seconds
from benchmarks.table import Row, at_most

FILES = 1_000
_LOOP = "bare Python: open, read, libyaml"
_TEXT = """\
---
name: {name}
description: How to pack a suitcase for a week, so that it closes. Number {number}.
owner:
  team: travel
  mail: travel@example.com
tags: [packing, travel, checklist]
version: {number}.1
reviewed: 2024-05-01
draft: false
---
# Purpose

Say what the suitcase is for, then list what belongs into it.
"""
_SCHEMA = {
    "type": "object",
    "required": ["name", "description", "owner"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9-]+$", "maxLength": 64},
        "description": {"type": "string", "maxLength": 1024},
        "owner": {"type": "object", "required": ["team"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "draft": {"type": "boolean"},
    },
}
_CODE = """
import os, yaml
loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
for name in sorted(os.listdir("components/guides")):
    with open(f"components/guides/{name}", encoding="utf-8") as file:
        text = file.read()
    yaml.load(text[4 : text.index("\\n---\\n", 4) + 1], Loader=loader)
"""


def build(directory: Path, files: int = FILES) -> None:
    """Write a project whose guides all satisfy the contract of their type."""
    guides = directory / "components" / "guides"
    guides.mkdir(parents=True)
    goals: dict[str, dict[str, str]] = {}
    for number in range(files):
        name = f"guide-{number:04}"
        goals[name.upper()] = {"guide": f"{name}.md"}
        (guides / f"{name}.md").write_text(_TEXT.format(name=name, number=number), "utf-8")
    (directory / "goal_map.json").write_text(json.dumps(goals, indent=2), "utf-8")
    (directory / "guide.schema.json").write_text(json.dumps(_SCHEMA), "utf-8")
    contract = 'types.guide.contract.front-matter = "guide.schema.json"\n'
    (directory / "jit-guard.toml").write_text(contract, "utf-8")


def rows(runs: int) -> Iterator[Row]:
    """Whole processes, including start-up."""
    commands = {
        contenders.OURS: contenders.jit_guard(),
        _LOOP: [sys.executable, "-c", _CODE],
    }
    with tempfile.TemporaryDirectory() as directory:
        build(Path(directory))
        taken = in_turn(commands, Path(directory), runs)
    for name, samples in taken.items():
        yield Row(f"{name}, {FILES:,} files", f"{seconds(samples) * 1000:.0f} ms")
    ours, loop = taken[contenders.OURS], taken[_LOOP]
    yield at_most(f"jit-guard ÷ {_LOOP}", ratio(ours, loop), limit=2.0, unit="x")
