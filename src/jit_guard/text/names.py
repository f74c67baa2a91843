"""Names of files: which are the same to some systems, and which some systems cannot hold.

Every judgement of a single name has a bulk twin that says of a million names at C speed
whether any of them needs the judgement. It takes them joined by slashes, which no name holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_FORBIDDEN = '<>:"|?*\\'
_PORTABLE = bytes(code for code in range(0x20, 0x7F) if chr(code) not in _FORBIDDEN)
_DEVICE = r"(?:con(?:in\$|out\$)?|prn|aux|nul|(?:com|lpt)[1-9¹²³])"
MAX_NAME_BYTES = 255

# Base names that never count as orphans.
_NEVER = frozenset(
    (".gitkeep", ".gitignore", ".gitattributes", ".DS_Store", "Thumbs.db", "desktop.ini", "README")
)
_NEVER_PATTERN = r"(?s)README\..*|.*~|\..*\.swp"
# What interrupted writers leave: ours, editors' and the usual "write, then rename".
GENERATED = "autogen_"  # what the names of generated components start with
OURS = ".jit-guard-"  # what our own temporary files start with
# What jit-guard keeps in a project, and the file in it that exists while a commit is under way.
STATE_FOLDER = ".jit-guard"
PENDING = f"{STATE_FOLDER}/pending.json"
_TEMPORARY = re.compile(
    rf"{re.escape(OURS)}.*|.*\.(?:tmp|temp|part|partial)(?:[.-]\w+)?", re.DOTALL
)
_MARKS = (  # of all that `never_counts` and `temporary` know, in names between slashes
    *(f"/{name}/" for name in sorted(_NEVER)),
    *("/README.", "~/", ".swp/"),
    *(f"/{OURS}", ".tmp", ".temp", ".part"),
)


def fold(name: str) -> str:
    """The name as a system sees it that ignores case and Unicode normal form.

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
    """True only when every name is as `fold` makes it, so that no two of them can collide."""
    return joined.isascii() and joined == joined.lower()


def unfolded(names: Iterable[str]) -> dict[str, list[str]]:
    """The names that are not as folded, by what they are folded to; most trees have none."""
    joined = "/".join(names)
    if all_folded(joined):
        return {}
    found: dict[str, list[str]] = {}
    for name in joined.split("/"):
        if (folded := fold(name)) != name:
            found.setdefault(folded, []).append(name)
    return found


def colliding(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Groups of names that are one name to a system that ignores case or normal form."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(fold(name), []).append(name)
    return [tuple(sorted(group)) for _, group in sorted(groups.items()) if len(group) > 1]


def unportable(name: str) -> str | None:
    """Why Windows or macOS cannot hold a file or folder of this name; None when they can."""
    for character in name:
        if character in _FORBIDDEN:
            return f"holds {character}, which Windows forbids"
        if character < " ":
            return "holds a control character"
        if "\ud800" <= character <= "\udfff":
            return "is not UTF-8, which macOS requires"
    if name[-1:] in (".", " "):
        return f"ends in a {'dot' if name.endswith('.') else 'space'}, which Windows drops"
    if _is_device(name):
        return "is the name of a device on Windows"
    size = len(name.encode("utf-8", "surrogateescape"))
    if size > MAX_NAME_BYTES:
        return f"is {size} bytes long; {MAX_NAME_BYTES} is the limit"
    return None


def _is_device(name: str) -> bool:
    return re.fullmatch(_DEVICE, name.partition(".")[0].rstrip(" ").lower()) is not None


def may_be_unportable(joined: str) -> bool:
    """Bulk twin of `unportable`: False only when every name is portable."""
    if joined.isascii():
        plain, most = not joined.encode().translate(None, _PORTABLE), MAX_NAME_BYTES
    else:  # controls and surrogates are not printable, nor are rare letters, which cost a look
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
    """A slash before the name of a device, or before a name with more letters than this."""
    return rf"/(?:{_DEVICE} *(?=[./]|\Z)|[^/]{{{most + 1}}})"


def may_not_count(joined: str) -> bool:
    """Bulk twin of `never_counts` and `temporary`: False only when all may be orphans."""
    segments = f"/{joined}/"
    return any(one in segments for one in _MARKS)


def never_counts(name: str) -> bool:
    """True for base names that are never orphans (`.gitkeep`, `README.md`, `x~`, …)."""
    return name in _NEVER or re.fullmatch(_NEVER_PATTERN, name) is not None


def temporary(name: str) -> bool:
    """True for base names that an interrupted writer leaves behind."""
    return re.fullmatch(_TEMPORARY, name) is not None


def unsafe_type(component_type: str) -> str | None:
    """Why a component type cannot be a folder's name."""
    if component_type in (".", ".."):
        return f"the component type is {component_type}"
    return _unsafe_characters(component_type, "component type") or (
        "the component type holds /" if "/" in component_type else None
    )


def unsafe_filename(filename: str) -> tuple[str, str | None] | None:
    """Why a filename is no safe path below its folder, and its normal form if it has one."""
    if reason := _unsafe_characters(filename, "filename"):
        return reason, None
    if filename.startswith("/") or re.match("[A-Za-z]:/", filename):
        return "the filename is an absolute path", None
    segments = filename.split("/")
    if ".." in segments:
        return "the filename holds ..", None
    if "." in segments or "" in segments:
        normal = "/".join(segment for segment in segments if segment not in ("", "."))
        return "the filename is not in its normal form", normal or None
    return None


def may_be_unsafe(joined: str) -> bool:
    """Bulk twin of `unsafe_filename`: False only when every filename is a safe path."""
    segments = f"/{joined}/"
    return (
        any(one in segments for one in ("\\", "\0", "//", "/./", "/../", ":/"))
        or _unsafe_characters(joined, "filename") is not None
    )


def _unsafe_characters(text: str, what: str) -> str | None:
    if "\\" in text:
        return f"the {what} holds a backslash"
    if "\0" in text:
        return f"the {what} holds a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return f"the {what} holds half a surrogate pair, which no file name can"
    return None


def by_folder(paths: Iterable[str]) -> dict[str, set[str]]:
    """The last names of paths, by the folder that they lie in ("" for none)."""
    found: dict[str, set[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        found.setdefault(folder, set()).add(name)
    return found


def join(folder: str, name: str) -> str:
    """A path below a folder; "" is the root, or the folder itself."""
    return f"{folder}/{name}" if folder and name else folder or name
