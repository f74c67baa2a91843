"""Files and directories on disk: what is opened, created and refused, and in which words."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from jit_guard.errors import OutsideError, UnreadableError
from jit_guard.sources import disk, output, worktree
from jit_guard.sources.converted import refusal
from jit_guard.sources.gate import target
from jit_guard.sources.memory import Link, Memory, Other
from jit_guard.sources.output import write
from jit_guard.sources.tree import Tree
from jit_guard.sources.worktree import Worktree, create
from projects import git, lay_out

LONG = "a" * 300  # too long a name, which is an error for the superuser as well
BY_HANDLE = pytest.mark.skipif(sys.platform == "win32", reason="Windows opens no directory")


def test_names_that_this_python_would_encode_otherwise_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk.refuse_encoding("map.json", "ä\\")
    monkeypatch.setattr(disk, "ENCODING", "latin-1")
    disk.refuse_encoding("map.json", "a\\b")
    disk.refuse_encoding("map.json", "ab", "\\")
    for names, escape in (("ä", None), ("ä", "\\"), ("a\\u00e4", "\\")):
        with pytest.raises(UnreadableError, match="latin-1 for file names; set PYTHONUTF8=1"):
            disk.refuse_encoding("map.json", names, escape)


def test_a_file_is_read_through_links_and_anything_else_has_a_reason(tmp_path: Path) -> None:
    lay_out(tmp_path, {"a": "b", "to": Link("a"), "nowhere": Link("gone"), "p": Other("FIFO")})
    assert disk.read_file(str(tmp_path / "a"), "x") == b"b"
    assert disk.read_file(str(tmp_path / "to"), "x") == b"b"
    assert disk.read_file(str(tmp_path / "gone"), "x") is None
    assert disk.read_file(str(tmp_path / "a" / "b"), "x") is None
    for name, reason in (
        ("nowhere", "it is a broken link"),
        ("p", "it is a FIFO, not a file"),
        ("\0", "embedded null"),  # byte; from Python 3.13 on, it names the call as well
        (LONG, "file name too long"),
    ):
        with pytest.raises(UnreadableError) as error:
            disk.read_file(f"{tmp_path}/{name}", "x")
        assert error.value.path == "x"
        assert reason in error.value.reason
    handle = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(UnreadableError) as error:
        list(disk.pieces(handle, "y"))
    assert (error.value.path, error.value.reason) == ("y", "is a directory")
    os.close(handle)


@pytest.mark.parametrize("has_dir_fd", [True, False])
def test_a_file_below_a_directory_is_created_without_links(
    tmp_path: Path, has_dir_fd: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "HAS_DIR_FD", has_dir_fd)
    if has_dir_fd:  # nothing is checked before it is opened, when it may be another thing
        monkeypatch.setattr(disk, "_refuse_link", None)
    lay_out(tmp_path, {"out/": "", "root/to": Link("../out"), "root/x": "x"})
    root = str(tmp_path / "root")
    with pytest.raises(FileNotFoundError):
        disk.open_below(root, "a/b", disk.CREATE)
    assert not (tmp_path / "root/a").exists()
    before = os.umask(0)
    try:
        for path in ("a/b", "a/c", "d"):
            os.close(disk.open_below(root, path, disk.CREATE, parents=True))
            assert stat.S_IMODE(os.stat(f"{root}/{path}").st_mode) == 0o666
    finally:
        os.umask(before)
    for path in ("to/e", "to/f/g"):
        with pytest.raises(OSError, match=r"symbolic links|Not a directory"):
            disk.open_below(root, path, disk.CREATE, parents=True)
    assert not os.listdir(tmp_path / "out")
    with disk.OpenDirectory(root, "") as at:
        handle = os.open(at.prefix + "x", disk.OPEN_FILE, dir_fd=at.handle)
        assert disk.read_open(handle, "x") == b"x"


@BY_HANDLE
@pytest.mark.parametrize(("path", "shown"), [(LONG, LONG), ("", ".")])
def test_a_directory_that_cannot_be_opened_has_its_reason(
    tmp_path: Path, path: str, shown: str
) -> None:
    root = str(tmp_path if path else tmp_path / LONG)
    with disk.OpenDirectory(root, path) as at:
        assert not at.open
        assert at.answer
        assert (at.answer.path, at.answer.reason) == (shown, "file name too long")
    with pytest.raises(UnreadableError) as error:
        disk.list_directory(root, path, sizes=False)
    assert error.value.path == shown


@BY_HANDLE
def test_a_path_that_is_too_long_for_one_call_is_opened_in_stretches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "ä/bb/c"
    lay_out(tmp_path, {f"{path}/x": ""})
    length = len(os.fsencode(f"{tmp_path}/{path}"))
    real, asked = os.open, []

    def record(name: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        asked.append(name)
        return real(name, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", record)
    for longest, calls in ((length + 1, [f"{tmp_path}/{path}"]), (length, [str(tmp_path), path])):
        monkeypatch.setattr(disk, "_LONG_PATH", longest)
        asked.clear()
        listed = disk.list_directory(str(tmp_path), path, sizes=False)
        assert listed
        assert listed[0].files == {"x"}
        assert asked == calls
    monkeypatch.setattr(disk, "_LONG_PATH", 28)  # and so a stretch is begun with 7 characters
    for one, stretches in (
        ("aaaa/bbb", ["aaaa/bbb"]),
        ("aaaa/bbbb", ["aaaa", "bbbb"]),
        ("aaaa/bbbbbb/c", ["aaaa", "bbbbbb/c"]),
        ("aaaaaaaaa/b/c", ["aaaaaaaaa", "b/c"]),
    ):
        assert list(disk._stretches(one)) == stretches


def test_every_kind_of_file_has_a_name() -> None:
    kinds = {
        stat.S_IFDIR: "directory",
        stat.S_IFIFO: "FIFO",
        stat.S_IFSOCK: "socket",
        stat.S_IFBLK: "block device",
        stat.S_IFCHR: "character device",
        0: "special file",
    }
    assert {kind: disk.mode_name(kind) for kind in kinds} == kinds


def test_a_file_that_the_user_named_passes_the_gate_in_the_project(tmp_path: Path) -> None:
    lay_out(tmp_path, {"p/x": "old text", "p/out": Link("../y"), "q/.git/c": "", "y": "old"})
    root = str(tmp_path / "p")
    (tmp_path / "alias").symlink_to(root)
    with pytest.raises(OutsideError, match="the link out points outside"):
        create(root, f"{root}/out")
    with pytest.raises(OutsideError, match="the link out points outside"):
        create(root, str(tmp_path / "alias" / "out"))
    with pytest.raises(OutsideError, match="git"):
        create(root, str(tmp_path / "q/.git/c"))
    before = os.umask(0)
    try:
        for name in ("p/x", "y", "new"):
            with open(create(root, str(tmp_path / name)), "w") as file:
                file.write("new")
            assert (tmp_path / name).read_text() == "new"
        assert stat.S_IMODE(os.stat(tmp_path / "new").st_mode) == 0o666
        write(root, str(tmp_path / "p/report"), ["a"])
        assert stat.S_IMODE(os.stat(tmp_path / "p/report").st_mode) == 0o666
    finally:
        os.umask(before)


@BY_HANDLE
def test_the_worktree_creates_what_is_new_and_replaces_the_rest(tmp_path: Path) -> None:
    lay_out(tmp_path, {"a": "old", "d/x": ""})
    source = Worktree(str(tmp_path))
    with open(source.create("a"), "w") as file:
        file.write("b")
    assert (tmp_path / "a").read_text() == "b"
    with pytest.raises(FileExistsError) as error:
        source.create("a", new=True)
    assert error.value.filename == "a"
    with pytest.raises(OSError, match="name too long") as failed:
        source.create(f"d/{LONG}")
    assert failed.value.filename == f"d/{LONG}"
    os.close(source.create("e/f/g", new=True))
    assert (tmp_path / "e/f/g").exists()


def test_an_output_file_leaves_nothing_open_and_follows_no_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, {"p/d/x": "", "q/": "", "p/to": Link("d")})
    root = str(tmp_path / "p")
    with pytest.raises(OSError, match=r"symbolic links|Not a directory"):
        output._Directory(root, "to")
    write(root, f"{root}/d/x", ["a"])  # imports what it needs
    before = len(os.listdir("/proc/self/fd"))
    for path in (f"{root}/d/x", f"{tmp_path}/q/y"):
        write(root, path, ["b"])
    assert len(os.listdir("/proc/self/fd")) == before
    at = output._Directory(root, "d")
    for error in (errno.EACCES, errno.EBUSY):
        monkeypatch.setattr(os, "replace", Failing(error))
        handle = at.open("new", like="x") if error == errno.EACCES else None
        with pytest.raises(OSError, match="x") as failed:
            at.replace("new", "x", handle)
        assert (failed.value.errno, failed.value.filename) == (error, "x")
        if handle is not None:
            os.close(handle)
    at.close()


class Failing:
    """In place of a function of the system, which fails with this error."""

    def __init__(self, error: int) -> None:
        self.error = error

    def __call__(self, *_: object, **__: object) -> bytes:
        raise OSError(self.error, os.strerror(self.error))


def test_what_vanishes_or_fails_does_not_hide_what_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, {"f/b": "b", "f/c": ""})
    source = Worktree(str(tmp_path))
    found = {
        name: chunks if chunks is None or isinstance(chunks, Exception) else b"".join(chunks)
        for name, chunks in source.chunks("f", ["a", "b", "c"])
    }
    assert found == {"a": None, "b": b"b", "c": b""}
    source.directory("f")
    (tmp_path / "f/b").write_bytes(b"")
    assert list(source.empty_files("f", ["b"])) == [("b", True)], "it was not measured before"
    monkeypatch.setattr(os, "read", Failing(errno.EIO))
    ((name, error),) = source.chunks("f", ["b"])
    monkeypatch.undo()
    assert name == "b"
    assert isinstance(error, UnreadableError)
    assert (error.path, error.reason) == ("f/b", "input/output error")


def test_names_of_a_directory_must_be_those_of_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, {"ä": "", "f/é": "", "g/a": ""})
    for module in (disk, worktree):
        monkeypatch.setattr(module, "ENCODING", "latin-1")
    source = Worktree(str(tmp_path))
    assert source.directory("g")
    for path, shown in (("", "."), ("f", "f")):
        with pytest.raises(UnreadableError, match="PYTHONUTF8=1") as error:
            source.directory(path)
        assert error.value.path == shown


def test_what_git_tracks_is_asked_of_a_repository_that_works(tmp_path: Path) -> None:
    lay_out(tmp_path, {"a": "", "b": ""})
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "a")
    source = Worktree(str(tmp_path))
    assert source.tracked("", ["a", "b"]) == {"a"}
    assert source.tracked("", []) == set()
    lay_out(tmp_path / "broken", {".git": "gitdir: /nowhere\n", "a": ""})
    assert Worktree(str(tmp_path / "broken")).tracked("", ["a"]) == set()


def test_a_second_look_knows_that_the_lock_is_held(tmp_path: Path) -> None:
    lay_out(tmp_path, {".jit-guard/pending.json": "{"})
    looked: list[bool] = []

    def look(source: Worktree) -> int:
        looked.append(source._locked)
        return len(looked)

    assert worktree.look_at_rest(Worktree(str(tmp_path)), look, bool) == 2
    assert looked == [False, True]
    assert Worktree(str(tmp_path)).interrupted()
    assert Worktree(str(tmp_path / ".jit-guard")).interrupted() is None


class Filtered(Memory):
    """A source that knows of filters, and is asked for them."""

    def __init__(self, answer: dict[str, str] | UnreadableError) -> None:
        super().__init__({})
        self.answer = answer
        self.asked: list[object] = []

    def filtered(self, texts: object, not_text: object) -> dict[str, str]:
        """Return the answer."""
        self.asked.append((texts, not_text))
        if isinstance(self.answer, UnreadableError):
            raise self.answer
        return self.answer


def test_a_file_that_is_stored_in_another_form_is_refused_with_that_form() -> None:
    source = Filtered({"a/b.json": "filter=crypt"})
    for data, not_text in ((b"{", []), (b"\xff", ["a/b.json"])):
        found = refusal(source, "a/b.json", data)
        assert found
        assert found.path == "a/b.json"
        assert found.reason.startswith("it is stored by git through filter=crypt; ")
        assert source.asked.pop() == ({"a": ["b.json"]}, not_text)
    assert refusal(Filtered({}), "b.json", b"{") is None
    failed = UnreadableError(".gitattributes", "no")
    assert refusal(Filtered(failed), "b.json", b"{") is failed
    pointer = refusal(source, "b.json", b"\0GITCRYPT\0...")
    assert pointer
    assert pointer.reason.startswith("it is encrypted by git-crypt; ")
    assert source.asked == []


@pytest.mark.parametrize(
    ("path", "real"), [("a.txt", "a.txt"), ("new", "new"), ("d/e/new/er", "d/e/new/er")]
)
def test_a_path_to_write_to_is_resolved(path: str, real: str) -> None:
    tree = Tree(Memory({"a.txt": "", "d/e/x": "", "to": Link("d/e")}))
    assert target(tree, path) == real
    assert target(tree, "to/new/er") == "d/e/new/er"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("d", "d cannot be written: d is not a regular file"),
        ("", r"\. cannot be written: \. is not a regular file"),
        ("a.txt/new", "a.txt/new cannot be written: a.txt is not a directory"),
        ("broken/new", "broken/new cannot be written: broken/new is not a regular file"),
        ("pipe", "pipe cannot be written: pipe is not a regular file"),
        ("out", "the link second points outside the project"),
        ("out/new", "the link second points outside the project"),
    ],
)
def test_a_path_that_cannot_be_written_says_why(path: str, words: str) -> None:
    files = {
        "a.txt": "",
        "d/x": "",
        "pipe": Other("FIFO"),
        "broken": Link("gone"),
        "out": Link("second"),
        "second": Link("../x"),
    }
    with pytest.raises(Exception, match=f"^{words}|: {words}"):
        target(Tree(Memory(files)), path)


def test_the_worktree_reads_what_a_link_within_it_leads_to(tmp_path: Path) -> None:
    lay_out(tmp_path, {"d/a": "b", "to": Link("d"), "d/up": Link("../d/a")})
    source = Worktree(str(tmp_path))
    assert source.read("to/a") == b"b"
    assert source.read("to/up") == b"b"
    assert source.read("to/gone") is None
