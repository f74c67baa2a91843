"""Properties of every map, tree, configuration and call that hypothesis can generate."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from jit_guard.commands import COMMANDS
from jit_guard.registry import goal_map
from jit_guard.registry.goal_map import GoalMap, MapFault
from jit_guard.registry.positions import Positions, pointer
from jit_guard.registry.schema import Schema
from jit_guard.registry.strict_json import EncodingError, JsonError, decode, loads
from jit_guard.text import names
from jit_guard.text.printable import did_you_mean, printable, quiet_line, true_name
from projects import HOST, SOUND, call, lay_out, report_on

# --- maps and JSON -------------------------------------------------------------------------------

TEXTS = st.text(max_size=8) | st.sampled_from(
    ["", "$schema", "protocol", "persona", "host.txt", "a/b", "~", "\x1b", "日本", "\ud800", "::"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
# Mostly valid, so that both results occur.
MAPS: st.SearchStrategy[Any] = (
    st.dictionaries(TEXTS, st.dictionaries(TEXTS, st.text(min_size=1, max_size=6), max_size=3))
    | st.dictionaries(TEXTS, st.dictionaries(TEXTS, SCALARS, max_size=3) | SCALARS, max_size=3)
    | VALUES
)
PUBLISHED = Draft202012Validator(Schema.built_in().document)


def conforms(value: Any) -> bool:
    return goal_map.GoalMap("", "", value, repeats_keys=False).conforms


@given(MAPS)
@example({"$schema": "x"})
@example({"$schema": {}})
@example({"A": {}})
def test_the_fast_check_agrees_with_jsonschema_on_the_built_in_schema(value: Any) -> None:
    assert conforms(value) == PUBLISHED.is_valid(value)


@given(MAPS)
def test_exactly_the_maps_that_do_not_conform_have_a_violation(value: Any) -> None:
    assert bool(Schema.built_in().violations(value)) == (not conforms(value))


KEYS = st.sampled_from(["A", "B", '"', "\\", '\\"', "\n", "é", "$schema"])
MEMBERS = st.lists(st.tuples(KEYS, st.lists(st.tuples(KEYS, KEYS), max_size=3)), max_size=4)


@given(MEMBERS, st.booleans())
@example([("A", [("A", "B"), ("A", "\\")])], False)
def test_a_repeated_key_is_detected_by_counting(
    members: list[tuple[str, list[tuple[str, str]]]], ascii_only: bool
) -> None:
    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=ascii_only)

    def body(pairs: list[tuple[str, str]]) -> str:
        return "{" + ",".join(f"{quoted(key)}:{quoted(value)}" for key, value in pairs) + "}"

    text = "{" + ",".join(f"{quoted(goal)}:{body(parts)}" for goal, parts in members) + "}"
    read = goal_map.parse("m", text.encode())
    assert isinstance(read, GoalMap)
    assert (read.value, read.repeats_keys) == loads(text)


SPACE = st.text(" \t\r\n", max_size=3)


@st.composite
def json_texts(draw: st.DrawFn, depth: int = 3) -> str:
    """Generate JSON with repeated keys, unusual escapes and any whitespace, unlike `dumps`."""
    before, after = draw(SPACE), draw(SPACE)
    kind = draw(st.sampled_from(["scalar", "object", "array"] if depth else ["scalar"]))
    if kind == "scalar":
        return before + draw(SCALARS.map(json.dumps) | _strings()) + after
    inner = json_texts(depth=depth - 1)
    if kind == "array":
        return f"{before}[{','.join(draw(st.lists(inner, max_size=3))) or draw(SPACE)}]{after}"
    keys = st.sampled_from(['"a"', '"b"', r'"\u0061"', '""', '"a/~"']) | _strings()
    members = [
        f"{draw(SPACE)}{draw(keys)}{draw(SPACE)}:{draw(inner)}"
        for _ in range(draw(st.integers(0, 3)))
    ]
    return f"{before}{{{','.join(members) or draw(SPACE)}}}{after}"


@st.composite
def _strings(draw: st.DrawFn) -> str:
    """Generate a JSON string, with unnecessary escapes in some places."""
    written = "".join(
        json.dumps(one, ensure_ascii=_is_surrogate(one) or draw(st.booleans()))[1:-1]
        for one in draw(TEXTS)
    )
    return f'"{written}"'


def _is_surrogate(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"  # never unescaped in UTF-8


class Pairs(list[tuple[str, Any]]):
    """The members of an object in order, including repeated keys."""


@given(json_texts())
@example('{"a": {"a": 1, "a": [{}]}, "a": "]}"}')
def test_parsing_the_span_of_a_value_gives_that_value(text: str) -> None:
    positions = Positions(text)
    whole = json.loads(text, object_pairs_hook=Pairs)
    top = positions.top()
    assert text[slice(*top)] == text.strip(" \t\r\n")
    waiting = [(top, whole)]
    while waiting:
        span, value = waiting.pop()
        assert json.loads(text[slice(*span)], object_pairs_hook=Pairs) == value
        if isinstance(value, Pairs):
            members = positions.members(span)
            assert [member.key for member in members] == [key for key, _ in value]
            for member, (key, inner) in zip(members, value, strict=True):
                assert json.loads(text[slice(*member.key_span)]) == key
                waiting.append((member.value_span, inner))
        elif isinstance(value, list):
            waiting += zip(
                (member.value_span for member in positions.members(span)), value, strict=True
            )


@given(json_texts())
def test_every_path_of_the_parsed_value_is_found_at_its_position(text: str) -> None:
    positions = Positions(text)
    for keys, value in _paths(json.loads(text)):
        found = positions.find(keys)
        if found is None:
            assert keys == ()
        else:
            assert json.loads(text[slice(*found.value_span)]) == value


def _paths(value: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield keys, value
    members = value.items() if isinstance(value, dict) else ()
    for key, inner in members or enumerate(value if isinstance(value, list) else ()):
        yield from _paths(inner, (*keys, str(key)))


@given(st.text("ab\r\n日🎉", max_size=20), st.integers(0, 20))
def test_line_and_column_are_those_of_the_lines_of_the_text(text: str, offset: int) -> None:
    assume(offset <= len(text))
    line, column = Positions(text).line_column(offset)
    lines = text.split("\n")
    assert sum(len(one) + 1 for one in lines[: line - 1]) + column - 1 == offset


@given(st.lists(st.text("a~/01", max_size=4), max_size=3))
def test_a_pointer_can_be_split_again(keys: list[str]) -> None:
    parts = pointer(*keys).split("/")[1:]
    assert [part.replace("~1", "/").replace("~0", "~") for part in parts] == keys


@given(json_texts() | st.text('{}[]":, \n\\/ntu0aNfE<=>|x', max_size=30))
def test_json_is_parsed_as_by_json_and_anything_else_is_refused_with_a_position(text: str) -> None:
    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        expected: Any = json.loads(text, parse_constant=refuse)
    except ValueError:
        with pytest.raises(JsonError) as caught:
            loads(text)
        assert 0 <= caught.value.offset <= len(text)
        assert caught.value.reason
    else:
        assert loads(text)[0] == expected


@given(st.binary(max_size=40))
def test_bytes_are_decoded_or_refused_at_the_first_invalid_one(data: bytes) -> None:
    try:
        text = decode(data)
    except EncodingError as error:
        stopped = error.offset
    else:
        assert text.encode() == data
        return
    data[:stopped].decode()  # everything before it is valid
    if not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        with pytest.raises(UnicodeDecodeError) as caught:
            data.decode()
        assert caught.value.start == stopped


@given(st.binary(max_size=60) | json_texts().map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_a_map_or_a_fault_with_a_position_in_them(data: bytes) -> None:
    parsed = goal_map.parse("goal_map.json", data)
    if isinstance(parsed, MapFault):
        lines = data.decode("utf-8", "replace").split("\n")
        assert 1 <= parsed.line <= len(lines)
        assert 1 <= parsed.column <= len(lines[parsed.line - 1]) + 1
    else:
        assert isinstance(parsed, GoalMap)
        assert parsed.size == sum(1 for _ in parsed.entries())


# --- names ---------------------------------------------------------------------------------------

NAMES = st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=8) | st.sampled_from(
    ["aux", "AUX.txt", "com1", "a.", "a ", "x~", "README", "x.tmp", ".jit-guard-1", "é", "e\u0301"]
)
TREES = st.sets(NAMES, max_size=8)


@given(TREES)
def test_the_bulk_checks_never_overlook_a_name(found: set[str]) -> None:
    joined = "/".join(found)
    if any(map(names.unportable, found)):
        assert names.may_be_unportable(joined)
    if len(set(map(names.fold, found))) < len(found):
        assert not names.all_folded(joined)
    if any(names.never_counts(name) or names.temporary(name) for name in found):
        assert names.may_not_count(joined)


@given(st.lists(st.text("a./\\\0:~\udc80", min_size=1, max_size=5), min_size=1, max_size=4))
def test_the_bulk_check_never_overlooks_an_unsafe_filename(filenames: list[str]) -> None:
    if any(map(names.unsafe_filename, filenames)):
        assert names.may_be_unsafe("/".join(filenames))


@given(st.text(max_size=8))
def test_names_that_differ_only_in_case_or_normalization_fold_to_the_same_name(name: str) -> None:
    assert names.fold(name) == names.fold(unicodedata.normalize("NFD", name))
    assert names.fold(names.fold(name)) == names.fold(name)
    if name.isascii():
        assert names.fold(name.upper()) == names.fold(name)


@given(st.text("a./\\\0:~", max_size=8))
def test_a_filename_is_safe_exactly_if_it_is_its_own_normal_form(
    filename: str,
) -> None:
    assume(filename)
    parts = filename.split("/")
    plain = all(part not in ("", ".", "..") for part in parts)
    safe = plain and "\\" not in filename and "\0" not in filename
    if re.match("[A-Za-z]:/", filename):
        safe = False
    unsafe = names.unsafe_filename(filename)
    assert (unsafe is None) == safe
    if unsafe is not None and unsafe[1] is not None:
        assert names.unsafe_filename(unsafe[1]) is None


# --- map and tree --------------------------------------------------------------------------------

FEW = st.sampled_from(["a", "b", "c", "d/a", "d/e/b", "x.txt", "y~", "README", "w.tmp"])
GOALS = st.dictionaries(
    st.sampled_from("ABCD"), st.dictionaries(st.sampled_from("tuv"), FEW, max_size=3), max_size=4
)
PATHS = st.sets(st.tuples(st.sampled_from("tuv"), FEW).map(lambda one: f"{one[0]}s/{one[1]}"))
STRAYS = st.sets(st.sampled_from(["loose", "ws/a", "ts/d/z", "README.md", "us/.gitkeep"]))


def naive(goals: dict[str, dict[str, str]], tree: set[str]) -> tuple[list[str], list[str]]:
    """Return missing files (once per entry) and orphans, computed in the obvious way."""
    named = [f"{kind}s/{file}" for parts in goals.values() for kind, file in parts.items()]
    missing = [path for path in named if path not in tree]
    orphans = [
        path
        for path in tree
        if path not in named
        and not re.fullmatch(r"README(\..*)?|.*~|\.gitkeep|.*\.tmp", path.rpartition("/")[2])
    ]
    return sorted(missing), sorted(orphans)


@given(GOALS, PATHS, STRAYS)
def test_missing_and_orphans_are_those_of_the_naive_comparison(
    goals: dict[str, dict[str, str]], paths: set[str], strays: set[str]
) -> None:
    tree = {path for path in paths | strays if not any(o.startswith(f"{path}/") for o in paths)}
    files = {f"components/{path}": "x" for path in tree}
    report = report_on({**files, "goal_map.json": json.dumps(goals)}, allow_empty=True)
    missing, orphans = naive(goals, tree)

    def reported(code: str) -> list[str]:
        found = [one.path or "" for one in report.findings if one.code == code]
        return sorted(path.removeprefix("components/") for path in found)

    assert reported("JG201") == missing
    assert reported("JG301") == orphans
    assert {one.code for one in report.findings} <= {"JG201", "JG301", "JG303"}
    assert report.components == len(tree)


@given(GOALS, PATHS)
def test_two_maps_give_the_findings_of_the_merged_map(
    goals: dict[str, dict[str, str]], paths: set[str]
) -> None:
    files = {f"components/{path}": "x" for path in paths}
    halves = {
        "a.json": {goal: parts for goal, parts in goals.items() if goal < "C"},
        "b.json": {goal: parts for goal, parts in goals.items() if goal >= "C"},
    }
    texts = {path: json.dumps(half) for path, half in halves.items()}
    both = report_on({**files, **texts}, maps=tuple(texts), allow_empty=True)
    one = report_on({**files, "goal_map.json": json.dumps(goals)}, allow_empty=True)
    assert sorted((found.code, found.path or "") for found in both.findings) == sorted(
        (found.code, found.path or "") for found in one.findings
    )


@given(MAPS, st.sets(NAMES, max_size=5))
def test_any_map_over_any_tree_gives_a_report_in_a_stable_order(
    value: Any, found: set[str]
) -> None:
    files = {f"components/protocols/{name}": "x" for name in found}
    files["goal_map.json"] = json.dumps(value)
    report = report_on(files)
    assert report == report_on(dict(reversed(list(files.items()))))
    for finding in report.findings:
        assert (finding.line is None) == (finding.column is None)
        assert finding.line is None or finding.map is not None


# --- output --------------------------------------------------------------------------------------

ANY_TEXT = st.text(st.characters(), max_size=20)  # surrogates included
_BIDI = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


def controls(text: str) -> list[str]:
    return [
        one
        for one in text
        if unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp")
        or unicodedata.bidirectional(one) in _BIDI
    ]


@given(ANY_TEXT)
def test_printable_lets_no_control_character_through(text: str) -> None:
    shown = printable(text)
    assert controls(shown) == []
    assert printable(shown) == shown
    shown.encode()


@given(st.binary(max_size=20))
def test_any_file_name_can_be_printed(name: bytes) -> None:
    text = name.decode("utf-8", "surrogateescape")
    printable(text).encode()
    true_name(text).encode()
    assert json.loads(json.dumps(true_name(text))) == true_name(text)


LOUD = st.text(":#[vsoVSO ] \t\x1b[1m", max_size=16)


@given(LOUD)
def test_a_quiet_line_is_not_a_command(line: str) -> None:
    quiet = quiet_line(printable(line))
    assert not quiet.lstrip().startswith("::")
    assert "##[" not in quiet
    assert "##vso[" not in quiet.lower()
    assert quiet_line(quiet) == quiet


# --- the whole command ---------------------------------------------------------------------------

_OURS = re.compile(r"\x1b\[[\d;]*m")


def assert_handled(result: Any) -> None:
    """Assert exit code 0, 1 or 2, and no control characters except our own colours."""
    assert result.code in (0, 1, 2), result
    for stream in (result.out, result.err):
        assert controls(_OURS.sub("", stream).replace("\n", "")) == [], result
        for line in stream.split("\n"):
            assert not line.lstrip().startswith("::"), result


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_out(tmp_path_factory.mktemp("root"), SOUND)


def _put(root: Path, map_: bytes, configuration: bytes | None) -> None:
    (root / "goal_map.json").write_bytes(map_)
    path = root / "jit-guard.toml"
    path.unlink(missing_ok=True)
    if configuration is not None:
        path.write_bytes(configuration)


BYTES = (
    st.binary(max_size=80)
    | json_texts().map(lambda text: text.encode("utf-8", "replace"))
    | MAPS.map(lambda value: json.dumps(value).encode())
)


@given(BYTES)
def test_any_bytes_as_a_map_are_handled(root: Path, data: bytes) -> None:
    _put(root, data, None)
    assert_handled(call(cwd=root))
    assert_handled(call("--format", "json", cwd=root))


TOML_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=4,
)
KEYS = st.sampled_from(
    [
        "maps",
        "components",
        "schema",
        "orphan-ignore",
        "select",
        "ignore",
        "baseline",
        "allow-empty",
        "types",
        "jobs",
        "timeout",
        "prompt",
        "examples",
        "model",
        "generator",
        "prices",
        "descriptions",
    ]
)


def toml(value: Any) -> str:
    """Return a value as TOML; what TOML cannot express is replaced."""
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{toml(str(key))} = {toml(one)}" for key, one in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        text = value.encode("utf-8", "replace").decode()
        return json.dumps(text, ensure_ascii=False).replace("\x7f", r"\u007f")
    return str(value).lower()


SETTINGS = st.dictionaries(KEYS | TEXTS, TOML_VALUES | TEXTS.map(lambda one: [one]), max_size=4)


@given(
    SETTINGS.map(lambda table: "\n".join(f"{toml(k)} = {toml(v)}" for k, v in table.items()))
    | st.text(max_size=40)
    | st.binary(max_size=40)
)
def test_any_configuration_is_handled(root: Path, text: str | bytes) -> None:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    _put(root, json.dumps({"A": {"persona": "host.txt"}}).encode(), data)
    assert_handled(call(cwd=root))
    assert_handled(call("config", cwd=root))


# Only reading commands: those that write, prompt, pay or run programs have their own tests.
READING = sorted({"check", "explain", "config"} & COMMANDS.keys())
FLAGS = st.sampled_from(
    [
        "--map",
        "--select",
        "--ignore",
        "--strict",
        "--format",
        "-q",
        "-v",
        "--color",
        "--root",
        "--config",
        "--components",
        "--schemafile",
        "--help",
        "--version",
        "--",
        "-",
        "-x",
        "--x=y",
        "--baseline",
        "--source",
    ]
)
WORDS = st.sampled_from(
    [
        "goal_map.json",
        "components",
        ".",
        "..",
        "/",
        "JG2",
        "JG201",
        "text",
        "json",
        "always",
        "text=",
        "index",
        "commit",
        "HEAD",
        "worktree",
        "check",
        "explain",
    ]
) | st.sampled_from(["\0", "a\nb", "\udcff"])
ARGUMENTS = st.lists(FLAGS | WORDS | st.sampled_from(READING) | ANY_TEXT, max_size=5)


@given(ARGUMENTS)
@example(["--map", "a\0b"])
@example(["--components", "a\0b"])
@example(["--root", "\ud800"])
@example(["--components", "\ud800"])
@example(["explain", "\ud800"])
@example(["--select", ""])
def test_any_arguments_are_handled(root: Path, argv: list[str]) -> None:
    # Reports to files and commands that write are excluded.
    assume(not any("=" in word and word.startswith(("text", "json", "git")) for word in argv))
    assume(not argv or argv[0] in READING or argv[0] not in COMMANDS)
    assume(not any(word.startswith(("--fix", "--update")) for word in argv))
    _put(root, json.dumps({"A": {"persona": "host.txt"}}).encode(), None)
    assert_handled(call(*argv, cwd=root))
    assert (root / "components" / "personas" / "host.txt").read_text() == HOST


@given(st.text(max_size=10))
def test_a_suggestion_is_one_of_the_known_words(word: str) -> None:
    known = ["maps", "components", "ignore"]
    near = did_you_mean(word, known)
    assert near == "" or near in [f"; did you mean {one!r}?" for one in known]


def test_the_profiles_run_enough_examples() -> None:
    from hypothesis import settings

    assert settings().max_examples >= 50
    assert settings().deadline is None
