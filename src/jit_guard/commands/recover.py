"""Finish an interrupted commit; with --abandon, give it up and keep its texts."""

from argparse import ArgumentParser, Namespace

from jit_guard.commands.options import add_project_options, open_guard
from jit_guard.text.console import Console
from jit_guard.text.printable import printable

_OUTCOMES = {
    "nothing": "nothing was interrupted",
    "forward": "the interrupted commit is finished",
    "back": "the interrupted commit is undone",
    "set aside": "the intent that could not be read is set aside",
}


def configure(parser: ArgumentParser) -> None:
    """Add the options of `recover`."""
    add_project_options(parser)
    parser.add_argument(
        "--abandon", action="store_true", help="give the intent up; the ledger keeps the texts"
    )


def run(options: Namespace, started: float) -> int:  # noqa: ARG001
    """Recover and say what was done."""
    console = Console(options.color)
    done = open_guard(options, {}).recover(abandon=options.abandon)
    lines = [_OUTCOMES[done.outcome]]
    lines += (f"  {printable(path)} is in its place" for path in done.placed)
    lines += (f"  {printable(message)}" for message in done.messages)
    console.lines(lines)
    return 0
