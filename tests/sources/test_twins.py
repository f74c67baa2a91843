"""Renamed directories are recognised by the ids of their files."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jit_guard.sources.answers import Twin
from jit_guard.sources.twins import find_twins

FILES = st.dictionaries(st.sampled_from("abcd"), st.sampled_from("12"), min_size=1)


def has(orphan: dict[str, str], files: dict[str, str]) -> int:
    """Count the files that an orphan has unchanged."""
    return sum(orphan.get(path) == id_ for path, id_ in files.items())


@given(FILES, st.dictionaries(st.sampled_from("xyz"), FILES))
def test_a_twin_is_the_only_directory_with_all_or_most_files(
    files: dict[str, str], orphans: dict[str, dict[str, str]]
) -> None:
    contents = {name: {path: {id_} for path, id_ in one.items()} for name, one in orphans.items()}
    counts = {name: has(one, files) for name, one in orphans.items()}
    whole = [name for name, count in counts.items() if count == len(files)]
    most = [name for name, count in counts.items() if count > len(files) / 2]
    expected = None
    if len(whole) == 1:
        expected = Twin(whole[0])
    elif len(most) == 1:
        expected = Twin(most[0], whole=False)
    assert find_twins({"gone": files}, contents).get("gone") == expected


def test_a_file_that_many_directories_have_says_nothing() -> None:
    files = {"LICENSE": "0", "SKILL.md": "1"}
    many = {f"d{number}": {"LICENSE": {"0"}, "SKILL.md": {f"x{number}"}} for number in range(200)}
    many["renamed"] = {"LICENSE": {"0"}, "SKILL.md": {"1"}}
    assert find_twins({"gone": files}, many) == {"gone": Twin("renamed")}
    assert find_twins({"gone": {"LICENSE": "0"}}, many) == {}


def test_the_work_is_not_the_product_of_missing_and_existing_directories() -> None:
    compared = []

    class Counted(dict[str, set[str]]):
        def get(self, path: str, default: object = None) -> Any:
            compared.append(path)
            return super().get(path, default)

    gone = {f"g{number}": {"LICENSE": "0", "SKILL.md": f"{number}"} for number in range(100)}
    there = {
        f"d{number}": Counted({"LICENSE": {"0"}, "SKILL.md": {f"{number}"}})
        for number in range(100)
    }
    assert find_twins(gone, there)["g7"] == Twin("d7")
    assert len(compared) <= 4 * len(gone)
