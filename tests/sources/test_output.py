"""Output files: whole, or as they were before; and where they may be."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jit_guard.errors import OutsideError
from jit_guard.sources.output import write
from projects import IS_ROOT, SOUND, at, call, lay_out, run_without_privileges


def failing() -> Iterator[str]:
    yield "the start of a report"
    raise RuntimeError("the report cannot be finished")


def names(directory: Path) -> list[str]:
    return sorted(os.listdir(directory))


@pytest.mark.parametrize("inside", [True, False])
def test_a_file_is_replaced_only_by_a_complete_one(tmp_path: Path, inside: bool) -> None:
    root = lay_out(tmp_path / "project", SOUND)
    directory = root if inside else tmp_path
    file = directory / "out.html"
    file.write_text("the last report")
    before = names(directory)
    with pytest.raises(RuntimeError):
        write(str(root), str(file), failing())
    assert file.read_text() == "the last report"
    assert names(directory) == before, "no temporary file is left"
    with pytest.raises(RuntimeError):
        write(str(root), str(directory / "new.html"), failing())
    assert names(directory) == before
    write(str(root), str(file), ["the next ", "report \udce9"])
    assert file.read_text() == "the next report \\udce9"
    assert names(directory) == before


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="needs Linux's shared memory")
def test_a_project_in_memory_has_files_like_others() -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        root = lay_out(Path(directory) / "project", SOUND)
        (root / "link").symlink_to("../elsewhere")
        with pytest.raises(OutsideError):
            write(directory + "/project", str(root / "link"), ["new"])
        with pytest.raises(RuntimeError):
            write(directory + "/project", str(root / "new"), failing())
        assert names(root) == ["components", "goal_map.json", "link"]


def test_a_reader_with_the_old_file_open_sees_all_of_it(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_text("old")
    with file.open() as reader:
        write(str(tmp_path), str(file), ["new"])
        assert reader.read() == "old"


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_the_mode_of_the_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_text("old")
    file.chmod(0o640)
    write(str(tmp_path), str(file), ["new"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_link_of_the_user_stays_a_link(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", SOUND)
    (tmp_path / "real").write_text("old")
    for link in (tmp_path / "link", root / "link"):
        link.symlink_to("real")
    (root / "real").write_text("old")
    for directory in (tmp_path, root):
        write(str(root), str(directory / "link"), ["new"])
        assert (directory / "link").is_symlink()
        assert (directory / "real").read_text() == "new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs")
def test_a_pipe_and_a_device_are_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        write(str(tmp_path / "elsewhere"), str(tmp_path / "pipe"), ["text"])
        assert os.read(reader, 100) == b"text"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    write(str(tmp_path), os.devnull, ["text"])
    assert not Path(os.devnull).is_file()


def test_a_planted_temporary_file_is_not_written_through(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", SOUND)
    (tmp_path / "victim").write_text("kept")
    (root / f".jit-guard-{os.getpid()}.tmp").symlink_to("../victim")
    write(str(root), str(root / "out"), ["text"])
    assert (tmp_path / "victim").read_text() == "kept"
    assert (root / "out").read_text() == "text"


def test_a_link_in_the_project_leads_nowhere_else(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", SOUND)
    (root / "out").symlink_to("../victim")
    with pytest.raises(OutsideError):
        write(str(root), str(root / "out"), ["text"])
    assert not (tmp_path / "victim").exists()


def test_a_mount_point_is_written_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    (tmp_path / "out").write_text("something longer than the new text")
    monkeypatch.setattr(os, "replace", busy)
    write(str(tmp_path), str(tmp_path / "out"), ["new"])
    assert (tmp_path / "out").read_text() == "new"
    assert names(tmp_path) == ["out"]


@pytest.mark.skipif(not IS_ROOT, reason="needs another user")
def test_a_file_in_a_directory_that_is_not_writable_is_written_in_place(
    open_directory: Path,
) -> None:
    root = lay_out(open_directory / "project", SOUND)
    (root / "out").write_text("old")
    (root / "out").chmod(0o666)
    asked = ("--format", "markdown=out", "--format", "markdown=new")
    outcome = run_without_privileges(*asked, cwd=root)
    assert (outcome.code, "new" in outcome.err) == (2, True)
    assert "nothing wrong" in (root / "out").read_text()


def test_errors_name_the_file(tmp_path: Path) -> None:
    root = lay_out(tmp_path, SOUND)
    outcome = call("--format", "html=no/such/out", cwd=root)
    assert (outcome.code, "no/such/out" in outcome.err) == (2, True)
    with at(tmp_path):
        write(".", "relative", ["text"])
    assert (tmp_path / "relative").read_text() == "text"
