"""The arguments of a command, read by argparse."""

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
    """The options of a command, read from its arguments; what was not given is None or False.

    An exit code where the arguments ask for help or the version. Raises UsageError.
    """
    parser = _Parser(
        prog="jit-guard" if name == "check" else f"jit-guard {name}",
        description=command.__doc__,
        epilog=_epilog(commands) if name == "check" else None,
        formatter_class=_formatter,
        allow_abbrev=False,
        add_help=False,
    )
    general = parser.add_argument_group("general")
    general.add_argument("-h", "--help", action="store_true", help="show this help and leave")
    general.add_argument("--version", action="store_true", help="show the version and leave")
    general.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto", help="default: auto"
    )
    general.add_argument("-v", "--verbose", action="store_true", help="say more")
    command.configure(parser)
    found = parser.parse_args(argv)
    if found.help:
        parser.print_help(sys.stdout)
        return 0
    if found.version:
        from jit_guard.version import __version__

        sys.stdout.write(f"jit-guard {__version__}\n")
        return 0
    return found


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints go through the one place that reports errors."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, f"see {self.prog} --help")


def _formatter(prog: str) -> argparse.HelpFormatter:
    # argparse makes one per option, and would import shutil (and zlib, bz2, lzma) for the width.
    columns = os.environ.get("COLUMNS", "")
    width = int(columns) if columns.isdecimal() and int(columns) > 20 else 90
    return argparse.RawDescriptionHelpFormatter(prog, width=width)


def _epilog(commands: Mapping[str, str]) -> str:
    width = max(map(len, commands))
    lines = [f"  {name:<{width}}  {summary}" for name, summary in commands.items()]
    return "\n".join(["commands (each with its own --help):", *lines])
