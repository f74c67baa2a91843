"""Finish an interrupted commit; with --abandon, undo it and keep its texts in the ledger."""

from argparse import ArgumentParser, Namespace

from jit_guard.commands.options import add_project_options, open_guard
from jit_guard.text.console import Console
from jit_guard.text.printable import printable

_OUTCOMES = {
    "nothing": "no commit was interrupted",
    "forward": "finished the interrupted commit",
    "back": "undid the interrupted commit",
    "set aside": "moved the refused intent aside",
}


def configure(parser: ArgumentParser) -> None:
    """Add the options of `recover`."""
    add_project_options(parser)
    parser.add_argument(
        "--abandon", action="store_true", help="undo the commit; the ledger keeps its texts"
    )
    parser.add_argument(
        "--map",
        action="append",
        metavar="FILE",
        help="a map that the commit may edit in addition to the configured ones (repeatable)",
    )


def run(options: Namespace, started: float) -> int:  # noqa: ARG001
    """Recover, and print what was done."""
    console = Console(options.color)
    guard = open_guard(options, {})
    maps = [guard.inside(path, "--map") for path in options.map or ()]
    done = guard.recover(abandon=options.abandon, maps=maps)
    lines = [_OUTCOMES[done.outcome]]
    lines += (f"  {printable(line)}" for line in (*done.actions, *done.messages))
    console.lines(lines)
    return 0
