"""File names: which collide on some systems, and which are invalid on some systems.

Every check of a single name has a bulk version that finds out, for a million names at C speed,
whether any of them needs the check. It takes the names joined by slashes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from itertools import product

_FORBIDDEN = '<>:"|?*\\'
_PORTABLE = bytes(code for code in range(0x20, 0x7F) if chr(code) not in _FORBIDDEN)
_DEVICE = r"(?:con(?:in\$|out\$)?|prn|aux|nul|(?:com|lpt)[1-9¹²³])"
MAX_NAME_BYTES = 255
GIT = ".git"
IN_GIT = "leads into a .git directory"
GIT_FILES = frozenset(map("".join, product(".", "gG", "iI", "tT")))
_UNSEEN = dict.fromkeys(  # ignored in names by HFS+, as in git's next_hfs_char()
    (*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF)
)

# Base names that never count as orphans: of repositories and desktops, and what editors, office
# programs and network file systems keep beside a file while it is open.
_NEVER = frozenset(
    (".gitkeep", ".gitignore", ".gitattributes", ".DS_Store", "Thumbs.db", "desktop.ini", "README")
)
_NEVER_PATTERN = (  # compiled on demand
    r"(?s)README\..*|.*~|~\$.*|#.*#|.*___jb_(?:tmp|old)___"
    r"|\.(?:#|_|nfs|fuse_hidden).*|\.~lock\..*#|\..*\.(?:sw[l-px]|kate-swp)"
)
GENERATED = "autogen_"  # prefix of generated components
OURS = ".jit-guard-"  # prefix of our own temporary files
# The state directory in a project, the file in it that exists during a commit, and the lock that
# a commit holds.
STATE_DIRECTORY = ".jit-guard"
PENDING = f"{STATE_DIRECTORY}/pending.json"
COMMIT_LOCK = f"{STATE_DIRECTORY}/commit.lock"
# Left behind by interrupted writers: ours, editors' and the usual "write, then rename".
_TEMPORARY = re.compile(
    rf"{re.escape(OURS)}.*|.*\.(?:tmp|temp|part|partial)(?:[.-]\w+)?", re.DOTALL
)
_MARKS = (  # of everything that `never_counts` and `temporary` match, in names between slashes
    *("/.", "/README", "/Thumbs.db/", "/desktop.ini/"),
    *("~/", "/~$", "#/", "___jb_"),
    *(".tmp", ".temp", ".part"),
)


def fold(name: str) -> str:
    """Return the name as a file system compares it that ignores case and normalization.

    Simple case folding (NTFS, APFS, HFS+): one character for one, so `ß` is not `ss`.
    """
    if name.isascii():
        return name.lower()
    from unicodedata import normalize

    return normalize("NFC", "".join(map(_fold_character, normalize("NFC", name))))


def _fold_character(character: str) -> str:
    for folded in (character.casefold(), character.lower()):
        if len(folded) == 1:
            return folded
    return character


def all_folded(joined: str) -> bool:
    """Check whether every name equals its folded form, so that no two of them can collide."""
    return joined.isascii() and joined == joined.lower()


def unfolded(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the names that differ from their folded form, by that form; usually none."""
    joined = "/".join(names)
    if all_folded(joined):
        return {}
    found: dict[str, list[str]] = {}
    for name in joined.split("/"):
        if (folded := fold(name)) != name:
            found.setdefault(folded, []).append(name)
    return found


def unportable(name: str) -> str | None:
    """Return why a name is invalid on Windows or macOS; None if it is valid.

    The reason completes a sentence that starts with "the name".
    """
    for character in name:
        if character in _FORBIDDEN:
            return f"contains {character}, which Windows forbids"
        if character < " ":
            return "contains a control character"
        if "\ud800" <= character <= "\udfff":
            return "is not UTF-8, which macOS requires"
    if name[-1:] in (".", " "):
        return f"ends in a {'dot' if name.endswith('.') else 'space'}, which Windows drops"
    if _is_device(name):
        return "is a reserved device name on Windows"
    size = len(name.encode("utf-8", "surrogateescape"))
    if size > MAX_NAME_BYTES:
        return f"is {size} bytes long; the limit is {MAX_NAME_BYTES}"
    return None


def _is_device(name: str) -> bool:
    return re.fullmatch(_DEVICE, name.partition(".")[0].rstrip(" ").lower()) is not None


def may_be_unportable(joined: str) -> bool:
    """Bulk version of `unportable`: False only if every name is portable."""
    if joined.isascii():
        plain, most = not joined.encode().translate(None, _PORTABLE), MAX_NAME_BYTES
    else:  # control characters and surrogates are not printable; some rare letters are not, either
        plain = joined.isprintable() and not any(one in joined for one in _FORBIDDEN)
        most = MAX_NAME_BYTES // 4
    return (
        not plain
        or "./" in joined
        or " /" in joined
        or joined[-1:] in (".", " ")
        or re.search(_suspicious(most), f"/{joined.lower()}") is not None
    )


def _suspicious(most: int) -> str:
    """Return a pattern for a device name, or a name with more than this many characters."""
    return rf"/(?:{_DEVICE} *(?=[./]|\Z)|[^/]{{{most + 1}}})"


def may_not_count(joined: str) -> bool:
    """Bulk version of `never_counts` and `temporary`: False only if all may be orphans."""
    segments = f"/{joined}/"
    return any(one in segments for one in _MARKS)


def never_counts(name: str) -> bool:
    """Check for a base name that is never an orphan (`.gitkeep`, `README.md`, `x~`, …)."""
    return name in _NEVER or re.fullmatch(_NEVER_PATTERN, name) is not None


def temporary(name: str) -> bool:
    """Check for a base name that an interrupted writer leaves behind."""
    return re.fullmatch(_TEMPORARY, name) is not None


def is_git(name: str) -> bool:
    """Check whether some system treats this name as `.git`, a repository's own directory.

    Windows and macOS ignore case; NTFS ignores trailing dots and spaces, has `git~1` as a short
    name, and treats what follows a colon as a stream; HFS+ ignores some invisible characters. The
    rules are those of git's core.protectNTFS and core.protectHFS.
    """
    if name == GIT:
        return True
    if name[:1] not in (".", "g", "G") and name.isascii():
        return False
    seen = name if name.isascii() else name.translate(_UNSEEN)
    return seen.partition(":")[0].rstrip(". ").lower() in (GIT, "git~1")


def unsafe_path(path: str) -> str | None:
    """Return why a path, as written, is not safely below the root; None if it is.

    `sources.tree.Tree.resolve` finds out where the links in the path lead.
    """
    if path.startswith("/") or re.match("[A-Za-z]:", path):
        return "it is an absolute path"
    if "\0" in path:
        return "it contains a NUL character"
    if os.name == "nt" and "\\" in path:  # a separator there, and `\\\\host` is another machine
        return "it contains a backslash"
    names = path.split("/")
    if ".." in names:
        return "it contains .."
    return f"it {IN_GIT}" if any(map(is_git, names)) else None


def unsafe_type(component_type: str) -> str | None:
    """Return why a component type cannot be the name of a directory; None if it can."""
    if component_type in (".", ".."):
        return f"the component type is {component_type}"
    return _unsafe_characters(component_type, "component type") or (
        "the component type contains /" if "/" in component_type else None
    )


def unsafe_filename(filename: str) -> tuple[str, str | None] | None:
    """Return why a filename is not a safe relative path, and its normal form if it has one.

    None if the filename is safe.
    """
    if reason := _unsafe_characters(filename, "filename"):
        return reason, None
    if filename.startswith("/") or re.match("[A-Za-z]:/", filename):
        return "the filename is an absolute path", None
    segments = filename.split("/")
    if ".." in segments:
        return "the filename contains ..", None
    if any(map(is_git, segments)):
        return f"the filename {IN_GIT}", None
    if url := re.fullmatch(r"(?s)([A-Za-z][A-Za-z0-9+.-]*)://(.*)", filename):
        inside = url[2] if url[1].lower() == "file" else ""
        meant = inside if inside and unsafe_filename(inside) is None else None
        return "the filename is a URL", meant
    if "." in segments or "" in segments:
        normal = "/".join(segment for segment in segments if segment not in ("", "."))
        return "the filename is not a normalized path", normal or None
    return None


def may_be_unsafe(joined: str) -> bool:
    """Bulk version of `unsafe_filename`: False only if every filename is safe."""
    segments = f"/{joined}/"
    return (
        any(one in segments for one in ("\\", "\0", "//", "/./", "/../", ":/"))
        or _may_be_git(segments)
        or _unsafe_characters(joined, "filename") is not None
    )


def _may_be_git(segments: str) -> bool:
    """Check many names at once with `is_git`; they are between slashes."""
    lower = segments.lower()
    if "/.git" in lower or "/git~1" in lower:
        return True
    return not segments.isascii() and any(map(is_git, segments.split("/")))


def _unsafe_characters(text: str, what: str) -> str | None:
    if "\\" in text:
        return f"the {what} contains a backslash"
    if "\0" in text:
        return f"the {what} contains a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return f"the {what} contains a lone surrogate, which no file name can"
    return None


def by_directory(paths: Iterable[str]) -> dict[str, set[str]]:
    """Group the base names of paths by their directory ("" for none)."""
    found: dict[str, set[str]] = {}
    for path in paths:
        directory, _, name = path.rpartition("/")
        found.setdefault(directory, set()).add(name)
    return found


def join(directory: str, name: str) -> str:
    """Join a directory and a name; "" is the root, or the directory itself."""
    return f"{directory}/{name}" if directory and name else directory or name
