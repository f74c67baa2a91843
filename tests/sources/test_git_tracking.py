"""JG203 asks git for what entries name, wherever that is, and for nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from jit_guard.sources.git import index
from jit_guard.sources.memory import Link
from projects import HOST, MAP, TEXT, call, git, lay_out
from repositories import NEEDS_GIT, repository

pytestmark = NEEDS_GIT
# Beside the components directory, with a name that starts like its name.
BESIDE = "components-of-others/host.txt"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What git is asked to list, call by call."""
    calls: list[tuple[str, ...]] = []
    real = index._listing

    def listing(top: str, arguments: Sequence[str]) -> Iterator[str]:
        calls.append(tuple(arguments[arguments.index("--") + 1 :]))
        return real(top, arguments)

    monkeypatch.setattr(index, "_listing", listing)
    return calls


def untracked(root: Path) -> list[str]:
    report = call("--format", "json", cwd=root).report
    return [one["path"] for one in report["findings"] if one["code"] == "JG203"]


@pytest.mark.parametrize("below", ["", "agents/support"])
def test_one_call_lists_the_components_alone(
    tmp_path: Path, asked: list[tuple[str, ...]], below: str
) -> None:
    top = repository(tmp_path, {"elsewhere/x.txt": TEXT})
    root = lay_out(top / below, {"goal_map.json": MAP, "components/personas/host.txt": HOST})
    git(top, "add", ".")
    assert call("--strict", cwd=root).code == 0
    assert asked == [(f"{below}/components".lstrip("/"),)]


@pytest.mark.parametrize("below", ["", "agents/support"])
def test_components_in_the_root_are_listed_and_nothing_above_it(
    tmp_path: Path, asked: list[tuple[str, ...]], below: str
) -> None:
    top = repository(tmp_path, {"elsewhere/x.txt": TEXT})
    configured = 'components = "."\nignore = ["JG301"]\n'
    files = {"goal_map.json": MAP, "personas/host.txt": HOST, "jit-guard.toml": configured}
    root = lay_out(top / below, files)
    git(top, "add", ".")
    assert call("--strict", cwd=root).code == 0
    assert set(asked) == {(below or ".",)}
    git(top, "rm", "-q", "--cached", str(root / "personas/host.txt"))
    assert untracked(root) == ["personas/host.txt"]


def test_a_link_to_a_file_outside_the_components_directory_is_asked_for_there(
    tmp_path: Path, asked: list[tuple[str, ...]]
) -> None:
    link = {"goal_map.json": MAP, "components/personas/host.txt": Link(f"../../{BESIDE}")}
    root = repository(tmp_path, {**link, BESIDE: HOST, "elsewhere/x.txt": TEXT})
    assert call("--strict", cwd=root).code == 0
    assert asked == [("components", BESIDE.rpartition("/")[0])]
    git(root, "rm", "-q", "--cached", BESIDE)
    assert untracked(root) == [BESIDE]
