"""The nodes of a document that a JSONPath selects (RFC 9535), within a time limit.

The expression comes from the repository that is checked, and `$..*[?@..*[?@..*]]` takes the cube of
the document. The library evaluates lazily, so the limit is checked at every node that it visits;
its `match` and `search` get the engine that has a time limit of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import Any, NamedTuple

import regex
from iregexp_check import check
from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathNode
from jsonpath_rfc9535.exceptions import JSONPathError, JSONPathRecursionError
from jsonpath_rfc9535.filter_expressions import (
    ComparisonExpression,
    Expression,
    FilterExpression,
    FilterQuery,
    FunctionExtension,
    LogicalExpression,
    PrefixExpression,
    StringLiteral,
)
from jsonpath_rfc9535.function_extensions import ExpressionType, FilterFunction
from jsonpath_rfc9535.function_extensions._pattern import map_re
from jsonpath_rfc9535.query import JSONPathQuery
from jsonpath_rfc9535.segments import JSONPathSegment
from jsonpath_rfc9535.selectors import FilterSelector

from jit_guard.registry.dialect import MOST_REPEATED, repeats_too_often
from jit_guard.registry.strict_json import MAX_DEPTH
from jit_guard.text.printable import quote

MOST = 1000  # characters of an expression
_LONG_COUNT = re.compile(r"(?<=[{,])\d+(?=[,}])")
_LEAST_TIME = 5.0  # seconds,
_PER_CHARACTER = 1e-5  # plus this for each character of the document


class Selected(NamedTuple):
    """A node: its location as names and indices from the top, and its value."""

    location: tuple[str | int, ...]
    value: Any


class SelectionError(ValueError):
    """The expression cannot be used. The message says why."""


class Deadline:
    """A moment after which work ends with SelectionError."""

    def __init__(self, size: int) -> None:
        self.seconds = _LEAST_TIME + _PER_CHARACTER * size
        self._until = monotonic() + self.seconds

    def check(self) -> float:
        """Return the seconds that are left. Raises SelectionError if there are none."""
        left = self._until - monotonic()
        if left <= 0:
            raise SelectionError(f"takes too long to apply (more than {self.seconds:.0f} s)")
        return left


class Selection:
    """A compiled JSONPath.

    Args:
        expression: the JSONPath.

    Raises:
        SelectionError: it is not one, or a pattern in it is not an I-Regexp (RFC 9485).
    """

    def __init__(self, expression: str) -> None:
        if len(expression) > MOST:
            raise SelectionError(f"is longer than {MOST:,} characters")
        self._deadline = Deadline(0)
        environment = _Environment(lambda: self._deadline)
        try:
            query = environment.compile(expression)
        except JSONPathError as error:
            raise SelectionError(f"is not a JSONPath (RFC 9535): {error}") from None
        except RecursionError:
            raise SelectionError("is nested too deeply") from None
        self._query = self._timed(query)

    def nodes(self, value: Any, size: int) -> list[Selected]:
        """Return the selected nodes of a document, each once, in the order of the expression.

        Args:
            value: the document.
            size: its length in characters, which the time limit depends on.

        Raises:
            SelectionError: the time limit is exceeded, or the document is nested too deeply.
        """
        self._deadline = Deadline(size)
        found: dict[tuple[str | int, ...], Any] = {}
        try:
            for node in self._query.finditer(value):
                found[node.location] = node.value
        except JSONPathRecursionError:
            raise SelectionError(f"meets a value deeper than {MAX_DEPTH} levels") from None
        return [Selected(location, one) for location, one in found.items()]

    def _timed(self, query: JSONPathQuery) -> JSONPathQuery:
        """Return a query in which every segment, at any depth, checks the deadline."""
        for segment in query.segments:
            for selector in segment.selectors:
                if isinstance(selector, FilterSelector):
                    self._time(selector.expression)
        timed = tuple(_Timed(segment, lambda: self._deadline) for segment in query.segments)
        return JSONPathQuery(env=query.env, segments=timed)

    def _time(self, expression: Expression) -> None:
        if isinstance(expression, FilterQuery):
            expression.query = self._timed(expression.query)
        elif isinstance(expression, FilterExpression):
            self._time(expression.expression)
        elif isinstance(expression, PrefixExpression):
            self._time(expression.right)
        elif isinstance(expression, (LogicalExpression, ComparisonExpression)):
            self._time(expression.left)
            self._time(expression.right)
        elif isinstance(expression, FunctionExtension):
            for argument in expression.args:
                self._time(argument)
            _refuse_other_patterns(expression)


def is_iregexp(pattern: str) -> bool:
    """Check for an I-Regexp (RFC 9485); `check` knows only counts of one digit."""
    return bool(check(_LONG_COUNT.sub("1", pattern)))


def refuse_counts(pattern: str) -> None:
    """Raise SelectionError if the counts of a pattern, multiplied, are too large."""
    if repeats_too_often(pattern):
        raise SelectionError(f"{quote(pattern)} repeats more than {MOST_REPEATED:,} times")


def _refuse_other_patterns(function: FunctionExtension) -> None:
    """Refuse a literal pattern that is not an I-Regexp, which would silently match nothing."""
    if function.name in ("match", "search"):
        pattern = function.args[1]
        if isinstance(pattern, StringLiteral):
            if not is_iregexp(pattern.value):
                raise SelectionError(f"{quote(pattern.value)} is not an I-Regexp (RFC 9485)")
            refuse_counts(pattern.value)


class _Timed(JSONPathSegment):
    """A segment that checks the deadline before it starts and at every node that it finds."""

    __slots__ = ("_deadline", "_segment")

    def __init__(self, segment: JSONPathSegment, deadline: Callable[[], Deadline]) -> None:
        super().__init__(env=segment.env, token=segment.token, selectors=segment.selectors)
        self._segment = segment
        self._deadline = deadline

    def resolve(self, nodes: Iterable[JSONPathNode]) -> Iterator[JSONPathNode]:
        """Apply the segment to each node."""
        check = self._deadline().check
        check()
        for node in self._segment.resolve(nodes):
            check()
            yield node

    def __str__(self) -> str:
        return str(self._segment)


class _Environment(JSONPathEnvironment):
    max_recursion_depth = MAX_DEPTH + 1

    def __init__(self, deadline: Callable[[], Deadline]) -> None:
        self._deadline = deadline
        super().__init__()

    def setup_function_extensions(self) -> None:
        """Replace the two functions that match patterns."""
        super().setup_function_extensions()
        self.function_extensions["match"] = _Matching(self._deadline, regex.fullmatch)
        self.function_extensions["search"] = _Matching(self._deadline, regex.search)


class _Matching(FilterFunction):
    """`match` or `search` within the time limit."""

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]  # noqa: RUF012  (as in its base)
    return_type = ExpressionType.LOGICAL

    def __init__(self, deadline: Callable[[], Deadline], function: Callable[..., Any]) -> None:
        self._deadline = deadline
        self._function = function

    def __call__(self, text: object, pattern: object) -> bool:
        """Match a text with an I-Regexp; as the standard says, nothing else matches."""
        if not isinstance(text, str) or not isinstance(pattern, str) or not is_iregexp(pattern):
            return False
        refuse_counts(pattern)
        try:
            left = self._deadline().check()
            return self._function(map_re(pattern), text, timeout=left) is not None
        except TimeoutError:
            raise SelectionError(f"{quote(pattern)} takes too long to match") from None
        except regex.error:
            return False
