"""Templates of paths: what an entry of a registry names.

A field is in braces. `{value}` is the node, `{key}` and `{keys[0]}` are names on its way from
the top, `{index}` is the last index on it, `{dir}` the directory of the registry's file; any other
is a member of the node, or of the nearest object around it. A literal brace is written twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

_PART = re.compile(r"(?P<brace>\{\{|\}\})|\{(?P<field>[^{}]+)\}|(?P<wrong>[{}])|(?P<text>[^{}]+)")
_KEYS = re.compile(r"keys\[(-?[0-9]{1,3})\]")
RESERVED = ("value", "key", "index", "dir")


class TemplateError(ValueError):
    """The text is not a template. The message says why."""


class MissingFieldError(ValueError):
    """An entry does not have a field of the template. The message names the field."""


class Context(NamedTuple):
    """What the fields of one entry are taken from.

    Args:
        location: names and indices from the top of the document to the node.
        value: the node.
        document: the whole document.
        directory: the directory of the registry's file, relative to the root.
        written: returns a number as it is written in the text.
        groups: the named groups of the registry's `match` patterns.
    """

    location: tuple[str | int, ...]
    value: Any
    document: Any
    directory: str
    written: Callable[[], str]
    groups: Mapping[str, str] = {}

    def field(self, name: str) -> str:
        """Return a field. Raises MissingFieldError."""
        found = self._reserved(name) if name in RESERVED else self._keys(name)
        if found is None and name not in RESERVED:
            found = self.groups.get(name) or self._member(name)
        if found is None:
            raise MissingFieldError(name)
        return found

    def _reserved(self, name: str) -> str | None:
        if name == "dir":
            return self.directory or "."
        if name == "value":
            return self._scalar()
        kind = str if name == "key" else int
        found = [one for one in self.location if isinstance(one, kind)]
        return str(found[-1]) if found else None

    def _scalar(self) -> str | None:
        if isinstance(self.value, str):
            return self.value
        number = isinstance(self.value, (int, float)) and not isinstance(self.value, bool)
        return self.written() if number else None

    def _keys(self, name: str) -> str | None:
        match = _KEYS.fullmatch(name)
        if match is None:
            return None
        keys = [one for one in self.location if isinstance(one, str)]
        index = int(match.group(1))
        return keys[index] if -len(keys) <= index < len(keys) else None

    def _member(self, name: str) -> str | None:
        around = [self.value] if isinstance(self.value, dict) else reversed(list(self._enclosing()))
        for one in around:
            if isinstance(one, dict) and isinstance(one.get(name), str):
                return str(one[name])
        return None

    def _enclosing(self) -> Iterator[Any]:
        """Yield the objects and arrays around the node, from the top."""
        here = self.document
        for step in self.location:
            yield here
            here = here[step]


class Template(NamedTuple):
    """A parsed template: literal texts and fields, in turn. See `parse`."""

    parts: tuple[tuple[str, bool], ...]  # a text, or with True the name of a field

    def expand(self, context: Context) -> str:
        """Return the path of an entry, as written. Raises MissingFieldError."""
        return "".join(context.field(part) if field else part for part, field in self.parts)

    def inverse(self, context: Context, wanted: str) -> str | None:
        """Return the value for which the template expands to a text; None if there is none."""
        if self.parts.count(("value", True)) != 1 or not isinstance(context.value, str):
            return None
        at = self.parts.index(("value", True))
        before = Template(self.parts[:at]).expand(context)
        after = Template(self.parts[at + 1 :]).expand(context)
        if len(wanted) <= len(before) + len(after):
            return None
        fits = wanted.startswith(before) and wanted.endswith(after)
        return wanted[len(before) : len(wanted) - len(after)] if fits else None

    @property
    def glob(self) -> str | None:
        """The glob of every path that this can name; None if its first name is not literal."""
        text = "".join("*" if field else _escaped(part) for part, field in self.parts)
        first = self.parts[0] if self.parts else ("", False)
        return text if not first[1] and "/" in first[0] else None


def _escaped(text: str) -> str:
    return re.sub(r"([*?\[\]\\])", r"\\\1", text)


def parse(text: str) -> Template:
    """Parse a template. Raises TemplateError."""
    parts: list[tuple[str, bool]] = []
    for match in _PART.finditer(text):
        if match["wrong"]:
            raise TemplateError(f"has a {match['wrong']} without its pair")
        if match["field"]:
            parts.append((match["field"], True))
        else:
            literal = match["text"] or match["brace"][0]
            if parts and not parts[-1][1]:
                literal = parts.pop()[0] + literal
            parts.append((literal, False))
    return Template(tuple(parts))


class Path(NamedTuple):
    """A normalized path relative to the root, with `/`; "" is the root."""

    path: str
    directory: bool  # a directory is meant

    @property
    def shown(self) -> str:
        """The path, with a final slash for a directory."""
        return f"{self.path}/" if self.directory else self.path


class OutsideTargetError(ValueError):
    """A path is not below the root. The message completes "the target …"."""


def normalized(base: str, target: str) -> Path:
    """Return where a target leads from a base directory. Raises OutsideTargetError."""
    if target.startswith("/") or re.match("[A-Za-z]:[/\\\\]", target):
        raise OutsideTargetError("is an absolute path")
    whole = f"{base}/{target}"
    if "\0" in whole:
        raise OutsideTargetError("contains a NUL character")
    try:
        whole.encode("utf-8", "surrogateescape")  # a directory may be bytes that are not UTF-8
    except UnicodeEncodeError:
        raise OutsideTargetError("contains a lone surrogate, which no file name can") from None
    names: list[str] = []
    for name in whole.split("/"):
        if name == ".." and not names:
            raise OutsideTargetError("leads out of the project")
        if name == "..":
            names.pop()
        elif name not in ("", "."):
            names.append(name)
    return Path("/".join(names), target.endswith("/"))
