"""Every action of the model names the code that it stands for, and that code exists."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

_SPEC = Path(__file__).parents[2] / "spec"
_ROW = re.compile(r"^\| (`.*) \| (`.*) \|$", re.MULTILINE)
_TABLE = (_SPEC / "README.md").read_text().partition("## Actions and code")[2].partition("\n## ")[0]
_NAMES = re.compile(r"`([\w.]+)`")
_INLINE = re.compile(r"^inline (\w+)\(.*?\) \{ *(?:/\* (.*?) \*/)?$", re.MULTILINE)
_CODE = re.compile(r"\b[a-z_]+\.[\w.]*\w")
_PROTOCOL = (_SPEC / "commit.pml").read_text()
_ACTIONS = {name: _CODE.findall(code) for name, code in _INLINE.findall(_PROTOCOL)}


def _exists(name: str) -> bool:
    module, _, path = name.partition(".")
    for package in ("commit", "ledger"):
        try:
            found: object = importlib.import_module(f"jit_guard.{package}.{module}")
        except ModuleNotFoundError:
            continue
        for part in path.split("."):
            found = getattr(found, part, None)
        return found is not None
    return False


def test_the_table_has_every_action_of_the_protocol() -> None:
    listed = {name for row in _ROW.findall(_TABLE) for name in _NAMES.findall(row[0])}
    assert set(_ACTIONS) <= listed
    assert all(re.search(rf"^inline {name}\(", _all_models(), re.MULTILINE) for name in listed)


def _all_models() -> str:
    return "\n".join(path.read_text() for path in _SPEC.glob("*.pml"))


def test_every_function_in_the_table_exists() -> None:
    named = [name for row in _ROW.findall(_TABLE) for name in _NAMES.findall(row[1])]
    assert len(named) > 30
    assert [name for name in named if not _exists(name)] == []


@pytest.mark.parametrize("action", _ACTIONS)
def test_every_action_names_its_functions(action: str) -> None:
    assert _ACTIONS[action]
    assert [name for name in _ACTIONS[action] if not _exists(name)] == []


def test_the_protocol_can_be_read_in_ten_minutes() -> None:
    without_comments = re.sub(r"/\*.*?\*/", "", _PROTOCOL, flags=re.DOTALL)
    assert sum(bool(line.strip()) for line in without_comments.splitlines()) <= 350
