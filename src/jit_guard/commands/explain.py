"""Explain the rules, or one of them: what it means, why it matters, how to fix or silence it."""

from argparse import ArgumentParser, Namespace

from jit_guard.config import CODES
from jit_guard.errors import UsageError
from jit_guard.guard import Guard
from jit_guard.rules import load_rules
from jit_guard.rules.explained import listing, page
from jit_guard.text.console import Console
from jit_guard.text.printable import did_you_mean


def configure(parser: ArgumentParser) -> None:
    """Add the argument of `explain`."""
    parser.add_argument(
        "code", metavar="CODE", nargs="?", help="a code such as JG201, or a rule's name"
    )


def run(options: Namespace, started: float) -> int:  # noqa: ARG001
    """Print the list of rules, or one rule's page."""
    console = Console(options.color)
    rules = load_rules()
    if options.code is None or options.code.upper() not in CODES:
        rules += Guard().plugin_rules()
    if options.code is None:
        console.lines(listing(rules, console.columns()))
        return 0
    for rule in rules:
        if options.code.lower() in (rule.code.lower(), rule.name):
            console.lines(page(rule))
            return 0
    names = [name for rule in rules for name in (rule.code, rule.name)]
    near = did_you_mean(options.code.upper(), names) or did_you_mean(options.code, names)
    otherwise = "; run `jit-guard explain` to list all rules"
    raise UsageError(f"unknown rule {options.code!r}{near or otherwise}")
