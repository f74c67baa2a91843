"""The map as tests: when they are collected, their names, and how they are selected."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jit_guard.pytest_plugin import pytest_configure
from projects import Content
from sessions import ALL_OF_TWO, OWN, TWO, collected, plant, run

INI = {"pytest.ini": "[pytest]\njit_guard = true\ntestpaths = tests\n"}
BROKEN = {**TWO, "goal_map.json": TWO["goal_map.json"].replace("host.txt", "gone.txt", 1)}
ELSEWHERE = {"maps/second.json": '{"BYE": {"persona": "host.txt"}}\n'}
BOTH = {"jit-guard.toml": 'maps = ["goal_map.json", "maps/second.json"]\n', **ELSEWHERE}
OURS = [f"goal_map.json::{name}" for name in ALL_OF_TWO]
MINE = "tests/test_own.py::test_own"


@pytest.mark.usefixtures("all_plugins")
def test_nothing_is_collected_or_imported_unless_enabled(
    pytester: pytest.Pytester,
) -> None:
    plant(pytester, TWO, OWN)
    assert collected(pytester) == [MINE]
    code = (
        "import sys, pytest; pytest.main(['-q', '-p', 'no:cacheprovider'])\n"
        "print(sorted(name for name in sys.modules if name.startswith('jit_guard')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=pytester.path,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.stdout.splitlines()[-1] == "['jit_guard', 'jit_guard.pytest_plugin']"


def test_the_flag_adds_a_test_for_the_schema_each_goal_and_the_orphans(
    pytester: pytest.Pytester,
) -> None:
    plant(pytester, TWO, OWN)
    assert collected(pytester, "--jit-guard") == [MINE, *OURS]
    result = run(pytester, "--jit-guard", "-p", "no:cacheprovider")
    assert result.exit_code == 0
    assert set(result.outcomes.values()) == {"passed"}


@pytest.mark.parametrize(
    "configuration",
    [
        {"pytest.ini": "[pytest]\njit_guard = true\n"},
        {"pytest.ini": "[pytest]\naddopts = --jit-guard\n"},
        {"pyproject.toml": "[tool.pytest.ini_options]\njit_guard = true\n", "pytest.ini": None},
    ],
    ids=["key", "addopts", "pyproject"],
)
def test_it_can_be_enabled_in_the_configuration(
    pytester: pytest.Pytester, configuration: dict[str, Content | None]
) -> None:
    plant(pytester, TWO, OWN)
    os.remove(pytester.path / "pytest.ini")
    plant_configuration = {key: text for key, text in configuration.items() if text is not None}
    for name, text in plant_configuration.items():
        (pytester.path / name).write_text(str(text))
    assert collected(pytester) == [MINE, *OURS]
    assert collected(pytester, "-o", "jit_guard=false", "-o", "addopts=") == [MINE]


@pytest.mark.parametrize(
    ("flag", "arguments", "added"),
    [
        (False, [], True),
        (False, ["tests"], True),
        (False, ["tests/test_own.py"], False),
        (False, ["tests/test_own.py::test_own"], False),
        (True, ["tests"], True),
        (True, ["tests/test_own.py"], True),
        (True, ["tests/test_own.py::test_own"], True),
    ],
)
def test_the_flag_always_collects_the_key_only_where_no_file_is_named(
    pytester: pytest.Pytester, flag: bool, arguments: list[str], added: bool
) -> None:
    plant(pytester, TWO, OWN, INI)
    found = collected(pytester, *arguments, *(["--jit-guard"] if flag else []))
    assert found == [MINE, *(OURS if added else [])]


@pytest.mark.parametrize("asked", ["--jit-guard", "-ojit_guard=true"])
@pytest.mark.parametrize("name", ALL_OF_TWO)
def test_a_node_id_selects_exactly_its_test(
    pytester: pytest.Pytester, asked: str, name: str
) -> None:
    plant(pytester, TWO, OWN, BOTH)
    assert collected(pytester, asked, f"goal_map.json::{name}") == [f"goal_map.json::{name}"]
    absolute = f"{pytester.path / 'goal_map.json'}::{name}"
    assert collected(pytester, asked, absolute, MINE) == [f"goal_map.json::{name}", MINE]


@pytest.mark.parametrize("asked", ["--jit-guard", "-ojit_guard=true"])
def test_a_named_map_is_collected_like_a_test_file(pytester: pytest.Pytester, asked: str) -> None:
    plant(pytester, TWO, OWN, BOTH)
    assert collected(pytester, asked, "goal_map.json") == OURS
    # How often pytest collects a test that is named twice depends on its version.
    everything = collected(pytester, asked, ".", "goal_map.json", "tests/test_own.py")
    assert set(everything) == {MINE, *OURS}
    assert {everything.count(one) for one in OURS} == {everything.count(MINE)}


def test_an_id_that_no_test_has_is_refused_as_pytest_does(pytester: pytest.Pytester) -> None:
    plant(pytester, TWO)
    result = pytester.runpytest_inprocess("--jit-guard", "goal_map.json::GONE")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*not found: *goal_map.json::GONE*"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-m", "jit_guard"], OURS),
        (["-m", "not jit_guard"], [MINE]),
        (["-k", "schema or PART"], [OURS[0], OURS[2]]),
        (["-k", "goal_map"], OURS),
        (["--deselect", OURS[1]], [MINE, OURS[0], *OURS[2:]]),
        (["--deselect", "goal_map.json"], [MINE]),
        (["--ignore", "goal_map.json"], [MINE]),
    ],
)
def test_pytests_own_selection_selects(
    pytester: pytest.Pytester, arguments: list[str], expected: list[str]
) -> None:
    plant(pytester, TWO, OWN)
    assert collected(pytester, "--jit-guard", *arguments) == expected


def test_a_goal_is_found_by_its_true_name(pytester: pytest.Pytester) -> None:
    plant(pytester, {"goal_map.json": '{"billing/refund [EU]": {"persona": "a"}, "B": {}}'})
    assert collected(pytester, "--jit-guard", "-k", "billing/refund") == [
        "goal_map.json::billing-refund-EU"
    ]


@pytest.mark.parametrize("rootdir", [".", "tests"])
def test_last_failed_failed_first_and_stepwise_recognize_the_tests(
    pytester: pytest.Pytester, rootdir: str
) -> None:
    failing = {"tests/test_own.py": "def test_own(): assert 0\n", "tests/test_more.py": ""}
    plant(pytester, BROKEN, failing, {"tests/test_fine.py": "def test_fine(): pass\n"})
    asked = ("--jit-guard", "--rootdir", rootdir)
    above = "" if rootdir == "." else "../"
    own = MINE if rootdir == "." else MINE.partition("/")[2]
    assert run(pytester, *asked).failed == [own, f"{above}goal_map.json::GREET"]
    assert list(run(pytester, *asked, "--lf").outcomes) == [own, f"{above}goal_map.json::GREET"]
    first = list(run(pytester, *asked, "--ff").outcomes)
    assert first[:2] == [own, f"{above}goal_map.json::GREET"]
    assert list(run(pytester, *asked, "--sw").outcomes)[-1] == own
    (pytester.path / "tests/test_own.py").write_text("def test_own(): pass\n")
    assert list(run(pytester, *asked, "--sw").outcomes)[-1] == f"{above}goal_map.json::GREET"
    (pytester.path / "components/personas/gone.txt").write_text("Here.\n")
    assert run(pytester, *asked, "--sw").exit_code == 0


def test_an_absent_map_is_recognized_as_well(pytester: pytest.Pytester) -> None:
    plant(pytester, {"tests/test_own.py": "def test_own(): assert 0\n", "jit-guard.toml": ""})
    both = [MINE, "goal_map.json::schema"]
    assert run(pytester, "--jit-guard").failed == both
    assert list(run(pytester, "--jit-guard", "--lf").outcomes) == both


@pytest.mark.parametrize("arguments", [["tests"], ["--rootdir", "tests"], ["-c", "tests/own.ini"]])
def test_maps_are_found_where_testpaths_and_rootdir_point_elsewhere(
    pytester: pytest.Pytester, arguments: list[str]
) -> None:
    plant(pytester, BROKEN, OWN, {"tests/own.ini": "[pytest]\n"})
    result = run(pytester, "--jit-guard", *arguments)
    assert [id_.rpartition("/")[2] for id_ in result.failed] == ["goal_map.json::GREET"]
    selected = run(
        pytester, "--jit-guard", *arguments[arguments == ["tests"] :], "goal_map.json::GREET"
    )
    assert selected.failed == result.failed


def test_a_map_above_the_root_directory_is_named_from_there(pytester: pytest.Pytester) -> None:
    plant(pytester, BROKEN, OWN, {"tests/pytest.ini": "[pytest]\n"})
    os.chdir(pytester.path / "tests")
    ids = ["test_own.py::test_own", *(f"../{one}" for one in OURS)]
    assert collected(pytester, "--jit-guard") == ids
    assert collected(pytester, "--jit-guard", "-c", "pytest.ini", ids[2]) == [ids[2]]


def test_every_map_has_its_tests_and_the_tree_is_tested_once(pytester: pytest.Pytester) -> None:
    plant(pytester, TWO, BOTH, {"components/personas/left.txt": "An orphan.\n"})
    second = ["maps/second.json::schema", "maps/second.json::BYE"]
    assert collected(pytester, "--jit-guard") == [*OURS, *second]
    assert run(pytester, "--jit-guard").failed == ["goal_map.json::orphans"]
    assert collected(pytester, "--jit-guard", second[1]) == [second[1]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('mpas = ["x.json"]\n', "unknown key 'mpas'; did you mean 'maps'?"),
        ('schema = "gone.json"\n', "schema: gone.json does not exist"),
        ('baseline = "gone.jsonl"\n', "baseline: gone.jsonl does not exist"),
        ('plugins = ["gone"]\n', "unknown plugin 'gone'"),
        ("maps = [\n", "invalid TOML"),
    ],
    ids=["key", "schema", "baseline", "plugin", "TOML"],
)
def test_a_broken_configuration_is_a_usage_error_that_names_the_key(
    pytester: pytest.Pytester, text: str, words: str
) -> None:
    plant(pytester, TWO, OWN, {"jit-guard.toml": text})
    result = pytester.runpytest_inprocess("--jit-guard")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: jit-guard: *{glob(words)}*"])
    result.stderr.no_fnmatch_line("*Traceback*")
    assert pytester.runpytest_inprocess().ret == 0
    assert pytester.runpytest_inprocess("--jit-guard", "--help").ret == 0


def glob(words: str) -> str:
    """A pattern that matches exactly these words."""
    return words.replace("[", "[[]").replace("?", "[?]")


def test_nothing_is_written(pytester: pytest.Pytester) -> None:
    plant(pytester, BROKEN, {"components/personas/.left.txt.jit-guard-1": "x"})
    before = _files(pytester.path)
    run(pytester, "--jit-guard", "-p", "no:cacheprovider")
    assert _files(pytester.path) == before


def _files(directory: Path) -> dict[str, bytes]:
    return {str(one): one.read_bytes() for one in directory.rglob("*") if one.is_file()}


def test_junit_files_name_the_map_and_hold_the_finding(pytester: pytest.Pytester) -> None:
    plant(pytester, BROKEN)
    run(pytester, "--jit-guard", "--junitxml", "report.xml", "-o", "junit_family=xunit1")
    result = (pytester.path / "report.xml").read_text()
    assert 'classname="goal_map.json" name="GREET" file="goal_map.json" line="1"' in result
    assert 'message="JG201 missing-component: components/personas/gone.txt' in result


def test_the_plugin_can_be_turned_off_by_its_name(pytester: pytest.Pytester) -> None:
    plant(pytester, TWO, OWN)
    assert collected(pytester, "-p", "no:jit-guard") == [MINE]


def test_the_marker_and_the_options_are_documented(pytester: pytest.Pytester) -> None:
    plant(pytester)
    pytester.runpytest_inprocess("--markers").stdout.fnmatch_lines(["@pytest.mark.jit_guard:*"])
    pytester.runpytest_inprocess("--help").stdout.fnmatch_lines(
        ["*--jit-guard *", "*jit_guard (bool)*"]
    )


@pytest.mark.usefixtures("all_plugins")
def test_a_program_may_import_the_package_before_it_starts_pytest(
    pytester: pytest.Pytester,
) -> None:
    # pytest does this for every module of an installed plugin.
    early = "import jit_guard, pytest\npytest.register_assert_rewrite('jit_guard')\n"
    plant(pytester, TWO, OWN, {"conftest.py": early})
    result = pytester.runpytest_subprocess("-W", "error", "--jit-guard", "-k", "schema")
    result.assert_outcomes(passed=1, deselected=4)


class Config:
    """What pytest gives a plugin that is enabled; it is also the manager of plugins."""

    def __init__(self) -> None:
        self.pluginmanager = self
        self.registered: list[str] = []

    def addinivalue_line(self, name: str, line: str) -> None:
        assert name == "markers"

    def getoption(self, name: str) -> bool:
        assert name == "jit_guard"
        return True

    def register(self, plugin: object, name: str) -> None:
        self.registered.append(name)


def test_pytest_8_is_new_enough_and_an_older_one_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for version, accepted in (((8, 0, 0), True), ((9, 2, 0), True), ((7, 4, 4), False)):
        config = Config()
        monkeypatch.setattr(pytest, "version_tuple", version)
        if accepted:
            pytest_configure(config)  # type: ignore[arg-type]
        else:
            with pytest.raises(pytest.UsageError, match=r"require pytest 8\.0 or newer"):
                pytest_configure(config)  # type: ignore[arg-type]
        assert config.registered == ["jit-guard-collection"] * accepted
