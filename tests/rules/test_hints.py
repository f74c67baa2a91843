"""Every hint can be followed: its edit is made or its command is pasted, and the finding is gone.

A scenario is a small repository and one finding. Each alternative of its hint is followed in a copy
of its own, as a user would. Afterwards the finding is gone and there is no new error. Every form of
hint in `jit_guard.rules` must occur in a scenario, and so must every git state that hints explain.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

import jit_guard
from chat_server import good, serving
from hint_edits import EDITS, Finding
from hint_scenarios import SCENARIOS, TRIED_ELSEWHERE, Making, Scenario
from jit_guard.rules.hint import COMMIT, STAGE, Form
from jit_guard.text.shell import quoted
from projects import call, git
from repositories import NEEDS_GIT, repository, save
from runner import scripts
from sampling import FULL

pytestmark = [NEEDS_GIT, pytest.mark.skipif(sys.platform == "win32", reason="the shell is bash")]


def forms() -> dict[str, Form]:
    """Return every form of hint, by module and name."""
    directory = Path(jit_guard.__file__).parent / "rules"
    found: dict[str, Form] = {}
    for path in sorted(directory.glob("*.py"), key=lambda path: path.stem != "remedies"):
        module = import_module(f"jit_guard.rules.{path.stem}")
        for name, value in vars(module).items():
            if isinstance(value, Form) and value not in found.values():
                found[f"{path.stem.partition('_')[0]}.{name}"] = value
    return found


FORMS = forms()
THEN = r"(?P<then>(?:, then run `[^`]+`|, then commit it|, and stage the change| in [^`]+?)?)"


def pattern(form: Form) -> re.Pattern[str]:
    """Return a pattern for the words of a form, with a group for each field."""
    parts = re.split(r"\{(\w+)\}", form.template)
    texts = [re.escape(part) for part in parts[::2]]
    fields = [THEN if name == "then" else f"(?P<{name}>.+?)" for name in parts[1::2]]
    whole = "".join(itertools.chain(*itertools.zip_longest(texts, fields, fillvalue="")))
    first, rest = whole[:1], whole[1:]  # a capital after a question
    start = f"[{first}{first.upper()}]" if first.isalpha() else first
    return re.compile(start + rest, re.DOTALL)


PATTERNS = {name: pattern(form) for name, form in FORMS.items()}


class Part(NamedTuple):
    """A part of a hint: its form, and the fields of the form."""

    form: str
    fields: Mapping[str, str]


def parse(hint: str, wanted: tuple[str, ...]) -> list[Part]:
    """Split a hint into parts of the wanted forms."""
    if not wanted:
        assert not hint, f"the hint has another part: {hint}"
        return []
    name, *rest = wanted
    for end in range(1, len(hint) + 1):
        found = PATTERNS[name].fullmatch(hint, 0, end)
        between = re.compile(", or |, | ").match(hint, end) if rest else None
        if found and (between or (not rest and end == len(hint))):
            try:
                more = parse(hint[between.end() if between else end :], tuple(rest))
            except AssertionError:
                continue
            return [Part(name, found.groupdict()), *more]
    raise AssertionError(f"no part {name} in: {hint}")


def with_shared_end(parts: list[Part]) -> list[Part]:
    """Give the end of the last alternative to the other edits, if it is for all of them."""
    end = parts[-1].fields.get("then")
    if end not in (COMMIT, STAGE):
        return parts
    return [
        part._replace(fields={**part.fields, "then": part.fields["then"] or end})
        if FORMS[part.form].kind == "edit"
        else part
        for part in parts
    ]


def test_every_form_of_hint_has_a_scenario() -> None:
    covered = {form for scenario in SCENARIOS for form in scenario.hint}
    assert covered == set(FORMS)


def test_every_git_state_has_a_scenario() -> None:
    from jit_guard.sources import answers

    kinds = set(re.findall(r'"(\w+)",', Path(answers.__file__).read_text().split("Literal[")[1]))
    covered = {scenario.state for scenario in SCENARIOS if scenario.state}
    assert covered | TRIED_ELSEWHERE == kinds


def test_hints_are_made_by_forms_only() -> None:
    directory = Path(jit_guard.__file__).parent
    made = {
        path.stem for path in directory.rglob("*.py") if re.search(r"\bHint\(", path.read_text())
    }
    assert made == {"hint", "plugin_rule"}  # mypy refuses any other string as a hint


class Place(NamedTuple):
    """Where the user is: the project's path below the git top, and the working directory."""

    name: str
    prefix: str = ""
    here: str = "."  # relative to the root


ROOT = Place("at the root")
ELSEWHERE = (
    Place("below the root", here="components"),
    Place("beside the project", here="../beside it"),
    Place("below the git top", "desk/an agent"),
)
# A scenario that can be anywhere is at the root and at one other place, or at every other one.
ANYWHERE = [one for one in SCENARIOS if one.everywhere]
TRIALS = [(scenario, ROOT) for scenario in SCENARIOS] + [
    (scenario, place)
    for number, scenario in enumerate(ANYWHERE)
    for place in (ELSEWHERE if FULL else [ELSEWHERE[number % len(ELSEWHERE)]])
]


def build(directory: Path, scenario: Scenario, place: Place) -> Making:
    top = directory / "project"
    files = {f"{place.prefix}/{path}".lstrip("/"): one for path, one in scenario.files.items()}
    repository(top, files)
    made = Making(top / place.prefix, top)
    scenario.make(made)
    return made


def check(made: Making, scenario: Scenario, place: Place) -> list[Finding]:
    """Return the findings of a check in the place."""
    cwd = made.root / place.here
    cwd.mkdir(exist_ok=True)
    where = ["--root", os.path.relpath(made.root, cwd)] if place.here.startswith("..") else []
    findings: list[Finding] = call(*where, *scenario.argv, "--format", "json", cwd=cwd).report[
        "findings"
    ]
    return findings


def identity(finding: Finding) -> tuple[object, ...]:
    return finding["code"], finding["goal"], finding["component_type"], finding["path"]


def errors(findings: Iterable[Finding]) -> Counter[str]:
    """Count the errors by code: a file that is renamed in a hint may still be an orphan."""
    return Counter(one["code"] for one in findings if one["severity"] == "error")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scripts(tmp_path_factory.mktemp("programs"), "jit-guard")


def paste(command: str, cwd: Path, programs: Path) -> str:
    """Run a command as a user pastes it; return what it printed on standard error.

    A shell runs it, unless it is a command of jit-guard alone.
    """
    more = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "GIT_EDITOR": "echo message >",
        "JIT_GUARD_COMMAND": f"{shlex.quote(sys.executable)} -c \"print('Written.')\"",
    }
    environment = {**os.environ, **more}
    if "openai" in command:
        return paste_on_terminal(command, cwd, environment)
    if re.fullmatch(r"jit-guard [^&;|$\n]+", command):
        words = shlex.split(command)[1:]
        with pytest.MonkeyPatch.context() as patched:
            for name, value in more.items():
                patched.setenv(name, value)
            ran = call(*words, cwd=cwd)
        assert ran.code in ((0, 1) if "--fix" in words else (0,)), (command, ran.err)
        return ran.err
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in ((0, 1) if "--fix" in command else (0,)), (command, done.stderr)
    return done.stderr


def paste_on_terminal(command: str, cwd: Path, environment: Mapping[str, str]) -> str:
    """Run a command that asks before it spends money; the user agrees to everything."""
    import pty

    terminal, other = pty.openpty()
    with serving(good()) as server, os.fdopen(terminal, "wb", 0) as keys:
        model = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "none"}
        keys.write(b"y\n" * 9)
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=cwd,
            env={**environment, **model},
            stdin=other,
            stdout=subprocess.DEVNULL,
            stderr=other,
            check=False,
            timeout=60,
        )
    os.close(other)
    assert done.returncode in (0, 1), command
    return ""


def follow(part: Part, finding: Finding, made: Making, place: Place, programs: Path) -> None:
    """Do what one alternative of a hint says."""
    cwd = made.root / place.here
    if FORMS[part.form].kind == "command":
        printed = paste(part.fields["command"], cwd, programs)
        if part.form == "jg201.GENERATE_AND_STAGE":
            paste(printed.rpartition("to stage the fix, run: ")[2], cwd, programs)
        return
    then = part.fields.get("then") or ""
    root, top = made.root, made.top
    if then.startswith(" in "):  # another revision: where it is checked out
        top = made.top.with_name("elsewhere")
        git(made.top, "worktree", "add", "-q", str(top), then[len(" in ") :])
        root = top / place.prefix
    EDITS[part.form](root, finding, part.fields)
    if then.startswith((" in ", ", then commit")):
        save(top)
    elif then.startswith(", and stage"):
        git(made.top, "add", "-A")
    elif then:
        paste(then.split("`")[1], cwd, programs)


@pytest.mark.parametrize(
    ("scenario", "place"), TRIALS, ids=[f"{one.name}, {place.name}" for one, place in TRIALS]
)
def test_every_alternative_of_a_hint_removes_the_finding(
    scenario: Scenario,
    place: Place,
    tmp_path: Path,
    programs: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = build(tmp_path, scenario, place)
    with monkeypatch.context() as hook:
        if scenario.hook_index:
            hook.setenv("GIT_INDEX_FILE", str(made.top / scenario.hook_index))
        before = check(made, scenario, place)
    matching = [one for one in before if one["code"] == scenario.code]
    finding = next(one for one in matching if scenario.path in (None, one["path"]))
    parts = with_shared_end(parse(finding["hint"], scenario.hint))
    kept = made.top.with_name("kept")
    made.top.rename(kept)
    for part in parts:
        if FORMS[part.form].kind == "context" or part.form in scenario.unfollowed:
            continue
        shutil.copytree(kept, made.top, symlinks=True)
        follow(part, finding, made, place, programs)
        after = check(made, scenario, place)
        assert identity(finding) not in map(identity, after), f"still there after: {part}"
        assert not errors(after) - errors(before), f"{part} makes new errors"
        shutil.rmtree(made.top)
        shutil.rmtree(made.top.with_name("elsewhere"), ignore_errors=True)


NAMES = (
    "a b.txt",
    "it's.txt",
    'say "hi".txt',
    "-n.txt",
    "--.txt",
    "tick`s`.txt",
    "$HOME.txt",
    "li\nne.txt",
    "ünï.txt",
    "[1]*.txt",
    "*.txt",
    ":(top).txt",
    "x, or y.txt",
)
PATTERNS_OF_GIT = ("[1]*.txt", "*.txt", ":(top).txt")  # for git, these could be several files
MOVED = {f"G{n}": {"persona": name} for n, name in enumerate(NAMES)}
AT_ROOT = 'components = "."\ntypes.persona.directory = "."\norphan-ignore = ["*.toml"]\n'


@pytest.mark.parametrize("config", ["", AT_ROOT], ids=["in a directory", "alone"])
@pytest.mark.parametrize(
    ("code", "source", "prepare"),
    [
        ("JG201", "worktree", "rm -- {}"),  # git restore
        ("JG201", "worktree", "git --literal-pathspecs rm -q -- {}"),  # git restore --staged
        ("JG201", "index", "git --literal-pathspecs rm -q --cached -- {}"),  # git add
        ("JG203", "worktree", "git --literal-pathspecs rm -q --cached -- {}"),  # git add
    ],
)
def test_commands_restore_and_add_files_of_any_name(
    code: str, source: str, prepare: str, config: str, tmp_path: Path, programs: Path
) -> None:
    paths = [name if config else f"components/personas/{name}" for name in NAMES]
    files = {path: f"Text of {path}" for path in paths}
    made = repository(tmp_path / "project", {**files, "goal_map.json": json.dumps(MOVED)})
    (made / "jit-guard.toml").write_text(config)
    save(made)
    paste(prepare.format(" ".join(map(quoted, paths))), made, programs)
    follow_each(made, code, source, programs)


@pytest.mark.parametrize("config", ["", AT_ROOT], ids=["in a directory", "alone"])
@pytest.mark.parametrize("source", ["worktree", "index"])
@pytest.mark.parametrize("committed", [True, False])
def test_commands_remove_orphans_of_any_name(
    source: str, committed: bool, config: str, tmp_path: Path, programs: Path
) -> None:
    if source == "worktree" and committed:
        pytest.skip("one command removes them all")
    paths = [name if config else f"components/personas/{name}" for name in NAMES]
    goals = {"KEPT": {"persona": "kept.txt"}}
    kept = "kept.txt" if config else "components/personas/kept.txt"
    more = {kept: "Kept.", "jit-guard.toml": config, "goal_map.json": json.dumps(goals)}
    made = repository(tmp_path / "project", more)
    for path in paths:
        (made / path).write_text(f"Text of {path}")
    if source == "index":
        git(made, "add", "-A")
    if committed:
        save(made)
    follow_each(made, "JG301", source, programs)
    assert (made / kept).exists()


@pytest.mark.parametrize("source", ["worktree", "index"])
def test_commands_move_files_of_any_name(source: str, tmp_path: Path, programs: Path) -> None:
    files = {f"components/protocols/deep/{name}": f"Text of {name}" for name in NAMES}
    goals: dict[str, dict[str, str]] = {"USED": {"protocol": "a.txt"}}
    goals |= {goal: {"persona": f"deep/{name['persona']}"} for goal, name in MOVED.items()}
    files |= {"components/protocols/a.txt": "A", "goal_map.json": json.dumps(goals)}
    made = repository(tmp_path / "project", files)
    follow_each(made, "JG201", source, programs)


def follow_each(made: Path, code: str, source: str, programs: Path) -> None:
    """Paste the first command of every finding with a code; a pattern's finds only its file."""
    argv = ("--select", code, "--source", source, "--format", "json")
    findings = call(*argv, cwd=made).report["findings"]
    assert len(findings) == len(NAMES)
    patterns = [one for one in findings if one["path"].rpartition("/")[2] in PATTERNS_OF_GIT]
    assert len(patterns) == len(PATTERNS_OF_GIT)
    left = [one["path"] for one in findings]
    for finding in patterns:
        paste(command_of(finding), made, programs)
        left.remove(finding["path"])
        assert [one["path"] for one in call(*argv, cwd=made).report["findings"]] == left
    others = [command_of(one) for one in findings if one not in patterns]
    paste("\n".join(["set -e", *others]), made, programs)
    assert call(*argv, cwd=made).report["findings"] == []


def command_of(finding: Finding) -> str:
    return str(re.findall("`(.*?)`", finding["hint"])[-1])
