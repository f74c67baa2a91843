"""The help of the commands, and the pages that are made of the same parts."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import shtab
from publishing.commands import PAGES, manuals, page

from jit_guard.commands import COMMANDS, WORDS
from jit_guard.commands.manual import Manual, Section, text
from projects import call
from terminals import terminal
from typed import on_screen

ROOT = Path(__file__).parent.parent.parent
MAN = ROOT / "src/jit_guard/commands/data/jit-guard.1"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in WORDS])
def test_every_help_has_an_example_exit_codes_and_variables_and_fits_in_80_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = call(name, "--help", cwd=tmp_path).out
    for title in ("examples:", "exit codes:", "environment variables:", "general:"):
        assert f"\n{title}\n" in shown
    assert f"\n  $ jit-guard {'' if name == 'check' else name}".rstrip() in shown
    commands = [line for line in shown.splitlines() if line.startswith("  $ ")]
    assert all(len(line) <= 80 for line in shown.splitlines() if line not in commands)
    assert call("help", name, cwd=tmp_path).out == shown


def test_the_summary_of_a_command_is_one_line_of_its_help() -> None:
    assert all(len(summary) <= 66 for summary in COMMANDS.values())


def test_help_and_version_are_words_and_options(tmp_path: Path) -> None:
    shown = call("--help", cwd=tmp_path)
    for words in (("help",), ("help", "help"), ("help", "version")):
        assert call(*words, cwd=tmp_path) == shown
    version = call("--version", cwd=tmp_path)
    assert version.code == 0
    assert call("-V", cwd=tmp_path) == call("version", cwd=tmp_path) == version
    assert call("prune", "-V", cwd=tmp_path) == version


def test_the_help_is_as_wide_as_the_terminal_within_reason(tmp_path: Path) -> None:
    def shown(columns: int) -> str:
        return on_screen("--help", cwd=tmp_path, columns=columns).out

    assert shown(99) != shown(100) == shown(101) == shown(200)
    assert shown(20) == shown(39) == shown(40) != shown(41)
    assert max(map(len, shown(200).splitlines())) == 100
    with terminal("explain", "--help", cwd=tmp_path, size=(60, 60)) as screen:
        assert screen.ended() == 0
    assert 45 < max(map(len, screen.lines)) <= 60


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("--fromat", "json"), "unrecognized arguments: --fromat; did you mean '--format'?"),
        (("--fromat=json",), "unrecognized arguments: --fromat=json; did you mean '--format'?"),
        (
            ("--fromat", "--zzz"),
            "unrecognized arguments: --fromat --zzz; did you mean '--format'?",
        ),
        (("log", "--jsn"), "unrecognized arguments: --jsn; did you mean '--json'?"),
        (("--zzz",), "unrecognized arguments: --zzz; see jit-guard --help"),
        (("explain", "a", "b"), "unrecognized arguments: b; see jit-guard explain --help"),
        (("fix",), "unknown command 'fix'; did you mean '--fix'?"),
        (("lgo",), "unknown command 'lgo'; did you mean 'log'?"),
        (("help", "lgo"), "unknown command 'lgo'; did you mean 'log'?"),
        (("mv", "a"), "the following arguments are required: NEW; see jit-guard mv --help"),
    ],
)
def test_a_slip_is_one_line_with_what_was_meant(
    tmp_path: Path, argv: tuple[str, ...], words: str
) -> None:
    done = call(*argv, cwd=tmp_path)
    assert (done.code, done.err) == (2, f"jit-guard: error: {words}\n")


def test_no_suggestion_is_made_for_a_word_that_is_not_near(project: Path) -> None:
    (project / "goal_map.json").write_text('{"GREET": {"persona": "gone.txt"}}')
    done = call("--fix", "--yes", "--generator", "nope", cwd=project)
    assert done.code == 2
    assert "nope" in done.err
    assert "did you mean" not in done.err


MANUAL = Manual(
    "x",
    ("jit-guard x [OPTIONS] ONE a-word-with-hyphens", "jit-guard COMMAND"),
    ("A sentence that goes on over the well-known-and-long end of a line.", "Another one."),
    (
        Section(
            "options",
            (
                ("-a", "one two three four x two three four six ab"),
                ("t" * 22, "fits beside it"),
                ("u" * 23, "is below it"),
                ("--nothing", ""),
                ("--long", "an-explanation-that-is-longer-than-a-line is-not-cut"),
            ),
        ),
    ),
    (("jit-guard x --a-long-example --that-is-never-broken", "what it does in a few-words of it"),),
    Section("exit codes", (("0", "it is done"), ("130", "it was interrupted by a user of it"))),
    Section("environment variables", (("NO_COLOR", "use none"),)),
)
SHOWN = """\
usage: jit-guard x [OPTIONS] ONE
           a-word-with-hyphens
       jit-guard COMMAND

A sentence that goes on over the
well-known-and-long end of a line.

Another one.

commands (each has its own --help):
  check       the check
  completion  a word and more words
              one-line has

options:
  -a                      one two three four x
                          two three four six
                          ab
  tttttttttttttttttttttt  fits beside it
  uuuuuuuuuuuuuuuuuuuuuuu
                          is below it
  --nothing
  --long                  an-explanation-that-is-longer-than-a-line
                          is-not-cut

examples:
  $ jit-guard x --a-long-example --that-is-never-broken
      what it does in a few-words of it

exit codes:
  0    it is done
  130  it was interrupted by a user of
       it

environment variables:
  NO_COLOR                use none
"""


def test_terms_are_left_of_their_explanations_and_no_word_is_broken() -> None:
    commands = {"check": "the check", "completion": "a word and more words one-line has"}
    assert "".join(f"{line}\n" for line in text(MANUAL, commands, 40)) == SHOWN
    assert "commands (" not in "".join(text(MANUAL, {}, 40))


# The pages


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_current(path: str) -> None:
    """`python -m publishing.commands` writes them."""
    made, wanted = (ROOT / path).read_text("utf-8"), page(path)
    version = f"\n# shtab {shtab.__version__}\n"
    if "\n# shtab " not in made or made.endswith(version):
        assert made == wanted
    else:  # another version writes other lines, but knows the same options
        options = {word for one in manuals() for word in _options(one.sections)}
        assert all(word.lstrip("-") in made for word in (*options, *COMMANDS))


def _options(sections: tuple[Section, ...]) -> set[str]:
    return {
        word.rstrip(",")
        for section in sections
        for term, _ in section.items
        for word in term.split()
        if word.startswith("--")
    }


def test_the_manual_page_is_sound() -> None:
    tools = {
        "mandoc": ["mandoc", "-Tlint", "-W", "style", str(MAN)],
        "groff": ["groff", "-ww", "-man", "-Tutf8", "-z", str(MAN)],
    }
    installed = [call for name, call in tools.items() if shutil.which(name)]
    if not installed:
        pytest.skip("neither mandoc nor groff is installed")
    for argv in installed:
        done = subprocess.run(argv, capture_output=True, check=False, timeout=60)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), argv
