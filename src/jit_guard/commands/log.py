"""Show the generated texts, the newest first: when, by which model, from what, and their state."""

import os
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from json import dumps
from typing import TYPE_CHECKING, Any

from jit_guard.commands.arguments import positive
from jit_guard.commands.options import add_project_options, open_guard
from jit_guard.errors import UsageError
from jit_guard.generators.judgement import MAX_BYTES
from jit_guard.guard import Guard
from jit_guard.ledger.choice import place
from jit_guard.project import shown
from jit_guard.text.console import Console
from jit_guard.text.layout import hang
from jit_guard.text.names import STATE_DIRECTORY
from jit_guard.text.printable import did_you_mean, printable, quiet_anywhere, style, true_name

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
    parser.add_argument("--goal", metavar="GOAL", dest="only", help="show only this goal")
    parser.add_argument(
        "-n", metavar="N", dest="most", type=positive, help="show only the newest N texts"
    )
    parser.add_argument(
        "--json", action="store_true", help="print a JSON array, with the texts themselves"
    )


def run(options: Namespace, started: float) -> int:  # noqa: ARG001
    """Print the records of the ledger, the newest first; with -v their texts, too."""
    console = Console(options.color)
    if options.json:
        console.for_programs()
    goal = _goal(options)
    guard = open_guard(options, {})
    records = islice(guard.log(goal, options.component_type), options.most)
    first = next(records, None)
    if first is None:
        message = _nothing(guard, goal, options.component_type)
        if options.json:
            console.lines(["[]"])
        console.note(message)
        return 0
    if options.json:
        console.lines(_json(first, records))
        return 0
    for record, state in chain([first], records):
        console.lines(_entry(record, state, console, verbose=options.verbose))
    return 0


def _goal(options: Namespace) -> str | None:
    if options.only is not None and options.goal is not None:
        if options.component_type is not None:
            raise UsageError("GOAL and --goal cannot be combined")
        # `log --goal G TYPE`: the only word left is the type.
        options.component_type = options.goal
    goal: str | None = options.goal if options.only is None else options.only
    return goal


def _nothing(guard: Guard, goal: str | None, component_type: str | None) -> str:
    """Return the message for no text. Raises UsageError outside a project."""
    found = guard.configuration()
    maps = (os.path.join(guard.root, path) for path in found.settings.maps)
    state = os.path.join(guard.root, STATE_DIRECTORY)
    if found.file is None and not any(map(os.path.lexists, (*maps, state))):
        raise UsageError(
            f"{shown(guard.root)} is not in a project: there is no goal_map.json, "
            "jit-guard.toml or [tool.jit-guard] here or above"
        )
    if goal is None:
        return f"no text was generated {place(guard.root)} yet"
    known = {record.goal: None for record, _ in guard.log()}
    if goal in known:
        types = {record.component_type: None for record, _ in guard.log(goal)}
        near = did_you_mean(component_type or "", types)
        return f"no text was generated for {goal}/{component_type}{near}"
    return f"no text was generated for {goal}{did_you_mean(goal, known)}"


def _json(first: tuple["Record", str], rest: Iterable[tuple["Record", str]]) -> Iterator[str]:
    """Yield the lines of an array, in ASCII, one text per line, as they are read."""
    before = "["
    for record, state in chain([first], rest):
        # As in the JSON report: the second # is never after a single backslash.
        yield before + quiet_anywhere(dumps(_fields(record, state)), r"#\\u0023")
        before = ","
    yield "]"


def _fields(record: "Record", state: str) -> dict[str, Any]:
    return {
        "goal": record.goal,
        "component_type": record.component_type,
        "path": true_name(record.path),
        "state": state,
        "arrived": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.arrived)),
        "seconds": round(record.arrived - record.asked, 3),
        "generator": record.generator,
        "model": record.model,
        "description": record.description,
        **record.usage._asdict(),
        "reason": record.reason,
        "text": record.content[:MAX_BYTES],
    }


def _entry(record: "Record", state: str, console: Console, *, verbose: bool) -> Iterator[str]:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.arrived))
    entry = style(
        f"{_shown(record.goal)}/{_shown(record.component_type)}", "bold", on=console.color
    )
    columns = console.columns()
    yield from hang(f"{when}  {entry}  ", f"{_shown(record.path)}  ({state})", 4, columns)
    by = f"{record.generator} {record.model}".strip()
    tokens = (record.usage.input_tokens, record.usage.output_tokens)
    used = "" if tokens == (None, None) else f", {tokens[0] or 0} tokens in, {tokens[1] or 0} out"
    reason = f", rejected: {record.reason}" if record.reason else ""
    took = f"{record.arrived - record.asked:.1f} s"
    yield from hang("    by ", f"{_shown(by)} in {took}{used}{_shown(reason)}", 7, columns)
    if record.description:
        yield from hang("    from: ", _shown(record.description), 10, columns)
    if verbose:
        text = record.raw()
        yield from (f"    | {printable(line)}" for line in text[:MAX_BYTES].splitlines())
        if more := len(text[MAX_BYTES:]):
            yield f"    … and {more:,} more characters"


def _shown(text: str) -> str:
    """Return a field of a record for one line of output; a ledger may contain any length."""
    return printable(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
