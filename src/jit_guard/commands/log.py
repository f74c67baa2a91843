"""Show the generated texts: when, by which model, from which description, and their state now."""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jit_guard.commands.options import add_project_options, open_guard
from jit_guard.text.console import Console
from jit_guard.text.printable import printable, style

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
    entry = style(printable(f"{record.goal}/{record.component_type}"), "bold", on=color)
    yield f"{when}  {entry}  {printable(record.path)}  ({state})"
    by = f"{record.generator} {record.model}".strip()
    tokens = (record.usage.input_tokens, record.usage.output_tokens)
    used = "" if tokens == (None, None) else f", {tokens[0] or 0} tokens in, {tokens[1] or 0} out"
    reason = f", rejected: {record.reason}" if record.reason else ""
    took = f"{record.arrived - record.asked:.1f} s"
    yield f"    by {printable(by)} in {took}{used}{printable(reason)}"
    if record.description:
        yield f"    from: {printable(record.description)}"
    if verbose:
        yield from (f"    | {printable(line)}" for line in record.content.splitlines())
