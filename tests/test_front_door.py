"""The README, AGENTS.md, CONTRIBUTING.md and the skill: what they show is what happens."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from benchmarks import compared, faulty

import recording
from jit_guard.commands import COMMANDS
from projects import call, git, lay_out

ROOT = Path(__file__).parent.parent
SKILL = "skills/jit-guard/SKILL.md"
DOCUMENTS = ("README.md", "AGENTS.md", "CONTRIBUTING.md", SKILL)
# The library and the skill of this repository, and what their check needs.
LIBRARY = ("goal_map.json", "components", "skills", ".claude-plugin", "pyproject.toml")
# Programs that install, or that check this repository, which other tests and CI do.
STUBS = ("pip", "ruff", "mypy", "lint-imports", "pytest", "bash")
PROJECTS = {
    "": ["goal_map.json"],
    "prompts/personas/host.md": ["goal_map.json", "jit-guard.toml"],
    "plugins/a/README.md": ["jit-guard.toml"],
}


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def blocks(name: str, language: str) -> list[str]:
    """The code blocks of a document."""
    return re.findall(rf"^```{language}\n(.*?)^```$", read(name), re.DOTALL | re.MULTILINE)


def commands(block: str) -> str:
    """The commands of a console block, as a script."""
    return "".join(f"{line[2:]}\n" for line in block.splitlines() if line.startswith("$ "))


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A directory of programs: ours is real; a new environment has the same; stubs do nothing."""
    directory = tmp_path / "programs"
    python, source = shlex.quote(sys.executable), shlex.quote(str(ROOT / "src"))
    bodies = {
        **dict.fromkeys(STUBS, ":"),
        "jit-guard": f'exec {python} -c "from jit_guard.cli import run; run()" "$@"',
        "python": f'exec {python} "$@"',
        "pre-commit": f'exec {python} -m pre_commit "$@"',
        "python3": 'for where do :; done\nmkdir -p "$where"\n'
        f'ln -sfn {directory} "$where/bin"\ntouch "$where/bin/activate"',
    }
    started = f"export PYTHONPATH={source}:$PYTHONPATH"
    files = {name: f"#!/bin/sh\n{started}\n{body}\n" for name, body in bodies.items()}
    lay_out(directory, files)
    for path in directory.iterdir():
        path.chmod(0o755)
    return directory


def shell(script: str, root: Path, programs: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-euc", script],
        cwd=root,
        env={
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PRE_COMMIT_HOME": str(programs.parent / "pre-commit"),
            "PYTHONPATH": "",
            "HOME": str(programs.parent / "home"),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # it takes longer than an example
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def library(directory: Path) -> Path:
    """A committed copy of this repository's library."""
    directory.mkdir()
    for name in LIBRARY:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, directory / name)
    git(directory, "init", "-q")
    git(directory, "add", ".")
    git(directory, "commit", "-q", "-m", "All")
    return directory


# The README


def test_the_readme_is_short() -> None:
    assert len(read("README.md").splitlines()) < 120
    assert len(read("AGENTS.md").splitlines()) < 50


def test_the_picture_shows_what_the_commands_print(tmp_path: Path) -> None:
    picture = recording.PICTURE.read_text("utf-8")
    now = recording.drawn(recording.record(recording.project(tmp_path)))
    times = re.compile(r"\(\d+\.\d+ s\)")
    widths = re.compile(r' textLength="[\d.]+"')  # a time may have another width
    assert times.sub("", widths.sub("", picture)) == times.sub("", widths.sub("", now))
    tree = ET.fromstring(picture)
    assert not [one for one in tree.iter() if "href" in str(one.attrib)]
    assert "nothing wrong" in picture


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not on the PATH")
@pytest.mark.parametrize("file", PROJECTS)
def test_three_commands_lead_to_a_green_check_and_a_hook(
    file: str, tmp_path: Path, programs: Path
) -> None:
    root = lay_out(tmp_path / "project", {file: "Some text.\n"} if file else {"x/": ""})
    if file.startswith("plugins"):
        market = {"plugins": [{"name": "a", "source": "./plugins/a"}]}
        lay_out(root, {".claude-plugin/marketplace.json": json.dumps(market)})
    git(root, "init", "-q")
    three = commands(blocks("README.md", "console")[0]).splitlines()
    assert len(three) == 3
    if file.startswith("prompts"):
        (library_option,) = re.findall(r"with `(--components prompts)`", read("README.md"))
        three[1] += f" {library_option}"
    done = shell("\n".join(three), root, programs)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^nothing wrong in \d", done.stdout, re.MULTILINE)
    assert (root / ".git/hooks/pre-commit").exists()
    assert all((root / name).exists() for name in PROJECTS[file])


@pytest.mark.parametrize("block", blocks("README.md", "console")[1:])
def test_a_contributor_needs_one_command(block: str, tmp_path: Path, programs: Path) -> None:
    done = shell(commands(block), library(tmp_path / "clone"), programs)
    assert done.returncode == 0, done.stderr
    if "jit-guard" in block:
        assert done.stdout.startswith("nothing wrong in ")


# Every document


def _calls() -> Iterator[tuple[str, str]]:
    for document in DOCUMENTS:
        text = read(document)
        for found in sorted({*re.findall(r"`(jit-guard[^`|]*)`", text)}):
            yield document, found


@pytest.mark.parametrize(("document", "words"), list(_calls()))
def test_a_command_in_a_text_exists_with_its_options(
    document: str, words: str, tmp_path: Path
) -> None:
    arguments = re.sub(r" \[.*", "", words).split()[1:]
    command = [one for one in arguments[:1] if one in COMMANDS]
    assert command or not arguments or arguments[0].startswith("--"), words
    shown = call(*command, "--help", cwd=tmp_path).out
    for option in (one for one in arguments if one.startswith("-")):
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", shown), (words, option)


def test_agents_and_contributors_can_run_what_they_read(tmp_path: Path, programs: Path) -> None:
    root = library(tmp_path / "clone")
    for directory in ("docs", "src/jit_guard/rules"):
        (root / directory).mkdir(parents=True)
    lay_out(root, {".pre-commit-config.yaml": "repos: []\n"})
    recipe = "jit-guard-rule-example"
    for name in ("AGENTS.md", "CONTRIBUTING.md"):
        for block in blocks(name, "console"):
            if recipe not in block and "HOUSE202" not in block:
                done = shell(commands(block), root, programs)
                assert done.returncode == 0, (block, done.stderr)
    assert (root / "docs/rules.md").read_text("utf-8") == read("docs/rules.md")


def test_a_rule_in_ten_minutes(tmp_path: Path, programs: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "clone" / "examples")
    copy, use = (one for one in blocks("CONTRIBUTING.md", "console") if _is_recipe(one))
    assert shell(commands(copy), tmp_path / "clone", programs).returncode == 0
    rules = tmp_path / "our-rules"
    module = rules / "src/jit_guard_rule_example/__init__.py"
    function, record = blocks("CONTRIBUTING.md", "python")
    text = module.read_text("utf-8")
    text = text.replace("@hookimpl", f"{function}\n\n@hookimpl")
    module.write_text(text.replace("    return [\n", f"    return [\n{record}"), "utf-8")
    # The real pytest, and a pip that copies what an installation needs.
    points = "[jit_guard]\nhouse-rules = jit_guard_rule_example\n"
    about = "Metadata-Version: 2.1\nName: jit-guard-rule-example\nVersion: 0.1.0\n"
    installed = "jit_guard_rule_example-0.1.0.dist-info"
    site = lay_out(
        tmp_path / "site", {f"{installed}/entry_points.txt": points, f"{installed}/METADATA": about}
    )
    run = f'exec {shlex.quote(sys.executable)} -m pytest -p no:cacheprovider "$@"'
    (programs / "pytest").write_text(f"#!/bin/sh\n{run}\n")
    (programs / "pip").write_text(f"#!/bin/sh\ncp -r src/* {shlex.quote(str(site))}\n")
    source = shlex.quote(str(site))
    done = shell(f"export PYTHONPATH={source}\n{commands(use)}", rules, programs)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout
    assert "HOUSE202 conflict-marker (error)" in done.stdout
    assert "components/personas/host.txt has a conflict marker" in done.stdout
    assert re.search(r"(?m)^HOUSE202 conflict-marker +fires", done.stdout)


def _is_recipe(block: str) -> bool:
    return "our-rules" in block or "HOUSE202" in block


# The skill


def test_the_skill_has_the_form_that_agents_read() -> None:
    _, front, body = read(SKILL).split("---\n", 2)
    fields = yaml.safe_load(front)
    assert fields["name"] == Path(SKILL).parent.name
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", fields["name"])
    assert 0 < len(fields["description"]) <= 1024
    assert len(body.splitlines()) < 500


def test_the_commands_of_the_skill_find_and_explain_a_fault(tmp_path: Path, programs: Path) -> None:
    root = library(tmp_path / "clone")
    git(root, "mv", "components/checklists/severity_assigned.txt", "components/checklists/x.txt")
    first, explain, plan, last = map(commands, blocks(SKILL, "console"))
    report = json.loads(shell(first, root, programs).stdout)
    assert {one["code"] for one in report["findings"]} == {"JG201", "JG301"}
    assert shell(explain, root, programs).stdout.startswith("JG201 missing-component")
    assert "relink" in shell(plan, root, programs).stdout
    assert shell(last, root, programs).returncode == 1
    (fix,) = set(re.findall(r"`(jit-guard --fix [^`]*)`", read(SKILL)))
    assert shell(fix, root, programs).returncode == 0
    assert shell("git add -A && " + last, root, programs).returncode == 0


def test_the_tool_keeps_its_own_skill_in_order(tmp_path: Path) -> None:
    root = library(tmp_path / "clone")
    assert call("--strict", cwd=root).code == 0
    git(root, "mv", "skills/jit-guard", "skills/jitguard")
    lay_out(root, {"skills/other/SKILL.md": "Some text.\n"})
    done = call("--strict", "--format", "json", cwd=root)
    assert done.code == 1
    assert sorted((one["code"], one["path"]) for one in done.report["findings"]) == [
        ("JG201", "skills/jit-guard/SKILL.md"),
        ("JG301", "skills/jitguard/SKILL.md"),
        ("JG301", "skills/other/SKILL.md"),
    ]


# The comparison with other tools


def test_the_table_of_other_tools_is_the_same_everywhere() -> None:
    found = [compared.BLOCK.search(path.read_text("utf-8")) for path in compared.DOCUMENTS]
    tables = {one[0] for one in found if one is not None}
    assert len(tables) == 1
    assert None not in found
    for line, repository in zip(tables.pop().splitlines()[3:-1], faulty.REPOSITORIES, strict=True):
        assert line.startswith(f"| {repository.title} | ")


def test_every_planted_fault_is_documented() -> None:
    page = read("docs/comparison.md")
    for repository in faulty.REPOSITORIES:
        assert "; ".join(fault.what for fault in repository.faults) in page


@pytest.mark.parametrize("title", ["a goal map: names", "a plugin marketplace"])
def test_the_table_has_what_jit_guard_and_the_script_find(title: str) -> None:
    (repository,) = (one for one in faulty.REPOSITORIES if one.title == title)
    (line,) = re.findall(rf"(?m)^\| {title} \| .*$", read("README.md"))
    cells = [cell.strip() for cell in line.split("|")[2:-1]]
    for tool, cell in zip(compared.TOOLS, cells, strict=True):
        if tool.name in ("jit-guard", "script"):
            program = compared.find(tool.program)
            if program is None and os.name == "nt":
                pytest.skip(f"{tool.program} is not installed beside this interpreter")
            assert program is not None
            result = compared.measure(repository, tool, program)
            assert cell == f"{result.reported} of {len(result.found)}", result
