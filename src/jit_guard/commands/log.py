"""Show the generated texts: when, by which model, from which description, and their state now."""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jit_guard.commands.options import add_project_options, open_guard
from jit_guard.generators.judgement import MAX_BYTES
from jit_guard.text.console import Console
from jit_guard.text.printable import printable, style

_LONGEST = 2000  # characters of a field

if TYPE_CHECKING:
    from jit_guard.ledger.history import Record


def configure(parser: ArgumentParser) -> None:
    """Add the options of `log`."""
    add_project_options(parser)
    parser.add_argument("goal", metavar="GOAL", nargs="?", help="show only this goal")
    parser.add_argument(
        "component_type", metavar="TYPE", nargs="?", help="show only this component type"
    )


def run(options: Namespace, started: float) -> int:  # noqa: ARG001
    """Print the records of the ledger, the oldest first; with -v their texts, too."""
    console = Console(options.color)
    guard = open_guard(options, {})
    for record, state in guard.log(options.goal, options.component_type):
        console.lines(_entry(record, state, color=console.color, verbose=options.verbose))
    return 0


def _entry(record: "Record", state: str, *, color: bool, verbose: bool) -> Iterator[str]:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.arrived))
    entry = style(f"{_shown(record.goal)}/{_shown(record.component_type)}", "bold", on=color)
    yield f"{when}  {entry}  {_shown(record.path)}  ({state})"
    by = f"{record.generator} {record.model}".strip()
    tokens = (record.usage.input_tokens, record.usage.output_tokens)
    used = "" if tokens == (None, None) else f", {tokens[0] or 0} tokens in, {tokens[1] or 0} out"
    reason = f", rejected: {record.reason}" if record.reason else ""
    took = f"{record.arrived - record.asked:.1f} s"
    yield f"    by {_shown(by)} in {took}{used}{_shown(reason)}"
    if record.description:
        yield f"    from: {_shown(record.description)}"
    if verbose:
        yield from (f"    | {printable(line)}" for line in record.content[:MAX_BYTES].splitlines())
        if more := len(record.content[MAX_BYTES:]):
            yield f"    … and {more:,} more characters"


def _shown(text: str) -> str:
    """Return a field of a record for one line of output; a ledger may contain any length."""
    return printable(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
