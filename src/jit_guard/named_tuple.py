"""A fast replacement for `typing.NamedTuple`, for the modules of a clean check.

Importing `typing` takes longer than checking a small project, and each of its NamedTuple classes
takes a quarter of a millisecond, because it is compiled from text. Type checkers see the original;
at run time this module does the same for plain classes of annotated fields with defaults.
"""

from __future__ import annotations

from operator import itemgetter

TYPE_CHECKING = False  # type checkers recognise this name without an import from typing
if TYPE_CHECKING:
    from typing import Any, NamedTuple
else:

    class _Defining(type):
        """Turns the annotations of a class body into fields of a tuple."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            if bases == (tuple,):
                return super().__new__(cls, name, bases, body)
            fields = tuple(body["__annotations__"])
            defaults = {field: body[field] for field in fields if field in body}
            for position, field in enumerate(fields):
                body[field] = property(itemgetter(position))
            body.update(__slots__=(), __match_args__=fields, _fields=fields)
            body["_field_defaults"] = defaults
            return super().__new__(cls, name, bases, body)

    class NamedTuple(tuple, metaclass=_Defining):
        """A tuple with named fields."""

        __slots__ = ()

        def __new__(cls, *values: Any, **named: Any) -> NamedTuple:  # noqa: PYI034 - Python 3.10
            """Set the fields by position, by name, or by default."""
            fields = cls._fields
            if named or len(values) != len(fields):
                defaults = cls._field_defaults
                rest = fields[len(values) :]
                try:
                    more = [named.pop(name) if name in named else defaults[name] for name in rest]
                except KeyError as error:
                    raise TypeError(f"{cls.__name__} is missing {error}") from None
                if named or len(values) > len(fields):
                    raise TypeError(f"{cls.__name__} takes {fields} once each, not {named}")
                values = (*values, *more)
            return tuple.__new__(cls, values)

        # Takes all fields; as fast as making a tuple, for up to millions of records.
        _make = classmethod(tuple.__new__)

        def _replace(self, **changes: Any) -> NamedTuple:
            return type(self)(**{**self._asdict(), **changes})

        def _asdict(self) -> dict[str, Any]:
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self) -> str:
            fields = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
            return f"{type(self).__name__}({fields})"

        def __getnewargs__(self) -> tuple[Any, ...]:
            return tuple(self)


__all__ = ["NamedTuple"]
