"""Where a model is: the server, the key and the model's name, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from jit_guard.errors import UsageError
from jit_guard.generators.chat.keys import api_key, scrub
from jit_guard.generators.generator import GeneratorUnusableError, Options

OPENAI = "https://api.openai.com/v1"
DEFAULT_MODEL = "gpt-5-mini"
_ANY_KEY = "none"  # the SDK sends one always; servers that need none take any

# How long an answer may be where a budget limits it, in tokens. OpenAI's models think within it.
_LONGEST_THOUGHT_AND_TEXT = 8192
_LONGEST_TEXT = 4096


class Endpoint(NamedTuple):
    """A model at a server."""

    base_url: str
    key: str
    model: str

    @property
    def shown(self) -> str:
        """The server as messages name it."""
        return scrub(self.base_url)

    @property
    def is_openai(self) -> bool:
        """OpenAI itself, or Azure, whose models want `max_completion_tokens`."""
        host = urlsplit(self.base_url).hostname or ""
        return host == "api.openai.com" or host.endswith(
            (".api.openai.com", ".openai.azure.com", ".services.ai.azure.com")
        )

    @property
    def longest_answer(self) -> int:
        """The most tokens an answer is given where a budget has to know."""
        return _LONGEST_THOUGHT_AND_TEXT if self.is_openai else _LONGEST_TEXT


def endpoint(options: Options, environ: Mapping[str, str]) -> Endpoint:
    """The endpoint that a call names: flags first, then the environment.

    Raises:
        UsageError: the address is none, or a server other than OpenAI has no model named.
        GeneratorUnusableError: there is no key and OpenAI needs one, or it cannot be sent.
    """
    given = (options.base_url or "").strip()
    base_url = given or environ.get("OPENAI_BASE_URL", "").strip() or OPENAI
    where = "--base-url" if given else "OPENAI_BASE_URL"
    if fault := _fault(base_url):
        raise UsageError(f"{where} {scrub(base_url)!r} {fault}")
    key = api_key(environ)
    made = Endpoint(base_url, key or _ANY_KEY, options.model or DEFAULT_MODEL)
    if key is None and base_url == OPENAI:
        raise GeneratorUnusableError(
            "the generator 'openai' needs a key: set OPENAI_API_KEY, or name a server of your own "
            "with --base-url (see docs/models.md), or take --generator scaffold"
        )
    if options.model is None and not made.is_openai:
        raise UsageError(f"name a model: --model, one that {made.shown} serves")
    return made


def _fault(base_url: str) -> str | None:
    if not base_url.isprintable() or " " in base_url:
        return "holds white space or control characters"
    try:
        parts: SplitResult = urlsplit(base_url)
        port = parts.port
    except ValueError as error:
        return f"is no address: {error}"
    if parts.scheme not in ("http", "https"):
        return "must begin with http:// or https://"
    if not parts.hostname or port == 0:
        return "names no host"
    return None
