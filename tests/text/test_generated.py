"""Names of generated components: what they contain, and that no goal makes them invalid."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from unicodedata import normalize

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jit_guard.text.generated import candidates, is_for, lossless, plain_name
from jit_guard.text.names import MAX_NAME_BYTES, never_counts, unportable, unsafe_filename

TEXT = st.text(min_size=1, max_size=200)
LONG = st.text(min_size=1, max_size=5).map(lambda text: text * 200)
ANY = TEXT | LONG
FILENAME = st.sampled_from(["a.txt", "b.md", "deep/c.JSON", "none", ".hidden", "d.tar.gz"]) | TEXT


@pytest.mark.parametrize(
    ("goal", "component_type", "filename", "name"),
    [
        (
            "DIAGNOSE_ROOT_CAUSE",
            "protocol",
            "r.txt",
            "autogen_protocol_for_diagnose_root_cause.txt",
        ),
        ("GREET", "persona", "host.md", "autogen_persona_for_greet.md"),
        ("GREET", "persona", "deep/er/host.yaml", "autogen_persona_for_greet.yaml"),
        ("GREET", "persona", "host", "autogen_persona_for_greet.txt"),
        ("GREET", "persona", ".host", "autogen_persona_for_greet.txt"),
        ("GREET", "persona", "host.", "autogen_persona_for_greet.txt"),
        ("v1.2-beta", "persona", "host.MD", "autogen_persona_for_v1.2-beta.MD"),
        ("挨拶する", "persona", "host.txt", "autogen_persona_for_挨拶する.txt"),
        ("CAFE\N{COMBINING ACUTE ACCENT}", "persona", "x.txt", "autogen_persona_for_café.txt"),
        ("ПРИВЕТ", "persona", "x.txt", "autogen_persona_for_привет.txt"),
    ],
)
def test_a_goal_that_fits_is_part_of_the_name_unchanged(
    goal: str, component_type: str, filename: str, name: str
) -> None:
    assert next(candidates(goal, component_type, filename)) == name


@pytest.mark.parametrize(
    ("goal", "start"),
    [
        ("hand over", "autogen_persona_for_hand_over_"),
        ("a/b", "autogen_persona_for_a_b_"),
        ("../../etc/passwd", "autogen_persona_for_.._.._etc_passwd_"),
        ("tab\there", "autogen_persona_for_tab_here_"),
        ("🙂", "autogen_persona_for___"),
    ],
)
def test_replaced_characters_add_a_hash(goal: str, start: str) -> None:
    name = next(candidates(goal, "persona", "x.txt"))
    assert name.startswith(start)
    digits = name.removeprefix(start).removesuffix(".txt")
    assert len(digits) == 8
    assert set(digits) <= set("0123456789abcdef")


def test_a_name_that_is_shared_or_taken_gets_a_hash() -> None:
    plain, first, second = islice(candidates("GREET", "persona", "x.txt"), 3)
    assert plain == "autogen_persona_for_greet.txt"
    assert next(candidates("GREET", "persona", "x.txt", plain=False)) == first
    assert next(candidates("Greet", "persona", "x.txt", plain=False)) != first
    assert len({plain, first, second}) == 3


def test_a_number_is_never_a_part_of_another_goal() -> None:
    goal = "x" * 300  # so long that its end is cut off
    first, second = islice(candidates(goal, "persona", "x.txt"), 2)
    assert next(candidates(goal + "\0" + "1", "persona", "x.txt")) not in (first, second)
    ends = [goal + "\0" * number for number in range(3)]
    names = [name for one in ends for name in islice(candidates(one, "persona", "x.txt"), 3)]
    assert len(set(names)) == len(names)


@given(ANY, TEXT, FILENAME)
def test_every_candidate_is_a_portable_name(goal: str, component_type: str, filename: str) -> None:
    for name in islice(candidates(goal, component_type, filename), 3):
        assert unportable(name) is None
        assert unsafe_filename(name) is None
        assert not never_counts(name)
        assert "/" not in name
        assert normalize("NFC", name) == name
        assert len(name.encode()) <= MAX_NAME_BYTES
        assert name.startswith("autogen_")
        stem = name.rpartition(".")[0]
        assert all(character.isalnum() or character in "_-." for character in name)
        assert stem == normalize("NFC", stem.lower())


@given(ANY, TEXT, FILENAME)
def test_candidates_never_repeat_and_never_vary(
    goal: str, component_type: str, filename: str
) -> None:
    names = list(islice(candidates(goal, component_type, filename), 20))
    assert len(set(names)) == 20
    assert names == list(islice(candidates(goal, component_type, filename), 20))


TWINS: list[Callable[[str], str]] = [
    str.lower,
    str.upper,
    str.swapcase,
    lambda text: normalize("NFD", text),
    lambda text: f"{text}x",
    lambda text: text.replace("_", " "),
]


@given(ANY, st.sampled_from(TWINS))
def test_goals_that_share_a_name_are_those_that_share_a_plain_one(
    one: str, twin: Callable[[str], str]
) -> None:
    other = twin(one)
    assume(one != other)
    names = [next(candidates(goal, "persona", "x.txt")) for goal in (one, other)]
    if names[0] == names[1]:
        assert lossless(one)
        assert lossless(other)
        assert plain_name(one) == plain_name(other)


@given(ANY, TEXT, st.from_regex(r"[a-z]{1,10}\.[A-Za-z0-9]{1,8}", fullmatch=True))
def test_the_suffix_is_kept(goal: str, component_type: str, filename: str) -> None:
    suffix = filename[filename.index(".") :]
    for name in islice(candidates(goal, component_type, filename), 3):
        assert name.endswith(suffix)


@given(ANY, TEXT, FILENAME)
def test_a_generated_name_is_recognized(goal: str, component_type: str, filename: str) -> None:
    for name in islice(candidates(goal, component_type, filename), 2):
        assert is_for(name, goal, component_type)
        assert not is_for(name, f"{goal}x", component_type)


@pytest.mark.parametrize("name", ["host.txt", "autogen_persona_for_other.txt", "a/autogen_x.txt"])
def test_other_names_are_not_recognized(name: str) -> None:
    assert not is_for(name, "GREET", "persona")
