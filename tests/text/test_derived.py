"""What is derived from file names: the type that a directory holds, and the goal of a file."""

from __future__ import annotations

import pytest

from jit_guard.text.derived import goal_name, singular


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("protocols", "protocol"),
        ("Policies", "Policy"),
        ("ties", "tie"),
        ("boxes", "box"),
        ("classes", "class"),
        ("branches", "branch"),
        ("glass", "glass"),
        ("status", "status"),
        ("analysis", "analysis"),
        ("data", "data"),
        ("s", "s"),
        ("", ""),
    ],
)
def test_the_singular_of_a_directory(plural: str, one: str) -> None:
    assert singular(plural) == one


@pytest.mark.parametrize(
    ("filename", "goal"),
    [
        ("root-cause.md", "ROOT_CAUSE"),
        ("rootCause2V.md", "ROOT_CAUSE2_V"),
        ("pdf/SKILL.md", "PDF"),
        ("a/pdf/notes.md", "A_PDF_NOTES"),
        ("SKILL.md", "SKILL"),
        ("--.md", ""),
    ],
)
def test_the_goal_of_a_file(filename: str, goal: str) -> None:
    assert goal_name(filename) == goal
