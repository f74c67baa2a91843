"""`python -m benchmarks.generation`: the time that the generator `openai` adds to a model's own.

A server on loopback takes L seconds for each answer. For N texts, J at a time, the limit is
1.1 * ceil(N / J) * L + 0.5 s, without start-up (the import of the SDK).
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import ceil
from multiprocessing.connection import Connection

from jit_guard.generators.choice import EMBEDDED
from jit_guard.generators.generator import Options, Request

CASES = ((8, 4, 0.5), (40, 4, 0.2), (64, 16, 0.5), (200, 20, 0.5))
ANSWER = json.dumps(
    {
        "choices": [{"finish_reason": "stop", "message": {"content": "# Purpose\n\nWrite it.\n"}}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20},
    }
).encode()


class _Model(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Wait for as long as the request's path says, and answer."""
        self.rfile.read(int(self.headers["content-length"]))
        time.sleep(float(self.path.split("/")[1]))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256


def serve(port: Connection) -> None:
    """Run the server in a process of its own, so that its work is not measured."""
    server = _Server(("127.0.0.1", 0), _Model)
    port.send(server.server_address[1])
    server.serve_forever()


def measure(base_url: str, count: int, jobs: int) -> tuple[float, float]:
    """Seconds for the first text, including start-up, and for all others."""
    writer = EMBEDDED["openai"].factory(Options(".", "fake", base_url=base_url))
    requests = [
        Request(f"GOAL {n}", "persona", f"{n}.txt", f"components/personas/{n}.txt", "Be kind.")
        for n in range(count + 1)
    ]
    started = time.perf_counter()
    writer.write(requests.pop())
    first = time.perf_counter() - started
    started = time.perf_counter()
    with ThreadPoolExecutor(jobs) as threads:
        list(threads.map(writer.write, requests))
    wall = time.perf_counter() - started
    writer.close()
    return first, wall


def main() -> None:
    """Measure, and print a Markdown table; exit with 1 if a case is over its limit."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    port = ours.recv()
    print("| texts | at once | answer takes | first text | all others | floor | limit | |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    over = False
    for count, jobs, latency in CASES:
        first, wall = measure(f"http://127.0.0.1:{port}/{latency}/v1", count, jobs)
        floor = ceil(count / jobs) * latency
        limit = 1.1 * floor + 0.5
        over |= wall > limit
        print(
            f"| {count} | {jobs} | {latency:.1f} s | {first:.2f} s | {wall:.2f} s | {floor:.2f} s "
            f"| {limit:.2f} s | {'over' if wall > limit else 'within'} |"
        )
    server.terminate()
    sys.exit(over)


if __name__ == "__main__":
    main()
