"""Run the tests of the sdist against the wheel: `python -m publishing.as_built DIST [PYTEST …]`.

In a fresh environment and a directory of their own, so that nothing of the checkout is used.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path


def run(dist: Path, arguments: list[str]) -> int:
    """Return the exit code of pytest."""
    (sdist,) = dist.resolve().glob("*.tar.gz")
    (wheel,) = dist.resolve().glob("*.whl")
    with tempfile.TemporaryDirectory() as temporary:
        os.chmod(temporary, 0o755)  # noqa: S103, some tests run as another user
        with tarfile.open(sdist) as archive:
            archive.extractall(temporary, filter="data")
        (root,) = Path(temporary).iterdir()
        environment = Path(temporary, "venv")
        venv.create(environment, with_pip=True)
        programs = environment / ("Scripts" if os.name == "nt" else "bin")
        python = str(programs / "python")
        pip = [python, "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--upgrade", "pip"], check=True)
        subprocess.run([*pip, str(wheel), "--group", f"{root}/pyproject.toml:dev"], check=True)
        return subprocess.run(
            [python, "-m", "pytest", *arguments],
            cwd=root,
            env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
            check=False,
        ).returncode


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), sys.argv[2:]))
