"""Shared by all tests: a clean environment, fast directories, and the profiles of hypothesis."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from projects import SOUND, lay_out
from sampling import FULL, HEADER

ROOT = Path(__file__).resolve().parent.parent

pytest_plugins = ["pytester", "ledger_engines"]
if sys.platform == "win32":
    pytest_plugins += ["windows.plugin", "windows.session"]


def _in_memory(size: int) -> str | None:
    """Return a directory in memory with room for this many bytes, where programs can be started."""
    memory = "/dev/shm"
    if not hasattr(os, "ST_NOEXEC") or not os.access(memory, os.W_OK | os.X_OK):
        return None
    system = os.statvfs(memory)
    free = system.f_bavail * system.f_frsize
    return memory if free >= size and not system.f_flag & os.ST_NOEXEC else None


# Commits wait for the disk; a project in memory has none. Workers get the directory of the run.
_WORKER = os.environ.get("PYTEST_XDIST_WORKER")
if not _WORKER and (_MEMORY := _in_memory(4 << 30)):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", _MEMORY)

# As for most users: some environments set it, and what is flushed too late is not seen there.
os.environ.pop("PYTHONUNBUFFERED", None)

# Thousands of processes are started, and without bytecode each of them would compile the package
# anew. Some environments want none.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# pytester forgets the modules that a run within this process has imported, and from Python 3.12 the
# compiled one of JSONPath can be imported only once in a process.
with contextlib.suppress(ImportError):
    importlib.import_module("jsonpath_rfc9535")

# Started in the background (`nohup`, some CI), this process ignores SIGINT, and so would every
# program that a test starts and interrupts, because ignored signals stay ignored across an exec.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A shared machine is slow at times; that is not a defect of the code under test.
settings.register_profile(
    "ci",
    deadline=None,
    max_examples=50,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("full", settings.get_profile("ci"), max_examples=300, derandomize=False)
settings.load_profile("full" if FULL else "ci")


def pytest_report_header() -> str:
    return HEADER


def pytest_configure(config: pytest.Config) -> None:
    """Keep most tests of a file in one worker, which sets up once what they share."""
    if config.getoption("dist", "no") == "load":
        config.option.dist = "worksteal"


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Begin elsewhere in each worker, so that the first run compiles every file only once."""
    report = yield
    if _WORKER and collector.path == ROOT / "tests" and report.result:
        first = (
            len(report.result) * int(_WORKER[2:]) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        )
        report.result = [*report.result[first:], *report.result[:first]]
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give all workers the same order again."""
    if _WORKER:
        items.sort(key=lambda item: item.path)


def pytest_collection_finish() -> None:
    """Leave what was imported out of later collections of garbage, which are faster then."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A worker sends three reports for each test; only those of failures need the keywords."""
    report = yield
    if report.passed:
        report.keywords = {}
    return report


# Variables of a shell, a CI runner or a git hook that would change results.
_LOUD = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "CI", "PRE_COMMIT", "PYTHONWARNINGS")
_LOUD_PREFIXES = ("GIT_", "JIT_GUARD_", "OPENAI_", "PRE_COMMIT_")
_NO_CONFIGURATION = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Give each test a quiet environment: a hook, as a fixture for each of them costs more."""
    for name in [*os.environ]:
        if name in _LOUD or name.startswith(_LOUD_PREFIXES):
            del os.environ[name]
    os.environ.update(_NO_CONFIGURATION)


@pytest.fixture
def schemas_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A schema is applied in this process, without a limit, in place of starting a Python."""
    monkeypatch.setattr("jit_guard.registry.bounded._can_start", lambda: False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The root of a small valid project on disk."""
    return lay_out(tmp_path / "project", SOUND)


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that every user can read, unlike `tmp_path`; unlocked before it is removed."""
    made = Path(tempfile.mkdtemp(prefix="jit-guard-test-"))
    made.chmod(0o755)
    yield made
    for directory, _, _ in os.walk(made):
        os.chmod(directory, stat.S_IRWXU)
    shutil.rmtree(made, ignore_errors=True)
