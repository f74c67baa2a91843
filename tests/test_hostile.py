"""Hostile input: no map, tree, configuration or argument crashes the tool or controls its output.

For any input, the exit code is 0, 1 or 2, the tool does not hang, and no control character, escape
sequence or CI command reaches standard output or error raw.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from jit_guard.check import check
from jit_guard.config import Settings
from jit_guard.errors import UnreadableError
from jit_guard.formats import NAMES
from jit_guard.sources.answers import DirectoryListing
from jit_guard.sources.memory import Link, Memory, Other
from jit_guard.sources.source import Answers, Chunks
from projects import (
    IS_ROOT,
    MAP,
    SOUND,
    TEXT,
    Content,
    Files,
    Outcome,
    call,
    codes,
    command,
    lay_out,
    run,
    run_without_privileges,
    sound,
)
from sampling import sample

posix_only = pytest.mark.skipif(os.name == "nt", reason="files that only POSIX has")
any_byte = pytest.mark.skipif(sys.platform == "darwin", reason="APFS refuses such names")

# Each is used as a name, a value and an argument.
LOUD = {
    "escape": "\x1b[2J\x1b[31mx",
    "newline": "a\nb",
    "return": "a\rb",
    "forged": "x\njit-guard: error: forged",
    "forged finding": "x\ngoal_map.json:1:1: JG201 forged",
    "controls": "\x07a\x7f\x9b31m",
    "invisible": "a\u202eb\u2066x\u2069\u200b\U000e0001",
    "separators": "a\u2028b\u2029",
    "github": "::error::x",
    "github spaced": " ::error file=a::x",
    "github line": "x\n::error::x",
    "old github": "##[error]x",
    "azure": "##vso[task.complete result=Succeeded]x",
    "next line": "a\x85::error::x",
}
EACH_LOUD = pytest.mark.parametrize("loud", LOUD.values(), ids=LOUD.keys())
EACH_FORMAT = pytest.mark.parametrize("name", NAMES)

FORGED = ("goal_map.json:1:1: JG201 forged", "jit-guard: error: forged")
_RAW = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\U000e0000-\U000e007f]"
)


def assert_quiet(result: Outcome) -> None:
    """Check that the output cannot control a terminal, forge a line or command a CI runner."""
    assert result.code in (0, 1, 2), result
    for stream in (result.out, result.err):
        assert not _RAW.search(stream), repr(stream)
        assert "##[" not in stream
        assert "##vso[" not in stream
        for line in stream.split("\n"):
            text = line.removeprefix("jit-guard: ").removeprefix("error: ")
            assert not line.lstrip().startswith("::error::x"), line
            assert not text.startswith(FORGED), line
    for line in result.err.split("\n"):
        assert line == "" or line.startswith("jit-guard: "), line


def loud_project(root: Path, loud: str) -> Path:
    """Write a project with hostile goals, types, filenames, names in the tree, and values."""
    slashless = loud.replace("/", "-")
    goals = {
        loud: {"t": "gone", loud: "gone", "u": loud, "v": slashless},
        "A": {"t": f"sub/{loud}"},
    }
    return lay_out(
        root,
        {
            "goal_map.json": json.dumps(goals, ensure_ascii=False),
            f"components/ts/{slashless}": TEXT,
            f"components/{slashless}/x": TEXT,
            f"components/ts/{slashless}.tmp": TEXT,
            "components/vs/" + slashless: "",
        },
    )


# --- hostile names ------------------------------------------------------------------------------


@EACH_FORMAT
@EACH_LOUD
def test_names_in_map_and_tree_are_never_printed_raw(tmp_path: Path, loud: str, name: str) -> None:
    root = loud_project(tmp_path, loud)
    for color in ("always", "never"):
        result = call("--format", name, "--color", color, "-v", cwd=root)
        plain = re.sub(r"\x1b\[[\d;]*m", "", result.out) if color == "always" else result.out
        assert result.code == 1
        assert_quiet(result._replace(out=plain))


@EACH_LOUD
def test_a_format_written_to_a_file_is_escaped_as_well(tmp_path: Path, loud: str) -> None:
    root = loud_project(tmp_path / "p", loud)
    for name in NAMES:
        call("--format", f"{name}={tmp_path / 'report'}", cwd=root)
        text = (tmp_path / "report").read_bytes().decode()
        assert_quiet(Outcome(1, text, ""))


@EACH_LOUD
def test_a_first_column_cannot_be_a_runner_command(tmp_path: Path, loud: str) -> None:
    name = loud.replace("/", "-")
    root = lay_out(
        tmp_path,
        {"jit-guard.toml": 'components = "."', "goal_map.json": MAP, name: TEXT, f"{name}d/x": ""},
    )
    for format_name in NAMES:
        assert_quiet(call("--format", format_name, cwd=root))


@EACH_LOUD
def test_values_refused_by_the_schema_are_never_printed_raw(tmp_path: Path, loud: str) -> None:
    value = {loud: loud, "A": {loud: [loud]}, "B": {"": loud}}
    root = lay_out(tmp_path, {"goal_map.json": json.dumps(value, ensure_ascii=False)})
    result = call(cwd=root)
    assert result.code == 1
    assert_quiet(result)


@EACH_LOUD
def test_invalid_json_is_never_printed_raw(tmp_path: Path, loud: str) -> None:
    for text in (loud, f'{{"A": {loud}', f'{{"{loud}"', f'{{"A": "{loud}'):
        assert_quiet(call(cwd=lay_out(tmp_path, {"goal_map.json": text})))


@EACH_LOUD
def test_names_of_maps_and_roots_are_never_printed_raw(tmp_path: Path, loud: str) -> None:
    name = loud.replace("/", "-")
    root = lay_out(tmp_path / name, {**SOUND, name: '{"A": {"t": "gone"}}'})
    for argv in (
        ("--map", name),
        ("--map", name, "--format", "json"),
        ("--root", str(root), "--format", "json"),
        ("config",),
    ):
        result = call(*argv, cwd=root)
        assert_quiet(result)
        assert result.code < 2, result


@EACH_LOUD
def test_arguments_are_never_printed_raw(tmp_path: Path, loud: str) -> None:
    root = lay_out(tmp_path, SOUND)
    for argv in (
        (loud,),
        (f"--{loud}",),
        ("--map", loud),
        ("--root", loud),
        ("--config", loud),
        ("--schemafile", loud),
        ("--components", loud),
        ("--components", f"{loud}/x"),
        ("--baseline", loud),
        ("--select", loud),
        ("--ignore", loud),
        ("--format", loud),
        ("--format", f"json={loud}/x/y"),
        ("--color", loud),
        ("explain", loud),
        ("explain", "JG001", loud),
        ("init", loud),
        ("init", "--root", loud),
        ("config", "--root", loud),
    ):
        assert_quiet(call(*argv, cwd=root))


@EACH_LOUD
def test_configured_values_are_never_printed_raw(tmp_path: Path, loud: str) -> None:
    value = json.dumps(loud.encode("utf-16", "surrogatepass").decode("utf-16"), ensure_ascii=False)
    value = value.replace("\x7f", "\\u007f")
    for line in (
        f"{value} = 1",
        f"maps = [{value}]",
        f"maps = {value}",
        f"components = {value}",
        f"schema = {value}",
        f"baseline = {value}",
        f"orphan-ignore = [{value}]",
        f"orphan-ignore = {value}",
        f"select = [{value}]",
        f"allow-empty = {value}",
        f"types = {value}",
        f"types.{value} = 1",
        f"types.{value}.directory = {value}",
        f"types.{value}.directory = 1",
        f"types.{value}.{value} = 1",
        f"types.t.text = {value}",
        f"plugins = [{value}]",
        f"plugins = {value}",
        f"{loud} = = 1",
    ):
        root = lay_out(tmp_path, {**SOUND, "jit-guard.toml": line})
        for argv in ((), ("config",)):
            result = call(*argv, cwd=root)
            assert_quiet(result)


def test_a_custom_schema_is_never_printed_raw(tmp_path: Path) -> None:
    """Each valid schema starts a process, so one has all the texts, and others those of the day."""
    every = list(LOUD.values())
    schemas: list[Any] = [
        # Violated in two ways at once.
        {
            "allOf": [
                {"propertyNames": {"pattern": f"^{re.escape(x)}$"}, "required": [x]} for x in every
            ]
        }
    ]
    for loud in sample(every, 4):
        schemas += [{"$ref": loud}, {"type": loud}, {"propertyNames": {"pattern": f"({loud}"}}]
    for schema in schemas:
        root = lay_out(tmp_path, {**SOUND, "team.json": json.dumps(schema)})
        assert_quiet(call("--schemafile", "team.json", cwd=root))
    for loud in every:
        name = loud.replace("/", "-")
        root = lay_out(tmp_path, {**SOUND, name: "{"})
        assert_quiet(call("--schemafile", name, cwd=root))


@any_byte
@posix_only
@EACH_FORMAT
def test_names_may_contain_any_byte(tmp_path: Path, name: str) -> None:
    every = bytes(range(1, 256)).replace(b"/", b"")
    pieces = [os.fsdecode(every[start : start + 60]) for start in range(0, len(every), 60)]
    root = lay_out(tmp_path, {**SOUND, **{f"components/personas/{one}": TEXT for one in pieces}})
    result = run("--format", name, cwd=root)
    assert result.code == 1
    assert_quiet(result)
    if name == "text":
        assert r"\xff" in result.out
    if name == "json":
        assert r"\\xff" in result.out
        assert result.codes.count("JG301") == len(pieces)


@any_byte
@posix_only
def test_arguments_may_contain_any_byte(tmp_path: Path) -> None:
    root = lay_out(tmp_path, SOUND)
    for argv in ((b"\xff\x1b",), (b"--map", b"\xff"), (b"--root", b"\xff"), (b"explain", b"\xff")):
        result = run(*argv, cwd=root)
        assert result.code == 2
        assert_quiet(result)


def test_a_console_that_cannot_show_a_character_gets_an_escape(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {"goal_map.json": '{"日本🎉": {"é": "gone"}}'})
    result = run(cwd=root, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert result.code == 1
    assert r"\u65e5\u672c\U0001f389/\xe9" in result.out


# --- invalid maps -------------------------------------------------------------------------------

MAPS: dict[str, Content] = {
    "nothing": b"",
    "space": b" \n",
    "array bomb": b"[" * 100_000 + b"]" * 100_000,
    "object bomb": b'{"a":' * 100_000,
    "open bomb": b"[" * 1_000_000,
    "bomb in a goal": b'{"A": ' + b'{"x":' * 50_000 + b"1" + b"}" * 50_001,
    "long int": b'{"A": {"t": ' + b"9" * 5_000 + b"}}",
    "longer int": b'{"A": {"t": -' + b"9" * 200_000 + b"}}",
    "long float": b'{"A": {"t": 1e999999}}',
    "lone surrogates": rb'{"\ud800": {"\udfff": "\udc80"}}',
    "escaped NUL": rb'{"\u0000": {"a\u0000": "\u0000"}}',
    "raw NUL": b'{"A": {"t": "a\0b"}}',
    "only NUL": b"\0" * 1_000,
    "BOM": b"\xef\xbb\xbf{}",
    "UTF-16": MAP.encode("utf-16"),
    "UTF-16 without BOM": MAP.encode("utf-16-be"),
    "UTF-32": MAP.encode("utf-32"),
    "latin-1": '{"é": {"t": "f"}}'.encode("latin-1"),
    "long line": b'{"A": {"t": "' + b"x" * 500_000 + b'"}}',
    "long key": b'{"' + b"A" * 500_000 + b'": {"t": "gone"}}',
    "many errors": b'{"A": {' + b",".join(b'"%d": %d' % (n, n) for n in range(500)) + b"}}",
    "binary": bytes(range(256)) * 20,
    "constants": b'{"A": {"t": NaN}}',
    "conflict": b'{\n<<<<<<< HEAD\n"A": 1\n=======\n"A": 2\n>>>>>>> x\n}',
    "many backslashes": b'{"A": "' + b"\\\\" * 100_000 + b'"}',
    "unclosed with backslashes": b'{"A": "' + b"\\\\" * 100_000,
    "many quotes": b'"' * 100_001,
    "deep filename": b'{"A": {"t": "' + b"a/" * 5_000 + b'x"}}',
    "climbing": b'{"A": {"t": "' + b"../" * 5_000 + b'x"}}',
}


@pytest.mark.parametrize("data", MAPS.values(), ids=MAPS.keys())
def test_any_bytes_as_a_map_are_a_finding_and_not_a_crash(tmp_path: Path, data: bytes) -> None:
    root = lay_out(tmp_path, {"goal_map.json": data})
    result = run(cwd=root, timeout=30)  # a hang fails here
    assert result.code == 1, result
    assert_quiet(result)
    for name in NAMES:
        assert_quiet(call("--format", name, cwd=root))


@pytest.mark.parametrize("data", MAPS.values(), ids=MAPS.keys())
def test_any_bytes_as_a_schema_or_configuration_are_an_error(tmp_path: Path, data: bytes) -> None:
    root = lay_out(tmp_path, {**SOUND, "team.json": data, "team.toml": data})
    for argv in (("--schemafile", "team.json"), ("--config", "team.toml")):
        result = call(*argv, cwd=root)
        assert_quiet(result)


@posix_only
@pytest.mark.parametrize(
    "made",
    [
        {"goal_map.json/": ""},
        {"goal_map.json": Other("FIFO")},
        {"goal_map.json": Other("socket")},
        {"goal_map.json": Link("gone")},
        {"goal_map.json": Link("goal_map.json")},
        {"goal_map.json": Link("components")},
    ],
    ids=["directory", "FIFO", "socket", "broken", "loop", "link to a directory"],
)
def test_a_map_that_is_not_a_file_is_an_error_that_names_it(tmp_path: Path, made: Files) -> None:
    root = lay_out(tmp_path, {"components/personas/x": TEXT, **made})
    result = run("--format", "json", cwd=root, timeout=20)
    assert result.code == 2
    assert result.err.startswith("jit-guard: error: goal_map.json cannot be read: ")
    assert result.codes == []
    assert [one["code"] for one in result.report["skipped"]] == ["JG301"]


@posix_only
@pytest.mark.parametrize("flag", ["--config", "--schemafile", "--map", "--baseline", "--root"])
@pytest.mark.parametrize("name", ["directory", "pipe", "sock", "loop", "broken"])
def test_a_flag_that_does_not_name_a_file_is_an_error(tmp_path: Path, flag: str, name: str) -> None:
    root = lay_out(
        tmp_path,
        {
            **SOUND,
            "directory/": "",
            "pipe": Other("FIFO"),
            "sock": Other("socket"),
            "loop": Link("loop"),
            "broken": Link("gone"),
        },
    )
    result = run(flag, name, cwd=root, timeout=20)
    assert_quiet(result)
    if (flag, name) == ("--root", "directory"):
        assert result.code == 1  # a root without a map
    else:
        assert (result.code, name in result.err) == (2, True), result


@posix_only
@pytest.mark.parametrize("name", ["jit-guard.toml", "pyproject.toml"])
@pytest.mark.parametrize(
    "made", ["", Other("FIFO"), Link("gone")], ids=["directory", "FIFO", "broken"]
)
def test_a_configuration_that_is_not_a_file_is_an_error(
    tmp_path: Path, name: str, made: str
) -> None:
    root = lay_out(tmp_path, {**SOUND, name if made else f"{name}/": made})
    result = run(cwd=root, timeout=20)
    assert (result.code, name in result.err) == (2, True), result


# --- hostile trees -----------------------------------------------------------------------------


@posix_only
def test_fifos_sockets_and_device_links_are_reported_and_never_opened(
    tmp_path: Path,
) -> None:
    odd: dict[str, Content] = {
        "pipe": Other("FIFO"),
        "sock": Other("socket"),
        "zero": Link("/dev/zero"),
        "stdin": Link("/dev/stdin"),
        "loop": Link("loop"),
    }
    for where, expected in (
        ("personas", {"JG204": 3, "JG205": 2}),
        ("strays", {"JG201": 5, "JG301": 5}),
    ):
        root = lay_out(
            tmp_path / where,
            {
                "goal_map.json": json.dumps({name: {"persona": name} for name in odd}),
                **{f"components/{where}/{name}": made for name, made in odd.items()},
            },
        )
        result = run("--format", "json", cwd=root, timeout=20)
        assert {code: result.codes.count(code) for code in set(result.codes)} == expected
        assert result.code == 1


@posix_only
def test_links_to_the_root_outside_it_and_in_loops_are_not_followed(tmp_path: Path) -> None:
    lay_out(tmp_path / "outside", {"secret.txt": TEXT})
    root = lay_out(
        tmp_path / "p",
        {
            **SOUND,
            "components/root": Link(".."),
            "components/self": Link("."),
            "components/out": Link("../../outside"),
            "components/slash": Link("/"),
            "components/ping": Link("pong"),
            "components/pong": Link("ping"),
        },
    )
    result = run("--format", "json", cwd=root, timeout=20)
    assert result.codes == ["JG301"] * 6
    assert "secret" not in result.out


@posix_only
@pytest.mark.parametrize(
    ("made", "code", "words"),
    [
        ({"components": Link("../outside")}, 2, "points outside the project"),
        ({"components": Link("gone")}, 2, "broken link"),
        ({"components": Link("components")}, 2, "broken link"),
        ({"components": "x"}, 2, "not a directory"),
        ({"components": Other("FIFO")}, 2, "FIFO"),
        ({"components": Link("/")}, 2, "points outside the project"),
    ],
    ids=["outside", "broken", "loop", "file", "FIFO", "root of the system"],
)
def test_a_components_path_that_is_not_a_directory_is_an_error(
    tmp_path: Path, made: Files, code: int, words: str
) -> None:
    lay_out(tmp_path / "outside", {"personas/host.txt": TEXT})
    result = run(cwd=lay_out(tmp_path / "p", {"goal_map.json": MAP, **made}), timeout=20)
    assert (result.code, words in result.err) == (code, True), result


@posix_only
@pytest.mark.parametrize("name", ["d", "d" * 200, "目" * 66])
def test_a_tree_500_levels_deep_is_checked_like_a_shallow_one(tmp_path: Path, name: str) -> None:
    root = lay_out(tmp_path / "p", {"goal_map.json": ""})
    (root / "components" / "ts").mkdir(parents=True)
    inner = "/".join([name] * 500)
    handle = os.open(root / "components" / "ts", os.O_RDONLY)
    for _ in range(500):
        os.mkdir(name, dir_fd=handle)
        below = os.open(name, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = below
    for made in ("x.txt", "orphan.txt"):
        os.close(os.open(made, os.O_CREAT | os.O_WRONLY, dir_fd=handle))
    os.close(handle)
    (root / "goal_map.json").write_text(json.dumps({"A": {"t": f"{inner}/x.txt"}}))
    result = run("--format", "json", cwd=root, timeout=60)
    assert result.err == ""
    assert result.codes == ["JG206", "JG301"]
    assert result.report["findings"][1]["path"] == f"components/ts/{inner}/orphan.txt"
    subprocess.run(["rm", "-rf", root], check=True)  # deeper than rmtree supports on some systems


@posix_only
def test_wide_characters_do_not_hide_that_a_path_is_too_long(tmp_path: Path) -> None:
    # 30 levels of 60 characters are few characters, but more bytes than one call accepts.
    inner = "/".join(["目" * 60] * 30)
    root = lay_out(tmp_path, {"goal_map.json": json.dumps({"A": {"t": f"{inner}/x.txt"}})})
    (root / "components" / "ts").mkdir(parents=True)
    handle = os.open(root / "components" / "ts", os.O_RDONLY)
    for name in inner.split("/"):
        os.mkdir(name, dir_fd=handle)
        below = os.open(name, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = below
    os.close(os.open("x.txt", os.O_CREAT | os.O_WRONLY, dir_fd=handle))
    os.close(handle)
    result = run("--format", "json", cwd=root)
    assert (result.codes, result.err) == (["JG206"], "")
    subprocess.run(["rm", "-rf", root], check=True)


# --- unreadable paths ---------------------------------------------------------------------------


@posix_only
@pytest.mark.parametrize(
    ("locked", "expected", "skipped"),
    [
        ("components/us", ["JG201"], ["JG201"]),
        ("components/us/x", ["JG201"], []),
        ("components", [], ["JG201"]),
        ("goal_map.json", [], ["JG301"]),
    ],
)
def test_an_unreadable_path_is_an_error_and_the_rest_is_checked(
    open_directory: Path, locked: str, expected: list[str], skipped: list[str]
) -> None:
    root = lay_out(
        open_directory,
        {
            "goal_map.json": '{"A": {"t": "gone", "u": "x"}}',
            "components/us/x": TEXT,
            "components/ts/.gitkeep": "",
        },
    )
    (root / locked).chmod(0)
    result = run_without_privileges("--format", "json", cwd=root)
    assert result.code == 2
    assert result.err == f"jit-guard: error: {locked} cannot be read: permission denied\n"
    assert result.codes == expected
    assert sorted({one["code"] for one in result.report["skipped"]}) == skipped


@posix_only
@pytest.mark.parametrize("name", ["jit-guard.toml", "pyproject.toml", "team.json"])
def test_an_unreadable_configuration_is_an_error(open_directory: Path, name: str) -> None:
    root = lay_out(open_directory, {**SOUND, "jit-guard.toml": 'schema = "team.json"', name: "{}"})
    (root / name).chmod(0)
    result = run_without_privileges(cwd=root)
    assert result.code == 2
    assert f"{name} cannot be read: permission denied" in result.err


@posix_only
def test_a_directory_that_can_be_listed_but_not_entered_is_an_error(open_directory: Path) -> None:
    root = lay_out(open_directory, SOUND)
    (root / "components" / "personas").chmod(0o644)
    result = run_without_privileges("--format", "json", cwd=root)
    assert result.code == 2
    assert result.codes == []
    assert "components/personas/host.txt cannot be read: permission denied" in result.err


@posix_only
@pytest.mark.skipif(IS_ROOT is False, reason="needs two users")
def test_a_repository_of_another_user_is_an_error_and_the_rest_is_checked(
    open_directory: Path,
) -> None:
    root = lay_out(open_directory, {**sound({"A": {"t": "x"}}), "components/ts/orphan": TEXT})
    (root / "goal_map.json").write_text('{"A": {"t": "x", "u": "gone"}}')
    subprocess.run(["git", "init", "-q"], cwd=root, check=True, capture_output=True)
    result = run_without_privileges("--format", "json", cwd=root)
    assert result.code == 2
    assert result.codes == ["JG201"]
    assert "ownership" in result.err


# --- changes during the scan --------------------------------------------------------------------


class Changing(Memory):
    """A tree that changes while it is read."""

    def __init__(self, files: Files, vanishing: Iterable[str]) -> None:
        super().__init__(files)
        self._vanishing = frozenset(vanishing)

    def empty_files(self, directory: str, names: Iterable[str]) -> Answers[bool]:
        asked = list(names)
        gone = [name for name in asked if f"{directory}/{name}" in self._vanishing]
        yield from ((name, None) for name in gone)
        yield from super().empty_files(directory, [name for name in asked if name not in gone])

    def chunks(self, directory: str, names: Iterable[str]) -> Answers[Chunks]:
        for name, answer in super().chunks(directory, names):
            yield name, None if f"{directory}/{name}" in self._vanishing else answer


GOALS = {"A": {"t": "x", "u": "y"}, "B": {"t": "x"}}


@pytest.mark.parametrize("ignore", [(), ("JG207", "JG501")], ids=["read", "sizes only"])
def test_a_component_that_vanishes_during_the_scan_counts_as_missing(
    ignore: tuple[str, ...],
) -> None:
    source = Changing(sound(GOALS), ["components/ts/x"])
    report = check(source, Settings(ignore=ignore))
    assert codes(report.findings) == ["JG201", "JG201"]
    assert {one.path for one in report.findings} == {"components/ts/x"}
    assert report.components == 1
    assert report.unreadable == ()


def test_everything_may_vanish_during_the_scan() -> None:
    files = sound(GOALS)
    report = check(Changing(files, files), Settings())
    assert codes(report.findings) == ["JG201"] * 3


def test_a_directory_that_vanishes_during_the_scan_counts_as_missing() -> None:
    class Vanishing(Memory):
        def directory(self, path: str, *, sizes: bool = False) -> DirectoryListing | None:
            return None if path == "components/ts" else super().directory(path, sizes=sizes)

    report = check(Vanishing(sound(GOALS)), Settings())
    assert codes(report.findings) == ["JG201", "JG201"]


def test_a_file_that_appears_after_the_listing_is_not_seen_in_part() -> None:
    class Growing(Memory):
        def chunks(self, directory: str, names: Iterable[str]) -> Answers[Chunks]:
            here = super().directory(directory)
            assert here is not None
            answers = super().chunks(directory, list(names))
            self._contents[f"{directory}/new"] = b""
            self._directories[directory] = here._replace(files={*here.files, "new"})
            return answers

    assert check(Growing(sound(GOALS)), Settings()).findings == ()


def test_a_map_that_vanishes_counts_as_missing(tmp_path: Path) -> None:
    class Gone(Memory):
        def read(self, path: str) -> bytes | None:
            return None

    assert codes(check(Gone(sound(GOALS)), Settings()).findings)[0] == "JG004"


def test_an_io_error_at_any_call_is_an_error_and_never_a_wrong_finding() -> None:
    files = {**sound(GOALS), "components/ts/orphan": TEXT}

    class Failing(Memory):
        def __init__(self, at: int) -> None:
            super().__init__(files)
            self._left = at

        def _count(self, path: str) -> None:
            self._left -= 1
            if self._left == 0:
                raise UnreadableError(path, "input/output error")

        def read(self, path: str) -> bytes | None:
            if path == "goal_map.json":
                self._count(path)
            return super().read(path)

        def directory(self, path: str, *, sizes: bool = False) -> DirectoryListing | None:
            self._count(path)
            return super().directory(path, sizes=sizes)

        def ignored(self, paths: list[str]) -> set[str]:
            self._count(".git")
            return super().ignored(paths)

    right = {(one.code, one.path) for one in check(Memory(files), Settings()).findings}
    failures = 0
    for at in range(1, 20):
        report = check(Failing(at), Settings())
        result = {(one.code, one.path) for one in report.findings}
        assert result <= right, at
        failures += bool(report.unreadable)
        assert bool(report.unreadable) or result == right
    assert failures >= 5


# --- streams and signals ------------------------------------------------------------------------


@posix_only
@pytest.mark.parametrize("argv", [(), ("--format", "json"), ("explain",), ("--help",), ("config",)])
def test_a_reader_that_closes_early_is_not_an_error(tmp_path: Path, argv: tuple[str, ...]) -> None:
    goals = {f"G{number}": {"t": "gone"} for number in range(1_500)}
    root = lay_out(tmp_path, {"goal_map.json": json.dumps(goals)})
    with subprocess.Popen(
        command(*argv), cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        started.stdout.close()
        err = started.stderr.read()
        assert started.wait(30) in (0, 1)
    assert err == b""


@posix_only
@pytest.mark.parametrize(("missing", "code"), [(0, 0), (1, 1), (1_500, 1)])
def test_without_a_reader_exit_code_and_files_are_the_same(
    tmp_path: Path, missing: int, code: int
) -> None:
    goals = {"A": {"t": "x"}, **{f"G{number}": {"t": "gone"} for number in range(missing)}}
    root = lay_out(tmp_path, {"goal_map.json": json.dumps(goals), "components/ts/x": TEXT})
    read, write = os.pipe()
    os.close(read)
    try:
        formats = ("--format", "text", "--format", "json=report.json")
        done = subprocess.run(
            command(*formats), cwd=root, stdout=write, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (code, b"")
    report = json.loads((root / "report.json").read_bytes())
    assert report["summary"]["findings"] == missing


@posix_only
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("size", [1, 3_000])
def test_a_full_standard_output_is_reported_as_an_error(tmp_path: Path, size: int) -> None:
    goals = {f"G{number}": {"t": "gone"} for number in range(size)}
    root = lay_out(tmp_path, {"goal_map.json": json.dumps(goals)})
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command(), cwd=root, stdout=full, stderr=subprocess.PIPE, timeout=30, check=False
        )
    assert done.returncode == 2
    assert done.stderr.startswith(b"jit-guard: error: ")
    assert b"space" in done.stderr
    assert b"Exception" not in done.stderr


@posix_only
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_standard_error_changes_no_exit_code(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command("--nope"), cwd=tmp_path, stdout=full, stderr=full, timeout=30, check=False
        )
    assert done.returncode == 2


@posix_only
@pytest.mark.parametrize(
    ("closing", "argv", "code"),
    [
        (">&-", "", 1),
        ("2>&-", "", 1),
        (">&- 2>&-", "", 1),
        ("<&- >&- 2>&-", "", 1),
        (">&-", "--nope", 2),
        ("2>&-", "--nope", 2),
        (">&-", "--help", 0),
        (">&-", "--format json", 1),
    ],
)
def test_a_closed_stream_changes_no_exit_code(
    tmp_path: Path, closing: str, argv: str, code: int
) -> None:
    root = lay_out(tmp_path, {"goal_map.json": MAP})
    line = f'"{sys.executable}" -m jit_guard {argv} {closing}'
    done = subprocess.run(["sh", "-c", line], cwd=root, capture_output=True, check=False)
    assert done.returncode == code, done.stderr.decode()
    assert b"Traceback" not in done.stderr


@posix_only
@pytest.mark.parametrize("argv", [(), ("--root", "."), ("init",), ("config",)])
def test_a_removed_working_directory_is_reported_as_an_error(
    tmp_path: Path, argv: tuple[str, ...]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    line = f'rmdir "{gone}" && exec "$@"'
    done = subprocess.run(
        ["sh", "-c", line, "sh", *map(str, command(*argv))],
        cwd=gone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "working directory" in done.stderr


@posix_only
def test_an_interrupt_exits_with_130_and_no_output_although_nobody_reads(tmp_path: Path) -> None:
    goals = {f"G{number}": {"t": "gone"} for number in range(3_000)}
    root = lay_out(tmp_path, {"goal_map.json": json.dumps(goals)})
    with subprocess.Popen(
        command("--show-all"), cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as started:
        assert started.stdout is not None
        # The report is larger than a pipe buffer, so the process waits in the middle of it.
        assert started.stdout.read(1) == b"g"
        started.send_signal(signal.SIGINT)
        assert started.wait(timeout=30) == 130
        _, err = started.communicate()
    assert err == b""


def test_an_internal_error_is_one_message_with_how_to_report_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jit_guard import guard

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("\x1b[31mbroken\n::error::x")

    monkeypatch.setattr(guard, "check", broken)
    root = lay_out(tmp_path, SOUND)
    result = call(cwd=root)
    assert result.code == 3
    assert "Traceback" not in result.err
    assert "report it" in result.err
    assert_quiet(result._replace(code=2))
    verbose = call("-v", cwd=root)
    assert verbose.code == 3
    assert "Traceback" in verbose.err
    assert not _RAW.search(verbose.err)
    assert all(line.startswith("jit-guard: ") for line in verbose.err.splitlines())


def test_a_module_that_cannot_be_loaded_is_an_installation_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jit_guard.formats.text", None)
    result = call(cwd=lay_out(tmp_path, SOUND))
    assert result.code == 2
    assert "jit_guard.formats.text" in result.err
    assert "reinstall jit-guard" in result.err
    assert result.err.count("\n") == 1
    monkeypatch.setitem(
        sys.modules, "jit_guard.text.console", None
    )  # the error cannot be printed either
    assert call(cwd=tmp_path) == (2, "", "")
