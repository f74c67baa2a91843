"""The rules, one per module. A clean check does not import them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit_guard.config import MODULES

if TYPE_CHECKING:
    from jit_guard.rules.rule import Rule


def load_rules() -> tuple[Rule, ...]:
    """Return every built-in rule, in the order of the codes."""
    from importlib import import_module

    return tuple(import_module(f"jit_guard.rules.{module}").RULE for module in MODULES)


def page() -> str:
    """Return the URL of the page about the rules, whose anchors are codes; "" without the file."""
    import os
    from urllib.request import pathname2url

    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rules.html")
    return f"file://{pathname2url(path)}" if os.path.isfile(path) else ""
