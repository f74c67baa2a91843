"""kill -9 at the system calls of a whole `jit-guard --fix`; paid texts are not lost."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from crash.conftest import Record
from crash.disk_model import State, read_state
from crash.fix_project import TWO, FixProject, changing
from crash.killing import inject, points
from crash.projects import SIMPLE
from crash.tracing import why_not_strace
from projects import git, lay_out
from repositories import NEEDS_GIT
from sampling import sample

_WHY_NOT = why_not_strace()
pytestmark = pytest.mark.skipif(_WHY_NOT is not None, reason=str(_WHY_NOT))


@pytest.mark.parametrize(
    ("what", "thread", "generator", "before", "most"),
    [
        ("command", "main", "command", SIMPLE, 8),
        ("command", "writer", "command", SIMPLE, 4),
        ("scaffold", "main", "scaffold", SIMPLE, 4),
        ("scaffold", "writer", "scaffold", SIMPLE, 3),
        ("two components", "main", "command", TWO, 4),
    ],
)
def test_kill_9_at_every_call_of_a_fix(
    what: str,
    thread: str,
    generator: str,
    before: State,
    most: int,
    fast_directory: str,
    record: Record,
) -> None:
    project = FixProject(fast_directory, generator, before)
    ends: Counter[str] = Counter()
    places = changing(points(project, thread))
    chosen = sample(places, most)
    for point, ran in inject(project, chosen, "signal=SIGKILL", thread=thread):
        assert ran.code == -signal.SIGKILL, (point, ran)
        ends[project.ends_well(point)] += 1
    record(
        f"kill -9, --fix, {what}, {thread} thread: {len(chosen)} of {len(places)} points, "
        f"{dict(ends)}, nothing else, no text paid for twice"
    )
    assert ends


HELLO = "components/protocols/hello.txt"


def with_deleted_files(directory: str) -> State:
    """A repository with two deleted files, one of them executable."""
    root = os.path.join(directory, "made")
    goals = {"GREET": {"persona": "host.txt", "protocol": "hello.txt"}}
    files = {
        "goal_map.json": json.dumps(goals, indent=2),
        "components/personas/host.txt": "You welcome people.\n",
        HELLO: "Say hello, then the name.\n",
    }
    os.mkdir(root)
    lay_out(Path(root), files)
    os.chmod(os.path.join(root, HELLO), 0o755)
    git(Path(root), "init", "-q", "--template=")
    git(Path(root), "add", ".")
    os.unlink(os.path.join(root, HELLO))
    os.unlink(os.path.join(root, "components/personas/host.txt"))
    return read_state(root)


@NEEDS_GIT
def test_kill_9_at_every_call_of_a_fix_that_restores_files_from_git(
    fast_directory: str, record: Record
) -> None:
    project = FixProject(fast_directory, "command", with_deleted_files(fast_directory), restored=2)
    hello = os.path.join(project.root, HELLO)
    assert os.access(hello, os.X_OK)
    ends: Counter[str] = Counter()
    places = changing(points(project))
    chosen = sample(places, 6)
    for point, ran in inject(project, chosen, "signal=SIGKILL"):
        assert ran.code == -signal.SIGKILL, (point, ran)
        ends[project.ends_well(point)] += 1
        assert os.access(hello, os.X_OK), point
    record(
        f"kill -9, --fix with restored files: {len(chosen)} of {len(places)} points, {dict(ends)}"
    )
    assert len(ends) == 2  # old and new


INDEX = "# pages\npages:\n- one.md  # first\n- 'two.md'\n"
TABLE = """
[[registry]]
file = "index.yaml"
entries = "$.pages[*]"
target = "{value}"
tree = ["*.md"]
"""


def with_a_registry(directory: str) -> State:
    """A repository whose YAML index names a page in another case, and one that was deleted."""
    root = Path(directory, "made")
    root.mkdir()
    pages = {"one.md": "A page about one thing.\n", "two.md": "Another page.\n"}
    lay_out(root, {"jit-guard.toml": TABLE, "index.yaml": INDEX, **pages})
    git(root, "init", "-q", "--template=")
    git(root, "add", ".")
    (root / "two.md").unlink()
    (root / "one.md").rename(root / "One.md")
    return read_state(str(root))


@NEEDS_GIT
def test_kill_9_at_every_call_of_a_fix_that_relinks_in_yaml(
    fast_directory: str, record: Record
) -> None:
    made = with_a_registry(fast_directory)
    project = FixProject(fast_directory, "command", made, restored=1)
    assert project.new["index.yaml"] == INDEX.replace("one.md", "One.md").encode()
    ends: Counter[str] = Counter()
    places = changing(points(project))
    chosen = sample(places, 5)
    for point, ran in inject(project, chosen, "signal=SIGKILL"):
        assert ran.code == -signal.SIGKILL, (point, ran)
        ends[project.ends_well(point)] += 1
    record(f"kill -9, --fix of a registry: {len(chosen)} of {len(places)} points, {dict(ends)}")
    assert len(ends) == 2  # old and new
