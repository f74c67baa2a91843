"""A copy of the project to change, with an environment that imports jit_guard from it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from .mutant import Mutant

WORKER = Path(__file__).with_name("worker.py")


class Run(NamedTuple):
    """What the tests said."""

    code: int  # as pytest exits; -1 if it did not exit
    by: str  # the first test that failed
    seconds: float

    @property
    def killed(self) -> bool:
        """Whether a test failed; no test that ran is no failure."""
        return self.code not in (0, 5)


class Workplace:
    """A copy of the tree, and a process there that runs the tests."""

    def __init__(self, root: Path, directory: Path, tests: Sequence[str]) -> None:
        self._tree = directory / "tree"
        self._changes = 0
        copy(root, self._tree)
        python = _environment(directory / "venv", self._tree / "src")
        path = os.pathsep.join([str(python.parent), str(Path(sys.executable).parent)])
        self._process = subprocess.Popen(
            [python, WORKER, *tests],
            cwd=self._tree,
            env={**os.environ, "PATH": f"{path}{os.pathsep}{os.environ.get('PATH', '')}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, limit: float, first: Sequence[str] = ()) -> Run:
        """Run the tests, `first` ones first, until one fails or the time is up."""
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps({"first": first, "limit": limit}), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit("the process that runs the tests has ended; see its message above")
        return Run(**json.loads(answer))

    def judge(self, mutant: Mutant, limit: float, first: Sequence[str]) -> Run:
        """Run the tests on a mutant."""
        file = self._tree / "src/jit_guard" / mutant.file
        original = file.read_bytes()
        try:
            self._write(file, mutant.text.encode("utf-8"))
            return self.run(limit, first)
        finally:
            self._write(file, original)

    def output(self) -> str:
        """What pytest printed last."""
        return (self._tree / "output.txt").read_text("utf-8", "replace")

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.communicate()

    def _write(self, file: Path, content: bytes) -> None:
        # Python compiles a file again if its time or its size is another one. A mutant often has
        # the size of the original, and two may be written within the same second.
        self._changes += 1
        file.write_bytes(content)
        os.utime(file, (self._changes, self._changes))


def copy(root: Path, target: Path) -> None:
    """Copy what git has or would add, as it is in the working tree."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target / name, follow_symlinks=False)


def _environment(directory: Path, sources: Path) -> Path:
    """A virtual environment with the packages of this one, and jit_guard from the copy.

    A path in the environment works for `python -I` as well, unlike PYTHONPATH.
    """
    venv.create(directory, symlinks=os.name != "nt")
    bin_directory = "Scripts" if os.name == "nt" else "bin"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = directory / ("Lib" if os.name == "nt" else f"lib/{version}") / "site-packages"
    (packages / "copy.pth").write_text(f"{sources}\n{sysconfig.get_path('purelib')}\n")
    return directory / bin_directory / "python"
