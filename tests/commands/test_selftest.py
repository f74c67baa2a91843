"""`selftest`: what is injected into a copy of a goal map's project, and what it proves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crash.disk_model import read_state
from jit_guard import rules
from jit_guard import selftest as module
from jit_guard.check import check
from jit_guard.config import CODES, Settings
from jit_guard.report import Report
from jit_guard.rules.rule import Rule
from jit_guard.sources.source import Source
from projects import MAP, SOUND, TEXT, call, lay_out, run
from repositories import NEEDS_GIT, repository
from typed import on_screen

pytestmark = pytest.mark.usefixtures("schemas_here")  # three rules apply one

FIRST = "goal_map.json:1:"
OWN = "components/personas/jit_guard_selftest"
# The fault of each rule, and where the rule reports it.
FAULTS = {
    "JG001": ("the last bracket of the map is missing", f"{FIRST}34"),
    "JG002": ("a goal is defined twice", f"{FIRST}28"),
    "JG003": ("the map starts with a byte order mark", f"{FIRST}1"),
    "JG004": ("the map has no goals", f"{FIRST}1"),
    "JG101": ("a filename is a number", f"{FIRST}70"),
    "JG201": ("an entry names a file that does not exist", f"{FIRST}70"),
    "JG202": ("an entry names a file in another case", f"{FIRST}70"),
    "JG203": ("a component is untracked", f"{FIRST}70"),
    "JG204": ("an entry names a directory", f"{FIRST}70"),
    "JG205": ("an entry leaves its directory with ..", f"{FIRST}70"),
    "JG206": ("a component is empty", f"{FIRST}70"),
    "JG207": ("a component is not valid UTF-8", f"{FIRST}70"),
    "JG208": ("an entry names a file that Windows does not allow", f"{FIRST}70"),
    "JG301": ("no entry references a file", f"{OWN}.txt"),
    "JG302": ("another file differs only in case from one that an entry names", f"{OWN}.txt"),
    "JG303": ("a temporary file is left next to the map", "goal_map.json.tmp"),
    "JG401": ("a commit was interrupted", ".jit-guard/pending.json"),
    "JG501": ("a generated draft is not edited", f"{FIRST}70"),
    "JG601": ("a component has no front matter", f"{OWN}.txt:1:1"),
    "JG602": ("a component violates its schema", f"{OWN}.json:1:1"),
    "JG603": ("a component has no headings", f"{OWN}.txt:1:1"),
    "JG604": ("a required file of a component does not exist", f"{FIRST}70"),
    "JG605": ("the front matter of a component has no name", f"{OWN}.txt:1:1"),
    "JG606": ("a component is larger than allowed", f"{OWN}.txt:1:1"),
}


def silenced(monkeypatch: pytest.MonkeyPatch, *codes: str) -> None:
    """Break rules, so that they never report anything."""
    broken: list[Rule] = [
        one._replace(judge=lambda _: iter(())) if one.code in codes else one
        for one in rules.load_rules()
    ]
    for place in (rules, module):
        monkeypatch.setattr(place, "load_rules", lambda: broken)


@NEEDS_GIT
def test_every_fault_is_injected_and_reported_at_its_place_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    for root in (lay_out(tmp_path / "a", SOUND), repository(tmp_path / "b")):
        before = read_state(str(root))
        done = call("selftest", cwd=root)
        assert (done.code, done.err) == (0, "")
        found = {
            line[:5]: line.partition(" fires ")[2].strip()
            for line in done.out.splitlines()
            if " fires " in line
        }
        assert found == {code: f"{what} -> {place}" for code, (what, place) in FAULTS.items()}
        assert tuple(found) == CODES
        assert done.out.endswith(f"all {len(CODES)} rules fire on a copy of this project\n")
        assert read_state(str(root)) == before


def test_a_rule_that_never_fires_is_named_and_the_command_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silenced(monkeypatch, "JG203")
    done = call("selftest", cwd=lay_out(tmp_path, SOUND))
    assert done.code == 3
    assert done.err == "jit-guard: error: JG203 did not fire on an injected fault\n"
    silent = [line[:5] for line in done.out.splitlines() if " SILENT " in line]
    assert silent == ["JG203"]
    assert done.out.count(" fires ") == len(CODES) - 1
    assert "rules fire on a copy" not in done.out


def test_every_rule_that_never_fires_is_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silenced(monkeypatch, *CODES)
    done = call("selftest", cwd=lay_out(tmp_path, SOUND))
    assert done.code == 3
    assert done.err.count("did not fire") == 1
    assert f"{', '.join(CODES)} did not fire" in done.err
    assert done.out.count(" SILENT ") == len(CODES)
    assert " fires " not in done.out


def test_a_finding_that_was_there_before_is_no_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = lay_out(tmp_path, {**SOUND, "components/personas/old.txt": TEXT})
    assert call("selftest", cwd=root).code == 0
    known: dict[tuple[str, ...], Report] = {}

    def blind(source: Source, settings: Settings, **options: Any) -> Report:
        """Report what was there before the fault, and see no fault."""
        if "extra_rules" in options:  # on the rule's own example
            return check(source, settings, **options)
        if settings.select not in known:
            known[settings.select] = check(source, settings, **options)
        return known[settings.select]

    monkeypatch.setattr(module, "check", blind)
    done = call("selftest", cwd=root)
    assert (done.code, " fires " in done.out) == (3, False)
    assert known["JG301",].findings
    assert "JG301" in done.err


@pytest.mark.parametrize("pattern", ["*", "/personas/", "jit_guard_selftest.txt"])
def test_a_pattern_that_hides_every_orphan_is_found(tmp_path: Path, pattern: str) -> None:
    """What the command is for: a configuration with which nothing can ever be reported."""
    root = lay_out(tmp_path, {**SOUND, "jit-guard.toml": f'orphan-ignore = ["{pattern}"]\n'})
    assert call(cwd=root).code == 0
    done = call("selftest", cwd=root)
    assert done.code == 3
    assert "JG301 did not fire on an injected fault" in done.err


def test_a_disabled_rule_is_tested_and_marked(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**SOUND, "jit-guard.toml": 'ignore = ["JG3"]\nallow-empty = true\n'})
    done = call("selftest", cwd=root)
    assert done.code == 0
    off = [line[:5] for line in done.out.splitlines() if "(disabled by the configuration)" in line]
    assert off == [code for code in CODES if code.startswith("JG3")]
    assert (
        call("selftest", "--components", "components", "--root", str(root), cwd=tmp_path).code == 0
    )


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"goal_map.json": "{"}, "selftest requires valid maps"),
        (
            {
                "goal_map.json": MAP.replace("host", "../host"),
                "jit-guard.toml": "maps = ['no.json']",
            },
            "selftest requires valid maps",
        ),
        ({"goal_map.json": MAP, "components": TEXT}, "components"),
        ({"goal_map.json": MAP, "jit-guard.toml": "oops = 1"}, "unknown key"),
    ],
)
def test_a_project_that_cannot_be_tested_is_an_error_and_no_proof(
    tmp_path: Path, files: dict[str, str], words: str
) -> None:
    done = call("selftest", cwd=lay_out(tmp_path, files))
    assert done.code == 2
    assert words in done.err
    assert "rules fire" not in done.out


def test_the_installed_command_proves_it_too(tmp_path: Path) -> None:
    done = run("selftest", cwd=lay_out(tmp_path, SOUND))
    assert (done.code, done.err) == (0, "")
    assert f"all {len(CODES)} rules fire" in done.out


def test_on_a_narrow_terminal_lines_are_indented_below_the_fault(tmp_path: Path) -> None:
    keys = (
        'file = "r.json"',
        'entries = "$[*]"',
        'target = "{value}/SKILL.md"',
        'tree = ["s/*/*"]',
    )
    table = "\n".join(["[[registry]]", *keys, ""])
    root = lay_out(tmp_path, {"r.json": '["s/a"]', "s/a/SKILL.md": TEXT, "jit-guard.toml": table})
    done = on_screen("selftest", cwd=root, columns=70)
    assert "in r.json:" not in done.out, "there is no other registry"
    lines = done.out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("JG501"))
    assert lines[at : at + 3] == [
        "JG501 untouched-draft         -      cannot be injected here: no entry",
        f"{' ' * 37}names a file that starts with",
        f"{' ' * 37}autogen_",
    ]
    root = lay_out(tmp_path / "goals", SOUND)
    lines = on_screen("selftest", cwd=root, columns=70).out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("JG302"))
    assert lines[at : at + 3] == [
        "JG302 case-collision          \x1b[32mfires \x1b[0m another file differs only in case",
        f"{' ' * 37}from one that an entry names ->",
        f"{' ' * 37}components/personas/jit_guard_selftest.txt",
    ]
