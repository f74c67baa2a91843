"""`Guard.check`: the façade that programs call."""

from __future__ import annotations

from pathlib import Path

import pytest

import jit_guard
from jit_guard import ConfigError, Guard, JitGuardError, UsageError
from jit_guard.errors import UnreadableError
from projects import SOUND, TEXT, at, codes, lay_out


def test_a_report_has_findings_and_an_overall_answer(project: Path) -> None:
    report = Guard(project).check()
    assert (report.ok, report.findings, report.source) == (True, (), "worktree")
    lay_out(project, {"components/personas/x": TEXT})
    report = Guard(project).check()
    assert (report.ok, codes(report.findings)) == (False, ["JG301"])


def test_the_project_is_found_from_any_directory_below_its_root(project: Path) -> None:
    guard = Guard(project / "components" / "personas")
    assert guard.root == str(project)
    assert Guard(root=project / "components").root == str(project / "components")


def test_the_search_starts_in_the_working_directory_by_default(project: Path) -> None:
    with at(project / "components"):
        assert Guard().check().root == ".."


def test_each_check_reads_the_files_again(project: Path) -> None:
    guard = Guard(project)
    assert guard.check().ok
    (project / "components" / "personas" / "host.txt").unlink()
    assert codes(guard.check().findings) == ["JG201"]


def test_maps_are_named_relative_to_the_root(project: Path) -> None:
    lay_out(project, {"maps/b.json": '{"B": {"persona": "gone"}}'})
    report = Guard(project).check(maps=["maps/b.json"])
    assert (report.maps, codes(report.findings)) == (("maps/b.json",), ["JG201"])


def test_a_schema_and_a_configuration_can_be_given(project: Path, tmp_path: Path) -> None:
    lay_out(tmp_path, {"team.json": '{"maxProperties": 0}', "c.toml": 'ignore = ["JG3"]'})
    lay_out(project, {"components/x": TEXT})
    guard = Guard(project, config=tmp_path / "c.toml", schemafile=tmp_path / "team.json")
    assert codes(guard.check().findings) == ["JG101"]


def test_overrides_win_over_the_configuration_and_are_its_origin(project: Path) -> None:
    lay_out(project, {"jit-guard.toml": 'components = "x"\nallow-empty = true\n'})
    guard = Guard(project).overridden({"components": "components"})
    assert guard.check().ok
    assert guard.configuration().origins == {
        "components": "a flag",
        "allow_empty": "jit-guard.toml",
    }


@pytest.mark.parametrize("start", ["nowhere", "goal_map.json"])
def test_a_start_that_is_not_a_directory_is_refused(project: Path, start: str) -> None:
    with pytest.raises(UsageError, match=r"nowhere does not exist|is not a directory"):
        Guard(project / start)


def test_a_source_that_does_not_exist_is_refused(project: Path) -> None:
    with pytest.raises(JitGuardError):
        Guard(project).check(source="nowhere")


def test_a_broken_configuration_is_reported_with_all_its_faults(project: Path) -> None:
    lay_out(project, {"jit-guard.toml": "a = 1\nb = 2\n"})
    with pytest.raises(ConfigError) as caught:
        Guard(project).check()
    assert len(caught.value.problems) == 2


def test_a_path_is_made_relative_to_the_root_even_through_a_link(
    project: Path, tmp_path: Path
) -> None:
    (tmp_path / "alias").symlink_to(project)
    guard = Guard(tmp_path / "alias")
    for base in (project, tmp_path / "alias"):
        assert guard.inside(str(base / "goal_map.json"), "--map") == "goal_map.json"
        assert guard.inside(str(base), "--components") == ""
    with pytest.raises(UsageError, match=r"--map .* is outside the root"):
        guard.inside(str(tmp_path / "x"), "--map")


def test_the_package_exports_its_public_names_and_nothing_else() -> None:
    for name in jit_guard.__all__:
        assert getattr(jit_guard, name) is not None
    with pytest.raises(AttributeError):
        jit_guard.nothing  # noqa: B018
    assert {"Guard", "Report", "Finding", "ConfigError", "UsageError"} <= set(jit_guard.__all__)
    assert {*jit_guard.__all__, "__version__", "__doc__"} <= set(dir(jit_guard))


def test_the_package_is_typed() -> None:
    from importlib.resources import files

    assert files("jit_guard").joinpath("py.typed").is_file()


def test_findings_and_reports_are_frozen() -> None:
    finding = jit_guard.Finding("JG201", "missing-component", "error", "x")
    with pytest.raises(AttributeError):
        finding.code = "JG301"  # type: ignore[misc]


def test_a_project_without_a_map_is_a_finding_not_an_exception(tmp_path: Path) -> None:
    report = Guard(root=tmp_path).check()
    assert codes(report.findings) == ["JG004"]
    assert lay_out(tmp_path, SOUND) == tmp_path
    assert Guard(root=tmp_path).check().ok


def test_an_error_has_the_lines_that_are_printed() -> None:
    # A newline in an error that is one line is part of a name.
    for error in (JitGuardError("a\nb"), UsageError("a\nb"), UnreadableError("x", "a\nb")):
        assert error.lines == (str(error),)
    assert ConfigError(["a", "b"]).lines == ("a", "b")
    assert str(UnreadableError("", "permission denied")) == ". cannot be read: permission denied"
