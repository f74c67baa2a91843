"""Coverage-guided fuzzing of the whole command: map, tree, configuration and arguments at once.

    python tests/fuzz/fuzz_check.py -max_total_time=30

No input may cause an internal error (exit 3), an exit code outside the contract, a traceback, or a
raw control character. Uses atheris; if it is not installed, a plain random generator feeds the same
target for `FUZZ_SECONDS` (default 30).
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import pkgutil
import random
import sys
import tempfile
import time
from pathlib import Path

try:
    import atheris
except ImportError:
    atheris = None


def _instrument() -> None:
    """Import every module now, because those imported later would not be instrumented."""
    with atheris.instrument_imports(["jit_guard"]):
        import jit_guard

        for module in pkgutil.walk_packages(jit_guard.__path__, "jit_guard."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


if __name__ == "__main__" and atheris is not None:
    _instrument()

from jit_guard.cli import main  # noqa: E402 - after what must come first

ARGUMENTS = (
    "--strict", "-q", "-v", "--format", "json", "text", "github", "--select", "JG2", "--ignore",
    "JG301,JG2", "--map", "goal_map.json", "--color", "always", "explain", "config", "selftest",
    "JG201", "--components", "components", "--schemafile", "schema.json", "--baseline", "b",
    "--update-baseline", "check", "--root", ".", "--help", "--version",
)  # fmt: skip
NAMES = (
    "a.txt", "A.txt", "b", "aux.txt", "x.tmp", ".gitkeep", "\u00e9", "e\u0301", "\x1b[2J", "::e",
)  # fmt: skip
# No file, no configuration, no schema, no argument, and a map; one file and a map; arguments.
SEEDS = (
    b'\0\1\0\0\1{"G": {"protocol": "a.txt", "a": "b"}, "G": {}, "H": {"x": [NaN]}}',
    b'\1\0\1\3abc\1\0\0\1{"$schema": "x", "G": {"protocol": "../a.txt"}}',
    b'\0\0\x14components = "as"\nx=1\0\2\3\4\1{"G": {"protocol": "./a.txt"}}',
)


class Bytes:
    """Values drawn from a string of bytes, like the fuzzer's own provider."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next bytes; fewer at the end."""
        piece = self._data[self._at : self._at + count]
        self._at += count
        return piece

    def number(self, below: int) -> int:
        """A number from 0 up to, not including, `below`."""
        return int.from_bytes(self.take(1) or b"\0", "big") % below

    def text(self) -> bytes:
        """Text from the next bytes; its first byte is the length."""
        return self.take(self.number(200))


def one_input(data: bytes) -> None:
    """Create the project that the bytes describe, run a command on it, and check the output."""
    source = Bytes(data)
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        for _ in range(source.number(6)):
            name = NAMES[source.number(len(NAMES))]
            place = root / "components" / ("as", "protocols", "b/c")[source.number(3)]
            place.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(OSError):
                (place / name).write_bytes(source.text())
        if source.number(3) == 0:
            (root / "jit-guard.toml").write_bytes(source.text())
        (root / "schema.json").write_bytes(source.text())
        arguments = [ARGUMENTS[source.number(len(ARGUMENTS))] for _ in range(source.number(5))]
        if source.number(4) == 0:
            arguments.append(source.text().decode("utf-8", "surrogateescape").replace("\0", ""))
        (root / "goal_map.json").write_bytes(source.take(4096))
        os.chdir(root)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(arguments)
        os.chdir("/")
    shown = out.getvalue() + err.getvalue()
    allowed = "\n" if "always" not in arguments else "\n\x1b"
    raw = {letter for letter in shown if (letter < " " or "\x7f" <= letter < "\xa0")}
    # `selftest` exits with 3 if a rule stays silent, which may happen in a random project.
    codes = (0, 1, 2, 3) if "selftest" in arguments[:1] else (0, 1, 2)
    assert code in codes, f"exit code {code} for {arguments}: {shown}"
    assert "Traceback" not in shown or "-v" in arguments, shown
    assert "error: internal error" not in shown, shown  # the help names the words alone
    assert not raw.difference(allowed), f"raw {raw!r} in {shown!r}"


def _random_run(seconds: float) -> None:
    seed = int(os.environ.get("FUZZ_SEED", "0"))
    generator = random.Random(seed)
    pieces = (b'{"a": {"a": "a.txt"}}', b'{"G":{"protocol":"', b'"}}', b"[", b"{", b"\xff", b"NaN")
    stop, runs = time.monotonic() + seconds, 0
    while time.monotonic() < stop:
        head = generator.randbytes(generator.randrange(120))
        tail = b"".join(generator.choices(pieces, k=generator.randrange(6)))
        one_input(head + tail)
        runs += 1
    print(f"{runs} random inputs, seed {seed}, in {seconds:.0f} s: nothing found")


if __name__ == "__main__":
    if atheris is None:
        _random_run(float(os.environ.get("FUZZ_SECONDS", "30")))
    else:
        with tempfile.TemporaryDirectory() as corpus:
            for number, seed in enumerate(SEEDS):
                (Path(corpus) / str(number)).write_bytes(seed)
            atheris.Setup([*sys.argv, corpus], one_input)
            atheris.Fuzz()
