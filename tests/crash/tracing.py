"""The system calls of a run that change files, traced by strace or inside this process.

Both tracers return the same `Call`s, which `disk_model` replays. The strace tracer runs any
command; the recorder runs a function that uses `os`, and is a hundred times faster.
"""

from __future__ import annotations

import ctypes
import functools
import os
import re
import select
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn

if sys.platform != "win32":
    import fcntl


class Call(NamedTuple):
    """One successful system call. `args` by name:

    open (fd, path, flags), dup (fd, new), close (fd), write (fd, data), pwrite (fd, data,
    offset), seek (fd, position), truncate (fd or path, size), allocate (fd, size), fsync (fd),
    mkdir, rmdir, unlink (path), rename, link (path, new), symlink (target, path),
    fork (child, shares_files), lock (fd, "shared", "exclusive" or "unlock"), unknown (its name;
    cannot be modelled).
    """

    name: str
    args: tuple[Any, ...]
    process: int = 0


STRACE = shutil.which("strace")
_TRACED = (
    "open,openat,creat,dup,dup2,dup3,close,write,pwrite64,writev,pwritev,pwritev2,lseek,"
    "truncate,ftruncate,fallocate,fsync,fdatasync,sync,syncfs,sync_file_range,mkdir,mkdirat,rmdir,"
    "unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,clone,clone3,fork,"
    "vfork,copy_file_range,sendfile,splice,mmap,fcntl,flock,chdir"
)


@functools.cache
def why_not_strace() -> str | None:
    """Return why strace cannot be used here; None if it can."""
    if STRACE is None:
        return "strace is not installed"
    ran = subprocess.run(
        [STRACE, "-qq", "-o", os.devnull, "true"], capture_output=True, check=False
    )
    return None if ran.returncode == 0 else f"strace may not trace: {ran.stderr.decode()[:80]}"


def trace_command(
    argv: Sequence[str],
    *,
    cwd: str,
    log: str,
    env: dict[str, str] | None = None,
    inject: str = "",
) -> tuple[list[Call], subprocess.CompletedProcess[bytes]]:
    """Run a command under strace; return what it changed and how it ended.

    `inject` is an option of strace: `fsync:signal=KILL:when=3`.
    """
    assert STRACE is not None
    ran = subprocess.run(
        [STRACE, "-f", "-qq", "-xx", "-y", "-s", "100000000", "-e", f"trace={_TRACED}",
         "-e", "signal=none", *(["-e", f"inject={inject}"] if inject else []),
         "-o", log, "--", *argv],
        cwd=cwd, env=env, capture_output=True, check=False,
    )  # fmt: skip
    with open(log) as lines:
        return list(_parse(lines, cwd)), ran


_ANY_TRACER = 0x59616D61  # PR_SET_PTRACER, for kernels where only a parent may trace


_TRACERS: list[subprocess.Popen[bytes]] = []
_WHEN_TOLD = ["sh", "-c", 'read _; exec "$@"', "sh"]


def attach(options: list[str]) -> None:
    """Attach strace to this thread, with these options, and wait until it is attached.

    Every call from then on is traced, and of those before none whose name and number matter: the
    thread waits in `select` for the message that strace has stopped it.
    """
    ctypes.CDLL(None).prctl(_ANY_TRACER, ctypes.c_ulong(-1), 0, 0, 0)
    thread = str(threading.get_native_id())
    tracer = subprocess.Popen(
        [*_WHEN_TOLD, STRACE or "strace", "-e", "signal=none", *options, "-p", thread],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    assert tracer.stdin is not None
    assert tracer.stderr is not None
    os.write(tracer.stdin.fileno(), b"\n")
    select.select([tracer.stderr], [], [])
    with open(f"/proc/self/task/{thread}/status") as status:
        if "TracerPid:\t0\n" in status.read():
            sys.exit("strace cannot be attached")
    _TRACERS.append(tracer)  # or its pipes would be closed at any time


_LINE = re.compile(r"(\d+) +(?:<\.\.\. )?(\w+)(?: resumed>)?(.*)$")
_RESULT = re.compile(r"\) += (-?\d+|0x[0-9a-f]+)(?:<[^>]*>)?(?: .*)?$")
# With -y every handle has the path of what is open there, in hexadecimal: 5<\x2f\x74\x6d\x70>.
_HANDLE = re.compile(r"(-?\d+|AT_FDCWD)(?:<(.*)>)?(?:\(deleted\))?$")


def _parse(lines: Iterator[str], cwd: str) -> Iterator[Call]:
    begun: dict[str, str] = {}
    for line in lines:
        match = _LINE.match(line.rstrip("\n"))
        if match is None:
            continue
        process, name, rest = match.groups()
        if rest.endswith("<unfinished ...>"):
            begun[process] = rest[: -len("<unfinished ...>")].rstrip()
            continue
        if "resumed>" in line[: match.start(3)]:
            rest = begun.pop(process, "(") + rest
        result = _RESULT.search(rest)
        if result is None or result.group(1).startswith("-"):
            continue  # failed: nothing changed
        words = _words(rest[1 : result.start()])
        yield from _call(name, words, int(result.group(1), 0), int(process), cwd)


def _words(text: str) -> list[str]:
    words, depth, quoted, start = [], 0, False, 0
    for position, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif not quoted and character in "[{(":
            depth += 1
        elif not quoted and character in "]})":
            depth -= 1
        elif character == "," and not quoted and not depth:
            words.append(text[start:position].strip())
            start = position + 1
    words.append(text[start:].strip())
    return words


def _string(word: str) -> bytes:
    hexadecimal = word[word.index('"') + 1 : word.rindex('"')].replace("\\x", "")
    return bytes.fromhex(hexadecimal)


def _path(word: str, directory: str, cwd: str) -> str:
    path = os.fsdecode(_string(word))
    handle, below = _handle(directory)
    assert os.path.isabs(path) or handle == "AT_FDCWD" or below, (
        f"relative to an unknown directory: {path}"
    )
    return os.path.join(cwd if handle == "AT_FDCWD" else below, path)


def _handle(word: str) -> tuple[str, str]:
    """A handle, and the path of what is open there; "" if strace does not print it."""
    match = _HANDLE.match(word)
    assert match is not None, word
    hexadecimal = (match.group(2) or "").replace("\\x", "")
    try:
        return match.group(1), os.fsdecode(bytes.fromhex(hexadecimal))
    except ValueError:  # a pipe, a socket
        return match.group(1), ""


def _fd(word: str) -> int:
    return int(_handle(word)[0])


def _call(name: str, words: list[str], result: int, process: int, cwd: str) -> Iterator[Call]:
    def path(index: int, directory: int | None = None) -> str:
        return _path(words[index], "AT_FDCWD" if directory is None else words[directory], cwd)

    def made(what: str, *args: Any) -> Call:
        return Call(what, args, process)

    if name in ("open", "openat"):
        at = 1 if name == "openat" else 0
        yield made("open", result, path(at, 0 if at else None), _flags(words[at + 1]))
    elif name == "creat":
        yield made("open", result, path(0), os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    elif name in ("dup", "dup2", "dup3"):
        yield made("dup", _fd(words[0]), result)
    elif name == "fcntl":
        if words[1].startswith("F_DUPFD"):
            yield made("dup", _fd(words[0]), result)
    elif name == "close":
        yield made("close", _fd(words[0]))
    elif name == "write":
        yield made("write", _fd(words[0]), _string(words[1])[:result])
    elif name == "writev":
        data = b"".join(bytes.fromhex(hit.replace("\\x", "")) for hit in
                        re.findall(r'iov_base="([^"]*)"', words[1]))  # fmt: skip
        yield made("write", _fd(words[0]), data[:result])
    elif name == "pwrite64":
        yield made("pwrite", _fd(words[0]), _string(words[1])[:result], int(words[3]))
    elif name == "lseek":
        yield made("seek", _fd(words[0]), result)
    elif name == "ftruncate":
        yield made("truncate", _fd(words[0]), int(words[1]))
    elif name == "truncate":
        yield made("truncate", path(0), int(words[1]))
    elif name == "fallocate":
        keep = "KEEP_SIZE" in words[1]
        punches = words[1] not in ("0", "FALLOC_FL_KEEP_SIZE")
        if punches:
            yield made("unknown", _fd(words[0]), f"fallocate {words[1]}")
        elif not keep:
            yield made("allocate", _fd(words[0]), int(words[2]) + int(words[3]))
    elif name in ("fsync", "fdatasync"):
        yield made("fsync", _fd(words[0]))
    elif name in ("mkdir", "rmdir", "unlink"):
        yield made(name, path(0))
    elif name == "mkdirat":
        yield made("mkdir", path(1, 0))
    elif name == "unlinkat":
        yield made("rmdir" if "AT_REMOVEDIR" in words[2] else "unlink", path(1, 0))
    elif name == "rename":
        yield made("rename", path(0), path(1))
    elif name in ("renameat", "renameat2"):
        assert name == "renameat" or "EXCHANGE" not in words[4], "cannot be modelled"
        yield made("rename", path(1, 0), path(3, 2))
    elif name == "link":
        yield made("link", path(0), path(1))
    elif name == "linkat":
        yield made("link", path(1, 0), path(3, 2))
    elif name == "symlink":
        yield made("symlink", os.fsdecode(_string(words[0])), path(1))
    elif name == "symlinkat":
        yield made("symlink", os.fsdecode(_string(words[0])), path(2, 1))
    elif name in ("clone", "clone3", "fork", "vfork"):
        yield made("fork", result, "CLONE_FILES" in " ".join(words))
    elif name == "flock":
        how = "unlock" if "LOCK_UN" in words[1] else "shared" if "LOCK_SH" in words[1] else ""
        yield made("lock", _fd(words[0]), how or "exclusive")
    elif name == "mmap":
        if "MAP_SHARED" in words[3] and "PROT_WRITE" in words[2] and _fd(words[4]) != -1:
            yield made("unknown", _fd(words[4]), "a shared writable mapping")
    elif name in ("copy_file_range", "splice"):
        yield made("unknown", _fd(words[2]), name)
    elif name in ("sendfile", "pwritev", "pwritev2"):
        yield made("unknown", _fd(words[0]), name)
    # sync, syncfs, sync_file_range, chdir: ignoring their effect is on the safe side


def _flags(word: str) -> int:
    known = ("O_CREAT", "O_TRUNC", "O_APPEND", "O_EXCL", "O_WRONLY", "O_RDWR")
    return sum(getattr(os, name) for name in known if name in word.split("|"))


_BELOW = ("dir_fd", "src_dir_fd", "dst_dir_fd")


class Recorder:
    """A recorder of what this process does to files through `os`."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._directories: dict[int, str] = {}  # the path of what was opened, by its handle

    @contextmanager
    def active(self) -> Iterator[Recorder]:
        """Trace until the end of the block."""
        before = {name: getattr(os, name) for name in _RECORDED}
        for name, note in _RECORDED.items():
            setattr(os, name, self._traced(before[name], note))
        flock = fcntl.flock
        fcntl.flock = self._traced_lock(flock)
        try:
            yield self
        finally:
            fcntl.flock = flock
            for name, function in before.items():
                setattr(os, name, function)

    def _traced_lock(self, real: Callable[..., None]) -> Callable[..., None]:
        kinds = {fcntl.LOCK_UN: "unlock", fcntl.LOCK_SH: "shared", fcntl.LOCK_EX: "exclusive"}

        def lock(handle: int, how: int) -> None:
            real(handle, how)
            self.calls.append(Call("lock", (handle, kinds[how & ~fcntl.LOCK_NB])))

        return lock

    def _traced(self, real: Callable[..., Any], note: Callable[..., Call]) -> Callable[..., Any]:
        def traced(*args: Any, **keywords: Any) -> Any:
            result = real(*args, **keywords)
            whole = list(args)
            for at, handle in enumerate(keywords[one] for one in _BELOW if one in keywords):
                whole[at] = os.path.join(self._directories[handle], args[at])
            self.calls.append(note(result, *whole))
            if note is _RECORDED["open"]:
                self._directories[result] = whole[0]
            elif note is _RECORDED["dup"] and args[0] in self._directories:
                self._directories[result] = self._directories[args[0]]
            return result

        return traced


def _refuse(name: str) -> Callable[..., NoReturn]:
    def refused(*_: Any) -> NoReturn:
        raise AssertionError(f"os.{name}: the recorder does not support it")

    return refused


_RECORDED: dict[str, Callable[..., Call]] = {
    "open": lambda result, path, flags, *_: Call("open", (result, os.fspath(path), flags)),
    "close": lambda _, fd: Call("close", (fd,)),
    "write": lambda result, fd, data: Call("write", (fd, bytes(data[:result]))),
    "pwrite": lambda result, fd, data, at: Call("pwrite", (fd, bytes(data[:result]), at)),
    "ftruncate": lambda _, fd, size: Call("truncate", (fd, size)),
    "fsync": lambda _, fd: Call("fsync", (fd,)),
    "fdatasync": lambda _, fd: Call("fsync", (fd,)),
    "mkdir": lambda _, path, *__: Call("mkdir", (path,)),
    "rmdir": lambda _, path: Call("rmdir", (path,)),
    "unlink": lambda _, path: Call("unlink", (path,)),
    "remove": lambda _, path: Call("unlink", (path,)),
    "rename": lambda _, path, new: Call("rename", (path, new)),
    "replace": lambda _, path, new: Call("rename", (path, new)),
    "link": lambda _, path, new: Call("link", (path, new)),
    "symlink": lambda _, target, path: Call("symlink", (target, path)),
    "lseek": lambda result, fd, *_: Call("seek", (fd, result)),
    "dup": lambda result, fd: Call("dup", (fd, result)),
    "writev": _refuse("writev"),
    "sendfile": _refuse("sendfile"),
    "truncate": lambda _, path, size: Call("truncate", (path, size)),
}
