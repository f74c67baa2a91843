"""Check that version, changelog and documentation agree: `python -m publishing.release [TAG]`.

With a tag, also that it may be released; then the notes of the release are printed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from publishing.project import PLACEHOLDER, ROOT, changelog, read


def problems(root: Path = ROOT, tag: str | None = None) -> Iterator[str]:
    """What is wrong, one sentence each; nothing if all of it agrees."""
    project = read(root)
    version = project.version
    module = (root / "src/jit_guard/version.py").read_text("utf-8")
    if f'__version__ = "{version}"' not in module:
        yield f"src/jit_guard/version.py has another version than pyproject.toml ({version})"
    sections = changelog(root)
    newest = sections[0] if sections else None
    if newest is None or newest.version != version:
        yield f"the first section of CHANGELOG.md is not about {version}"
    elif not newest.notes:
        yield f"the section of {version} in CHANGELOG.md is empty"
    released = next((one.version for one in sections if one.date), version)
    for page, rev in _revs(root):
        if rev != f"v{released}":
            yield f"{page} has `rev: {rev}`; the newest release is v{released}"
    if tag is None:
        return
    if tag != f"v{version}":
        yield f"the tag is {tag}, the version is {version}"
    if newest and newest.version == version and newest.date is None:
        yield f"CHANGELOG.md has no date for {version}: ({newest.state})"
    if PLACEHOLDER in project.address:
        yield f"the address of the repository in pyproject.toml is not real: {project.address}"


def _revs(root: Path) -> Iterator[tuple[str, str]]:
    """Each `rev:` of a hook of ours in the documentation."""
    for page in (root / "README.md", *sorted((root / "docs").glob("*.md"))):
        for rev in re.findall(r"/jit-guard\n +rev: (\S+)", page.read_text("utf-8")):
            yield page.relative_to(root).as_posix(), rev


def main(argv: list[str]) -> int:
    """Return 1 if something is wrong."""
    tag = argv[0] if argv else None
    found = list(problems(tag=tag))
    for problem in found:
        print(f"release: {problem}", file=sys.stderr)
    if tag and not found:
        print(changelog()[0].notes)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
