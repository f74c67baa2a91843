"""Lookup of single components for an orchestrator; parsed maps are cached."""

from __future__ import annotations

import os
import pathlib
import stat
import time
from typing import NamedTuple

from jit_guard.config import Settings
from jit_guard.errors import MissingComponent, UnreadableError
from jit_guard.registry import goal_map
from jit_guard.registry.goal_map import Goals, MapFault
from jit_guard.sources.disk import refuse_encoding
from jit_guard.sources.worktree import Worktree
from jit_guard.text.names import PENDING, is_git, unsafe_filename, unsafe_type

_TRIES = 5  # a commit may happen between reading the map and the component
# Two writes within one clock tick have the same timestamp (git calls such an entry racy), so a map
# that was read this soon after a change is read again.
_RACY = 100_000_000  # nanoseconds
_Signature = tuple[int, int, int]
_Signatures = dict[str, "_Signature | None"]


class _Read(NamedTuple):
    """A cached map, and the signature of its file; None: it may have changed since."""

    signature: _Signature | None
    data: int  # the hash of its bytes
    goals: Goals


class Lookup:
    """The maps of a project, read again when they change."""

    def __init__(self, root: str, settings: Settings) -> None:
        self._root = root
        self._worktree = Worktree(root)
        self._real_root = os.path.realpath(root)
        self._settings = settings
        self._maps: dict[str, _Read] = {}
        self._inside: dict[str, tuple[int, int]] = {}

    def component(self, goal: str, component_type: str) -> pathlib.Path:
        """Return the file for an entry.

        Raises MissingComponent, UnreadableError, TransactionError.
        """
        path: str | None = None
        for _ in range(_TRIES):
            before = self._signatures()
            path = self._path(goal, component_type, before)
            if path is not None and self._is_file(path):
                return pathlib.Path(self._root, path)
            if not self._may_appear(before):
                # A commit may have ended between the two looks, and placed it.
                if path is not None and self._is_file(path):
                    return pathlib.Path(self._root, path)
                break
        raise MissingComponent(goal, component_type, path)

    def _path(self, goal: str, component_type: str, signatures: _Signatures) -> str | None:
        for one, signature in signatures.items():
            filename = self._goals(one, signature).get(goal, {}).get(component_type)
            if filename is not None:
                if unsafe_type(component_type) or unsafe_filename(filename):
                    raise MissingComponent(goal, component_type, filename, "is not a safe path")
                return self._settings.path(component_type, filename)
        return None

    def _is_file(self, path: str) -> bool:
        """Check whether it is a file inside the project, after resolving links."""
        full = os.path.join(self._root, path)
        directory = os.path.dirname(full)
        try:
            status, here = os.lstat(full), os.stat(directory)
        except (OSError, ValueError):
            return False
        is_plain = stat.S_ISREG(status.st_mode)
        if is_plain and self._inside.get(directory) == (here.st_dev, here.st_ino):
            return True  # in a directory that is known to be inside the project
        real = os.path.realpath(full)
        inside = self._real_root.rstrip(os.sep) + os.sep
        if not real.startswith(inside) or any(map(is_git, real[len(inside) :].split(os.sep))):
            return False
        if is_plain:
            self._inside[directory] = here.st_dev, here.st_ino
        return os.path.isfile(real)

    def _may_appear(self, before: _Signatures) -> bool:
        """Check whether a commit was in progress, or a map has changed; wait for the commit."""
        in_progress = os.path.lexists(os.path.join(self._root, PENDING))
        if in_progress:
            from jit_guard.commit.transaction import wait

            wait(self._root)
        return in_progress or before != self._signatures()

    def _goals(self, path: str, signature: _Signature | None) -> Goals:
        known = self._maps.get(path)
        if known is None or known.signature != signature or signature is None:
            racy = signature is None or time.time_ns() - signature[0] < _RACY
            data = self._worktree.read(path)
            same = known is not None and known.data == hash(data)
            goals = known.goals if known is not None and same else self._parse(path, data)
            known = self._maps[path] = _Read(None if racy else signature, hash(data), goals)
        return known.goals

    def _parse(self, path: str, data: bytes | None) -> Goals:
        if data is None:
            return {}
        parsed = goal_map.parse(path, data)
        if isinstance(parsed, MapFault):
            from jit_guard.sources.converted import refusal

            if refused := refusal(self._worktree, path, data):
                raise refused
            raise UnreadableError(path, f"line {parsed.line}: {parsed.reason}")
        refuse_encoding(path, parsed.text, "\\u")
        return parsed.goals

    def _signatures(self) -> _Signatures:
        return {path: self._signature(path) for path in self._settings.maps}

    def _signature(self, path: str) -> _Signature | None:
        try:
            status = os.stat(os.path.join(self._root, path))
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
