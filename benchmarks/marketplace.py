"""A marketplace of plugins, as its preset checks it, beside the linter that people run on it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import contenders
from benchmarks.measure import in_turn, ratio, seconds
from benchmarks.table import Row, at_most

PLUGINS = 100
SKILLS = 3  # of each plugin
_FILE = ".claude-plugin/marketplace.json"
_ALL = "skillsaw, all rules"
_SAME = "skillsaw, only its two rules on marketplaces"
_SKILL = """\
---
name: {name}
description: Use when a text must be brought into the form {name}.
---

# {name}

Read the text once. Say what is wrong with it in one sentence, then correct it.
"""


def build(directory: Path, plugins: int = PLUGINS) -> None:
    """Write a clean marketplace whose plugins have skills."""
    listed = []
    for number in range(plugins):
        name = f"plugin-{number:04}"
        here = directory / "plugins" / name
        described = {"name": name, "description": f"Plugin {number}", "version": "1.0.0"}
        _write(here / ".claude-plugin" / "plugin.json", json.dumps(described, indent=2))
        _write(here / "README.md", f"# {name}\n\nWhat it is for.\n")
        for skill in range(SKILLS):
            own = f"{name}-skill-{skill}"
            _write(here / "skills" / own / "SKILL.md", _SKILL.format(name=own))
        listed.append({**described, "source": f"./plugins/{name}"})
    market = {"name": "market", "owner": {"name": "Someone"}, "plugins": listed}
    _write(directory / _FILE, json.dumps(market, indent=2))


def rows(runs: int) -> Iterator[Row]:
    """Whole processes, including start-up, without a configuration."""
    commands = {
        contenders.OURS: contenders.jit_guard(),
        _ALL: contenders.skillsaw(),
        _SAME: contenders.skillsaw(
            "--rule", "claude-marketplace-json-valid", "--rule", "claude-marketplace-registration"
        ),
    }
    with tempfile.TemporaryDirectory() as directory:
        build(Path(directory))
        taken = in_turn(commands, Path(directory), runs)
    ours = taken[contenders.OURS]
    for name, samples in taken.items():
        yield Row(f"{name}, {PLUGINS} plugins", f"{seconds(samples) * 1000:.0f} ms")
    for name in (_ALL, _SAME):
        yield at_most(f"jit-guard ÷ {name}", ratio(ours, taken[name]), limit=0.5, unit="x")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
