"""Presets: the tables of registries with a published format, one TOML file each."""

from __future__ import annotations

import sys
from importlib.resources import files
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NAMES = (
    "claude-marketplace",
    "codex-marketplace",
    "agent-skills",
    "mintlify",
)  # in addition to `goal-map`, in the order of detection


def preset(name: Any) -> list[dict[str, Any]]:
    """Return the tables of a preset. Raises ValueError for an unknown name."""
    if name not in NAMES:
        from jit_guard.text.printable import did_you_mean, quote

        known = ("goal-map", *NAMES)
        near = did_you_mean(name, known) if isinstance(name, str) else ""
        raise ValueError(f".preset: {quote(name)} is not one of {', '.join(known)}{near}")
    text = files(__name__).joinpath(f"{name}.toml").read_text("utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["registry"]
    return found
