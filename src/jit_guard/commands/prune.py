"""Remove orphans: files that no entry names. In git, only what git can bring back."""

from argparse import ArgumentParser
from typing import NamedTuple

from jit_guard.commands import project_options
from jit_guard.text.console import Console
from jit_guard.text.printable import printable


class Options(NamedTuple):
    """What `prune` may be asked for; see `configure`."""

    color: str = "auto"
    verbose: bool = False
    root: str | None = None
    config: str | None = None
    components: str | None = None
    schemafile: str | None = None
    dry_run: bool = False
    force: bool = False


def configure(parser: ArgumentParser) -> None:
    """Add the options of `prune`."""
    project_options.add(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be removed")
    parser.add_argument(
        "--force", action="store_true", help="remove what git cannot bring back, too"
    )


def run(options: Options, started: float) -> int:  # noqa: ARG001
    """Remove, and say what was removed and kept. 1: something was kept, or would be removed."""
    console = Console(options.color)
    guard = project_options.guard(options, {})
    pruned = guard.prune(dry_run=options.dry_run, force=options.force)
    verb = "would remove" if options.dry_run else "removed"
    for one in pruned:
        path = printable(one.path)
        console.lines([f"{verb} {path}" if one.kept is None else f"kept {path}: {one.kept}"])
    if not pruned:
        console.lines(["no orphans"])
    return int(any(one.kept is not None or options.dry_run for one in pruned))
