"""The paths of a project, found by the words in their names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jit_guard.comparison.modules import Modules
from jit_guard.registry.target import OutsideTargetError, normalized
from jit_guard.sources.tree import Tree
from jit_guard.text.names import STATE_DIRECTORY, join

SKIPPED = {"node_modules", "vendor", "dist", "build", "venv", "target", STATE_DIRECTORY}
MOST = 40  # paths of one word
_MOST_PATHS = 100_000
_ODD = re.compile(r"[{}*?\[\]\\\n]|^!")  # what means something in a template or a glob
_MOST_TAILS = 4


class PathIndex:
    """Files, and directories with a final slash, that hold a file.

    Args:
        tree: the snapshot; what is generated or installed is left out, and odd names.
    """

    def __init__(self, tree: Tree) -> None:
        self.files: dict[str, None] = {}  # near the root first
        self.directories: dict[str, list[str]] = {}  # -> the names of the files in it
        self._words: dict[str, list[str]] = {}
        waiting = [""]
        for here in waiting:  # grows
            found = tree.directory(here)
            if found is None or len(self.files) > _MOST_PATHS:
                continue
            names = sorted(one for one in (*found.files, *found.links) if not _ODD.search(one))
            self.files.update((join(here, name), None) for name in names)
            self.directories[here] = names
            inside = sorted(found.directories - SKIPPED)
            waiting += (join(here, name) for name in inside if not _ODD.search(name))
        holding = {"", *Modules(tree).named}
        self.directories.update((one, []) for one in holding if one not in self.directories)
        for path in self.files:
            above = path.rpartition("/")[0]
            while above not in holding:
                holding.add(above)
                above = above.rpartition("/")[0]
        self.directories = {
            one: self.directories[one] for one in self.directories if one in holding
        }

    def has(self, base: str, text: str) -> str | None:
        """Return the path that a text leads to from a directory; None if there is nothing."""
        plain = f"{base}/{text}" if base else text
        if plain in self.files:
            return plain
        if "./" not in text and "//" not in text:
            plain = plain.rstrip("/")
            return f"{plain}/" if plain and plain in self.directories else None
        try:
            path = normalized(base, text)
        except OutsideTargetError:
            return None
        if path.path in self.files and not path.directory:
            return path.path
        return f"{path.path}/" if path.path and path.path in self.directories else None

    def find(self, word: str) -> list[str]:
        """Return paths whose last name is a word, starts with it or ends with it; at most MOST."""
        if not self._words:
            for path in (*(f"{one}/" for one in self.directories if one), *self.files):
                for one in _words(path.rstrip("/").rpartition("/")[2]):
                    known = self._words.setdefault(one, [])
                    if len(known) < MOST:
                        known.append(path)
        return self._words.get(word, [])


def _words(name: str) -> Iterator[str]:
    yield name
    stem = name
    for _ in range(_MOST_TAILS):
        if "." in stem[1:]:
            stem = stem.rpartition(".")[0]
            yield stem
    for _ in range(_MOST_TAILS):
        cuts = [at for mark in "-_" if (at := stem.find(mark)) >= 0]
        if not cuts:
            return
        stem = stem[min(cuts) + 1 :]
        if stem:
            yield stem
