"""A copy of the project to change, with an environment that imports jit_guard from it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .mutant import Mutant

WORKER = Path(__file__).with_name("worker.py")
FUNCTIONS = "--functions"  # see worker.py
UNKNOWN = -2


class Run(NamedTuple):
    """What the tests said."""

    code: int  # as pytest exits; -1 if it did not exit
    by: str  # the first test that failed
    seconds: float

    @property
    def killed(self) -> bool:
        """Whether a test failed; no test that ran is no failure."""
        return self.code not in (0, 5)


class Trace(NamedTuple):
    """What each test does without a mutant."""

    seconds: dict[str, float]
    starts: set[str]  # tests that start a process, whose lines are not known
    lines: dict[str, dict[str, list[str]]]  # the tests that run a line, by file and number
    failed: list[str]  # tests that are left out, such as those of the time that something takes

    def watching(self, mutant: Mutant) -> tuple[list[str], bool]:
        """The tests that can notice a mutant, and whether it runs before them, in an import."""
        lines = self.lines.get(mutant.file, {})
        found = self.starts.union(*(lines.get(str(line), ()) for line in mutant.runs))
        imported = "" in found or not mutant.runs
        return [name for name in self.seconds if imported or name in found], imported

    def costs(self) -> dict[str, float]:
        """What each test costs, beside what it shows: long ones that run many lines are last."""
        run = Counter(
            test for file in self.lines.values() for tests in file.values() for test in tests
        )
        return {test: seconds * (1 + run[test]) for test, seconds in self.seconds.items()}


class Workplace:
    """A copy of the tree, and a process there that runs the tests."""

    def __init__(self, root: Path, directory: Path, tests: Sequence[str]) -> None:
        self._tree = directory / "tree"
        self._sources = self._tree / "src/jit_guard"
        self._tests = list(tests)
        self._changes = 0
        copy(root, self._tree)
        self._python = _environment(directory / "venv", self._tree / "src")
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._sound: set[str] = set()  # tests that pass without a mutant, after others
        self.unsound: set[str] = set()

    def trace(self) -> Trace:
        """Run the tests without a mutant."""
        run = self._run({"chosen": None, "limit": 1800, "trace": str(self._sources)})
        if run.code not in (0, 1):  # tests ran, and some may have failed
            output = (self._tree / "output.txt").read_text("utf-8", "replace")
            raise SystemExit(f"without a mutant, this fails: {run.by}\n{output}")
        read = json.loads((self._tree / "trace.json").read_text("utf-8"))
        seconds = {name: test["seconds"] for name, test in read["tests"].items()}
        starts = {name for name, test in read["tests"].items() if test["starts"]}
        return Trace(seconds, starts, read["lines"], read["failed"])

    def judge(self, mutant: Mutant, chosen: dict[str, float], limit: float, imported: bool) -> Run:
        """Run tests on a mutant, in this order, until one fails or the time is up.

        Args:
            mutant: the change.
            chosen: the tests, and the seconds after which one of them has failed.
            limit: seconds for all of them.
            imported: whether it changes what happens before a test, when its module is imported.
        """
        if FUNCTIONS not in self._processes:  # it imports what is not changed
            self._run({"chosen": {}, "limit": limit}, FUNCTIONS)
        file = self._sources / mutant.file
        original = file.read_bytes()
        while True:
            names = {name: chosen[name] for name in chosen if name not in self.unsound}
            if not names:
                return Run(0, "", 0)
            order = {"chosen": names, "limit": limit}
            functions = {**order, "file": mutant.file, "text": original.decode("utf-8")}
            self._write(file, mutant.text.encode("utf-8"))
            try:
                run = Run(UNKNOWN, "", 0) if imported else self._run(functions, FUNCTIONS)
                mode = [FUNCTIONS] if run.code != UNKNOWN else []
                run = run if mode else self._run(order)
            finally:
                self._write(file, original)
            if run.by not in names or run.by in self._sound:
                return run
            # Tests that run alone, or in another order, may fail without a mutant as well.
            again = self._run({**order, "chosen": _until(run.by, names)}, *mode)
            if again.by != run.by:
                self._sound.add(run.by)
                return run
            self.unsound.add(run.by)

    def _run(self, order: dict[str, Any], *mode: str) -> Run:
        process = self._process(*mode)
        assert process.stdin
        assert process.stdout
        chosen = order["chosen"]
        tests = self._tests if chosen is None else sorted({name.split("::")[0] for name in chosen})
        print(json.dumps({"tests": tests, **order}), file=process.stdin, flush=True)
        answer = process.stdout.readline()
        if not answer:
            raise SystemExit("the process that runs the tests has ended; see its message above")
        return Run(**json.loads(answer))

    def _process(self, *mode: str) -> subprocess.Popen[str]:
        """The process of `worker.py` in this mode."""
        name = "".join(mode)
        if name not in self._processes:
            path = [str(self._python.parent), str(Path(sys.executable).parent)]
            self._processes[name] = subprocess.Popen(
                [self._python, WORKER, *mode, *self._tests],
                cwd=self._tree,
                env={
                    **os.environ,
                    "PATH": os.pathsep.join([*path, os.environ.get("PATH", "")]),
                    "PYTHONDONTWRITEBYTECODE": "",  # what is not changed is compiled once
                },
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._processes[name]

    def close(self) -> None:
        """End the processes."""
        for process in self._processes.values():
            process.terminate()
            process.communicate()

    def _write(self, file: Path, content: bytes) -> None:
        # Python compiles a file again if its time or its size is another one. A mutant often has
        # the size of the original, and two may be written within the same second.
        self._changes += 1
        file.write_bytes(content)
        os.utime(file, (self._changes, self._changes))


def _until(last: str, names: dict[str, float]) -> dict[str, float]:
    listed = list(names)
    return {name: names[name] for name in listed[: listed.index(last) + 1]}


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
    import venv  # which a Python for embedding has not

    venv.create(directory, symlinks=os.name != "nt")
    bin_directory = "Scripts" if os.name == "nt" else "bin"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = directory / ("Lib" if os.name == "nt" else f"lib/{version}") / "site-packages"
    (packages / "copy.pth").write_text(f"{sources}\n{sysconfig.get_path('purelib')}\n")
    return directory / bin_directory / "python"
