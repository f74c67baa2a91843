"""Start-up: a check imports nothing that it does not use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from projects import SOUND, TEXT, lay_out

HEAVY = {
    "argparse",
    "asyncio",
    "dataclasses",
    "difflib",
    "hypothesis",
    "importlib.metadata",
    "importlib.resources",
    "inspect",
    "jsonschema",
    "openai",
    "pathlib",
    "pathspec",
    "pluggy",
    "psycopg",
    "pytest",
    "referencing",
    "rich",
    "shutil",
    "sqlite3",
    "subprocess",
    "tempfile",
    "tenacity",
    "tomllib",
    "tomli",
    "typing",
    "urllib.request",
}
_LOADED = """
import sys
before = set(sys.modules)
from jit_guard.cli import main
code = main(sys.argv[1:])
import json
sys.stderr.write(json.dumps([code, sorted(set(sys.modules) - before)]))
"""


def loaded(root: Path, *argv: str, out: int = subprocess.DEVNULL) -> tuple[int, set[str]]:
    """The exit code, and the modules that were imported; `out` is standard output."""
    done = subprocess.run(
        [sys.executable, "-c", _LOADED, *argv],
        cwd=root,
        stdout=out,
        stderr=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm-256color", "FORCE_HYPERLINK": "1"},
        check=True,
        timeout=60,
    )
    code, names = json.loads(done.stderr)
    return code, set(names)


PLAIN = 'types.persona.directory = "personas"\njobs = 8\n'


@pytest.mark.parametrize(
    ("more", "most"),
    [({}, 35), ({"jit-guard.toml": PLAIN}, 36)],
    ids=["bare", "with a configuration of plain lines"],
)
def test_a_clean_check_imports_few_modules_of_jit_guard(
    tmp_path: Path, more: dict[str, str], most: int
) -> None:
    code, names = loaded(lay_out(tmp_path, {**SOUND, **more}))
    assert code == 0
    assert names & HEAVY == set()
    ours = {name for name in names if name.partition(".")[0] == "jit_guard"}
    most += os.name == "nt"  # the gate, where no handle of a directory follows no link
    assert len(ours) <= most, sorted(ours)
    assert not {
        name
        for name in ours
        if name.startswith(
            (
                "jit_guard.commit",
                "jit_guard.fixing",
                "jit_guard.generators",
                "jit_guard.ledger",
                "jit_guard.pytest_plugin",
                "jit_guard.rules",
                "jit_guard.sources.git",
            )
        )
    }


def test_a_clean_check_imports_no_more_for_a_terminal(tmp_path: Path) -> None:
    root = lay_out(tmp_path, SOUND)
    master, slave = pytest.importorskip("pty").openpty()
    try:
        assert loaded(root, out=slave) == loaded(root)
    finally:
        os.close(slave)
        os.close(master)


def test_options_import_argparse_and_nothing_else(tmp_path: Path) -> None:
    code, names = loaded(lay_out(tmp_path, SOUND), "--strict", "--format", "json")
    assert code == 0
    assert names & HEAVY <= {"argparse", "shutil"}
    assert "argparse" in names


def test_findings_import_no_schema_and_no_plugin(tmp_path: Path) -> None:
    code, names = loaded(lay_out(tmp_path, {**SOUND, "components/personas/x": TEXT}))
    assert code == 1
    assert not names & {"jsonschema", "referencing", "pluggy", "pathspec", "openai", "rich"}


@pytest.mark.parametrize(
    ("files", "module"),
    [
        ({"goal_map.json": "[]"}, "jsonschema"),
        ({**SOUND, "jit-guard.toml": 'orphan-ignore = ["x"]'}, "jit_guard.text.gitignore"),
    ],
)
def test_an_optional_module_is_imported_when_it_is_needed(
    tmp_path: Path, files: dict[str, str], module: str
) -> None:
    _, names = loaded(lay_out(tmp_path, files))
    assert module in names


def test_a_project_that_names_no_plugin_loads_none_even_with_findings(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {"goal_map.json": '{"A": {"t": 1}}', "components/ts/x": TEXT})
    _, names = loaded(root)
    assert not names & {"pluggy", "importlib.metadata", "jit_guard.plugins"}


def test_nothing_is_imported_from_the_working_directory(tmp_path: Path) -> None:
    trap = "raise SystemExit('imported from the working directory')"
    root = lay_out(
        tmp_path,
        {**SOUND, "json.py": trap, "jsonschema.py": trap, "jit_guard.py": trap}
        | {"jit-guard.toml": 'orphan-ignore = ["x"]', "goal_map.json": "[]"},
    )
    script = Path(sys.executable).parent / "jit-guard"
    if not script.exists():
        pytest.skip("the console script is not installed beside this interpreter")
    done = subprocess.run([script], cwd=root, capture_output=True, check=False, timeout=60)
    assert done.returncode == 1, done.stderr
    assert b"working directory" not in done.stderr
