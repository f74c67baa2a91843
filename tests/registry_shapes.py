"""Registries of many shapes, and where the faults that `selftest` injects are reported."""

from __future__ import annotations

import json
from posixpath import splitext
from typing import NamedTuple


class Shape(NamedTuple):
    """A registry, a file that it names, and what is reported of the faults: path and pointer."""

    configuration: str
    text: str
    path: str
    reported: dict[str, str]
    more: frozenset[str] = frozenset()  # of the other rules, those whose fault is impossible


def table(
    entries: str, target: str | list[str], file: str = "r.json", more: str = "tree = ['p/**']"
) -> str:
    """Return a configuration with one registry."""
    keys = {"file": file, "entries": entries, "target": target}
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    return "\n".join(["[[registry]]", *lines, more, ""])


def a_value(name: str, orphan: str) -> dict[str, str]:
    """Return what is reported of a text in an array that names a file in `p`."""
    suffix = splitext(name)[1]
    return {
        "JG101": "/0",
        "JG201": f"p/jit_guard_selftest{suffix} /0",
        "JG205": f"p/../../../../{name} /0",
        "JG208": f"p/jit_guard:selftest{suffix} /0",
        "JG301": orphan,
        "JG501": f"p/autogen_jit_guard_selftest{suffix} /0",
    }


SHAPES = {
    "a value": Shape(
        table("$[*]", "p/{value}"),
        '["a.md"]',
        "p/a.md",
        a_value("a.md", "p/jit_guard_selftest.txt"),
    ),
    "a key": Shape(
        table("$.*", "p/{key}.md"),
        '{"a": 1}',
        "p/a.md",
        {
            "JG002": "/JIT_GUARD_SELFTEST",
            "JG201": "p/jit_guard_selftest.md /jit_guard_selftest",
            "JG205": "p/../../../../a.md /..~1..~1..~1..~1a",
            "JG208": "p/jit_guard:selftest.md /jit_guard:selftest",
            "JG301": "p/jit_guard_selftest.txt",
            "JG501": "p/autogen_jit_guard_selftest.md /autogen_jit_guard_selftest",
        },
    ),
    "two keys": Shape(
        table("$.*.*", "p/{keys[0]}/{key}"),
        '{"a": {"b.md": 0}}',
        "p/a/b.md",
        {
            "JG002": "/a/JIT_GUARD_SELFTEST",
            "JG201": "p/a/jit_guard_selftest.md /a/jit_guard_selftest.md",
            "JG205": "p/a/../../../../../b.md /a/..~1..~1..~1..~1..~1b.md",
            "JG208": "p/a/jit_guard:selftest.md /a/jit_guard:selftest.md",
            "JG301": "p/jit_guard_selftest.txt",
            "JG501": "p/a/autogen_jit_guard_selftest.md /a/autogen_jit_guard_selftest.md",
        },
    ),
    "a number": Shape(
        table("$[*].no", "p/{value}.md"),
        '[{"no": 7}]',
        "p/7.md",
        {
            "JG002": "/0/JIT_GUARD_SELFTEST",
            "JG101": "/0/no",
            "JG201": "p/jit_guard_selftest.md /0/no",
            "JG205": "p/../../../../7.md /0/no",
            "JG208": "p/jit_guard:selftest.md /0/no",
            "JG301": "p/jit_guard_selftest.txt",
            "JG501": "p/autogen_jit_guard_selftest.md /0/no",
        },
    ),
    "a member": Shape(
        table("$[*]", "p/{name}.md"),
        '[{"name": "a"}]',
        "p/a.md",
        {
            "JG002": "/0/JIT_GUARD_SELFTEST",
            "JG101": "/0",
            "JG201": "p/jit_guard_selftest.md /0",
            "JG205": "p/../../../../a.md /0",
            "JG208": "p/jit_guard:selftest.md /0",
            "JG301": "p/jit_guard_selftest.txt",
            "JG501": "p/autogen_jit_guard_selftest.md /0",
        },
    ),
    "a member above": Shape(
        table("$.packs[*].parts[*].file", "{home}/{value}"),
        '{"packs": [{"home": "p/x", "parts": [{"file": "a.md"}]}]}',
        "p/x/a.md",
        {
            "JG002": "/packs/0/parts/0/JIT_GUARD_SELFTEST",
            "JG101": "/packs/0/parts/0/file",
            "JG201": "p/x/jit_guard_selftest.md /packs/0/parts/0/file",
            "JG205": "p/x/../../../../../a.md /packs/0/parts/0/file",
            "JG208": "p/x/jit_guard:selftest.md /packs/0/parts/0/file",
            "JG301": "p/jit_guard_selftest.txt",
            "JG501": "p/x/autogen_jit_guard_selftest.md /packs/0/parts/0/file",
        },
    ),
    "only the member above": Shape(
        table("$.packs[*].parts[*]", "{home}/{index}.md"),
        '{"packs": [{"home": "p/x", "parts": [true]}]}',
        "p/x/0.md",
        {
            "JG002": "/packs/0/JIT_GUARD_SELFTEST",
            "JG101": "/packs/0/parts/0",
            "JG201": "p/jit_guard_selftest/0.md /packs/0/parts/0",
            "JG205": "p/../../../../../x/0.md /packs/0/parts/0",
            "JG208": "p/jit_guard:selftest/0.md /packs/0/parts/0",
            "JG301": "p/jit_guard_selftest.txt",
        },
    ),
    "a group": Shape(
        table("$[*]", "p/{stem}.md", more="match.value = '(?P<stem>[a-z-]+)[.]md'"),
        '[{"a": 1}, "b.md"]',
        "p/b.md",
        {
            "JG201": "p/jit-guard-selftest.md /1",
            "JG208": "p/aux.md /1",
            "JG301": "p/jit_guard_selftest.md",
        },
        frozenset({"JG202"}),
    ),
    "a group of a key": Shape(
        table("$.*", "p/{stem}.md", more="match.key = '(?P<stem>.+)[.]x'\ntree = ['p/*.md']"),
        '{"a.x": {}, "b": 1}',
        "p/a.md",
        {
            "JG002": "/JIT_GUARD_SELFTEST",
            "JG201": "p/jit_guard_selftest.md /jit_guard_selftest.x",
            "JG205": "p/../../../../a.md /..~1..~1..~1..~1a.x",
            "JG208": "p/jit_guard:selftest.md /jit_guard:selftest.x",
            "JG301": "p/jit_guard_selftest.md",
            "JG501": "p/autogen_jit_guard_selftest.md /autogen_jit_guard_selftest.x",
        },
    ),
    "yaml": Shape(
        table("$.files[*]", "{value}", "p/r.yml", "base = '{dir}'\ntree = ['p/*.md']"),
        "# all\n'files' :\n- &a ./a.md\n- |-\n  b.md\n",
        "p/a.md",
        {
            "JG002": "/JIT_GUARD_SELFTEST",
            "JG101": "/files/0",
            "JG201": "p/jit_guard_selftest.md /files/0",
            "JG205": "./../../../../../a.md /files/0",
            "JG208": "p/jit_guard:selftest.md /files/0",
            "JG301": "p/jit_guard_selftest.md",
            "JG501": "p/autogen_jit_guard_selftest.md /files/0",
        },
    ),
    "yaml, objects": Shape(
        table("$.files[*].at", "{value}", "r.yaml", "tree = ['!p/x*', 'p/*/y-*.md']"),
        "files:\n  - at: p/x/y-a.md\n    id: 1\n",
        "p/x/y-a.md",
        {
            "JG002": "/files/0/JIT_GUARD_SELFTEST",
            "JG101": "/files/0/at",
            "JG201": "p/x/jit_guard_selftest.md /files/0/at",
            "JG205": "p/x/../../../../../y-a.md /files/0/at",
            "JG208": "p/x/jit_guard:selftest.md /files/0/at",
            "JG301": "p/jit_guard_selftest/y-jit_guard_selftest.md",
            "JG501": "p/x/autogen_jit_guard_selftest.md /files/0/at",
        },
    ),
    "toml": Shape(
        table("$.one.file", "{value}", "r.toml", "text = false\ntree = []"),
        '[one]\nfile = "p/a.bin"',
        "p/a.bin",
        {
            "JG101": "/one/file",
            "JG201": "p/jit_guard_selftest.bin /one/file",
            "JG205": "p/../../../../a.bin /one/file",
            "JG208": "p/jit_guard:selftest.bin /one/file",
        },
        frozenset({"JG207"}),
    ),
    "jsonc": Shape(
        table("$.a[*]", ["p/{value}.md", "p/{value}"], "r.jsonc", "tree = ['p/[a-c]*', 'p/b*.md']"),
        '// all\n{"a": ["x",],}',
        "p/x.md",
        {
            "JG002": "/JIT_GUARD_SELFTEST",
            "JG101": "/a/0",
            "JG201": "p/jit_guard_selftest.md /a/0",
            "JG205": "p/../../../../x.md /a/0",
            "JG208": "p/jit_guard:selftest.md /a/0",
            "JG301": "p/bjit_guard_selftest.md",
            "JG501": "p/autogen_jit_guard_selftest.md /a/0",
        },
    ),
    "directories": Shape(
        table("$[*]", "{value}/"),
        '["p", "p/a"]',
        "p/a/x.md",
        {
            "JG101": "/0",
            "JG201": "jit_guard_selftest/ /0",
            "JG205": "../../../../../p/ /0",
            "JG208": "jit_guard:selftest/",
        },
        frozenset({"JG206", "JG203", "JG207"}),
    ),
    "directories with a slash": Shape(
        table("$[*]", "{value}/", more="tree = ['p/*/']"),
        '["p/a/", "."]',
        "p/a/x.md",
        {
            "JG101": "/0",
            "JG201": "p/jit_guard_selftest/ /0",
            "JG205": "p/../../../../../a// /0",
            "JG208": "p/jit_guard:selftest/",
        },
        frozenset({"JG206", "JG203", "JG207"}),
    ),
    "a file in a directory": Shape(
        table("$[*]", "{value}/SKILL.md", more="tree = ['p/**/SKILL.md']"),
        '["p/a"]',
        "p/a/SKILL.md",
        {
            "JG101": "/0",
            "JG201": "p/jit_guard_selftest/SKILL.md /0",
            "JG205": "p/../../../../../a/SKILL.md /0",
            "JG208": "p/jit_guard:selftest/SKILL.md /0",
            "JG301": "p/jit_guard_selftest/SKILL.md",
        },
    ),
    "the document": Shape(
        table("$", "{value}.md", more="tree = ['README*', '*.md']"),
        '"a"',
        "a.md",
        {"JG301": "READMEjit_guard_selftest"},
        frozenset(
            {
                "JG602",
                "JG604",
                "JG605",
                "JG202",
                "JG606",
                "JG206",
                "JG203",
                "JG207",
                "JG302",
                "JG004",
                "JG601",
                "JG603",
                "JG204",
            }
        ),
    ),
    "letters that TOML does not escape as JSON does": Shape(
        table("$.one.file", "{value}", "r.toml", "tree = ['*/b.md']"),
        '[one]\nfile = "\U0001f600/a.md"',
        "\U0001f600/a.md",
        {
            "JG101": "/one/file",
            "JG201": "\U0001f600/jit_guard_selftest.md /one/file",
            "JG205": "\U0001f600/../../../../a.md /one/file",
            "JG208": "\U0001f600/jit_guard:selftest.md /one/file",
            "JG301": "jit_guard_selftest/b.md",
            "JG501": "\U0001f600/autogen_jit_guard_selftest.md /one/file",
        },
    ),
    "a file or a directory": Shape(
        table("$[*]", ["{value}", "{value}/"]),
        '["p"]',
        "p/x.md",
        {
            "JG101": "/0",
            "JG201": "jit_guard_selftest /0",
            "JG205": "../../../p /0",
            "JG208": "jit_guard:selftest /0",
            "JG501": "autogen_jit_guard_selftest /0",
        },
        frozenset({"JG204"}),
    ),
    "a file of which the first path is always portable": Shape(
        table("$[*]", ["p/x{stem}", "p/{stem}"], more="match.value = '(?P<stem>[a-z_]+)'"),
        '["a"]',
        "p/xa",
        {"JG201": "p/xjit_guard_selftest /0", "JG301": "p/xjit_guard_selftest"},
        frozenset({"JG202"}),
    ),
    "a tree without texts": Shape(
        table("$[*]", ["{value}", "{value}.x"], more="tree = ['p/*', '!p/*.txt']"),
        '["p/a.md", "p/b.yaml"]',
        "p/a.md",
        a_value("a.md", "p/jit_guard_selftest.md"),
    ),
    "a suffix that is never an orphan": Shape(
        table("$[*]", "{value}", more="tree = ['p/*', '!p/*.txt']"),
        '["p/a.md~"]',
        "p/a.md~",
        a_value("a.md~", "p/jit_guard_selftest"),
    ),
    "a pattern of names that are never orphans": Shape(
        table("$[*]", "{value}", more="tree = ['p/*~', 'p/*.md']"),
        '["p/a.md"]',
        "p/a.md",
        a_value("a.md", "p/jit_guard_selftest.md"),
    ),
    "two members": Shape(
        table("$[*]", ["p/{a}.md", "p/{b}.md"]),
        '[{"a": "x", "b": "y"}]',
        "p/x.md",
        {
            "JG002": "/0/JIT_GUARD_SELFTEST",
            "JG101": "/0",
            "JG201": "p/jit_guard_selftest.md /0",
            "JG205": "p/../../../../x.md /0",
            "JG208": "p/jit_guard:selftest.md /0",
            "JG301": "p/jit_guard_selftest.txt",
            "JG501": "p/autogen_jit_guard_selftest.md /0",
        },
    ),
    "a directory and a file": Shape(
        table("$[*]", "{value}"),
        '["p/a/", "p/b.md"]',
        "p/a/x",
        {
            "JG101": "/0",
            "JG201": "p/jit_guard_selftest/ /0",
            "JG205": "p/../../../../../a/ /0",
            "JG208": "p/jit_guard:selftest/",
            "JG301": "p/jit_guard_selftest.txt",
        },
        frozenset({"JG206", "JG203", "JG207"}),
    ),
    "the first of two keys": Shape(
        table("$.*.*", "p/{keys[0]}.md"),
        '{"a": {"b": 0}}',
        "p/a.md",
        {
            "JG002": "/a/JIT_GUARD_SELFTEST",
            "JG201": "p/jit_guard_selftest.md /jit_guard_selftest/b",
            "JG205": "p/../../../../a.md /..~1..~1..~1..~1a/b",
            "JG208": "p/jit_guard:selftest.md /jit_guard:selftest/b",
            "JG301": "p/jit_guard_selftest.txt",
            "JG501": "p/autogen_jit_guard_selftest.md /autogen_jit_guard_selftest/b",
        },
    ),
    "yaml, a list": Shape(
        table("$[*].at", "{value}", "r.yaml"),
        "\n- at: p/a.md\n  id: 1\n",
        "p/a.md",
        {
            "JG002": "/0/JIT_GUARD_SELFTEST",
            "JG101": "/0/at",
            "JG201": "p/jit_guard_selftest.md /0/at",
            "JG205": "p/../../../../a.md /0/at",
            "JG208": "p/jit_guard:selftest.md /0/at",
            "JG301": "p/jit_guard_selftest.txt",
            "JG501": "p/autogen_jit_guard_selftest.md /0/at",
        },
    ),
    **{
        f"the directory of the project, as {spelled}": Shape(
            table("$[*]", "{value}/"),
            f'["{spelled}"]',
            "p/a.md",
            {
                "JG101": "/0",
                "JG201": "jit_guard_selftest/ /0",
                "JG205": f"{above}/../../../..// /0",
                "JG208": "jit_guard:selftest/",
            },
            frozenset({"JG203", "JG206", "JG207"}),
        )
        for spelled, above in ((".", "."), ("p/..", "p/.."))
    },
    "patterns that are no names": Shape(
        table("$[*]", "{value}", more="tree = ['p/b.md', '!p/x*', 'p/?*', '**']"),
        '["p/a.md"]',
        "p/a.md",
        a_value("a.md", "jit_guard_selftest.txt"),
    ),
    "a pattern with two stars": Shape(
        table("$[*]", "{value}", more="tree = ['p/*-*.md']"),
        '["p/a-.md"]',
        "p/a-.md",
        a_value("a-.md", "p/jit_guard_selftest-.md"),
    ),
}
