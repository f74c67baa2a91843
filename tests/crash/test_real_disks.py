"""Real file systems: ext4 and xfs images that are shut down during a commit.

The kernel stops all writing at once (`GOINGDOWN`, without flushing the log), like a power loss,
and the image is mounted again. Journals hide most missing syncs of directories, so most of the
evidence comes from the model in `test_power_loss`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

import commits
from crash import deed
from crash.conftest import Record
from crash.disk_model import read_state, write_state
from crash.killable import Killable
from crash.projects import SIMPLE, SIMPLE_NEW, visible
from jit_guard.commit import transaction
from sampling import FULL

_GOING_DOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN and XFS_IOC_GOINGDOWN have the same number
_NO_LOG_FLUSH = (2).to_bytes(4, "little")
_SIZES = {"ext4": "16M", "xfs": "300M"}


class Image:
    """A file system in a file."""

    def __init__(self, directory: Path, kind: str) -> None:
        self.kind = kind
        self._image, self.mounted = directory / "image", directory / "mounted"
        self.mounted.mkdir()
        self.root = str(self.mounted / "project")
        maker = shutil.which(f"mkfs.{kind}") or shutil.which(f"mkfs.{kind}", path="/usr/sbin:/sbin")
        if maker is None:
            pytest.skip(f"mkfs.{kind} is not installed")
        with open(self._image, "wb") as file:
            file.truncate(int(_SIZES[kind][:-1]) << 20)
        subprocess.run([maker, "-q", str(self._image)], check=True, capture_output=True)

    def mount(self) -> None:
        ran = subprocess.run(
            ["mount", "-o", "loop", str(self._image), str(self.mounted)],
            capture_output=True,
            check=False,
        )
        if ran.returncode:
            pytest.skip(f"no image can be mounted: {ran.stderr.decode().strip()}")

    def unmount(self) -> None:
        subprocess.run(["umount", str(self.mounted)], check=True)

    def power_loss(self) -> None:
        """Stop all writes to the disk, including the journal in memory."""
        import fcntl

        handle = os.open(self.mounted, os.O_RDONLY)
        fcntl.ioctl(handle, _GOING_DOWN, _NO_LOG_FLUSH)
        os.close(handle)
        self.unmount()
        self.mount()


@pytest.fixture(params=sorted(_SIZES))
def image(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Image]:
    if sys.platform != "linux" or os.geteuid():
        pytest.skip("only root on Linux can mount images")
    made = Image(tmp_path, request.param)
    made.mount()
    yield made
    made.unmount()


def _lay_out(image: Image) -> None:
    shutil.rmtree(image.root, ignore_errors=True)
    os.mkdir(image.root)
    write_state(image.root, SIMPLE)
    os.sync()


_CALLS = ("open", "write", "fsync", "close", "mkdir", "rename", "replace", "link", "unlink")


@contextmanager
def _stopping(number: int) -> Iterator[None]:
    """End the process at its n-th call that changes something."""
    count = 0

    def stopping(real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **keywords: object) -> object:
            nonlocal count
            count += 1
            if count == number:
                _end(9)
            return real(*args, **keywords)

        return call

    for name in _CALLS:
        setattr(os, name, stopping(getattr(os, name)))
    yield


def _end(code: int) -> NoReturn:
    os._exit(code)


def _commit_until(root: str, number: int) -> bool:
    """Commit in a process that ends at its n-th call; return whether it finished."""
    child = os.fork()
    if child == 0:
        try:
            with _stopping(number):
                deed.commit(root)
        except BaseException:  # noqa: BLE001  (a fork must not return to pytest)
            _end(1)
        _end(0)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, 9)
    return code == 0


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_power_loss_on_a_real_disk(image: Image, record: Record, tmp_path: Path) -> None:
    ends: Counter[str] = Counter()
    number, step = 1, 1 if FULL else 5
    while True:
        _lay_out(image)
        done = _commit_until(image.root, number)
        image.power_loss()
        assert not (done and transaction.interrupted(image.root))
        commits.recover(image.root)
        state = visible(read_state(image.root))
        assert state == SIMPLE_NEW or (state == SIMPLE and not done), number
        ends["done, new" if done else "old" if state == SIMPLE else "new"] += 1
        if done:
            break
        number += step
    record(f"power loss on a real {image.kind} image: {sum(ends.values())} points, {dict(ends)}")


def test_without_syncs_a_real_disk_loses_the_commit(
    image: Image, record: Record, tmp_path: Path
) -> None:
    """The control: with `eatmydata` every sync is a no-op, and a finished commit is lost."""
    eatmydata = shutil.which("eatmydata")
    if eatmydata is None:
        pytest.skip("eatmydata is not installed")
    _lay_out(image)
    commit = Killable(str(tmp_path), "commit", SIMPLE)
    argv = list(commit.argv)
    argv[argv.index(commit.root)] = image.root
    subprocess.run([eatmydata, *argv], env=commit.env, check=True)
    image.power_loss()
    state = visible(read_state(image.root))
    record(f"power loss on a real {image.kind} image, control, eatmydata: what was done is lost")
    assert state != SIMPLE_NEW
