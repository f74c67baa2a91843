"""Hides from Python under Wine what Wine 8 has, but not as Windows has it."""

import errno
import os
import sys
from typing import Any

if sys.platform == "win32":
    import _winapi
    import msvcrt

    sys.modules["_wmi"] = None  # type: ignore[assignment]
    if hasattr(_winapi, "CopyFile2"):
        del _winapi.CopyFile2
    _locking = msvcrt.locking

    def _locking_with_number(handle: int, mode: int, size: int) -> None:
        """Raise with the errno that Windows has for a lock of another process; Wine has 0."""
        try:
            _locking(handle, mode, size)
        except OSError as error:
            if error.errno == 0:
                raise PermissionError(errno.EACCES, "Permission denied") from None
            raise

    msvcrt.locking = _locking_with_number

    _scandir = os.scandir

    def _scandir_with_number(path: Any = ".") -> Any:
        """Raise the error that Windows has for a file; Wine takes it for an invalid name."""
        try:
            return _scandir(path)
        except OSError as error:
            if error.errno == errno.EINVAL and os.path.isfile(path):
                strerror = "The directory name is invalid"
                raise NotADirectoryError(errno.ENOTDIR, strerror, path, 267) from None
            raise

    os.scandir = _scandir_with_number  # type: ignore[assignment]
