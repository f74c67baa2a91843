"""Whether a refusal is about the text that was sent, or about who sent it.

A 403 for one prompt (a content filter, a firewall) must not end a run that a key without
permission has to end. The words are those of OpenAI, Azure, Bedrock, OpenRouter, xAI, Cloudflare
and LiteLLM; without any of them, the refusal is taken to be about the key.
"""

from __future__ import annotations

import re

from jit_guard.generators.chat.error_body import ErrorBody

_CODES = re.compile(
    r"(?i)content|filter|moderat|guardrail|safety|responsible_?ai|flagged|policy_violation"
    r"|invalid_prompt|prompt_|jailbreak"
)
_CERTAIN = re.compile(
    r"(?i)\b(content|prompt|input|message|text|output|response|completion)s?\b[^.]{0,80}"
    r"\b(violat\w*|filter\w*|polic\w+|moderat\w*|flagged|blocked|rejected|disallowed|unsafe"
    r"|not allowed by)"
    r"|\b(content|usage|safety|acceptable use)[ _-](filter\w*|polic\w+|moderat\w*|management"
    r"|guideline\w*|check\w*|system)"
    r"|moderation|guardrail|responsible ai|jailbreak|prompt injection|harmful|inappropriate"
    r"|sensitive (content|data|information|words?)|profanity|personal data|\bPII\b|\bDLP\b"
)
_SENDER = re.compile(
    r"(?i)\b(api[ _-]?key|key|token|account|user|permission\w*|credential\w*"
    r"|authori[sz]\w*|role|scope\w*|organi[sz]ation|project|workspace|team|subscription|plan|billing|country|region|territory"
    r"|ip|location|model)\b"
)
_LIKELY = re.compile(
    r"(?i)\b(blocked|firewall|waf|attention required|security (policy|rule|service)|request"
    r" (was )?(rejected|denied)|web application|violat\w*|cloudflare|filter\w*)\b"
)


def is_about_content(error: ErrorBody) -> bool:
    """Return whether a server refused the text that was sent, as far as its answer says so."""
    if any(_CODES.search(code) for code in error.codes):
        return True
    if _CERTAIN.search(error.text):
        return True
    return not _SENDER.search(error.text) and _LIKELY.search(error.text) is not None
