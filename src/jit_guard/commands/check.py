"""Find every place where the goal map and the components directory disagree."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from time import perf_counter

from jit_guard import formats
from jit_guard.commands.options import Options, add_project_options, open_guard
from jit_guard.config import codes
from jit_guard.errors import JitGuardError, UsageError, reader_left
from jit_guard.report import Report
from jit_guard.text.console import Console
from jit_guard.text.printable import quiet_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from jit_guard.guard import Guard


def configure(parser: ArgumentParser) -> None:
    """Add the options of `check`."""
    add_project_options(parser)
    which = parser.add_argument_group("findings")
    which.add_argument(
        "--source",
        metavar="WHAT",
        help="what to check: worktree (default), index, commit (what a git hook is about to "
        "let through), or any git tree",
    )
    which.add_argument(
        "--map", metavar="FILE", action="append", help="report on this map only (repeatable)"
    )
    which.add_argument(
        "--select",
        metavar="CODES",
        type=_codes,
        help="report only these codes or prefixes, such as JG2,JG301",
    )
    which.add_argument(
        "--ignore", metavar="CODES", type=_codes, help="do not report these codes or prefixes"
    )
    which.add_argument(
        "--watch", action="store_true", help="check again whenever a file changes, until Ctrl-C"
    )
    which.add_argument("--strict", action="store_true", help="exit with 1 on warnings, too")
    which.add_argument("--baseline", metavar="FILE", help="accept the findings listed in FILE")
    which.add_argument(
        "--update-baseline", action="store_true", help="write the current findings to the baseline"
    )
    from jit_guard.commands.fix_options import add_fix_options

    add_fix_options(parser)
    how = parser.add_argument_group("output")
    how.add_argument(
        "--format",
        metavar="FORMAT[=FILE]",
        action="append",
        type=_format,
        help=f"{', '.join(formats.NAMES)}; on standard output (also =-) or in a file (repeatable)",
    )
    how.add_argument(
        "--show-all",
        action="store_true",
        help="show every finding in text, not only the first 50 of each code",
    )
    how.add_argument(
        "--statistics", action="store_true", help="count the findings of each code in text"
    )
    how.add_argument("-q", "--quiet", action="store_true", help="print findings only")
    how.add_argument("--exit-zero", action="store_true", help="exit with 0 even with findings")


def run(given: Namespace | None, started: float) -> int:
    """Check, write the reports, and return the exit code. `given` is None without arguments."""
    options = Options() if given is None else Options.of(given)
    console = Console(options.color)
    if options.statistics and not options.has_format("text"):
        raise UsageError("--statistics requires --format text")
    if options.watch:
        from jit_guard.commands.watch import refuse_with_watch, watch

        refuse_with_watch(options)
        root = open_guard(options, {}).root
        named = (options.config, options.schemafile, options.baseline)
        watch(lambda: _run(options, console, perf_counter()), root, named, console)
    return _run(options, console, started)


def _run(options: Options, console: Console, started: float) -> int:
    selection = {"select": options.select, "ignore": options.ignore}
    guard = open_guard(
        options, {key: codes for key, codes in selection.items() if codes}, options.baseline
    )
    if options.has_format("html"):
        guard = guard.with_inventory()
    maps = _maps(options.map, guard.inside, options.source)
    report = _report(guard, options, console, maps)
    if isinstance(report, int):
        return report
    shown = formats.Options(
        quiet=options.quiet,
        verbose=options.verbose,
        started=started,
        prefix=_below_git_top(guard.root, options.format),
        show_all=options.show_all,
        statistics=options.statistics,
    )
    if report.findings:
        shown = shown._replace(read=_reader(guard, options.source))
    styled = shown._replace(color=console.color)
    if report.findings or report.fixed or report.failed:
        styled = _fitted(styled, console)
    if any(file is None and name != "text" for name, file in options.format):
        console.for_programs()
    for name, file in options.format:
        if file is None:
            ends = options.watch  # there is no other report, and no exit code
            _show(console, formats.render(name, report, styled), name, ends=ends)
        else:
            _refuse_file(guard.root, report.maps, file, name)
            _write(guard.root, file, formats.render(name, report, shown), name)
    if report.written or report.messages:
        from jit_guard.commands.fix_options import report_fix

        report_fix(guard, report, console)
    for line in report.stale:
        console.note(f"the baseline accepts a finding that no longer occurs: {line}")
    for note in report.notes if options.verbose else ():
        console.note(note)
    for problem in (*report.unreadable, *filter(None, [report.trouble])):
        console.error(problem)
    code = exit_code(report, strict=options.strict)
    return 0 if code == 1 and options.exit_zero else code


def _report(
    guard: Guard, options: Options, console: Console, maps: list[str] | None
) -> Report | int:
    """Check, or fix, and return the report; an exit code if there is none."""
    if options.concerns_fix:
        from jit_guard.commands.fix_options import refuse_without_fix, run_fix

        refuse_without_fix(options)
        return run_fix(guard, options, console, maps)
    if options.update_baseline:
        path, report = guard.update_baseline(options.source, maps=maps)
        if report.unreadable:
            console.note(f"{path} was not written, because not everything could be checked")
        else:
            console.note(
                f"{path} accepts {report.accepted:,} finding{'s' if report.accepted != 1 else ''}"
            )
        return report
    report = guard.check(options.source, maps=maps)
    if report.findings and options.has_format("json"):
        from jit_guard.commands.fix_options import with_fixes

        return with_fixes(guard, report, options, maps)
    if report.findings and options.has_format("text") and not options.quiet:
        try:
            return guard.with_fixes(report, maps=maps, costs=False)
        except JitGuardError:  # such as an error in git, which --fix reports
            return report
    return report


def _reader(guard: Guard, source: str) -> Callable[[str], bytes | None]:
    """Return what reads a map again, for excerpts."""

    def read(path: str) -> bytes | None:
        try:
            return guard.read(path, source)
        except JitGuardError:  # it has changed since the check
            return None

    return read


def _fitted(shown: formats.Options, console: Console) -> formats.Options:
    """Add the width of a terminal, and whether it shows hyperlinks."""
    shown = shown._replace(columns=console.columns())
    if console.color and console.has_hyperlinks():
        from jit_guard.rules import page

        shown = shown._replace(rules=page())
    return shown


def exit_code(report: Report, *, strict: bool) -> int:
    """0: nothing wrong, 1: findings that fail, 2: something could not be read or done."""
    if report.unreadable or report.trouble is not None:
        return 2
    if report.written and os.environ.get("PRE_COMMIT") == "1":
        return 1  # a hook that writes files fails, so that the user reviews and stages them
    return int(bool(report.findings if strict else report.errors))


def _maps(
    given: list[str] | None, inside: Callable[[str, str], str], source: str
) -> list[str] | None:
    if given is None:
        return None
    for path in given:
        if source == "worktree" and not os.path.lexists(path):
            raise UsageError(f"--map {path} does not exist")
    return [inside(path, "--map") for path in given]


def _below_git_top(root: str, wanted: Sequence[tuple[str, str | None]]) -> str:
    """The path of the root below the git top; "" unless a wanted format needs it."""
    if formats.FROM_GIT_TOP.isdisjoint(name for name, _ in wanted):
        return ""
    from jit_guard.sources.repository import top

    here = os.path.realpath(root)  # git reports paths with all links resolved
    above = top(here)
    if above is None or above == here:
        return ""
    return os.path.relpath(here, above).replace(os.sep, "/")


def _show(console: Console, lines: Iterable[str], name: str, *, ends: bool) -> None:
    """Print a report. `ends`: the command ends if the reader has closed the pipe."""
    write = console.commands if name in formats.COMMANDS else console.lines
    try:
        write(lines)
        console.out.flush()  # before the notes on standard error
    except OSError as error:
        if ends or not reader_left(error):  # else files and the exit code still follow
            raise


def _refuse_file(root: str, maps: Iterable[str], file: str, name: str) -> None:
    """Raise UsageError if a report cannot be written to this file."""
    if "\0" in file:
        raise UsageError(f"no file can be called {file}")
    real = os.path.realpath(file)
    if any(os.path.realpath(os.path.join(root, one)) == real for one in maps):
        raise UsageError(f"--format {name}={file} would overwrite a map; name another file")


def _write(root: str, file: str, lines: Iterable[str], name: str) -> None:
    from jit_guard.sources.output import write

    if name in formats.COMMANDS:
        write(root, file, (f"{line}\n" for line in lines))
    else:
        write(root, file, quiet_lines(lines))  # such files are often printed in CI logs


def _codes(text: str) -> tuple[str, ...]:
    try:
        return codes([code.strip() for code in text.split(",") if code.strip()])
    except ValueError as error:
        from argparse import ArgumentTypeError

        raise ArgumentTypeError(str(error).lstrip(": ")) from None


def _format(text: str) -> tuple[str, str | None]:
    from argparse import ArgumentTypeError

    name, equals, file = text.partition("=")
    if name not in formats.NAMES:
        known = ", ".join(formats.NAMES)
        raise ArgumentTypeError(f"unknown format {name!r}; choose from {known}")
    if equals and not file:
        raise ArgumentTypeError(f"{text!r} has no file name after the =")
    return name, None if file in ("", "-") else file
