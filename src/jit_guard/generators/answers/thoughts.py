"""Thoughts of a model in its answer, and how they are removed.

A thought begins where the answer begins, or before it, in the prompt's template; then only its
end is in the answer. A closed pair of tags anywhere else belongs to the text: prompts describe
such tags. So does a closing tag in a sentence or in code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

from jit_guard.generators.answers.code import Code
from jit_guard.generators.answers.wrapping import is_greeting
from jit_guard.generators.judgement import UncertainError

Kind = Literal["tag", "token", "phrase"]


class Family(NamedTuple):
    """How some models mark a thought: two patterns, and whose they are.

    `kind` says where the end of a thought counts if its beginning is not in the answer: a "tag"
    where it is not part of a sentence, a "token" of a chat template anywhere, a "phrase" nowhere.
    """

    opening: str
    closing: str
    kind: Kind
    models: str


def _tag(name: str, models: str) -> Family:
    left, right = "(?:<|&lt;)", "(?:>|&gt;)"
    return Family(
        f"(?i:{left}{name}{right})", f"(?i:{left}/{name}\\s{{0,2}}{right})", "tag", models
    )


_HEADER = r"(?:<\|start\|>\s{0,9}assistant\s{0,9})?<\|channel\|>\s{0,9}"
FAMILIES = (
    _tag("think", "DeepSeek-R1, Qwen3, QwQ, GLM-4.5, MiniMax-M2, Hermes 4, Granite 3.3 and 4.2"),
    _tag("thinking", "Claude, Reflection 70B"),
    _tag("thoughts?", "EXAONE Deep, Marco-o1, Gemini and Kimi behind gateways"),
    _tag("reasoning", "Reka Flash 3"),
    _tag("reflection", "Reflection 70B"),
    _tag("analysis", "fine-tuned models"),
    _tag("scratchpad", "Claude"),
    _tag("antthinking", "Claude"),
    _tag("(?:seed|mm):think", "Seed-OSS, MiniMax"),
    _tag("longcat_think", "LongCat-Flash-Thinking"),
    Family(r"\[THINK\]", r"\[/THINK\]", "token", "Magistral, Ministral"),
    Family("◁think▷", "◁/think▷", "token", "Kimi-VL"),
    Family(r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>", "token", "Sky-T1, OpenThinker"),
    Family(r"<\|START_THINKING\|>", r"<\|END_THINKING\|>", "token", "Command A, Command R7B"),
    Family(r"<\|inner_prefix\|>", r"<\|inner_suffix\|>", "token", "Apertus"),
    Family(r"<\|think\|>", r"<\|/think\|>", "token", "Gemma in LiteRT"),
    Family(r"<\|channel>thought\b", r"<channel\|>", "token", "Gemma 4"),
    Family(r"<unused94>thought\b", r"<unused95>", "token", "MedGemma"),
    Family(
        _HEADER + r"(?!final\b)\w",
        r"(?:<\|end\|>\s{0,9})?" + _HEADER + r"final\b[^<\n]{0,99}"
        r"(?:<\|constrain\|>[^<\n]{0,99})?<\|message\|>",
        "token",
        "gpt-oss: harmony channels",
    ),
    Family(
        r"analysis(?=[A-Z][\w'’]{0,20} )",
        "assistantfinal",
        "token",
        "gpt-oss: harmony channels without the special tokens",
    ),
    Family(
        r"Here(?: is|['’]s) my thought process:",
        r"Here(?: is|['’]s) my response:",
        "phrase",
        "Granite 3.2",
    ),
    Family(r"Thinking\.\.\.[ \t]*\n", r"\.\.\.done thinking\.", "phrase", "ollama run"),
    Family(
        r"\[Start (?:of )?(?:thinking|reasoning)\]",
        r"\[End (?:of )?(?:thinking|reasoning)\]",
        "phrase",
        "llama-cli",
    ),
    Family("Here are my reasoning steps:", r"\[BEGIN FINAL RESPONSE\]", "token", "Apriel"),
    Family(r"<details type=\"reasoning\"[^>\n]{0,200}>", r"</details>", "phrase", "Open WebUI"),
)

# What encloses the answer after a thought; the tokens also count without one.
_ANSWER_TAGS = ("answer", "response", "output", "solution", "final_answer")
_ANSWER_TOKENS = (
    ("<|begin_of_solution|>", "<|end_of_solution|>"),
    ("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
    ("<|START_TEXT|>", "<|END_TEXT|>"),
    ("<|begin_of_box|>", "<|end_of_box|>"),
)
_MOST = 10  # thoughts in one answer; each is a search of the whole answer
_NEAR = 99  # characters around a tag that show whether it is part of a sentence
_GLUED_LEFT = re.compile(r"[^\s`\"'“‘(\[{]\Z|[.!?。…)\"”*][ \t]{1,9}\Z")
_GLUED_RIGHT = re.compile(r"[^\s`\"'”’.,;:!?)\]}]|[ \t]{1,9}[A-Z#*\-\d>|\[{]")


class _Patterns(NamedTuple):
    kind: Kind
    start: re.Pattern[str]  # the opening at the start of the answer
    opening: re.Pattern[str]
    closing: re.Pattern[str]


_PATTERNS = tuple(
    _Patterns(
        one.kind,
        re.compile(rf"\s*{one.opening}"),
        re.compile(one.opening),
        re.compile(one.closing),
    )
    for one in FAMILIES
)


def without_thoughts(text: str, is_whole: Callable[[str], bool]) -> str:
    """Remove the thoughts before a text, and what encloses the text after them.

    Args:
        text: the answer.
        is_whole: whether what follows a thought is certainly the text.

    Raises:
        UncertainError: a thought has no end, or there is nothing else.
    """
    rest = text
    for _ in range(_MOST):
        shorter = None if is_whole(rest) else _without_thought(rest)
        if shorter is None:
            break
        rest = shorter
    else:
        raise UncertainError(f"the answer has more than {_MOST} thoughts of the model", again=False)
    thought = rest is not text
    tags = [(f"<{name}>", f"</{name}>") for name in _ANSWER_TAGS] if thought else []
    for first, last in (*_ANSWER_TOKENS, *tags):
        if (enclosed := _enclosed(rest, first, last)) is not None:
            rest = enclosed
            break
    if thought and not rest.strip():
        raise UncertainError("the answer is only a thought of the model", again=False)
    return rest


def _enclosed(text: str, first: str, last: str) -> str | None:
    """Return the text between two marks around all of it; the last one may be missing."""
    stripped = text.strip()
    if not stripped.lower().startswith(first.lower()):
        return None
    inner = stripped[len(first) :]
    if inner.lower().endswith(last.lower()):
        inner = inner[: -len(last)]
    return None if last.lower() in inner.lower() else inner.strip()


def _without_thought(text: str) -> str | None:
    """Remove everything up to the end of a thought; None if there is no thought."""
    code = Code(text)
    line = text.partition("\n")[0]
    greeting = line if is_greeting(line) else ""
    for one in _PATTERNS:
        if start := one.start.match(text, len(greeting)):
            found = list(one.closing.finditer(text, start.end()))
            if not found:
                raise UncertainError("the model's thought has no end", again=False)
            outside = next(code.outside(found), found[0])
            marks = (match for match in code.outside(found) if _is_mark(text, match, one.kind))
            return text[next(marks, outside).end() :].lstrip()
    for one in _PATTERNS:
        if one.kind != "phrase" and (end := _unopened_end(text, one, code)):
            return text[end:].lstrip()
    return None


def _unopened_end(text: str, one: _Patterns, code: Code) -> int | None:
    """Find the end of a thought that the prompt's template began.

    Raises:
        UncertainError: a thought begins on a line of its own, and does not end.
    """
    if not one.closing.search(text) and not one.opening.search(text):
        return None
    openings = [(match.start(), match) for match in code.outside(one.opening.finditer(text))]
    closings = [(match.start(), match) for match in code.outside(one.closing.finditer(text))]
    blocks: list[re.Match[str]] = []  # openings at the start of a line that are not closed yet
    inline: re.Match[str] | None = None  # the last opening elsewhere
    end = None
    for _, match in sorted((*openings, *closings), key=lambda pair: pair[0]):
        if match.re is one.opening:
            if _starts_line(text, match):
                blocks.append(match)
            else:
                inline = match
        elif inline is not None and "\n" not in text[inline.end() : match.start()]:
            inline = None
        elif blocks:
            blocks.pop()
        elif _is_mark(text, match, one.kind):
            end = match.end()
    for match in blocks:
        if end is None and not text[match.end() : match.end() + _NEAR].partition("\n")[0].strip():
            line = text.count("\n", 0, match.start()) + 1
            raise UncertainError(f"a thought begins on line {line} and has no end")
    return end


def _starts_line(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - _NEAR) : match.start()]
    return not before.rpartition("\n")[2].strip()


def _is_mark(text: str, match: re.Match[str], kind: Kind) -> bool:
    """Check that a closing tag is not a word of a sentence."""
    if kind != "tag":
        return True
    before = text[max(0, match.start() - _NEAR) : match.start()]
    after = text[match.end() : match.end() + _NEAR].partition("\n")[0]
    if not before.strip() and match.start() < _NEAR:
        return True
    line = before.rpartition("\n")[2]
    left = not line.strip() or _GLUED_LEFT.search(line)
    right = not after.strip() or _GLUED_RIGHT.match(after)
    return bool(left and right)
