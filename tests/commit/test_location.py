"""Which paths a commit accepts, up to their last byte."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jit_guard.commit.directories import Directories
from jit_guard.commit.errors import UnsafePathError
from jit_guard.commit.location import refuse_unsafe
from jit_guard.text.names import MAX_NAME_BYTES

LONGEST = "/".join(["x" * 99] * 40) + "/" + "y" * 95  # 4,095 bytes, as Linux allows


def test_a_path_may_be_as_long_as_the_system_allows() -> None:
    assert len(LONGEST) == 4095
    assert MAX_NAME_BYTES == 255
    for path in (LONGEST, "x" * 255, f"a/{'é' * 127}x", f"{'é' * 127}x/a"):
        refuse_unsafe(path)
    for path in (f"{LONGEST}y", "x" * 256, f"a/{'é' * 128}", f"{'é' * 128}/a"):
        with pytest.raises(UnsafePathError, match=r"^'.{1,60}'… is too long for a file name$"):
            refuse_unsafe(path)


@pytest.mark.parametrize(
    "path", ["a", "a/C:", "1:x", "ab:c", ".jit-guardx/a", "jit-guard", ".gitignore", "..a"]
)
def test_a_path_that_only_resembles_an_unsafe_one(path: str) -> None:
    refuse_unsafe(path)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "is absolute or empty"),
        ("/a", "is absolute or empty"),
        ("z:a", "is absolute or empty"),
        ("C:\\a", "is absolute or empty"),
        *((path, "is not a plain path below the root") for path in ("a\\b", "a\0", "a/", "a//b")),
        *((path, "is not a plain path below the root") for path in (".", "a/..", "./a", "a/./b")),
        ("\ud800", "is not a valid file name"),
        (".Jit-Guard/a", "maps and components cannot be in .Jit-Guard"),
        ("a/.jit-guard", "maps and components cannot be in .jit-guard"),
        ("a/.GIT/b", "maps and components cannot be in .GIT"),
    ],
)
def test_an_unsafe_path_is_refused_with_the_reason(path: str, why: str) -> None:
    with pytest.raises(UnsafePathError) as raised:
        refuse_unsafe(path)
    assert why in str(raised.value)


def test_a_name_is_a_single_one_on_every_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Directories(str(tmp_path)) as directories:
        monkeypatch.setattr(os, "sep", "\\")
        for name in ("a/b", "a\\b", "", ".", ".."):
            with pytest.raises(UnsafePathError, match="is not a single name"):
                directories.top.location(name)
        assert directories.top.location("a").name == "a"
