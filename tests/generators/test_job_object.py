"""What Windows is asked for: a job object, as "Job Objects" of Microsoft has it."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import pytest

from jit_guard.generators import job

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the tests of Windows are real")


class Kernel:
    """Records what it is asked for, and answers with these numbers."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.handles = {"CreateJobObjectW": 7, "OpenProcess": 8}

    def __getattr__(self, name: str) -> Any:
        def call(*given: Any) -> int:
            if name == "SetInformationJobObject":
                handle, what, limits, size = given
                found = limits._obj
                assert (size, len(found.io), len(found.sizes)) == (ctypes.sizeof(found), 6, 4)
                given = handle, what, found.basic.flags
            if name == "NtResumeProcess":
                given = (given[0].value,)
            self.asked.append((name, *given))
            return self.handles.get(name, 1)

        return call


def test_a_job_ends_with_its_handle_and_takes_what_is_suspended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kernel = Kernel()
    monkeypatch.setattr(job, "_kernel", lambda: kernel)
    monkeypatch.setattr(job, "_library", lambda name: {"ntdll": kernel}[name])
    made = job.Job()
    made.adopt(4711)
    made.end()
    made.close()
    made.close()
    made.end()
    assert kernel.asked == [
        ("CreateJobObjectW", None, None),
        ("SetInformationJobObject", 7, 9, 0x2000),
        ("OpenProcess", 0x901, 0, 4711),
        ("AssignProcessToJobObject", 7, 8),
        ("NtResumeProcess", 8),
        ("CloseHandle", 8),
        ("TerminateJobObject", 7, 1),
        ("CloseHandle", 7),
    ]
    assert job.CREATION_FLAGS == 0x204


def test_a_call_that_fails_is_an_error_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    assert job._done(5) == 5
    assert job._done(None) == 0
    with pytest.raises(OSError, match="not Windows"):
        job._library("kernel32")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "get_last_error", lambda: 6, raising=False)
    monkeypatch.setattr(ctypes, "WinError", lambda code: OSError(code, "no"), raising=False)
    monkeypatch.setattr(ctypes, "WinDLL", lambda *given, **more: (given, more), raising=False)
    assert job._done(5) == 5
    with pytest.raises(OSError, match="no") as error:
        job._done(0)
    assert error.value.errno == 6
    assert job._library("kernel32") == (("kernel32",), {"use_last_error": True})
