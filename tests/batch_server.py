"""A server on loopback with the files and batches of the API, so that the real SDK uses a socket.

It behaves as the API is documented: a batch is validated, its texts are written, and their results
are in files. What goes wrong is set by a test: `BatchServer.faults` are called with each request
before it is handled, and `rewrite` with the lines of each results file.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from chat_server import HttpConnection, Server, completion


class Call(NamedTuple):
    """One request as it arrived."""

    method: str
    path: str  # without /v1 and query
    query: dict[str, str]
    body: bytes

    @property
    def what(self) -> str:
        """The method and the path, with N for names."""
        return f"{self.method} {re.sub(r'(file|batch)-[^/]+', 'N', self.path)}"


class Fault(NamedTuple):
    """What goes wrong with a request. `late`: only after it was handled."""

    status: int = 0  # 0: the connection is closed instead
    body: bytes = b'{"error": {"message": "no"}}'
    headers: tuple[tuple[str, str], ...] = ()
    late: bool = False


Handler = Callable[[Call], "Fault | None"]
Write = Callable[[dict[str, Any]], "dict[str, Any]"]


def written(line: dict[str, Any]) -> dict[str, Any]:
    """Return the result of a request: a text for it."""
    return result(line, 200, _completion(line))


def result(line: dict[str, Any], status: int, body: object) -> dict[str, Any]:
    """Return the line of a result."""
    response = {"status_code": status, "request_id": "req-1", "body": body}
    return {
        "id": f"batch_req_{line['custom_id'][:8]}",
        "custom_id": line["custom_id"],
        "response": response,
        "error": None,
    }


def without_answer(line: dict[str, Any], code: str) -> dict[str, Any]:
    """Return the line of a request that was not executed."""
    return {
        "id": "batch_req_1",
        "custom_id": line["custom_id"],
        "response": None,
        "error": {"code": code, "message": f"This request was not executed: {code}."},
    }


def _completion(line: dict[str, Any]) -> dict[str, Any]:
    asked = line["body"]
    text = f"# Purpose\n\nWritten for {line['custom_id'][:12]}.\n"
    if line["url"] == "/v1/chat/completions":
        return completion(text)
    content = [{"type": "output_text", "text": text}]
    return {
        "id": "resp-1",
        "object": "response",
        "model": asked["model"],
        "status": "completed",
        "output": [{"type": "message", "content": content}],
        "usage": {"input_tokens": 100, "output_tokens": 20},
    }


class BatchServer:
    """A running server: its files, its batches, and the requests that it received."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.files: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.faults: list[Handler] = []
        self.write: Write = written
        self.rewrite: Callable[[list[bytes]], list[bytes]] = list
        self.page = 100  # batches in a page of their list
        self.lock = threading.RLock()
        server = Server(_handler(self))
        self.url, self.stop = server.url, server.stop

    def count(self, what: str) -> int:
        """Return the number of such requests."""
        return [one.what for one in self.calls].count(what)

    def requests(self, name: str) -> list[dict[str, Any]]:
        """Return the lines of the input of a batch."""
        content = self.contents[self.batches[name]["input_file_id"]]
        return [json.loads(line) for line in content.splitlines()]

    def finish(
        self, name: str | None = None, *, status: str = "completed", written: int | None = None
    ) -> None:
        """Write the texts of a batch; by default of every batch.

        Args:
            name: the batch.
            status: how it ends.
            written: how many texts are written before that; None: all.
        """
        with self.lock:
            for one in [name] if name else list(self.batches):
                batch, lines = self.batches[one], self.requests(one)
                done = lines if written is None else lines[:written]
                found = [self.write(line) for line in done]
                code = "batch_expired" if status == "expired" else "batch_cancelled"
                found += [without_answer(line, code) for line in lines[len(done) :]]
                good = [line for line in found if _is_good(line)]
                bad = [line for line in found if not _is_good(line)]
                batch["output_file_id"] = self._results(good)
                batch["error_file_id"] = self._results(bad)
                counts = {"completed": len(good), "failed": len(bad), "total": len(lines)}
                batch.update(status=status, request_counts=counts)

    def fail(self, name: str, **error: object) -> None:
        """Let a batch fail as a whole."""
        errors = {"object": "list", "data": [error]}
        self.batches[name].update(status="failed", errors=errors)

    def handle(self, call: Call) -> tuple[int, bytes]:
        """Return the answer to a request, as the API is documented."""
        with self.lock:
            name = call.path.split("/")[2] if call.path.count("/") > 1 else ""
            match call.what:
                case "POST /files":
                    return self._upload(call)
                case "GET /files":
                    known = [
                        one
                        for one in reversed(self.files.values())
                        if one["purpose"] == call.query.get("purpose", one["purpose"])
                    ]
                    return _page(known, call, 10_000)
                case "DELETE /files/N" if name in self.files:
                    del self.files[name], self.contents[name]
                    return _json({"id": name, "object": "file", "deleted": True})
                case "GET /files/N/content" if name in self.files:
                    return 200, self.contents[name]
                case "POST /chat/completions":  # what a run without --batch asks for
                    return _json(completion("# Purpose\n\nBought alone.\n"))
                case "POST /batches":
                    return self._create(call)
                case "GET /batches":
                    return _page(list(reversed(self.batches.values())), call, self.page)
                case "GET /batches/N" if name in self.batches:
                    return _json(self.batches[name])
            return 404, _error(f"there is no {call.path}")

    def add_file(self, filename: str, content: bytes, purpose: str) -> str:
        """Add a file, and return its name."""
        name = f"file-{len(self.calls)}x{len(self.files)}"
        self.contents[name] = content
        self.files[name] = {
            "id": name,
            "object": "file",
            "bytes": len(content),
            "created_at": 1,
            "filename": filename,
            "purpose": purpose,
            "status": "processed",
        }
        return name

    def _results(self, lines: list[dict[str, Any]]) -> str | None:
        if not lines:
            return None
        content = self.rewrite([json.dumps(line).encode() + b"\n" for line in lines])
        return self.add_file("results.jsonl", b"".join(content), "batch_output")

    def _upload(self, call: Call) -> tuple[int, bytes]:
        fields = _fields(call.body)
        assert fields["purpose"][1] == b"batch"
        filename, content = fields["file"]
        return _json(self.files[self.add_file(filename, content, "batch")])

    def _create(self, call: Call) -> tuple[int, bytes]:
        asked = json.loads(call.body)
        file = asked["input_file_id"]
        if file not in self.files:
            return 400, _error(f"Cannot find file {file}")
        assert asked["completion_window"] == "24h"
        assert all(len(key) <= 64 and len(one) <= 512 for key, one in asked["metadata"].items())
        lines = [json.loads(line) for line in self.contents[file].splitlines()]
        assert {line["url"] for line in lines} == {asked["endpoint"]}
        assert len({line["custom_id"] for line in lines}) == len(lines) <= 50_000
        assert all(len(line["custom_id"]) <= 64 for line in lines)
        name = f"batch-{len(self.batches) + 1}"
        self.batches[name] = {
            "id": name,
            "object": "batch",
            "endpoint": asked["endpoint"],
            "input_file_id": file,
            "completion_window": "24h",
            "status": "validating",
            "created_at": 1,
            "metadata": asked["metadata"],
            "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
        }
        return _json(self.batches[name])


def _is_good(line: dict[str, Any]) -> bool:
    return line["error"] is None and bool(line["response"]["status_code"] == 200)


def _fields(body: bytes) -> dict[str, tuple[str, bytes]]:
    """Return the fields of a form: a filename and a content each."""
    boundary = body.split(b"\r\n", 1)[0]
    found = {}
    for part in body.split(boundary)[1:-1]:
        head, content = part.removeprefix(b"\r\n").split(b"\r\n\r\n", 1)
        words = (
            BytesParser().parsebytes(head + b"\r\n\r\n").get_params(header="content-disposition")
        )
        named = dict(words or [])
        found[named["name"]] = named.get("filename", ""), content.removesuffix(b"\r\n")
    return found


def _json(value: object) -> tuple[int, bytes]:
    return 200, json.dumps(value).encode()


def _error(message: str) -> bytes:
    return json.dumps({"error": {"message": message, "type": "invalid_request_error"}}).encode()


def _page(objects: list[dict[str, Any]], call: Call, most: int) -> tuple[int, bytes]:
    names = [one["id"] for one in objects]
    after = call.query.get("after")
    start = names.index(after) + 1 if after else 0
    size = min(int(call.query.get("limit", "20")), most)
    page = objects[start : start + size]
    return _json({"object": "list", "data": page, "has_more": start + size < len(objects)})


@contextmanager
def batching() -> Iterator[BatchServer]:
    """Run a server."""
    server = BatchServer()
    try:
        yield server
    finally:
        server.stop()


def _handler(server: BatchServer) -> type[BaseHTTPRequestHandler]:
    class Answering(HttpConnection):
        def do_GET(self) -> None:  # noqa: N802 - the name of http.server
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if "chunked" in self.headers.get("transfer-encoding", ""):
                body = self._chunks()
            asked = urlsplit(self.path)
            query = dict(parse_qsl(asked.query))
            call = Call(self.command, asked.path.removeprefix("/v1"), query, body)
            server.calls.append(call)
            fault = next(filter(None, (one(call) for one in server.faults)), None)
            if fault is None or fault.late:
                status, answer = server.handle(call)
            if fault is None:
                self._give(status, answer)
            elif fault.status:
                self._give(fault.status, fault.body, fault.headers)
            else:
                self.reset()

        do_POST = do_DELETE = do_GET  # noqa: N815 - the names of http.server

        def _chunks(self) -> bytes:
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _give(
            self, status: int, body: bytes, headers: tuple[tuple[str, str], ...] = ()
        ) -> None:
            self.send_response(status)
            for name, value in (("content-type", "application/json"), *headers):
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Answering
