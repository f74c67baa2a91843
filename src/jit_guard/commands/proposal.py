"""What `init` proposes for a registry that a project already has: a `[[registry]]` table.

A preset, if its file exists. Otherwise, of every file that is called like an index, the expression
whose texts most often are existing paths. Nothing is proposed that a check in memory did not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from posixpath import commonpath, splitext
from typing import Any, NamedTuple

from jit_guard.check import check
from jit_guard.config import CONFIG_FILE, PRESETS, toml_string
from jit_guard.errors import JitGuardError
from jit_guard.project import load
from jit_guard.registry.strict_json import EncodingError, ReadError
from jit_guard.registry.syntax.syntax import syntax, syntax_name
from jit_guard.registry.target import OutsideTargetError, normalized
from jit_guard.report import Report
from jit_guard.sources.overlay import Overlay
from jit_guard.sources.source import Source
from jit_guard.sources.tree import Tree
from jit_guard.text.names import join

_STEMS = {"index", "manifest", "registry", "catalog", "skills", "prompts", "agents", "plugins"}
_SKIPPED = {"node_modules", "vendor", "dist", "build", "venv", "target"}
_DEEPEST = 3
_MOST_DIRECTORIES = 2_000
_MOST_FILES = 20
_MOST_BYTES = 2_000_000
_MOST_TEXTS = 2_000
_MOST_TABLES = 5
_LEAST_HITS = 2
_TAILS = ("", "/", ".md", ".mdx", ".txt")  # what a target adds to a value
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_Step = str | None  # a name; None: each element or member


class Proposal(NamedTuple):
    """A configuration, and the report of a check with it."""

    text: str
    report: Report

    @property
    def summary(self) -> str:
        """What the check found, in one line."""
        codes = [one.code for one in self.report.findings]
        missing, orphans = codes.count("JG201"), codes.count("JG301")
        rest = len(codes) - missing - orphans
        counts = [
            _count(self.report.entries, "entry", "entries"),
            f"{missing:,} missing",
            _count(orphans, "orphan", "orphans"),
        ]
        if rest:
            counts.append(_count(rest, "other finding", "other findings"))
        if any(one.code == "JG301" for one in self.report.skipped):
            counts.append("orphans are not checked")
        return f"{', '.join(self.report.maps)}: {', '.join(counts)}"


def _count(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"


class _Found(NamedTuple):
    """Texts of one file that are mostly paths."""

    file: str
    steps: tuple[tuple[_Step, bool], ...]  # with True: of an array
    relative: bool  # to the directory of the file
    tail: str
    hits: tuple[str, ...]  # the paths that exist
    texts: tuple[str, ...]

    @property
    def rank(self) -> tuple[int, float, int, int]:
        """More hits are better, then fewer misses, then more slashes, then fewer stars."""
        stars = sum(step is None and not of_array for step, of_array in self.steps)
        slashes = sum("/" in text for text in self.texts)
        return len(self.hits), len(self.hits) / len(self.texts), slashes, -stars


def propose(source: Source) -> Proposal | None:
    """Return what to configure for the registries of a project; None if there is nothing."""
    tree = Tree(source)
    presets = [name for file, name in PRESETS.items() if tree.resolve(file).kind == "file"]
    if presets:
        return _verified(source, [_table({"preset": toml_string(name)}) for name in presets])
    best = sorted(filter(None, (_best(source, tree, one) for one in _files(tree))), key=_rank)
    tables: list[str] = []
    proposal: Proposal | None = None
    for found in best[:_MOST_TABLES]:
        for variant in _variants(found):
            more = _verified(source, [*tables, _table(variant)])
            if more is not None and _is_plausible(more, found, proposal):
                tables.append(_table(variant))
                proposal = more
                break
    return proposal


def _rank(found: _Found) -> int:
    return -len(found.hits)


def _verified(source: Source, tables: Sequence[str]) -> Proposal | None:
    """Return the proposal if a check with it reads every registry."""
    text = "\n".join(["# `jit-guard config` shows all settings in force.", *tables])
    changed = Overlay(source, {CONFIG_FILE: text})
    try:
        report = check(changed, load(changed.read).settings)
    except JitGuardError:
        return None
    broken = any(one.code.startswith(("JG0", "JG1")) for one in report.findings)
    return None if broken or report.unreadable or not report.entries else Proposal(text, report)


def _is_plausible(proposal: Proposal, found: _Found, before: Proposal | None) -> bool:
    """Check whether a table brings neither more orphans than entries nor files that are no text."""
    codes = [one.code for one in proposal.report.findings]
    known = [one.code for one in before.report.findings] if before is not None else []
    orphans = codes.count("JG301") - known.count("JG301")
    return orphans <= len(found.texts) and codes.count("JG207") == known.count("JG207")


def _variants(found: _Found) -> Iterator[dict[str, str]]:
    """Yield tables for what was found, the strictest first."""
    table = {
        "file": toml_string(found.file),
        "entries": toml_string(_expression(found)),
        "target": toml_string(f"{{value}}{found.tail}"),
    }
    if found.relative:
        table["base"] = toml_string("{dir}")
    globs = _tree(found)
    trees = [{"tree": f"[{', '.join(map(toml_string, globs))}]"}] if globs else []
    for text in ({}, {"text": "false"}):
        for tree in (*trees, dict[str, str]()):
            yield {**table, **tree, **text}


def _table(keys: dict[str, str]) -> str:
    return "\n".join(["[[registry]]", *(f"{key} = {value}" for key, value in keys.items()), ""])


def _files(tree: Tree) -> list[str]:
    """Return the files that are called like a registry, those near the root first."""
    found: list[str] = []
    waiting = [("", 0)]
    for directory, depth in islice(_growing(waiting), _MOST_DIRECTORIES):
        listing = tree.directory(directory)
        if listing is None:
            continue
        found += (
            join(directory, name)
            for name in sorted(listing.files)
            if splitext(name)[0].lower() in _STEMS and syntax_name(name)
        )
        if depth < _DEEPEST:
            inside = sorted(one for one in listing.directories if one not in _SKIPPED)
            waiting += ((join(directory, one), depth + 1) for one in inside if one[0] != ".")
    return found[:_MOST_FILES]


def _growing(waiting: list[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    yield from waiting  # also what is added meanwhile


def _best(source: Source, tree: Tree, file: str) -> _Found | None:
    """Return the expression of a file whose texts most often are paths."""
    try:
        data = source.read(file)
        if data is None or len(data) > _MOST_BYTES:
            return None
        how = syntax(syntax_name(file) or "json")
        value = how.read(how.decode(data)).value
    except (JitGuardError, ReadError, EncodingError):
        return None
    texts = list(islice(_texts(value, ()), _MOST_TEXTS))
    groups: dict[tuple[tuple[_Step, bool], ...], list[str]] = {}
    for location, text in texts:
        for steps in _generalized(location):
            groups.setdefault(steps, []).append(text)
    directory = file.rpartition("/")[0]
    found = [
        _Found(file, steps, relative, tail, hits, tuple(group))
        for steps, group in groups.items()
        for relative in ((False, True) if directory else (False,))
        for tail in _TAILS
        if len(group) >= _LEAST_HITS
        and len(hits := _hits(tree, directory if relative else "", group, tail)) >= _LEAST_HITS
        and 2 * len(hits) > len(group)
    ]
    return max(found, key=lambda one: one.rank, default=None)


def _texts(value: Any, location: tuple[tuple[str, bool], ...]) -> Iterator[Any]:
    """Yield each text of a document, with the names and indices to it."""
    if isinstance(value, str):
        yield location, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _texts(one, (*location, (key, False)))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _texts(one, (*location, (str(index), True)))


def _generalized(
    location: tuple[tuple[str, bool], ...],
) -> set[tuple[tuple[_Step, bool], ...]]:
    """Return the expressions that a location fits: with all names, or only some of them."""
    last = len(location) - 1
    return {
        tuple(
            (None if of_array or number not in kept else name, of_array)
            for number, (name, of_array) in enumerate(location)
        )
        for kept in (range(len(location)), (0, last), (0,), (last,), ())
    }


def _hits(tree: Tree, base: str, texts: Sequence[str], tail: str) -> tuple[str, ...]:
    """Return the paths of the texts that exist."""
    found = []
    for text in texts:
        try:
            path = normalized(base, text.rstrip("/") + tail if tail == "/" else text + tail)
        except OutsideTargetError:
            continue
        kind = "directory" if path.directory else "file"
        if path.path and text and tree.resolve(path.path).kind == kind:
            found.append(path.path)
    return tuple(found)


def _expression(found: _Found) -> str:
    parts = ["$"]
    for name, of_array in found.steps:
        if name is None:
            parts.append("[*]" if of_array else ".*")
        elif _PLAIN.fullmatch(name):
            parts.append(f".{name}")
        else:
            quoted = json.dumps(name)[1:-1].replace('\\"', '"').replace("'", "\\'")
            parts.append(f"['{quoted}']")
    return "".join(parts)


def _tree(found: _Found) -> list[str]:
    """Return globs of what is beside the paths; none if some of them are at the root."""
    groups: dict[str, list[str]] = {}
    for path in found.hits:
        top, slash, _ = path.partition("/")
        if not slash:
            return []
        groups.setdefault(top, []).append(path)
    globs: dict[str, None] = {}
    for paths in groups.values():
        parents = [one.rpartition("/")[0] for one in paths]
        around = commonpath(parents)
        names = {one.rpartition("/")[2] for one in paths}
        depths = {one.count("/") for one in paths}
        deeper = depths.pop() - around.count("/") - 1 if len(depths) == 1 else -1
        if found.tail == "/":
            globs |= dict.fromkeys([f"{around}/{'*/' * (deeper + 1)}"] if deeper >= 0 else [])
        elif len(names) == 1 and deeper >= 0 and len(paths) > 1:
            globs[f"{around}/{'*/' * deeper}{names.pop()}"] = None
        else:
            between = "" if deeper == 0 else "**/"
            globs |= dict.fromkeys(
                f"{around}/{between}*{splitext(one)[1]}" for one in sorted(names)
            )
    return list(globs)
