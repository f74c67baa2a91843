"""What models put around a file: a greeting, a fence, a note.

Only what is certainly one of these is removed: a component may itself have fences, begin with a
sentence that ends in a colon, and end politely or with a note. The result is always one contiguous
part of the answer, unchanged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

from jit_guard.generators.answers.code import Fence, blocks, fence
from jit_guard.generators.answers.formats import STRUCTURED
from jit_guard.generators.judgement import UncertainError

# Languages of a fence that may be put around a prompt; a fence of any other language is content.
_PROSE = frozenset(
    {"", "markdown", "md", "mdx", "text", "txt", "plaintext", "plain", "prompt", "document"}
    | {"xml", "html", "yaml", "yml", "json", "toml", "jinja", "jinja2", "none", "file", "output"}
)
_LANGUAGES = {
    ".yml": ("yaml",), ".yaml": ("yml",), ".jsonl": ("json", "ndjson"), ".htm": ("html",),
    ".py": ("python", "python3"), ".js": ("javascript",), ".ts": ("typescript",),
    ".sh": ("bash", "shell", "zsh"), ".j2": ("jinja", "jinja2"), ".rb": ("ruby",),
    ".rs": ("rust",), ".tex": ("latex",), ".mmd": ("mermaid",),
}  # fmt: skip

_YES = (
    r"(?:sure(?: thing)?|certainly|absolutely|of course|okay|ok|got it|great|alright"
    r"|no problem|understood|definitely|happy to help)"
)
_HERE = (
    r"(?:(?:based on|following|as|per)\b[^\n]{0,120}, )?"
    r"(?:here\W{0,2}(?:is|are|s)|below (?:is|are))"
)
_I = (
    r"(?:i\W?(?:ve|'ve| have)|i) (?:now )?(?:written|created|drafted|generated|prepared|made|wrote)"
)
_NOUN = (
    r"(?:component|file|document|draft|markdown|json|yaml|toml"
    r"|(?:text|contents?) of (?:the|your) (?:file|component)|file contents?)s?"
)
_MORE = (
    r"(?:[ ,;(](?:for|in|as|you|based|with|which|per|following|according|that (?:you|meets|follows)"
    r"|named|called|`)[^\n]{0,160}|[ (]?[\w./`\"'-]{1,90}[)\"'`]?)?"
)
_ADJECTIVES = r"(?:(?:the|your|a|an|my)\b ?)?(?:[\w-]{1,30} ){0,4}"
# A line that introduces the file in a fence; what follows it without one may be part of a prompt.
_GREETING = re.compile(
    rf"(?:{_YES}\W{{1,3}})?(?:{_HERE}|{_I}) {_ADJECTIVES}{_NOUN}\b{_MORE}\s?[:.]\W{{0,3}}\Z"
    rf"|{_YES}\W{{1,3}}(?:{_HERE}|{_I})\b[^\n]{{0,200}}:\W{{0,3}}\Z"
    r"|(?:voici|hier ist|aquí (?:está|tienes)|aqui está|ecco)\b[^\n]{0,60}"
    r"\b(?:fichier|datei|archivo|arquivo|file|dokument|documento?)\b[^\n]{0,90}:\W{0,3}\Z"
    r"|(?:以下(?:是|は)|这是|こちら)[^\n]{0,60}[:：。]\W{0,3}\Z",
    re.IGNORECASE,
)
_PLAIN_GREETING = re.compile(
    rf"(?:{_YES}\W{{1,3}})?(?:{_HERE}|{_I}) {_ADJECTIVES}"
    r"(?:component|file|(?:text|contents?) of (?:the|your) (?:file|component))"
    r"(?: (?:that )?you (?:asked|requested|wanted|need)[^\n]{0,100}"
    r"|,? (?:for|based on|in (?:the )?\w+ format|as requested|with) ?[^\n]{0,100}"
    r"| ?\(?[`\"']?[\w-][\w./-]{0,90}[`\"']?\)?)?\s?:\W{0,3}\Z"
    rf"|{_YES}\W{{1,3}}(?:{_HERE}|{_I})\b[^\n]{{0,200}}:\W{{0,3}}\Z",
    re.IGNORECASE,
)
# Lines that may introduce a file, depending on what follows.
_YES_ALONE = re.compile(rf"{_YES}\W{{0,3}}\Z", re.IGNORECASE)
_SPEECH = re.compile(rf"(?:{_YES}\W|{_I}\b)[^\n]{{0,300}}\Z", re.IGNORECASE)
_DOCUMENT = re.compile(r"(?:#{1,6} |---\Z|\{\Z|\[\Z)")
_OFFER = re.compile(
    r"(?:let me know|feel free|(?:i )?hope (?:this|that|it)|would you like|do you want"
    r"|if you(?:\W?d| would)? (?:like|want|need)|please let me know|is there anything"
    r"|this (?:component|file|draft) (?:is|should|can|will|has|follows))\b[^\n]{0,600}\Z",
    re.IGNORECASE,
)
# After a file that was introduced, and after one that was not.
_NOTE = re.compile(
    r"\W{0,6}(?:notes?|please note|nb|explanation|tips?|remember|disclaimer|changes"
    r"|key \w+|what i \w+|why this \w+|this|these|the (?:above|file|component)|it|i|you|feel|let"
    r"|would|if|hope|adjust|replace|customi[sz]e|save)\b",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"\W{0,3}(?:please )?note\b[^\n]{0,300}\b(?:adjust|customi[sz]e|replace|tailor|adapt|you can"
    r"|feel free|as needed|let me know)\b",
    re.IGNORECASE,
)
# What a prompt puts between "Here is the document:" and its instructions.
_PLACEHOLDER = re.compile(r"\{[^\n]*\}|\$\{?\w+\}?|<[^\n<>]{1,60}>|\[[^\n\]]{1,60}\]|%\w+%|\.{3}|…")
_FILE = re.compile(r"\A[\W_]*file(?:name)?[*_]*:", re.IGNORECASE)
_MOST_LINES = 4  # of a greeting before a fence


class _Split(NamedTuple):
    """An answer around its only fenced block."""

    before: Sequence[str]
    inner: Sequence[str]
    after: Sequence[str]
    opening: Fence


def unwrapped(text: str, suffix: str = "", component_type: str = "", path: str = "") -> str:
    """Return the file in an answer: the text itself, if nothing is around it.

    Args:
        text: the answer, without thoughts and tokens.
        suffix: the suffix of the file, with the dot, in lower case.
        component_type: its type, which a greeting may name.
        path: its path, with `/`, which a line before the fence may name.

    Raises:
        UncertainError: the fence around the file is not closed.
    """
    lines = _trimmed(text.split("\n"))
    if not lines:
        return text
    found = _split(lines)
    if found is not None and _is_file(found, suffix, component_type, path):
        rest: Sequence[str] | None = found.inner
    else:
        lone = None if found is not None else _without_lone_fence(lines)
        rest = lone or _without_greeting(lines, suffix, component_type)
    return text if rest is None else "\n".join(_trimmed(rest))


def only_json(text: str) -> str | None:
    """Return the only JSON value in a text, between a greeting and a note; None if there is none.

    The value begins and ends with its lines.
    """
    starts = [match.start() for match in re.finditer(r"(?m)^[\[{]", text)]
    greeting = " ".join(text[: starts[0]].split()) if starts else ""
    if not (_GREETING.match(greeting) or _SPEECH.match(greeting)):
        return None
    try:
        _, end = json.JSONDecoder(parse_int=len).raw_decode(text, starts[0])
    except (ValueError, RecursionError):
        return None
    if text[end:].partition("\n")[0].strip() or starts[-1] >= end:
        return None
    return text[starts[0] : end]


def is_introduction(line: str) -> bool:
    """Check whether a line introduces a file, and is not a mere yes."""
    return _GREETING.match(line.strip()) is not None


def is_greeting(text: str) -> bool:
    """Check whether a text is nothing but a greeting."""
    line = text.strip()
    return "\n" not in line and bool(_GREETING.match(line) or _YES_ALONE.match(line))


def _is_file(found: _Split, suffix: str, component_type: str, path: str) -> bool:
    """Check that what is in a fence is the file, and what is around it is not."""
    language = found.opening.info.lower().strip("{}.")
    ours = (suffix.lstrip("."), component_type.lower(), *_LANGUAGES.get(suffix, ()))
    if language not in _PROSE and language not in ours and not language.endswith(suffix or "\n"):
        return False
    before, after = found.before, found.after
    if not before and not after:
        return True
    if suffix in STRUCTURED:
        return language in ("", *ours)  # prose cannot be part of such a file
    if len(before) > _MOST_LINES or _PLACEHOLDER.fullmatch("\n".join(found.inner).strip()):
        return False
    if not before:
        first = after[0].strip()
        return _OFFER.match(first) is not None or (
            bool(language) and _ADVICE.match(first) is not None
        )
    greeting = " ".join(line.strip() for line in before if line.strip())
    if not (_introduces(greeting, component_type) or _names(greeting, path)):
        return not after and _SPEECH.match(greeting) is not None
    return not after or _NOTE.match(after[0].strip()) is not None


def _introduces(greeting: str, component_type: str) -> bool:
    if _GREETING.match(greeting) or _YES_ALONE.match(greeting):
        return True
    words = r"[ _-]".join(map(re.escape, re.split(r"[\W_]+", component_type)))
    named = rf"(?:{_YES}\W{{1,3}})?(?:{_HERE}|{_I}) {_ADJECTIVES}{words}\b[^\n]{{0,160}}\Z"
    return bool(words) and re.match(named, greeting, re.IGNORECASE) is not None


def _names(line: str, path: str) -> bool:
    """Check whether a line is only the name of the file, as a title or in bold."""
    name = _FILE.sub("", line).strip("#*_`'\": ()")
    return bool(name) and name in (path, path.rpartition("/")[2])


def _without_greeting(
    lines: Sequence[str], suffix: str, component_type: str
) -> Sequence[str] | None:
    """Remove a greeting before a file without a fence, and an offer after it."""
    rest: Sequence[str]
    match lines:
        case [first, blank, *following] if not blank.strip():
            first, rest = first.strip(), _trimmed(following)
        case _:
            return None
    document = suffix in STRUCTURED or _DOCUMENT.match(rest[0]) is not None
    before_document = document and (_YES_ALONE.match(first) or _introduces(first, component_type))
    if not (_PLAIN_GREETING.match(first) or before_document):
        return None
    if fence(rest[0]) or (_PLACEHOLDER.match(rest[0].strip()) and not document):
        return None  # a prompt shows what it is about
    rest = _without_rule(rest)
    match rest:
        case [*body, blank, offer] if _OFFER.match(offer.strip()) and not blank.strip():
            rest = _without_rule(_trimmed(body)[::-1])[::-1]
    return rest


def _without_rule(lines: Sequence[str]) -> Sequence[str]:
    """Remove a rule from the start. The line after it is blank, unlike in front matter."""
    match lines:
        case [rule, blank, *rest] if rule.strip() in ("---", "***", "___") and not blank.strip():
            return _trimmed(rest)
    return lines


def _without_lone_fence(lines: Sequence[str]) -> Sequence[str] | None:
    """Remove a bare fence on the last line that closes nothing: the prompt opened it."""
    found = blocks(lines)
    lone = found and found[-1].first == len(lines) - 1 and not found[-1].opening.info
    return lines[:-1] if lone else None


def _split(lines: Sequence[str]) -> _Split | None:
    """Split an answer around a fence that encloses all blocks in it; None if there is none.

    Raises:
        UncertainError: the fence around the whole answer is not closed.
    """
    marks = [(number, mark) for number, line in enumerate(lines) if (mark := fence(line))]
    if not marks:
        return None
    first, opening = marks[0]
    ends = [number for number, mark in marks[1:] if mark.closes(opening)]
    if not ends:
        return _split_unclosed(lines, opening) if first == 0 else None
    last = ends[-1]
    if not _is_one_block([pair for pair in marks if first < pair[0] < last], opening, lines):
        return None
    return _Split(
        _trimmed(lines[:first]), lines[first + 1 : last], _trimmed(lines[last + 1 :]), opening
    )


def _split_unclosed(lines: Sequence[str], opening: Fence) -> _Split | None:
    """Split an answer that begins with a fence, which may be closed at the end of the last line.

    Raises:
        UncertainError: it is not closed, and was probably put around the whole answer.
    """
    last = lines[-1].rstrip()
    end = len(last) - len(opening.mark)
    if len(lines) > 1 and last.endswith(opening.mark) and set(opening.mark).isdisjoint(last[:end]):
        return _Split((), (*lines[1:-1], last[:end]), (), opening)
    if opening.info.lower() in _PROSE if len(lines) > 1 else opening.info:
        raise UncertainError("the answer begins with a fence that is not closed")
    return None


def _is_one_block(marks: Sequence[tuple[int, Fence]], opening: Fence, lines: Sequence[str]) -> bool:
    """Check that the fences between two fences are blocks of their own.

    A bare fence closes an open block. In prose it may also open one, if code follows it.
    """
    depth = 0
    for number, mark in marks:
        if not mark.mark.startswith(opening.mark):
            continue
        if depth:
            depth -= not mark.info
        elif mark.info or (opening.info.lower() in _PROSE - {""} and lines[number + 1].strip()):
            depth += 1
        else:
            return False
    return not depth


def _trimmed(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines without blank ones at either end."""
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return lines[start:end]
