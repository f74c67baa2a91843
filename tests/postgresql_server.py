"""A real PostgreSQL server for tests: Debian's or another one, in a temporary directory."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from projects import IS_ROOT

_START = 60.0  # seconds, on a busy machine
HBA = """
local all all trust
host all guarded all scram-sha-256
host all all all trust
"""


def programs() -> Path | None:
    """The directory of the server's programs, which Debian keeps away from the `PATH`."""
    found = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    path = Path(found).resolve() if found else installed[-1] if installed else None
    return path.parent if path is not None and path.with_name("postgres").exists() else None


def why_not() -> str | None:
    """Why no server can be started here; None if one can."""
    if os.name != "posix":
        return "a server is only started on POSIX systems"
    if programs() is None:
        return "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    return None


class PostgresServer:
    """A server on a socket in its own directory, and on 127.0.0.1. It promises durable commits.

    It refuses to run as root, so it then runs as `postgres` or `nobody`.

    Args:
        running: the directory and the port of one that runs already, and stays: `/DIRECTORY:PORT`.
    """

    def __init__(self, running: str = "") -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._command: list[str] = []
        if running:
            directory, _, port = running.rpartition(":")
            self.directory, self.port = Path(directory), int(port)
            return
        found = programs()
        assert found is not None
        self._programs = found
        self.directory = Path(tempfile.mkdtemp(prefix="jit-guard-postgres-"))
        self._user: dict[str, Any] = {}
        if IS_ROOT:
            import pwd  # not on Windows

            names = {one.pw_name: one for one in pwd.getpwall()}
            user = names.get("postgres") or names["nobody"]
            os.chown(self.directory, user.pw_uid, user.pw_gid)
            self._user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.directory.chmod(0o755)
        self.port = _free_port()
        self._run("initdb", "-U", "owner", "--auth=trust", "--no-sync", "--no-locale", "-E", "UTF8")
        (self.directory / "data/pg_hba.conf").write_text(HBA)

    def url(self, role: str = "owner", host: str = "", **parameters: object) -> str:
        """The URL for a role: through the socket, or through a host, which may have a port."""
        words = dict(parameters)
        if not host:
            words.update(host=self.directory, port=self.port)
        more = "&".join(f"{name}={value}" for name, value in words.items())
        return f"postgresql://{role}@{host}/postgres{'?' if more else ''}{more}"

    @property
    def tcp(self) -> str:
        """The host and port of its TCP socket."""
        return f"127.0.0.1:{self.port}"

    def start(self, hosts: Sequence[str] = ("127.0.0.1",), **settings: object) -> None:
        """Start the server, and wait until it answers."""
        options = [f"-c{name}={value}" for name, value in settings.items()]
        self._command = [
            str(self._programs / "postgres"),
            *("-D", str(self.directory / "data")),
            *("-k", str(self.directory)),
            *("-p", str(self.port)),
            *("-h", ",".join(hosts)),
            *options,
        ]
        deadline = time.monotonic() + _START
        while True:
            # It refuses to start until the last process of a server that was killed has noticed.
            if self._process is None or self._process.poll() is not None:
                self._process = self._started()
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.02)
            else:
                return

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            cwd=self.directory,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._user,
        )

    def stop(self, how: signal.Signals | None = None) -> None:
        """Stop the server; SIGQUIT: at once, as if it had crashed; SIGINT: cleanly."""
        if self._process is not None:
            self._process.send_signal(how or signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement as the owner, and return its rows."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def remove(self) -> None:
        """Stop the server, and remove its directory."""
        self.stop()
        shutil.rmtree(self.directory)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, "-D", self.directory / "data", *arguments],
            cwd=self.directory,
            stdout=subprocess.DEVNULL,
            check=True,
            **self._user,
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
