"""Keep credentials out of everything that a generator returns.

A text is stored before it is checked, and a rejected text is sent to the model for a second try. A
text that contains a credential must be neither stored nor sent: it fails here, whatever the
generator, and is stored without the credential.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from jit_guard.errors import JitGuardError
from jit_guard.generators.answers.parts import content_of
from jit_guard.generators.generator import (
    GenerationError,
    GeneratorUnusableError,
    Request,
    Text,
    Usage,
    token_count,
)
from jit_guard.text.credentials import credential_in, scrub
from jit_guard.text.printable import printable

Write = Callable[[Request], Text]


def screened(write: Write) -> Write:
    """Wrap a generator's `write` so that its texts and errors contain no credential.

    The wrapper raises a GenerationError for such a text, and drops implausible usage figures.
    """

    def write_screened(request: Request) -> Text:
        try:
            text = write(request)
        except GenerationError as error:
            kept = None if error.text is None else cleaned(error.text)
            raise GenerationError(printable(scrub(error.reason)), kept) from None
        except JitGuardError as error:
            message = scrub(str(error))
            if message == str(error):
                raise
            raise GeneratorUnusableError(message) from None
        text = _with_plain_content(text)
        if credential := credential_in(text.content):
            raise GenerationError(f"the text contains the value of {credential}", cleaned(text))
        return cleaned(text)

    return write_screened


def _with_plain_content(text: Text) -> Text:
    """Return a text whose content is a string; a plugin may pass on the parts of a message.

    Raises:
        GenerationError: the parts have no text, or a refusal.
    """
    given: object = text.content
    if type(given) is str:
        return text
    found = content_of(given)
    plain = text._replace(
        content=found.text, details={**text.details, "message": {"content": given}}
    )
    if fault := found.fault():
        raise GenerationError(fault, cleaned(plain))
    return plain


def cleaned(text: Text) -> Text:
    """Return the text without credentials, as it may be stored."""
    content = content_of(text.content).text
    if credential_in(content):
        content = scrub(content)
        if name := credential_in(content):  # in a spelling that `scrub` does not remove
            content = f"[removed: it contained the value of {name}]"
    model = scrub(text.model) if isinstance(text.model, str) else None
    return Text(content, _counted(text.usage), model, _clean_details(text.details))


def _clean_details(details: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the details without credentials; nothing if they cannot be removed."""
    try:
        shown = json.dumps(details, default=repr, skipkeys=True)
        if credential_in(shown) is None:
            return details
        shown = scrub(shown)
        return {} if credential_in(shown) else dict(json.loads(shown))
    except (ValueError, RecursionError):  # circular, too deep, an integer with 5,000 digits
        return {}


def _counted(usage: object) -> Usage:
    sent, given, retries = (token_count(getattr(usage, name, None)) for name in Usage._fields)
    return Usage(sent, given, retries or 0)
