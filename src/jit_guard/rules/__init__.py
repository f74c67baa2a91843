"""The rules, one file each; imported when there is something to tell, or to explain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_guard.config import MODULES

if TYPE_CHECKING:
    from jit_guard.rules.rule import Rule


def load_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of the codes."""
    from importlib import import_module

    return tuple(import_module(f"jit_guard.rules.{module}").RULE for module in MODULES)
