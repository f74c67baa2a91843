"""Every path from a repository passes one gate: it stays in the project and out of `.git`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jit_guard import Guard, MissingComponent
from jit_guard.errors import OutsideError
from jit_guard.formats import NAMES
from jit_guard.sources.memory import Link
from projects import HOST, MAP, SOUND, TEXT, Content, Files, at, call, git, lay_out, run
from repositories import NEEDS_GIT, repository, save
from sessions import plant
from sessions import run as run_pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")

SECRET = "correct-horse-battery-staple-0815"
HOLE = '{"GREET": {"persona": "host.txt"}, "PART": {"persona": "gone.txt"}}\n'
GENERATE = ("--fix", "--no-input", "--yes", "--generator", "scaffold")


def state(directory: Path) -> dict[str, object]:
    """Return the contents of a directory: links as links, files as bytes."""
    found: dict[str, object] = {}
    for above, directories, files in os.walk(directory):
        for name in (*directories, *files):
            path = os.path.join(above, name)
            if os.path.islink(path):
                found[path] = os.readlink(path)
            elif os.path.isfile(path):
                found[path] = Path(path).read_bytes()
            else:
                found[path] = None
    return found


def without_ours(found: dict[str, object]) -> dict[str, object]:
    """Return the state without the files in `.jit-guard`."""
    return {path: one for path, one in found.items() if ".jit-guard" not in path}


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Other files of the user."""
    return lay_out(
        tmp_path / "outside",
        {
            "keys.json": json.dumps({"auths": {"registry": {"auth": SECRET}}}),
            "map.json": json.dumps({"GREET": {"persona": f"{SECRET}.txt"}}),
            "words.json": json.dumps({"GREET": {"persona": SECRET}}),
            "settings.toml": f'model = "{SECRET}"\n',
            "pyproject.toml": f'[tool.jit-guard]\nmodel = "{SECRET}"\n',
            "broken.toml": f'"{SECRET}" = 1\n"{SECRET}" = 1\n',
            "notes.txt": f"{SECRET}\n",
            "library/personas/host.txt": SECRET,
        },
    )


def silent(outcome: object) -> None:
    assert SECRET not in str(outcome)


# --- maps ----------------------------------------------------------------------------------------

MAPS: dict[str, dict[str, Content]] = {
    "a link": {"goal_map.json": Link("../outside/keys.json")},
    "a map elsewhere": {"goal_map.json": Link("../outside/map.json")},
    "two links": {"goal_map.json": Link("l/m"), "l/m": Link("../../outside/keys.json")},
    "below a link": {
        "jit-guard.toml": 'maps = ["l/keys.json"]',
        "l": Link("../outside"),
    },
    "out and back": {
        "goal_map.json": Link("../project/real.json"),
        "real.json": MAP,
    },
    "a process": {"goal_map.json": Link("/proc/self/environ")},
    "a device": {"goal_map.json": Link("/dev/zero")},
    "in .git": {"goal_map.json": Link(".git/keys.json"), ".git/keys.json": SECRET},
    "in .git, by its path": {
        "jit-guard.toml": 'maps = [".git/keys.json"]',
        ".git/keys.json": SECRET,
    },
    "in another case": {"jit-guard.toml": 'maps = ["x/.GIT/m.json"]', "x/.GIT/m.json": SECRET},
    "by its short name": {"jit-guard.toml": 'maps = ["git~1/m.json"]', "git~1/m.json": SECRET},
}


@pytest.mark.parametrize("made", MAPS.values(), ids=MAPS.keys())
def test_a_map_outside_is_neither_read_nor_written(
    tmp_path: Path, outside: Path, made: Files
) -> None:
    root = lay_out(tmp_path / "project", {"components/personas/host.txt": HOST, **made})
    if (root / ".git").is_dir():
        git(root, "init", "-q")
    before = state(tmp_path)
    for name in NAMES:
        outcome = call("--format", name, cwd=root)
        assert outcome.code == 1, outcome
        assert "JG205" in outcome.out
        silent(outcome)
    outcome = call("--fix", "--no-input", "--yes", cwd=root)
    silent(outcome)
    ours = str(root / ".jit-guard")
    assert {
        path: one for path, one in state(tmp_path).items() if not path.startswith(ours)
    } == before
    with pytest.raises(OutsideError):
        Guard(root=root).component("GREET", "persona")


def test_a_map_outside_withholds_orphans_and_cannot_be_accepted(
    tmp_path: Path, outside: Path
) -> None:
    root = lay_out(
        tmp_path / "project",
        {
            "goal_map.json": Link("../outside/map.json"),
            "components/personas/host.txt": HOST,
            "base.jsonl": '["JG205", "goal_map.json", null, null, "goal_map.json"]\n',
        },
    )
    outcome = call("--format", "json", cwd=root)
    assert outcome.codes == ["JG205"]
    assert [one["code"] for one in outcome.report["skipped"]] == ["JG301"]
    outcome = call("--baseline", "base.jsonl", cwd=root)
    assert (outcome.code, outcome.out) == (2, "")
    assert "cannot be accepted" in outcome.err


def test_a_map_may_be_a_link_inside_the_project(tmp_path: Path) -> None:
    made = {**SOUND, "goal_map.json": Link("maps/a/../b.json"), "maps/b.json": MAP, "maps/a/x": ""}
    root = lay_out(tmp_path, made)
    assert call(cwd=root).code == 0
    lay_out(root, {"absolute.json": Link(str(root / "maps/b.json"))})
    assert call("--map", "absolute.json", cwd=root).code == 0
    assert Guard(root=root).component("GREET", "persona").is_file()


@NEEDS_GIT
@pytest.mark.parametrize("target", ["../outside/map.json", "/etc/passwd", ".git/HEAD"])
def test_a_map_in_git_is_checked_as_on_disk(tmp_path: Path, target: str) -> None:
    root = repository(tmp_path / "project", {**SOUND, "goal_map.json": Link(target)})
    for source in ("worktree", "index", "HEAD"):
        outcome = call("--source", source, "--format", "json", cwd=root)
        assert (outcome.code, outcome.codes) == (1, ["JG205"]), source


def test_pytest_reports_the_same(pytester: pytest.Pytester) -> None:
    lay_out(pytester.path.parent, {"elsewhere.json": MAP})
    plant(pytester, {**SOUND, "goal_map.json": Link("../elsewhere.json")})
    outcome = run_pytest(pytester, "--jit-guard")
    assert outcome.ours["schema"] == "failed"
    assert "JG205" in outcome.texts["goal_map.json::schema"]


# --- the configuration ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "made",
    [
        {"jit-guard.toml": Link("../outside/settings.toml")},
        {"jit-guard.toml": Link("../outside/broken.toml")},
        {"jit-guard.toml": Link("l"), "l": Link("../outside/settings.toml")},
        {"jit-guard.toml": Link(".git/config"), ".git/config": f'model = "{SECRET}"'},
        {"jit-guard.toml": Link("/proc/self/environ")},
        {"pyproject.toml": Link("../outside/pyproject.toml")},
        {"pyproject.toml": Link("../outside/settings.toml"), "jit-guard.toml": ""},
    ],
    ids=["keys", "broken", "two links", "git's own", "a process", "pyproject", "beside our own"],
)
def test_a_configuration_outside_exits_with_2(tmp_path: Path, outside: Path, made: Files) -> None:
    root = lay_out(tmp_path / "project", {**SOUND, **made})
    before = state(tmp_path)
    for argv in ((), ("config",), ("--format", "json"), ("init",), ("--fix", "--yes")):
        outcome = call(*argv, cwd=root)
        assert outcome.code == 2, argv
        assert "is refused" in outcome.err
        silent(outcome)
    assert state(tmp_path) == before


def test_a_pyproject_outside_does_not_make_a_root(tmp_path: Path, outside: Path) -> None:
    root = lay_out(
        tmp_path / "project", {**SOUND, "sub/pyproject.toml": Link("../../outside/pyproject.toml")}
    )
    assert Guard(root / "sub").root == str(root)


@NEEDS_GIT
def test_a_linked_configuration_in_git_is_refused(tmp_path: Path) -> None:
    root = repository(tmp_path / "project", {**SOUND, "jit-guard.toml": Link("/etc/hostname")})
    for source in ("index", "HEAD"):
        outcome = call("--source", source, cwd=root)
        assert (outcome.code, outcome.out) == (2, "")
        assert (
            "jit-guard.toml is refused: the link jit-guard.toml points outside the project"
            in outcome.err
        )


def test_a_flag_may_name_any_path(tmp_path: Path, outside: Path) -> None:
    root = lay_out(tmp_path / "project", {**SOUND, "c.toml": Link("../outside/settings.toml")})
    for path in ("../outside/settings.toml", "c.toml"):
        outcome = call("config", "--config", path, cwd=root)
        assert outcome.code == 0
        assert SECRET in outcome.out
    lay_out(outside, {"s.json": "{}", "b.jsonl": ""})
    flags = ("--schemafile", "../outside/s.json", "--baseline", "../outside/b.jsonl")
    assert call(*flags, cwd=root).code == 0


# --- files that the configuration names ----------------------------------------------------------

FILES = ("prompt", "descriptions", "schema", "baseline")
CONTRACT = "types.persona.contract"
PLACES: dict[str, dict[str, Content]] = {
    "f": {"f": Link("../outside/words.json")},
    "d/words.json": {"d": Link("../outside")},
    "d/f": {"d/f": Link("../e/f"), "e": Link("../outside"), "../outside/f": "{}"},
    "g": {"g": Link(".git/config"), ".git/config": SECRET},
    "h/config": {"h": Link(".git"), ".git/config": SECRET},
    ".git/config": {".git/config": SECRET},
    "x/../.git/config": {".git/config": SECRET},
    ".Git/config": {".Git/config": SECRET},
    ".g\u200cit/config": {".g\u200cit/config": SECRET},
    ".git /config": {".git /config": SECRET},
    "../outside/words.json": {},
    "/etc/hostname": {},
    "p": {"p": Link("/proc/self/environ")},
    "z": {"z": Link("/dev/zero")},
    "b": {"b": Link("gone")},
    "directory": {"directory/x": ""},
}


@pytest.mark.parametrize(
    "key", [*FILES, *(f"{CONTRACT}.{key}" for key in ("front-matter", "schema"))]
)
@pytest.mark.parametrize("place", PLACES)
def test_a_configured_file_outside_exits_with_2(
    tmp_path: Path, outside: Path, key: str, place: str
) -> None:
    setting = f"{key} = {json.dumps(place, ensure_ascii=False)}\n"
    made = {**SOUND, "goal_map.json": HOLE, "jit-guard.toml": setting}
    root = lay_out(tmp_path / "project", made)
    lay_out(root, PLACES[place])
    before = state(tmp_path)
    argv = ("--fix", "--no-input", "--yes", "--command", "cat") if key in FILES[:2] else ()
    for more in ((), ("--dry-run",)) if argv else ((),):
        outcome = call(*argv, *more, cwd=root)
        assert outcome.code == 2, outcome
        silent(outcome)
    kept = without_ours(state(tmp_path))
    assert kept == before


@pytest.mark.parametrize("key", FILES)
def test_a_configured_file_may_be_a_link_inside_the_project(tmp_path: Path, key: str) -> None:
    made = {
        **SOUND,
        "jit-guard.toml": f'{key} = "a/f"\n',
        "a": Link("docs"),
        "docs/f": Link("../docs/real"),
        "docs/real": "" if key == "baseline" else "{}",
    }
    root = lay_out(tmp_path, made)
    argv = ("--fix", "--no-input", "--yes") if key in FILES[:2] else ()
    assert call(*argv, cwd=root).code == 0


@NEEDS_GIT
@pytest.mark.parametrize("key", FILES[:2])
def test_ignored_files_are_not_sent(tmp_path: Path, key: str) -> None:
    made = {
        **SOUND,
        "goal_map.json": HOLE,
        "jit-guard.toml": f'{key} = "docs/p"\n',
        "docs/p": Link("../private/p"),
        ".gitignore": "private/\n",
    }
    root = repository(tmp_path / "project", made)
    lay_out(root, {"private/p": json.dumps({"PART": {"persona": SECRET}})})
    seen = tmp_path / "seen"
    spy = f"sh -c 'cat >> {seen}; echo text'"
    fix = ("--fix", "--no-input", "--yes", "--command", spy)
    outcome = call(*fix, cwd=root)
    assert (outcome.code, seen.exists()) == (2, False)
    assert f"{key}: docs/p is ignored by git" in outcome.err
    (tmp_path / "own.toml").write_text(f'{key} = "docs/p"\n')
    assert call(*fix, "--config", "../own.toml", cwd=root).code == 0  # the user named it
    assert SECRET in seen.read_text()


@pytest.mark.parametrize("key", FILES[:2])
def test_what_we_keep_is_not_sent(tmp_path: Path, key: str) -> None:
    made: Files = {
        **SOUND,
        "goal_map.json": HOLE,
        "jit-guard.toml": f'{key} = "docs/p"\n',
        "docs/p": Link("../.jit-guard/p"),
        ".jit-guard/p": json.dumps({"PART": {"persona": SECRET}}),
    }
    root = lay_out(tmp_path / "project", made)
    seen = tmp_path / "seen"
    spy = f"sh -c 'cat >> {seen}; echo text'"
    outcome = call("--fix", "--no-input", "--yes", "--command", spy, cwd=root)
    assert (outcome.code, seen.exists()) == (2, False)
    assert f"{key}: docs/p is in .jit-guard" in outcome.err


# --- components ----------------------------------------------------------------------------------

TREES: dict[str, dict[str, Content]] = {
    "components out": {"components": Link("../outside/library")},
    "a type out": {"components/personas": Link("../../outside/library/personas")},
    "a file out": {
        "components/personas/gone.txt": Link("../../../outside/gone.txt"),
        "components/personas/host.txt": HOST,
    },
    "components into git": {"components": Link(".git/refs"), ".git/refs/x": ""},
    "a type into git": {"components/personas": Link("../.git/refs"), ".git/refs/x": ""},
    "by a second link": {
        "components/personas": Link("../a"),
        "a": Link("b"),
        "b": Link(".git/refs"),
        ".git/refs/x": "",
    },
    "a nested repository": {
        "components/personas": Link("x/.git/hooks"),
        "components/x/.git/hooks/x": "",
    },
    "types": {"jit-guard.toml": 'types.persona.directory = ".git"'},
    "types, by its short name": {"jit-guard.toml": 'types.persona.directory = "a/GIT~1/b"'},
    "components": {"jit-guard.toml": 'components = ".git/x"'},
    "components in another case": {"jit-guard.toml": 'components = "a/.gIt"'},
}


@pytest.mark.parametrize("made", TREES.values(), ids=TREES.keys())
def test_nothing_is_written_outside_the_project_or_into_git(
    tmp_path: Path, outside: Path, made: Files
) -> None:
    root = lay_out(tmp_path / "project", {"goal_map.json": HOLE, **made})
    before = state(tmp_path)
    for argv in (GENERATE, ("prune", "--force"), ("init",), ()):
        outcome = call(*argv, cwd=root)
        assert outcome.code in ((1, 2) if argv in ((), GENERATE) else (0, 1, 2)), argv
        silent(outcome)
    kept = without_ours(state(tmp_path))
    new = {path for path in kept.keys() - before.keys() if "goal_map.schema" not in path}
    assert new <= {str(root / "jit-guard.toml")}
    assert {path: kept[path] for path in before} == before


@pytest.mark.parametrize(
    "filename",
    [".git/config", "sub/.git/hooks/x", ".GIT/x", "a/.Git./x", "git~1/x", "a/.g\u200dit/x", ".git"],
)
def test_an_entry_never_leads_into_git(tmp_path: Path, filename: str) -> None:
    root = lay_out(
        tmp_path,
        {
            "goal_map.json": json.dumps({"A": {"t": filename}}),
            f"components/ts/{filename}": TEXT,
        },
    )
    outcome = call("--format", "json", cwd=root)
    assert "JG205" in outcome.codes
    assert "JG201" not in outcome.codes
    (found,) = (one for one in outcome.report["findings"] if one["code"] == "JG205")
    assert ".git" in found["message"]
    before = state(tmp_path)
    call(*GENERATE, cwd=root)
    assert {
        path: one for path, one in state(tmp_path).items() if ".jit-guard" not in path
    } == before


@NEEDS_GIT
def test_an_entry_in_git_never_leads_into_git(tmp_path: Path) -> None:
    made = {"goal_map.json": '{"A": {"t": "x"}}', "components/ts": Link("../.git/refs")}
    root = repository(tmp_path, made)
    outcome = call("--source", "index", "--format", "json", cwd=root)
    assert "JG205" in outcome.codes


@pytest.mark.parametrize("name", [".gitkeep", ".github", "git", "a.git", ".gitattributes", "git~2"])
def test_names_that_only_resemble_git_are_allowed(tmp_path: Path, name: str) -> None:
    root = lay_out(
        tmp_path,
        {
            "goal_map.json": json.dumps({"A": {"t": f"{name}/x.txt"}, "B": {"t": name + ".txt"}}),
            f"components/ts/{name}/x.txt": TEXT,
            f"components/ts/{name}.txt": TEXT,
        },
    )
    assert call("--ignore", "JG208", cwd=root).code == 0


# --- files that are written ----------------------------------------------------------------------

LINKS: dict[str, dict[str, Content]] = {
    "f": {"f": Link("../outside/notes.txt")},
    "g": {"g": Link("../outside/new")},
    "d/new": {"d": Link("../outside")},
    "h": {"h": Link(".git/hooks/post-checkout"), ".git/hooks/x": ""},
    "i/new": {"i": Link(".git"), ".git/x": ""},
    ".git/new": {".git/x": ""},
}


@pytest.mark.parametrize("place", LINKS)
@pytest.mark.parametrize("how", ["baseline", "flag", *NAMES])
def test_planted_links_are_not_written_through(
    tmp_path: Path, outside: Path, place: str, how: str
) -> None:
    root = lay_out(tmp_path / "project", {**SOUND, "goal_map.json": HOLE})
    lay_out(root, LINKS[place])
    argv: tuple[str, ...] = ("--format", f"{how}={place}")
    if how == "flag":
        argv = ("--update-baseline", "--baseline", place)
    elif how == "baseline":
        (root / "jit-guard.toml").write_text(f'baseline = "{place}"\n')
        argv = ("--update-baseline",)
    before = state(tmp_path)
    outcome = call(*argv, cwd=root)
    assert outcome.code == 2
    silent(outcome)
    assert state(tmp_path) == before


def test_the_user_may_write_a_report_anywhere(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", {**SOUND, "out/x": "", "link": Link("out/real")})
    lay_out(tmp_path, {"own": Link("elsewhere"), "elsewhere": ""})
    lay_out(root, {"out/real": ""})
    for path in ("new.json", "out/new.json", "link", "../own", str(tmp_path / "new")):
        assert call("--format", f"json={path}", cwd=root).code == 0
        with at(root):
            assert json.loads(Path(path).read_text())["version"] == 1
    assert os.path.islink(root / "link")


@pytest.mark.parametrize(
    "made",
    [
        {"components/personas": Link("../../outside")},
        {"components/protocols": Link("../../outside/gone")},
        {"components/protocols": Link("../.git/x"), ".git/x/y": ""},
        {"jit-guard.toml": 'maps = ["m/goal_map.json"]', "m": Link("../outside")},
        {"jit-guard.toml": 'maps = ["m/goal_map.json"]', "m": Link(".git"), ".git/y": ""},
    ],
    ids=["type", "broken", "git", "map", "map in git"],
)
def test_init_does_not_write_through_planted_links(
    tmp_path: Path, outside: Path, made: Files
) -> None:
    root = lay_out(tmp_path / "project", made)
    before = state(tmp_path)
    outcome = call("init", cwd=root)
    assert outcome.code == 2
    assert state(tmp_path) == before  # nothing is half done


# --- what is sent to a model ---------------------------------------------------------------------


@NEEDS_GIT
def test_ignored_files_and_files_outside_are_not_shown_to_a_model(
    tmp_path: Path, outside: Path
) -> None:
    goals = {str(n): {"persona": name} for n, name in enumerate(("host.txt", "me.txt", "far.txt"))}
    made = {
        "goal_map.json": json.dumps({**goals, "PART": {"persona": "gone.txt"}}),
        "components/personas/host.txt": HOST,
        "components/personas/far.txt": Link("../../../outside/notes.txt"),
        ".gitignore": "me.txt\n",
    }
    root = repository(tmp_path / "project", made)
    lay_out(root, {"components/personas/me.txt": f"# {SECRET}\n"})
    seen = tmp_path / "seen"
    call("--fix", "--no-input", "--yes", "--command", f"sh -c 'cat >> {seen}; echo x'", cwd=root)
    sent = seen.read_text()
    assert "You welcome people" in sent
    assert SECRET not in sent
    assert "me.txt" not in sent


def test_a_dry_run_lists_every_file_that_would_be_sent(tmp_path: Path) -> None:
    root = lay_out(
        tmp_path,
        {
            **SOUND,
            "goal_map.json": HOLE,
            "jit-guard.toml": 'prompt = "docs/p.md"\ndescriptions = "docs/d.json"\n',
            "docs/p.md": "Write.",
            "docs/d.json": "{}",
            "more.json": '{"PART": {"persona": "One."}}',
        },
    )
    outcome = call(
        "--fix", "--dry-run", "--yes", "--command", "false", "--descriptions", "more.json", cwd=root
    )
    assert outcome.code == 1
    listed = [line.split(maxsplit=1)[1] for line in outcome.out.splitlines() if "shows" in line]
    assert listed == ["docs/p.md", "docs/d.json", "more.json", "components/personas/host.txt"]
    outcome = call("--fix", "--dry-run", "--yes", "--generator", "scaffold", cwd=root)
    assert "shows" not in outcome.out


# --- hints --------------------------------------------------------------------------------------


@NEEDS_GIT
@pytest.mark.parametrize("ignored", [True, False])
@pytest.mark.parametrize(
    "made",
    [
        {"components/personas/guest.txt": Link("../../mine/.env")},
        {"components/personas/guest.txt": Link("../../a"), "a": Link("mine/.env")},
        {"components/personas/guest.txt": Link("private")},
        {"components/guests": Link("../mine")},
    ],
    ids=["a link", "two links", "beside it", "a directory"],
)
def test_no_hint_suggests_publishing_the_target_of_a_link(
    tmp_path: Path, made: Files, ignored: bool
) -> None:
    goals = {"A": {"persona": "guest.txt"}, "B": {"guest": ".env"}}
    files = {**SOUND, "goal_map.json": json.dumps(goals), **made}
    root = repository(tmp_path, {**files, ".gitignore": "mine\nprivate\n" if ignored else ""})
    lay_out(root, {"mine/.env": SECRET, "components/personas/private": SECRET})
    outcome = call("--format", "json", cwd=root)
    assert "JG203" in outcome.codes
    for found in outcome.report["findings"]:
        if found["code"] == "JG203":
            assert "git add" not in str(found), found


@NEEDS_GIT
def test_no_hint_suggests_adding_ignored_files_if_components_is_the_root(
    tmp_path: Path,
) -> None:
    root = repository(
        tmp_path,
        {
            "goal_map.json": '{"A": {"t": "key.pem"}, "B": {"t": "b.txt"}}',
            "jit-guard.toml": 'components = "."\ntypes.t.directory = "private"\n',
            ".gitignore": "*.pem\n",
            "private/x": "",
        },
    )
    lay_out(root, {"private/key.pem": SECRET, "private/b.txt": TEXT})
    outcome = call("--format", "json", "--select", "JG203", cwd=root)
    hints = {one["path"]: one["hint"] for one in outcome.report["findings"]}
    assert "git add" not in hints["private/key.pem"]
    assert "git add -- private/b.txt" in hints["private/b.txt"]


@NEEDS_GIT
@pytest.mark.parametrize("source", ["worktree", "index", "HEAD"])
@pytest.mark.parametrize(
    ("config", "path"),
    [
        ('components = "."\ntypes.t.directory = "private"\n', "private/key.pem"),
        ('components = "private"\ntypes.t.directory = "sub"\n', "private/sub/key"),
        ('components = "."\ntypes.t.directory = "lib/private"\n', "lib/private/key"),
        ('components = "lib"\ntypes.t.directory = "private"\n', "lib/private/key"),
    ],
    ids=["a file", "the components directory", "a type", "a type below components"],
)
def test_what_git_ignores_is_not_forced_into_it(
    tmp_path: Path, config: str, path: str, source: str
) -> None:
    name = path.rpartition("/")[2]
    root = repository(
        tmp_path,
        {
            "goal_map.json": json.dumps({"A": {"t": name}}),
            "jit-guard.toml": config,
            ".gitignore": "*.pem\nprivate/\n" if name == "key" else "*.pem\n",
            "lib/x": "",
        },
    )
    lay_out(root, {path: SECRET})
    outcome = call("--format", "json", "--source", source, cwd=root)
    found = [one for one in outcome.report["findings"] if one["path"] == path]
    assert found, outcome
    assert "is ignored by" in found[0]["hint"]
    assert "git add" not in str(outcome)


@NEEDS_GIT
def test_hints_still_suggest_adding_forgotten_components(tmp_path: Path) -> None:
    root = repository(tmp_path, {**SOUND, ".gitignore": "*.log\n"})
    goals = {"A": {"persona": "new.txt"}, "B": {"persona": "new.log"}, "C": {"persona": "l.txt"}}
    lay_out(
        root,
        {
            "components/personas/new.txt": TEXT,
            "components/personas/new.log": TEXT,
            "components/personas/l.txt": Link("host.txt"),
        },
    )
    (root / "goal_map.json").write_text(json.dumps(goals))
    outcome = call("--format", "json", "--select", "JG203", cwd=root)
    hints = {one["path"]: one["hint"] for one in outcome.report["findings"]}
    assert "git add -- components/personas/new.txt" in hints["components/personas/new.txt"]
    assert "git add -f -- components/personas/new.log" in hints["components/personas/new.log"]
    assert "git add -- components/personas/l.txt" in hints["components/personas/l.txt"]
    save(root)


# --- quoted values ------------------------------------------------------------------------------

LONG = "".join(f"{n:03d}x" for n in range(100))  # contains no 61 characters twice


def quotes_little(outcome: str) -> None:
    outcome = outcome.replace("\\", "")
    assert not any(LONG[at : at + 61] in outcome for at in range(len(LONG) - 60)), outcome


MISFITS: list[tuple[object, object]] = [
    ({"A": LONG}, {}),
    ({"A": [[LONG]]}, {}),
    ({"A": {"t": {LONG: LONG}}}, {}),
    ({"A": {"t": int("7" * 300)}}, {}),
    ({"A": {"t": LONG}}, {"pattern": "^z"}),
    ({"A": {"t": LONG}}, {"enum": ["a", LONG[1:]]}),
    ({"A": {"t": LONG}}, {"const": LONG[2:]}),
    ({"A": {"t": LONG}}, {"not": {"type": "string"}}),
    ({"A": {"t": LONG}}, {"oneOf": [{"type": "string"}, {"minLength": 1}]}),
    ({"A": {"t": LONG}}, {"anyOf": [{"maxLength": 1}]}),
]


# Each in the format that has every field, and one in every format. A picture lists every entry, as
# JG201 does; its findings are those of the other formats.
@pytest.mark.parametrize(
    ("name", "goals", "schema"),
    [
        *(("json", *misfit) for misfit in MISFITS),
        *((name, *MISFITS[2]) for name in NAMES if name not in ("html", "json")),
    ],
)
@pytest.mark.usefixtures("schemas_here")
def test_long_values_are_shortened_in_findings(
    tmp_path: Path, name: str, goals: object, schema: object
) -> None:
    document = {"additionalProperties": {"additionalProperties": schema}}
    root = lay_out(tmp_path, {"goal_map.json": json.dumps(goals), "s.json": json.dumps(document)})
    argv = ("--schemafile", "s.json") if schema else ()
    outcome = call("--select", "JG101", "--format", name, *argv, cwd=root)
    assert "JG101" in outcome.out
    quotes_little(outcome.out)
    assert "7" * 61 not in outcome.out


@pytest.mark.parametrize("name", [name for name in NAMES if name != "html"])
@pytest.mark.usefixtures("schemas_here")
def test_long_values_of_components_are_shortened(tmp_path: Path, name: str) -> None:
    contract = {
        "front-matter": "s.json",
        "headings": ["# A"],
        "equal": ["{front-matter.a}", "{front-matter.b}"],
    }
    lines = [f"{CONTRACT}.{key} = {json.dumps(value)}" for key, value in contract.items()]
    component = f"---\na: {LONG}\nb: x{LONG}\nc: {{{LONG}: {{d: {LONG}}}}}\n---\n"
    inner = {"additionalProperties": {"properties": {"d": {"type": "array"}}}}
    schema = {"properties": {"a": {"pattern": "^z"}, "c": inner}}
    files = {"goal_map.json": MAP, "components/personas/host.txt": component}
    config = "\n".join(lines)
    root = lay_out(tmp_path, {**files, "s.json": json.dumps(schema), "jit-guard.toml": config})
    out = call("--select", "JG60", "--format", name, cwd=root).out
    pointer = f"/c/{LONG}/d"
    assert "JG605" in out
    quotes_little(out.replace(pointer, ""))


@pytest.mark.parametrize(
    "line",
    [
        f'{LONG} = "x"',
        f'maps = ["/{LONG}"]',
        f'components = "../{LONG}"',
        f'select = ["JG9{LONG}"]',
        f'select = ["X{LONG}"]',
        f'types."{LONG}" = 1',
        f'types."{LONG}".text = 1',
        f'jobs = "{LONG}"',
        f'orphan-ignore = ["{LONG}\\\\"]',
        f'plugins = ["{LONG}"]',
        f'"{LONG}" = 1\n"{LONG}" = 2',
        f'prompt = "{LONG[:200]}/.git"',
        f'baseline = "base"\n# {LONG}',
    ],
)
def test_long_settings_are_shortened_in_errors(tmp_path: Path, line: str) -> None:
    base = f'["JG001{LONG}", null, null, null, null]\n'
    root = lay_out(tmp_path, {**SOUND, "jit-guard.toml": line, "base": base})
    outcome = call(cwd=root)
    assert outcome.code == 2
    quotes_little(outcome.err)


# --- odd names -----------------------------------------------------------------------------------


def test_a_goal_may_contain_nul(tmp_path: Path) -> None:
    goals = {goal: {"t": "q.txt"} for goal in ("\0", "a\0b", "\0\0", "a\nb\0")}
    root = lay_out(
        tmp_path,
        {
            "goal_map.json": json.dumps({**goals, "A": {"t": "w.txt"}}),
            "components/ts/left.txt": TEXT,
            "components/x/q.md": TEXT,
        },
    )
    for argv in (*(("--format", name) for name in NAMES), ("--fix", "--no-input"), ("selftest",)):
        outcome = call(*argv, cwd=root)
        assert outcome.code in (0, 1, 2)
        assert "\0" not in outcome.out + outcome.err


# --- programs ------------------------------------------------------------------------------------


def test_a_bare_command_name_is_not_looked_up_in_the_project(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", {**SOUND, "goal_map.json": HOLE})
    ran = tmp_path / "ran"
    lay_out(root, {"writer": f"#!/bin/sh\ntouch {ran}\necho text\n"})
    (root / "writer").chmod(0o755)
    fix = ("--fix", "--no-input", "--yes", "--command")
    path = os.pathsep.join([".", os.environ["PATH"]])
    outcome = run(*fix, "writer", cwd=root, PATH=path)
    assert (outcome.code, ran.exists()) == (2, False)
    assert "writer cannot be run" in outcome.err
    assert run(*fix, "./writer", cwd=root, PATH=path).code == 0  # the user named this path
    assert ran.exists()


def test_the_schema_process_imports_nothing_from_the_working_directory(tmp_path: Path) -> None:
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')"
    names = ("json", "jsonschema", "referencing", "jit_guard", "sitecustomize", "signal")
    root = lay_out(
        tmp_path / "project",
        {
            **SOUND,
            **{f"{name}.py": trap for name in names},
            "jit-guard.toml": 'schema = "s.json"',
            "s.json": r'{"propertyNames": {"pattern": "^\\d"}}',
        },
    )
    code = (
        "import json, subprocess, sys; from jit_guard.cli import main; "
        "sys.path[:0] = ['', '.', sys.argv[1]]; "
        "sys.exit(main(['--format', 'json']))"
    )
    argv = [sys.executable, "-I", "-c", code, str(root)]
    done = subprocess.run(argv, cwd=root, capture_output=True, check=False, timeout=60)
    assert (done.returncode, b"JG101" in done.stdout) == (1, True), done
    assert not (tmp_path / "ran").exists()


@NEEDS_GIT
def test_git_does_not_get_the_working_directory_in_path(tmp_path: Path) -> None:
    from jit_guard.sources.git.environment import clean_environment

    root = repository(tmp_path)
    with at(root):
        before = os.environ["PATH"]
        os.environ["PATH"] = os.pathsep.join(["", ".", "bin", str(root), before])
        try:
            assert set(clean_environment()["PATH"].split(os.pathsep)) <= set(before.split(":"))
        finally:
            os.environ["PATH"] = before
    assert git(root, "status", "--porcelain") == ""


def test_a_report_is_not_written_into_another_git_directory(tmp_path: Path) -> None:
    lay_out(tmp_path, {"other/.git/x": "", "link": Link("other/.git/new")})
    root = lay_out(tmp_path / "project", SOUND)
    for path in ("../other/.git/x", "../link"):
        outcome = call("--format", f"json={path}", cwd=root)
        assert outcome.code == 2
        assert "leads into a .git directory" in outcome.err
    assert (tmp_path / "other/.git/x").read_bytes() == b""
    assert not (tmp_path / "other/.git/new").exists()


@pytest.mark.parametrize("target", ["../.git/x", "../../outside/library/personas"])
def test_guard_returns_no_component_outside_the_project(
    tmp_path: Path, outside: Path, target: str
) -> None:
    made = {"goal_map.json": MAP, "components/personas": Link(target), ".git/x/host.txt": SECRET}
    root = lay_out(tmp_path / "project", made)
    with pytest.raises(MissingComponent):
        Guard(root=root).component("GREET", "persona")


@pytest.mark.parametrize(
    "made",
    [
        {"components": Link("../outside")},
        {"components": Link(".git"), ".git/x": ""},
        {"components": "a file"},
        {"components/personas": Link("../../outside")},
        {"components/personas": Link("../.git/refs"), ".git/refs/x": ""},
        {"components/personas": Link("nowhere")},
        {"jit-guard.toml": 'types.persona.directory = "a/b"', "components/a": Link("../.git")},
    ],
    ids=["out", "git", "a file", "a type out", "a type in git", "broken", "configured"],
)
def test_selftest_refuses_a_directory_that_it_cannot_use(
    tmp_path: Path, outside: Path, made: Files
) -> None:
    goals = {"goal_map.json": '{"GREET": {"persona": "host.txt"}}\n'}
    root = lay_out(tmp_path / "project", {**goals, **made})
    outcome = call("selftest", cwd=root)
    assert (outcome.code, outcome.out) == (2, ""), outcome


def test_selftest_works_without_a_type_that_can_be_a_directory(tmp_path: Path) -> None:
    types = ["\0", "\ud800", "a/b", "..", ".", "x" * 300, "a\nb", "con."]
    goals = {"A": dict.fromkeys(types, "host.txt")}
    made = {"goal_map.json": json.dumps(goals), "components/x": ""}
    outcome = call("selftest", cwd=lay_out(tmp_path, made))
    assert outcome.code == 0, outcome


# --- a .git that is no repository, and paths of many levels --------------------------------------


def a_fifo(path: Path) -> None:
    os.mkfifo(path)


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def a_pointer_with_a_nul(path: Path) -> None:
    path.write_bytes(b"gitdir: \0elsewhere\n")


def an_endless_pointer(path: Path) -> None:
    path.write_bytes(b"gitdir: " + b"a" * 100_000)


@pytest.mark.parametrize("make", [a_fifo, a_device, a_pointer_with_a_nul, an_endless_pointer])
@pytest.mark.parametrize("argv", [(), ("log",), ("recover",), ("--source", "index"), GENERATE])
def test_what_is_in_the_place_of_git_is_not_waited_for(
    tmp_path: Path, make: Callable[[Path], None], argv: tuple[str, ...]
) -> None:
    root = lay_out(tmp_path, {**SOUND, "goal_map.json": HOLE})
    call(*GENERATE, cwd=root)  # now there is a ledger to be read
    (root / "goal_map.json").write_text(HOLE)
    make(root / ".git")
    outcome = call(*argv, cwd=root)
    assert outcome.code in (0, 1, 2), outcome


def test_a_component_below_many_directories_is_placed(tmp_path: Path) -> None:
    deep = "/".join("d" * 400)
    root = lay_out(
        tmp_path,
        {
            "goal_map.json": '{"PART": {"persona": "gone.txt"}}\n',
            "jit-guard.toml": f'types.persona.directory = "{deep}"\n',
            f"components/{deep}/there.txt": TEXT,
        },
    )
    outcome = call(*GENERATE, cwd=root)
    assert outcome.code == 1, outcome  # it is a draft
    made = json.loads((root / "goal_map.json").read_bytes())["PART"]["persona"]
    assert (root / "components" / deep / made).is_file()
