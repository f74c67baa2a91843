"""The program of the killed processes: the real command, with strace on one thread.

python fix_command.py THREAD OPTIONS ARGUMENTS...

strace counts calls per thread, so "the n-th call" is ambiguous for a command with several threads.
Here strace is attached to one thread only: `main` before the command begins, `writer` when the
first thread that generates texts begins, or none (`-`). OPTIONS is a JSON list for strace.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time

_ANY_TRACER = 0x59616D61  # PR_SET_PTRACER, for kernels where only a parent may trace


def attach(options: list[str]) -> None:
    """Attach strace to this thread, and wait until it is attached."""
    import ctypes

    ctypes.CDLL(None).prctl(_ANY_TRACER, ctypes.c_ulong(-1), 0, 0, 0)
    null = subprocess.DEVNULL
    thread = str(threading.get_native_id())
    tracer = subprocess.Popen(
        ["strace", "-qq", "-e", "signal=none", *options, "-p", thread],
        stdin=null, stdout=null, stderr=null, start_new_session=True,
    )  # fmt: skip
    while True:
        with open(f"/proc/self/task/{thread}/status") as status:
            if "TracerPid:\t0\n" not in status.read():
                return
        if tracer.poll() is not None:
            sys.exit("strace cannot be attached")
        time.sleep(0.001)


def main() -> None:
    thread, options = sys.argv[1], json.loads(sys.argv[2])
    sys.argv[1:3] = []
    sys.path[:1] = []  # not this directory
    real = threading.Thread.run
    writers: list[threading.Thread] = []

    def run(self: threading.Thread) -> None:
        target = getattr(self, "_target", None)
        if getattr(target, "__module__", "") == "jit_guard.fixing.delivery":
            writers.append(self)
            if self is writers[0]:
                attach(options)
        real(self)

    if thread == "writer":
        threading.Thread.run = run  # type: ignore[method-assign]
    from jit_guard import cli
    from jit_guard.fixing import delivery
    from jit_guard.fixing import run as fixing

    # However slow the machine, all texts arrive together, so that there is one commit.
    delivery._MOMENT = fixing._GATHER = 60.0
    if thread == "main":
        attach(options)
    cli.run()


if __name__ == "__main__":
    main()
