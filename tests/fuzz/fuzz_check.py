"""Fuzzing of every command on hostile projects: registries, tree, configuration and state at once.

    python tests/fuzz/fuzz_check.py -max_total_time=30      # with atheris, guided by coverage
    FUZZ_SECONDS=30 FUZZ_SEED=7 python tests/fuzz/fuzz_check.py   # without; the same every time
    python tests/fuzz/fuzz_check.py crash-0123…             # one input again, with its output

Each input is a project and a few commands (`worlds`, `commands`). Nothing may cause an internal
error, an exit code outside the contract, a traceback, a hang, an output that is invalid or has a
control character, another answer to the same question, or a change of what a command only reads.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import atheris
except ImportError:
    atheris = None

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))


def _instrument() -> None:
    """Import every module now, because those imported later would not be instrumented."""
    with atheris.instrument_imports(["jit_guard"]):
        import jit_guard

        for module in pkgutil.walk_packages(jit_guard.__path__, "jit_guard."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


GUIDED = atheris is not None and "FUZZ_SEED" not in os.environ
if __name__ == "__main__" and GUIDED:
    _instrument()

from fuzz.commands import run_some  # noqa: E402 - after what must come first
from fuzz.decisions import Decisions  # noqa: E402
from fuzz.worlds import build  # noqa: E402

MOST_BYTES = 600


def one_input(data: bytes, *, show: bool = False) -> None:
    """Create the project that the bytes describe, run some commands on it, check the output."""
    draw = Decisions(data)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        sandbox = Path(directory)
        run_some(draw, build(draw, sandbox), sandbox, show=show)


def random_inputs(seed: int) -> Iterator[bytes]:
    """Yield inputs without end, the same for the same seed."""
    generator = random.Random(seed)
    while True:
        yield generator.randbytes(generator.randrange(MOST_BYTES))


def _random_run(seconds: float) -> None:
    seed = int(os.environ.get("FUZZ_SEED", "0"))
    stop, runs = time.monotonic() + seconds, 0
    for data in random_inputs(seed):
        if time.monotonic() > stop:
            break
        try:
            one_input(data)
        except BaseException:
            file = Path(tempfile.gettempdir()) / f"jit-guard-fuzz-{seed}-{runs}"
            file.write_bytes(data)
            print(f"to run it again: python {sys.argv[0]} {file}", file=sys.stderr)
            raise
        runs += 1
    print(f"{runs} random projects, seed {seed}, in {seconds:.0f} s: nothing found")


if __name__ == "__main__":
    os.environ["JIT_GUARD_NO_NETWORK"] = "1"
    if len(sys.argv) == 2 and os.path.isfile(sys.argv[1]):
        one_input(Path(sys.argv[1]).read_bytes(), show=True)
    elif GUIDED:
        options = ["-len_control=0", f"-max_len={MOST_BYTES}", *sys.argv[1:]]
        atheris.Setup([sys.argv[0], *options], one_input)
        atheris.Fuzz()
    else:
        _random_run(float(os.environ.get("FUZZ_SECONDS", "30")))
