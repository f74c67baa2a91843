"""Names, filenames and contents: ordinary ones, and those that some code may take for its own."""

from __future__ import annotations

import json

from fuzz.decisions import Decisions
from jit_guard.text.generated import mark

# What names are made of. Everything that separates, ends, escapes, reverses or hides something.
ATOMS = (
    *("a", "A", "b", "host", "x1", ".txt", ".md", "_", "-", " ", "."),
    *("\0", "\1", "\t", "\n", "\r", "\x1b[2J", "\x7f", "\x85", "\x9f", "\x1f"),
    *("/", "//", "\\", ":", "::", "#", "##[", "##vso[", "|", ",", ";", "*", "?", "[", "]", "!"),
    *("{", "}", "{value}", "$", "$.", "~", "~0", "~1", "%", "%0A", "&", "<", ">", "<b>", "'", '"'),
    *("`", "${x}", "(", ")", "](", "+", "=", "^", "@", "--", "\\x41", "\\u0041", "\\n", "&lt;"),
    *("\ud800", "\udc80", "\udfff", "\u202e", "\u2028", "\u2029", "\u200b", "\ufeff", "\xad"),
    *("\u00e9", "e\u0301", "\u0130", "\u00df", "\u1e9e", "\u0627\u0644", "\u65e5", "\U0001f600"),
    *("\ufb01", "\u212a", "\ufffd", "\uffff", "\U000e0001", "s", "ies", "2", "007"),
)
WHOLE = (
    *("", " ", ".", "..", "~", "0", "-1", "1e999", "null", "true", "$schema", "__proto__"),
    *("constructor", "toString", "__class__", "A/persona", "A:persona", "JIT_GUARD_SELFTEST"),
    *("jit_guard_selftest.txt", "goal_map.json", ".jit-guard", "README", ".gitkeep", "-rf"),
    *("x" * 3000, "\u65e5" * 100, "a/" * 150, "\0" * 40, "\udc80" * 40, "9" * 5000),
)
PLAIN_TYPES = ("persona", "protocol", "a", "strategy", "data", "persona")
ODD_TYPES = (
    *(
        "a//b",
        "a/b",
        "/a",
        "a/",
        "\0",
        ".",
        "..",
        "",
        "\\",
        "con",
        "aux",
        "a:b",
        "a.",
        "a ",
        ".git",
    ),
    *("GIT~1", "personas", "../persona", "a\nb", "A", "Persona", "\udc80", "\ud800", "x" * 256),
)
PLAIN_NAMES = ("a.txt", "host.txt", "b.md", "sub/c.md", "d", "e.json", "f.yaml", "g.bin")
ODD_NAMES = (
    *("a//b", "./a.txt", "../a.txt", "/etc/passwd", "C:/a", "C:a", "a\\b", "a/", "a/.", "a/.."),
    *("", ".", "..", ".git/x", "sub/.GIT/x", "a\0b", "aux.txt", "nul", "a:b", "a.", "a "),
    *(".gitkeep", "x.tmp", ".jit-guard-0123456789ab-1", "autogen_persona_for_a.txt", "A.TXT"),
    *("Host.txt", "caf\u00e9.txt", "cafe\u0301.txt", "~$a.txt", "#a#", ".#a", "a~", "x" * 256),
    *("\u65e5" * 90, "file:///a", "http://a/b", "-rf", "*", "[a]", "{value}", "sub/x/y/z/a.txt"),
    *("b\udc80.txt", "\ud800", "\udcff\udcfe", "goal_map.json"),
)  # fmt: skip
CONTENTS = (
    b"Some text.\n",
    b"",
    b" \n\t\n",
    b"\xff\xfe",
    b"a\0b",
    b"\xef\xbb\xbftext\n",
    b"# Purpose\n\n## Steps\n\ntext\n",
    b"---\nname: a\ntags: [x]\n---\n# Purpose\n",
    b"---\nname: &a [*a]\n? {b: c}\n---\n",
    b'---\nname: "\\0"\n--- \ntext',
    b"+++\nname = 'a'\n+++\ntext\n",
    b"+++\nname = \n",
    b'{"name": "a", "\\u0000": ["\\ud800"]}\n',
    b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1\n",
    b"\0GITCRYPT\0x",
    b"/annex/objects/x\n",
    b"::error::x\n##[error]x\n\x1b[2J\r",
    mark("Draft.\n", ".txt").encode(),
    mark('{\n  "a": 1\n}\n', ".json").encode(),
    b"x" * 20_001,
)  # fmt: skip


def text(draw: Decisions) -> str:
    """A text of a few atoms, or a whole one."""
    if draw.one_in(4):
        return draw.choose(WHOLE)
    return "".join(draw.choose(ATOMS) for _ in range(1 + draw.number(4)))


def component_type(draw: Decisions) -> str:
    """A component type: half of them are usual."""
    if not draw.one_in(2):
        return draw.choose(PLAIN_TYPES)
    return text(draw) if draw.one_in(2) else draw.choose(ODD_TYPES)


def filename(draw: Decisions) -> str:
    """A filename: half of them are usual."""
    if not draw.one_in(2):
        return draw.choose(PLAIN_NAMES)
    return text(draw) if draw.one_in(2) else draw.choose(ODD_NAMES)


def content(draw: Decisions) -> bytes:
    """The bytes of a component."""
    return draw.raw() if draw.one_in(6) else draw.choose(CONTENTS)


def toml(value: object) -> str:
    """A value as TOML, which has JSON's texts, lists and numbers."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
