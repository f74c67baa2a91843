"""The commit for other programs."""

from __future__ import annotations

import inspect
import os
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


SIGNATURES = {
    "Commit": "(changes=(), placed=(), left=(), kept=(), moved=(), notes=())",
    "Edit": "(keys, old, new)",
    "EditError": None,
    "Kept": "(path, data, reason)",
    "Left": "(path, keys, reason)",
    "LockedError": None,
    "MapChange": "(path, edits, syntax='json')",
    "Move": "(old, new)",
    "OccupiedError": None,
    "Placement": "(path, data, replaces=None, executable=False)",
    "Recovery": "(outcome, changes=(), placed=(), removed=(), left=(), kept=(), notes=(), "
    "moved=())",
    "RefusedIntentError": None,
    "TransactionError": None,
    "UnfinishedCommitError": None,
    "UnsafePathError": None,
    "commit": "(root, changes, placements, *, moves=(), timeout=60.0, keep=None)",
    "interrupted": "(root)",
    "recover": "(root, *, maps, directories, may_replace=None, may_move=False, abandon=False, "
    "timeout=60.0, keep=None)",
}


def test_names_parameters_and_fields_stay_as_they_are() -> None:
    """What a release may add to this table has a default; nothing is removed without a warning."""
    assert sorted(SIGNATURES) == library.__all__
    for name, expected in SIGNATURES.items():
        found = getattr(library, name)
        if expected is None:
            assert issubclass(found, library.TransactionError | library.EditError)
            continue
        signature = inspect.signature(found)
        plain = [one.replace(annotation=one.empty) for one in signature.parameters.values()]
        assert str(inspect.Signature(plain)) == expected, name


def test_an_entry_is_added_like_its_neighbours_and_none_is_replaced(root: Path) -> None:
    before = (root / "pages.json").read_text()
    added = Edit(("cart", "icon"), None, "cart.svg")
    library.commit(str(root), [MapChange("pages.json", (added,))], [])
    assert (root / "pages.json").read_text() == before.replace('"}', '", "icon": "cart.svg"}')
    for odd in (added, Edit(("cart", "a", "b"), None, "x"), Edit(("cart",), None, "x")):
        with pytest.raises(library.EditError, match=r"^pages.json: .*nothing was changed$"):
            library.commit(str(root), [MapChange("pages.json", (odd,))], [PLACEMENT])
    assert not (root / PLACEMENT.path).exists()


def test_a_new_file_is_executable_if_the_program_says_so(root: Path) -> None:
    script = PLACEMENT._replace(executable=True)
    library.commit(str(root), [], [script, Placement("templates/3.html", b"three")])
    assert os.access(root / script.path, os.X_OK)
    assert os.name == "nt" or not os.access(root / "templates/3.html", os.X_OK)


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


@pytest.mark.parametrize("there", [b"edited", b"two"])
def test_a_file_that_is_not_replaced_any_more_needs_no_permission(root: Path, there: bytes) -> None:
    """Another program has edited it, or the commit has replaced it already."""
    (root / PLACEMENT.path).write_bytes(b"draft")
    commits.interrupt(str(root), [CHANGE], [PLACEMENT._replace(replaces=sha256_of(b"draft"))], 1)
    (root / PLACEMENT.path).write_bytes(there)
    done = recover(str(root), maps=["pages.json"], directories=["templates"])
    assert (root / PLACEMENT.path).read_bytes() == there
    assert done.placed == ((PLACEMENT.path,) if there == b"two" else ())
