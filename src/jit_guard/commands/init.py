"""Write a starting map, tree and configuration; what is there already stays as it is."""

import os
from argparse import ArgumentParser
from importlib.resources import files
from typing import NamedTuple

from jit_guard import starter
from jit_guard.comparison.compare import components_folder
from jit_guard.errors import UsageError
from jit_guard.project import load
from jit_guard.sources.tree import Tree
from jit_guard.sources.worktree import Worktree
from jit_guard.text.console import Console
from jit_guard.text.names import join
from jit_guard.text.printable import printable


class Options(NamedTuple):
    """What `init` may be asked for; see `configure`."""

    color: str = "auto"
    verbose: bool = False
    root: str = "."


def configure(parser: ArgumentParser) -> None:
    """Add the options of `init`."""
    parser.add_argument("--root", metavar="DIR", help="where; default: the working directory")


def run(options: Options, started: float) -> int:  # noqa: ARG001
    """Write what is missing and say what was done."""
    if not os.path.isdir(options.root):
        raise UsageError(f"--root {options.root} is not a folder")
    console = Console(options.color)
    wanted = _wanted(options.root)
    for path, text in wanted.items():
        done = _write_new(os.path.join(options.root, path), text)
        console.lines([f"{'wrote' if done else 'kept '}  {printable(path)}"])
    console.lines(
        ["", "As a pre-commit hook, in .pre-commit-config.yaml:", ""]
        + [f"    {line}" for line in starter.HOOK.splitlines()]
        + ["", "Next: jit-guard"]
    )
    return 0


def _wanted(root: str) -> dict[str, str]:
    """The files of a first project, by path; what is there already is left out or as it is."""
    source = Worktree(root)
    found = load(source.read)
    settings = found.settings
    wanted: dict[str, str] = {}
    configuration = starter.CONFIGURATION
    tree = Tree(source)
    top = components_folder(tree, settings)
    goals, directories = starter.map_of(tree, top) if top is not None else ("", "")
    if any(os.path.lexists(os.path.join(root, path)) for path in settings.maps):
        wanted[settings.maps[0]] = ""  # is there, and told as kept
    elif goals:
        wanted[settings.maps[0]] = goals
        configuration += directories
    else:
        wanted[settings.maps[0]] = starter.GOAL_MAP
        for path, text in starter.COMPONENTS.items():
            wanted[join(settings.components, path)] = text
    wanted["goal_map.schema.json"] = (
        files("jit_guard").joinpath("goal_map.schema.json").read_text("utf-8")
    )
    if found.file is None:
        wanted["jit-guard.toml"] = configuration
    return wanted


def _write_new(path: str, text: str) -> bool:
    """Write a file that is not there; False when it is."""
    if os.path.lexists(path):
        return False
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return True
