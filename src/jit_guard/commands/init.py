"""Write a starter map, components and a configuration; existing files are kept."""

from __future__ import annotations

import os
import re
from argparse import ArgumentParser, Namespace
from importlib.resources import files
from json import dumps

from jit_guard.comparison.compare import components_directory
from jit_guard.config import toml_key, toml_string
from jit_guard.errors import UsageError
from jit_guard.project import load
from jit_guard.sources.tree import Tree
from jit_guard.sources.worktree import Worktree
from jit_guard.text.console import Console
from jit_guard.text.names import join, never_counts, temporary, unsafe_filename, unsafe_type
from jit_guard.text.printable import printable

GOAL_MAP = """\
{
  "$schema": "goal_map.schema.json",
  "ANSWER_QUESTION": {
    "persona": "helpful_expert.txt",
    "protocol": "answer_with_sources.txt"
  }
}
"""
COMPONENTS = {
    "personas/helpful_expert.txt": """\
# Role
You are an expert in the field of the question. You explain as to a capable colleague.

# Limits
You say what you do not know. You never make up a source.
""",
    "protocols/answer_with_sources.txt": """\
# Purpose
Answer one question so that the reader can check the answer.

# Steps
1. Say in one sentence what is asked. If two readings are possible, name both and take one.
2. Answer in the first sentence, then give the reasons, the strongest first.
3. Name the source of every fact that the answer depends on.

# Stop when
The question is answered, or you have said what is missing to answer it.
""",
}
CONFIGURATION = """\
# `jit-guard config` shows the settings in force.

maps = ["goal_map.json"]
components = "components"

# The directory of a component type, where it is not the type's name followed by an s:
# types.strategy.directory = "strategies"

# Files that need no entry in a map (gitignore patterns):
# orphan-ignore = ["drafts/"]
"""
HOOK = """\
repos:
  - repo: local
    hooks:
      - id: jit-guard
        name: jit-guard
        entry: jit-guard --source commit
        language: python
        additional_dependencies: [jit-guard]
        always_run: true
        pass_filenames: false
        stages: [pre-commit, pre-merge-commit, pre-push, manual]
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options of `init`."""
    parser.add_argument(
        "--root",
        metavar="DIR",
        default=".",
        help="directory to write to (default: the working directory)",
    )


def run(options: Namespace, started: float) -> int:  # noqa: ARG001
    """Write the files that do not exist yet, and print what was written and kept."""
    if not os.path.isdir(options.root):
        raise UsageError(f"--root {options.root} is not a directory")
    console = Console(options.color)
    worktree = Worktree(options.root)
    wanted = _wanted(worktree)
    there = [path for path in wanted if os.path.lexists(os.path.join(options.root, path))]
    for path in wanted:
        if path not in there:
            worktree.target(path)  # before anything is written
    for path, text in wanted.items():
        if path not in there:
            _write_new(worktree, path, text)
        console.lines([f"{'kept ' if path in there else 'wrote'}  {printable(path)}"])
    console.lines(
        ["", "To run jit-guard as a pre-commit hook, add to .pre-commit-config.yaml:", ""]
        + [f"    {line}" for line in HOOK.splitlines()]
        + ["", "Next, run: jit-guard"]
    )
    return 0


def _wanted(source: Worktree) -> dict[str, str]:
    """The files to write, as text by path. An existing map is listed, so that it is shown as kept.

    A map that must be written names the files of an existing components directory; without
    one, the starter map and its components are written.
    """
    found = load(source.read)
    settings = found.settings
    wanted: dict[str, str] = {}
    configuration = CONFIGURATION
    tree = Tree(source)
    top = components_directory(tree, settings)
    goals, directories = map_of(tree, top) if top is not None else ("", "")
    if any(os.path.lexists(os.path.join(source.root, path)) for path in settings.maps):
        wanted[settings.maps[0]] = ""  # exists, and is reported as kept
    elif goals:
        wanted[settings.maps[0]] = goals
        configuration += directories
    else:
        wanted[settings.maps[0]] = GOAL_MAP
        for path, text in COMPONENTS.items():
            wanted[join(settings.components, path)] = text
    wanted["goal_map.schema.json"] = (
        files("jit_guard").joinpath("goal_map.schema.json").read_text("utf-8")
    )
    if found.file is None:
        wanted["jit-guard.toml"] = configuration
    return wanted


def _write_new(worktree: Worktree, path: str, text: str) -> None:
    with open(worktree.create(path, new=True), "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def map_of(tree: Tree, components: str) -> tuple[str, str]:
    """Build a map that names every file of a tree.

    A file `components/protocols/triage.txt` becomes the goal `TRIAGE` with that protocol. Files
    directly in the components directory and names that are not UTF-8 are omitted, because no
    entry can name them.

    Returns:
        The text of the map ("" if there is nothing to name), and the configuration lines for
        component types whose directory is not the type's name followed by an s.
    """
    goals: dict[str, dict[str, str]] = {}
    directories: list[str] = []
    for path, listing in tree.walk(components).items():
        below = path[len(components) :].strip("/")
        if not below:
            continue
        directory, _, inner = below.partition("/")
        component_type = directory.removesuffix("s") or directory
        if unsafe_type(component_type):
            continue
        if f"{component_type}s" != directory:
            key = f"types.{toml_key(component_type)}.directory"
            directories.append(f"{key} = {toml_string(directory)}")
        for name in sorted(listing.files):
            if never_counts(name) or temporary(name):
                continue
            filename = f"{inner}/{name}" if inner else name
            if unsafe_filename(filename):
                continue
            goal = _free_goal(goals, component_type, filename)
            goals.setdefault(goal, {})[component_type] = filename
    if not goals:
        return "", ""
    document = {"$schema": "goal_map.schema.json", **goals}
    text = dumps(document, indent=2, ensure_ascii=False) + "\n"
    return text, "".join(f"{line}\n" for line in dict.fromkeys(directories))


def _free_goal(goals: dict[str, dict[str, str]], component_type: str, filename: str) -> str:
    words = re.sub(r"[\W_]+", "_", filename.rpartition(".")[0] or filename).strip("_").upper()
    goal, number = words or "GOAL", 1
    while component_type in goals.get(goal, ()):
        number += 1
        goal = f"{words or 'GOAL'}_{number}"
    return goal
