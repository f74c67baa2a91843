"""git in a checkout with a hostile `.git/config`: an unpacked archive, a shared directory, a cache.

No command runs a program that it names, and the reports stay the same.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from jit_guard.sources.git import environment
from jit_guard.text.credential_names import may_be_credential
from projects import Outcome, call, git, lay_out, run, sound
from repositories import NEEDS_GIT, repository
from sampling import sample

pytestmark = [
    NEEDS_GIT,
    pytest.mark.skipif(os.name != "posix", reason="the attacker's programs are shell scripts"),
]

COMMANDS = (
    (),
    ("--source", "index"),
    ("--source", "commit"),
    ("--source", "HEAD"),
    ("prune", "--dry-run"),
    ("prune",),
    ("--fix", "--dry-run", "--no-input", "--yes"),
    ("--fix", "--no-input", "--yes", "--generator", "scaffold"),
    ("--fix", "--no-input", "--yes", "--relink"),
    ("--format", "json"),
    ("recover",),
    ("log",),
)
# Subcommands that run no program of the repository; see sources/git/environment.py.
HARMLESS = {
    *("cat-file", "check-attr", "check-ignore", "config", "diff-index", "symbolic-ref"),
    *("ls-files", "ls-tree", "write-tree"),
}
PERSONAS = "components/personas"


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """A file that exists once a program of the attacker has run."""
    return tmp_path / "ran"


@pytest.fixture
def evil(tmp_path: Path, ran: Path) -> str:
    """The path of a program of the attacker."""
    path = tmp_path / "tools/evil"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\necho "$0 $*" >> {shlex.quote(str(ran))}\nexit 1\n')
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def made(template: Path, tmp_path: Path) -> Path:
    """A repository with an example of everything that git is asked about."""
    return Path(shutil.copytree(template, tmp_path / "made", symlinks=True))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = ["sound", "renamed", "deleted", "ignored", "untracked", "announced", "empty", "edited"]
    goals = {name.upper(): {"persona": f"{name}.txt"} for name in names}
    more = {name: {"persona": f"{name.lower()}.md"} for name in ("RESTORED", "REMOVED")}
    files = sound({**goals, **more})
    del files[f"{PERSONAS}/ignored.txt"], files[f"{PERSONAS}/untracked.txt"]
    del files[f"{PERSONAS}/announced.txt"]
    files |= {
        f"{PERSONAS}/renamed.txt": "Only this one says so.\n",
        f"{PERSONAS}/orphan.txt": "o\n",
    }
    files |= {f"{PERSONAS}/empty.txt": "", ".gitattributes": "*.txt filter=bad diff=bad text\n"}
    made = tmp_path_factory.mktemp("template") / "made"
    root = repository(made, {**files, ".gitignore": "ignored.txt\n"})
    directory = root / PERSONAS
    os.rename(directory / "renamed.txt", directory / "new_name.txt")
    (directory / "deleted.txt").unlink()
    (directory / "restored.md").unlink()
    git(root, "rm", "-q", f"{PERSONAS}/removed.md")
    (directory / "edited.txt").write_text("Edited.\n")
    for name in ("ignored", "untracked", "announced"):
        (directory / f"{name}.txt").write_text("New.\n")
    git(root, "add", "-N", f"{PERSONAS}/announced.txt")
    later = os.stat(root / ".git/index").st_mtime + 100  # git does not trust these times
    for path in directory.iterdir():
        os.utime(path, (later, later))
    return root


def outcomes(
    root: Path, copy: Path, commands: Sequence[tuple[str, ...]] = COMMANDS
) -> list[Outcome]:
    """Return the outcomes of the commands, each run in its own copy of the repository."""
    found = []
    for words in commands:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(root, copy, symlinks=True)
        done = call(*words, cwd=copy)
        assert done.code in (0, 1, 2), done
        assert "internal error" not in done.err, done
        found.append(done)
    return found


def verdicts(done: Iterable[Outcome]) -> list[tuple[int, list[str]]]:
    """Return exit codes and findings, without the elapsed time."""
    return [
        (one.code, [line for line in one.out.splitlines() if " s)" not in line]) for one in done
    ]


@pytest.fixture
def expected(template: Path, tmp_path: Path) -> list[tuple[int, list[str]]]:
    """What the commands report where nothing is hostile; asked once for all tests."""
    if not _EXPECTED:
        _EXPECTED.extend(verdicts(outcomes(template, tmp_path / "copy")))
    return _EXPECTED


_EXPECTED: list[tuple[int, list[str]]] = []
SETTINGS = {
    "everything": [
        *("core.fsmonitor={evil}", "core.fsmonitorHookVersion=1", "core.hooksPath={tools}"),
        *("filter.bad.process={evil}", "filter.bad.required=true", "filter.bad.smudge={evil}"),
        *("diff.external={evil}", "diff.bad.command={evil}", "diff.bad.textconv={evil}"),
        *("core.pager={evil}", "pager.ls-files={evil}", "core.editor={evil}"),
        *("core.askPass={evil}", "credential.helper={evil}", "gpg.program={evil}"),
        *("hook.bad.event=post-index-change", "hook.bad.command={evil}"),
        *(f"alias.{name}=!{{evil}}" for name in sorted(HARMLESS)),
        "core.worktree={outside}",
    ],
    "a filter": ["filter.bad.clean={evil}", "filter.bad.required=true"],
    "an included file": ["include.path={included}"],
    "no worktree": ["core.bare=true", "core.fsmonitor={evil}"],
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_settings_and_hooks_run_no_program(
    made: Path, tmp_path: Path, ran: Path, evil: str, expected: object, settings: list[str]
) -> None:
    outside = lay_out(tmp_path / "outside", {".gitignore": "# secret\nunt*\n"})
    (made / ".git/hooks").mkdir(exist_ok=True)
    for name in ("post-index-change", "fsmonitor-watchman", "reference-transaction", "post-commit"):
        shutil.copy(evil, made / ".git/hooks" / name)
    included = tmp_path / "included"
    included.write_text(f'[core]\n\tfsmonitor = {evil}\n[filter "bad"]\n\tclean = {evil}\n')
    hook = Path(evil).with_name("post-index-change")
    shutil.copy(evil, hook)
    for setting in settings:
        name, _, value = setting.partition("=")
        value = value.format(evil=evil, tools=hook.parent, included=included, outside=outside)
        git(made, "config", name, value)
    found = verdicts(outcomes(made, tmp_path / "copy"))
    assert not ran.exists(), ran.read_text()
    assert found == expected


@pytest.mark.parametrize("setting", ["clean", "process"])
@pytest.mark.parametrize("seconds", [0, 100_000, 4_000_000_000])
def test_no_filter_runs_for_a_file_as_new_as_the_index(
    tmp_path: Path, ran: Path, evil: str, setting: str, seconds: int
) -> None:
    """git compares such a file with the index before it writes that."""
    files = sound({"A": {"persona": "a.txt"}})
    root = repository(tmp_path / "made", {**files, ".gitattributes": "* filter=bad\n"})
    path = root / PERSONAS / "a.txt"
    at = os.stat(root / ".git/index").st_mtime_ns + seconds * 10**9
    os.utime(path, ns=(at, at))
    git(root, "add", ".")
    (root / "new.txt").touch()
    git(root, "add", "-N", "new.txt")
    os.utime(root / ".git/index", ns=(at - seconds * 10**9, at - seconds * 10**9))
    git(root, "config", f"filter.bad.{setting}", evil)
    git(root, "config", "filter.bad.required", "true")
    done = call("--source", "index", "--ignore", "JG206", cwd=root)
    assert not ran.exists(), ran.read_text()
    assert done.code == 0, done


@pytest.mark.parametrize("source", ["index", "commit"])
def test_the_index_is_only_read(made: Path, source: str) -> None:
    git(made, "config", "core.splitIndex", "true")
    git(made, "config", "splitIndex.sharedIndexExpire", "now")

    def of_git() -> dict[str, bytes]:
        files = (path for path in (made / ".git").iterdir() if path.is_file())
        return {path.name: path.read_bytes() for path in files}

    before = of_git()
    call("--source", source, cwd=made)
    assert of_git() == before


def test_an_index_that_is_no_file_is_an_error(made: Path) -> None:
    (made / ".git/index").unlink()
    os.mkfifo(made / ".git/index")
    done = call("--source", "index", cwd=made)
    assert (done.code, "is not a file" in done.err) == (2, True)


def test_git_alone_would_run_the_hook(
    made: Path, ran: Path, evil: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made / ".git/hooks").mkdir(exist_ok=True)
    shutil.copy(evil, made / ".git/hooks/post-index-change")
    monkeypatch.setattr(environment, "_OPTIONS", ())
    call("--source", "index", cwd=made)
    assert ran.exists()


def test_nested_repositories_run_no_program(
    made: Path, tmp_path: Path, ran: Path, evil: str
) -> None:
    for place in ("components", PERSONAS):
        git(made / place, "init", "-q")
        git(made / place, "add", "-f", ".")
        git(made / place, "config", "core.fsmonitor", evil)
        git(made / place, "config", "filter.bad.clean", evil)
    outcomes(made, tmp_path / "copy")
    assert not ran.exists(), ran.read_text()


def test_a_git_file_runs_no_program(made: Path, tmp_path: Path, ran: Path, evil: str) -> None:
    git(made, "config", "core.fsmonitor", evil)
    os.rename(made / ".git", made / "notes")
    (made / ".git").write_text("gitdir: notes\n")
    outcomes(made, tmp_path / "copy")
    assert not ran.exists(), ran.read_text()


REMOTES = {
    "a program on the server": ["remote.origin.url={tools}", "remote.origin.uploadpack={evil}"],
    "a program as its address": ["remote.origin.url=ext::{evil}", "protocol.ext.allow=always"],
    "ssh": ["remote.origin.url=ssh://host/x", "core.sshCommand={evil}", "protocol.allow=always"],
    "a proxy": ["remote.origin.url=git://host/x", "core.gitProxy={evil}"],
    "a credential helper": ["remote.origin.url=https://127.0.0.1:9/x", "credential.helper={evil}"],
    "a remote helper": ["remote.origin.url=x", "remote.origin.vcs=evil"],
}


@pytest.mark.parametrize("variable", ["GIT_NO_LAZY_FETCH", "GIT_ALLOW_PROTOCOL"])
@pytest.mark.parametrize("settings", REMOTES.values(), ids=REMOTES)
def test_objects_are_not_fetched(
    made: Path,
    tmp_path: Path,
    ran: Path,
    evil: str,
    settings: list[str],
    variable: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if variable == "GIT_ALLOW_PROTOCOL":  # a git that does not know the other variable
        monkeypatch.delitem(environment._QUIET, "GIT_NO_LAZY_FETCH")
    shutil.copy(evil, Path(evil).with_name("git-remote-evil"))
    monkeypatch.setenv("PATH", f"{Path(evil).parent}{os.pathsep}{os.environ['PATH']}")
    git(made, "config", "core.repositoryFormatVersion", "1")
    git(made, "config", "extensions.partialClone", "origin")
    git(made, "config", "remote.origin.promisor", "true")
    for setting in ["protocol.file.allow=always", *settings]:
        name, _, value = setting.partition("=")
        git(made, "config", name, value.format(evil=evil, tools=Path(evil).parent))
    ids = git(made, "ls-files", "--stage").split()[1::4]
    for blob in ids:
        (made / ".git/objects" / blob[:2] / blob[2:]).unlink(missing_ok=True)
    outcomes(made, tmp_path / "copy", COMMANDS[1:4])
    assert not ran.exists(), ran.read_text()


def test_the_index_of_a_partial_clone_is_checked(made: Path) -> None:
    """Missing objects are not fetched: their ids are enough."""
    git(made, "config", "core.repositoryFormatVersion", "1")
    git(made, "config", "extensions.partialClone", "origin")
    git(made, "config", "remote.origin.url", "file:///nowhere")
    (blob,) = git(made, "ls-files", "--stage", f"{PERSONAS}/orphan.txt").split()[1:2]
    (made / ".git/objects" / blob[:2] / blob[2:]).unlink()
    done = call("--source", "index", "--select", "JG301", cwd=made)
    assert (done.code, "orphan.txt" in done.out) == (1, True), done


def test_a_repository_of_another_user_is_still_refused(made: Path) -> None:
    """Our options and variables do not make git trust it."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    for directory, directories, names in os.walk(made):
        for name in (*directories, *names):
            os.lchown(os.path.join(directory, name), 12345, 12345)
    os.chown(made, 12345, 12345)
    done = call("--source", "index", cwd=made)
    assert (done.code, "dubious ownership" in done.err) == (2, True)


def noting(directory: Path, what: str) -> tuple[Path, Path]:
    """Create a wrapper for git that logs its input; return its directory and the log."""
    true = shutil.which("git")
    assert true is not None
    (directory / "bin").mkdir()
    (directory / "bin/git").write_text(
        f'#!/bin/sh\n{{ {what}; }} >> {shlex.quote(str(directory / "notes"))}\nexec {true} "$@"\n'
    )
    (directory / "bin/git").chmod(0o755)
    return directory / "bin", directory / "notes"


# Credentials

KEYS = ("OPENAI_API_KEY", "gitlab_token", "DB_PASSWORD", "CLIENT_SECRET", "PGPASSWORD", "TOKEN")
MORE_KEYS = ("AWS_SECRET_ACCESS_KEY", "API_KEY_2", "GIT_TOKEN", "SECRET_KEY_BASE", "NPM_TOKENS")
KEPT = ("SOME_SETTING", "MONKEY", "PWD", "HOME", "TOKENIZERS_PARALLELISM", "KEYBOARD", "PASSED")


def test_only_subcommands_that_run_no_filter_are_used_and_get_no_credentials(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = 'for word; do printf "%s\\037" "$word"; done; echo'
    programs, notes = noting(tmp_path, f"{words}; env; echo end")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    for name in (*KEYS, *MORE_KEYS):
        monkeypatch.setenv(name, f"value-of-{name}")
    for name in KEPT:
        monkeypatch.setenv(name, os.environ.get(name, "kept"))
    outcomes(made, tmp_path / "copy")
    asked = set()
    for call_of_git in notes.read_text(errors="surrogateescape").split("\nend\n")[:-1]:
        first, *variables = call_of_git.splitlines()
        argv = first.split("\37")
        while argv[0] in ("-c", "-C"):
            argv = argv[2:]
        asked.add(argv[0])
        assert not {"--filters", "--textconv", "--path", "--ext-diff"}.intersection(argv)
        assert "value-of-" not in call_of_git
        names = {line.partition("=")[0] for line in variables}
        assert not names.intersection((*KEYS, *MORE_KEYS)), argv
        assert names.issuperset(KEPT), argv
    assert asked == HARMLESS


def test_the_user_s_own_settings_reach_git(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.excludesFile")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(made.parent / "ignore"))
    (made.parent / "ignore").write_text("untracked.txt\n")
    assert "ignore:1: untracked.txt" in call("--select", "JG203", cwd=made).out


def test_the_names_of_variables_with_credentials() -> None:
    assert all(map(may_be_credential, (*KEYS, *MORE_KEYS)))
    assert not any(map(may_be_credential, (*KEPT, "GIT_CONFIG_KEY_0", "OLDPWD", "SSH_AUTH_SOCK")))


# The git program


@pytest.mark.parametrize("path", ["", ".", "bin", "./bin:", ":bin", "{made}"])
def test_git_is_never_a_program_of_the_checkout(
    made: Path, ran: Path, evil: str, path: str
) -> None:
    (made / "bin").mkdir()
    for place in (made, made / "bin"):
        shutil.copy(evil, place / "git")
    path = path.format(made=made)
    index = ("--source", "index")
    for words in (index, (), ("--source", "HEAD"), ("prune",)) if path == "bin" else (index,):
        done = run(*words, cwd=made, PATH=f"{path}{os.pathsep}{os.environ['PATH']}")
        assert not ran.exists(), ran.read_text()
        assert done.code in (0, 1), words
        alone = run(*words, cwd=made, PATH=path)
        assert not ran.exists(), ran.read_text()
        assert alone.code in (0, 1, 2), words
        assert "git is not on the PATH" in (alone.out + alone.err) or not words


def test_git_gets_no_relative_entry_in_path(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs, notes = noting(tmp_path, 'echo "$PATH"')
    monkeypatch.setenv("PATH", os.pathsep.join((".", str(programs), "", os.environ["PATH"], "bin")))
    call(cwd=made)
    for line in notes.read_text().splitlines():
        assert all(map(os.path.isabs, line.split(os.pathsep)))


def test_a_git_that_cannot_be_started_is_an_error(made: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").write_bytes(b"\x7fELF, and no more")
    (tmp_path / "bin/git").chmod(0o755)
    for words in (("--source", "index"), ("--source", "HEAD")):
        done = run(*words, cwd=made, PATH=str(tmp_path / "bin"))
        assert (done.code, "git cannot be started" in done.err) == (2, True), done
    done = run("--format", "json", cwd=made, PATH=str(tmp_path / "bin"))
    assert "git cannot be started" in done.out + done.err


def test_modules_of_the_checkout_are_not_imported(made: Path, ran: Path) -> None:
    script = Path(sys.executable).parent / "jit-guard"
    if not script.exists():
        pytest.skip("the console script is not installed beside this interpreter")
    for name in ("subprocess", "git", "sqlite3", "json", "hashlib", "sitecustomize"):
        (made / f"{name}.py").write_text(f"open({str(ran)!r}, 'w').write(__name__)\n")
    for words in sample(COMMANDS, 5):
        subprocess.run([script, *words], cwd=made, capture_output=True, check=False, timeout=60)
    assert not ran.exists()
