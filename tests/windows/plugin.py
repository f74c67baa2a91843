"""A plugin of pytest on Windows, loaded by `tests/conftest.py`: what is skipped, and text files."""

from __future__ import annotations

import ctypes
import os
import shutil
import stat
import subprocess
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jit_guard.registry import bounded

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


if is_wine():  # it starts a Python slowly
    bounded._GRACE = 30.0


def _skip(reason: str) -> Callable[..., None]:
    def skip(*_arguments: object, **_keywords: object) -> None:
        calls = traceback.extract_stack()[:-1]
        caller = next(one.filename for one in reversed(calls) if "pathlib" not in one.filename)
        if "_pytest" in caller:  # it makes a link to its latest directory, and can do without
            raise OSError(reason)
        pytest.skip(reason)

    return skip


def _remove(self: Path, missing_ok: bool = False) -> None:
    """Remove a file that is read-only, too, as on POSIX (git's objects are)."""
    try:
        _unlink(self, missing_ok)
    except PermissionError:
        os.chmod(self, stat.S_IWRITE)
        _unlink(self, missing_ok)


_unlink = Path.unlink
Path.unlink = _remove  # type: ignore[method-assign]


def _start(self: subprocess.Popen[Any], args: Any, *others: Any, **more: Any) -> None:
    """Start a program; a shell is that of git, not of the Linux that Windows may have."""
    if isinstance(args, (list, tuple)) and args[0] in ("bash", "sh"):
        git = shutil.which("git")
        shell = Path(git).parents[1] / f"bin/{args[0]}.exe" if git else None
        if shell is None or not shell.exists():
            pytest.skip("no shell of POSIX")
        args = [str(shell), *args[1:]]
    _popen(self, args, *others, **more)


_popen = subprocess.Popen.__init__
subprocess.Popen.__init__ = _start  # type: ignore[method-assign]

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
