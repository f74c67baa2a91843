"""A picture publishes no text of a file that only this machine has.

A pull request can name any file below the root, and make the components directory the root itself.
A CI job that publishes the picture must not publish what another step left there.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jit_guard.formats import NAMES
from projects import call, git, lay_out
from repositories import NEEDS_GIT, repository

SECRET = "a-credential-of-the-machine"
FILES = {
    "goal_map.json": json.dumps({"A": {"t": "made.txt", "u": "gone.txt"}}),
    "jit-guard.toml": 'components = "."\ntypes.t.directory = "."\ntypes.u.directory = "."\n',
    "made.txt": "A text that git has.\n",
}


@NEEDS_GIT
@pytest.mark.parametrize("name", ["gone.txt", "credentials.json", "sub/token"])
@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("flags", [(), ("--ignore", "JG2,JG3")], ids=["", "with few rules"])
def test_the_text_of_a_file_that_git_does_not_have_is_not_published(
    tmp_path: Path, name: str, ignored: bool, flags: tuple[str, ...]
) -> None:
    root = repository(tmp_path, {**FILES, ".gitignore": f"{name}\n" if ignored else ""})
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text(SECRET)
    outcome = call(*flags, "--format", "html", cwd=root)
    assert outcome.code in (0, 1)
    assert SECRET not in outcome.out
    assert "A text that git has." in outcome.out


@NEEDS_GIT
def test_no_text_is_published_if_git_cannot_say_which_files_it_has(tmp_path: Path) -> None:
    root = repository(tmp_path, FILES)
    (root / "gone.txt").write_text(SECRET)
    (root / ".git/index").write_bytes(b"no index")
    outcome = call("--format", "html", cwd=root)
    assert SECRET not in outcome.out
    assert "A text that git has." not in outcome.out
    assert "texts are not shown: " in outcome.out


@NEEDS_GIT
def test_a_directory_of_a_registry_shows_no_such_text(tmp_path: Path) -> None:
    table = '[[registry]]\nfile = "p.json"\nentries = "$[*]"\ntarget = "{value}/"\ntree = []\n'
    made = {"jit-guard.toml": table, "p.json": '["d"]', "d/x": "x"}
    root = repository(tmp_path, made)
    (root / "d/README").write_text(SECRET)
    assert SECRET not in call("--format", "html", cwd=root).out
    git(root, "add", "d/README")
    assert SECRET in call("--format", "html", cwd=root).out


@NEEDS_GIT
def test_the_text_is_shown_if_the_ledger_wrote_it(tmp_path: Path) -> None:
    root = repository(tmp_path, FILES)
    assert call("--fix", "--yes", "--generator", "scaffold", cwd=root).code == 1
    shown = call("--format", "html", cwd=root).out
    assert "autogen_u_for_a.txt" in shown
    assert "jit-guard:draft" in shown
    path = root / "autogen_u_for_a.txt"
    path.write_text(f"{path.read_text()}{SECRET}")
    assert SECRET not in call("--format", "html", cwd=root).out


def test_other_formats_show_no_text_at_all(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**FILES, "made.txt": SECRET})
    for name in NAMES:
        assert (SECRET in call("--format", name, cwd=root).out) == (name == "html")
