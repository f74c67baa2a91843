"""Components against a contract: what each of them violates.

Schemas are applied to many components at once, because that starts a process. What is kept of a
component until then is its value and the text that it was read from; positions are only found when
there is a violation.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, NamedTuple

from jit_guard.contracts.agreement import Disagreement, Fields, disagreements
from jit_guard.contracts.component import (
    Component,
    Content,
    Files,
    LoadedContract,
    files,
    required,
)
from jit_guard.contracts.contract import Contract
from jit_guard.contracts.data import Data, read_data
from jit_guard.contracts.front_matter import Block, find
from jit_guard.contracts.headings import heading, headings_in, missing
from jit_guard.contracts.violation import Violation
from jit_guard.registry import bounded, schema
from jit_guard.registry.certain import Certifier
from jit_guard.registry.positions import pointer
from jit_guard.registry.schema import Schema
from jit_guard.registry.strict_json import EncodingError, ReadError
from jit_guard.registry.syntax.syntax import syntax, syntax_name
from jit_guard.text.printable import quote

_BATCH = 10_000_000  # characters of JSON that are held until a schema is applied to them
_LONGEST_NAME = 40  # characters; a longer key is quoted
_FRONT_MATTER, _SCHEMA, _HEADING = "JG601", "JG602", "JG603"
_REQUIRED, _DISAGREEMENT, _TOO_LARGE = "JG604", "JG605", "JG606"


class _Value(NamedTuple):
    """A value that a schema is still to be applied to, and where it is from."""

    component: str
    code: str
    path: str
    text: str
    block: Block | None  # None: the whole text
    value: Any


def codes_about_content(contract: Contract) -> list[str]:
    """Return the codes of the rules that need the content of a component's files."""
    demands = {
        _FRONT_MATTER: contract.front_matter,
        _SCHEMA: contract.schema,
        _HEADING: contract.headings,
        _DISAGREEMENT: contract.compares_front_matter,
        _TOO_LARGE: contract.max_bytes,
    }
    return [code for code, demand in demands.items() if demand]


class Examiner:
    """Examines the components of one contract; see `violations_of` for a single one."""

    def __init__(self, loaded: LoadedContract) -> None:
        self._loaded = loaded
        self._wanted = [one for one in map(heading, loaded.contract.headings) if one]
        schemas = {_FRONT_MATTER: loaded.front_matter, _SCHEMA: loaded.schema}
        self._certifiers = {
            code: Certifier(one.document) for code, one in schemas.items() if one is not None
        }
        self._found: dict[str, list[Violation]] = {}
        self._waiting: list[_Value] = []
        self._size = 0

    def add(self, component: Component) -> None:
        """Examine a component.

        Raises:
            ConfigError: the contract cannot be applied to it.
            MissingLibraryError: PyYAML is not installed.
        """
        wanted = files(self._loaded, component.path)
        found = self._found.setdefault(component.path, [])
        found += self._requires(component)
        found += self._too_large(component, wanted)
        front_matter = None
        if wanted.text in component.contents:
            front_matter = self._text(component, str(wanted.text), found)
        self._equal(component, front_matter, found)
        if self._loaded.schema is not None and wanted.data in component.contents:
            self._data(component, str(wanted.data), found)

    def violations(self) -> dict[str, list[Violation]]:
        """Return the violations of each component, by its path, in the order of the text.

        Raises:
            ConfigError: a schema is not one, or takes too long.
        """
        self._apply_schemas()
        return {path: sorted(some, key=_order) for path, some in self._found.items()}

    def _requires(self, component: Component) -> Iterator[Violation]:
        for name, reason in component.missing.items():
            needed = required(self._loaded.contract, component.path)[name]
            yield Violation(_REQUIRED, f"{name} {reason}", component.path, needed=needed)

    def _too_large(self, component: Component, wanted: Files) -> Iterator[Violation]:
        most = self._loaded.contract.max_bytes
        for path in wanted.paths if most is not None else ():
            size = component.contents[path].size if path in component.contents else 0
            if most is not None and size > most:
                message = f"the file has {size:,} bytes, {size - most:,} more than {most:,}"
                yield Violation(_TOO_LARGE, message, path, 1, 1)

    def _text(self, component: Component, path: str, found: list[Violation]) -> _FrontMatter | None:
        """Examine front matter and headings; return the front matter if it is known."""
        contract = self._loaded.contract
        reads = self._loaded.front_matter is not None or contract.compares_front_matter
        if not (reads or self._wanted):
            return None
        text = component.contents[path].data.decode("utf-8", "replace")
        code = _FRONT_MATTER if self._loaded.front_matter is not None else _DISAGREEMENT
        block, front_matter = None, None
        try:
            if not is_text(component.contents[path]):
                raise ReadError(0, "the file is not valid UTF-8")
            block = find(text)
            if reads and block is None:
                raise ReadError(0, "the file does not start with front matter (a line ---)")
            if reads and block is not None:
                front_matter = _FrontMatter(path, text, block, block.read(text))
        except ReadError as error:
            if reads:
                found.append(_at(code, error.reason, path, text, error.offset))
        if front_matter is not None and self._loaded.front_matter is not None:
            found += _repeated(_FRONT_MATTER, path, text, front_matter.data)
            value = front_matter.data.value
            self._wait(_Value(component.path, _FRONT_MATTER, path, text, block, value))
        found += self._headings(path, text, 0 if block is None else block.rest)
        return front_matter

    def _headings(self, path: str, text: str, start: int) -> Iterator[Violation]:
        there = list(headings_in(text, start)) if self._wanted else []
        first = text.count("\n", 0, start) + 1  # a heading that is missing would be after it
        for one in missing(self._wanted, there):
            name = quote(one.wanted.text)
            line = one.elsewhere.line if one.elsewhere else one.after.line if one.after else first
            if one.elsewhere is not None and one.after is not None:
                message = f"the heading {name} must come after {quote(one.after.text)}"
            elif one.after is not None:
                message = f"the heading {name} is missing after {quote(one.after.text)}"
            else:
                message = f"the heading {name} is missing"
            yield Violation(_HEADING, message, path, line, 1)

    def _equal(
        self,
        component: Component,
        front_matter: _FrontMatter | None,
        found: list[Violation],
    ) -> None:
        contract = self._loaded.contract
        if not contract.equal or (contract.compares_front_matter and front_matter is None):
            return  # why it is not known is a violation of its own
        value = None if front_matter is None else front_matter.data.value
        written = str if front_matter is None else front_matter.written
        reported: dict[Disagreement, None] = {}
        for context in component.contexts:
            fields = Fields(component.path, context, value, written)
            reported.update(dict.fromkeys(disagreements(contract.equal, fields)))
        for one in reported:
            if one.keys is None or front_matter is None:
                found.append(Violation(_DISAGREEMENT, one.reason, component.path))
            else:
                offset = front_matter.offset(one.keys)
                found.append(
                    _at(_DISAGREEMENT, one.reason, front_matter.path, front_matter.text, offset)
                )

    def _data(self, component: Component, path: str, found: list[Violation]) -> None:
        content = component.contents[path]
        name = syntax_name(path)
        text = content.data.decode("utf-8", "replace")
        try:
            if name is None:
                raise ReadError(0, "its suffix means neither JSON, YAML nor TOML")
            if content.cut:
                raise ReadError(0, f"it has {content.size:,} bytes, too many to check")
            try:
                text = syntax(name).decode(content.data)
            except EncodingError as error:
                before = content.data[: error.offset].decode("utf-8", "replace")
                raise ReadError(len(before), error.reason) from None
            data = read_data(text, name)
        except ReadError as error:
            found.append(_at(_SCHEMA, error.reason, path, text, error.offset))
            return
        found += _repeated(_SCHEMA, path, text, data)
        self._wait(_Value(component.path, _SCHEMA, path, text, None, data.value))

    def _wait(self, value: _Value) -> None:
        """Let a value wait for its schema, unless it certainly satisfies that."""
        if self._certifiers[value.code].certifies(value.value):
            return
        try:
            self._size += len(json.dumps(value.value))
        except ValueError:  # Python converts no number of more than 4,300 digits into a text
            found = self._found[value.component]
            offset = 0 if value.block is None else value.block.start
            reason = "a number in it has too many digits"
            found.append(_at(value.code, reason, value.path, value.text, offset))
            return
        self._waiting.append(value)
        if self._size > _BATCH:
            self._apply_schemas()

    def _apply_schemas(self) -> None:
        """Apply the schemas to what waits for them. Raises ConfigError."""
        loaded = self._loaded
        for code, one in ((_FRONT_MATTER, loaded.front_matter), (_SCHEMA, loaded.schema)):
            values = [value for value in self._waiting if value.code == code]
            if one is not None and values:
                self._apply(one, values)
        self._waiting.clear()
        self._size = 0

    def _apply(self, one: Schema, values: list[_Value]) -> None:
        answers = bounded.apply(one, [value.value for value in values])
        for value, answer in zip(values, answers, strict=True):
            if answer:
                data, place = _read_again(value), _place(value.path, value.text)
                self._found[value.component] += (
                    _of_schema(value, data, place, one) for one in dict.fromkeys(answer)
                )


def violations_of(loaded: LoadedContract, component: Component) -> list[Violation]:
    """Return what one component violates. Raises as `Examiner` does."""
    examiner = Examiner(loaded)
    examiner.add(component)
    return examiner.violations()[component.path]


class _FrontMatter(NamedTuple):
    """The front matter of a file."""

    path: str
    text: str
    block: Block
    data: Data

    def written(self, keys: tuple[str, ...]) -> str:
        """Return a value as the text has it."""
        member = self.data.find(keys)
        return "" if member is None else self.text[member.start : member.end]

    def offset(self, keys: tuple[str, ...]) -> int:
        """Return where a value is, or the nearest one around it."""
        while keys:
            member = self.data.find(keys)
            if member is not None:
                return member.start
            keys = keys[:-1]
        return 0


def is_text(content: Content) -> bool:
    """Check whether a content is UTF-8."""
    data = content.data
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return content.cut and error.start > len(data) - 4  # a character that is cut
    return True


def _read_again(value: _Value) -> Data:
    if value.block is not None:
        return value.block.read(value.text)
    return read_data(value.text, str(syntax_name(value.path)))


def _of_schema(value: _Value, data: Data, place: _Place, violation: schema.Violation) -> Violation:
    """Return a violation of a schema, at the value or the key that it is about."""
    keys = (*violation.keys, violation.member) if violation.member else violation.keys
    member = data.find(keys)
    if member is not None:
        on_key = violation.on_key or violation.member or violation.keyword == "required"
        offset = member.key_start if on_key else member.start
    elif value.block is not None:
        offset = 0
    else:
        offset = data.spans().top().start
    names = ".".join(key if len(key) <= _LONGEST_NAME else quote(key) for key in violation.keys)
    where = f"{names}: " if names and not violation.on_key else ""
    reason = f"{where}{violation.reason} ({violation.keyword})"
    found = place.at(value.code, reason, offset)
    return found._replace(pointer=pointer(*keys))


def _repeated(code: str, path: str, text: str, data: Data) -> Iterator[Violation]:
    """Yield that an object has a key twice: parsers keep one of the values."""
    found = data.repeated() if data.repeats_keys else None
    if found is not None:
        keys, offset = found
        reason = f"the key {quote(keys[-1])} is defined twice"
        yield _at(code, reason, path, text, offset)._replace(pointer=pointer(*keys))


class _Place(NamedTuple):
    """A file, and where its lines start; there may be many violations in one file."""

    path: str
    text: str
    starts: list[int]

    def at(self, code: str, message: str, offset: int) -> Violation:
        """Return a violation at an offset."""
        line = bisect_right(self.starts, offset)
        column = offset - self.starts[line - 1] + 1
        mark = line == 1 and self.text.startswith("\ufeff")  # no column is the byte order mark's
        return Violation(code, message, self.path, line, max(1, column - mark))


def _place(path: str, text: str) -> _Place:
    return _Place(path, text, [0, *(found.end() for found in re.finditer("\n", text))])


def _at(code: str, message: str, path: str, text: str, offset: int) -> Violation:
    return _place(path, text).at(code, message, offset)


def _order(one: Violation) -> tuple[str, int, int, str, str]:
    return one.path, one.line or 0, one.column or 0, one.code, one.message
