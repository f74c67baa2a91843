"""`spec/check.py` of this repository, which is a script and no package."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any


def _load() -> Any:
    path = Path(__file__).parents[2] / "spec" / "check.py"
    found = importlib.util.spec_from_file_location("spec_check", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules["spec_check"] = module
    found.loader.exec_module(module)
    return module


check = _load()
