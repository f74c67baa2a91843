"""Build sdist and wheel once, and check them: `python -m publishing.package DIST`.

Requires the group `release` and a checkout. The wheel is built from the sdist, as an installer
does that has no wheel.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from publishing.project import ROOT, read


def build(target: Path) -> tuple[Path, Path]:
    """Build both; the target may contain no others."""
    _python("build", "--no-isolation", "--outdir", str(target), str(ROOT))
    (sdist,) = target.glob("*.tar.gz")
    (wheel,) = target.glob("*.whl")
    return sdist, wheel


def differences(sdist: Path) -> Iterator[str]:
    """Files that only the checkout or only the sdist has; PKG-INFO is the sdist's own."""
    with tarfile.open(sdist) as archive:
        packed = {one.name.partition("/")[2] for one in archive if not one.isdir()}
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    files = {path for path in listed.stdout.split("\0") if (ROOT / path).is_file()}
    yield from (f"only in the checkout: {path}" for path in sorted(files - packed))
    yield from (f"only in the sdist: {path}" for path in sorted(packed - files - {"PKG-INFO"}))


def long_description(wheel: Path) -> str:
    """What the index shows: the README, with other links."""
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return archive.read(metadata).decode("utf-8").partition("\n\n")[2]


def _python(module: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", module, *arguments], check=True)


def main(argv: list[str]) -> int:
    """Return 1 if something is wrong."""
    (target,) = argv
    _python("validate_pyproject", str(ROOT / "pyproject.toml"))
    sdist, wheel = build(Path(target))
    _python("twine", "check", "--strict", str(sdist), str(wheel))
    _python("check_wheel_contents", str(wheel))
    # An unpacked archive has no list of its files.
    found = list(differences(sdist)) if (ROOT / ".git").exists() else []
    for problem in found:
        print(f"package: {problem}", file=sys.stderr)
    print(f"{read().name} {read().version}: {sdist.name}, {wheel.name}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
