"""The forms in which git stores files that a filter converts: pointers and encrypted texts.

They are recognized by their bytes, because a checkout without the filter has them on disk, too.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md; git-lfs reads the old address, too, and
# any line ends.
_LFS = re.compile(
    rb"version https://(?:git-lfs|hawser)\.github\.com/spec/v1\r?\n"
    rb"(?P<extensions>(?:ext-[^\n]*\n)*)"
    rb"oid sha256:(?P<oid>[0-9a-f]{64})\r?\n"
    rb"size (?P<size>[0-9]{1,18})\r?\n?"
)
_ANNEX = re.compile(rb"/annex/objects/[^\n]+\n?(?:/annex/[^\n]*\n?)*")
_GIT_CRYPT = b"\0GITCRYPT\0"
_TRANSCRYPT = re.compile(rb"U2FsdGVkX1[A-Za-z0-9+/=\r\n]+")  # base64 of openssl's `Salted__`
POINTER_SIZE = 1024  # bytes; a pointer is shorter


class StoredForm(NamedTuple):
    """A form, in words that complete "it is" and "they are"; `remedy` makes a file plain again."""

    one: str
    many: str
    remedy: str

    @property
    def refusal(self) -> str:
        """Why a map or a configured file in this form cannot be read."""
        return f"it is {self.one}; {self.remedy}"


_LARGE = StoredForm("a Git LFS pointer", "Git LFS pointers", "run: git lfs pull")
_ANNEXED = StoredForm("a git-annex pointer", "git-annex pointers", "run: git annex get")
_GIT_CRYPTED = StoredForm(
    "encrypted by git-crypt", "encrypted by git-crypt", "in the worktree, run: git-crypt unlock"
)
_TRANSCRYPTED = StoredForm(
    "encrypted by transcrypt", "encrypted by transcrypt", "in the worktree, run: transcrypt"
)


class LfsPointer(NamedTuple):
    """What a Git LFS pointer says: the SHA-256 of the contents, and their size.

    `plain` is False if an extension has converted what is stored under that id.
    """

    oid: str
    size: int
    plain: bool


def stored_form(data: bytes) -> StoredForm | None:
    """Return the form of a file, given all of it or its first kilobyte; None if it is plain."""
    if data.startswith(_GIT_CRYPT):
        return _GIT_CRYPTED
    if _TRANSCRYPT.fullmatch(data):
        return _TRANSCRYPTED
    if len(data) < POINTER_SIZE and _ANNEX.fullmatch(data):
        return _ANNEXED
    return _LARGE if lfs_pointer(data) else None


def filtered(attribute: str) -> StoredForm:
    """Return the form of a file that git stores through a filter, such as `filter=crypt`."""
    words = f"stored by git through {attribute}"
    return StoredForm(words, words, "jit-guard runs no filter; check the worktree instead")


def lfs_pointer(data: bytes) -> LfsPointer | None:
    """Parse a Git LFS pointer; None if it is something else."""
    found = _LFS.fullmatch(data) if len(data) < POINTER_SIZE else None
    if found is None:
        return None
    return LfsPointer(found["oid"].decode(), int(found["size"]), not found["extensions"])
