"""Command-line arguments, parsed with argparse."""

from __future__ import annotations

import argparse
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
    parser = make_parser(name, command)
    words = argv[: argv.index("--")] if "--" in argv else argv
    if "-h" in words or "--help" in words:  # even if required arguments are missing
        from jit_guard.commands.manual import manual, text

        shown = commands if name == "check" else {}
        lines = text(manual(name, parser), shown, _columns())
        sys.stdout.writelines(f"{line}\n" for line in lines)
        return 0
    options, rest = parser.parse_known_args(argv)
    if options.version:
        from jit_guard.version import __version__

        sys.stdout.write(f"jit-guard {__version__}\n")
        return 0
    if rest:
        _refuse(rest, parser)
    for one, value in vars(options).items():
        if value == []:  # argparse drops each `--`, even one that is the argument itself
            setattr(options, one, "--")
    return options


def make_parser(name: str, command: Command) -> argparse.ArgumentParser:
    """Return the parser of a command, with the options that all commands have."""
    parser = _Parser(
        prog="jit-guard" if name == "check" else f"jit-guard {name}",
        description=command.__doc__,
        allow_abbrev=False,
        add_help=False,
    )
    command.configure(parser)
    general = parser.add_argument_group("general")
    general.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="when to use colours (default: auto)",
    )
    general.add_argument(
        "-v", "--verbose", action="store_true", help="print more details, and tracebacks of errors"
    )
    general.add_argument("-h", "--help", action="store_true", help="show this help and exit")
    general.add_argument("-V", "--version", action="store_true", help="show the version and exit")
    return parser


class _Parser(argparse.ArgumentParser):
    """A parser that raises UsageError instead of printing the error and exiting."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


def _refuse(rest: list[str], parser: argparse.ArgumentParser) -> NoReturn:
    """Raise UsageError for arguments that no option takes."""
    from jit_guard.text.printable import did_you_mean

    unknown = [word for word in rest if word.startswith("-")] or rest
    known = list(parser._option_string_actions)  # noqa: SLF001 - argparse has no public list
    near = did_you_mean(unknown[0].partition("=")[0], known)
    hint = near or f"; see {parser.prog} --help"
    raise UsageError(f"unrecognized arguments: {' '.join(unknown)}{hint}")


def _columns() -> int:
    """Return the width of the help: that of the terminal, within reason."""
    from jit_guard.text.width import terminal_size

    return min(100, max(40, terminal_size(sys.stdout)[0]))


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
