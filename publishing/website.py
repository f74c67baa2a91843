"""Build the documentation site and check it: `python -m publishing.website SITE`.

The pages are written for the forge, where links lead to files of the repository. The site has only
the pages, so links out of `docs/` lead to the repository there.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from publishing.links import problems
from publishing.project import ROOT, Project, read

_NAME = re.compile(r"\[(?:docs/)?([\w-]+\.md)\]\(")
_IN_NAV = re.compile(r'"([^"]+)" = "([\w-]+\.md)"')
_COLORS = re.compile(r"\x1b\[[\d;]*m")  # zensical always writes them
_LINK = re.compile(r"\]\(\.\./([^)#]+)")


def build(target: Path, root: Path = ROOT) -> str | None:
    """Build the site; return what zensical says if it does not accept a page."""
    project = read(ROOT)
    settings = (root / "zensical.toml").read_text("utf-8")
    titles = {page: title for title, page in _IN_NAV.findall(settings)}
    with tempfile.TemporaryDirectory() as temporary:
        stage = Path(temporary)
        shutil.copytree(root / "docs", stage / "docs")
        for page in (stage / "docs").glob("*.md"):
            page.write_text(titled(outward(page.read_text("utf-8"), project), titles), "utf-8")
        (stage / "zensical.toml").write_text(settings + _footer(project), "utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "zensical", "build", "--strict", "--clean"],
            cwd=stage,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return _COLORS.sub("", done.stdout + done.stderr)
        shutil.copytree(stage / "site", target, dirs_exist_ok=True)
    return None


def outward(text: str, project: Project) -> str:
    """A page whose links out of docs/ lead to the repository."""
    return _LINK.sub(lambda found: f"]({project.file(found[1])}", text)


def titled(text: str, titles: Mapping[str, str]) -> str:
    """A page whose links have the titles of pages where the forge shows the names of files."""
    return _NAME.sub(lambda found: f"[{titles.get(found[1], found[1])}](", text)


def _footer(project: Project) -> str:
    """A link to the repository. With `repo_url`, every page would ask the forge for its stars."""
    return f"""
[[project.extra.social]]
icon = "lucide/git-branch"
name = "The repository"
link = "{project.address}"
"""


def main(argv: list[str]) -> int:
    """Return 1 if something is wrong."""
    (target,) = argv
    refused = build(Path(target))
    if refused:
        print(refused, file=sys.stderr)
        return 1
    found = list(problems(Path(target)))
    for problem in found:
        print(f"site: {problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
