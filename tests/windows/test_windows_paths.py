"""Drives, other machines, devices and long paths: what Windows takes for a path."""

from __future__ import annotations

import json
import ntpath
import os
import sys
from pathlib import Path

import pytest

from jit_guard import project
from jit_guard.commit.reasons import reason
from jit_guard.sources import repository
from jit_guard.sources.git import commands
from jit_guard.sources.git.parts import RepositoryPart
from jit_guard.text.names import unsafe_filename, unsafe_path
from projects import SOUND, call, git, lay_out

from .imitation import imitate_windows

native = pytest.mark.skipif(sys.platform != "win32", reason="paths of Windows")


@pytest.mark.parametrize(
    ("path", "relative"),
    [
        (r"C:\work\library\goal_map.json", "goal_map.json"),
        (r"c:\WORK\library\components\personas", "components/personas"),
        (r"C:/work/library", ""),
        (r"C:\work\library-2\goal_map.json", None),
        (r"D:\work\library\goal_map.json", None),
        (r"\\server\share\library\goal_map.json", None),
        (r"\\?\UNC\server\share\goal_map.json", None),
    ],
)
def test_a_path_on_another_drive_is_outside(
    path: str, relative: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "path", ntpath)
        patch.setattr(os, "sep", "\\")
        found = project.below(r"C:\work\library", path)
        shown = project.shown(path)
        below = repository.below(r"C:\work\library", path)
    assert found == relative
    assert relative is not None or below.startswith("..")
    assert "\\" not in shown


@pytest.mark.parametrize(
    "path", [r"\\server\share\x", r"..\x", r".git\config", r"C:\x", "C:x", "D:/x", r"a\b"]
)
def test_no_path_of_a_repository_leads_to_another_machine_or_drive(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To open `\\\\server` would send it the password of the user, hashed."""
    imitate_windows(monkeypatch, "text.names")
    assert unsafe_path(path) is not None
    assert unsafe_filename(path) is not None or path == "C:x"  # which JG208 reports


def test_a_command_for_a_shell_has_slashes(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "path", ntpath)
        patch.setattr(os, "sep", "\\")
        patch.setattr(os, "getcwd", lambda: r"C:\work")
        command = commands.command(r"C:\work\an agent", r"C:\work", ["add"], ["an agent/x.txt"])
        elsewhere = commands.shown(r"D:\elsewhere\x")
        part = RepositoryPart(r"C:\work\a\b", "", "a/b", []).root
    assert command == "git -C 'an agent' add -- x.txt"
    assert elsewhere == "D:/elsewhere/x"
    assert part == r"C:\work"


def test_no_path_below_a_directory_is_taken_for_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    r"""Windows makes `\\\\.\\nul` of a path that ends in `nul.txt`, wherever it is."""
    with monkeypatch.context() as patch:
        patch.setattr(os, "path", ntpath)
        patch.setattr(os, "sep", "\\")
        patch.setattr(ntpath, "relpath", None)
        found = [
            repository.below("C:\\", r"C:\x\nul.txt"),
            repository.below(r"C:\x", r"C:\x\nul.txt"),
            reason(r"C:\x", OSError(13, "Denied", r"C:\x\y\aux")),
            reason(r"C:\x", OSError(13, "Denied", r"C:\x-2\aux")),
        ]
    assert found == ["x/nul.txt", "nul.txt", "y/aux: denied", r"C:\x-2\aux: denied"]


@native
@pytest.mark.parametrize("option", ["--map", "--components", "--root", "--config", "--schemafile"])
@pytest.mark.parametrize("where", ["another drive", "another machine"])
def test_an_option_for_another_drive_is_refused_or_followed(
    option: str, where: str, tmp_path: Path
) -> None:
    root = lay_out(tmp_path / "project", SOUND)
    there = "Q:\\nowhere" if where == "another drive" else r"\\localhost\nowhere\x"
    done = call(option, there, cwd=root)
    assert done.code == 2
    assert done.err.startswith("jit-guard: error: ")
    assert "internal error" not in done.err


@native
def test_a_project_on_another_drive_is_checked(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", SOUND)
    elsewhere = next(
        f"{letter}:\\"
        for letter in "ZDEFGABC"
        if os.path.isdir(f"{letter}:\\") and not str(root).startswith(letter)
    )
    assert call("--root", str(root), cwd=elsewhere).code == 0
    (root / "components/personas/host.txt").unlink()
    done = call("--root", str(root), cwd=elsewhere)
    assert done.code == 1
    assert "JG201" in done.out
    assert call("--map", __file__, cwd=root).code == 2


@native
@pytest.mark.parametrize("name", ["con", "nul", "aux", "nul.json", r"..\x", r"\\localhost\x\y"])
@pytest.mark.parametrize("key", ["schema", "prompt", "baseline", "descriptions", "components"])
def test_a_configuration_that_names_a_device_or_another_machine(
    key: str, name: str, tmp_path: Path
) -> None:
    root = lay_out(tmp_path / "project", {**SOUND, "jit-guard.toml": f"{key} = '{name}'\n"})
    argv = ("--fix", "--dry-run") if key in ("prompt", "descriptions") else ()
    done = call(*argv, cwd=root)
    assert done.code in ((0, 1, 2) if argv else (1, 2))
    assert "internal error" not in done.err


@native
def test_an_entry_that_names_a_device_is_never_written(tmp_path: Path) -> None:
    entries = {"A": {"persona": "nul.txt"}, "B": {"persona": "aux"}, "C": {"persona": "a:b.txt"}}
    root = lay_out(tmp_path / "project", {"goal_map.json": json.dumps(entries)})
    before = call(cwd=root)
    assert before.code == 1
    assert before.out.count("JG208") == 3
    assert call("--fix", "--generator", "scaffold", "--yes", cwd=root).code == 1  # drafts
    assert sorted(os.listdir(root / "components/personas")) == [
        f"autogen_persona_for_{goal}.txt" for goal in "abc"
    ]


@native
def test_a_long_path_is_used_or_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    """Without LongPathsEnabled, Windows refuses paths of more than 260 characters."""
    deep = "/".join(["d" * 100] * 3)
    entries = json.dumps({"A": {"persona": f"{deep}/x.txt"}})
    root = lay_out(tmp_path / "project", {"goal_map.json": entries})
    done = call("--fix", "--generator", "scaffold", "--yes", cwd=root)
    assert done.code in (1, 2)
    assert "internal error" not in done.err
    assert call("recover", cwd=root).code == 0


@native
def test_names_are_looked_up_without_regard_to_case(tmp_path: Path) -> None:
    files = {**SOUND, "goal_map.json": '{"GREET": {"persona": "HOST.txt"}}'}
    root = lay_out(tmp_path / "project", files)
    assert os.path.exists(root / "components/personas/HOST.TXT")
    done = call("--format", "json", cwd=root)
    assert done.codes == ["JG202"]
    assert call("--fix", "--yes", cwd=root).code == 0
    assert json.loads((root / "goal_map.json").read_bytes())["GREET"]["persona"] == "host.txt"


@native
def test_a_checkout_with_line_ends_of_windows_keeps_them(tmp_path: Path) -> None:
    """`core.autocrlf`: maps, components and drafts have CRLF."""
    text = '{\n  "A": {"persona": "a.txt"},\n  "B": {"persona": "b.txt"}\n}\n'
    root = lay_out(tmp_path / "project", {"goal_map.json": text.replace("\n", "\r\n")})
    assert call("--fix", "--generator", "scaffold", "--yes", cwd=root).code == 1
    data = (root / "goal_map.json").read_bytes()
    assert data.count(b"\r\n") == data.count(b"\n") == 4
    (draft,) = (root / "components/personas").glob("*_a.txt")
    draft.write_bytes(draft.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert call("--format", "json", cwd=root).codes == ["JG501", "JG501"]  # still untouched


def test_a_checkout_with_core_autocrlf_is_the_same_project(tmp_path: Path) -> None:
    """Git converts at a checkout and an `add`, so the commits have other bytes than the disk."""
    entries = '{\n  "A": {"persona": "a.txt"},\n  "B": {"persona": "host.txt"}\n}\n'
    files = {"goal_map.json": entries, "components/personas/host.txt": "One line.\nAnother.\n"}
    root = lay_out(tmp_path / "project", files)
    git(root, "init", "-q", "-b", "main")
    call("--fix", "--generator", "scaffold", "--yes", cwd=root)
    data = (root / "goal_map.json").read_bytes()
    lay_out(root, {"goal_map.json": data.replace(b"host.txt", b"HOST.txt")})
    git(root, "config", "core.autocrlf", "true")
    git(root, "add", "goal_map.json", "components")
    git(root, "commit", "-q", "-m", "all")
    git(root, "rm", "-q", "-r", ".")
    git(root, "checkout", "-q", "HEAD", "--", ".")
    text = (root / "components/personas/host.txt").read_bytes()
    assert text == b"One line.\r\nAnother.\r\n"
    for source in ("worktree", "index", "HEAD"):
        assert call("--source", source, "--format", "json", cwd=root).codes == ["JG501", "JG202"]
    assert call("--fix", "--yes", "--generator", "scaffold", cwd=root).code == 1  # still a draft
    data = (root / "goal_map.json").read_bytes()
    assert data.count(b"\r\n") == data.count(b"\n") == 4
    changed = git(root, "diff", "--numstat").split()
    assert changed == ["1", "1", "goal_map.json"]
    assert call("--format", "json", cwd=root).codes == ["JG501"]
