"""The components of an inventory, and their texts: read once, and kept within a budget."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from jit_guard.errors import GitError, UnreadableError
from jit_guard.inventory.inventory import Component, Status, with_statuses
from jit_guard.inventory.provenance import Records, with_provenance
from jit_guard.text.generated import digest, untouched
from jit_guard.text.names import GENERATED, join

if TYPE_CHECKING:
    from jit_guard.ledger.history import Record
    from jit_guard.sources.answers import GitState
    from jit_guard.sources.source import Chunks, Source
    from jit_guard.sources.tree import Place, Tree

LONGEST = 20_000  # characters of one text
BUDGET = 8_000_000  # characters of all texts
MOST_READ = 1_000_000  # bytes of one file; a longer component is a mistake
MOST_FILES = 200  # names of a directory
_UNNAMED = frozenset(("orphan", "unclear"))
# Of a directory, the text to show: the first of these that it has.
_MAIN = ("SKILL.md", "README.md", "README", "index.md", "index.mdx")


class _Copy(NamedTuple):
    """A file to read for a component: its real directory and name."""

    component: str
    directory: str
    name: str
    text: bool


class Shelf:
    """The components found so far, and the files to read for them.

    Attributes:
        private: components that git does not have. Their texts are not shown, unless the ledger
            has them: a pull request could name a file that only this machine has.
        notes: what is not shown, and why.
    """

    def __init__(self, tree: Tree, untracked: Iterable[GitState]) -> None:
        self._tree = tree
        self.components: dict[str, Component] = {}
        self.copies: list[_Copy] = []
        self.notes: list[str] = []
        self._untracked = {one.path: one.why for one in untracked}
        self.private: set[str] = set()

    def __contains__(self, path: str) -> bool:
        return path in self.components

    def broken(self, path: str, remark: str) -> None:
        """Add a component that an entry cannot use, and why."""
        self.components[path] = Component(path, ("broken",), (remark,))

    def place(self, path: str, place: Place, *, expected: str, text: bool) -> None:
        """Add the component of an entry, by where the entry leads."""
        if place.kind == "absent":
            self.components[path] = Component(path, ("missing",))
        elif place.kind != expected:
            what = {
                "outside": f"it {place.what}",
                "unknown": f"cannot be read: {place.what}",
                "broken": "it is a broken link",
            }
            self.broken(path, what.get(place.kind, f"it is a {place.what or place.kind}"))
        elif place.spelled.rstrip("/") != path.rstrip("/"):
            self.broken(path, f"the entry and the file differ in spelling: {place.spelled}")
        else:
            self._add(path, place.real, directory=expected == "directory", text=text)

    def unnamed(self, path: str, *, certain: bool) -> None:
        """Add a file that no entry names."""
        status: Status = "orphan" if certain else "unclear"
        self._add(path, path.rstrip("/"), directory=path.endswith("/"), text=True, more=[status])

    def _add(
        self, path: str, real: str, *, directory: bool, text: bool, more: Iterable[Status] = ()
    ) -> None:
        statuses: list[Status] = list(more)
        if path.rpartition("/")[2].startswith(GENERATED):
            statuses.append("generated")
        self.components[path] = with_statuses(Component(path, ()), statuses)
        if directory:
            self._list(path, real, text=text)
        else:
            above, _, name = real.rpartition("/")
            self.copies.append(_Copy(path, above, name, text))

    def _list(self, path: str, real: str, *, text: bool) -> None:
        """Record the names in a directory, and the file in it whose text is shown."""
        found = self._tree.directory(real)
        if found is None:
            return
        names = sorted((*found.files, *found.links, *(f"{one}/" for one in found.directories)))
        main = next((one for one in _MAIN if text and one in found.files), None)
        self.components[path] = self.components[path]._replace(
            files=tuple(names[:MOST_FILES]), text_of=main
        )
        if main is not None:
            self.copies.append(_Copy(path, real, main, text))

    def ask_git(self, source: Source, scope: str) -> None:
        """Find out which components git does not have; none outside a repository."""
        wanted: dict[str, set[str]] = {}
        for copy in self.copies:
            if copy.name:
                wanted.setdefault(copy.directory, set()).add(copy.name)
        try:
            states = source.untracked(scope, wanted) if wanted else []
        except GitError as error:
            self.private.update(copy.component for copy in self.copies)
            self.notes.append(f"texts are not shown: {error}")
            return
        known = {**self._untracked, **{one.path: one.why for one in states}}
        for copy in self.copies:
            why = known.get(join(copy.directory, copy.name)) or known.get(copy.component)
            if why is None:
                continue
            self.private.add(copy.component)
            component = self.components[copy.component]
            if why != "is untracked":  # as the status says
                component = component._replace(remarks=(f"it {why}",))
            if _UNNAMED.isdisjoint(component.statuses):
                component = with_statuses(component, ["untracked"])
            self.components[copy.component] = component


class _Budget:
    """The texts that are kept. All have the same limit, which halves when they are too many."""

    def __init__(self) -> None:
        self.limit = LONGEST
        self.texts: dict[str, str] = {}
        self._cut: set[str] = set()
        self._size = 0

    def add(self, path: str, text: str, *, whole: bool) -> None:
        self.texts[path] = text[: self.limit]
        self._size += len(self.texts[path])
        if not whole or len(text) > self.limit:
            self._cut.add(path)
        while self._size > BUDGET and self.limit > 1:
            self.limit //= 2
            self._cut.update(one for one, text in self.texts.items() if len(text) > self.limit)
            self.texts = {one: text[: self.limit] for one, text in self.texts.items()}
            self._size = sum(map(len, self.texts.values()))

    def applied(self, component: Component) -> Component:
        """Return a component with what is kept of its text."""
        path = component.path
        return component._replace(text=self.texts.get(path), whole=path not in self._cut)


def read_texts(shelf: Shelf, source: Source, records: Records) -> dict[str, Component]:
    """Return the components on a shelf with what their bytes show, and what the ledger knows."""
    budget = _Budget()
    for copy, chunks in _opened(shelf, source):
        component = shelf.components[copy.component]
        if isinstance(chunks, UnreadableError):
            shelf.components[copy.component] = _broken(
                component, f"cannot be read: {chunks.reason}"
            )
        elif chunks is None:
            shelf.components[copy.component] = Component(component.path, ("missing",))
        else:
            known = records.get(copy.component, [])
            shelf.components[copy.component] = _read(
                component, copy, chunks, known, budget, private=copy.component in shelf.private
            )
    if budget.limit < LONGEST:
        shelf.notes.append(f"only the first {budget.limit:,} characters of each text are shown")
    return {path: budget.applied(component) for path, component in shelf.components.items()}


def _opened(
    shelf: Shelf, source: Source
) -> Iterator[tuple[_Copy, Chunks | UnreadableError | None]]:
    """Yield every file to read, directory by directory."""
    by_directory: dict[str, dict[str, list[_Copy]]] = defaultdict(dict)
    for copy in shelf.copies:
        by_directory[copy.directory].setdefault(copy.name, []).append(copy)
    for directory, copies in sorted(by_directory.items()):
        for name, chunks in source.chunks(directory, sorted(copies)):
            first, *others = copies[name]
            yield first, chunks
            for other in others:  # another path of the same file
                for _, again in source.chunks(directory, [name]):
                    yield other, again


def _read(
    component: Component,
    copy: _Copy,
    chunks: Chunks,
    records: list[Record],
    budget: _Budget,
    *,
    private: bool,
) -> Component:
    data = b""
    try:
        for chunk in chunks:
            data += chunk
            if len(data) > MOST_READ:
                break
    except UnreadableError as error:
        return _broken(component, f"cannot be read: {error.reason}")
    whole = len(data) <= MOST_READ
    directory = component.path.endswith("/")
    if not directory:
        component = component._replace(size=len(data) if whole else None)
        if not data:
            return _broken(component, "it is empty")
        if whole and records:
            component = with_provenance(component, records, digest(data))
    if not copy.text:
        return component
    try:
        text = data.decode("utf-8") if whole else data.decode("utf-8", "ignore")
    except UnicodeDecodeError:
        return component if directory else _broken(component, "it is not text in UTF-8")
    if private and not any(one.state == "as generated" for one in component.provenance):
        why = "its text is not shown, because git does not have it"
        component = component._replace(remarks=(*component.remarks, why))
    else:
        budget.add(component.path, text, whole=whole)
    if text.isspace():
        return _broken(component, "it has nothing but white space")
    return with_statuses(component, ["draft"]) if whole and untouched(data) else component


def _broken(component: Component, remark: str) -> Component:
    """Return a component that an entry cannot use; one that no entry names only with the remark."""
    if _UNNAMED.isdisjoint(component.statuses):
        component = with_statuses(component, ["broken"])
    return component._replace(remarks=(*component.remarks, remark))
