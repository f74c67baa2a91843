"""The manual of a command: what its parser knows, with examples, exit codes and variables.

`--help` prints it; `publishing/commands.py` makes the manual page and `docs/commands.md` of it.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import NamedTuple

from jit_guard.commands.reference import exits, reference, variables

_TITLES = {"positional arguments": "arguments"}
_INDENT, _COLUMN = 2, 26


class Section(NamedTuple):
    """A part of a manual: a title, and terms with their explanations."""

    title: str
    items: tuple[tuple[str, str], ...]


class Manual(NamedTuple):
    """Everything that is said about one command."""

    name: str
    usage: tuple[str, ...]
    description: tuple[str, ...]  # paragraphs
    sections: tuple[Section, ...]  # of options
    examples: tuple[tuple[str, str], ...]
    exits: Section
    variables: Section


def manual(name: str, parser: ArgumentParser) -> Manual:
    """Return the manual of a command, whose options the parser has."""
    said = reference(name)
    paragraphs = (parser.description or "").split("\n\n")
    return Manual(
        name,
        tuple(_usage(name, parser)),
        tuple(" ".join(paragraph.split()) for paragraph in paragraphs if paragraph.strip()),
        tuple(_sections(parser)),
        said.examples,
        Section("exit codes", tuple((str(code), text) for code, text in exits(name).items())),
        Section("environment variables", tuple(variables(name).items())),
    )


def _usage(name: str, parser: ArgumentParser) -> Iterator[str]:
    words = ["jit-guard", "[check]" if name == "check" else name, "[OPTIONS]"]
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of them
        if not action.option_strings:
            word = str(action.metavar or action.dest.upper())
            words.append(f"[{word}]" if action.nargs == "?" else word)
    yield " ".join(words)
    if name == "check":
        yield "jit-guard COMMAND [OPTIONS]"


def _sections(parser: ArgumentParser) -> Iterator[Section]:
    for group in parser._action_groups:  # noqa: SLF001 - as above
        items = []
        for action in group._group_actions:  # noqa: SLF001 - as above
            value = action.metavar or ("|".join(action.choices) if action.choices else "")
            takes = f" {value}" if value and action.option_strings else ""
            term = f"{', '.join(action.option_strings)}{takes}" or str(value)
            items.append((term, str(action.help or "")))
        if items:
            title = group.title or ""
            yield Section(_TITLES.get(title, title), tuple(items))


def text(shown: Manual, commands: Mapping[str, str], columns: int) -> Iterator[str]:
    """Yield the lines of `--help`; `commands` are the names of all commands and what they do."""
    for number, usage in enumerate(shown.usage):
        yield from wrap(
            usage,
            columns,
            initial_indent="       " if number else "usage: ",
            subsequent_indent=" " * 11,
            break_on_hyphens=False,
        )
    for paragraph in shown.description:
        yield ""
        yield from wrap(paragraph, columns, break_on_hyphens=False)
    if commands:
        summaries = Section("commands (each has its own --help)", tuple(commands.items()))
        yield from _table(summaries, columns, max(map(len, commands)) + _INDENT + 2)
    for section in shown.sections:
        yield from _table(section, columns, _COLUMN)
    if shown.examples:
        yield from ("", "examples:")
    for command, what in shown.examples:
        yield f"  $ {command}"
        yield from _wrapped(what, columns, 6)
    yield from _table(shown.exits, columns, 7)
    yield from _table(shown.variables, columns, _COLUMN)


def _table(section: Section, columns: int, column: int) -> Iterator[str]:
    """Yield terms on the left, explanations on the right, or below a term that is too long."""
    yield from ("", f"{section.title}:")
    for term, explanation in section.items:
        lines = list(_wrapped(explanation, columns, column))
        head = f"{' ' * _INDENT}{term}"
        if len(head) + 2 > column or not lines:
            yield head
        else:
            yield f"{head:<{column}}{lines.pop(0).lstrip()}"
        yield from lines


def _wrapped(text: str, columns: int, column: int) -> Iterator[str]:
    indent = " " * column
    return iter(
        wrap(
            text,
            max(columns, column + 20),
            initial_indent=indent,
            subsequent_indent=indent,
            break_on_hyphens=False,
            break_long_words=False,
        )
    )
