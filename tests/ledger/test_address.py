"""The address of a ledger on a server, and the name of a project in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jit_guard.errors import UsageError
from jit_guard.ledger.choice import project_digest
from jit_guard.ledger.postgresql import address
from jit_guard.ledger.postgresql.project import normal, project_name
from ledger_machines import MISSING, SECRET
from projects import call, git, lay_out
from repositories import NEEDS_GIT

# The address


@pytest.mark.parametrize(
    "url",
    [
        "mysql://db/x",
        "db.example.com",
        f"postgresql://me:{SECRET}@x@db/prompts",
        f"postgresql://me:12/{SECRET}@db/prompts",
        f"postgresql://me:{SECRET}/x@db/prompts",
        f"postgresql://me:{SECRET}?x@db/prompts",
        f"postgresql://me:{SECRET}@db:port/prompts",
        f"postgresql://me:{SECRET}@db:1:2/prompts",
        f"postgresql://me:{SECRET}@a:1,db::5/prompts",
        f"postgresql://me:%{SECRET}@db/prompts",
        f"postgresql://db/prompts?passwort={SECRET}",
    ],
)
def test_an_invalid_url_is_refused_and_not_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("JIT_GUARD_LEDGER", url)
    monkeypatch.setenv("JIT_GUARD_PROJECT", "p")
    done = call("log", cwd=lay_out(tmp_path, MISSING))
    assert done.code == 2
    assert done.err.startswith("jit-guard: error: JIT_GUARD_LEDGER ")
    assert SECRET not in done.err
    assert "hunter2" not in done.err


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({"host": "db", "port": "5433", "dbname": "x", "user": "me", "password": "p"}, "db:5433/x"),
        ({"host": "a,b", "port": "1", "dbname": "x"}, "a:1,b:1/x"),
        ({"host": "/run/postgresql", "port": "5432", "dbname": "x"}, "/run/postgresql/x"),
        ({"host": "a,b", "port": "1,2", "dbname": "x"}, "a:1,b:2/x"),
        ({"host": "a", "port": "1,2", "dbname": "x"}, "a:1/x"),
        ({"hostaddr": "10.0.0.1"}, "10.0.0.1"),
        ({}, "localhost"),
    ],
)
def test_an_address_is_shown_without_user_and_password(
    options: dict[str, object], shown: str
) -> None:
    assert address.shown(options) == shown


def test_valid_urls_are_accepted() -> None:
    for url in (
        "postgres:///prompts",
        "postgresql://me:pa%40ss@[::1]:5432/prompts?sslmode=require",
        "postgresql://a:1,b:2/prompts",
        "postgresql://db?user=me@corp",
    ):
        assert address.checked(url) == url


# The project


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/Acme/prompts.git",
        "https://token:x@GitHub.com:443/Acme/prompts/",
        "git@github.com:Acme/prompts.git",
        "github.com:Acme//prompts",
        "ssh://git@github.com:22/Acme/prompts.git",
        "git+ssh://git@github.com/Acme/prompts",
        "git://github.com:9418/Acme/prompts",
    ],
)
def test_the_addresses_of_a_repository_name_one_project(url: str) -> None:
    assert normal(url) == "github.com/Acme/prompts"


def test_different_repositories_are_different_projects() -> None:
    urls = [
        "https://github.com/acme/prompts",
        "https://github.com/acme/Prompts",
        "https://github.com:8443/acme/prompts",
        "https://gitlab.com/acme/prompts",
        "file:///srv/git/prompts.git",
        "/srv/git/other.git",
    ]
    assert len({*map(normal, urls)}) == len(urls)


@pytest.mark.skipif(os.name != "posix", reason="paths of POSIX")
def test_a_repository_of_this_machine_is_named_by_its_path() -> None:
    assert normal("/srv/git/prompts.git") == normal("file:///srv/git/prompts.git")
    assert normal("../x.git", "/srv/git/here") == "file:/srv/git/x"


def test_a_project_has_the_same_digest_in_every_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that another version submitted is known by it."""
    monkeypatch.setenv("JIT_GUARD_PROJECT", "p")
    assert project_digest(str(tmp_path)) == "148de9c5a7a44d19"


@NEEDS_GIT
def test_a_project_is_named_by_its_remote_and_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, {"packages/a/": ""})
    with pytest.raises(UsageError, match="set JIT_GUARD_PROJECT to a name"):
        project_name(str(tmp_path))
    git(tmp_path, "init", "-q")
    with pytest.raises(UsageError, match="no git remote named origin"):
        project_name(str(tmp_path))
    git(tmp_path, "remote", "add", "upstream", "git@example.com:acme/prompts.git")
    assert project_name(str(tmp_path)) == "example.com/acme/prompts"
    git(tmp_path, "remote", "add", "fork", "git@example.com:me/prompts.git")
    with pytest.raises(UsageError):
        project_name(str(tmp_path))
    git(tmp_path, "remote", "add", "origin", "https://example.com/acme/library")
    assert project_name(str(tmp_path)) == "example.com/acme/library"
    assert project_name(str(tmp_path / "packages/a")) == "example.com/acme/library#packages/a"
    monkeypatch.setenv("JIT_GUARD_PROJECT", " ours ")
    assert project_name(str(tmp_path)) == "ours"
