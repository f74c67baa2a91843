"""The command line as a user meets it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import jit_guard
from jit_guard.cli import COMMANDS
from projects import SOUND, TEXT, call, lay_out, run


def test_the_version_is_the_packages(tmp_path: Path) -> None:
    assert call("--version", cwd=tmp_path).out == f"jit-guard {jit_guard.__version__}\n"


def test_the_module_and_the_console_script_are_one_command(project: Path) -> None:
    script = Path(sys.executable).parent / "jit-guard"
    if not script.exists():
        pytest.skip("the console script is not installed beside this interpreter")
    done = subprocess.run(
        [script, "--format", "json"], cwd=project, capture_output=True, check=False
    )
    told = run("--format", "json", cwd=project)
    assert (done.returncode, done.stdout.decode()) == (told.code, told.out)


@pytest.mark.parametrize("argv", [(), ("check",)])
def test_a_bare_call_is_a_check(project: Path, argv: tuple[str, ...]) -> None:
    told = call(*argv, cwd=project)
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("nothing wrong in 1 entry, 1 component")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_a_help_that_says_what_it_does(tmp_path: Path, name: str) -> None:
    told = call(name, "--help", cwd=tmp_path)
    assert (told.code, told.err) == (0, "")
    assert "usage: jit-guard" in told.out
    assert "--help" in told.out


def test_the_help_lists_every_command(tmp_path: Path) -> None:
    told = call("--help", cwd=tmp_path)
    for name, summary in COMMANDS.items():
        assert f"{name} " in told.out
        assert summary in told.out


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("chekc",), "no command is called 'chekc'; did you mean 'check'?"),
        (("expalin", "JG201"), "did you mean 'explain'?"),
        (("zzz",), "no command is called 'zzz'"),
        (("",), "no command is called ''"),
        (("--nope",), "unrecognized arguments: --nope"),
        (("--col", "always"), "--col"),
        (("--map",), "expected one argument"),
        (("check", "goal_map.json"), "goal_map.json"),
        (("--format", "yaml"), "no format is called 'yaml'; there are text"),
        (("--format", "json="), "names no file"),
        (("--select", "JG9,XX"), "'JG9'"),
        (("--root", "nowhere"), "nowhere is not a directory"),
        (("--config", "nowhere"), "nowhere does not exist"),
        (("--map", "nowhere"), "nowhere is not there"),
        (("--schemafile", "nowhere"), "nowhere does not exist"),
        (("--components", ".."), "outside the root"),
    ],
)
def test_a_wrong_call_says_what_is_wrong_and_what_to_do(
    project: Path, argv: tuple[str, ...], words: str
) -> None:
    told = call(*argv, cwd=project)
    assert (told.code, told.out) == (2, "")
    assert words in told.err
    assert told.err.startswith("jit-guard: error: ")


def test_formats_may_be_several_and_go_to_files(project: Path) -> None:
    lay_out(project, {"components/x": TEXT})
    told = call(
        "--format", "text", "--format", "json=r.json", "--format", "text=r.txt", cwd=project
    )
    assert told.code == 1
    assert told.out.startswith("components/x: JG301")
    assert (project / "r.json").read_text().startswith('{\n  "version": 1,')
    assert (project / "r.txt").read_text().startswith("components/x: JG301")


def test_a_format_in_a_file_alone_leaves_standard_output_empty(project: Path) -> None:
    told = call("--format", "json=r.json", cwd=project)
    assert (told.code, told.out) == (0, "")


@pytest.mark.parametrize("path", ["no/such/folder/r.json", ".", "a\0b"])
def test_a_file_that_cannot_be_written_is_trouble_that_names_it(project: Path, path: str) -> None:
    told = call("--format", f"json={path}", cwd=project)
    assert told.code == 2
    assert told.err.startswith("jit-guard: error: ")
    assert path.replace("\0", "\\x00") in told.err


def test_quiet_is_quiet(project: Path) -> None:
    assert call("-q", cwd=project) == (0, "", "")


def test_verbose_tells_idle_patterns_and_a_traceback_of_trouble(project: Path) -> None:
    lay_out(project, {"jit-guard.toml": 'orphan-ignore = ["idle"]', "components/x": TEXT})
    assert "'idle' matches nothing" in call("-v", cwd=project).err
    assert "matches nothing" not in call(cwd=project).err
    assert "Traceback" in call("-v", "--map", "nowhere", cwd=project).err


def test_colours_on_demand(project: Path) -> None:
    assert "\x1b[" in call("--color", "always", cwd=project).out
    assert "\x1b[" not in call("--color", "never", cwd=project).out
    assert "\x1b[" not in call(cwd=project).out


def test_config_tells_every_setting_as_toml_with_where_it_comes_from(tmp_path: Path) -> None:
    try:
        import tomllib
    except ImportError:
        import tomli as tomllib  # type: ignore[no-redef,import-not-found,unused-ignore]
    root = lay_out(
        tmp_path,
        {
            **SOUND,
            "jit-guard.toml": 'ignore = ["JG208"]\n'
            'types."a b".directory = "日本"\ntypes.t.text = false\n'
            'prices."some/model" = {input = 0.25, output = 2.0}\n',
        },
    )
    told = call("config", "--components", "components", cwd=root)
    assert (told.code, told.err) == (0, "")
    table = tomllib.loads(told.out)
    assert table["ignore"] == ["JG208"]
    assert table["types"] == {"a b": {"directory": "日本"}, "t": {"text": False}}
    assert table["prices"] == {"some/model": {"input": 0.25, "output": 2.0}}
    lines = {line.partition(" = ")[0]: line for line in told.out.splitlines()}
    assert lines["maps"].endswith("# default")
    assert lines["ignore"].endswith("# jit-guard.toml")
    assert lines["components"].endswith("# a flag")


def test_what_config_prints_can_be_used_as_a_configuration(project: Path) -> None:
    printed = call("config", cwd=project).out
    (project / "jit-guard.toml").write_text(printed)
    told = call(cwd=project)
    assert (told.code, told.err) == (0, "")
