"""How the tests of contention start processes: the modules are imported once for all of them."""

import multiprocessing
import sys
from typing import Any

CONTEXT: Any = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
if sys.platform != "win32":
    CONTEXT.set_forkserver_preload(["crash.test_contention", "crash.test_readers"])
