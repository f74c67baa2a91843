"""File names: which collide, which are invalid on some systems, which are never orphans."""

from __future__ import annotations

import unicodedata

import pytest

from jit_guard.text import names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("host.txt", "HOST.txt"),
        ("\u00e9", "e\u0301"),
        ("É", "e\u0301"),
        ("straẞe", "straße"),  # one capital letter for one small one
        ("Ω", "\u2126"),  # OHM SIGN
        ("\uac00", "\u1100\u1161"),
        ("Σ", "ς"),
        ("ά", "Ά"),
    ],
)
def test_names_that_collide_on_some_system_fold_to_the_same_name(one: str, other: str) -> None:
    assert names.fold(one) == names.fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("a", "b"), ("straße", "strasse"), ("ﬁ", "fi"), ("a b", "ab"), ("é", "e")]
)
def test_names_that_never_collide_fold_to_different_names(one: str, other: str) -> None:
    assert names.fold(one) != names.fold(other)


def test_folding_a_folded_name_changes_nothing() -> None:
    for code in range(0x3000):
        folded = names.fold(chr(code))
        assert names.fold(folded) == folded, hex(code)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        *((f"a{character}b", "Windows forbids") for character in '<>:"|?*\\'),
        ("a\nb", "control character"),
        ("a\x01", "control character"),
        ("a.", "ends in a dot"),
        ("a ", "ends in a space"),
        ("...", "ends in a dot"),
        ("aux", "device"),
        ("AUX.txt", "device"),
        ("nul.tar.gz", "device"),
        ("com1", "device"),
        ("LPT9.md", "device"),
        ("com¹.txt", "device"),
        ("con .txt", "device"),
        ("CONIN$", "device"),
        ("\udcff.txt", "not UTF-8"),
        ("é" * 128, "256 bytes"),
        ("a" * 256, "256 bytes"),
    ],
)
def test_a_name_that_is_invalid_on_some_system_has_a_reason(name: str, words: str) -> None:
    reason = names.unportable(name)
    assert reason is not None
    assert words in reason
    assert names.may_be_unportable(f"plain.txt/{name}")
    assert names.may_be_unportable(f"{name}/plain.txt")


@pytest.mark.parametrize(
    "name",
    [
        "a.txt",
        "a b",
        " a",
        ".a",
        "..a",
        "auxiliary.txt",
        "com10",
        "com",
        "lpt0",
        "日本.md",
        "é" * 127,
        "a" * 255,
        "a'b",
        "a&b",
        "a%b",
        "#",
        "con-x",
        "a.aux",
        "conin",
    ],
)
def test_a_portable_name_has_no_reason(name: str) -> None:
    assert names.unportable(name) is None


@pytest.mark.parametrize(
    "name",
    [
        ".gitkeep",
        ".gitignore",
        ".gitattributes",
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
        "README",
        "README.md",
        "README.zh-CN.md",
        "x~",
        "~",
        ".x.swp",
        ".host.txt.swp",
        ".host.txt.swo",
        ".#host.txt",
        "#host.txt#",
        "._host.txt",
        "~$host.docx",
        ".~lock.host.odt#",
        ".nfs000000000012",
        ".fuse_hidden0001",
        ".host.txt.kate-swp",
        "host.txt___jb_tmp___",
    ],
)
def test_base_names_that_are_never_orphans(name: str) -> None:
    assert names.never_counts(name)


@pytest.mark.parametrize(
    "name",
    [
        "readme.md",
        "README_FIRST",
        "MYREADME",
        "x.swp",
        "gitkeep",
        "x~y",
        ".DS_Store.txt",
        "Readme",
        "thumbs.db",
        ".gitignore.txt",
        "host.txt",
        ".env.example",
        "#host.txt",
        "host#",
        "_host.txt",
        "~host.txt",
        ".swift",
        ".host.swift",
        ".~lock.host.odt",
        "nfs0001",
    ],
)
def test_all_other_base_names_can_be_orphans(name: str) -> None:
    assert not names.never_counts(name)


@pytest.mark.parametrize(
    "name",
    [
        "goal_map.json.tmp",
        "x.temp",
        "x.part",
        "x.partial",
        ".jit-guard-a1b2",
        "x.tmp.1234",
        ".x.tmp",
        "x.tmp-ab12",
    ],
)
def test_temporary_files_of_interrupted_writers_are_recognized(name: str) -> None:
    assert names.temporary(name)


@pytest.mark.parametrize("name", ["x.txt", "tmp", "temp.txt", "x.party", "part", "x.tmpl"])
def test_other_files_are_not_temporary(name: str) -> None:
    assert not names.temporary(name)


@pytest.mark.parametrize(
    ("filename", "words", "normal"),
    [
        ("/etc/passwd", "absolute", None),
        ("C:/x", "absolute", None),
        ("../x", "..", None),
        ("a/../b", "..", None),
        ("..", "..", None),
        ("a\\b", "backslash", None),
        ("a\0b", "NUL", None),
        ("\ud800", "surrogate", None),
        ("./a", "not a normalized path", "a"),
        ("a/", "not a normalized path", "a"),
        ("a//b", "not a normalized path", "a/b"),
        ("a/./b", "not a normalized path", "a/b"),
        (".", "not a normalized path", None),
        ("./", "not a normalized path", None),
        ("file://host.txt", "a URL", "host.txt"),
        ("file://a/b.txt", "a URL", "a/b.txt"),
        ("file:///etc/passwd", "a URL", None),
        ("file://../x", "..", None),
        ("https://example.invalid/a.txt", "a URL", None),
        ("git+ssh://x", "a URL", None),
    ],
)
def test_a_filename_that_is_not_a_plain_path_is_unsafe(
    filename: str, words: str, normal: str | None
) -> None:
    unsafe = names.unsafe_filename(filename)
    assert unsafe is not None
    assert words in unsafe[0]
    assert unsafe[1] == normal


@pytest.mark.parametrize("filename", ["a", "a/b", "...", "a..b", "..a", "a b", "日本/é.txt", "~"])
def test_a_plain_path_is_safe(filename: str) -> None:
    assert names.unsafe_filename(filename) is None


@pytest.mark.parametrize("component_type", ["a/b", "/", "..", ".", "a\\b", "a\0", "\ud800"])
def test_a_component_type_that_is_not_a_directory_name_is_unsafe(component_type: str) -> None:
    assert names.unsafe_type(component_type)


@pytest.mark.parametrize("component_type", ["protocol", "a b", "日本", "a.b", "...", "a..b"])
def test_other_component_types_are_safe(component_type: str) -> None:
    assert names.unsafe_type(component_type) is None


def test_folding_keeps_the_length_of_composed_names() -> None:
    # Simple case folding never changes the number of characters of a composed name.
    for code in range(0x80, 0x3000):
        character = unicodedata.normalize("NFC", chr(code))
        assert len(names.fold(character)) <= len(character), hex(code)


@pytest.mark.parametrize(
    "name",
    [".git", ".GIT", ".Git", "git~1", "GIT~1", ".git.", ".git ", ".git::$INDEX", ".g\u200cit"],
)
def test_a_name_that_some_system_takes_for_dot_git(name: str) -> None:
    assert names.is_git(name)


@pytest.mark.parametrize("name", ["", ".", "git", "xgit", ".github", "git~2", "é.git", "a.git"])
def test_a_name_that_no_system_takes_for_dot_git(name: str) -> None:
    assert not names.is_git(name)
