"""Heavy modules are imported only when used: never for a check or a scaffold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("openai", "tenacity", "pydantic", "httpx", "httpx2", "asyncio")


def imported_by(code: str, directory: Path) -> str:
    """Return the heavy modules that a fresh Python has imported after running the code."""
    tail = f"\nimport sys\nprint(*[one for one in {HEAVY!r} if one in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code + tail],
        cwd=directory,
        capture_output=True,
        text=True,
        check=True,
        env={"OPENAI_API_KEY": "sk-canary-0123456789", "PATH": ""},
    )
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "code",
    [
        "from jit_guard.guard import Guard\nassert Guard('.').check().ok",
        "from jit_guard.cli import main\nassert main(['check']) == 0",
        "from jit_guard.cli import main\nassert main(['explain']) == 0",
        "from jit_guard import plugins\nplugins.generator('openai')",
    ],
    ids=["Guard", "check", "explain", "the generator's record"],
)
def test_the_sdk_is_not_imported_by(code: str, project: Path) -> None:
    assert imported_by(code, project) == ""


def test_a_scaffold_does_not_import_the_sdk(project: Path) -> None:
    code = """
from jit_guard import plugins
from jit_guard.generators.generator import Options, Request
written = plugins.generator("scaffold").factory(Options("."))
written.write(Request("GOAL", "persona", "a.txt", "components/personas/a.txt", "Be kind."))
"""
    assert imported_by(code, project) == ""


def test_a_writer_does_not_import_the_sdk_before_the_first_text(project: Path) -> None:
    pytest.importorskip("openai", reason="the extra jit-guard[openai] is not installed")
    code = """
from jit_guard import plugins
from jit_guard.generators.generator import Options
made = plugins.generator("openai").factory(Options("."))
assert made.model and made.version
made.close()
"""
    assert set(imported_by(code, project).split()) <= {"asyncio"}


def test_without_the_extra_the_message_says_how_to_install_it(project: Path) -> None:
    code = """
import importlib.util, sys
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "openai" else found(name, *rest)
from jit_guard import plugins
from jit_guard.generators.generator import GeneratorUnusableError, Options
try:
    plugins.generator("openai").factory(Options("."))
except GeneratorUnusableError as error:
    assert "pip install 'jit-guard[openai]'" in str(error), error
else:
    raise AssertionError
"""
    assert set(imported_by(code, project).split()) <= {"asyncio"}
