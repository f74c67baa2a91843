"""What jit-guard is compared with: what a user would write or run instead, and the floor."""

from __future__ import annotations

import shutil
import sys
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

SHELL = "shell: jq, find, sort, comm"
FLOOR = "bare Python: listdir, stat, orjson"
READING = "bare Python: open, read, close"
JSONSCHEMA = "check-jsonschema"
SKILLSAW = "skillsaw"
OURS = "jit-guard"

_WANTED = r"""
jq -r 'to_entries[] | select(.value | type == "object") | .value | to_entries[]
       | "\(.key)s/\(.value)"' "${MAP:-goal_map.json}" | sort > "$TMP/wanted"
"""
_COMPARED = """
comm -23 "$TMP/wanted" "$TMP/there"
comm -13 "$TMP/wanted" "$TMP/there"
"""
# The same two differences. From 1,000 entries on, sizes are checked, too.
NAMES = f'{_WANTED}find components -type f -printf "%P\\n" | sort > "$TMP/there"{_COMPARED}'
NAMES_AND_SIZES = (
    f'{_WANTED}find components -type f -printf "%P\\n" -size 0 -fprint "$TMP/empty" '
    f'| sort > "$TMP/there"{_COMPARED}cat "$TMP/empty"\n'
)
# The same for git's index; the pattern is the id of the empty blob.
INDEX = (
    'MAP="$TMP/map"; git cat-file blob :goal_map.json > "$MAP"\n'
    f"{_WANTED}"
    'git ls-files --stage components > "$TMP/index"\n'
    'cut -f2 "$TMP/index" | cut -d/ -f2- | sort > "$TMP/there"\n'
    f'grep -F e69de29bb2d1d6434b8b29ae775ad8c2e48c5391 "$TMP/index"{_COMPARED}'
)
_FLOOR = """
import os, stat, orjson
with open("goal_map.json", "rb") as file:
    orjson.loads(file.read())
directories = ["components"]
while directories:
    directory = directories.pop()
    for name in os.listdir(directory):
        path = f"{directory}/{name}"
        if stat.S_ISDIR(os.stat(path).st_mode):
            directories.append(path)
"""
_READING = """
import os
directories = ["components"]
while directories:
    directory = directories.pop()
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_dir():
                directories.append(entry.path)
                continue
            handle = os.open(entry.path, os.O_RDONLY)
            os.read(handle, 65536)
            os.close(handle)
"""


def jit_guard(*arguments: str) -> list[str]:
    """jit-guard, from the environment that runs this."""
    return [_script("jit-guard"), *arguments]


def shell(script: str) -> list[str]:
    """A pipeline, in the user's locale."""
    return ["sh", "-c", script]


def floor() -> list[str]:
    """The lower bound for a check in Python that stats every file."""
    return [sys.executable, "-I", "-c", _FLOOR]


def reading() -> list[str]:
    """A loop that only reads every file."""
    return [sys.executable, "-I", "-c", _READING]


def check_jsonschema() -> list[str]:
    """The usual validator on the same map, with the published schema."""
    schema = str(files("jit_guard").joinpath("goal_map.schema.json"))
    return [_script(JSONSCHEMA), "--schemafile", schema, "goal_map.json"]


def skillsaw(*arguments: str) -> list[str]:
    """The linter of plugins and skills, on the same marketplace."""
    return [_script(SKILLSAW), "lint", *arguments]


def missing() -> list[str]:
    """The required programs and packages that are not installed."""
    programs = ("jq", "git", _script(JSONSCHEMA), _script(SKILLSAW))
    found = [name for name in programs if shutil.which(name) is None]
    return found + [name for name in ("orjson", "matplotlib") if find_spec(name) is None]


def _script(name: str) -> str:
    return str(Path(sys.executable).parent / name)
