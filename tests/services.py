"""The schemas that CI services publish for their files."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path

from check_jsonschema.cli import main  # type: ignore[import-untyped]


def complaints(schema: str, document: Path) -> str:
    """What a service does not accept in a document; empty if it accepts it."""
    check = ["--regex-variant", "nonunicode", "--builtin-schema", f"vendor.{schema}"]
    with redirect_stdout(io.StringIO()) as printed:
        code = main([*check, str(document)], standalone_mode=False)
    return printed.getvalue() if code else ""
