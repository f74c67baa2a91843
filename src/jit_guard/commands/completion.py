"""Print the script with which a shell completes commands, options and their values.

The script is static: completing a word starts nothing. Run the command again after an update of
jit-guard.
"""

from argparse import ArgumentParser, Namespace
from importlib.resources import files

from jit_guard.text.console import Console

SHELLS = ("bash", "zsh", "fish")


def configure(parser: ArgumentParser) -> None:
    """Add the argument of `completion`."""
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help="bash, zsh or fish")


def run(options: Namespace, started: float) -> int:  # noqa: ARG001
    """Print the script."""
    script = files("jit_guard.commands") / "data" / f"jit-guard.{options.shell}"
    console = Console(options.color)
    console.for_programs()
    console.commands(script.read_text("utf-8").splitlines())
    return 0
