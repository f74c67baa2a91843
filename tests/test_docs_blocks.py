"""Every code block of the documentation runs, is compared with what is printed, or is accepted.

A new block needs one of these: a language that `accepted` knows, a test below, or, if it really
cannot run, a line in `NOT_RUN` with the reason.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from publishing.project import toml

from batch_server import batching
from documents import Block, Shell, block, blocks, compared
from jit_guard.hookspecs import Options, Request
from jit_guard.project import load
from jit_guard.registry.strict_json import parse
from projects import Content, Files, at, call, git, lay_out, run
from runner import ROOT
from test_registries import FILES

PAGES = sorted(path.name for path in (ROOT / "docs").glob("*.md"))
# Pages with a test of their own for each of their blocks, and how many blocks that are; none for a
# page that is generated from what this test runs.
ELSEWHERE = {
    "ci.md": ("test_docs_ci.py", {"yaml": 5, "bash": 4}),
    "commit-library.md": ("commit/test_library.py", {"python": 1}),
    "json.md": ("test_docs_ci.py", {"json": 2, "text": 2, "python": 1}),
    "machines.md": ("ledger/test_server.py", {"console": 1, "text": 1, "sql": 1}),
    "pytest.md": ("pytest_plugin/test_pytest_docs.py", {"console": 2, "toml": 1, "python": 2}),
    "registries.md": ("test_registries.py", {"toml": len(FILES)}),
    "terminal.md": ("fixing/test_terminal_docs.py", {"text": 4}),
    "rules.md": ("rules/test_rules.py", None),
}
# The first line of each block that no test runs, and why.
NOT_RUN = {
    '$ python3 -I -m venv "$HOME/.venvs/jit-guard"': "it asks the package index; CI runs the same "
    "commands",
    "$ pip install 'jit-guard[openai]'": "it asks the package index",
    "$ pre-commit run --hook-stage manual jit-guard-fix --all-files": "it clones from the address "
    "of the repository; tests/test_hooks.py runs it with a local one",
    "$ pip install -q --group mutation": "it asks the package index, and takes minutes; "
    "tests/mutation runs the command on a small package",
    "$ JIT_GUARD_FULL=1 pytest -n 3 -q -o timeout=3600": "it takes an hour",
    "$ apt-get install --no-install-recommends wine gcc-mingw-w64-x86-64-win32": "it installs "
    "Wine and asks the package index; .ci/run runs the fast part",
    "$ pytest -n 3 -q": "it is the whole suite, of which this test is a part",
}
GIT = "git init -q -b main && git add . && git commit -q -m all"

Check = Callable[[Block, Path], None]
CHECKS: dict[tuple[str, str], Check] = {}


def of(page: str, *firsts: str) -> Callable[[Check], Check]:
    """Register a check of the blocks of a page that begin with these lines; it runs once."""

    def register(check: Check) -> Check:
        CHECKS[page, firsts[0]] = check
        CHECKS.update({(page, first): _by_another for first in firsts[1:]})
        return check

    return register


def _by_another(_: Block, __: Path) -> None:
    """The check of another block runs this one, too."""


def check_of(one: Block) -> Check | None:
    """The test of a block."""
    found = [
        test
        for (page, first), test in CHECKS.items()
        if page == one.page and one.first.startswith(first)
    ]
    return found[0] if found else accepted if one.language in ("json", "toml", "yaml") else None


def accepted(one: Block, _: Path) -> None:
    """A configuration is accepted, and any other file is valid in its format."""
    if one.language == "json":
        parse(one.text)
    elif one.language == "yaml":
        assert yaml.safe_load(one.text)
    else:
        table = toml(one.text)
        name = "pyproject.toml" if "tool" in table or "project" in table else "jit-guard.toml"
        load({name: one.text.encode()}.get)


OURS = [one for page in PAGES if page not in ELSEWHERE for one in blocks(page)]


@pytest.mark.parametrize(
    "one",
    [one for one in OURS if one.first not in NOT_RUN],
    ids=lambda one: f"{one.page}-{one.first}",
)
def test_a_block_does_what_the_page_says(one: Block, tmp_path: Path) -> None:
    check = check_of(one)
    assert check, f"no test runs this block: see the beginning of {__file__}"
    check(one, tmp_path)


@pytest.mark.parametrize("page", ELSEWHERE)
def test_a_page_with_its_own_tests_has_no_other_blocks(page: str) -> None:
    file, expected = ELSEWHERE[page]
    assert (ROOT / "tests" / file).is_file()
    if expected:
        found = dict(Counter(one.language for one in blocks(page)))
        assert found == expected, f"test the new block in tests/{file}, and count it here"


def test_every_exception_and_every_test_belongs_to_a_block() -> None:
    firsts = {one.first for one in OURS}
    assert set(NOT_RUN) <= firsts
    for page, start in CHECKS:
        assert any(one.page == page and one.first.startswith(start) for one in OURS), start


def test_the_tutorial_works_from_start_to_finish(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    shell = Shell(tmp_path / "home", "pre-commit")
    for one in blocks("tutorial.md"):
        if one.title:
            lay_out(shell.directory, {one.title: one.text})
        elif one.first not in NOT_RUN:
            shell.follow(one)
    assert shell.run("git status --short").stdout == ""


@of("tutorial.md", "")
def _in_the_tutorial(one: Block, _: Path) -> None:
    """The whole page is one test."""
    assert one in blocks("tutorial.md")


@of("index.md", "goal_map.json:4:16")
def _is_in_the_tutorial(one: Block, _: Path) -> None:
    assert any(one.text in other.text for other in blocks("tutorial.md"))


def shell(tmp_path: Path, files: Files, *commands: str) -> Shell:
    """A shell in a project, after these commands."""
    opened = Shell(lay_out(tmp_path / "project", files))
    for command in commands:
        assert opened.run(command).returncode == 0, command
    return opened


@of("library.md", "$ jit-guard init")
def _brings_a_library_in(one: Block, tmp_path: Path) -> None:
    library: Files = {
        "prompts/README.md": "About.\n",
        "prompts/roles/logo.png": b"\x89PNG\r\n\x1a\n\x00\xff",
        "prompts/roles/host.md": "You welcome people.\n",
        "prompts/roles/guide.md": "You show people around.\n",
        "prompts/steps/greet.md": "# Steps\n\n1. Greet.\n",
    }
    shell(tmp_path, library).follow(one)


TRIAGE: Files = {
    "goal_map.json": '{"TRIAGE": {"protocol": "triage.md"}}\n',
    "components/protocols/triage.md": "# Steps\n\n1. Look.\n",
}


@of("library.md", "$ jit-guard mv")
def _renames(one: Block, tmp_path: Path) -> None:
    shell(tmp_path, TRIAGE, GIT).follow(one)


@pytest.mark.parametrize("one", [one for one in blocks("commands.md") if "$ " in one.text])
def test_the_examples_of_the_commands_work(one: Block, tmp_path: Path) -> None:
    library = {"prompts/roles/host.md": "You welcome people.\n", "components/": ""}
    web = {
        "goal_map.json": '{"TRIAGE": {"protocol": "triage.md"}, "A": {"protocol": "web/x.md"}}\n',
        "components/protocols/web/x.md": "# Steps\n\n1. Look.\n",
    }
    root = lay_out(tmp_path, library if " init" in one.text else {**TRIAGE, **web})
    git(root, "init", "-q")
    git(root, "add", ".")
    for line in one.text.splitlines():
        if line.startswith("$ "):
            program, *arguments = shlex.split(line[2:].partition(" > ")[0])
            assert program == "jit-guard"
            assert call(*arguments, cwd=root).code in (0, 1), line


@of("commands.md", "# ", "jit-guard ")
def _is_made_of_the_manuals(one: Block, _: Path) -> None:
    """A usage, or examples, which another test runs."""
    assert one.first.startswith("# ") == ("\n$ " in one.text)


@of("html.md", "jit-guard --format html")
def _writes_a_picture(one: Block, tmp_path: Path) -> None:
    opened = shell(tmp_path, TRIAGE)
    assert opened.run(one.text).returncode == 0
    assert "triage.md" in (opened.directory / "library.html").read_text("utf-8")


@of("python.md", "from jit_guard import Guard")
def _is_a_program(one: Block, tmp_path: Path) -> None:
    """It is about this repository's own library."""
    shutil.copy(ROOT / "goal_map.json", tmp_path)
    shutil.copytree(ROOT / "components", tmp_path / "components")
    with (tmp_path / "jit-guard.toml").open("w") as file:
        file.write('types.strategy.directory = "strategies"\n')
    names: dict[str, object] = {}
    with at(tmp_path):
        exec(one.text, names)
    assert str(names["path"]).endswith("root_cause_analysis_drilldown.txt")


@of("pre-commit.md", "$ tree=")
def _checks_a_merge(one: Block, tmp_path: Path) -> None:
    opened = shell(tmp_path, TRIAGE, GIT, "git switch -q -c topic")
    opened.follow(one)
    assert (
        opened.run("git rm -q components/protocols/triage.md && git commit -q -m x").returncode == 0
    )
    ((command, _),) = one.commands
    assert opened.run(command).returncode == 1


@of("pre-commit.md", "goal_map.json:2:23")
def _is_reported_for_a_commit(one: Block, tmp_path: Path) -> None:
    files: Files = {
        "goal_map.json": '{\n  "SEAT": {"persona": "guest.txt"}\n}\n',
        "components/personas/guest.txt": "You sit.\n",
    }
    opened = shell(tmp_path, files, "git init -q && git add goal_map.json")
    assert one.text in opened.run("jit-guard --source commit").stdout


@of("hints.md", "goal_map.json:1:72")
def _is_hinted_at(one: Block, tmp_path: Path) -> None:
    files: Files = {
        "goal_map.json": '{"GREET": {"persona": "a.txt", "script": "a.txt"},'
        ' "PART": {"persona": "usher.txt"}}',
        "components/personas/a.txt": "You welcome people.\n",
        "components/personas/ushers.txt": "You show people to their seats.\n",
        "components/scripts/a.txt": "Welcome!\n",
    }
    opened = shell(tmp_path, files, GIT)
    assert one.text in opened.run("jit-guard").stdout


@of("text.md", "goal_map.json:6:18")
def _is_a_report(one: Block, tmp_path: Path) -> None:
    first = dict.fromkeys(("persona", "protocol", "template"), "first.txt")
    goals = {"TRIAGE_ALERT": {**first, "checklist": "severity.txt", "skill": "first.txt"}}
    goals |= {f"GOAL_{number}": {"persona": f"{number}.txt"} for number in range(19)}
    goals |= {f"AGAIN_{number}": {"persona": f"{number}.txt"} for number in range(4)}
    files: dict[str, Content] = {
        f"components/{kind}s/{name}": f"The {kind} {name}.\n"
        for parts in goals.values()
        for kind, name in parts.items()
        if kind != "checklist"
    }
    goals |= {name.upper(): {"checklist": f"{name}.txt"} for name in ("border", "cinema", "diary")}
    files |= {"goal_map.json": json.dumps(goals, indent=2), "components/personas/old.txt": "Old.\n"}
    done = shell(tmp_path, files, GIT).run("jit-guard")
    assert not compared(one.text.splitlines(), done.stdout, done.stderr), done.stdout


@of("configuration.md", "# .gitattributes")
def _merges_by_union(one: Block, tmp_path: Path) -> None:
    opened = shell(tmp_path, {".gitattributes": one.text}, "git init -q")
    found = opened.run("git check-attr merge -- jit-guard-baseline.jsonl").stdout
    assert found == "jit-guard-baseline.jsonl: merge: union\n"


@of("architecture.md", "entry points")
def _is_the_contract_of_the_layers(one: Block, _: Path) -> None:
    contracts = toml((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    layers = [part for row in contracts["contracts"][0]["layers"] for part in row.split(" | ")]
    drawn = [word.strip("/") for line in one.text.splitlines() for word in line[14:].split()]
    assert drawn == layers


@of("generators.md", "<!-- jit-guard:draft")
def _marks_a_draft(one: Block, tmp_path: Path) -> None:
    root = lay_out(tmp_path, {"goal_map.json": '{"GREET": {"persona": "host.md"}}'})
    call("--fix", "--yes", "--generator", "scaffold", cwd=root)
    (draft,) = (root / "components/personas").iterdir()
    marker = draft.read_text().splitlines()[-1]
    assert re.fullmatch(re.escape(one.first).replace("9f2c…", "[0-9a-f]{64}"), marker)


@of("generators.md", "$ jit-guard --fix --generator command", "#!/usr/bin/env python3")
def _has_a_program_write(__: Block, tmp_path: Path) -> None:
    files = {
        "goal_map.json": '{"GREET": {"persona": "host.md"}}',
        "jit-guard.toml": 'descriptions = "about.json"\n',
        "about.json": '{"GREET": {"persona": "A warm host"}}',
        "write_component.py": block("generators.md", "#!/usr/bin/env python3").text,
    }
    for number, (command, _) in enumerate(block("generators.md", "$ jit-guard --fix").commands):
        opened = shell(tmp_path / str(number), files)
        done = opened.run(command)
        assert done.returncode == 0, done.stderr
        (written,) = (opened.directory / "components/personas").iterdir()
        assert written.read_text() == "# Purpose\n\nA warm host\n"


@of("generators.md", "from jit_guard.hookspecs import Generator")
def _is_a_generator(one: Block, _: Path) -> None:
    class Answer:
        text, cut_short, tokens_in, tokens_out = "You welcome people.\n", False, 3, 4

    names: dict[str, object] = {"ask": lambda *_: Answer}
    exec(one.text, names)
    hook = names["jit_guard_generators"]
    assert callable(hook)
    (generator,) = hook()
    writer = generator.factory(Options(str(ROOT)))
    assert writer.write(
        Request("GREET", "persona", "a.txt", "components/personas/a.txt", "A host")
    )[0]
    assert (generator.name, writer.model) == ("house", "house-7b")


@of(
    "plugins.md",
    "# jit-guard.toml",
    "$ pip install jit-guard-rule",
    "# pyproject.toml",
    "from jit_",
)
def _is_a_plugin(__: Block, tmp_path: Path) -> None:
    """The package of the page, as pip installs it, and the configuration of the page."""
    points = toml(block("plugins.md", "# pyproject.toml").text)["project"]["entry-points"]
    ((group, names),) = points.items()
    lines = "".join(f"{name} = {module}\n" for name, module in names.items())
    (module,) = names.values()
    site = lay_out(
        tmp_path / "site",
        {
            f"{module}.py": block("plugins.md", "from jit_guard.hookspecs").text,
            "x-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: x\nVersion: 1\n",
            "x-1.dist-info/entry_points.txt": f"[{group}]\n{lines}",
        },
    )
    project = {**TRIAGE, "jit-guard.toml": block("plugins.md", "# jit-guard.toml").text}
    (_, _), (command, _) = block("plugins.md", "$ pip install").commands
    root = lay_out(tmp_path / "project", project)
    done = run(*command.split()[1:], cwd=root, PYTHONPATH=str(site))
    assert done.code == 0, done.err
    assert "ACME101 too-short" in done.out


@of("pre-commit.md", "# .pre-commit-config.yaml", "- id: jit-guard")
def _is_a_configuration_of_pre_commit(one: Block, tmp_path: Path) -> None:
    from pre_commit.clientlib import load_config  # type: ignore[import-untyped]

    text = one.text
    if one.first.startswith("- id"):  # a part of the first block
        whole = block("pre-commit.md", "# .pre-commit-config.yaml").text
        start = whole[: whole.index("      - id")]
        text = start + "".join(f"      {line}\n" for line in one.text.splitlines())
    (tmp_path / "config.yaml").write_text(text)
    (repo,) = load_config(str(tmp_path / "config.yaml"))["repos"]
    ours = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert {hook["id"] for hook in repo["hooks"]} <= {hook["id"] for hook in ours}


@of("releasing.md", "git grep")
def _replaces_the_address_everywhere(one: Block, tmp_path: Path) -> None:
    files = ("pyproject.toml", "README.md", "docs/ci.md", "docs/releasing.md")
    copies = {path: (ROOT / path).read_text("utf-8") for path in files}
    opened = shell(tmp_path, copies, GIT)
    assert opened.run(one.text).returncode == 0
    left = [path for path in files if "OWNER/jit" in (opened.directory / path).read_text("utf-8")]
    assert left == []


@of("models.md", "$ jit-guard --fix --batch --yes")
def _submits_a_batch(one: Block, tmp_path: Path) -> None:
    """Two runs with a server on loopback; numbers, durations and names are others there."""
    for module in ("openai", "tenacity"):
        pytest.importorskip(module)
    files = {"goal_map.json": '{"A": {"x": "b.txt"}}', "jit-guard.toml": 'model = "fake"\n'}
    root, shown, printed = lay_out(tmp_path, files), one.text.splitlines(), []
    with batching() as api, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_BASE_URL", api.url)
        for line in shown:
            if line.startswith("$ jit-guard "):
                printed += [line, *call(*shlex.split(line)[2:], cwd=root).err.splitlines()]
                api.batches["batch-1"].update(status="in_progress")

    def rough(line: str) -> str:
        line = re.sub(r"\bbatch[-_]\w+", "NAME", line).replace("texts", "text")
        return re.sub(r"(N (s|min|h) ?)+", "TIME", re.sub(r"[\d,]*\d", "N", line))

    for line, words in zip(map(rough, printed), map(rough, shown), strict=True):
        assert line == words or line.startswith(words.partition("…")[0].rstrip() or "…"), line
