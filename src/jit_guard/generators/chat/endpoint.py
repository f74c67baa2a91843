"""The endpoint of a model: server, key and model name, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from jit_guard.errors import UsageError
from jit_guard.generators.chat.keys import api_key
from jit_guard.generators.generator import GeneratorUnusableError, Options
from jit_guard.text.credentials import scrub

OPENAI = "https://api.openai.com/v1"
DEFAULT_MODEL = "gpt-5-mini"
_ANY_KEY = "none"  # the SDK always sends a key; servers without keys accept any

# The longest answer under a budget, in tokens. For OpenAI it includes the model's reasoning.
_LONGEST_THOUGHT_AND_TEXT = 8192
_LONGEST_TEXT = 4096


class Endpoint(NamedTuple):
    """A model on a server."""

    base_url: str
    key: str
    model: str

    @property
    def shown(self) -> str:
        """The server as shown in messages."""
        return scrub(self.base_url)

    @property
    def is_openai(self) -> bool:
        """Whether this is OpenAI or Azure, whose models expect `max_completion_tokens`."""
        host = urlsplit(self.base_url).hostname or ""
        return _is_openai_itself(self.base_url) or host.endswith(
            (".openai.azure.com", ".services.ai.azure.com")
        )

    @property
    def longest_answer(self) -> int:
        """The maximum number of tokens for an answer under a budget."""
        return _LONGEST_THOUGHT_AND_TEXT if self.is_openai else _LONGEST_TEXT


def endpoint(options: Options, environ: Mapping[str, str]) -> Endpoint:
    """Determine the endpoint, from flags first, then from the environment.

    Raises:
        UsageError: the address is not a URL, or no model is named for a server but OpenAI.
        GeneratorUnusableError: OpenAI needs a key and none is set, or it cannot be sent.
    """
    given = (options.base_url or "").strip()
    base_url = given or environ.get("OPENAI_BASE_URL", "").strip() or OPENAI
    where = "--base-url" if given else "OPENAI_BASE_URL"
    if fault := _fault(base_url):
        raise UsageError(f"{where} {scrub(base_url)!r} {fault}")
    key = api_key(environ)
    made = Endpoint(base_url, key or _ANY_KEY, options.model or DEFAULT_MODEL)
    if key is None and _is_openai_itself(base_url):
        raise GeneratorUnusableError(
            "the generator 'openai' needs a key; set OPENAI_API_KEY, pass --base-url for your own "
            "server (see docs/models.md), or use --generator scaffold"
        )
    if options.model is None and not made.is_openai:
        raise UsageError(
            f"{made.shown} has no default model; pass --model with a model that it serves"
        )
    return made


def _is_openai_itself(base_url: str) -> bool:
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    return host == "api.openai.com" or host.endswith(".api.openai.com")


def _fault(base_url: str) -> str | None:
    if not base_url.isprintable() or " " in base_url:
        return "contains whitespace or control characters"
    try:
        parts: SplitResult = urlsplit(base_url)
        port = parts.port
    except ValueError as error:
        return f"is not a URL: {error}"
    if parts.scheme not in ("http", "https"):
        return "must start with http:// or https://"
    if not parts.hostname or port == 0:
        return "has no host"
    return None
