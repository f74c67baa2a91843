"""Generated findings are the same as stored ones."""

from __future__ import annotations

import pickle
import random
from collections.abc import Iterator

import pytest

from jit_guard.formats import NAMES, Options, render
from jit_guard.report import Finding, Report, order
from jit_guard.rules import series
from jit_guard.rules.series import Findings, Series, in_order
from projects import TEXT, Files, report_on

# Missing files, orphans, a rename, another case, an empty and a temporary file, device names.
FILES: Files = {
    "goal_map.json": """{
      "$schema": "x",
      "B": {"t": "gone.txt", "u": "deep/gone.txt"},
      "A/~": {"t": "Case.txt", "v": "empty.txt", "$schema": "gone.txt"},
      "C": {},
      "D": {"t": "renamed.txt", "u": "aux.txt"}
    }""",
    "components/ts/case.txt": TEXT,
    "components/ts/renamed.md": TEXT,
    "components/vs/empty.txt": "",
    "components/vs/left.txt": TEXT,
    "components/vs/left.tmp": TEXT,
    "components/ts-x/left.txt": TEXT,
    "components/ts/z/left.txt": TEXT,
}
TWICE: Files = {
    **FILES,
    "goal_map.json": '{"B": {"t": "x", "u": "y"}, "A": {"t": "z"}, "B": {"u": "w", "t": "v"}}',
}
UNSOUND: Files = {**FILES, "goal_map.json": '{"B": {"t": "x", "u": 3}, "A": {"t": "z"}}'}


def both(files: Files, monkeypatch: pytest.MonkeyPatch) -> tuple[Report, Report]:
    """Return the report with stored findings, and with generated ones."""
    kept = report_on(files)
    monkeypatch.setattr(series, "_MANY", 0)
    made = report_on(files)
    assert isinstance(kept.findings, tuple)
    assert isinstance(made.findings, Findings)
    return kept, made


@pytest.mark.parametrize("files", [FILES, TWICE, UNSOUND])
def test_generated_findings_equal_stored_ones(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, made = both(files, monkeypatch)
    assert list(made.findings) == list(kept.findings) == sorted(kept.findings, key=order)
    assert list(made.findings) == list(made.findings)
    assert (made.errors, made.warnings, made.ok) == (kept.errors, kept.warnings, kept.ok)
    assert len(made.findings) == len(kept.findings)


def test_the_findings_of_several_maps_are_in_the_order_of_their_paths(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(series, "_MANY", 0)
    goals = '{"A": {"t": "gone.txt"}}'
    made = report_on({"b.json": goals, "a.json": goals}, maps=("b.json", "a.json")).findings
    assert isinstance(made, Findings)
    assert [one.map for one in made] == ["a.json", "b.json"]


@pytest.mark.parametrize("name", NAMES)
def test_every_format_prints_both_alike(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, made = both(FILES, monkeypatch)
    assert list(render(name, made, Options())) == list(render(name, kept, Options()))
    coloured = Options(color=True)
    assert list(render(name, made, coloured)) == list(render(name, kept, coloured))


def test_it_is_a_sequence_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, made = both(FILES, monkeypatch)
    plain, lazy = kept.findings, made.findings
    assert lazy == plain
    assert plain == lazy
    assert hash(lazy) == hash(plain)
    assert lazy != plain[1:]
    assert lazy != (*plain[1:], plain[0])
    assert not lazy == object()  # noqa: SIM201
    for index in (0, 3, -1, -len(plain)):
        assert lazy[index] == plain[index]
    for part in (
        slice(2),
        slice(1, 4),
        slice(None, None, 2),
        slice(None, None, -1),
        slice(-2, None),
    ):
        assert lazy[part] == plain[part]
    with pytest.raises(IndexError):
        lazy[len(plain)]
    assert plain[2] in lazy
    assert lazy.index(plain[2]) == 2
    assert pickle.loads(pickle.dumps(lazy)) == plain


def test_a_baseline_accepts_generated_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    from jit_guard.baseline import identity
    from jit_guard.check import check
    from jit_guard.config import Settings
    from jit_guard.sources.memory import Memory

    monkeypatch.setattr(series, "_MANY", 0)
    everything = report_on(FILES).findings
    first = everything[0]
    left = check(Memory(FILES), Settings(), accepted=frozenset([identity(first)]))
    assert left.accepted == 1
    assert list(left.findings) == list(everything[1:])


def test_what_is_not_shown_is_not_generated() -> None:
    made = []

    def make() -> Iterator[Finding]:
        for line in range(1, 1_000):
            made.append(line)
            yield finding("a", line)

    shown = list(Findings([Series("a", "JG201", "error", 999, make)]).first(3))
    assert [one.line for one in shown] == made == [1, 2, 3]


def finding(map_: str | None, line: int, code: str = "JG201") -> Finding:
    return Finding(code, "n", "error", "m", map=map_, line=line, path=f"p{line}")


def test_series_of_one_map_are_merged_and_maps_follow_each_other() -> None:
    one = Series("a", "JG201", "error", 3, lambda: [finding("a", line) for line in (1, 4, 9)])
    other = Series(
        "a", "JG203", "warning", 2, lambda: [finding("a", line, "JG203") for line in (1, 5)]
    )
    last = Series(None, "JG201", "error", 1, lambda: [finding(None, 1)])
    between = Series("b", "JG201", "error", 1, lambda: [finding("b", 1)])
    nothing = Series("a", "JG301", "error", 0, list)
    series = [one, other, last, between, nothing]
    random.shuffle(series)
    found = Findings(series)
    assert [(one.map, one.line) for one in found] == [
        ("a", 1),
        ("a", 1),
        ("a", 4),
        ("a", 5),
        ("a", 9),
        ("b", 1),
        (None, 1),
    ]
    assert [found.count_of("error"), found.count_of("warning")] == [5, 2]
    assert found.numbers() == {"JG201": 5, "JG203": 2}
    assert list(found.first(2)) == [found[index] for index in (0, 1, 2, 3)]


def test_many_findings_without_a_series_are_a_tuple(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "_MANY", 1)
    reported = [finding("a", line) for line in (3, 1, 2)]
    assert in_order(reported) == tuple(sorted(reported, key=order))
    assert isinstance(in_order(reported), tuple)
