"""The options of `--fix`, and what it does for the command."""

import os
import sys

from jit_guard.errors import UsageError
from jit_guard.guard import Guard
from jit_guard.text.console import Console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser

    from jit_guard.commands.options import Options
    from jit_guard.fixing.interaction import Interaction
    from jit_guard.fixing.job import FixOptions
    from jit_guard.report import Report


def add_fix_options(parser: "ArgumentParser") -> None:
    """Add the options of a fix."""
    fix = parser.add_argument_group("fix")
    fix.add_argument(
        "--fix",
        action="store_true",
        help="relink what is certain, generate what is missing, commit both at once, check again",
    )
    fix.add_argument("--dry-run", action="store_true", help="with --fix: show the plan, do nothing")
    fix.add_argument("--descriptions", metavar="FILE", help="one-line descriptions, or - for stdin")
    fix.add_argument("--yes", action="store_true", help="accept suggestions, and the spending")
    fix.add_argument("--no-input", action="store_true", help="ask nothing, on a terminal either")
    make = parser.add_argument_group("generation (with --fix)")
    make.add_argument("--generator", metavar="NAME", help="auto, scaffold, command, openai, plugin")
    make.add_argument("--model", metavar="M", help="which model of the generator")
    make.add_argument("--base-url", metavar="URL", help="an OpenAI-compatible server")
    make.add_argument("--command", metavar="'PROG ARGS'", help="a program that writes the text")
    make.add_argument("--jobs", metavar="N", type=_positive, help="texts at once (4)")
    make.add_argument("--limit", metavar="N", type=_positive, help="at most so many files")
    make.add_argument("--timeout", metavar="S", type=_seconds, help="seconds for one text (120)")
    make.add_argument("--max-tokens-total", metavar="N", type=_positive, help="stop before more")
    make.add_argument("--fresh", action="store_true", help="do not use texts that are stored")


def refuse_without_fix(options: "Options") -> None:
    """An option of the fix alone is a mistake. Raises UsageError."""
    given = [f"--{name.replace('_', '-')}" for name in options.fix_only]
    if given and not options.fix:
        raise UsageError(f"{', '.join(given)} goes with --fix")
    if options.fix and options.source != "worktree":
        raise UsageError("--fix mends the worktree; --source goes without it")
    if options.fix and options.update_baseline:
        raise UsageError("--fix and --update-baseline: one of them")


def run_fix(
    guard: Guard, options: "Options", console: Console, maps: list[str] | None
) -> "Report | int":
    """Fix, or show what would be done: then an exit code."""
    wishes, interaction = _wishes(options), _interaction(options, console)
    if options.dry_run:
        lines = guard.preview(wishes, _answering(interaction), maps=maps)
        console.lines(map(_shown, lines))
        if not lines:
            console.lines(["nothing to do"])
        return int(bool(lines))
    return guard.fix(wishes, interaction, maps=maps)


def _wishes(options: "Options") -> "FixOptions":
    from jit_guard.fixing import descriptions
    from jit_guard.fixing.job import FixOptions
    from jit_guard.sources.disk import read_file

    known: descriptions.Descriptions = {}
    if options.descriptions == "-":
        known = descriptions.parse("standard input", sys.stdin.buffer.read())
    elif options.descriptions is not None:
        data = read_file(options.descriptions, options.descriptions)
        if data is None:
            raise UsageError(f"--descriptions {options.descriptions} is not there")
        known = descriptions.parse(options.descriptions, data)
    return FixOptions(
        generator=options.generator,
        model=options.model,
        base_url=options.base_url,
        command=options.command,
        jobs=options.jobs,
        limit=options.limit,
        timeout=options.timeout,
        max_tokens_total=options.max_tokens_total,
        fresh=options.fresh,
        consent=options.yes,
        descriptions=known,
    )


def _interaction(options: "Options", console: Console) -> "Interaction":
    from jit_guard.fixing.interaction import Silent, Terminal

    # Inside a hook the terminal is git's, whatever it looks like.
    terminal = sys.stdin.isatty() and console.err.isatty() and "PRE_COMMIT" not in os.environ
    if options.no_input or not terminal or options.descriptions == "-":
        return Silent(yes=options.yes)
    return Terminal(color=console.color, yes=options.yes)


def _answering(interaction: "Interaction") -> "Interaction":
    """A dry run asks nothing: it shows the suggestion that Enter would accept."""
    from jit_guard.fixing.interaction import Silent, Terminal

    return Silent(yes=True) if isinstance(interaction, Terminal) else interaction


def _shown(line: str) -> str:
    from jit_guard.text.printable import printable

    return printable(line)


def report_fix(guard: Guard, report: "Report", console: Console) -> None:
    """What stands in no report: what happened on the way, and how to commit what was written."""
    for message in report.messages:
        console.note(message)
    if not report.written:
        return
    from jit_guard.sources.git.commands import add_command
    from jit_guard.sources.repository import top

    if top(guard.root) is not None:
        console.note(f"to commit it: {add_command(guard.root, report.written)}")


def _positive(text: str) -> int:
    return int(_number(text, "a whole number from 1", whole=True))


def _seconds(text: str) -> float:
    return _number(text, "a number of seconds above 0", whole=False)


def _number(text: str, what: str, *, whole: bool) -> float:
    from argparse import ArgumentTypeError

    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = 0
    if not 0 < value < 1e9:  # also not a number
        raise ArgumentTypeError(f"{text!r} is not {what}")
    return value
