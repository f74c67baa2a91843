"""Remove orphans: files that no entry names. What git cannot restore is removed only on request."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jit_guard.commands.options import add_project_options, open_guard
from jit_guard.commands.questions import agrees, can_ask
from jit_guard.text.console import Console
from jit_guard.text.printable import printable

if TYPE_CHECKING:
    from jit_guard.fixing.pruning import Pruned


def configure(parser: ArgumentParser) -> None:
    """Add the options of `prune`."""
    add_project_options(parser)
    parser.add_argument("--dry-run", action="store_true", help="show what would be removed")
    parser.add_argument(
        "--force",
        action="store_true",
        help="remove files that git cannot restore without asking (needed without a terminal)",
    )


def run(options: Namespace, started: float) -> int:  # noqa: ARG001
    """Remove orphans and print what was removed and kept.

    Exits with 1 if something was kept, or would be removed.
    """
    console = Console(options.color)
    guard = open_guard(options, {})

    def agree(lost: Sequence["Pruned"]) -> bool:
        if options.dry_run or not can_ask(console):
            return False
        files = "this file" if len(lost) == 1 else f"these {len(lost):,} files"
        console.note(f"no entry names {files}, and removing cannot be undone:")
        for one in lost:
            console.err.write(f"  {printable(one.path)}: {one.loss}\n")
        return agrees(console, f"Remove {files} for good?")

    pruned = guard.prune(dry_run=options.dry_run, force=options.force, agree=agree)
    for one in pruned:
        console.lines([_line(one, options)])
    if not pruned:
        console.lines(["no orphans"])
    back = [one.path for one in pruned if one.kept is None and one.loss is None]
    if back and not options.dry_run:
        from jit_guard.fixing.pruning import restore_commands

        for command in restore_commands(guard.root, back):
            console.note(f"to get them back, run: {command}")
    return int(any(one.kept is not None or options.dry_run for one in pruned))


def _line(one: "Pruned", options: Namespace) -> str:
    path = printable(one.path)
    if options.dry_run and one.kept is not None and one.loss is not None:
        return f"would ask before removing {path}: {one.loss}"
    if one.kept is not None:
        return f"kept {path}: {one.kept}"
    return f"{'would remove' if options.dry_run else 'removed'} {path}"
