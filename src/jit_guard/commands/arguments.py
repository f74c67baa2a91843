"""Command-line arguments, parsed with argparse."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping

from jit_guard.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, Protocol

    class Command(Protocol):
        """A module of `jit_guard.commands`."""

        __doc__: str | None

        def configure(self, parser: argparse.ArgumentParser) -> None:
            """Add the command's own options."""


def parse(
    name: str, command: Command, argv: list[str], commands: Mapping[str, str]
) -> argparse.Namespace | int:
    """Parse the arguments of a command.

    Returns:
        The options, None or False where an option was not given; or an exit code if the
        arguments ask for help or the version.

    Raises:
        UsageError: the arguments are invalid.
    """
    parser = parser_of(name, command, commands)
    words = argv[: argv.index("--")] if "--" in argv else argv
    if "-h" in words or "--help" in words:  # even if required arguments are missing
        parser.print_help(sys.stdout)
        return 0
    options = parser.parse_args(argv)
    if options.version:
        from jit_guard.version import __version__

        sys.stdout.write(f"jit-guard {__version__}\n")
        return 0
    return options


def parser_of(name: str, command: Command, commands: Mapping[str, str]) -> argparse.ArgumentParser:
    """The parser of a command, with the options that every command has."""
    parser = _Parser(
        prog="jit-guard" if name == "check" else f"jit-guard {name}",
        description=command.__doc__,
        epilog=_epilog(commands) if name == "check" else None,
        formatter_class=_formatter,
        allow_abbrev=False,
        add_help=False,
    )
    general = parser.add_argument_group("general")
    general.add_argument("-h", "--help", action="store_true", help="show this help and exit")
    general.add_argument("--version", action="store_true", help="show the version and exit")
    general.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="when to use color (default: auto)",
    )
    general.add_argument(
        "-v", "--verbose", action="store_true", help="print more details, and tracebacks of errors"
    )
    command.configure(parser)
    return parser


class _Parser(argparse.ArgumentParser):
    """A parser that raises UsageError instead of printing the error and exiting."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, f"see {self.prog} --help")


def _formatter(prog: str) -> argparse.HelpFormatter:
    # argparse creates one per option, and imports shutil (with zlib, bz2, lzma) for the width.
    columns = os.environ.get("COLUMNS", "")
    width = int(columns) if columns.isdecimal() and int(columns) > 20 else 90
    return argparse.RawDescriptionHelpFormatter(prog, width=width)


def _epilog(commands: Mapping[str, str]) -> str:
    width = max(map(len, commands))
    lines = [f"  {name:<{width}}  {summary}" for name, summary in commands.items()]
    return "\n".join(["commands (each has its own --help):", *lines])


def positive(text: str) -> int:
    """Parse a positive whole number. Raises ArgumentTypeError."""
    return int(_number(text, "a positive whole number", whole=True))


def seconds(text: str) -> float:
    """Parse a positive number of seconds. Raises ArgumentTypeError."""
    return _number(text, "a positive number of seconds", whole=False)


def _number(text: str, what: str, *, whole: bool) -> float:
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = 0
    if not 0 < value < 1e9:  # NaN fails here, too
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return value
