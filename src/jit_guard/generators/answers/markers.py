"""Tokens of chat templates at either end of an answer, and how they are removed.

A server that does not know a model's stop token leaves it at the end, or lets the model go on with
the next turn. A text that describes a template has such tokens, too: there, the token that opens a
turn is in the text before the one that ends it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from jit_guard.generators.answers.code import Code
from jit_guard.generators.judgement import UncertainError


class Template(NamedTuple):
    """The tokens of a chat template, as patterns.

    `header` is what the template writes before the model's turn; `opening` begins any turn, and
    `end` ends one.
    """

    header: str
    opening: str
    end: str
    models: str


_ROLE = r"(?:assistant|model|ai|ASSISTANT|gpt)"
_OURS = rf"(?:{_ROLE}\b|(?=\s))"
_NEVER = "(?!)"
TEMPLATES = (
    Template(
        rf"<\|im_start\|>{_OURS}", r"<\|im_start\|>", r"<\|im_end\|>", "ChatML: Qwen, Hermes, Yi"
    ),
    Template(
        rf"<\|start_header_id\|>{_ROLE}<\|end_header_id\|>",
        r"<\|start_header_id\|>|<\|begin_of_text\|>",
        r"<\|eot_id\|>|<\|eom_id\|>|<\|end_of_text\|>",
        "Llama 3",
    ),
    Template(
        rf"<\|header_start\|>{_ROLE}<\|header_end\|>", r"<\|header_start\|>", r"<\|eot\|>",
        "Llama 4",
    ),
    Template(rf"<start_of_turn>{_OURS}", "<start_of_turn>", "<end_of_turn>", "Gemma 2 and 3"),
    Template(rf"<\|turn>{_OURS}", r"<\|turn>", r"<turn\|>", "Gemma 4"),
    Template(r"\[/INST\]|<s>", r"<s>|\[INST\]", "</s>", "Llama 2, Mistral, Zephyr"),
    Template(
        r"<\|assistant\|>", r"<\|(?:user|system|assistant|observation)\|>",
        r"<\|end\|>|<\|endoftext\|>|<\|(?:user|observation)\|>", "Phi, GLM, Zephyr, Granite",
    ),
    Template(
        rf"(?:<\|start\|>\s{{0,9}}{_ROLE}\s{{0,9}})?<\|message\|>|<\|start\|>\s{{0,9}}{_ROLE}\b",
        r"<\|start\|>|<\|channel\|>", r"<\|end\|>|<\|return\|>|<\|call\|>", "gpt-oss",
    ),
    Template(
        "<｜Assistant｜>|<｜begin▁of▁sentence｜>",
        "<｜(?:User|Assistant|begin▁of▁sentence)｜>", "<｜end▁of▁sentence｜>", "DeepSeek",
    ),
    Template(
        r"<\|START_OF_TURN_TOKEN\|>(?:<\|CHATBOT_TOKEN\|>)?|<\|CHATBOT_TOKEN\|>",
        r"<\|START_OF_TURN_TOKEN\|>", r"<\|END_OF_TURN_TOKEN\|>|<\|END_RESPONSE\|>", "Cohere",
    ),
    Template(
        rf"<\|start_of_role\|>{_ROLE}<\|end_of_role\|>", r"<\|start_of_role\|>",
        r"<\|end_of_text\|>", "Granite",
    ),
    Template(
        r"<\|im_assistant\|>(?:assistant)?(?:<\|im_middle\|>)?",
        r"<\|im_(?:user|system|assistant)\|>", r"<\|im_end\|>|\[EOS\]", "Kimi",
    ),
    Template(
        r"\[\|assistant\|\]", r"\[\|(?:user|system|assistant)\|\]", r"\[\|endofturn\|\]", "EXAONE"
    ),
    Template(
        r"<\|assistant_start\|>", r"<\|(?!im_)\w{1,20}_start\|>", r"<\|assistant_end\|>",
        "Apertus",
    ),
    Template(r"<role>ASSISTANT</role>", "<role>", r"<\|role_end\|>", "Ling"),
    Template(r"\]~b\]ai", r"\]~b\]", r"\[e~\[", "MiniMax-M2"),
    Template(
        r"<bos>|<\|startoftext\|>|\[gMASK\]<sop>", "<bos>",
        r"<eos>|<EOS>|<\|eos\|>|<\|end_of_sentence\|>|<\|end_of_turn\|>|<\|eom\|>|<\|EOT\|>"
        r"|<EOT>|<\|pad\|>|<pad>|<unk>|<sep>|<seed:eos>|<\|endofassistant\|>"
        r"|\[end of text\]|\[END FINAL RESPONSE\]",
        "others, and programs such as llama-cli",
    ),
    # Llama 3 without its special tokens: the name of the role remains, with its two line breaks.
    Template(r"assistant(?=\n\n)", _NEVER, r"(?<=[.!?:)\]\"'`*_])assistant(?=\n\n|\s*\Z)",
             "Llama 3 (detokenized)"),
)  # fmt: skip
_LONGEST = 80  # characters of a token and a role
_MOST = 20  # different tokens at the end
_ROLE_ALONE = re.compile(r"[ \t]?\w{0,20}\s*\Z")


class _Patterns(NamedTuple):
    header: re.Pattern[str]
    opening: re.Pattern[str]
    end: re.Pattern[str]


_PATTERNS = tuple(
    _Patterns(re.compile(one.header), re.compile(one.opening), re.compile(one.end))
    for one in TEMPLATES
)
_DETOKENIZED = _PATTERNS[-1]
_NEXT_TURN = re.compile(
    rf"\s{{0,9}}(?:{'|'.join(one.opening for one in TEMPLATES if one.opening != _NEVER)})"
)


def without_markers(text: str) -> str:
    """Remove a role header before a text, and stop tokens and further turns after it.

    Raises:
        UncertainError: it is not certain whether a token is part of the text.
    """
    return _without_turns(_without_header(without_stop_tokens(text)))


def without_stop_tokens(text: str) -> str:
    """Remove the stop tokens after a text, and the header of another turn. Raises as above."""
    for _ in range(_MOST):
        shorter = _without_end(text)
        if shorter is None:
            break
        text = shorter
    return text


def _without_header(text: str) -> str:
    start = len(text) - len(text.lstrip())
    last = len(text.rstrip())
    for one in _PATTERNS:
        found = one.header.match(text, start)
        if found and not one.opening.search(text, found.end()):
            end = one.end.search(text, found.end())
            if end is None or end.end() >= last:
                return text[found.end() :].lstrip()
    for one in _PATTERNS:
        found = one.opening.match(text, start)
        if found and not any(part.search(text, found.end()) for part in (one.opening, one.end)):
            if _ROLE_ALONE.match(text, found.end()):
                return ""
            raise UncertainError("the answer begins with the role header of a chat template")
    return text


def _without_end(text: str) -> str | None:
    """Remove a stop token, or the header of another turn, from the end; None if there is none."""
    body = text.rstrip()
    for one in _PATTERNS:
        tail = one.end.finditer(body, len(body) - _LONGEST)  # a negative one is 0
        found = next((match for match in tail if match.end() == len(body)), None)
        if found is None:
            continue
        before = body[: _start_of_run(body, found[0])]
        if _belongs(before, found[0], one):
            continue
        if before[-1:] in (" ", "\t") and before.rstrip(" \t")[-1:].isalnum():
            raise UncertainError(f"the answer ends with {found[0]}")
        return before.rstrip()
    for one in _PATTERNS:
        for found in one.opening.finditer(body, len(body) - _LONGEST):
            before = body[: found.start()]
            if _ROLE_ALONE.match(body, found.end()) and before.strip():
                return None if _opened(before, one) else before.rstrip()
    return None


def _start_of_run(body: str, token: str) -> int:
    """Return where the repetitions of a token at the end begin."""
    start = end = len(body)
    while body.endswith(token, 0, end):
        start = end = end - len(token)
        while end and body[end - 1].isspace():
            end -= 1
    return start


def _belongs(before: str, token: str, one: _Patterns) -> bool:
    """Check whether the text before a token of a template shows that it is part of the text."""
    code = Code(before)
    if any(other.end.fullmatch(token) and _opened(before, other, code) for other in _PATTERNS):
        return True
    same = (match for match in one.end.finditer(before) if match[0] == token)
    return next(code.outside(same), None) is not None


def _opened(text: str, one: _Patterns, code: Code | None = None) -> bool:
    """Check whether a text has the start of a turn, except for a header before all of it."""
    start = len(text) - len(text.lstrip())
    header = one.header.match(text, start)
    found = one.opening.finditer(text, header.end() if header else start)
    return next((code or Code(text)).outside(found), None) is not None


def _without_turns(text: str) -> str:
    """Cut an answer where the model ended it and went on with another turn."""
    code = Code(text)
    cuts = []
    for one in _PATTERNS:
        ends = (
            found
            for found in code.outside(one.end.finditer(text))
            if one is _DETOKENIZED or _NEXT_TURN.match(text, found.end())
        )
        first = next(ends, None)
        if first is not None and not any(
            _opened(text[: first.start()], other)
            for other in _PATTERNS
            if other.end.fullmatch(first[0])
        ):
            cuts.append(first.start())
    return text[: min(cuts)].rstrip() if cuts else text
