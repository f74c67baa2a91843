"""The examples that a request for a missing file of a registry shows to a generator."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from projects import Content, Outcome, call, command_line, lay_out
from repositories import NEEDS_GIT, repository

pytestmark = NEEDS_GIT

TABLE = """
[[registry]]
file = "{0}/index.json"
entries = "$[*]"
target = "{0}/{{value}}"
tree = ["{0}/**/*.md"]
"""
PROGRAM = """
import json, sys
request = json.load(sys.stdin)
with open({seen!r}, "a") as file:
    json.dump([request["path"], request["headings"], request["examples"]], file)
    file.write(chr(10))
print("# Use" + chr(10) + "A new text.")
"""


def page(words: str) -> str:
    return f"# Use\n{words}\n# Limits\nNone.\n"


FILES: dict[str, Content] = {
    "jit-guard.toml": TABLE.format("skills")
    + TABLE.format("notes")
    + '[[registry]]\npreset = "goal-map"\n',
    "skills/index.json": json.dumps(
        ["lint.md", "deep/style.md", "run.py", ".env.md", "me.md", "gone/new.md", "link.md"]
    ),
    "skills/lint.md": page("Lint the code."),
    "skills/deep/style.md": page("Check the style."),
    "skills/run.py": "print(1)\n",
    "skills/.env.md": page("A secret."),
    "notes/index.json": '["note.md", "more.md"]',
    "notes/note.md": page("A note."),
    "goal_map.json": '{"A": {"index": "x.md"}}',
    "components/indexs/x.md": page("Of a goal map."),
    ".gitignore": "me.md\n",
    "README.md": "About.\n",
}


def project(root: Path) -> Path:
    made = repository(root / "project", FILES)
    lay_out(made, {"skills/me.md": page("Mine.")})
    (made / "skills/link.md").symlink_to("../README.md")
    return made


def fix(root: Path, *more: str, code: str = "pass") -> Outcome:
    command = command_line(sys.executable, "-c", code)
    return call("--fix", "--yes", "--jobs", "1", "--command", command, *more, cwd=root)


def test_the_examples_are_files_that_the_same_registry_names(tmp_path: Path) -> None:
    root = project(tmp_path)
    seen = tmp_path / "seen"
    fix(root, code=PROGRAM.format(seen=str(seen)))
    requests: list[Any] = list(map(json.loads, seen.read_text().splitlines()))
    examples = {path: [one["path"] for one in some] for path, _, some in requests}
    assert {path: sorted(some) for path, some in examples.items()} == {
        "skills/gone/new.md": ["skills/deep/style.md", "skills/lint.md"],
        "notes/more.md": ["notes/note.md"],
    }
    assert requests[0][1] == ["# Use", "# Limits"]
    assert {"path": "notes/note.md", "text": page("A note.")} in [
        one for _, _, some in requests for one in some
    ]


def test_a_dry_run_lists_them_and_their_number_can_be_set(tmp_path: Path) -> None:
    root = project(tmp_path)
    lines = fix(root, "--dry-run").out.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("shows")] == [
        "skills/lint.md",
        "skills/deep/style.md",
        "notes/note.md",
    ]
    configuration = root / "jit-guard.toml"
    configuration.write_text(f"examples = 0\n{configuration.read_text()}")
    assert "shows" not in fix(root, "--dry-run").out


def test_a_draft_is_no_example(tmp_path: Path) -> None:
    root = project(tmp_path)
    call("--fix", "--yes", "--generator", "scaffold", cwd=root)
    index = root / "skills/index.json"
    index.write_text(json.dumps([*json.loads(index.read_text()), "extra.md"]))
    lines = fix(root, "--dry-run").out.splitlines()
    generated = [line.split()[1] for line in lines if line.startswith("generate")]
    assert generated == ["skills/extra.md", "skills/gone/new.md", "notes/more.md"]
    assert sorted(line.split()[1] for line in lines if line.startswith("shows")) == [
        "notes/note.md",
        "skills/deep/style.md",
        "skills/lint.md",
    ]
