"""A job object of Windows: a program and everything that it starts, which end together.

Windows has no process groups that can be killed. A process is in the job before its first
instruction, because it is started suspended; what it starts is in the job, too. The system ends the
job when its last handle is closed, also if jit-guard is killed (Microsoft, "Job Objects").
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes
from functools import lru_cache
from typing import Any

# What `subprocess.Popen` needs for `adopt`: suspended, and no Ctrl-C that is meant for jit-guard.
CREATION_FLAGS = 0x0000_0004 | 0x0000_0200  # CREATE_SUSPENDED, CREATE_NEW_PROCESS_GROUP
_ACCESS = 0x0901  # PROCESS_TERMINATE, PROCESS_SET_QUOTA, PROCESS_SUSPEND_RESUME
_EXTENDED_LIMITS = 9  # JobObjectExtendedLimitInformation
_KILL_ON_CLOSE = 0x2000  # JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE


class _BasicLimits(ctypes.Structure):
    _fields_ = (
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("flags", wintypes.DWORD),
        ("least_working_set", ctypes.c_size_t),
        ("most_working_set", ctypes.c_size_t),
        ("most_processes", wintypes.DWORD),
        ("affinity", ctypes.c_size_t),
        ("priority_class", wintypes.DWORD),
        ("scheduling_class", wintypes.DWORD),
    )


class _ExtendedLimits(ctypes.Structure):
    _fields_ = (
        ("basic", _BasicLimits),
        ("io", ctypes.c_uint64 * 6),
        ("sizes", ctypes.c_size_t * 4),
    )


class Job:
    """A job without processes. Raises OSError: the system has none."""

    def __init__(self) -> None:
        self._kernel = _kernel()
        self._handle = _done(self._kernel.CreateJobObjectW(None, None))
        limits = _ExtendedLimits()
        limits.basic.flags = _KILL_ON_CLOSE
        what = (_EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits))
        _done(self._kernel.SetInformationJobObject(self._handle, *what))

    def adopt(self, number: int) -> None:
        """Take a suspended process into the job, and let it run.

        Raises:
            OSError: that is impossible; the process is still suspended.
        """
        process = _done(self._kernel.OpenProcess(_ACCESS, 0, number))
        try:
            _done(self._kernel.AssignProcessToJobObject(self._handle, process))
            _library("ntdll").NtResumeProcess(wintypes.HANDLE(process))
        finally:
            self._kernel.CloseHandle(process)

    def end(self) -> None:
        """End every process of the job."""
        if self._handle:
            self._kernel.TerminateJobObject(self._handle, 1)

    def close(self) -> None:
        """End every process of the job, and release it. Idempotent."""
        handle, self._handle = self._handle, 0
        if handle:
            self._kernel.CloseHandle(handle)


@lru_cache(maxsize=1)
def _kernel() -> Any:
    kernel = _library("kernel32")
    handle, number = wintypes.HANDLE, wintypes.DWORD
    kernel.CreateJobObjectW.restype = kernel.OpenProcess.restype = handle
    kernel.CreateJobObjectW.argtypes = (wintypes.LPVOID, wintypes.LPCWSTR)
    kernel.SetInformationJobObject.argtypes = (handle, ctypes.c_int, wintypes.LPVOID, number)
    kernel.OpenProcess.argtypes = (number, wintypes.BOOL, number)
    kernel.AssignProcessToJobObject.argtypes = (handle, handle)
    kernel.TerminateJobObject.argtypes = (handle, wintypes.UINT)
    kernel.CloseHandle.argtypes = (handle,)
    return kernel


def _library(name: str) -> Any:
    if sys.platform == "win32":
        return ctypes.WinDLL(name, use_last_error=True)
    raise OSError("not Windows")


def _done(result: int | None) -> int:
    """Return the result of a call that succeeded. Raises OSError: it did not."""
    if not result and sys.platform == "win32":
        raise ctypes.WinError(ctypes.get_last_error())
    return result or 0
