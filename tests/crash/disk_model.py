"""The disks that a crash may leave: all that POSIX allows, not only those of ext4.

A traced run is replayed on a model of files and directories. At each crash point, everything that
was synced is on disk, and any part of the rest:

- a created, renamed or removed name is on disk or not, independently of other names; a rename
  within a directory is atomic, and may precede the bytes of its file;
- written bytes are on disk, missing, cut off, or zeros of the right length;
- `fsync` of a file flushes its bytes, not its name; `fsync` of a directory flushes its names.

After ALICE (Pillai and others, "All File Systems Are Not Created Equal: On the Complexity of
Crafting Crash-Consistent Applications", OSDI 2014). Everything that cannot be modelled raises.
"""

from __future__ import annotations

import functools
import itertools
import os
import random
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, Union

from crash.tracing import Call

# A file's bytes, a link's target, or None for a directory; by path relative to the root.
State = dict[str, Union[bytes, str, None]]
Signature = frozenset[tuple[str, Union[bytes, str, None]]]

EXHAUSTIVE = 12  # up to this many unsynced names every subset is tried; beyond, a sample
SAMPLE = 2000
_ROOT = 0


class Crash(NamedTuple):
    """The disk after a crash. `done`: the run had returned, so nothing may be lost."""

    state: State
    done: bool
    after: int  # the number of system calls made


class _Write(NamedTuple):
    inode: int
    offset: int
    data: bytes


class _Resize(NamedTuple):
    inode: int
    size: int


class _Names(NamedTuple):
    """Names that change atomically: (directory, name) -> inode or None."""

    changes: tuple[tuple[int, str, int | None], ...]


class _Sync(NamedTuple):
    inode: int


_Event = Union[_Write, _Resize, _Names, _Sync]


class Disk:
    """A traced run, replayed from a state that is completely on disk."""

    def __init__(self, root: str, before: State) -> None:
        self.root = os.path.realpath(root)
        self.events: list[_Event] = []
        self._kinds: list[str] = ["directory"]  # by inode
        self._first: dict[int, bytes | str] = {}  # bytes or target at the start
        self._names: dict[tuple[int, str], int] = {}  # as the running system sees them
        self._start: dict[tuple[int, str], int] = {}
        self._sizes: dict[int, int] = {}
        self._open: dict[int, dict[int, list[int]]] = {}  # process -> handle -> [inode, position]
        for path in sorted(before):
            self._load(path, before[path])
        self._start = dict(self._names)

    def _load(self, path: str, content: bytes | str | None) -> None:
        directory, _, name = path.rpartition("/")
        parent = self._names_walk(directory)
        kind = "directory" if content is None else "file" if isinstance(content, bytes) else "link"
        inode = self._new(kind)
        if content is not None:
            self._first[inode] = content
        if isinstance(content, bytes):
            self._sizes[inode] = len(content)
        self._names[parent, name] = inode

    def _names_walk(self, path: str) -> int:
        inode = _ROOT
        for name in path.split("/") if path else ():
            inode = self._names[inode, name]
        return inode

    def _new(self, kind: str) -> int:
        self._kinds.append(kind)
        return len(self._kinds) - 1

    def replay(self, calls: Iterable[Call]) -> Disk:
        """Replay the calls of a run."""
        for call in calls:
            handler = getattr(self, f"_on_{call.name}")
            handler(self._open.setdefault(call.process, {}), *call.args)
        return self

    # The effect of each call on the running system, and its events.

    def _on_open(self, handles: dict[int, list[int]], fd: int, path: str, flags: int) -> None:
        handles.pop(fd, None)
        place = self._place(path)
        if place is None:
            return
        inode = self._names.get(place) if place[1] else place[0]
        while inode is not None and self._kinds[inode] == "link":
            target = self._first[inode]
            assert isinstance(target, str)
            path = os.path.join(os.path.dirname(path), target)
            place = self._place(path)
            if place is None:
                return
            inode = self._names.get(place)
        if inode is None:
            if not flags & os.O_CREAT:
                return
            inode = self._new("file")
            self._sizes[inode] = 0
            self._change(((*place, inode),))
        elif flags & os.O_TRUNC and self._sizes.get(inode):
            self._resize(inode, 0)
        handles[fd] = [inode, -1 if flags & os.O_APPEND else 0]

    def _on_dup(self, handles: dict[int, list[int]], fd: int, new: int) -> None:
        handles.pop(new, None)
        if fd in handles:
            handles[new] = handles[fd]

    def _on_close(self, handles: dict[int, list[int]], fd: int) -> None:
        handles.pop(fd, None)

    def _on_fork(self, handles: dict[int, list[int]], child: int, shares: bool) -> None:
        self._open[child] = handles if shares else dict(handles)

    def _on_write(self, handles: dict[int, list[int]], fd: int, data: bytes) -> None:
        if fd in handles:
            inode, position = handles[fd]
            start = self._sizes[inode] if position < 0 else position
            self._write(inode, start, data)
            if position >= 0:
                handles[fd][1] = start + len(data)

    def _on_pwrite(self, handles: dict[int, list[int]], fd: int, data: bytes, at: int) -> None:
        if fd in handles:
            self._write(handles[fd][0], at, data)

    def _on_seek(self, handles: dict[int, list[int]], fd: int, position: int) -> None:
        if fd in handles and handles[fd][1] >= 0:
            handles[fd][1] = position

    def _on_truncate(self, handles: dict[int, list[int]], of: int | str, size: int) -> None:
        if isinstance(of, int):
            inode = handles[of][0] if of in handles else None
        else:
            place = self._place(of)
            inode = self._names.get(place) if place else None
        if inode is not None:
            self._resize(inode, size)

    def _on_allocate(self, handles: dict[int, list[int]], fd: int, size: int) -> None:
        if fd in handles and size > self._sizes[handles[fd][0]]:
            self._resize(handles[fd][0], size)

    def _on_fsync(self, handles: dict[int, list[int]], fd: int) -> None:
        if fd in handles:
            self.events.append(_Sync(handles[fd][0]))

    def _on_mkdir(self, _: object, path: str) -> None:
        if place := self._place(path):
            self._change(((*place, self._new("directory")),))

    def _on_unlink(self, _: object, path: str) -> None:
        if place := self._place(path):
            self._change(((*place, None),))

    _on_rmdir = _on_unlink

    def _on_rename(self, _: object, path: str, new: str) -> None:
        old_place, new_place = self._place(path), self._place(new)
        if old_place is None and new_place is None:
            return
        if old_place is None or new_place is None:
            raise AssertionError(f"a rename into or out of the project: {path} {new}")
        inode = self._names[old_place]
        self._change(((*old_place, None), (*new_place, inode)))

    def _on_link(self, _: object, path: str, new: str) -> None:
        old_place, new_place = self._place(path), self._place(new)
        if new_place is not None:
            assert old_place, f"a link from outside: {path}"
            self._change(((*new_place, self._names[old_place]),))

    def _on_symlink(self, _: object, target: str, path: str) -> None:
        if place := self._place(path):
            inode = self._new("link")
            self._first[inode] = target
            self._change(((*place, inode),))

    def _on_lock(self, *_: object) -> None:
        """Locks are not on disk."""

    def _on_unknown(self, handles: dict[int, list[int]], fd: int, what: str) -> None:
        assert fd not in handles, f"cannot be modelled: {what}"

    def _place(self, path: str) -> tuple[int, str] | None:
        """Return the directory's inode and the name; None outside the project."""
        path = os.path.normpath(path)
        for _ in range(40):
            if path == self.root:
                return _ROOT, ""
            if not path.startswith(self.root + "/"):
                return None
            names = path[len(self.root) + 1 :].split("/")
            inode = _ROOT
            for index, name in enumerate(names):
                found = self._names.get((inode, name))
                last = index == len(names) - 1
                if found is not None and self._kinds[found] == "link" and not last:
                    target = self._first[found]
                    assert isinstance(target, str)
                    above = os.path.join(self.root, *names[:index])
                    path = os.path.normpath(os.path.join(above, target, *names[index + 1 :]))
                    break
                if last:
                    return inode, name
                if found is None:
                    return None  # an open that created nothing
                inode = found
        raise AssertionError(f"a loop of links: {path}")

    def _change(self, changes: tuple[tuple[int, str, int | None], ...]) -> None:
        for directory, name, inode in changes:
            if inode is None:
                self._names.pop((directory, name), None)
            else:
                self._names[directory, name] = inode
        self.events.append(_Names(changes))

    def _write(self, inode: int, offset: int, data: bytes) -> None:
        if data:
            self._sizes[inode] = max(self._sizes[inode], offset + len(data))
            self.events.append(_Write(inode, offset, data))

    def _resize(self, inode: int, size: int) -> None:
        self._sizes[inode] = size
        self.events.append(_Resize(inode, size))

    # The crash.

    def now(self) -> State:
        """Return the state that the running system sees, which is what a kill leaves."""
        paths = _reach(self._names, self._kinds)
        state: State = {}
        for path, inode in paths.items():
            kind = self._kinds[inode]
            if kind == "file":
                state[path] = self._contents(inode, self.events, ())[0]
            else:
                state[path] = None if kind == "directory" else self._first[inode]
        return state

    def crashes(self, seed: int = 0) -> Iterator[Crash]:
        """Yield every disk that a crash may leave, each at its first crash point, and at the end.

        It is enough to crash before each sync and at the end: these include every disk of a crash
        in between, since any part of what is not synced may be missing.
        """
        syncs = [i for i, event in enumerate(self.events) if isinstance(event, _Sync)]
        seen: set[tuple[Signature, bool]] = set()
        for point in (*syncs, len(self.events)):
            done = point == len(self.events)
            for state in self._states(point, random.Random(seed + point)):
                signature = frozenset(state.items()), done
                if signature not in seen:
                    seen.add(signature)
                    yield Crash(state, done, point)

    def _states(self, point: int, chance: random.Random) -> Iterator[State]:
        sure, unsure = self._sort(point)
        names = dict(self._start)
        for event in sure:
            if isinstance(event, _Names):
                _apply(names, event)
        unsure_names = [event for event in unsure if isinstance(event, _Names)]
        contents = functools.cache(lambda inode: self._contents(inode, sure, unsure))
        seen = set()
        for chosen in _subsets(unsure_names, chance):
            now = dict(names)
            for event in chosen:
                _apply(now, event)
            if (signature := frozenset(now.items())) not in seen:
                seen.add(signature)
                yield from self._with_data(now, contents, chance)

    def _sort(self, point: int) -> tuple[list[_Event], list[_Event]]:
        """Return the events that are certainly on disk, and those that may be, in order."""
        last_sync: dict[int, int] = {}
        for index, event in enumerate(self.events[:point]):
            if isinstance(event, _Sync):
                last_sync[event.inode] = index
        sure: list[_Event] = []
        unsure: list[_Event] = []
        for index, event in enumerate(self.events[:point]):
            if isinstance(event, _Sync):
                continue
            inodes = (
                {change[0] for change in event.changes}
                if isinstance(event, _Names)
                else {event.inode}
            )
            synced = all(last_sync.get(inode, -1) > index for inode in inodes)
            (sure if synced else unsure).append(event)
        return sure, unsure

    def _with_data(
        self,
        names: dict[tuple[int, str], int],
        contents: Callable[[int], list[bytes]],
        chance: random.Random,
    ) -> Iterator[State]:
        paths = _reach(names, self._kinds)
        state: State = {}
        linked: dict[int, list[str]] = {}
        for path, inode in paths.items():
            kind = self._kinds[inode]
            if kind == "directory":
                state[path] = None
            elif kind == "link":
                target = self._first[inode]
                assert isinstance(target, str)
                state[path] = target
            else:
                linked.setdefault(inode, []).append(path)
        inodes = list(linked)
        combinations: Iterable[tuple[bytes, ...]]
        total = 1
        for inode in inodes:
            total *= len(contents(inode))
        if total <= SAMPLE:
            combinations = itertools.product(*(contents(inode) for inode in inodes))
        else:
            combinations = (
                tuple(chance.choice(contents(inode)) for inode in inodes) for _ in range(SAMPLE)
            )
        for combination in combinations:
            made = dict(state)
            for inode, data in zip(inodes, combination, strict=True):
                for path in linked[inode]:
                    made[path] = data
            yield made

    def _contents(
        self, inode: int, sure: Sequence[_Event], unsure: Sequence[_Event]
    ) -> list[bytes]:
        """List the possible contents of a file: the certain events, and any part of the others."""
        first = self._first.get(inode, b"")
        assert isinstance(first, bytes)
        base = bytearray(first)
        for event in sure:
            if isinstance(event, (_Write, _Resize)) and event.inode == inode:
                _put(base, event)
        found = [bytes(base)]
        pending = [e for e in unsure if isinstance(e, (_Write, _Resize)) and e.inode == inode]
        now = bytearray(base)
        for event in pending:
            if isinstance(event, _Write):
                torn = bytearray(now)
                _put(torn, event._replace(data=event.data[: len(event.data) // 2]))
                found.append(bytes(torn))
                zero = bytearray(now)
                _put(zero, event._replace(data=bytes(len(event.data))))
                found.append(bytes(zero))
                alone = bytearray(base)  # a later write without the earlier ones
                _put(alone, event)
                found.append(bytes(alone))
            _put(now, event)
            found.append(bytes(now))
        return list(dict.fromkeys(found))


def _put(data: bytearray, event: _Write | _Resize) -> None:
    if isinstance(event, _Resize):
        del data[event.size :]
        data.extend(bytes(event.size - len(data)))
        return
    if len(data) < event.offset:
        data.extend(bytes(event.offset - len(data)))
    data[event.offset : event.offset + len(event.data)] = event.data


def _apply(names: dict[tuple[int, str], int], event: _Names) -> None:
    for directory, name, inode in event.changes:
        if inode is None:
            names.pop((directory, name), None)
        else:
            names[directory, name] = inode


def _subsets(events: list[_Names], chance: random.Random) -> Iterator[list[_Names]]:
    if len(events) <= EXHAUSTIVE:
        for mask in range(1 << len(events)):
            yield [event for bit, event in enumerate(events) if mask >> bit & 1]
        return
    yield []
    yield events
    for skipped in range(len(events)):
        yield events[:skipped] + events[skipped + 1 :]
        yield [events[skipped]]
    for _ in range(SAMPLE):
        yield [event for event in events if chance.random() < 0.5]


def _reach(names: dict[tuple[int, str], int], kinds: list[str]) -> dict[str, int]:
    below: dict[int, list[tuple[str, int]]] = {}
    for (directory, name), inode in names.items():
        below.setdefault(directory, []).append((name, inode))
    found: dict[str, int] = {}
    waiting = [("", _ROOT)]
    while waiting:
        path, directory = waiting.pop()
        for name, inode in below.get(directory, ()):
            here = f"{path}/{name}" if path else name
            found[here] = inode
            if kinds[inode] == "directory":
                waiting.append((here, inode))
    return found


# States on a real disk.


def read_state(root: str) -> State:
    """Read the state of a directory."""
    state: State = {}
    waiting = [""]
    while waiting:
        below = waiting.pop()
        with os.scandir(f"{root}/{below}") as entries:
            for entry in entries:
                path = below + entry.name
                if entry.is_symlink():
                    state[path] = os.readlink(entry.path)
                elif entry.is_dir():
                    state[path] = None
                    waiting.append(f"{path}/")
                else:
                    with open(entry.path, "rb") as file:
                        state[path] = file.read()
    return state


def write_state(root: str, state: State) -> None:
    """Make a directory have exactly this state."""
    for entry in os.scandir(root):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)
    for path in sorted(state):
        content, full = state[path], os.path.join(root, path)
        if content is None:
            os.mkdir(full)
        elif isinstance(content, str):
            os.symlink(content, full)
        else:
            with open(full, "wb") as file:
                file.write(content)
