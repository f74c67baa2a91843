"""The files that `jit-guard init` writes: a project that passes its own check."""

from __future__ import annotations

import re
from json import dumps
from typing import TYPE_CHECKING

from jit_guard.config import toml_key, toml_string
from jit_guard.text.names import never_counts, temporary, unsafe_filename, unsafe_type

if TYPE_CHECKING:
    from jit_guard.sources.tree import Tree

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
3. Name the source of every fact that the answer hangs on.

# Stop when
The question is answered, or you have said what is missing to answer it.
""",
}

CONFIGURATION = """\
# jit-guard: https://json-schema.org for `schema`; `jit-guard config` tells what is in force.

maps = ["goal_map.json"]
components = "components"

# A folder that is not the type's name and an s:
# types.strategy.directory = "strategies"

# Files that may stand in the tree without an entry (gitignore patterns):
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


def map_of(tree: Tree, components: str) -> tuple[str, str]:
    """A first map that names every file of a tree, and the folders that must be configured.

    A file `components/protocols/triage.txt` becomes the goal `TRIAGE` with that protocol. Files
    that lie in no folder are left out, as are names that are no UTF-8: no entry can name them.

    Returns:
        The text of the map ("" when there is nothing to name), and lines for the configuration.
    """
    goals: dict[str, dict[str, str]] = {}
    directories: list[str] = []
    for path, folder in tree.walk(components).items():
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
        for name in sorted(folder.files):
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
