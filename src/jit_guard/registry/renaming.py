"""The value with which an entry of a registry names another path."""

from __future__ import annotations

from collections.abc import Callable
from posixpath import relpath

from jit_guard.registry.registry import Registry, RegistryEntry
from jit_guard.registry.selection import SelectionError
from jit_guard.registry.target import Path, normalized
from jit_guard.text.printable import quote


class CannotNameError(ValueError):
    """An entry cannot be set to a path. The message says why, as a sentence about the entry."""


def value_for(
    registry: Registry, entry: RegistryEntry, wanted: str, exists: Callable[[Path], bool]
) -> str:
    """Return the value with which an entry names a path; what it was written like is kept.

    Args:
        registry: the entry's.
        entry: a safe entry.
        wanted: the path, relative to the root; that of a directory ends with a slash.
        exists: whether there is what a path means.

    Raises:
        CannotNameError: no value does, or several do.
    """
    context = registry.context_of(entry.keys)
    old = context.value
    if not isinstance(old, str):
        raise CannotNameError("its value is not a text")
    start = normalized(registry.table.base.expand(context), ".").path
    found: dict[str, None] = {}
    for target in registry.table.targets:
        inner = _from(start, wanted, upwards=".." in target.expand(context).split("/"))
        for text in (inner, f"./{inner}") if inner is not None else ():
            inverse = target.inverse(context, text)
            value = None if inverse is None else _like(old, inverse)
            if value is not None and _leads(registry, entry, value, wanted, exists):
                found[value] = None
                break
    if not found:
        raise CannotNameError("no value leads there")
    if len(found) > 1:
        raise CannotNameError(f"several values lead there: {', '.join(map(quote, found))}")
    return next(iter(found))


def _from(start: str, path: str, *, upwards: bool) -> str | None:
    """Return a path relative to a directory; None if it is not below it and may not go up."""
    if not start or path.startswith(f"{start}/"):
        return path[len(start) + 1 :] if start else path
    return relpath(path, start) + "/" * path.endswith("/") if upwards else None


def _like(old: str, new: str) -> str:
    """Write a value as the old one is: with a `./` before it, or a slash behind it."""
    before = "./" if old.startswith("./") and not new.startswith(("./", "../")) else ""
    return before + new + "/" * (old.endswith("/") and not new.endswith("/"))


def _leads(
    registry: Registry,
    entry: RegistryEntry,
    value: str,
    wanted: str,
    exists: Callable[[Path], bool],
) -> bool:
    try:
        after = registry.with_value(entry, value)
    except (SelectionError, TimeoutError):
        return False
    if after is None or after.unsafe is not None:
        return False
    return next((one.shown for one in after.paths if exists(one)), None) == wanted
