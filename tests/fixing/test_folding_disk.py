"""Check and fix on a disk that ignores case and normalization: macOS, imitated on Linux."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from unicodedata import normalize

import pytest

from commits import interrupt
from folding_disk import FoldingDisk
from jit_guard.commit.intent import MapChange
from jit_guard.commit.preparation import Placement
from jit_guard.registry.edit import Edit
from projects import call, lay_out

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="imitates macOS where names are bytes"
)
COMPOSED, DECOMPOSED = "café.txt", normalize("NFD", "café.txt")
FIX = ("--fix", "--yes", "--generator", "scaffold")


@pytest.fixture(params=["APFS", "HFS+"])
def disk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory on such a disk."""
    root = tmp_path / "project"
    root.mkdir()
    FoldingDisk(monkeypatch, root, decomposes=request.param == "HFS+")
    return root


def personas(root: Path, **entries: str) -> dict[str, str]:
    """Write a map with these personas, or return the personas of the map that is there."""
    if entries:
        goals = {goal: {"persona": name} for goal, name in entries.items()}
        lay_out(root, {"goal_map.json": json.dumps(goals, ensure_ascii=False)})
    read = json.loads((root / "goal_map.json").read_bytes())
    return {goal: parts["persona"] for goal, parts in read.items()}


def names(root: Path) -> list[str]:
    return sorted(os.listdir(root / "components/personas"))


def test_the_disk_is_as_it_should_be(disk: Path) -> None:
    os.close(os.open(disk / "Ä.txt", os.O_CREAT | os.O_WRONLY))
    assert os.path.exists(disk / normalize("NFD", "ä.TXT"))
    with pytest.raises(FileExistsError):
        os.link(disk / "Ä.txt", disk / "ä.txt")
    os.rename(disk / "Ä.txt", disk / "ä.txt")
    (name,) = os.listdir(disk)
    assert normalize("NFC", name) == "ä.txt"


def test_names_in_another_form_are_found_and_fixed(disk: Path) -> None:
    """As it is on disk is how the map gets it: so it is found on Linux, too."""
    personas(disk, A=COMPOSED, B="HOST.txt", C="right.txt")
    lay_out(disk, {f"components/personas/{name}": "x\n" for name in (DECOMPOSED, "host.txt")})
    lay_out(disk, {"components/personas/right.txt": "x\n"})
    done = call("--format", "json", cwd=disk)
    assert (done.code, done.codes) == (1, ["JG202", "JG202"])
    assert call("--fix", "--yes", cwd=disk).code == 0
    assert personas(disk) == {"A": DECOMPOSED, "B": "host.txt", "C": "right.txt"}
    assert names(disk) == sorted([DECOMPOSED, "host.txt", "right.txt"])
    assert call("--strict", cwd=disk).code == 0


def test_a_new_component_never_replaces_one_with_another_spelling(disk: Path) -> None:
    text = "Somebody wrote this.\n"
    taken = "components/personas/Autogen_persona_for_A.txt"
    personas(disk, A="a.txt", É="é.txt")
    lay_out(disk, {taken: text})
    done = call(*FIX, cwd=disk)
    assert done.code in (1, 2), done
    assert "internal error" not in done.err
    assert (disk / taken).read_text() == text
    again = call(*FIX, "--format", "json", cwd=disk)
    assert set(again.codes) <= {"JG301", "JG501"}, again
    assert len(names(disk)) == 3, names(disk)
    assert taken.rpartition("/")[2] in names(disk)


def test_a_component_changes_its_case_only(disk: Path) -> None:
    there = "components/personas"
    personas(disk, A="host.txt", B=DECOMPOSED)
    lay_out(disk, {f"{there}/host.txt": "x\n", f"{there}/{DECOMPOSED}": "y\n"})
    for old, new in (("host.txt", "Host.txt"), (DECOMPOSED, "CAFÉ.txt")):
        assert call("mv", f"{there}/{old}", f"{there}/{new}", cwd=disk).code == 0
    call("--fix", "--yes", cwd=disk)  # HFS+ has decomposed the name
    assert [normalize("NFC", name) for name in names(disk)] == ["CAFÉ.txt", "Host.txt"]
    assert call("--strict", cwd=disk).code == 0


@pytest.mark.parametrize("steps", [None, 0, 1, 2])
def test_an_interrupted_commit_is_recovered(disk: Path, steps: int | None) -> None:
    personas(disk, A="old.txt")
    change = MapChange("goal_map.json", (Edit(("A", "persona"), "old.txt", COMPOSED),))
    new = Placement(f"components/personas/{COMPOSED}", b"text\n")
    interrupt(str(disk), [change], [new], steps)
    assert call("recover", cwd=disk).code == 0
    if steps is None:
        assert personas(disk) == {"A": "old.txt"}
        return
    assert call("--fix", "--yes", "--strict", cwd=disk).code == 0
    assert [normalize("NFC", name) for name in names(disk)] == [COMPOSED]
    assert sorted(os.listdir(disk)) == [".jit-guard", "components", "goal_map.json"]
