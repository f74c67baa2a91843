"""What a suffix promises: JSON, JSON lines, TOML and YAML are parsed; any other file is text.

YAML is parsed where PyYAML is installed, which jit-guard does not require. Elsewhere, and for long
files, only the form of the lines at the left margin is checked: prose does not have it.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

_SHOWN = 120  # characters of an error
_LONG_YAML = 100_000  # characters; PyYAML takes about ten seconds for a million
# A list item, a comment, a document, a flow or quoted value; or a key, which has no comma.
_MARGIN = re.compile(
    r"-(?:[ \t]|\Z)|#|---|\.\.\.|[\[\]{}%\"'&!*|>?]|[^\s:,.][^,\n]{0,80}?:(?:\s|\Z)"
)
STRUCTURED = frozenset({".json", ".jsonl", ".ndjson", ".yaml", ".yml", ".toml"})


def format_fault(text: str, suffix: str) -> str | None:
    """Return why a text is not what its suffix says, in lower case; None if it is.

    Args:
        text: the whole text.
        suffix: with the dot, in lower case.
    """
    if suffix == ".json":
        return _json_fault(text)
    if suffix in (".jsonl", ".ndjson"):
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip() and (fault := _json_fault(line)):
                return f"line {number}: {fault}"
    if suffix == ".toml":
        return _toml_fault(text)
    if suffix in (".yaml", ".yml"):
        return _yaml_fault(text)
    return None


def _json_fault(text: str) -> str | None:
    def refuse(name: str) -> None:
        raise ValueError(f"{name} is not JSON")

    try:
        # Integers of thousands of digits are slow; their value does not matter.
        value = json.loads(text, parse_constant=refuse, parse_int=len)
    except json.JSONDecodeError as error:
        return f"the text is not JSON: {error.msg.lower()} (line {error.lineno})"
    except ValueError as error:
        return f"the text is not JSON: {error}"
    except RecursionError:
        return "the text is not JSON: it is nested too deeply"
    return None if _has_content(value) else "the JSON has no content"


def _has_content(value: Any) -> bool:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, (dict, list)):
            waiting.extend(one.values() if isinstance(one, dict) else one)
        elif one is not None and str(one).strip():
            return True
    return False


def _toml_fault(text: str) -> str | None:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        value = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        return f"the text is not TOML: {str(error)[:_SHOWN]}"
    return None if value else "the TOML has no content"


def _yaml_fault(text: str) -> str | None:
    if fault := _margin_fault(text):
        return fault
    try:
        import yaml
    except ImportError:
        return None
    if len(text) > _LONG_YAML:
        return None
    try:
        # Only the structure: tags of a program (`!include`) need not be known here.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # which limits the nesting
        documents = list(yaml.compose_all(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" (line {mark.line + 1})" if mark else ""
        return f"the text is not YAML: {' '.join(str(error.problem).split())[:_SHOWN]}{where}"
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        return f"the text is not YAML: {' '.join(str(error).split())[:_SHOWN]}"
    if not any(isinstance(one, yaml.CollectionNode) and one.value for one in documents):
        return "the text is not YAML, but a sentence"
    return None


def _margin_fault(text: str) -> str | None:
    """Check the lines that are not indented; a plain sentence is YAML, too, but no file is one."""
    found = False
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line[0] in " \t":
            continue
        if not _MARGIN.match(line):
            return f"the text is not YAML: line {number} is neither a key nor an item"
        found = found or (line[0] not in "#%" and line[:3] not in ("---", "..."))
    return None if found else "the YAML has no content"
