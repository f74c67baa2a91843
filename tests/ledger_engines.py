"""The engines of the ledger, each of which keeps the same promises."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from postgresql_server import PostgresServer


@pytest.fixture(scope="session")
def started_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server, started once; `POSTGRES_TEST_SERVER` names one that runs already."""
    pytest.importorskip("psycopg")
    from postgresql_server import PostgresServer, why_not

    if running := os.environ.get("POSTGRES_TEST_SERVER"):
        yield PostgresServer(running)
        return
    if reason := why_not():
        pytest.skip(reason)
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def server(started_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> PostgresServer:
    """A server whose ledger of a new project the environment names."""
    monkeypatch.setenv("JIT_GUARD_LEDGER", started_server.url())
    monkeypatch.setenv("JIT_GUARD_PROJECT", f"project {uuid4()}")
    return started_server


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine in turn, chosen by the environment."""
    name: str = request.param
    if name == "postgresql":
        request.getfixturevalue("server")
    else:
        assert "JIT_GUARD_LEDGER" not in os.environ
    return name


@pytest.fixture
def database(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an empty database for the role `owner`, which the environment names."""
    name = f"test_{os.getpid()}_{time.monotonic_ns()}"
    server.execute(f"CREATE DATABASE {name}")
    url = server.url().replace("/postgres?", f"/{name}?")
    monkeypatch.setenv("JIT_GUARD_LEDGER", url)
    yield url
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")
