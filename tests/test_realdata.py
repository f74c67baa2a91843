"""Real registries: a map, a listing of its tree, and the expected result.

`tests/data` contains small ones. If there is a directory `../shared/realdata` next to the
repository, the registries of public projects in it are checked as well.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from jit_guard.text.names import never_counts
from projects import Outcome, call

HERE = Path(__file__).parent
SHARED = HERE.parent.parent / "shared" / "realdata"
REGISTRIES = sorted(
    path.parent
    for directory in (HERE / "data", SHARED)
    for path in directory.glob("*/expected.json")
)


def lay_out_listing(root: Path, registry: Path) -> Path:
    """Create the files, links and directories of a listing: `f PATH`, `l PATH TARGET`, `d PATH`."""
    text = root / "text"
    text.write_bytes(b"x\n")
    made = set()
    for line in (registry / "tree.txt").read_text("utf-8").splitlines():
        kind, _, rest = line.partition(" ")
        path, _, target = rest.rstrip(" ").partition(" ") if kind == "l" else (rest, "", "")
        full = root / path.rstrip(" ")
        if full.parent not in made:
            full.parent.mkdir(parents=True, exist_ok=True)
            made.add(full.parent)
        if kind == "f":
            full.hardlink_to(text)  # thousands of files, whose contents do not matter
        elif kind == "l":
            full.symlink_to(target)
        else:
            assert kind == "d", line
            full.mkdir(exist_ok=True)
    (root / "goal_map.json").write_bytes((registry / "goal_map.json").read_bytes())
    configuration = registry / "jit-guard.toml"
    if configuration.exists():
        (root / "jit-guard.toml").write_bytes(configuration.read_bytes())
    return root


class Registry(NamedTuple):
    """The result for a registry, the expected one, and the lines of its map."""

    result: Outcome
    expected: dict[str, Any]
    lines: list[str]


@pytest.fixture(scope="module", params=REGISTRIES, ids=lambda registry: registry.name)
def checked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Lay out a registry and check it, once for all tests."""
    registry: Path = request.param
    root = lay_out_listing(tmp_path_factory.mktemp(registry.name), registry)
    return Registry(
        call("--format", "json", "--ignore", "JG208", cwd=root),
        json.loads((registry / "expected.json").read_text("utf-8")),
        (registry / "goal_map.json").read_bytes().decode().split("\n"),
    )


def paths(result: Outcome, code: str) -> list[str]:
    return sorted(one["path"] for one in result.report["findings"] if one["code"] == code)


def test_missing_files_and_orphans_are_the_expected_ones(checked: Registry) -> None:
    # The registries' own rules do not know names that are never orphans here.
    orphans = [
        one for one in checked.expected["orphans"] if not never_counts(one.rpartition("/")[2])
    ]
    assert paths(checked.result, "JG301") == sorted(orphans)
    assert set(paths(checked.result, "JG201")) == set(checked.expected["missing"])
    assert checked.result.err == ""


def test_every_entry_with_a_missing_file_is_reported_and_counted(checked: Registry) -> None:
    missing = [
        (one["goal"], one["component_type"], one["path"])
        for one in checked.result.report["findings"]
        if one["code"] == "JG201"
    ]
    assert sorted(missing) == sorted(map(tuple, checked.expected["missing_entries"]))
    summary = checked.result.report["summary"]
    assert (summary["entries"], summary["components"]) == (
        checked.expected["entries"],
        checked.expected["files"],
    )


def test_only_the_expected_other_rules_fire(checked: Registry) -> None:
    others = set(checked.result.codes) - {"JG201", "JG301"}
    assert others == set(checked.expected.get("other_codes", [])) or others <= {"JG002"}


def test_positions_point_at_the_right_value(checked: Registry) -> None:
    for finding in checked.result.report["findings"]:
        if finding["code"] == "JG201":
            rest = checked.lines[finding["line"] - 1][finding["column"] - 1 :]
            value, _ = json.JSONDecoder().raw_decode(rest)
            assert finding["path"].endswith(f"/{value}")


def test_there_are_registries_to_check() -> None:
    assert len(list((HERE / "data").glob("*/expected.json"))) >= 3
