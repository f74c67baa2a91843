"""A scriptable chat server on loopback, so that the real SDK uses a real socket.

A `Reply` describes the response to one request. A script is a list of replies, the last of which
is repeated, or a function of the request's number. The client is not patched.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Reply(NamedTuple):
    """The response of the server to one request."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {"content-type": "application/json"}
    delay: float = 0.0  # before anything is sent
    silence: float = 0.0  # between the headers and the body
    drip: float = 0.0  # seconds between single bytes of the body
    cut: int = 0  # bytes of the body that are announced but never sent
    hold: float = 0.0  # seconds until the connection is closed after that
    reset: bool = False  # close the connection with RST instead of answering
    raw: bytes = b""  # sent instead of an answer
    flood: bytes = b""  # sent after that, repeatedly, until the client disconnects
    pause: float = 0.0  # seconds between two repetitions


class Asked(NamedTuple):
    """One request as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: Any
    at: float

    @property
    def text(self) -> str:
        """The contents of all messages, joined."""
        messages = self.body.get("messages") or self.body["input"]
        return "\n".join(message["content"] for message in messages)

    @property
    def parameters(self) -> set[str]:
        """The names of all parameters beyond model and messages."""
        return set(self.body) - {"model", "messages", "input"}


Script = Callable[[int, Asked], Reply]


def completion(
    content: object = "# Purpose\n\nWrite it.\n", finish_reason: object = "stop", **message: object
) -> dict[str, Any]:
    """Make a completion, as the API returns it."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "fake-1",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish_reason,
                "message": {"role": "assistant", "content": content, **message},
            }
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }


def good(content: str = "# Purpose\n\nWrite it.\n", delay: float = 0.0) -> Reply:
    """Make a valid answer."""
    return answer(completion(content))._replace(delay=delay)


def answer(body: object, status: int = 200, **headers: str) -> Reply:
    """Make an answer with any JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(body).encode(), {"content-type": "application/json", **named})


def delta(finish_reason: str | None = None, **fields: object) -> dict[str, Any]:
    """Make a chunk of a stream."""
    choice = {"index": 0, "delta": fields, "finish_reason": finish_reason}
    return {"id": "chatcmpl-1", "model": "fake-1", "choices": [choice]}


USAGE = {"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 20}}


def streamed(*chunks: object, end: str = "data: [DONE]\n\n") -> Reply:
    """Make a stream of these chunks; a string is sent as it is."""
    events = (one if isinstance(one, str) else f"data: {json.dumps(one)}\n\n" for one in chunks)
    return Reply(200, ("".join(events) + end).encode(), {"content-type": "text/event-stream"})


def error(status: int, message: str = "no", code: str | None = None, **headers: str) -> Reply:
    """Make an error, as the API returns it."""
    return answer({"error": {"message": message, "type": code, "code": code}}, status, **headers)


class ChatServer:
    """A running server: its address, and the requests it received."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.flooded = 0  # bytes
        self.in_flight = 0
        self.most_in_flight = 0
        self._script = script
        self._lock = threading.Lock()
        server = Server(_handler(self), tls)
        self.url, self.stop = server.url, server.stop

    def arrived(self, asked: Asked) -> Reply:
        """Record a request, and return the reply to it."""
        with self._lock:
            self.asked.append(asked)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            return self._script(len(self.asked), asked)

    def done(self) -> None:
        """Record that a request was answered."""
        with self._lock:
            self.in_flight -= 1


@contextmanager
def serving(*replies: Reply | Script, tls: ssl.SSLContext | None = None) -> Iterator[ChatServer]:
    """Run a server that sends these replies in order, and then repeats the last one."""
    first = replies[0]
    script = first if callable(first) else _in_order([r for r in replies if isinstance(r, Reply)])
    server = ChatServer(script, tls)
    try:
        yield server
    finally:
        server.stop()


def dead_port() -> str:
    """Return an address without a server."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{found.getsockname()[1]}/v1"


def _in_order(replies: Sequence[Reply]) -> Script:
    return lambda number, _: replies[min(number, len(replies)) - 1]


class Server(ThreadingHTTPServer):
    """A server on loopback that answers in a thread of its own."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None):
        super().__init__(("127.0.0.1", 0), handler)
        self._scheme = "http" if tls is None else "https"
        if tls is not None:  # the handshake is left to the thread of the connection
            self.socket = tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        """The value for `--base-url`."""
        return f"{self._scheme}://127.0.0.1:{self.server_address[1]}/v1"

    def stop(self) -> None:
        """Stop listening; connections end with their clients."""
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore errors, since in some tests the client disconnects."""


class HttpConnection(BaseHTTPRequestHandler):
    """Answers the requests of one connection, which stays open."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30

    def reset(self) -> None:
        """End the connection without an answer, as a crash does."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.rfile.close()
        self.wfile.close()
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def _handler(server: ChatServer) -> type[BaseHTTPRequestHandler]:
    class Handler(HttpConnection):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.path, headers, json.loads(body), time.monotonic())
            reply = server.arrived(asked)
            try:
                self._give(reply)
            finally:
                server.done()

        def _give(self, reply: Reply) -> None:
            time.sleep(reply.delay)
            if reply.reset:
                self.reset()
                return
            if reply.raw or reply.flood:
                self.close_connection = True
                self._flood(reply)
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body) + reply.cut))
            self.end_headers()
            time.sleep(reply.silence)
            if reply.drip:
                for byte in reply.body:
                    self.wfile.write(bytes([byte]))
                    time.sleep(reply.drip)
            else:
                self.wfile.write(reply.body)
            if reply.cut:
                self.wfile.flush()
                time.sleep(reply.hold)
                self.close_connection = True

        def _flood(self, reply: Reply) -> None:
            self.wfile.write(reply.raw)
            while reply.flood and server.flooded < 1 << 30:
                self.wfile.write(reply.flood)
                server.flooded += len(reply.flood)
                time.sleep(reply.pause)

    return Handler
