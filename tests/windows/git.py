"""A git for Windows, without a shell: no package index has one, so Debian's source is compiled.

apt checks the signature of its index and the hash of each file. This takes some minutes, once.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

COMPILER = "x86_64-w64-mingw32-gcc"
_TOOLS = COMPILER.removesuffix("gcc")
_QUIET = ("-qq", "-o", "APT::Sandbox::User=root")  # who may write to the directory
# Without what the tests do not need: servers on the web, translations, scripts.
_WITHOUT = ("CURL", "EXPAT", "GETTEXT", "ICONV", "OPENSSL", "PERL", "PYTHON", "TCLTK")


def build_git(directory: Path) -> None:
    """Make `bin/git.exe` in a new directory."""
    work = directory.with_name("git-source")
    shutil.rmtree(work, ignore_errors=True)
    (work / "lists/partial").mkdir(parents=True)
    _apt_get(work, "update")
    _apt_get(work, "source", "--download-only", "git")
    download = ("apt-get", *_QUIET, "download", "libz-mingw-w64-dev")
    subprocess.run(download, cwd=work, check=True)
    (library,) = work.glob("libz-mingw-w64-dev_*.deb")
    subprocess.run(["dpkg-deb", "--extract", library, work / "libz"], check=True)
    (archive,) = work.glob("git_*.orig.tar.*")
    with tarfile.open(archive) as source:
        source.extractall(work / "source", filter="data")
    (top,) = (work / "source").iterdir()
    # Names of headers have another case there than on a disk that distinguishes it.
    (work / "headers").mkdir()
    for name in ("NTSecAPI.h", "Psapi.h", "tlHelp32.h"):
        (work / "headers" / name).write_text(f"#include <{name.lower()}>\n")
    zlib = work / "libz/usr" / _TOOLS.rstrip("-")
    subprocess.run(
        [
            *("make", "--silent", f"--jobs={len(os.sched_getaffinity(0))}"),
            *("uname_S=MINGW", "uname_R=1.0", "prefix=/"),
            *(f"CC={COMPILER}", f"AR={_TOOLS}ar", f"RC={_TOOLS}windres -O coff"),
            f"CFLAGS=-O1 -w -I{zlib / 'include'} -I{work / 'headers'}",
            f"LDFLAGS=-L{zlib / 'lib'} -static",
            *(f"NO_{one}=1" for one in _WITHOUT),
            "git.exe",
        ],
        cwd=top,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (directory / "share/git-core/templates").mkdir(parents=True)  # else each `git init` warns
    (directory / "bin").mkdir()
    subprocess.run([f"{_TOOLS}strip", "-o", directory / "bin/git.exe", top / "git.exe"], check=True)
    shutil.rmtree(work)


def _apt_get(work: Path, *arguments: str) -> None:
    """Run apt-get with the sources of the system's repositories, which it may not have listed."""
    (work / "sources.list").write_text("\n".join(_sources()) + "\n")
    settings = {
        "Dir::Etc::SourceList": work / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::lists": work / "lists",
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
    }
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    subprocess.run(["apt-get", *_QUIET, *options, *arguments], cwd=work, check=True)


def _sources() -> Iterable[str]:
    words = "$(REPO_URI) $(CODENAME) $(COMPONENT)"
    command = ["apt-get", "indextargets", "--format", words, "Created-By: Packages"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return (f"deb-src {line}" for line in sorted(set(listed.splitlines())))
