"""A plugin of pytest on Windows, loaded by `tests/conftest.py`: what is skipped, and text files."""

from __future__ import annotations

import ctypes
import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from .unsupported import MISSING, WINDOWS, WINE

# Tests write text files as input, and compare bytes: these are the same on every platform.
_write_text, _read_text = Path.write_text, Path.read_text


def _write(
    self: Path,
    data: str,
    encoding: str | None = "utf-8",
    errors: str | None = None,
    newline: str | None = "\n",
) -> int:
    return _write_text(self, data, encoding, errors, newline)


def _read(self: Path, encoding: str | None = "utf-8", errors: str | None = None) -> str:
    return _read_text(self, encoding, errors)


Path.write_text, Path.read_text = _write, _read  # type: ignore[method-assign]


def is_wine() -> bool:
    """Whether this Windows is Wine."""
    return os.name == "nt" and hasattr(ctypes.CDLL("ntdll"), "wine_get_version")


def _skip(reason: str) -> Callable[..., None]:
    def skip(*_arguments: object, **_keywords: object) -> None:
        calls = traceback.extract_stack()[:-1]
        caller = next(one.filename for one in reversed(calls) if "pathlib" not in one.filename)
        if "_pytest" in caller:  # it makes a link to its latest directory, and can do without
            raise OSError(reason)
        pytest.skip(reason)

    return skip


for name, reason in MISSING.items():
    if not hasattr(os, name) or (name == "symlink" and is_wine()):
        setattr(os, name, _skip(reason))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is listed, with its reason."""
    listed = {**WINDOWS, **WINE} if is_wine() else WINDOWS
    for item in items:
        for start, reason in listed.items():
            if item.nodeid.startswith(start):
                item.add_marker(pytest.mark.skip(reason=reason))
