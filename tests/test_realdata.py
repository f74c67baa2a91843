"""Real registries: a map, a listing of its tree, and the true answer.

`tests/data` holds small ones of our own; where a folder `../shared/realdata` stands beside the
repository, those of public projects are laid out and judged as well.
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
    path.parent for folder in (HERE / "data", SHARED) for path in folder.glob("*/expected.json")
)


def lay_out_listing(root: Path, registry: Path) -> Path:
    """Lay out `f PATH`, `l PATH TARGET` and `d PATH`; a path may be followed by a space."""
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
            full.hardlink_to(text)  # thousands of files, of which only the names matter
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


class Judged(NamedTuple):
    """What was told of a registry, what is true, and the lines of its map."""

    told: Outcome
    true: dict[str, Any]
    lines: list[str]


@pytest.fixture(scope="module", params=REGISTRIES, ids=lambda registry: registry.name)
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """A registry, laid out and judged once for all promises."""
    registry: Path = request.param
    root = lay_out_listing(tmp_path_factory.mktemp(registry.name), registry)
    return Judged(
        call("--format", "json", "--ignore", "JG208", cwd=root),
        json.loads((registry / "expected.json").read_text("utf-8")),
        (registry / "goal_map.json").read_bytes().decode().split("\n"),
    )


def paths(told: Outcome, code: str) -> list[str]:
    return sorted(one["path"] for one in told.report["findings"] if one["code"] == code)


def test_missing_and_orphans_are_the_true_ones(judged: Judged) -> None:
    # The registries' own rules know nothing of names that never count here.
    orphans = [one for one in judged.true["orphans"] if not never_counts(one.rpartition("/")[2])]
    assert paths(judged.told, "JG301") == sorted(orphans)
    assert set(paths(judged.told, "JG201")) == set(judged.true["missing"])
    assert judged.told.err == ""


def test_every_entry_that_misses_its_file_is_told_and_counted(judged: Judged) -> None:
    missing = [
        (one["goal"], one["component_type"], one["path"])
        for one in judged.told.report["findings"]
        if one["code"] == "JG201"
    ]
    assert sorted(missing) == sorted(map(tuple, judged.true["missing_entries"]))
    summary = judged.told.report["summary"]
    assert (summary["entries"], summary["components"]) == (
        judged.true["entries"],
        judged.true["files"],
    )


def test_nothing_else_is_told_but_what_the_registry_is_here_for(judged: Judged) -> None:
    others = set(judged.told.codes) - {"JG201", "JG301"}
    assert others == set(judged.true.get("other_codes", [])) or others <= {"JG002"}


def test_positions_point_at_the_value_that_is_meant(judged: Judged) -> None:
    for finding in judged.told.report["findings"]:
        if finding["code"] == "JG201":
            rest = judged.lines[finding["line"] - 1][finding["column"] - 1 :]
            value, _ = json.JSONDecoder().raw_decode(rest)
            assert finding["path"].endswith(f"/{value}")


def test_there_is_something_to_judge() -> None:
    assert len(list((HERE / "data").glob("*/expected.json"))) >= 3
