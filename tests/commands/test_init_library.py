"""`init` in a directory with an existing library, of every layout that people have."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from jit_guard.commands.init import COMPONENTS
from jit_guard.sources.memory import Link, Other
from projects import TEXT, Files, call, git, lay_out
from repositories import NEEDS_GIT, repository
from typed import type_in

BINARY = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
LATIN = "Grüße\n".encode("latin-1")


class Layout(NamedTuple):
    """A library below `lib`, what its map has, and what remains to be done."""

    files: Files
    goals: dict[str, dict[str, str]]
    config: tuple[str, ...] = ()  # lines besides `components = "lib"`
    left: tuple[str, ...] = ()  # codes of the check
    out: tuple[str, ...] = ()  # what was left out


LAYOUTS = {
    "three files at the top": Layout(
        {"a.txt": TEXT, "b.txt": TEXT, "c.txt": TEXT},
        {name: {"lib": f"{name.lower()}.txt"} for name in "ABC"},
        ('types.lib.directory = "."',),
    ),
    "plural directories": Layout(
        {"protocols/triage.txt": TEXT, "personas/triage.txt": TEXT},
        {"TRIAGE": {"persona": "triage.txt", "protocol": "triage.txt"}},
    ),
    "singular directories": Layout(
        {"protocol/triage.txt": TEXT, "data/x.txt": TEXT},
        {"X": {"data": "x.txt"}, "TRIAGE": {"protocol": "triage.txt"}},
        ('types.data.directory = "data"', 'types.protocol.directory = "protocol"'),
    ),
    "odd plurals": Layout(
        {"strategies/bisect.md": TEXT, "boxes/b.md": TEXT, "glass/g.md": TEXT},
        {
            "B": {"box": "b.md"},
            "G": {"glass": "g.md"},
            "BISECT": {"strategy": "bisect.md"},
        },
        (
            'types.box.directory = "boxes"',
            'types.glass.directory = "glass"',
            'types.strategy.directory = "strategies"',
        ),
    ),
    "a singular beside its plural": Layout(
        {"agent/a.md": TEXT, "agents/a.md": TEXT},
        {"A": {"agent": "a.md", "agents": "a.md"}},
        ('types.agent.directory = "agent"', 'types.agents.directory = "agents"'),
    ),
    "files at the top and directories": Layout(
        {"main.md": TEXT, "roles/main.md": TEXT},
        {"MAIN": {"role": "main.md", "lib": "main.md"}},
        ('types.lib.directory = "."',),
    ),
    "skills": Layout(
        {
            "skills/pdf/SKILL.md": TEXT,
            "skills/pdf/reference.md": TEXT,
            "skills/web-search/SKILL.md": TEXT,
            "skills/web-search/scripts/run.py": "print()\n",
        },
        {
            "PDF": {"skill": "pdf/SKILL.md"},
            "PDF_REFERENCE": {"skill": "pdf/reference.md"},
            "WEB_SEARCH": {"skill": "web-search/SKILL.md"},
            "WEB_SEARCH_SCRIPTS_RUN": {"skill": "web-search/scripts/run.py"},
        },
    ),
    "a directory for each goal": Layout(
        {"triage/persona.md": TEXT, "triage/protocol.md": TEXT},
        {"PERSONA": {"triage": "persona.md"}, "PROTOCOL": {"triage": "protocol.md"}},
        ('types.triage.directory = "triage"',),
    ),
    "two suffixes of one name": Layout(
        {"prompts/a.md": TEXT, "prompts/a.txt": TEXT},
        {"A": {"prompt": "a.md"}, "A_TXT": {"prompt": "a.txt"}},
    ),
    "a suffix of two parts": Layout(
        {"prompts/a.prompt.md": TEXT, "prompts/b.prompt.md": TEXT},
        {"A_PROMPT": {"prompt": "a.prompt.md"}, "B_PROMPT": {"prompt": "b.prompt.md"}},
    ),
    "names that differ in punctuation only": Layout(
        {"prompts/a-b.md": TEXT, "prompts/a_b.md": TEXT, "prompts/a b.md": TEXT},
        {
            "A_B": {"prompt": "a b.md"},
            "A_B_MD": {"prompt": "a-b.md"},
            "A_B_2": {"prompt": "a_b.md"},
        },
    ),
    "no letters, no suffix": Layout(
        {"prompts/---": TEXT, "prompts/readme": TEXT, "prompts/camelCase": TEXT},
        {
            "GOAL": {"prompt": "---"},
            "CAMEL_CASE": {"prompt": "camelCase"},
            "README": {"prompt": "readme"},
        },
    ),
    "hidden files": Layout(
        {"prompts/a.md": TEXT, ".env": "KEY=x\n", "prompts/.cache/x": TEXT, ".cfg/y": TEXT},
        {"A": {"prompt": "a.md"}},
        ('orphan-ignore = ["/.cfg", "/.env", "/prompts/.cache"]',),
        (),
        (".cfg/y: it is hidden", ".env: it is hidden", "prompts/.cache/x: it is hidden"),
    ),
    "files that are no components": Layout(
        {"README.md": TEXT, "prompts/README.md": TEXT, "prompts/a.md": TEXT, ".gitkeep": ""},
        {"A": {"prompt": "a.md"}},
        out=("README.md: a file of this name", "prompts/README.md: a file of this name"),
    ),
    "images beside texts": Layout(
        {"prompts/a.md": TEXT, "prompts/a[1].png": BINARY, "prompts/old.md": LATIN},
        {"A": {"prompt": "a.md"}},
        (r'orphan-ignore = ["/prompts/a\\[1\\].png", "/prompts/old.md"]',),
        (),
        ("prompts/a[1].png: it is not text", "prompts/old.md: it is not text"),
    ),
    "images alone": Layout(
        {"icons/a.png": BINARY, "prompts/a.md": TEXT},
        {"A": {"icon": "a.png", "prompt": "a.md"}},
        ("types.icon.text = false",),
    ),
    "links": Layout(
        {
            "prompts/a.md": TEXT,
            "prompts/b.md": Link("a.md"),
            "prompts/gone.md": Link("nowhere"),
            "prompts/out.md": Link("/etc/hostname"),
            "again": Link("prompts"),
        },
        {"A": {"prompt": "a.md"}, "B": {"prompt": "b.md"}},
        ('orphan-ignore = ["/again"]',),
        ("JG301", "JG301"),
        ("prompts/gone.md: it is a link that leads to no file", "again: it is a link to a"),
    ),
    "unicode": Layout(
        {"指示/日本.txt": TEXT, "Rôles/été.md": TEXT, "🎉s/x.txt": TEXT},
        {"ÉTÉ": {"Rôle": "été.md"}, "日本": {"指示": "日本.txt"}, "X": {"🎉": "x.txt"}},
        ('types."指示".directory = "指示"',),
    ),
    "an empty component": Layout(
        {"prompts/a.md": TEXT, "prompts/b.md": ""},
        {"A": {"prompt": "a.md"}, "B": {"prompt": "b.md"}},
        left=("JG206",),
    ),
    "what writers left": Layout(
        {"prompts/a.md": TEXT, "prompts/a.md.tmp": TEXT},
        {"A": {"prompt": "a.md"}},
        left=("JG303",),
        out=("prompts/a.md.tmp: it looks like a temporary file",),
    ),
    "a pipe": Layout(
        {"prompts/a.md": TEXT, "prompts/pipe": Other("FIFO")},
        {"A": {"prompt": "a.md"}},
        left=("JG301",),
        out=("prompts/pipe: it is a FIFO",),
    ),
    "deep": Layout(
        {"prompts/team/ops/on call/triage.md": TEXT, "prompts/team/index.md": TEXT},
        {
            "TEAM": {"prompt": "team/index.md"},
            "TEAM_OPS_ON_CALL_TRIAGE": {"prompt": "team/ops/on call/triage.md"},
        },
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_library_is_brought_in(tmp_path: Path, name: str) -> None:
    layout = LAYOUTS[name]
    root = lay_out(tmp_path, {f"lib/{path}": content for path, content in layout.files.items()})
    before = state(root / "lib")
    done = call("init", "--components", "lib", cwd=root)
    assert (done.code, done.err) == (0, ""), done
    goals = json.loads((root / "goal_map.json").read_text())
    assert goals.pop("$schema") == "goal_map.schema.json"
    assert goals == layout.goals
    config = (root / "jit-guard.toml").read_text().splitlines()
    assert [line for line in config if not line.startswith("#")] == [
        'components = "lib"',
        *layout.config,
    ]
    for one in layout.out:
        assert f"left   lib/{one}" in done.out
    check = call("--format", "json", cwd=root)
    assert tuple(code for code in check.codes if code != "JG208") == layout.left, check.report
    assert ("nothing wrong" in done.out) is not check.report["summary"]["findings"]
    assert state(root / "lib") == before
    assert not (root / "components").exists()


def state(directory: Path) -> dict[str, bytes | str]:
    """Everything below a directory, so that nothing was changed, added or removed."""
    found: dict[str, bytes | str] = {}
    for path in sorted(directory.rglob("*")):
        if path.is_symlink():
            found[str(path)] = os.readlink(path)
        else:
            found[str(path)] = path.read_bytes() if path.is_file() else ""
    return found


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_second_run_lists_the_files_and_changes_nothing(tmp_path: Path, name: str) -> None:
    files = {f"lib/{path}": content for path, content in LAYOUTS[name].files.items()}
    root = lay_out(tmp_path, files)
    call("init", "--components", "lib", cwd=root)
    before = state(root)
    done = call("init", cwd=root)
    assert (done.code, done.err) == (0, "")
    assert state(root) == before
    assert "wrote" not in done.out
    for path in ("goal_map.json", "jit-guard.toml", "goal_map.schema.json", "lib/"):
        assert f"kept   {path}\n" in done.out
    assert " component" in done.out.splitlines()[-1], "it ends with the check"


def test_prune_after_init_removes_nothing_of_a_library(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {f"components/{name}.txt": TEXT for name in "abc"})
    assert call("init", cwd=root).code == 0
    assert call(cwd=root).code == 0
    done = call("prune", "--force", cwd=root)
    assert (done.code, done.out) == (0, "no orphans\n")
    assert len(list((root / "components").iterdir())) == 3


def test_the_default_layout_needs_no_configuration_file(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {"components/prompts/a.txt": TEXT})
    done = call("init", cwd=root)
    assert done.code == 0
    assert not (root / "jit-guard.toml").exists()
    done = call("init", cwd=lay_out(tmp_path / "empty", {"x/": ""}))
    assert done.code == 0
    assert not (tmp_path / "empty/jit-guard.toml").exists()


@pytest.mark.skipif(sys.platform == "darwin", reason="APFS refuses names that are not UTF-8")
def test_names_that_no_map_can_hold_are_named(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path,
        {"lib/p/a.md": TEXT, "lib/p/\udcff.md": TEXT, "lib/\udcff/b.md": TEXT, "lib/p/a\\b": TEXT},
    )
    done = call("init", "--components", "lib", cwd=root)
    assert (done.code, done.err) == (0, "")
    assert r"left   lib/p/\xff.md: the filename contains a lone surrogate" in done.out
    assert "left   lib/p/a\\b: the filename contains a backslash" in done.out
    assert "JG301" in done.out


# Never an example beside real files


@pytest.mark.parametrize(
    "path", ["components/a.txt", "components/x/a.txt", "components/.a", "components/a.tmp"]
)
def test_no_example_beside_real_files(tmp_path: Path, path: str) -> None:
    root = lay_out(tmp_path, {path: TEXT})
    call("init", cwd=root)
    for example in COMPONENTS:
        assert not (root / "components" / example).exists()


def test_files_that_can_have_no_entry_get_no_map(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {"components/.a": TEXT})
    done = call("init", cwd=root)
    assert done.code == 2
    assert "left   components/.a: it is hidden" in done.out
    assert "no file in components can get an entry; nothing was written" in done.err
    assert os.listdir(root) == ["components"]


def test_a_library_elsewhere_is_not_passed_over(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {"prompts/a.md": TEXT})
    done = call("init", cwd=root)
    assert done.code == 2
    assert "jit-guard init --components prompts" in done.err
    assert os.listdir(root) == ["prompts"]
    (root / "components").mkdir()
    assert call("init", cwd=root).code == 0, "an example was asked for"


# Options and the configuration


@pytest.mark.parametrize("where", ["nowhere", "..", ".", "file.txt"])
def test_a_components_directory_that_cannot_be_one(tmp_path: Path, where: str) -> None:
    root = lay_out(tmp_path / "p", {"file.txt": TEXT})
    assert call("init", "--components", where, cwd=root).code == 2
    assert os.listdir(root) == ["file.txt"]


@pytest.mark.parametrize("given", ["lib", "./lib/", "lib/../lib"])
def test_the_directory_may_be_given_in_any_spelling(tmp_path: Path, given: str) -> None:
    root = lay_out(tmp_path, {"lib/prompts/a.md": TEXT})
    assert call("init", "--components", given, cwd=root).code == 0
    assert call(cwd=root).code == 0


def test_an_existing_configuration_gets_the_lines_printed(tmp_path: Path) -> None:
    table = '[project]\nname = "x"\n\n[tool.jit-guard]\njobs = 2\n'
    root = lay_out(
        tmp_path, {"lib/a.md": TEXT, "lib/strategies/b.md": TEXT, "pyproject.toml": table}
    )
    done = call("init", "--components", "lib", cwd=root)
    assert done.code == 0
    assert not (root / "jit-guard.toml").exists()
    assert (root / "pyproject.toml").read_text() == table
    head, _, lines = done.out.partition(
        "Add to pyproject.toml [tool.jit-guard], then run jit-guard:"
    )
    assert "wrote  goal_map.json" in head
    (root / "pyproject.toml").write_text(table + "\n".join(map(str.strip, lines.splitlines())))
    check = call(cwd=root)
    assert check.code == 0, check


def test_configured_types_are_used(tmp_path: Path) -> None:
    config = 'components = "lib"\ntypes.approach.directory = "ways"\n'
    root = lay_out(tmp_path, {"lib/ways/b.md": TEXT, "jit-guard.toml": config})
    done = call("init", cwd=root)
    assert done.code == 0
    assert json.loads((root / "goal_map.json").read_text())["B"] == {"approach": "b.md"}
    assert (root / "jit-guard.toml").read_text() == config
    assert "nothing wrong" in done.out


def test_another_directory_than_the_configured_one_is_an_error(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {"lib/a.md": TEXT, "jit-guard.toml": 'components = "c"\n'})
    done = call("init", "--components", "lib", cwd=root)
    assert done.code == 2
    assert "jit-guard.toml sets components to 'c'" in done.err


def test_the_schema_is_beside_the_map(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {"jit-guard.toml": 'maps = ["m/g.json"]\n'})
    assert call("init", cwd=root).code == 0
    assert (root / "m/goal_map.schema.json").exists()
    assert json.loads((root / "m/g.json").read_text())["$schema"] == "goal_map.schema.json"


@NEEDS_GIT
def test_what_git_ignores_is_left_out(tmp_path: Path) -> None:
    root = repository(tmp_path, {"lib/p/a.md": TEXT, ".gitignore": "*.log\n"})
    (root / "lib/p/b.log").write_text(TEXT)
    done = call("init", "--components", "lib", cwd=root)
    assert done.code == 0
    assert "left   lib/p/b.log: git ignores it" in done.out
    git(root, "add", "-A")
    assert call("--strict", cwd=root).code == 0


def test_a_long_list_is_cut(tmp_path: Path) -> None:
    files = {f"lib/.{number}": TEXT for number in range(50)}
    done = call("init", "--components", "lib", cwd=lay_out(tmp_path, {**files, "lib/p/a": TEXT}))
    assert done.out.count("left   lib/.") == 20
    assert "left   30 more files" in done.out


def test_the_hook_is_not_printed_where_it_is_configured(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {".pre-commit-config.yaml": "- id: jit-guard\n"})
    assert "repos:" not in call("init", cwd=root).out
    assert "repos:" in call("init", cwd=lay_out(tmp_path / "b", {"x/": ""})).out


# On a terminal


def test_a_user_is_asked_for_the_directory_and_the_types(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {"prompts/a.md": TEXT, "prompts/strategies/b.md": TEXT})
    done = type_in(["", "approach", "approach", "snippet"], "init", cwd=root)
    assert done.code == 0
    assert "Which directory has the components? [prompts]" in done.err
    assert "Component type of the files in strategies/? [strategy]" in done.err
    assert "approach is taken" in done.err
    assert "Component type of the files at the top? [prompt]" in done.err
    goals = json.loads((root / "goal_map.json").read_text())
    assert (goals["B"], goals["A"]) == ({"approach": "b.md"}, {"snippet": "a.md"})
    assert call(cwd=root).code == 0


def test_a_plain_plural_needs_no_question(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {"components/protocols/a.md": TEXT, "components/personas/b.md": TEXT})
    assert type_in([], "init", cwd=root).err == ""
    assert call(cwd=root).code == 0


def test_enter_accepts_every_suggestion(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {"prompts/a.md": TEXT, "prompts/strategies/b.md": TEXT})
    assert type_in(["", "", ""], "init", cwd=root).code == 0
    assert call(cwd=root).code == 0


@pytest.mark.parametrize("answers", [["n"], []])
def test_an_example_is_written_only_if_the_user_agrees(tmp_path: Path, answers: list[str]) -> None:
    done = type_in(["components", *answers], "init", cwd=tmp_path)
    assert done.code == 2
    assert os.listdir(tmp_path) == []
    assert type_in(["", ""], "init", cwd=tmp_path).code == 0
    assert (tmp_path / "components").exists()


@pytest.mark.parametrize("answer", ["..", "/etc", ".git", "."])
def test_an_answer_that_leads_elsewhere_is_refused(tmp_path: Path, answer: str) -> None:
    assert type_in([answer], "init", cwd=tmp_path).code == 2
    assert os.listdir(tmp_path) == []


def test_no_input_asks_nothing(tmp_path: Path) -> None:
    done = type_in([], "init", "--no-input", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
