"""A system that takes itself for Windows, for one module."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


class _Windows:
    """The module `os`, with the name that it has there."""

    name = "nt"

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


def imitate_windows(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    """Let modules of jit_guard take the system for Windows; pytest itself must not."""
    for module in modules:
        monkeypatch.setattr(f"jit_guard.{module}.os", _Windows())
