"""YAML 1.2 with the core schema: `no` is a string, a date is a string, `<<` is an ordinary key.

PyYAML reads it and gives the position of every node. Its own loaders mean YAML 1.1, so the types of
scalars are decided here, by the table of the core schema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from jit_guard.registry.positions import Member, Span
from jit_guard.registry.strict_json import MAX_DEPTH, ReadError
from jit_guard.registry.syntax.spans import Location, Repeated, Spans
from jit_guard.registry.syntax.syntax import Document, MissingLibraryError, Syntax

try:
    import yaml
except ModuleNotFoundError as error:
    raise MissingLibraryError(
        "YAML needs PyYAML; install it with `pip install 'jit-guard[yaml]'`"
    ) from error

_TAG = "tag:yaml.org,2002:"
_STRING = f"{_TAG}str"
# https://yaml.org/spec/1.2.2/#103-core-schema
_CORE = {
    "null": re.compile(r"null|Null|NULL|~|"),
    "bool": re.compile(r"true|True|TRUE|false|False|FALSE"),
    "int": re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
    "float": re.compile(
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    ),
}
_STARTS = frozenset("~nNtTfF-+.0123456789")  # of all that match
_LONGEST_NUMBER = 4000  # digits; Python refuses to convert more than 4,300
# An alias means a copy of its node, so a short text can mean a huge document.
_MOST_COPIES = 20  # times the number of nodes in the text, beyond
_FREE_COPIES = 100_000
_MARK = "\ufeff"
_BARE = re.compile(r"[\w./][\w./ +@%=~,()-]*", re.ASCII)


class _Resolver(yaml.resolver.BaseResolver):  # type: ignore[misc,unused-ignore]
    """Decides the tags of scalars without one by the core schema."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        """Return the tag of a node; `implicit[0]` is true for a plain scalar."""
        if kind is yaml.SequenceNode:
            return f"{_TAG}seq"
        if kind is yaml.MappingNode:
            return f"{_TAG}map"
        if implicit[0] and (not value or value[0] in _STARTS):
            for name, pattern in _CORE.items():
                if pattern.fullmatch(value):
                    return _TAG + name
        return _STRING


_LibYaml: Any = getattr(getattr(yaml, "cyaml", None), "CParser", None)

if _LibYaml is not None:

    class _Loader(_LibYaml, _Resolver):  # type: ignore[misc,unused-ignore]
        def __init__(self, text: str) -> None:
            _LibYaml.__init__(self, text)
            _Resolver.__init__(self)

else:

    class _Loader(  # type: ignore[no-redef,misc,unused-ignore]
        yaml.reader.Reader,
        yaml.scanner.Scanner,
        yaml.parser.Parser,
        yaml.composer.Composer,
        _Resolver,
    ):
        def __init__(self, text: str) -> None:
            yaml.reader.Reader.__init__(self, text)
            for base in (yaml.scanner.Scanner, yaml.parser.Parser, yaml.composer.Composer):
                base.__init__(self)
            _Resolver.__init__(self)


def _read(text: str) -> Document:
    start = len(_MARK) if text.startswith(_MARK) else 0
    try:
        roots = list(_roots(_Loader(text[start:])))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join(filter(None, (error.context, error.problem))) or "this is not YAML"
        raise ReadError(start + (mark.index if mark else 0), reason) from None
    except yaml.reader.ReaderError as error:
        reason = f"the character U+{ord(text[start + error.position]):04X} is not allowed"
        raise ReadError(start + error.position, reason) from None
    except RecursionError:
        raise ReadError(start, f"nested deeper than {MAX_DEPTH} levels") from None
    except (ValueError, OverflowError):  # of PyYAML without libyaml
        reason = "an escape sequence or the version of YAML is out of range"
        raise ReadError(start, reason) from None
    reader = _Reader(start)
    values = [reader.value(root) for root in roots]
    several = len(values) != 1  # several documents are an array; none at all is null
    value = values if len(values) > 1 else (values[0] if values else None)
    return Document(value, lambda: _spans(text, start, roots, several), reader.repeats_keys)


def _roots(loader: Any) -> Iterator[Any]:
    while loader.check_node():
        yield loader.get_node()


class _Reader:
    """Turns nodes into values, and refuses what means a document without a bound."""

    def __init__(self, start: int) -> None:
        self.repeats_keys = False
        self._start = start
        self._nodes: set[int] = set()
        self._copies = 0

    def value(self, node: Any, depth: int = 1) -> Any:
        """Return the value of a node. Raises ReadError."""
        if depth > MAX_DEPTH:
            raise self._error(node, f"nested deeper than {MAX_DEPTH} levels")
        self._count(node)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(one, depth + 1) for one in node.value]
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._error(key, "a key that is not a single word or text")
            self.repeats_keys = self.repeats_keys or key.value in found
            found[key.value] = self.value(value, depth + 1)
        return found

    def _count(self, node: Any) -> None:
        if id(node) in self._nodes:
            self._copies += 1
            if self._copies > _FREE_COPIES + _MOST_COPIES * len(self._nodes):
                raise self._error(node, "its aliases mean too many copies")
        self._nodes.add(id(node))

    def _scalar(self, node: Any) -> Any:
        text, kind = node.value, node.tag.removeprefix(_TAG)
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        try:
            if kind == "int" and len(text) <= _LONGEST_NUMBER:
                return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
            if kind == "float":
                return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            raise self._error(node, f"this is not of the type {kind}") from None
        return text

    def _error(self, node: Any, reason: str) -> ReadError:
        return ReadError(self._start + node.start_mark.index, reason)


def _spans(text: str, start: int, roots: list[Any], several: bool) -> Spans:
    members: dict[Location, Member] = {}
    repeated: list[Repeated] = []

    def span(node: Any) -> tuple[int, int]:
        return start + node.start_mark.index, start + node.end_mark.index

    def walk(node: Any, at: Location) -> None:
        if isinstance(node, yaml.MappingNode):
            first: dict[str, Span] = {}
            for key, value in node.value:
                location = (*at, key.value)
                key_span = Span(*span(key))
                if key.value in first:
                    repeated.append(Repeated(location, first[key.value], key_span))
                first.setdefault(key.value, key_span)
                members[location] = Member(key.value, *key_span, *span(value))
                walk(value, location)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                members[(*at, str(index))] = _item(str(index), span(value))
                walk(value, (*at, str(index)))

    for index, root in enumerate(roots):
        if several:
            members[(str(index),)] = _item(str(index), span(root))
        walk(root, (str(index),) if several else ())
    top = Span(span(roots[0])[0], span(roots[-1])[1]) if roots else Span(start, len(text))
    return Spans(text, top, members, tuple(sorted(repeated, key=lambda one: one.again)))


def _item(index: str, span: tuple[int, int]) -> Member:
    return Member(index, span[0], span[0], *span)


def _spellings(old: str, new: str, ascii_only: bool) -> Iterator[str]:
    """Yield the same style first, then double quotes; a block, an anchor or a tag cannot stay."""
    if old[:1] in ("|", ">", "&", "!", "*"):
        return
    if old[:1] == "'":
        yield "'" + new.replace("'", "''") + "'"
    elif old[:1] != '"' and _BARE.fullmatch(new) and not new.endswith(" "):
        yield new
    yield json.dumps(new, ensure_ascii=ascii_only)
    yield json.dumps(new)  # some characters end a line, even between quotes


YAML = Syntax("YAML", _read, _spellings, begins_with_mark=True)
