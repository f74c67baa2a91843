"""The configuration of pre-commit that `init` prints or writes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from importlib import metadata

from jit_guard.sources import repository
from jit_guard.sources.worktree import Worktree
from jit_guard.text.console import Console

FILE = ".pre-commit-config.yaml"
_TYPES = "default_install_hook_types: [pre-commit, pre-merge-commit, pre-push]"


def requirement() -> str | None:
    """Return what `pip install` needs to install this version anywhere; None: only a path does.

    A package that was not installed from an index has a `direct_url.json` (PEP 610), whose URL
    has no credentials.
    """
    try:
        text = metadata.distribution("jit-guard").read_text("direct_url.json")
    except metadata.PackageNotFoundError:  # the source is on `sys.path`
        return None
    if text is None:
        return "jit-guard"
    origin = json.loads(text)
    url = origin["url"]
    if url.startswith("file:"):
        return None
    if "vcs_info" in origin:
        url = f"{origin['vcs_info']['vcs']}+{url}@{origin['vcs_info']['commit_id']}"
    return f"jit-guard @ {url}"


def lines(needed: str | None, extra: str = "", below: str = "") -> Iterator[str]:
    """Yield the lines of a configuration with the hook.

    Args:
        needed: the requirement that the hook installs; None: it uses the installed command.
        extra: an extra of the package that the project needs.
        below: the directory of the project, relative to the top of its repository.
    """
    yield _TYPES
    yield "repos:"
    yield "  - repo: local"
    yield "    hooks:"
    yield "      - id: jit-guard"
    yield "        name: jit-guard"
    yield "        entry: jit-guard --source commit"
    if below:
        yield f"        args: [--root, {json.dumps(below)}]"
    if needed is None:
        yield "        language: system    # uses the jit-guard that is on the PATH"
    else:
        name, _, where = needed.partition(" ")
        spec = f"{name}[{extra}] {where}".rstrip() if extra else needed
        yield "        language: python"
        yield f"        additional_dependencies: [{json.dumps(spec)}]"
    yield "        always_run: true"
    yield "        pass_filenames: false"
    yield "        stages: [pre-commit, pre-merge-commit, pre-push, manual]"


def offer(worktree: Worktree, console: Console, maps: Sequence[str], *, write: bool) -> list[str]:
    """Print the configuration, or write it if there is none; return the written paths."""
    top = repository.top(worktree.root)
    below = "" if top is None else repository.below(top, os.path.realpath(worktree.root))
    extra = "yaml" if any(name.endswith((".yaml", ".yml")) for name in maps) else ""
    config = list(lines(requirement(), extra, below))
    # A file at the top is outside a project below it, and is never written.
    if os.path.lexists(os.path.join(top or worktree.root, FILE)):
        if b"jit-guard" in (worktree.read(FILE) or b""):
            console.lines([f"kept   {FILE}"] if write else [])
            return []
    elif write and not below:
        with open(worktree.create(FILE, new=True), "w", encoding="utf-8", newline="\n") as file:
            file.write("\n".join([*config, ""]))
        git = [] if top else ["git init"]
        then = " && ".join([*git, "pre-commit install"])
        console.lines([f"wrote  {FILE}; to install the hook, run: {then}"])
        return [FILE]
    where = f"{FILE} at the top of the repository" if below else FILE
    console.lines(["", f"To run jit-guard as a pre-commit hook, add to {where}:", ""])
    console.lines(f"    {line}" for line in config)
    return []
