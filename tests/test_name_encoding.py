"""File names are UTF-8 on disk, however this Python would encode them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from projects import TEXT, call, lay_out, sound
from repositories import NEEDS_GIT, repository

GOALS = {"GRÜSSEN": {"persona": "grüßen.txt"}, "GREET": {"persona": "host.txt"}}
C = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
ENCODING = "import sys; print(sys.getfilesystemencoding())"
COMMANDS = """
import json, sys
from jit_guard import cli
cli._use_utf8_names()
for words in json.loads(sys.argv[1]):
    cli.main([*words, "--format", "json"])
"""
GUARD = """
import sys
from jit_guard import Guard
for root in sys.argv[1:]:
    guard = Guard(root)
    for one in (guard.check, guard.fix, lambda: guard.component("GREET", "persona")):
        try:
            print(ascii(one().unreadable))
        except Exception as error:
            print(ascii(error))
"""


def answer(words: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> bytes:
    """What Python prints in this environment."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    ).stdout


def reports(cwd: Path, environment: Mapping[str, str], *commands: Sequence[str]) -> list[Any]:
    """The JSON reports of commands that one process runs in this environment."""
    words = ["-c", COMMANDS, json.dumps(commands)]
    rest, found = answer(words, cwd, environment).decode("latin-1"), []
    for _ in commands:
        one, end = json.JSONDecoder().raw_decode(rest)
        found.append(one)
        rest = rest[end:].lstrip()
    return found


@pytest.fixture(scope="module", params=["ASCII", "ISO-8859-1"])
def locale(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The variables of a locale in which Python does not encode names as UTF-8."""
    found = dict(C)
    path = tmp_path_factory.mktemp("locales")
    if request.param != "ASCII":
        if shutil.which("localedef") is None:
            pytest.skip("no localedef to make a locale with")
        words = ["localedef", "-i", "de_DE", "-f", request.param, str(path / "de_DE")]
        if subprocess.run(words, capture_output=True, check=False).returncode > 1:
            pytest.skip("localedef has no sources of locales")
        found |= {"LC_ALL": "de_DE", "LOCPATH": str(path)}
    if answer(["-c", ENCODING], path, found).strip() == b"utf-8":
        pytest.skip("this Python always encodes names as UTF-8")
    return found


@NEEDS_GIT
def test_the_command_works_in_any_locale(tmp_path: Path, locale: dict[str, str]) -> None:
    made = repository(tmp_path / "made", sound(GOALS))
    sources = (("--source", source) for source in ("worktree", "index", "HEAD"))
    assert [one["findings"] for one in reports(made, locale, *sources)] == [[], [], []]
    before = (made / "goal_map.json").read_bytes()
    (made / "components/personas/grüßen.txt").unlink()
    found, fixed = reports(made, locale, (), ("--fix", "--yes", "--no-input"))
    (missing,) = found["findings"]
    name = r"$'components/personas/gr\303\274\303\237en.txt'"  # the same in every shell
    assert f"`git restore --worktree -- {name}`" in missing["hint"]
    assert [one["path"] for one in fixed["fixed"]] == ["components/personas/grüßen.txt"]
    assert (made / "goal_map.json").read_bytes() == before
    assert call("--strict", cwd=made).code == 0


def test_a_new_file_has_a_name_that_every_system_finds(
    tmp_path: Path, locale: dict[str, str]
) -> None:
    lay_out(tmp_path, {"goal_map.json": json.dumps({"GRÜSSEN": {"persona": "x.txt"}})})
    fix = ["--fix", "--yes", "--no-input", "--generator", "scaffold", "--format", "json"]
    found = answer(["-m", "jit_guard", *fix], tmp_path, locale).decode("latin-1")
    assert len(json.loads(found)["fixed"]) == 1
    assert b"autogen_persona_for_gr\xc3\xbcssen.txt" in os.listdir(
        os.fsencode(tmp_path / "components/personas")
    )
    assert "JG201" not in call(cwd=tmp_path).out


def test_the_streams_keep_the_encoding_of_the_terminal(
    tmp_path: Path, locale: dict[str, str]
) -> None:
    lay_out(tmp_path, {"goal_map.json": json.dumps({"A": {"persona": "grüßen.txt"}})})
    out = answer(["-m", "jit_guard"], tmp_path, locale)
    shown = rb"gr\xfc\xdfen.txt" if locale["LC_ALL"] == "C" else b"gr\xfc\xdfen.txt"
    assert shown in out
    assert b"\xc3" not in out


def test_a_program_gets_the_reason_instead_of_wrong_answers(
    tmp_path: Path, locale: dict[str, str]
) -> None:
    # Names in ASCII are the same in every encoding.
    plain = sound({"A": {"persona": "a.txt"}})
    projects = (sound(GOALS), plain, {**plain, "components/personas/grüßen.txt": TEXT})
    roots = [str(lay_out(tmp_path / f"{n}", files)) for n, files in enumerate(projects)]
    lines = answer(["-c", GUARD, *roots], tmp_path, locale).decode().splitlines()
    assert len(lines) == 9
    for line in lines[:3]:
        assert "goal_map.json cannot be read: it has names that are not ASCII" in line
        assert "set PYTHONUTF8=1" in line
    assert lines[3] == "()"
    assert "components/personas cannot be read" in lines[6]
