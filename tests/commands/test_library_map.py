"""The map and the configuration that `init` writes for a library, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from jit_guard.commands.library import LeftOut, read_library
from jit_guard.errors import OutsideError, UnreadableError
from jit_guard.sources.memory import Memory
from projects import TEXT, Content, call, lay_out


def test_the_map_and_the_lines_of_the_configuration_have_a_fixed_form(tmp_path: Path) -> None:
    files: dict[str, Content] = {
        "lib/strategies/bisect.md": TEXT,
        "lib/icon/a.png": b"\x89PNG\xff",
        "lib/roles/host.md": TEXT,
        "lib/roles/logo.png": b"\xff",
        "lib/roles/[x] !.png ": b"\xff",
        "lib/note.md": "späť\n",
    }
    root = lay_out(tmp_path, files)
    assert call("init", "--components", "lib", "--no-input", cwd=root).code == 0
    assert (root / "goal_map.json").read_text("utf-8") == (
        '{\n  "$schema": "goal_map.schema.json",\n'
        '  "A": {\n    "icon": "a.png"\n  },\n'
        '  "HOST": {\n    "role": "host.md"\n  },\n'
        '  "BISECT": {\n    "strategy": "bisect.md"\n  },\n'
        '  "NOTE": {\n    "lib": "note.md"\n  }\n}\n'
    )
    lines = (root / "jit-guard.toml").read_text("utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == [
        'components = "lib"',
        r'orphan-ignore = ["/roles/\\[x\\] \\!.png\\ ", "/roles/logo.png"]',
        'types.icon.directory = "icon"',
        "types.icon.text = false",
        'types.strategy.directory = "strategies"',
        'types.lib.directory = "."',
    ]
    assert call(cwd=root).code == 0, "the pattern matches exactly these files"


class Changing(Memory):
    """A library whose files change while it is read."""

    def read(self, path: str) -> bytes | None:
        if "/away" in path:
            raise OutsideError(path, "it leads outside")
        if "/locked" in path:
            raise UnreadableError(path, "permission denied")
        return None if "/gone" in path else super().read(path)


def test_what_a_file_contains_decides_whether_it_gets_an_entry() -> None:
    names = ("away.md", "gone.md", "locked.md")
    files: dict[str, Content] = {
        **{f"lib/roles/{name}": TEXT for name in names},
        "lib/roles/nul-within.md": b"x" * 7999 + b"\0",
        "lib/roles/nul-behind.md": b"x" * 8000 + b"\0",
        "lib/roles/später.md": TEXT,
    }
    found = read_library(Changing(files), "lib", lambda _, suggested: suggested)
    assert found.left_out == (
        *(LeftOut(f"roles/{name}", "it cannot be read") for name in names),
        LeftOut("roles/nul-within.md", "it is not text", "/roles/nul-within.md"),
    )
    assert found.entries == 2
    assert '\n    "role": "später.md"\n' in found.map("s"), "as people read it"


@pytest.mark.parametrize("number", [1, 2, 3, 12])
def test_files_that_would_have_one_goal_are_numbered(number: int) -> None:
    files = {f"lib/roles/a{'-' * at}.md": TEXT for at in range(number)}
    found = read_library(Memory(files), "lib", lambda _, suggested: suggested)
    goals = ["A", "A_MD", *(f"A_{at}" for at in range(2, 20))][:number]
    assert sorted(found.goals) == sorted(goals)
    assert found.entries == number


def test_directories_whose_types_would_be_one_are_numbered() -> None:
    files = {f"lib/{top}/a.md": TEXT for top in ("role", "roles")}
    files |= {"role/x.md": TEXT, "role/role/a.md": TEXT, "role/roles/b.md": TEXT}
    types = lambda _, suggested: suggested  # noqa: E731
    assert read_library(Memory(files), "lib", types).directories == {
        "role": "role",
        "roles": "roles",
    }
    found = read_library(Memory(files), "role", types)
    assert found.directories == {"role": "role", "roles": "roles", "role_2": ""}
