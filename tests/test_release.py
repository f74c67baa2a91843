"""A release: what is written about it agrees, and the package is what is here."""

from __future__ import annotations

import re
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from publishing import package, release
from publishing.project import PLACEHOLDER, ROOT, changelog, read

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
RELEASE: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+(?:\.\d+)+$")
OURS = re.compile(r"uses: (?:\./ #|OWNER/jit-guard@COMMIT$)")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files that a release is about, ready to be released."""
    for path in ("pyproject.toml", "CHANGELOG.md", "README.md", "src/jit_guard/version.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    change(tmp_path, "CHANGELOG.md", "(unreleased)", "(2030-01-31)")
    change(tmp_path, "pyproject.toml", PLACEHOLDER, "acme")
    return tmp_path


def change(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text("utf-8")
    assert old in text
    (root / path).write_text(text.replace(old, new), "utf-8")


def test_what_is_here_agrees() -> None:
    assert list(release.problems()) == []


def test_a_tag_of_what_is_ready_is_released(copy: Path) -> None:
    assert list(release.problems(copy, f"v{read().version}")) == []


@pytest.mark.parametrize(
    ("path", "old", "new", "problem"),
    [
        ("src/jit_guard/version.py", '"0.1.0"', '"0.1.1"', "version.py has another version"),
        ("CHANGELOG.md", "## 0.1.0 (", "## 0.0.9 (", "not about 0.1.0"),
        ("CHANGELOG.md", "(2030-01-31)", "(soon)", "no date for 0.1.0: (soon)"),
        ("pyproject.toml", "/acme/", f"/{PLACEHOLDER}/", "is not real"),
        (
            "docs/pre-commit.md",
            "rev: v0.1.0",
            "rev: v0.0.9",
            "docs/pre-commit.md has `rev: v0.0.9`",
        ),
    ],
)
def test_a_tag_of_what_does_not_agree_is_refused(
    copy: Path, path: str, old: str, new: str, problem: str
) -> None:
    change(copy, path, old, new)
    (found,) = (one for one in release.problems(copy, "v0.1.0") if problem in one)
    assert found


def test_a_tag_of_another_version_is_refused(copy: Path) -> None:
    assert list(release.problems(copy, "0.1.0")) == ["the tag is 0.1.0, the version is 0.1.0"]


def test_the_documented_hook_is_of_the_newest_release(copy: Path) -> None:
    change(copy, "pyproject.toml", 'version = "0.1.0"', 'version = "0.2.0"')
    change(copy, "src/jit_guard/version.py", "0.1.0", "0.2.0")
    change(copy, "CHANGELOG.md", "## 0.1.0", "## 0.2.0 (unreleased)\n\n- More.\n\n## 0.1.0")
    assert list(release.problems(copy)) == []
    assert [one.version for one in changelog(copy)] == ["0.2.0", "0.1.0"]


def test_the_address_of_the_repository_is_the_same_everywhere() -> None:
    """Only the address in pyproject.toml is decided; the others follow."""
    address = read().address
    owner = address.split("/")[3]
    pages = (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("src/**/*.py"))
    for path in (*pages, ROOT / "pyproject.toml", *ROOT.glob("schemastore/*")):
        for found in re.findall(r"(?:\.com/|uses: )([\w-]+)/jit-guard\b", path.read_text("utf-8")):
            assert found == owner, f"{path.relative_to(ROOT)}: {found}/jit-guard"


@pytest.mark.parametrize(
    "path", [*WORKFLOWS, ROOT / "action.yml", ROOT / "docs/ci.md"], ids=lambda path: path.name
)
def test_every_action_is_pinned_to_a_commit(path: Path) -> None:
    lines = [line.strip(" -") for line in path.read_text("utf-8").splitlines() if "uses:" in line]
    assert lines
    for line in lines:
        assert PINNED.match(line) or OURS.match(line), line


def test_only_the_job_that_publishes_gets_a_token_and_it_runs_nothing_of_the_repository() -> None:
    assert RELEASE["permissions"] == {}
    jobs = RELEASE["jobs"]
    allowed = {name: job["permissions"] for name, job in jobs.items()}
    assert allowed == {
        "build": {"contents": "read"},
        "test": {"contents": "read"},
        "publish": {"id-token": "write"},
        "release": {"contents": "write"},
    }
    assert [step["uses"].partition("@")[0] for step in jobs["publish"]["steps"]] == [
        "actions/download-artifact",
        "pypa/gh-action-pypi-publish",
    ]
    assert jobs["publish"]["needs"] == "test"
    assert jobs["test"]["needs"] == "build"


def test_what_is_published_is_built_once() -> None:
    runs = [
        step["run"] for job in RELEASE["jobs"].values() for step in job["steps"] if "run" in step
    ]
    assert [run for run in runs if "publishing.package" in run] == [
        "python -m publishing.package dist"
    ]
    assert any(run.startswith("python -m publishing.as_built dist") for run in runs)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with the sdist and the wheel."""
    for needed in ("build", "hatchling", "hatch_fancy_pypi_readme"):
        if find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed here, so the package cannot be built")
    target = tmp_path_factory.mktemp("dist")
    package.build(target)
    return target


def test_the_sdist_has_every_file(built: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: git cannot list its files")
    (sdist,) = built.glob("*.tar.gz")
    assert list(package.differences(sdist)) == []


def test_every_link_on_the_page_of_the_index_leads_somewhere(built: Path) -> None:
    from markdown_it import MarkdownIt

    (wheel,) = built.glob("*.whl")
    page = package.long_description(wheel)
    at = f"v{read().version}"
    html = MarkdownIt("gfm-like").render(page)
    targets = re.findall(r'(?:href|src|srcset)="([^"]*)"', html)
    assert len(targets) > 10
    for target in targets:
        assert re.match(r"https://|#|mailto:", target), target
        found = re.match(
            rf"{re.escape(read().address)}/blob/{at}/([^#]*)"
            rf"|https://raw\.githubusercontent\.com/\w+/jit-guard/{at}/(.*)",
            target,
        )
        if found:
            assert (ROOT / (found[1] or found[2])).exists(), target
    pictures = re.findall(r'src="([^"]*)"', html)
    assert all(picture.startswith("https://raw.githubusercontent.com/") for picture in pictures)


def test_the_readme_on_the_index_differs_only_in_its_links(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    base = rf"https://(?:raw\.githubusercontent\.com|github\.com)/{read().address.split('/')[3]}"
    page = re.sub(rf"{base}/jit-guard/(?:blob/)?v[\d.]+/", "", package.long_description(wheel))
    assert page == (ROOT / "README.md").read_text("utf-8")
