"""Rename a component and set every entry of every map that names it, in one atomic step.

OLD may be a directory of components. The file keeps its text, mode and owner; nothing is ever
overwritten. Use it in place of mv or git mv, which leave the entries as they are.
"""

import os
from argparse import ArgumentParser, Namespace

from jit_guard.commands.options import add_project_options, open_guard
from jit_guard.errors import GitError
from jit_guard.text.console import Console
from jit_guard.text.printable import printable


def configure(parser: ArgumentParser) -> None:
    """Add the options of `mv`."""
    add_project_options(parser)
    parser.add_argument("old", metavar="OLD", help="a component, or a directory of components")
    parser.add_argument("new", metavar="NEW", help="its new path, or an existing directory")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done")


def run(options: Namespace, started: float) -> int:  # noqa: ARG001
    """Move, print what was done, and how to stage it in git."""
    console = Console(options.color)
    guard = open_guard(options, {})
    slash = "/" if options.new.endswith(("/", os.sep)) else ""
    old, new = guard.inside(options.old, "OLD"), guard.inside(options.new, "NEW") + slash
    done = guard.move(old, new, dry_run=options.dry_run)
    would = "would move" if options.dry_run else "moved"
    console.lines(f"{would} {printable(one.old)} -> {printable(one.new)}" for one in done.moves)
    for change in done.changes:
        for edit in change.edits:
            entry = f"{change.path} {'/'.join(edit.keys)}"
            sets = "would set" if options.dry_run else "set"
            console.lines([f"{sets} {printable(f'{entry}: {edit.old} -> {edit.new}')}"])
    for path in done.left:
        console.note(f"{path} stays, since no entry names it")
    for note in done.notes:
        console.note(note)
    from jit_guard.fixing.staging import stage_command

    try:
        command = None if options.dry_run else stage_command(guard.root, done.to_stage)
    except GitError:  # the check reports it, if it matters
        command = None
    if command is not None:
        console.note(f"to stage the rename, run: {command}")
    return 0
