"""The commit for other programs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import commits
import jit_guard.commit as library
from documents import blocks
from jit_guard.commit import (
    Edit,
    MapChange,
    Move,
    Placement,
    RefusedIntentError,
    interrupted,
    recover,
)
from jit_guard.commit.replay import sha256_of

CHANGE = MapChange("pages.json", (Edit(("cart", "template"), "1.html", "2.html"),))
PLACEMENT = Placement("templates/2.html", b"two")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    (tmp_path / "pages.json").write_text('{"cart": {"template": "1.html"}}')
    return tmp_path


def test_the_example_of_the_page_works(tmp_path: Path) -> None:
    (example,) = blocks("commit-library.md")
    subprocess.run([sys.executable, "-c", example.text], cwd=tmp_path, check=True)
    assert (tmp_path / "shop/templates/cart-2.html").exists()


def test_every_public_name_exists_and_is_loaded_on_demand() -> None:
    for name in library.__all__:
        assert getattr(library, name).__name__ == name
    assert set(library.__all__) <= set(dir(library))
    with pytest.raises(AttributeError, match="nothing"):
        library.nothing  # noqa: B018
    code = "import sys, jit_guard.commit; print('jit_guard.commit.library' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert ran.stdout.decode().strip() == "False"


@pytest.mark.parametrize("steps", [0, 1, 2])
@pytest.mark.parametrize("abandon", [False, True])
def test_an_interrupted_commit_is_finished_or_undone(steps: int, abandon: bool, root: Path) -> None:
    commits.interrupt(str(root), [CHANGE], [PLACEMENT], steps)
    assert interrupted(str(root))
    recover(str(root), maps=["pages.json"], directories=["templates"], abandon=abandon)
    assert interrupted(str(root)) is None
    assert (root / PLACEMENT.path).exists() is not abandon
    assert ("2.html" in (root / "pages.json").read_text()) is not abandon


@pytest.mark.parametrize(
    ("maps", "directories"),
    [([], ["templates"]), (["pages.json"], []), (["pages.json"], ["template", "templates/2"])],
)
def test_an_intent_that_asks_for_more_is_refused(
    maps: list[str], directories: list[str], root: Path
) -> None:
    commits.interrupt(str(root), [CHANGE], [PLACEMENT], 0)
    with pytest.raises(RefusedIntentError):
        recover(str(root), maps=maps, directories=directories)
    assert "1.html" in (root / "pages.json").read_text()
    assert not (root / PLACEMENT.path).exists()


@pytest.mark.parametrize("abandon", [False, True])
@pytest.mark.parametrize("steps", [0, 1, 2])
def test_an_interrupted_rename_is_finished_or_undone(steps: int, abandon: bool, root: Path) -> None:
    (root / "templates/1.html").write_bytes(b"one")
    move = Move("templates/1.html", "templates/2.html")
    commits.interrupt(str(root), [CHANGE], [], steps, moves=[move])
    recover(
        str(root), maps=["pages.json"], directories=["templates"], abandon=abandon, may_move=True
    )
    assert [path.name for path in (root / "templates").iterdir()] == [f"{2 - abandon}.html"]
    assert (f"{2 - abandon}.html") in (root / "pages.json").read_text()


def test_a_rename_out_of_the_directories_is_refused(root: Path) -> None:
    (root / "secret.txt").write_bytes(b"mine")
    move = Move("secret.txt", "templates/2.html")
    commits.interrupt(str(root), [CHANGE], [], 0, moves=[move])
    with pytest.raises(RefusedIntentError, match=r"secret.txt, which is not below templates"):
        recover(str(root), maps=["pages.json"], directories=["templates"], may_move=True)
    assert (root / "secret.txt").exists()


def test_a_file_is_replaced_only_if_the_program_says_so(root: Path) -> None:
    (root / PLACEMENT.path).write_bytes(b"draft")
    draft = PLACEMENT._replace(replaces=sha256_of(b"draft"))
    commits.interrupt(str(root), [CHANGE], [draft], 0)
    with pytest.raises(RefusedIntentError):
        recover(str(root), maps=["pages.json"], directories=["templates"])
    done = recover(
        str(root), maps=["pages.json"], directories=[""], may_replace=lambda data: data == b"draft"
    )
    assert done.placed == (PLACEMENT.path,)
    assert (root / PLACEMENT.path).read_bytes() == b"two"
