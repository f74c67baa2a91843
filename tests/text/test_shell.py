"""Commands in hints: exact for every name, and no name can forge one."""

from __future__ import annotations

import re
import subprocess
from json import dumps

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_guard.config import toml_string
from jit_guard.text.shell import no_command, quoted
from projects import found
from reports import HOSTILE

_NAMES = [name for name in HOSTILE if len(name) < 200 and "/" not in name]
# The programs that our hints may ask a user to run.
_COMMANDS = re.compile(
    r"jit-guard( (--fix|init|prune|recover))?( --generator openai)?"
    r"|(mkdir -p -- .+ && )?(mv|rm|git add) -- .+"
)


def _shell(words: str) -> list[bytes]:
    """Return the words as a shell parses them."""
    done = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {words}"], capture_output=True, check=True
    )
    return done.stdout.split(b"\0")[:-1]


@pytest.mark.parametrize("name", [*HOSTILE[:-1], "it's", "$(whoami)", "-rf", "", "*", "~"])
def test_a_word_reaches_the_program_byte_by_byte(name: str) -> None:
    assert _shell(quoted(name)) == [name.encode("utf-8", "surrogateescape")]


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_no_word_contains_a_backtick_or_a_newline(name: str) -> None:
    assert "`" not in quoted(name)
    assert quoted(name).isprintable()


@pytest.mark.parametrize("name", _NAMES)
def test_a_hint_contains_only_our_commands_for_any_name(name: str) -> None:
    goals = f'{{"A": {{"persona": {dumps(name + "1.txt")}, {dumps(name)}: "x.txt"}}}}'
    files: dict[str, str | bytes] = {
        "goal_map.json": goals,
        f"components/personas/{name}_1.txt": "text",
        f"components/{name}ss/x.txt": "text",
        f"components/personas/{name}.tmp": "text",
        f"components/personas/{name}.bin": b"\xff",
    }
    hints = [finding.hint for finding in found(files) if finding.hint]
    assert hints
    for hint in hints:
        framed = re.findall(r"`(.*?)`", hint)
        assert hint.count("`") == 2 * len(framed), hint
        assert all(_COMMANDS.fullmatch(command) for command in framed), hint


def test_a_name_in_prose_loses_only_its_backticks() -> None:
    assert no_command("a`b`c") == r"a\x60b\x60c"


def test_a_toml_string_has_no_backtick_and_means_the_same() -> None:
    tomllib = pytest.importorskip("tomllib")
    assert "`" not in toml_string("a`b")
    assert tomllib.loads(f"x = {toml_string('a`b')}") == {"x": "a`b"}
