"""The HTTP client of the SDK: one known route, no redirects, and errors of bounded size.

The SDK's default client follows redirects, and so would send the prompt and every header of
OPENAI_CUSTOM_HEADERS to a host that the user did not name. It also decompresses without a
limit; see `body.py`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin, urlsplit

from openai import DefaultAsyncHttpxClient

from jit_guard.generators.chat.body import error_body
from jit_guard.generators.chat.call_fault import CallFault, CallFaultError
from jit_guard.generators.chat.route import Route
from jit_guard.text.credentials import scrub
from jit_guard.text.printable import printable

_SHOWN = 200
_FRAMING = ("content-encoding", "content-length", "transfer-encoding")  # of what was received


class Exchange(DefaultAsyncHttpxClient):
    """Like the SDK's default client, but reads no environment and no compressed body.

    Args:
        route: the route to the server.
        timeout: as for the SDK's client.

    Raises:
        GeneratorUnusableError: the certificates to trust cannot be loaded.
    """

    def __init__(self, route: Route, timeout: Any) -> None:
        certificates = route.certificates()
        super().__init__(
            timeout=timeout,
            follow_redirects=False,
            event_hooks={"response": [self._refuse_redirect]},
            proxy=route.proxy.url if route.proxy else None,
            verify=True if certificates is None else certificates,
            trust_env=False,  # the route is already known
        )
        self._server = route.shown

    async def send(self, request: Any, **options: Any) -> Any:
        """Return the answer to a request; its body is read by the caller unless it is an error.

        Raises:
            CallFaultError: it is a redirect.
        """
        request.headers.pop("accept-encoding", None)
        options.update(stream=True, follow_redirects=False)
        response = await super().send(request, **options)
        if not response.is_error:
            return response
        try:
            content = await error_body(response)
        finally:
            await response.aclose()
        headers = response.headers.multi_items()
        return type(response)(
            response.status_code,
            headers=[pair for pair in headers if pair[0].lower() not in _FRAMING],
            content=content,
            request=response.request,
            extensions=response.extensions,
        )

    async def _refuse_redirect(self, response: Any) -> None:
        if 300 <= response.status_code < 400:
            where = _destination(str(response.request.url), response.headers.get("location", ""))
            raise CallFaultError(
                CallFault(
                    f"{self._server}: {response.status_code}: redirects to {where}, "
                    "and redirects are not followed; check --base-url",
                    fatal=True,
                )
            )


def _destination(asked: str, location: str) -> str:
    """Return the host and path of a redirect; its query or user name may be a secret."""
    try:
        parts = urlsplit(urljoin(asked, location))
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "an invalid URL"
    if not location:
        return "no URL"
    shown = printable(scrub(f"{parts.scheme}://{host}{parts.path}"))
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
