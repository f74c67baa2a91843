"""A temporary copy of a project for one test: its configuration, maps and tree."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from jit_guard.config import Settings
from jit_guard.generators.generator import (
    GenerationError,
    Generator,
    Request,
    Text,
    Writer,
)
from jit_guard.guard import Guard
from jit_guard.sources.tree import Tree
from jit_guard.sources.worktree import Worktree
from jit_guard.text.names import join

# Configuration keys that name a file of the project.
_FILES = ("schema", "baseline", "prompt", "descriptions")


class JitGuardProject(NamedTuple):
    """The value of the fixture `jit_guard_project`.

    `root` is the directory of the copy, `guard` its `Guard`, and `generator` is the script
    that writes missing components in place of a model.
    """

    root: Path
    guard: Guard
    generator: Script


def copy(guard: Guard, root: Path) -> JitGuardProject:
    """Copy a project to a new directory.

    Not copied are files that git ignores, anything that is neither a file nor a link, and links
    that leave the project: a test that writes must not reach the real files.
    """
    source = Worktree(guard.root)
    configuration = guard.configuration(source)
    settings = configuration.settings
    own = configuration.file.partition(" ")[0] if configuration.file else None
    root.mkdir(parents=True)
    for path in (own, *settings.maps, *(getattr(settings, key, None) for key in _FILES)):
        if path and os.path.isfile(os.path.join(guard.root, path)):
            _write(root / path, source.read(path))
    _copy_tree(source, settings, root)
    script = Script()
    return JitGuardProject(root, Guard(root=root, generator=script.record), script)


def _copy_tree(source: Worktree, settings: Settings, root: Path) -> None:
    tree = Tree(source)
    top = tree.resolve(settings.components)
    directories = tree.walk(top.real) if top.kind == "directory" else {}
    links = [*top.links, *(join(at, name) for at, one in directories.items() for name in one.links)]
    places = {link: tree.resolve(link) for link in links}
    for place in places.values():  # a link may lead outside the components directory
        if place.kind == "directory":
            directories = {**directories, **tree.walk(place.real)}
    files = {join(at, name): None for at, one in directories.items() for name in one.files}
    files |= {place.real: None for place in places.values() if place.kind == "file"}
    ignored = source.ignored(list(files)) if files else set()
    for directory in directories:
        (root / directory).mkdir(parents=True, exist_ok=True)
    for path in files:
        if path not in ignored:
            _write(root / path, source.read(path))
    for link, place in places.items():
        if place.kind != "outside":
            (root / link).parent.mkdir(parents=True, exist_ok=True)
            target = os.readlink(os.path.join(source.root, link))
            if os.path.isabs(target):
                target = os.path.relpath(root / place.real, (root / link).parent)
            os.symlink(target, root / link)


def _write(path: Path, data: bytes | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data or b"")


class Script:
    """A scripted generator: the texts that it writes, and the requests that it received.

    A component without a scripted text gets one line that names its goal and type. `requests`
    holds the requests in the order in which they arrived.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._texts: dict[tuple[str, str], str] = {}
        self._failures: dict[tuple[str, str], str] = {}

    def write(self, goal: str, component_type: str, text: str) -> None:
        """Set the text that is written for a goal and component type."""
        self._texts[goal, component_type] = text
        self._failures.pop((goal, component_type), None)

    def fail(self, goal: str, component_type: str, reason: str = "the test says so") -> None:
        """Let the generation of this component fail, as if a model refused."""
        self._failures[goal, component_type] = reason

    @property
    def record(self) -> Generator:
        """The generator record, for every argument that takes a generator."""
        return Generator(
            "scripted",
            "what a test says",
            lambda _: Writer(self._answer, model="scripted"),
            network=False,
            paid=False,
        )

    def _answer(self, request: Request) -> Text:
        self.requests.append(request)
        key = request.goal, request.component_type
        if key in self._failures:
            raise GenerationError(self._failures[key])
        text = self._texts.get(key)
        return Text(text if text is not None else f"{key[1]} for {key[0]}, as scripted.\n")
