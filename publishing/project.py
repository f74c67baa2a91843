"""What pyproject.toml and the changelog say about the project."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib  # type: ignore[no-redef,import-not-found,unused-ignore]

ROOT = Path(__file__).resolve().parent.parent
PLACEHOLDER = "OWNER"  # in the address, until the repository has one


class Project(NamedTuple):
    """Name, version and address of the project."""

    name: str
    version: str
    address: str

    def file(self, path: str, at: str = "main") -> str:
        """The address of a file or directory of the repository."""
        return f"{self.address}/blob/{at}/{path}"


class Section(NamedTuple):
    """One version in the changelog."""

    version: str
    state: str  # the date, or "unreleased"
    notes: str

    @property
    def date(self) -> str | None:
        """The date of the release, or None."""
        return self.state if re.fullmatch(r"\d{4}-\d{2}-\d{2}", self.state) else None


def toml(text: str) -> dict[str, Any]:
    """Parse TOML."""
    return tomllib.loads(text)


def read(root: Path = ROOT) -> Project:
    """Read pyproject.toml."""
    table = toml((root / "pyproject.toml").read_text("utf-8"))["project"]
    return Project(table["name"], table["version"], table["urls"]["Homepage"])


def changelog(root: Path = ROOT) -> list[Section]:
    """The sections of CHANGELOG.md, the newest first."""
    text = (root / "CHANGELOG.md").read_text("utf-8")
    parts = re.split(r"(?m)^## (\S+) \((.*)\)$", text)[1:]
    return [
        Section(version, state, notes.strip())
        for version, state, notes in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    ]
