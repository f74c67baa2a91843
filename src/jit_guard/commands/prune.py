"""Remove orphans: files that no entry names. In git, only files that git can restore."""

from argparse import ArgumentParser, Namespace

from jit_guard.commands.options import add_project_options, open_guard
from jit_guard.text.console import Console
from jit_guard.text.printable import printable


def configure(parser: ArgumentParser) -> None:
    """Add the options of `prune`."""
    add_project_options(parser)
    parser.add_argument("--dry-run", action="store_true", help="show what would be removed")
    parser.add_argument(
        "--force", action="store_true", help="remove files that git cannot restore, too"
    )


def run(options: Namespace, started: float) -> int:  # noqa: ARG001
    """Remove orphans and print what was removed and kept.

    Exits with 1 if something was kept, or would be removed.
    """
    console = Console(options.color)
    guard = open_guard(options, {})
    pruned = guard.prune(dry_run=options.dry_run, force=options.force)
    verb = "would remove" if options.dry_run else "removed"
    for one in pruned:
        path = printable(one.path)
        console.lines([f"{verb} {path}" if one.kept is None else f"kept {path}: {one.kept}"])
    if not pruned:
        console.lines(["no orphans"])
    return int(any(one.kept is not None or options.dry_run for one in pruned))
