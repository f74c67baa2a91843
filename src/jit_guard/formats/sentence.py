"""A finding in words that fit on one line, the same in every format."""

from __future__ import annotations

from jit_guard.report import Finding
from jit_guard.text.printable import printable


def sentence(finding: Finding) -> str:
    """What is wrong: `GOAL/type: message`, or `path: message` where no entry is meant.

    These formats show a message far from its place, so it names what it is about.
    """
    message = printable(finding.message)
    if finding.goal is not None:
        about = "/".join(filter(None, (finding.goal, finding.component_type)))
    elif finding.map is None and finding.path is not None:
        about = finding.path
    else:
        return message
    about = printable(about)
    return message if message.startswith(about) else f"{about}: {message}"


def cut(text: str, most: int) -> str:
    """The text, or as much of it as fits; an ellipsis says that there was more."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
