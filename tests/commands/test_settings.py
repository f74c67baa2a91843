"""`config`: every setting in force, as TOML, with where it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from jit_guard.config import KEYS
from jit_guard.project import load
from jit_guard.sources.memory import Memory
from projects import SOUND, call, lay_out

DEFAULTS = """\
maps = ["goal_map.json"]   # default
components = "components"  # default
# schema = none            # default
orphan-ignore = []         # default
select = ["JG"]            # default
ignore = []                # default
# baseline = none          # default
allow-empty = false        # default
plugins = []               # default
generator = "auto"         # default
# model = none             # default
jobs = 4                   # default
timeout = 120              # default
# prompt = none            # default
examples = 3               # default
# descriptions = none      # default
"""
GIVEN = r"""
maps = ["goal_map.json", "b \u001b.json"]
components = "parts"
schema = "s.json"
orphan-ignore = ["*.bak", "a\"b"]
select = ["JG2", "JG301"]
ignore = ["JG208"]
baseline = "b.jsonl"
allow-empty = true
generator = "command"
model = "cat-2"
jobs = 2
timeout = 15
prompt = "p.txt"
examples = 0
descriptions = "d.json"
types."a b".directory = "日本"
types.t.text = false
types.t.contract.headings = ["# A"]
types.t.contract.max-bytes = 9
prices."some/model" = {input = 0.25, output = 2.0}

[[registry]]
file = "r.json"
entries = "$.a[*]"
target = "x/{value}"
match.value = "[a-z]+"
required = true
"""


def test_the_defaults(tmp_path: Path) -> None:
    done = call("config", cwd=lay_out(tmp_path, SOUND))
    assert done == (0, f"# root: {tmp_path}\n{DEFAULTS}", "")
    assert set(KEYS) - {line.lstrip("# ").split(" ")[0] for line in DEFAULTS.splitlines()} == {
        "types",
        "prices",
        "registry",
    }


def test_every_setting_is_shown_with_its_origin_and_can_be_used_as_a_configuration(
    tmp_path: Path,
) -> None:
    root = lay_out(tmp_path, {"jit-guard.toml": GIVEN, "parts/ts/x": "x"})
    done = call("config", cwd=root)
    assert (done.code, done.err) == (0, "")
    first, *lines = done.out.splitlines()
    assert first == f"# root: {root}"
    assert [line for line in lines if not line.endswith("# jit-guard.toml")] == [
        line for line in lines if line.startswith("plugins")
    ]
    shown = {line.partition(" = ")[0].lstrip("# "): line for line in lines}
    for key, value in {
        'types."a b".directory': '"日本"',
        "types.t.text": "false",
        "types.t.contract.headings": '["# A"]',
        "types.t.contract.max-bytes": "9",
        'prices."some/model".input': "0.25",
        'prices."some/model".output': "2",
        "registry[1].file": '"r.json"',
        "registry[1].match": '{value = "[a-z]+"}',
        "registry[1].required": "true",
        "timeout": "15",
        "select": '["JG2", "JG301"]',
        "orphan-ignore": r'["*.bak", "a\"b"]',
    }.items():
        assert f" = {value} " in shown[key], key
    assert "\x1b" not in done.out
    # Without the lines of registries, which need a table each, the output is a configuration.
    rest = "\n".join(line for line in lines if not line.startswith("registry["))
    again = load(Memory({"jit-guard.toml": rest}).read).settings
    given = load(Memory({"jit-guard.toml": GIVEN.partition("\n[[")[0]}).read).settings
    assert again == given


@pytest.mark.parametrize("argv", [(), ("--color", "never")])
def test_flags_and_files_are_named_as_origins(tmp_path: Path, argv: tuple[str, ...]) -> None:
    root = lay_out(tmp_path / "p", {**SOUND, "pyproject.toml": "[tool.jit-guard]\njobs = 3\n"})
    lay_out(tmp_path, {"own.toml": "jobs = 5\n", "s.json": "{}"})
    lines = call("config", *argv, cwd=root).out.splitlines()
    assert "jobs = 3                   # pyproject.toml [tool.jit-guard]" in lines
    flags = ("--components", "components", "--config", "../own.toml", "--schemafile", "../s.json")
    lines = call("config", *argv, *flags, cwd=root).out.splitlines()
    assert 'components = "components"  # a flag' in lines
    assert any(line.startswith("jobs = 5 ") and line.endswith("own.toml") for line in lines)
    above = call("config", "--root", "p", *argv, cwd=tmp_path).out.splitlines()
    assert above[0] == f"# root: {root}"


def test_long_values_do_not_move_the_origins_of_the_others(tmp_path: Path) -> None:
    long = f"orphan-ignore = {['x' * 100]}\n"
    root = lay_out(tmp_path, {**SOUND, "jit-guard.toml": long})
    lines = call("config", cwd=root).out.splitlines()
    assert {line.index("# default") for line in lines if line.endswith("# default")} == {62}
    assert f"{long.strip()}  # jit-guard.toml".replace("'", '"') in lines


def test_origins_are_dim_with_colours(tmp_path: Path) -> None:
    done = call("config", "--color", "always", cwd=lay_out(tmp_path, SOUND))
    assert "jobs = 4                   \x1b[2m# default\x1b[0m\n" in done.out


@pytest.mark.parametrize("text", ["jobs = 0", "oops = 1", "jobs = ", "[tool.jit-guard]"])
def test_an_invalid_configuration_is_an_error_and_not_shown(tmp_path: Path, text: str) -> None:
    done = call("config", cwd=lay_out(tmp_path, {**SOUND, "jit-guard.toml": text}))
    assert (done.code, done.out) == (2, "")
    assert "jit-guard.toml" in done.err


def test_the_default_output_is_a_configuration(tmp_path: Path) -> None:
    root = lay_out(tmp_path, SOUND)
    (root / "jit-guard.toml").write_text(call("config", cwd=root).out)
    assert call(cwd=root).code == 0
    assert call("config", cwd=root).out.count("# jit-guard.toml") == DEFAULTS.count(" = ") - 5
