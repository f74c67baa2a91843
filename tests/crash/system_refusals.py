"""What Linux really refuses: mounts, flags, full disks, and calls that the kernel refuses.

Each function skips its test, with the reason, where the system does not allow it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

_LIBC: Any = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None
_LINKAT = {"x86_64": 265, "aarch64": 37}
# <linux/seccomp.h>, <linux/filter.h>
_NO_NEW_PRIVS, _SECCOMP, _FILTER = 38, 22, 2
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000


class _Instruction(ctypes.Structure):
    _fields_ = [
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    ]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("filter", ctypes.POINTER(_Instruction))]


def refuse_hard_links(code: int) -> None:
    """Let the kernel answer every linkat(2) of this process with an error, from now on."""
    number = _LINKAT[platform.machine()]
    instructions = (_Instruction * 4)(
        _Instruction(_LOAD, 0, 0, 0),  # the number of the call
        _Instruction(_JUMP_IF_EQUAL, 0, 1, number),
        _Instruction(_RETURN, 0, 0, _ERRNO | code),
        _Instruction(_RETURN, 0, 0, _ALLOW),
    )
    program = _Program(4, instructions)
    if _LIBC.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) or _LIBC.prctl(
        _SECCOMP, _FILTER, ctypes.byref(program)
    ):
        raise OSError(ctypes.get_errno(), "seccomp is not available")
    try:
        os.link("", "", follow_symlinks=False)
    except OSError as error:
        if error.errno != code:
            raise RuntimeError("the filter is not in force") from error


def why_not_seccomp() -> str | None:
    """Return why a process here cannot have its calls refused; None if it can."""
    if sys.platform != "linux" or platform.machine() not in _LINKAT:
        return "seccomp of Linux, on x86_64 or aarch64"
    code = "import crash.system_refusals as one; one.refuse_hard_links(1)"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=False,
    )
    return None if ran.returncode == 0 else ran.stderr.decode().splitlines()[-1]


def as_root(*command: str | Path) -> None:
    """Run a command that may need root; skip the test if it fails."""
    if sys.platform != "linux" or os.geteuid():
        pytest.skip("needs root on Linux")
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    ran = subprocess.run(list(map(str, command)), capture_output=True, check=False)
    if ran.returncode:
        pytest.skip(f"{command[0]}: {ran.stderr.decode().strip()}")


@contextmanager
def mounted(where: Path, *options: str | Path) -> Iterator[Path]:
    """Mount something on a directory or file until the end of the block."""
    as_root("mount", *options, where)
    try:
        yield where
    finally:
        subprocess.run(["umount", where], check=True)


@contextmanager
def flagged(flag: str, path: Path) -> Iterator[None]:
    """Set a flag of chattr(1) until the end of the block."""
    as_root("chattr", f"+{flag}", path)
    try:
        yield
    finally:
        subprocess.run(["chattr", f"-{flag}", path], check=True)


@contextmanager
def ext4(directory: Path) -> Iterator[Path]:
    """Mount a new ext4 of 4 MB, with blocks of 1 kB so that a directory soon needs another one."""
    image, where = directory / "image", directory / "disk"
    where.mkdir()
    with image.open("wb") as file:
        file.truncate(4 << 20)
    as_root("mkfs.ext4", "-q", "-b", "1024", "-m", "0", "-O", "^has_journal", image)
    with mounted(where, "-o", "loop,errors=remount-ro", image):
        yield where


def make_read_only(where: Path) -> None:
    """Let an ext4 find an error, after which it is read-only; `mount` alone waits for writers."""
    trigger = Path("/sys/fs/ext4", Path(device_of(where)).name, "trigger_fs_error")
    if not trigger.exists():
        pytest.skip("this kernel triggers no errors of ext4")
    trigger.write_text("for a test of jit-guard")


def mount_again(where: Path) -> None:
    """Unmount a disk and mount it again, writable."""
    subprocess.run(["umount", where], check=True)
    as_root("mount", "-o", "loop,errors=remount-ro", where.parent / "image", where)


def device_of(where: Path) -> str:
    """Return the device that is mounted on a directory."""
    with open("/proc/self/mounts") as mounts:
        return next(line.split()[0] for line in mounts if line.split()[1] == str(where))


def fill(directory: Path) -> int:
    """Write until the disk or the quota is full; return the error."""
    handle = os.open(directory / "filler", os.O_WRONLY | os.O_CREAT, 0o600)
    code = 0
    try:
        for size in (1 << 16, 1 << 10, 1):
            with suppress(OSError):
                while True:
                    try:
                        os.write(handle, b"x" * size)
                        os.fsync(handle)
                    except OSError as error:
                        code = error.errno or 0
                        raise
    finally:
        os.close(handle)
    assert code in (errno.ENOSPC, errno.EDQUOT)
    return code
