"""The NamedTuple of a clean check behaves like the one of `typing`."""

from __future__ import annotations

import copy
import pickle
import typing
from collections.abc import Callable
from typing import Any, Literal

import pytest
from typing_extensions import assert_type

from jit_guard.named_tuple import NamedTuple
from jit_guard.report import Finding


class Ours(NamedTuple):
    """A point."""

    x: int
    y: str = "y"
    z: tuple[int, ...] = ()

    @property
    def sum(self) -> int:
        """A method among the fields."""
        return self.x + sum(self.z)


class Theirs(typing.NamedTuple):
    """A point."""

    x: int
    y: str = "y"
    z: tuple[int, ...] = ()

    @property
    def sum(self) -> int:
        """A method among the fields."""
        return self.x + sum(self.z)


SAME: list[Callable[[Any], object]] = [
    lambda made: made(1),
    lambda made: made(1, "a", (2,)),
    lambda made: made(z=(3,), x=1),
    lambda made: made(1, z=(4,)).sum,
    lambda made: made(1)._replace(y="b")._asdict(),
    lambda made: made._make([1, "c", (5,)]).z,
    lambda made: (made._fields, made._field_defaults, made.__match_args__, made.__doc__),
    lambda made: repr(made(1)).partition("(")[2],
    lambda made: hash(made(1)),
    lambda made: copy.deepcopy(made(1, "d", (6,))),
    lambda made: pickle.loads(pickle.dumps(made(1))),
    lambda made: made(1) == (1, "y", ()),
    lambda made: made(1) < made(2),
    lambda made: isinstance(made(1), tuple),
    lambda made: made(1)[1:],
]
WRONG: list[Callable[[Any], object]] = [
    lambda made: made(),
    lambda made: made(1, "a", (), 4),
    lambda made: made(1, w=1),
    lambda made: made(1, x=1),
    lambda made: made(1, "a", (), x=1),
    lambda made: made(1)._replace(w=1),
    lambda made: made._make([1])._asdict(),
]


@pytest.mark.parametrize("use", SAME)
def test_it_behaves_like_the_original(use: Callable[[Any], object]) -> None:
    assert use(Ours) == use(Theirs)


@pytest.mark.parametrize("use", WRONG)
def test_it_rejects_what_the_original_rejects(use: Callable[[Any], object]) -> None:
    for made in (Ours, Theirs):
        with pytest.raises((TypeError, ValueError)):
            use(made)


def test_it_is_immutable_and_has_no_other_attributes() -> None:
    one: Any = Ours(1)
    for name in ("x", "w"):
        with pytest.raises(AttributeError):
            setattr(one, name, 2)
    assert not hasattr(one, "__dict__")
    match one:
        case Ours(x, y):
            assert (x, y) == (1, "y")


def test_a_type_checker_sees_the_original() -> None:
    finding = Finding("JG201", "missing-component", "error", "x")
    # mypy checks these; at run time they do nothing.
    assert_type(finding.severity, Literal["error", "warning"])
    assert_type(finding.line, int | None)
    assert_type(finding._replace(line=3), Finding)
