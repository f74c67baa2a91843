"""Comparison of two results of `stat` calls: the only place that knows what can be compared."""

from __future__ import annotations

import os
import sys


def is_same_file(one: os.stat_result, other: os.stat_result) -> bool:
    """Check whether two results are of one file, whatever happened to it in between."""
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def is_unchanged(before: os.stat_result, now: os.stat_result) -> bool:
    """Check that a file was not saved in between, by identity, size and times (as git's index).

    On Windows, `st_ctime` is the time of the change for `fstat`, and of the creation for `lstat`,
    so that only POSIX systems compare it.
    """
    known = (before.st_ino, before.st_size, before.st_mtime_ns)
    same = known == (now.st_ino, now.st_size, now.st_mtime_ns)
    return same and (sys.platform == "win32" or before.st_ctime_ns == now.st_ctime_ns)
