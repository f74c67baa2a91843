"""hookspecs: the one module that a plugin imports."""

from __future__ import annotations

import inspect

import pluggy
import pytest

from jit_guard import hookspecs
from jit_guard.hookspecs import Request


def test_both_hooks_are_specified_and_documented() -> None:
    manager = pluggy.PluginManager(hookspecs.GROUP)
    manager.add_hookspecs(hookspecs)
    for name in ("jit_guard_rules", "jit_guard_generators"):
        assert getattr(manager.hook, name).has_spec()
        assert inspect.getdoc(getattr(hookspecs, name))


def test_all_public_names_exist_and_are_documented() -> None:
    for name in hookspecs.__all__:
        public = getattr(hookspecs, name)
        assert public.__doc__, name
        if name != "hookimpl":
            # Not the docstring that NamedTuple generates.
            assert not public.__doc__.startswith(f"{name}("), name


@pytest.mark.parametrize(
    ("filename", "suffix"),
    [
        ("a.txt", ".txt"),
        ("deep/er/B.MD", ".md"),
        ("no_suffix", ""),
        (".hidden", ""),
        ("with.dots/name", ""),
        ("a.tar.gz", ".gz"),
    ],
)
def test_a_request_knows_its_suffix(filename: str, suffix: str) -> None:
    assert Request("GOAL", "persona", filename, f"components/{filename}", "").suffix == suffix
