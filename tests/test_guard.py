"""`Guard.check`: the façade that programs call."""

from __future__ import annotations

from pathlib import Path

import pytest

import commits
import jit_guard
from jit_guard import ConfigError, Guard, JitGuardError, UsageError
from jit_guard.commit.intent import MapChange
from jit_guard.commit.preparation import Placement
from jit_guard.errors import UnreadableError
from jit_guard.fixing.job import FixOptions
from jit_guard.fixing.pruning import Pruned
from jit_guard.registry.edit import Edit
from projects import SOUND, TEXT, at, codes, git, lay_out


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


# What a program gets if it asks for nothing more


OLD, NEW = "components/personas/host.txt", "components/personas/guest.txt"


def test_prune_removes_what_git_cannot_restore_only_if_it_is_asked_for(project: Path) -> None:
    orphan = "components/personas/x.txt"
    lay_out(project, {orphan: TEXT})
    guard = Guard(project)
    for listed in (guard.prune(), guard.prune(dry_run=True, force=True)):
        assert [one.path for one in listed] == [orphan]
        assert (project / orphan).exists()
    seen: list[str] = []

    def disagree(orphans: list[Pruned]) -> bool:
        seen.extend(one.path for one in orphans)
        return False

    guard.prune(agree=disagree)
    assert seen == [orphan]
    assert (project / orphan).exists()
    guard.prune(force=True)
    assert not (project / orphan).exists()
    with pytest.raises(UsageError, match=r"^prune removes what JG301 reports, which the config"):
        Guard(project, ignore=("JG301",)).prune()


def test_a_dry_run_of_a_move_changes_nothing(project: Path) -> None:
    guard = Guard(project)
    before = (project / "goal_map.json").read_bytes()
    planned = guard.move(OLD, NEW, dry_run=True)
    assert (project / OLD).exists()
    assert (project / "goal_map.json").read_bytes() == before
    assert guard.move(OLD, NEW).moves == planned.moves == ((OLD, NEW),)
    assert (project / NEW).exists()
    assert guard.check().ok


def test_recover_finishes_a_commit_unless_it_is_abandoned(project: Path) -> None:
    change = MapChange("goal_map.json", (Edit(("GREET", "persona"), "host.txt", "guest.txt"),))
    commits.interrupt(str(project), [change], [Placement(NEW, b"New.\n")], 0)
    assert Guard(project).recover(abandon=True).outcome == "back"
    assert not (project / NEW).exists()
    commits.interrupt(str(project), [change], [Placement(NEW, b"New.\n")], 0)
    assert Guard(project).recover().outcome == "forward"
    assert (project / NEW).exists()
    assert Guard(project).recover().outcome == "nothing"


def test_an_inventory_is_taken_if_it_is_asked_for(project: Path) -> None:
    guard = Guard(project)
    assert guard.check().inventory is None
    for one in (guard.with_inventory(), guard.with_inventory().overridden({"allow_empty": True})):
        assert one.check().inventory is not None
    assert guard.overridden({"allow_empty": True}).check().inventory is None


def test_a_fix_and_its_plan_need_no_options(project: Path) -> None:
    (project / OLD).unlink()
    guard = Guard(project)
    report = guard.check()
    (line,) = guard.preview()
    assert line.startswith("leave     GREET/persona: no description")
    for costs in (True, False):
        planned = guard.with_fixes(report, costs=costs).fixes
        assert planned is not None
        assert planned[OLD].action == "generate"
    before = (project / "goal_map.json").read_bytes()
    done = guard.fix()  # which generates nothing without a description
    assert (project / "goal_map.json").read_bytes() == before
    assert (done.ok, codes(done.findings)) == (False, ["JG201"])


def test_a_plan_is_of_the_worktree_and_of_what_a_fix_corrects(project: Path) -> None:
    guard = Guard(project)
    (project / OLD).unlink()
    report = guard.check()
    for other in (
        report._replace(source="index"),
        report._replace(findings=()),
        report._replace(findings=[*report.findings] * 10_001),
    ):
        assert guard.with_fixes(other) is other
    assert guard.with_fixes(report._replace(findings=[*report.findings] * 10_000)).fixes
    assert guard.with_fixes(report._replace(findings=()), FixOptions(adopt=True)).fixes is not None


def test_a_map_that_is_nowhere_is_refused_and_one_of_any_source_is_not(project: Path) -> None:
    git(project, "init", "-q")
    git(project, "add", "-A")
    guard = Guard(project)
    with pytest.raises(UsageError, match=r"^the map no\.json is neither in the index nor on disk$"):
        guard.check("index", maps=["no.json"])
    assert guard.check("index", maps=["goal_map.json"]).ok
    assert codes(guard.check(maps=["no.json"]).findings) == ["JG004"]  # in the worktree
    (project / "goal_map.json").rename(project / "elsewhere.json")
    assert guard.check("index", maps=["goal_map.json"]).ok
    assert codes(guard.check("index", maps=["elsewhere.json"]).findings) == ["JG004"]


def test_everything_that_is_configured_is_loaded_without_a_check(project: Path) -> None:
    Guard(project).verify()
    lay_out(project, {"team.json": '{"type": 5}'})
    with pytest.raises(ConfigError, match=r"team\.json"):
        Guard(project, schemafile=project / "team.json").verify()


def test_the_commands_in_hints_find_the_project_again(project: Path) -> None:
    (project / OLD).unlink()

    def command(guard: Guard) -> str:
        (finding,) = guard.check().findings
        return str(finding.hint).split("`")[1]

    with at(project.parent):
        given, found = Guard(root=project.name), Guard(project.name)
        for guard in (given, given.overridden({"allow_empty": True}), given.with_inventory()):
            assert command(guard) == f"jit-guard --fix --root {project.name}"
        assert command(given.overridden({}, ())) == command(found) == "jit-guard --fix"
        assert command(found.overridden({}, ("--config", "x.toml"))).endswith(" --config x.toml")


def test_a_baseline_may_be_in_the_project_or_outside(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (project / OLD).unlink()
    for directory in (project, tmp_path_factory.mktemp("outside")):
        guard = Guard(project, baseline=directory / "accepted.toml")
        for _ in range(2):  # then there is one
            path, after = guard.update_baseline()
            assert (Path(path), after.ok) == (directory / "accepted.toml", True)
        assert guard.check().ok
        assert not Guard(project).check().ok


def test_a_report_names_the_preset_that_was_used(tmp_path: Path, project: Path) -> None:
    marketplace = '{"plugins": [{"source": "./plugins/a"}]}'
    lay_out(tmp_path / "plugins", {".claude-plugin/marketplace.json": marketplace})
    assert Guard(tmp_path / "plugins").check().preset == "claude-marketplace"
    assert Guard(project).check().preset is None


def test_a_fix_recovers_a_commit_of_the_maps_that_it_is_given(project: Path) -> None:
    lay_out(project, {"other.json": '{"B": {"persona": "host.txt"}}'})
    change = MapChange("other.json", (Edit(("B", "persona"), "host.txt", "guest.txt"),))
    commits.interrupt(str(project), [change], [Placement(NEW, b"New.\n")], 0)
    report = Guard(project).fix(maps=["other.json"])
    assert report.ok
    assert any(NEW in line for line in report.messages)
    assert (project / NEW).read_bytes() == b"New.\n"
