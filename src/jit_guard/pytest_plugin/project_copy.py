"""A throw-away copy of a project for one test: its configuration, maps and tree."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from jit_guard.config import Settings
from jit_guard.guard import Guard
from jit_guard.pytest_plugin.scripted import Script
from jit_guard.sources.tree import Tree
from jit_guard.sources.worktree import Worktree
from jit_guard.text.names import join

# Keys of the configuration that name a file of the project.
_FILES = ("schema", "baseline", "prompt", "descriptions")


class JitGuardProject(NamedTuple):
    """What the fixture `jit_guard_project` gives.

    `root` is the folder of the copy, `guard` the `Guard` on it, and `generator` says what is
    written where a component is missing, in the place of a model.
    """

    root: Path
    guard: Guard
    generator: Script


def copy(guard: Guard, root: Path) -> JitGuardProject:
    """Copy a project to a new folder.

    What git ignores stays behind, and so does what is neither file nor link, and a link that
    leaves the project: a test that writes must not reach the real files.
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
    folders = tree.walk(top.real) if top.kind == "folder" else {}
    links = [*top.links, *(join(at, name) for at, one in folders.items() for name in one.links)]
    places = {link: tree.resolve(link) for link in links}
    for place in places.values():  # what links lead to may lie beside the tree
        if place.kind == "folder":
            folders = {**folders, **tree.walk(place.real)}
    files = {join(at, name): None for at, one in folders.items() for name in one.files}
    files |= {place.real: None for place in places.values() if place.kind == "file"}
    ignored = source.ignored(list(files)) if files else set()
    for folder in folders:
        (root / folder).mkdir(parents=True, exist_ok=True)
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
