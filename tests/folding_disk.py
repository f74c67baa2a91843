"""A disk that ignores the case and the normalization of names, as those of macOS do by default."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from jit_guard.text.names import fold

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

_ONE_PATH = ("open", "stat", "lstat", "mkdir", "rmdir", "unlink", "scandir")
_TWO_PATHS = ("link", "rename", "replace")


class FoldingDisk:
    """The calls of `os` below one directory, as the kernel of macOS answers them.

    A name finds the file whose name is equal but for case and normalization. A new name is stored
    as it is (APFS), or decomposed (HFS+).

    Args:
        monkeypatch: restores the calls.
        top: the directory; names elsewhere are left alone.
        decomposes: a new name is stored decomposed.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, top: Path, *, decomposes: bool) -> None:
        self._top = os.path.realpath(top)
        self._decomposes = decomposes
        self._real = {name: getattr(os, name) for name in (*_ONE_PATH, *_TWO_PATHS)}
        for name in _ONE_PATH:
            self._put(monkeypatch, name, self._one(name))
        for name in _TWO_PATHS:
            self._put(monkeypatch, name, self._two(name))

    def _put(self, monkeypatch: pytest.MonkeyPatch, name: str, call: Any) -> None:
        monkeypatch.setattr(os, name, call)
        for known in (os.supports_dir_fd, os.supports_follow_symlinks):
            if self._real[name] in known:
                known.add(call)

    def _one(self, name: str) -> Any:
        real = self._real[name]

        def call(path: Any, *arguments: Any, dir_fd: int | None = None, **more: Any) -> Any:
            at = {} if dir_fd is None else {"dir_fd": dir_fd}
            return real(self._stored(path, dir_fd), *arguments, **at, **more)

        return call

    def _two(self, name: str) -> Any:
        real = self._real[name]

        def call(
            source: str,
            target: str,
            *,
            src_dir_fd: int | None = None,
            dst_dir_fd: int | None = None,
            **more: Any,
        ) -> None:
            new = self._stored(target, dst_dir_fd, renames=name != "link")
            more |= {"src_dir_fd": src_dir_fd, "dst_dir_fd": dst_dir_fd}
            old = self._stored(source, src_dir_fd)
            if name != "link" and fold(os.path.basename(old)) == fold(os.path.basename(new)):
                # The same entry under another spelling: it gets the new one.
                real(old, new, **more)
                return
            real(old, self._stored(target, dst_dir_fd), **more)

        return call

    def _stored(self, path: Any, dir_fd: int | None, *, renames: bool = False) -> Any:
        """Return a path with the names that the disk has; `renames`: but for the last one."""
        if not isinstance(path, (str, os.PathLike)):
            return path
        words = os.fspath(path)
        if dir_fd is None and not os.path.isabs(words):
            words = os.path.join(os.getcwd(), words)
        if dir_fd is None:
            if not words.startswith(f"{self._top}/"):
                return path
            here, names = self._top, words[len(self._top) + 1 :].split("/")
        else:
            here = os.readlink(f"/dev/fd/{dir_fd}")
            if not f"{here}/".startswith(f"{self._top}/"):
                return path
            names = words.split("/")
        found: list[str] = []
        for number, name in enumerate(names):
            is_new = renames and number == len(names) - 1
            found.append(self._decomposed(name) if is_new else self._name(here, name))
            here = os.path.join(here, found[-1])
        return "/".join(found) if dir_fd is not None else os.path.join(self._top, *found)

    def _name(self, directory: str, name: str) -> str:
        try:
            with self._real["scandir"](directory) as entries:
                there = [entry.name for entry in entries]
        except OSError:
            return name
        if name in there or name in ("", ".", ".."):
            return name
        twins = (one for one in there if fold(one) == fold(name))
        return next(twins, self._decomposed(name))

    def _decomposed(self, name: str) -> str:
        return normalize("NFD", name) if self._decomposes else name
