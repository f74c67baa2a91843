"""Globs of what the entries of a proposed table must name: what is beside the paths they name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from posixpath import commonpath, splitext

from jit_guard.commands.path_index import PathIndex
from jit_guard.registry.tree_globs import TreeGlobs
from jit_guard.text.names import never_counts

_COVERED = 0.35  # of what a glob accepts, the least that entries name
_MOST = 8  # globs
_FEW = 3  # beyond it, globs that differ in their first directory become one


def guess_tree(
    index: PathIndex, paths: Sequence[str], named: Iterable[str] = (), covered: float = _COVERED
) -> list[str]:
    """Return globs that accept the paths and little else; none if there are none.

    Args:
        index: the paths of the project.
        paths: what the entries name; of a directory with a final slash.
        named: what other entries name.
        covered: of what a glob accepts, the least that entries name.
    """
    known = {*paths, *named}
    found: dict[str, None] = {}
    constant = len(paths) > 1 and len({one.rpartition("/")[2] for one in paths}) == 1
    for group in _grouped(paths):
        for glob in _globs(index, group, known, covered, constant=constant):
            found[glob] = None
    ends = {glob.partition("/")[2] for glob in found}
    if len(found) > _FEW and len(ends) == 1:
        wider = f"*/{ends.pop()}"
        some = accepted(index, [wider])
        if sum(one in known for one in some) >= covered * len(some):
            return [wider]
    return list(found) if len(found) <= _MOST else []


def accepted(index: PathIndex, globs: Sequence[str]) -> list[str]:
    """Return the paths that globs accept, but for names that never count."""
    tree = TreeGlobs(globs)
    directories = any(one.endswith("/") for one in globs)
    found = [
        path
        for path in index.files
        if not never_counts(path.rpartition("/")[2]) and tree.accepts(path)
    ]
    return found + [
        f"{path}/"
        for path in (index.directories if directories else ())
        if path and tree.accepts(path, directory=True)
    ]


def _grouped(paths: Sequence[str]) -> list[list[str]]:
    """Group paths by their first directory."""
    groups: dict[str, list[str]] = {}
    for path in dict.fromkeys(paths):
        top, slash, rest = path.partition("/")
        groups.setdefault(top if slash and rest else "", []).append(path)
    return list(groups.values())


def _globs(
    index: PathIndex, paths: Sequence[str], known: set[str], covered: float, *, constant: bool
) -> Iterator[str]:
    """Yield the globs of paths in one directory; of parts of it, if they cover too little."""
    for glob in _candidates(paths, constant=constant):
        some = accepted(index, [glob])
        if some and sum(one in known for one in some) >= covered * len(some):
            yield glob
            return
    suffixes: dict[str, list[str]] = {}
    for path in paths:
        suffixes.setdefault(splitext(path)[1], []).append(path)
    if 1 < len(suffixes) <= _MOST:
        for group in suffixes.values():
            yield from _globs(index, group, known, covered, constant=constant)
        return
    parents = [one.rstrip("/").rpartition("/")[0] for one in paths]
    around = commonpath(parents) if all(parents) else ""
    depth = around.count("/") + 1 if around else 0
    inner: dict[str, list[str]] = {}
    for path, parent in zip(paths, parents, strict=True):
        inner.setdefault("/".join(parent.split("/")[: depth + 1]), []).append(path)
    if around and 1 < len(inner) <= _MOST:
        for group in inner.values():
            yield from _globs(index, group, known, covered, constant=constant)


def _candidates(paths: Sequence[str], *, constant: bool) -> Iterator[str]:
    """Yield globs, the widest first."""
    directories = all(one.endswith("/") for one in paths)
    bare = [one.rstrip("/") for one in paths]
    parents = [one.rpartition("/")[0] for one in bare]
    around = commonpath(parents) if all(parents) else ""
    head = f"{_escaped(around)}/" if around else ""
    deeper = {one.count("/") - around.count("/") - bool(around) for one in bare}
    names = {one.rpartition("/")[2] for one in bare}
    level = "*/" * next(iter(deeper)) if len(deeper) == 1 else "**/"
    if directories:
        if around and len(deeper) == 1:
            yield f"{head}{level}*/"
        return
    if len(names) == 1 and constant:
        name = _escaped(names.pop())
        if len(deeper) == 1:
            yield f"{head}{level}{name}"
        if around:
            yield f"{head}**/{name}"
        return
    suffixes = {splitext(one)[1] for one in names}
    if len(suffixes) == 1:
        suffix = _escaped(suffixes.pop())
        if around and any(deeper):
            yield f"{head}**/*{suffix}"
        if len(deeper) == 1:
            yield f"{head}{level}*{suffix}"
    elif around:
        yield f"{head}**"
        if len(deeper) == 1:
            yield f"{head}{level}*"


def _escaped(text: str) -> str:
    return re.sub(r"([*?\[\]\\!])", r"\\\1", text)
