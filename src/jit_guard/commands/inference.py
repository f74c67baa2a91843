"""Which nodes of data files name paths, and how: wrapper induction by voting.

For every node, each path is looked up whose name is like its text, and written as a template with
the fields of the node. The expression and the template on which most nodes agree are a table.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from posixpath import splitext
from typing import NamedTuple

from jit_guard.commands.path_index import MOST, PathIndex
from jit_guard.commands.shapes import Node, expressions
from jit_guard.registry.syntax.syntax import syntax_name
from jit_guard.text.names import join, never_counts

_LONGEST = 200  # characters of a text that may be a path
_LEAST = 2  # nodes that agree
_LEAST_COMMON = 3  # directories that have a file in common
_MOST_TRIED = 80  # expressions, those with most hits
_MOST_TEMPLATES = 3  # of one expression
_MOST_VOTES = 48  # of one node
_MOST_FIELDS = 12
_MOST_MEMBERS = 30  # of an object that are looked at
_LONGEST_FIELD = 100  # characters
_MOST_SUFFIXES = 6
_MOST_AROUND = 5  # directories called like a field
_DEAR = 5  # hits that a miss costs
_PRECISE = 0.75  # of the nodes, those whose path exists
_MOST_ALTERNATIVES = 2
_TAKEN = re.compile(r"[{}\n\0]|://|^\.\.?/?$")
_USUAL = re.compile(r"(?:CHANGELOG|CONTRIBUTING|LICEN[CS]E|NOTICE|SECURITY)\b", re.IGNORECASE)
_Form = tuple[str, str]  # base and target
_Votes = dict[_Form, str]  # -> the path
_Key = tuple[str, str]  # an expression, and the field of the node that counts


class Guess(NamedTuple):
    """A table without its tree.

    Args:
        entries: the expression.
        base: what targets are relative to.
        targets: what an entry names; the first that exists counts.
        match: the pattern of the value; None: every node counts.
        paths: the paths that exist, in the order of the nodes; of a directory with a slash.
        nodes: the numbers of the nodes that name them.
        misses: how many nodes name nothing that exists.
        spelled: the texts look like paths, which is hardly chance.
        files: in how many files these nodes are.
    """

    entries: str
    base: str
    targets: tuple[str, ...]
    match: str | None
    paths: tuple[str, ...]
    nodes: tuple[int, ...]
    misses: int
    spelled: bool
    files: int


class Votes:
    """What each node of some files may name.

    Args:
        nodes: of the files.
        index: the paths of the project.
    """

    def __init__(self, nodes: Sequence[Node], index: PathIndex) -> None:
        self._nodes, self._index = nodes, index
        counts = Counter(splitext(path)[1] for path in index.files)
        self._suffixes = [one for one, _ in counts.most_common(_MOST_SUFFIXES) if one]
        self._votes: dict[str, dict[int, _Votes]] = {"value": {}, "key": {}}
        for number, node in enumerate(nodes):
            for field, votes in self._votes.items():
                text = node.value if field == "value" else node.location[-1]
                if isinstance(text, str) and 0 < len(text) <= _LONGEST and not _TAKEN.search(text):
                    votes[number] = self._of(node, text, field)
            for votes in self._votes.values():
                if not votes.get(number, True):
                    del votes[number]
        self._members = self._grouped()

    def best(self, without: Iterable[int] = ()) -> Guess | None:
        """Return the table that most nodes agree on, other than these; None if none is precise."""
        out = set(without)
        hits: Counter[_Key] = Counter(
            (expression, field)
            for expression, members in self._members.items()
            for field, votes in self._votes.items()
            if field == "value" or (expression.endswith(".*") and not expression.endswith("..*"))
            for number in members
            if number in votes and number not in out
        )
        found = [
            guess
            for (expression, field), count in hits.most_common(_MOST_TRIED)
            if count >= _LEAST
            for guess in self._guesses(expression, field, out)
        ]
        return max(found, key=_rank, default=None)

    def _grouped(self) -> dict[str, list[int]]:
        """Return the nodes of each expression that some nodes with votes fit."""
        known: Counter[str] = Counter()
        for number in sorted({*self._votes["value"], *self._votes["key"]}):
            known.update(set(expressions(self._nodes[number].location)))
        members: dict[str, list[int]] = {one: [] for one, count in known.items() if count >= _LEAST}
        if not members:
            return {}
        for number, node in enumerate(self._nodes):
            for expression in set(expressions(node.location)):
                if expression in members:
                    members[expression].append(number)
        return members

    def _guesses(self, expression: str, field: str, out: set[int]) -> Iterator[Guess]:
        votes = self._votes[field]
        members = [one for one in self._members[expression] if one not in out]
        forms: dict[_Form, set[str]] = {}
        for one in members:
            for form, path in votes.get(one, {}).items():
                forms.setdefault(form, set()).add(path)
        ranked = sorted(forms.items(), key=lambda one: (-len(one[1]), len(one[0][0] + one[0][1])))
        for form, _ in ranked[:_MOST_TEMPLATES]:
            yield from self._guess(expression, field, members, form)

    def _guess(
        self, expression: str, field: str, members: Sequence[int], form: _Form
    ) -> Iterator[Guess]:
        votes = self._votes[field]
        base, target = form
        hits = {one: votes[one][form] for one in members if form in votes.get(one, ())}
        targets = [target]
        for _ in range(_MOST_ALTERNATIVES if field == "value" else 0):
            head = target.rpartition("}")[0]
            others = Counter(
                other
                for one in members
                if one not in hits
                for at, other in votes.get(one, ())
                if at == base and other.rpartition("}")[0] == head and other not in targets
            )
            if not others:
                break
            other = others.most_common(1)[0][0]
            targets.append(other)
            hits |= {
                one: votes[one][base, other]
                for one in members
                if one not in hits and (base, other) in votes.get(one, ())
            }
        match: str | None = None
        missed = [one for one in members if one not in hits]
        if field == "value":
            texts = sum(isinstance(self._nodes[one].value, str) for one in missed)
            missed, match = self._matched(hits, missed)
            if texts - len(missed) > len(hits):  # most texts are something else
                return
        if len(hits) < _PRECISE * (len(hits) + len(missed)):
            return
        numbers = tuple(sorted(hits))
        paths = tuple(hits[one] for one in numbers)
        end = _common_file(self._index, paths) if targets == [target] else None
        if end is not None:
            filled = {_filled(end, _fields(self._nodes[one], field)) for one in numbers}
            targets = [target + (filled.pop() if len(filled) == 1 else end)]
            paths = tuple(f"{one}{end}" for one in paths)
        spelled = field == "value" and 2 * sum(
            bool(re.search(r"/|\.\w+$", self._nodes[one].value)) for one in numbers
        ) > len(numbers)
        files = len({self._nodes[one].path for one in numbers})
        yield Guess(
            expression, base, tuple(targets), match, paths, numbers, len(missed), spelled, files
        )

    def _matched(self, hits: dict[int, str], missed: Sequence[int]) -> tuple[list[int], str | None]:
        """Return what is still missed with a pattern that all hits match, and the pattern."""
        values = [self._nodes[one].value for one in missed]
        others = [one for one in values if not isinstance(one, (str, int, float))]
        texts = [self._nodes[one].value for one in hits]
        if not values:
            return [], None
        suffixes = sorted({splitext(one)[1] for one in texts})
        patterns = [r"[^:]+", r"[^: ]+", r"[.]{1,2}/.+", r"[^:{}$]*"]
        if all(suffixes) and len(suffixes) <= 3:
            patterns.append(rf".+[.](?:{'|'.join(re.escape(one[1:]) for one in suffixes)})")
        best: tuple[list[int], str | None] = (list(missed), None)
        for pattern in patterns:
            if all(re.fullmatch(pattern, one) for one in texts):
                left = [
                    number
                    for number, value in zip(missed, values, strict=True)
                    if isinstance(value, str) and re.fullmatch(pattern, value)
                ]
                if len(left) < len(best[0]):
                    best = left, pattern
        if best[1] is None and others:
            best = [one for one in missed if isinstance(self._nodes[one].value, str)], ".*"
        return best

    def _of(self, node: Node, text: str, field: str) -> _Votes:
        """Return what a text of a node may name: base and target -> the path."""
        fields = _fields(node, field)
        lead = "./" if text.startswith("/") else ""
        mine = f"{lead}{{{field}}}"
        here = node.directory
        bases = [("", "")]
        if here:
            bases += [("{dir}", here), ("{dir}/..", here.rpartition("/")[0])]
        text = text.lstrip("/")
        found: _Votes = {}
        for base, directory in bases:
            self._add_direct(found, base, directory, text, mine, node.path)
        wanted = text.removeprefix("./").strip("/")
        if not wanted or ".." in wanted.split("/"):
            return found
        like = self._like(wanted, fields)
        for path in sorted(like, key=lambda one: -sum(text in one for _, text in fields)):
            body = path.rstrip("/")
            at = body.rfind(wanted)
            before, after = body[:at], body[at + len(wanted) :] + path[len(body) :]
            apart = before[-1:] in ("", *"/-_") and after[:1] in ("", *"./-_")
            if not apart or _holds(path, node.path):
                continue
            if len(found) >= _MOST_VOTES:
                break
            inside = [one for one in fields if one[1] in path]
            orders = [inside] if inside else []
            if len({text for _, text in inside}) < len(inside):  # two have the same text
                orders.append(inside[::-1])
            for base, directory in bases:
                if directory and not before.startswith(f"{directory}/"):
                    continue
                if base == "{dir}/.." and before.startswith(f"{here}/"):
                    continue
                rest = before[len(directory) + 1 :] if directory else before
                if not (rest or after or directory):
                    continue
                found.setdefault((base, f"{rest}{mine}{after}"), path)
                for some in orders:
                    filled = f"{_filled(rest, some)}{mine}{_filled(after, some)}"
                    found.setdefault((base, filled), path)
        return found

    def _add_direct(
        self, found: _Votes, base: str, directory: str, text: str, mine: str, file: str
    ) -> None:
        """Add what a text leads to from a directory as it is, and with a usual suffix."""
        path = self._index.has(directory, text) or self._index.has(directory, f"{text}/")
        if path is not None and not _holds(path, file):
            found.setdefault((base, mine + "/" * path.endswith("/")), path)
        for suffix in self._suffixes:
            path = self._index.has(directory, text + suffix)
            if path is not None and path != file:
                found.setdefault((base, mine + suffix), path)

    def _like(self, wanted: str, fields: Sequence[tuple[str, str]]) -> list[str]:
        """Return paths that end like a text, or have it below a directory called like a field."""
        last = wanted.rpartition("/")[2]
        found = [path for path in self._index.find(last) if wanted in path]
        if found and len(self._index.find(last)) < MOST:
            return found
        for _, text in fields:
            around = [one for one in self._index.find(text) if one.endswith("/")]
            for directory in around[:_MOST_AROUND]:
                inner = self._index.has(directory, wanted)
                found += [inner] if inner else []
                found += (
                    join(directory.rstrip("/"), name)
                    for name in self._index.directories.get(directory.rstrip("/"), ())
                    if wanted in name
                )
        return found


def _holds(path: str, file: str) -> bool:
    """Check whether a path is a file, or a directory around it: nothing that it would register."""
    return path == file or (path.endswith("/") and file.startswith(path))


def _rank(guess: Guess) -> tuple[int, ...]:
    """More hits are better; those of every member of an object may be of different kinds."""
    target = "".join(guess.targets)
    mixed = guess.entries.endswith(".*") and "{value}" in target
    return (
        len(set(guess.paths)) // (2 if mixed else 1) - _DEAR * guess.misses,
        guess.spelled,
        -guess.entries.count(".."),
        -guess.entries.count(".*"),
        -target.count("{"),
        -len(guess.entries + target),
    )


def _fields(node: Node, field: str) -> list[tuple[str, str]]:
    """Return the other fields of a node with their texts: keys, and members around it."""
    keys = [step for step in node.location if isinstance(step, str)]
    found: dict[str, str] = {}
    if field == "value" and isinstance(node.location[-1], str):
        keys.pop()
    if field == "key":
        keys.pop()
    for number, key in enumerate(keys):
        found[f"keys[{number}]"] = key
    around: list[object] = []
    here = node.document
    for step in node.location:
        around.append(here)
        here = here[step]
    for one in [here] if isinstance(here, dict) else reversed(around):
        members = one.items() if isinstance(one, dict) else ()
        for name, value in islice(members, _MOST_MEMBERS):
            if isinstance(value, str) and value is not node.value and _is_field(name, value):
                found.setdefault(name, value)
        if len(found) > _MOST_FIELDS:
            break
    named = {"name", "id", "slug"}
    ordered = sorted(found.items(), key=lambda one: one[0] not in named)
    return [one for one in ordered if one[1] and not _TAKEN.search(one[1])][:_MOST_FIELDS]


def _is_field(name: str, value: str) -> bool:
    plain = name.replace("-", "_").isidentifier() and name not in ("value", "key", "index", "dir")
    return plain and len(value) <= _LONGEST_FIELD


def _filled(text: str, fields: Sequence[tuple[str, str]]) -> str:
    """Return a part of a path with fields in place of names that are like them."""
    return "/".join(_filled_name(name, fields) if name else name for name in text.split("/"))


def _filled_name(name: str, fields: Sequence[tuple[str, str]]) -> str:
    for field, text in sorted(fields, key=lambda one: -len(one[1])):
        if name == text:
            return f"{{{field}}}"
        if name.startswith(text) and name[len(text)] in "-_.":
            return f"{{{field}}}{name[len(text) :]}"
        if name.endswith(text) and name[-len(text) - 1] in "-_":
            return f"{name[: -len(text)]}{{{field}}}"
    return name


def _common_file(index: PathIndex, paths: Sequence[str]) -> str | None:
    """Return the name of a file that all directories have; the one that is rarest elsewhere."""
    if len(paths) < _LEAST_COMMON or not all(one.endswith("/") for one in paths):
        return None
    within = [index.directories.get(one.rstrip("/"), []) for one in dict.fromkeys(paths)]
    if len(within) < _LEAST_COMMON:
        return None
    common = set(within[0]).intersection(*within[1:])
    names = [one for one in common if not never_counts(one) and not _USUAL.match(one)]
    if len(names) != 1:
        names = [one for one in names if syntax_name(one) or re.fullmatch(r"[A-Z_-]+\.md", one)]
    if not names:
        return None
    everywhere = Counter(path.rpartition("/")[2] for path in index.files)
    return min(((everywhere[one], one) for one in names), key=itemgetter(0, 1))[1]
