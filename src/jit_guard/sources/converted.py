"""Maps and configured files that are in the form in which git stores them, not plain."""

from __future__ import annotations

from jit_guard.errors import UnreadableError
from jit_guard.sources.source import Source
from jit_guard.text import stored_form


def refusal(source: Source, path: str, data: bytes) -> UnreadableError | None:
    """Return why a file that cannot be parsed is not what its author wrote; None if it is."""
    directory, _, name = path.rpartition("/")
    form = stored_form.stored_form(data)
    if form is None:
        not_text = [] if _is_text(data) else [path]
        try:
            attribute = source.filtered({directory: [name]}, not_text).get(path)
        except UnreadableError as error:
            return error
        form = stored_form.filtered(attribute) if attribute else None
    return UnreadableError(path, form.refusal) if form else None


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
