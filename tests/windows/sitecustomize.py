"""Hides from Python under Wine what Wine 8 has, but not as Windows has it."""

import errno
import sys

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
