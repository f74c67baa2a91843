"""`python -m jit_guard`."""

import sys

# `-m` puts the working directory first on sys.path; never import from the checked repository.
if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
    del sys.path[0]

from jit_guard.cli import run

run()
