"""The hooks with the real pre-commit and the real prek, in repositories like those of users."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from projects import SOUND, Outcome, git
from repositories import NEEDS_GIT, repository, save
from sampling import FULL

REPOSITORY = Path(__file__).parents[1]
PACKAGE = (".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "LICENSE", "src")
RUNNERS = ("pre-commit", "prek")
HOOK_TYPES = ("pre-commit", "pre-merge-commit", "pre-push")
PATIENCE = 300  # seconds to create an environment on a busy machine

pytestmark = NEEDS_GIT


class Hooks(NamedTuple):
    """A hook runner with an environment for this package, and the repository of the hooks."""

    program: Path
    source: Path  # the repository of the hooks
    revision: str
    environment: dict[str, str]

    def run(self, directory: Path, *argv: str, **more: str) -> Outcome:
        """Run the program, or git, which runs the program in its hooks."""
        words = argv if argv[0] == "git" else (str(self.program), *argv)
        done = subprocess.run(
            words,
            cwd=directory,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        return Outcome(done.returncode, out, out + err)

    def config(self, hook: str = "jit-guard", extra: str = "") -> str:
        """The text of a user's `.pre-commit-config.yaml`."""
        return (
            f"repos:\n  - repo: {self.source}\n    rev: {self.revision}\n"
            f"    hooks:\n      - id: {hook}\n{extra}"
        )


def environment(cache: Path) -> dict[str, str]:
    """The environment of the hooks: without git variables and user configuration."""
    scrubbed = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("GIT_", "PRE_COMMIT", "PREK_", "JIT_GUARD_"))
    }
    return {
        **scrubbed,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(cache),
        "PREK_HOME": str(cache),
        "PRE_COMMIT_COLOR": "never",
        "PIP_NO_COMPILE": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "protocol.file.allow",
        "GIT_CONFIG_VALUE_0": "always",
    }


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A directory for all workers of the run."""
    base = tmp_path_factory.getbasetemp()
    directory = (base if worker_id == "master" else base.parent) / "hooks"
    directory.mkdir(exist_ok=True)
    return directory


@pytest.fixture(scope="session", params=RUNNERS)
def hooks(request: pytest.FixtureRequest, shared: Path) -> Hooks:
    """A runner; its environment is created once for all tests, and cached by the runner.

    prek installs everything from the index with uv. In pre-commit's environment, pip builds and
    installs this package, and the others are those of the tests.
    """
    program = Path(sys.executable).with_name(request.param)
    if not program.exists():
        pytest.skip(f"{request.param} is not installed")
    with Alone(shared / f"{request.param}.lock"):
        source = shared / request.param / "jit-guard"
        if not source.exists():
            _make_repository(source)
        revision = git(source, "rev-parse", "HEAD").strip()
        cache = shared / request.param / "cache"
        variables = environment(cache)
        if request.param == "pre-commit" and not FULL:
            variables |= _packages_of_the_tests(shared / "packages")
        made = Hooks(program, source, revision, variables)
        _warm(made, shared / request.param)
    return made


class Alone:
    """A lock between processes, made of a directory, which works on every system."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self._path.mkdir()
            except FileExistsError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def __exit__(self, *_: object) -> None:
        self._path.rmdir()


def _make_repository(directory: Path) -> None:
    """Commit the package as it is in the worktree now, without a tag."""
    directory.mkdir(parents=True)
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in PACKAGE:
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, directory / name, ignore=ignored)
        else:
            shutil.copy(REPOSITORY / name, directory / name)
    git(directory, "init", "-q")
    git(directory, "add", ".")
    git(directory, "commit", "-qm", "The package")


def _packages_of_the_tests(directory: Path) -> dict[str, str]:
    """Variables with which pip and the hook find every package that is installed here but ours."""
    if any(find_spec(needed) is None for needed in ("hatchling", "hatch_fancy_pypi_readme")):
        return {}
    directory.mkdir(exist_ok=True)
    for site in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for package in Path(site).iterdir():
            link = directory / package.name
            if not re.match(r"_*(jit_guard|pip\b)|.*\.pth$", package.name) and not link.exists():
                link.symlink_to(package)
    return {
        "PYTHONPATH": str(directory),
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # 0 is how pip reads "no" here
    }


def _warm(hooks: Hooks, directory: Path) -> None:
    """Let the runner create its environment; skip, with its message, if the index may be down."""
    made = directory / "made"
    if made.exists():
        return
    consumer = _consumer(directory / "first", hooks)
    done = hooks.run(consumer, "install-hooks")
    if done.code:
        end = pytest.fail if "PIP_NO_INDEX" in hooks.environment else pytest.skip
        end(f"{hooks.program.name} could not make its environment: {done.err[-800:]}")
    made.touch()


def _consumer(directory: Path, hooks: Hooks) -> Path:
    """A valid project in a repository, committed, with the hook configured."""
    return repository(directory, {**SOUND, ".pre-commit-config.yaml": hooks.config()})


def identify(directory: Path) -> None:
    """Set a user name in the repository itself, because hooks see no other configuration."""
    git(directory, "config", "user.name", "Test")
    git(directory, "config", "user.email", "test@example.invalid")


@pytest.fixture(scope="session")
def template(hooks: Hooks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A valid project with the hooks installed, to be copied."""
    directory = _consumer(tmp_path_factory.mktemp("template") / "consumer", hooks)
    install(hooks, directory, *HOOK_TYPES)
    return directory


@pytest.fixture
def consumer(template: Path, tmp_path: Path) -> Path:
    """A valid project with the hooks installed."""
    return shutil.copytree(template, tmp_path / "consumer", symlinks=True)


def install(hooks: Hooks, directory: Path, *kinds: str) -> None:
    """Install the hooks, as a user does."""
    types = [word for kind in kinds for word in ("-t", kind)]
    done = hooks.run(directory, "install", *types)
    assert done.code == 0, done.err


def put(directory: Path, path: str, text: str = "Some text.\n") -> None:
    """Write one file."""
    (directory / path).parent.mkdir(parents=True, exist_ok=True)
    (directory / path).write_text(text)


def two_goals(directory: Path) -> None:
    """A map with one more goal, whose file does not exist yet."""
    put(
        directory,
        "goal_map.json",
        '{"GREET": {"persona": "host.txt"},\n "SEAT": {"persona": "guest.txt"}}\n',
    )


def refused(done: Outcome, *words: str) -> None:
    """The commit did not happen, and the output says why."""
    assert done.code != 0, done.err
    for word in words:
        assert word in done.err, done.err


def accepted(done: Outcome) -> None:
    """The commit happened."""
    assert done.code == 0, done.err


def test_a_valid_commit_passes_and_the_hook_stages_nothing(hooks: Hooks, consumer: Path) -> None:
    two_goals(consumer)
    put(consumer, "components/personas/guest.txt")
    git(consumer, "add", ".")
    accepted(hooks.run(consumer, "git", "commit", "-m", "Seat"))
    assert git(consumer, "status", "--porcelain") == ""
    assert "guest.txt" in git(consumer, "show", "--stat", "HEAD")


def test_what_is_untracked_ignored_or_only_added_by_name_is_missing(
    hooks: Hooks, consumer: Path
) -> None:
    names = ("guest.txt", "guest.log", "promise.txt")
    goals = {name: {"persona": name} for name in names}
    put(consumer, "goal_map.json", json.dumps({"GREET": {"persona": "host.txt"}, **goals}))
    put(consumer, ".gitignore", "# logs\n*.log\n")
    for name in names:
        put(consumer, f"components/personas/{name}")
    git(consumer, "add", "-N", "components/personas/promise.txt")
    git(consumer, "add", "goal_map.json", ".gitignore")
    before = git(consumer, "status", "--porcelain")
    refused(
        hooks.run(consumer, "git", "commit", "-m", "Seat"),
        "untracked; run: `git add -- components/personas/guest.txt`",
        "ignored by .gitignore:2: *.log",
        "git add -f -- components/personas/guest.log",
        "untracked; run: `git add -- components/personas/promise.txt`",
    )
    assert git(consumer, "status", "--porcelain") == before


def test_a_commit_that_only_deletes_is_checked(hooks: Hooks, consumer: Path) -> None:
    two_goals(consumer)
    put(consumer, "components/personas/guest.txt")
    save(consumer)
    git(consumer, "rm", "-q", "components/personas/guest.txt")
    git(consumer, "rm", "-q", "--cached", "components/personas/host.txt")
    refused(
        hooks.run(consumer, "git", "commit", "-m", "Gone"),
        "git restore --staged --worktree -- components/personas/guest.txt",
        "git add -- components/personas/host.txt",
    )


def test_a_partial_commit_is_checked_for_what_it_includes(hooks: Hooks, consumer: Path) -> None:
    two_goals(consumer)
    put(consumer, "components/personas/guest.txt")
    git(consumer, "add", ".")
    refused(
        hooks.run(consumer, "git", "commit", "-m", "Half", "--", "goal_map.json"),
        "JG201",
        "is not part of this commit",
    )
    accepted(
        hooks.run(consumer, "git", "commit", "-m", "Both", "--", "goal_map.json", "components")
    )


def test_commit_a_includes_edits_and_not_new_files(hooks: Hooks, consumer: Path) -> None:
    two_goals(consumer)  # without this edit, nothing is missing
    put(consumer, "components/personas/guest.txt")
    refused(hooks.run(consumer, "git", "commit", "-am", "Seat"), "JG201", "is untracked")


def test_an_amended_commit_is_checked_as_a_whole(hooks: Hooks, consumer: Path) -> None:
    git(consumer, "rm", "-q", "components/personas/host.txt")
    git(consumer, "commit", "-q", "--no-verify", "-m", "Unseen")
    put(consumer, "notes.txt")
    git(consumer, "add", "notes.txt")
    refused(hooks.run(consumer, "git", "commit", "--amend", "--no-edit"), "JG201", "host.txt")


def test_an_unstaged_edit_of_the_map_is_not_checked(hooks: Hooks, consumer: Path) -> None:
    put(consumer, "notes.txt")
    git(consumer, "add", "notes.txt")
    two_goals(consumer)  # an edit in the middle of the map, which the runner sets aside
    accepted(hooks.run(consumer, "git", "commit", "-m", "Notes"))
    assert "SEAT" in (consumer / "goal_map.json").read_text()


def test_a_linked_worktree_is_checked_against_its_own_index(
    hooks: Hooks, consumer: Path, tmp_path: Path
) -> None:
    linked = tmp_path / "linked"
    git(consumer, "worktree", "add", "-q", "-b", "other", str(linked))
    git(linked, "rm", "-q", "--cached", "components/personas/host.txt")
    refused(hooks.run(linked, "git", "commit", "-m", "Out"), "JG201", "removed from the index")
    put(consumer, "notes.txt")
    git(consumer, "add", "notes.txt")
    accepted(hooks.run(consumer, "git", "commit", "-m", "The other work tree is sound"))


def test_a_submodule_is_checked_against_its_own_index(
    hooks: Hooks, consumer: Path, tmp_path: Path
) -> None:
    above = tmp_path / "above"
    above.mkdir()
    git(above, "init", "-q", "-b", "main")
    git(above, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(consumer), "part")
    part = above / "part"
    identify(part)
    install(hooks, part, "pre-commit")
    git(part, "rm", "-q", "components/personas/host.txt")
    refused(hooks.run(part, "git", "commit", "-m", "Out"), "JG201", "host.txt is not in the commit")


def test_a_project_below_the_top_is_named_by_root(hooks: Hooks, consumer: Path) -> None:
    below = "agents/front desk"
    (consumer / below).mkdir(parents=True)
    git(consumer, "mv", "goal_map.json", "components", below)
    config = hooks.config(extra=f"        args: [--root, '{below}']\n")
    put(consumer, ".pre-commit-config.yaml", config)
    save(consumer)
    git(consumer, "rm", "-q", "--cached", f"{below}/components/personas/host.txt")
    refused(hooks.run(consumer, "git", "commit", "-m", "Out"), "JG201", "removed from the index")


def test_a_merge_without_conflict_that_breaks_the_map_is_refused(
    hooks: Hooks, consumer: Path
) -> None:
    two_sound_sides(consumer)
    done = hooks.run(consumer, "git", "merge", "--no-edit", "uses")
    assert "CONFLICT" not in done.err
    refused(done, "JG201", "components/personas/host.txt")


def two_sound_sides(directory: Path) -> None:
    """Branches that merge without a conflict: one drops a file's last use, one adds a use."""
    between = "".join(f' "M{number}": {{"persona": "usher.txt"}},\n' for number in range(8))

    def save(first: str, last: str) -> None:
        entries = f' "A": {{"persona": "{first}"}},\n{between} "Z": {{"persona": "{last}"}}'
        put(directory, "goal_map.json", f"{{\n{entries}\n}}\n")
        git(directory, "add", ".")
        git(directory, "commit", "-q", "--no-verify", "-m", f"{first}, {last}")

    put(directory, "components/personas/usher.txt")
    save("host.txt", "usher.txt")
    git(directory, "switch", "-q", "-c", "uses")
    save("host.txt", "host.txt")
    git(directory, "switch", "-q", "main")
    git(directory, "rm", "-q", "components/personas/host.txt")
    save("usher.txt", "usher.txt")


def test_the_pushed_commit_is_checked_not_the_work_tree(
    hooks: Hooks, consumer: Path, tmp_path: Path
) -> None:
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(consumer, "remote", "add", "origin", str(tmp_path / "remote.git"))
    accepted(hooks.run(consumer, "git", "push", "origin", "main"))
    git(consumer, "rm", "-q", "components/personas/host.txt")
    git(consumer, "commit", "-q", "--no-verify", "-m", "Unseen")
    put(consumer, "components/personas/host.txt")  # the worktree is valid, the commit is not
    git(consumer, "add", ".")
    refused(hooks.run(consumer, "git", "push", "origin", "main"), "JG201", "host.txt")


def test_the_first_push_of_a_broken_branch_is_refused(
    hooks: Hooks, consumer: Path, tmp_path: Path
) -> None:
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(consumer, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(consumer, "rm", "-q", "components/personas/host.txt")
    git(consumer, "commit", "-q", "--no-verify", "-m", "Unseen")
    git(consumer, "branch", "broken")
    git(consumer, "reset", "-q", "--hard", "HEAD~")
    refused(hooks.run(consumer, "git", "push", "origin", "broken"), "JG201", "host.txt")


def test_the_fixer_runs_only_manually_and_writes_nothing_without_arguments(
    hooks: Hooks, consumer: Path
) -> None:
    put(consumer, ".pre-commit-config.yaml", hooks.config("jit-guard-fix"))
    two_goals(consumer)
    accepted(hooks.run(consumer, "git", "commit", "-am", "The fixer does not run"))
    done = hooks.run(consumer, "run", "--hook-stage", "manual", "--all-files")
    refused(done, "JG201", "no description")
    assert git(consumer, "status", "--porcelain") == ""


def test_the_fixer_stages_nothing_and_says_what_to_add(hooks: Hooks, consumer: Path) -> None:
    arguments = "        args: [--yes, --generator, scaffold]\n"
    (consumer / ".pre-commit-config.yaml").write_text(hooks.config("jit-guard-fix", arguments))
    two_goals(consumer)
    git(consumer, "add", ".")
    before = git(consumer, "write-tree")
    done = hooks.run(consumer, "run", "--hook-stage", "manual", "--all-files")
    refused(done, "git add -- ")
    assert git(consumer, "write-tree") == before
    assert ".jit-guard" not in git(consumer, "status", "--porcelain", "--untracked-files=all")
    (command,) = (
        command
        for line in done.err.splitlines()
        if (command := line.partition("to stage the fix, run: ")[2])
    )
    subprocess.run(["bash", "-c", command], cwd=consumer, check=True)
    assert git(consumer, "diff", "--name-only") == ""
    assert git(consumer, "ls-files", "--others", "--exclude-standard") == ""


def test_a_hook_repository_without_tags_knows_its_version(hooks: Hooks, shared: Path) -> None:
    assert git(hooks.source, "tag") == ""
    commands = sorted((shared / hooks.program.name).glob("cache/**/bin/jit-guard"))
    assert commands
    done = subprocess.run([commands[0], "--version"], capture_output=True, check=True, text=True)
    assert f'version = "{done.stdout.split()[1]}"' in (REPOSITORY / "pyproject.toml").read_text()


def manifest() -> list[dict[str, object]]:
    """The hooks that this repository offers."""
    yaml = pytest.importorskip("yaml")
    found: list[dict[str, object]] = yaml.safe_load(
        (REPOSITORY / ".pre-commit-hooks.yaml").read_text()
    )
    return found


def test_the_manifest_offers_the_two_hooks_of_the_contract() -> None:
    check, fix = manifest()
    for hook in (check, fix):
        assert hook["language"] == "python"
        assert (hook["always_run"], hook["pass_filenames"]) == (True, False)
        assert hook["require_serial"] is True
    assert (check["id"], check["entry"]) == ("jit-guard", "jit-guard --source commit")
    assert check["stages"] == ["pre-commit", "pre-merge-commit", "pre-push", "manual"]
    assert (fix["id"], fix["entry"]) == ("jit-guard-fix", "jit-guard --fix --no-input")
    assert (fix["stages"], fix["verbose"]) == (["manual"], True)


def test_this_repository_uses_its_own_hook() -> None:
    yaml = pytest.importorskip("yaml")
    config = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())
    used = {hook["id"]: hook for repo in config["repos"] for hook in repo["hooks"]}
    own, offered = used["jit-guard"], manifest()[0]
    assert own["entry"] == str(offered["entry"]).replace("jit-guard", "python -m jit_guard", 1)
    for key in ("always_run", "pass_filenames", "require_serial", "stages"):
        assert own[key] == offered[key]
