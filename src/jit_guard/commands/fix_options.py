"""The options of `--fix`, and the fix as the command runs it."""

import os
import sys

from jit_guard.commands.arguments import positive, seconds
from jit_guard.commands.questions import OrphanNames, can_ask
from jit_guard.errors import UsageError
from jit_guard.guard import Guard
from jit_guard.text.console import Console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

    from jit_guard.commands.options import Options
    from jit_guard.fixing.interaction import Interaction
    from jit_guard.fixing.job import FixOptions
    from jit_guard.fixing.session import Outcome
    from jit_guard.report import Report

INTERRUPTED = 130


def add_fix_options(parser: "ArgumentParser") -> None:
    """Add the options of a fix."""
    fix = parser.add_argument_group("fix")
    fix.add_argument(
        "--fix",
        action="store_true",
        help="relink renamed files, restore deleted ones from git, generate the rest, check again",
    )
    fix.add_argument("--dry-run", action="store_true", help="show the plan and change nothing")
    fix.add_argument(
        "--relink", action="store_true", help="set entries to the likely files in hints"
    )
    fix.add_argument(
        "--generate-anyway",
        action="store_true",
        help="generate a text even if a hint has a likely file, or it is pending in a batch",
    )
    fix.add_argument(
        "--adopt",
        action="store_true",
        help="add an entry for each orphan whose directory and name say which; ask for the others",
    )
    fix.add_argument(
        "--descriptions",
        metavar="FILE",
        help="file with one-line descriptions, or - for standard input",
    )
    fix.add_argument(
        "--yes", action="store_true", help="accept suggestions and costs without asking"
    )
    fix.add_argument("--no-input", action="store_true", help="never prompt, even on a terminal")
    make = parser.add_argument_group("generation (with --fix)")
    make.add_argument(
        "--generator",
        metavar="NAME",
        help="auto, scaffold, command, openai, or the name of a plugin's generator",
    )
    make.add_argument("--model", metavar="M", help="model that the generator uses")
    make.add_argument("--base-url", metavar="URL", help="URL of an OpenAI-compatible server")
    make.add_argument("--command", metavar="'PROG ARGS'", help="program that writes each text")
    make.add_argument(
        "--jobs", metavar="N", type=positive, help="texts generated at the same time (default: 4)"
    )
    make.add_argument(
        "--limit", metavar="N", type=positive, help="generate at most N files; failures count"
    )
    make.add_argument(
        "--timeout", metavar="S", type=seconds, help="seconds for each text (default: 120)"
    )
    make.add_argument(
        "--max-tokens-total", metavar="N", type=positive, help="never use more than N tokens"
    )
    make.add_argument("--fresh", action="store_true", help="do not reuse stored texts")
    make.add_argument(
        "--batch",
        action="store_true",
        help="collect the texts of batches, and submit the others in a batch (see docs/models.md)",
    )
    make.add_argument(
        "--wait", action="store_true", help="with --batch: wait until the batches are over"
    )


def refuse_without_fix(options: "Options") -> None:
    """Raise UsageError for options that require `--fix`, or that cannot be combined with it."""
    given = [f"--{name.replace('_', '-')}" for name in options.fix_only]
    if given and not options.fix:
        raise UsageError(f"{', '.join(given)} {'requires' if len(given) == 1 else 'require'} --fix")
    if options.fix and options.source != "worktree":
        raise UsageError("--fix only works on the worktree; remove --source")
    if options.batch and options.command:
        raise UsageError("--batch and --command cannot be combined")
    if options.wait and not options.batch:
        raise UsageError("--wait requires --batch")
    if options.relink and options.generate_anyway:
        raise UsageError("--relink and --generate-anyway cannot be combined")
    if options.fix and options.update_baseline:
        raise UsageError("--fix and --update-baseline cannot be combined")


def run_fix(
    guard: Guard, options: "Options", console: Console, maps: list[str] | None
) -> "Report | int":
    """Fix and return the report; return an exit code for a dry run and an interrupted run."""
    fix_options, interaction = _fix_options(options), _interaction(options, console)
    if options.adopt and not options.no_input and can_ask(console):
        fix_options = fix_options._replace(name_orphan=OrphanNames(console))
    for warning in _unknown_descriptions(guard, fix_options, maps):
        console.note(f"warning: --descriptions: {warning}")
    if options.dry_run and options.has_format("json"):
        return guard.with_fixes(guard.check(maps=maps), fix_options, maps=maps)
    if options.dry_run:
        lines = guard.preview(fix_options, _without_prompts(interaction), maps=maps)
        console.lines(map(_printable, lines))
        if not lines:
            console.lines(["nothing to do"])
        return int(bool(lines))
    from jit_guard.fixing.session import InterruptedRun

    try:
        return guard.fix(fix_options, interaction, maps=maps)
    except InterruptedRun as interrupted:
        _report_interruption(guard, interrupted.outcome, console)
        return INTERRUPTED


def with_fixes(
    guard: Guard, report: "Report", options: "Options", maps: list[str] | None
) -> "Report":
    """Add what `--fix` with these options would do about each finding."""
    from jit_guard.errors import JitGuardError

    try:
        return guard.with_fixes(report, _fix_options(options), maps=maps)
    except JitGuardError:  # such as an error in git or in the ledger, which --fix reports
        return report


def _fix_options(options: "Options") -> "FixOptions":
    from jit_guard.fixing import descriptions
    from jit_guard.fixing.job import FixOptions
    from jit_guard.sources.disk import read_file

    known: descriptions.Descriptions = {}
    if options.descriptions == "-":
        if sys.stdin is None:
            raise UsageError("--descriptions - reads standard input, which is closed")
        known = descriptions.parse("standard input", sys.stdin.buffer.read())
    elif options.descriptions is not None:
        data = read_file(options.descriptions, options.descriptions)
        if data is None:
            raise UsageError(f"--descriptions {options.descriptions} does not exist")
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
        batch=options.batch,
        wait=options.wait,
        adopt=options.adopt,
        consent=options.yes,
        relink=options.relink,
        generate_anyway=options.generate_anyway,
        descriptions=known,
        described_in=None if options.descriptions == "-" else options.descriptions,
    )


def _unknown_descriptions(guard: Guard, options: "FixOptions", maps: list[str] | None) -> list[str]:
    if not options.descriptions:
        return []
    from jit_guard.fixing.descriptions import unknown
    from jit_guard.sources.read_maps import read_all
    from jit_guard.sources.tree import Tree
    from jit_guard.sources.worktree import Worktree

    settings, source = guard.configuration().settings, Worktree(guard.root)
    if maps is not None:
        settings = settings._replace(maps=tuple(maps))
    found = read_all(source, settings, Tree(source))
    if found.faults or found.unreadable:
        return []  # the check reports why, and their goals are not known
    return unknown(options.descriptions, found.read, found.registries)


def _interaction(options: "Options", console: Console) -> "Interaction":
    from jit_guard.fixing.displays import display, is_terminal
    from jit_guard.fixing.interaction import Silent

    # Where the user reads: standard output may be a file, or standard error a log.
    screen = next(filter(is_terminal, (console.err, console.out)), None)
    # Inside a git hook the terminal belongs to git, even if standard input is one.
    silent = options.no_input or "PRE_COMMIT" in os.environ or options.descriptions == "-"
    if silent or screen is None or not is_terminal(sys.stdin):
        return Silent(
            yes=options.yes, progress=display(console.err, console.note, quiet=options.quiet)
        )
    from jit_guard.fixing.dialogue import Dialogue

    return Dialogue(
        color=console.colored(screen),
        yes=options.yes,
        progress=display(screen, console.note, quiet=options.quiet),
        out=screen,
    )


def _without_prompts(interaction: "Interaction") -> "Interaction":
    """The interaction of a dry run: every suggestion is accepted, as Enter would do."""
    from jit_guard.fixing.interaction import Silent

    return interaction if isinstance(interaction, Silent) else Silent(yes=True)


def _printable(line: str) -> str:
    from jit_guard.text.printable import printable

    return printable(line)


def report_fix(guard: Guard, report: "Report", console: Console) -> None:
    """Print what no report contains: messages of the fix, and the command that stages it."""
    for message in report.messages:
        console.note(message)
    report_staging(guard, report.unstaged, console)


def _report_interruption(guard: Guard, outcome: "Outcome", console: Console) -> None:
    """Print what a run had done when the user ended it, and what becomes of the rest."""
    done = "committed so far:" if outcome.fixed else "nothing was committed"
    console.note(f"interrupted; {done}")
    for one in outcome.fixed:
        console.note(f"  {one.action:<9}  {one.name}: {one.path}")
    if outcome.left:
        kept = {one.path for one, _ in guard.log() if one.status == "arrived"}
        stored = len(kept.intersection(outcome.left))
        texts = f"; the ledger keeps a text for {stored} of them" if stored else ""
        console.note(f"still missing: {len(outcome.left):,}{texts}; to continue, run --fix again")
    for message in outcome.messages:
        console.note(message)
    report_staging(guard, outcome.unstaged, console)


def report_staging(
    guard: Guard, unstaged: "Sequence[str]", console: Console, what: str = "the fix"
) -> None:
    """Print the command that stages these paths, if it is needed."""
    if not unstaged:
        return
    from jit_guard.errors import GitError
    from jit_guard.fixing.staging import stage_command

    try:
        command = stage_command(guard.root, unstaged)
    except GitError:  # the check reports it, if it matters
        return
    if command is not None:
        console.note(f"to stage {what}, run: {command}")
