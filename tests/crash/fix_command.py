"""The program of the killed processes: the real command, with strace on one thread.

python fix_command.py THREAD OPTIONS ARGUMENTS...

strace counts calls per thread, so "the n-th call" is ambiguous for a command with several threads.
Here strace is attached to one thread only: `main` before the command begins, `writer` when the
first thread that generates texts begins, or none (`-`). OPTIONS is a JSON list for strace.
"""

from __future__ import annotations

import json
import sys
import threading


def main() -> None:
    """Run the command that `sys.argv` has."""
    from crash.tracing import attach

    thread, options = sys.argv[1], json.loads(sys.argv[2])
    sys.argv[1:3] = []
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
    sys.path[0] = sys.path[0].removesuffix("/crash")
    main()
