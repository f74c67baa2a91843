"""Whole texts that are no component, whatever was asked for: placeholders, refusals, echoes."""

from __future__ import annotations

import json
import re

from jit_guard.generators.answers.wrapping import is_greeting
from jit_guard.generators.generator import Request
from jit_guard.generators.prompt import FIRST_LINES

# In lower case, without punctuation and space at either end.
_PLACEHOLDERS = frozenset({
    "none", "null", "nil", "undefined", "nan", "na", "n/a", "todo", "tbd", "object object",
    "empty", "no response", "no content", "no output", "no answer", "error", "ok", "okay", "done",
    "assistant", "user", "system", "model", "server", "string", "content", "eof", "end",
    "placeholder", "insert text here", "your text here", "your answer here", "text here", "br",
    "text of the file", "file content", "file contents", "the text of the file",
})  # fmt: skip
_AROUND = re.compile(r"^[\W_]+|[\W_]+$")

_LONGEST_REFUSAL = 600  # characters; a longer text is about refusals
_CANNOT = (
    r"(?:can(?:no|['’])?t|can not|(?:am|['’]m) (?:unable|not able)|won['’]t|will not|must decline"
    r"|have to decline)"
)
_TO_HELP = (
    r"(?:help|assist|comply|fulfil|generate|provide|create|write|do|continue|engage|answer|support)"
)
_REFUSAL = re.compile(
    r"(?i)\W{0,3}(?:"
    r"(?:(?:(?:i['’]?m|i am) )?(?:(?:very|truly|so|really) )?sorry|i apologi[sz]e|(?:my )?apologies"
    r"|unfortunately|(?:i['’]?m|i am) afraid(?: that)?)[,.!:;—-]{0,2} (?:but |however,? )?"
    rf"(?:i|we) ?{_CANNOT}\b"
    rf"|i ?{_CANNOT}(?: to)? {_TO_HELP}\b"
    rf"|as an? (?:ai|artificial|large language)\b[^.\n]{{0,60}}?\bi ?{_CANNOT}\b"
    r"|(?:lo siento|lo lamento|(?:je suis )?désolée?|es tut mir leid|tut mir leid|(?:me )?desculpe"
    r"|mi dispiace),[^.\n]{0,80}?\b(?:no puedo|ne peux pas|kann|não posso|non posso)\b"
    r"|(?:很?抱歉|对不起|非常抱歉)[，,][^。\n]{0,80}?(?:无法|不能)"
    r"|申し訳(?:ありません|ございません)[^。\n]{0,80}?(?:できません|できかねます)"
    r")"
)
_LISTED = re.compile(r"(?m)^(?:#{1,6} |[-*+] |\d+[.)] |---$|\|)")
_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|\Z)|[=-]{3,}\s*\Z|\s*[-*+]?\s*\Z")
_TAG = re.compile(r"</?[A-Za-z][\w:.-]{0,60}(?:\s[^<>\n]{0,200})?/?>")
_TOOL_CALL = re.compile(
    r"<(?:tool_call|function_call|tool_calls|function_calls|seed:tool_call|minimax:tool_call)>"
    r"|\[TOOL_CALLS\]|<\|(?:tool_call|tool_calls_section_begin|python_tag)\|>"
    r"|<｜tool▁calls▁begin｜>|<function="
)
_PARTS = re.compile(
    r"\[\s{0,9}\{\s{0,9}([\"'])type\1: ?\1(?:text|thinking|reasoning|output_text)\1"
)
_ERROR_PAGE = re.compile(
    r"(?is)\s{0,99}(?:<!doctype html[^>]{0,200}>\s{0,99})?<html\b.{0,500}?<title>\s{0,9}"
    r"(?:[45]\d\d\b|error\b|access denied|attention required)"
)


def non_answer(text: str, request: Request) -> str | None:
    """Return why a whole text is not an answer, in lower case; None if it may be one."""
    stripped = text.strip()
    short = _AROUND.sub("", stripped[:_LONGEST_REFUSAL])
    if not re.search(r"[^\W_]", stripped):
        return "the text has no words"
    if len(stripped) <= 40 and short.casefold() in _PLACEHOLDERS:
        return f"the text is only {short!r}"
    if is_greeting(stripped):
        return "the text is only a greeting"
    if _is_refusal(stripped):
        return f"the model refused: {' '.join(stripped.split())[:200]}"
    if _TOOL_CALL.match(stripped):
        return "the text is a call of a tool"
    if _is_echo(stripped):
        return "the text repeats the request"
    if request.suffix != ".json" and (found := _is_envelope(stripped)):
        return found
    if _ERROR_PAGE.match(stripped):
        return "the text is an error page"
    return _shell(stripped)


def _is_refusal(text: str) -> bool:
    return len(text) <= _LONGEST_REFUSAL and not _LISTED.search(text) and bool(_REFUSAL.match(text))


def _is_echo(text: str) -> bool:
    """Check whether a text begins as the prompt does, or is the request of `--command`."""
    if text.startswith(FIRST_LINES):
        return True
    if not text.startswith('{"version":'):
        return False
    keys = ('"goal":', '"component_type":', '"filename":', '"examples":', '"prompt":')
    return all(key in text for key in keys)


def _is_envelope(text: str) -> str | None:
    """Return what a text is if it is a server's answer instead of the text in it."""
    if _PARTS.match(text):
        return "the text is a list of parts"
    if not text.startswith(("{", '"')):
        return None
    try:
        value = json.loads(text, parse_int=len)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, str):
        return "the text is a JSON string" if "\\n" in text else None
    if isinstance(value.get("choices"), list) or value.get("object") == "chat.completion":
        return "the text is a whole chat completion"
    if set(value) <= {"error", "status", "code", "message", "type", "request_id"} and (
        "error" in value
    ):
        return "the text is an error message of a server"
    return None


def _shell(text: str) -> str | None:
    """Return what a text is if it has headings or tags, but nothing in them."""
    lines = text.split("\n")
    headings = sum(1 for line in lines if line.lstrip().startswith("#"))
    if headings > 1 and all(_HEADING.match(line) for line in lines):
        return "the text has only headings"
    if text.startswith("<") and not re.search(r"[^\W_]", _TAG.sub("", text)):
        tags = set(_TAG.findall(text))
        if any(tag.startswith("</") for tag in tags):
            return "the text has only tags"
    return None
