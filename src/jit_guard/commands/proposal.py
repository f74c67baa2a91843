"""What `init` proposes for the registries that a project has: `[[registry]]` tables.

A preset, if its file exists; then, of every data file, the expressions whose nodes name existing
paths. Nothing is proposed that a check in memory did not read, and nothing that may be chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from time import monotonic
from typing import NamedTuple

from jit_guard.check import check
from jit_guard.commands.inference import Guess, Votes
from jit_guard.commands.path_index import PathIndex
from jit_guard.commands.shapes import Family, families, read
from jit_guard.commands.tree_guess import guess_tree
from jit_guard.config import CONFIG_FILE, PRESETS, toml_string
from jit_guard.errors import JitGuardError
from jit_guard.project import load
from jit_guard.report import Report
from jit_guard.sources.overlay import Overlay
from jit_guard.sources.source import Source
from jit_guard.sources.tree import Tree

_MOST_TABLES = 6
_MOST_SHOWN = 3  # files in the summary
_MOST_OF_ONE = 4  # tables of the same file
_LEAST_SPELLED_SO = 2  # distinct paths, written as paths, in a file that is called like a registry
_LEAST_WORDS_SO = 3  # written as words, or keys
_LEAST_SPELLED = 4  # in another file
_LEAST_WORDS = 5
_LEAST_ALONE = 8  # if each of several files has one
_SMALL = 0.2  # of the paths of the largest table: less is beside the point
_COVERED = 0.5  # of what is beside the paths of a table, the least that it names
_NEW = 0.2  # of the paths of a table, those that no other table names
_LONGEST = 5.0  # seconds until no more files are read
_Keys = dict[str, str]


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
        first, more = self.report.maps[:_MOST_SHOWN], self.report.maps[_MOST_SHOWN:]
        shown = [*first, *([f"{len(more):,} more"] if more else [])]
        return f"{', '.join(shown)}: {', '.join(counts)}"


def _count(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"


class _Found(NamedTuple):
    """A table that may be proposed."""

    family: Family
    guess: Guess
    form: str | None


def propose(source: Source) -> Proposal | None:
    """Return what to configure for the registries of a project; None if there is nothing."""
    tree = Tree(source)
    presets = {file: name for file, name in PRESETS.items() if tree.resolve(file).kind == "file"}
    named = [_table({"preset": toml_string(name)}) for name in dict.fromkeys(presets.values())]
    # Without those that cannot be read, or name nothing here.
    tables = [table for table in named if _verified(source, [table]) is not None]
    proposal = preset = _verified(source, tables) if tables else None
    index = PathIndex(tree)
    known: set[str] = set()
    found = sorted(_found(source, index, presets), key=_size, reverse=True)
    for one in found:
        small = preset is not None or _size(one) < _SMALL * _size(found[0])
        if (small and not one.family.is_named_so) or _is_known(one.guess, known):
            continue
        if len(tables) >= _MOST_TABLES:
            break
        for keys in _variants(one, index, known):
            more = _verified(source, [*tables, _table(keys)])
            if more is not None and _is_plausible(more, one.guess, proposal):
                tables.append(_table(keys))
                proposal = more
                known.update(one.guess.paths)
                break
    return proposal


def _size(found: _Found) -> int:
    return len(set(found.guess.paths))


def _found(source: Source, index: PathIndex, presets: Iterable[str]) -> Iterator[_Found]:
    """Yield a table for every expression of every file that may be a registry."""
    until = monotonic() + _LONGEST
    taken = set(presets)
    for family in families(index):
        if monotonic() > until or not taken.isdisjoint(family.paths):
            continue
        nodes, form = read(source, family)
        votes = Votes(nodes, index)
        out: set[int] = set()
        for _ in range(_MOST_OF_ONE):
            guess = votes.best(out)
            if guess is None:
                break
            out.update(guess.nodes)
            if _is_certain(guess, family, index):
                yield _Found(family, guess, form)


def _is_certain(guess: Guess, family: Family, index: PathIndex) -> bool:
    """Check that the nodes name paths on purpose.

    In a file that is called like a registry, what looks like a path is one. Else the
    entries must name most of what is beside them, and what only looks like a word, or is the only
    entry of its file, must nearly always be right.
    """
    distinct = len(set(guess.paths))
    if guess.spelled and family.is_named_so:
        return distinct >= _LEAST_SPELLED_SO
    alone = len(family.paths) > 1 and len(guess.paths) < 2 * guess.files
    if alone and not guess.spelled:
        return False
    sure = 10 * guess.misses <= len(guess.paths)
    words = _LEAST_WORDS_SO if family.is_named_so else _LEAST_WORDS
    least = _LEAST_ALONE if alone else _LEAST_SPELLED if guess.spelled else words
    if distinct < least or not (sure or (guess.spelled and not alone)):
        return False
    return bool(guess_tree(index, guess.paths, covered=_COVERED))


def _is_known(guess: Guess, known: set[str]) -> bool:
    """Check whether other tables name these paths already."""
    paths = {one.rstrip("/") for one in guess.paths}
    others = {one.rstrip("/") for one in known}
    inside = {one for one in paths - others if any(other.startswith(f"{one}/") for other in others)}
    return len(paths - others - inside) < _NEW * len(paths)


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


def _is_plausible(proposal: Proposal, guess: Guess, before: Proposal | None) -> bool:
    """Check what a table adds: mostly paths that exist, few orphans, and files that are text."""
    codes = [one.code for one in proposal.report.findings]
    known = [one.code for one in before.report.findings] if before is not None else []
    entries = proposal.report.entries - (before.report.entries if before is not None else 0)
    missing, orphans, *others = (
        codes.count(code) - known.count(code)
        for code in ("JG201", "JG301", "JG202", "JG204", "JG205", "JG207")
    )
    return 3 * missing <= entries and orphans <= 2 * len(guess.paths) and not any(others)


def _variants(found: _Found, index: PathIndex, known: set[str]) -> Iterator[_Keys]:
    """Yield tables for what was found, the strictest first."""
    family, guess, form = found
    keys = {"file": toml_string(family.file)}
    if form is not None:
        keys["format"] = toml_string(form)
    keys["entries"] = toml_string(guess.entries)
    if guess.match is not None:
        keys["match.value"] = toml_string(guess.match)
    targets = [toml_string(one) for one in guess.targets]
    keys["target"] = targets[0] if len(targets) == 1 else f"[{', '.join(targets)}]"
    if guess.base:
        keys["base"] = toml_string(guess.base)
    globs = guess_tree(index, guess.paths, known)
    trees = [{"tree": f"[{', '.join(map(toml_string, globs))}]"}] if globs else []
    if family.is_named_so:  # otherwise it may be chance
        trees.append({})
    for text in ({}, {"text": "false"}):
        for tree in trees:
            yield {**keys, **tree, **text}


def _table(keys: _Keys) -> str:
    return "\n".join(["[[registry]]", *(f"{key} = {value}" for key, value in keys.items()), ""])
