"""Hints, and the forms that they are made of.

A hint is one alternative, or several: ways to remove the finding of which one is enough. Each is an
edit, a command between backticks, or an edit with a command to run after it. Every form must have a
scenario in `tests/rules/test_hints.py`, which follows it and checks that the finding is gone.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, NewType

Hint = NewType("Hint", str)  # made by a Form, or by `either`

COMMIT, STAGE = ", then commit it", ", and stage the change"  # ends of alternatives; see Facts.then


class Form(NamedTuple):
    """A form of hint, or of one alternative.

    Args:
        kind: `context` explains, `edit` describes a change, `command` has a command to run.
        template: the words, with the names of fields in braces.
    """

    kind: Literal["context", "edit", "command"]
    template: str

    def __call__(self, **fields: str) -> Hint:
        """Return the words with these fields."""
        return Hint(self.template.format_map(fields))


def either(*alternatives: Hint, context: Hint | None = None) -> Hint:
    """Return a hint with these alternatives; the context is a question before them.

    Alternatives with the same end come last, and the end once.
    """
    for end in (COMMIT, STAGE):
        same = [one for one in alternatives if one.endswith(end)]
        others = [one for one in alternatives if not one.endswith(end)]
        if len(same) > 1:
            shortened = [Hint(one.removesuffix(end)) for one in same[:-1]]
            alternatives = (*others, *shortened, *same[-1:])
    *others, last = alternatives
    text = f"{', '.join(others)}, or {last}" if others else last
    if context is None:
        return Hint(text)
    return Hint(f"{context} {text[0].upper()}{text[1:]}")
