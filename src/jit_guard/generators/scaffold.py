"""`scaffold`: a draft to be finished, made from the request alone.

It needs no network and no key, and is deterministic. It uses the headings of the type's other
components in their order, and fills in description, goal and names. Every line to be written is
marked, and the whole text is marked as a draft (`jit_guard.text.generated`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jit_guard.generators.generator import Options, Request, Text, Writer
from jit_guard.generators.sample import sample
from jit_guard.generators.shape import Kind, sections
from jit_guard.text.generated import mark
from jit_guard.text.printable import printable

VERSION = "1"
_DEFAULT = ("# Purpose", "# Instructions", "# Limits")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_OPENINGS: dict[Kind, str] = {"list": "- ", "steps": "1. "}


def writer(options: Options) -> Writer:  # noqa: ARG001 - every factory takes them
    """Make the writer. It uses no options."""
    return Writer(write, version=VERSION)


def write(request: Request) -> Text:
    """Write a draft of one component."""
    suffix = request.suffix
    if suffix == ".json":
        text = _json(request)
    elif suffix in (".yaml", ".yml"):
        text = _yaml(request)
    elif suffix == ".toml":
        text = _assignments(request, " = ")
    elif suffix in (".html", ".htm"):
        text = _html(request)
    else:
        text = "\n".join((*_front_matter(request), *_lines(request)))
    return Text(mark(f"{text}\n", suffix))


def _front_matter(request: Request) -> Iterator[str]:
    """Yield the block of YAML that the contract of a text demands; JSON is YAML."""
    contract = {} if request.contract is None else request.contract.value
    known = contract.get("values", {})
    schema = contract.get("front-matter")
    if schema is None and not known:
        return
    found = sample({"type": "object", "required": []} if schema is None else schema, _fill(request))
    found = {**found, **known} if isinstance(found, dict) else known
    yield "---"
    yield from _members(found)
    yield from ("---", "")


def _members(found: Mapping[str, Any]) -> Iterator[str]:
    for key, value in found.items():
        name = key if _PLAIN_KEY.fullmatch(key) else json.dumps(key)
        yield f"{name}: {json.dumps(value, ensure_ascii=False)}"


def _fill(request: Request) -> Callable[[str], str]:
    """Return what gives the text for a key of front matter or of a document."""
    known = {
        "description": _sentence(request),
        "goal": printable(request.goal),
        "component_type": printable(request.component_type),
        "title": _title(request),
    }
    return lambda key: known.get(key, f"TODO: write {key!r}")


def _demanded(request: Request) -> Any:
    """Return a document that meets the schema of the contract; None: there is none."""
    schema = None if request.contract is None else request.contract.value.get("schema")
    return None if schema is None else sample(schema, _fill(request))


def _lines(request: Request) -> Iterator[str]:
    headings = request.headings or _DEFAULT
    kinds = _kinds(request)
    if not any(heading.startswith("# ") for heading in headings):
        yield from (f"# {_title(request)}", "")
    for number, heading in enumerate(headings):
        if number:
            yield ""
        yield from (_line(heading), "")
        if number == 0:
            yield from (_sentence(request), "")
        name = _line(heading.lstrip("# "))
        opening = _OPENINGS.get(kinds.get(heading, "prose"), "")
        yield f"{opening}TODO: write {name!r} of {_subject(request)}, and remove this line."


def _kinds(request: Request) -> dict[str, Kind]:
    """Find the most common kind of content below each heading in the examples."""
    found: dict[str, list[Kind]] = {}
    for example in request.examples:
        for section in sections(example.text):
            found.setdefault(section.heading, []).append(section.kind)
    return {heading: max(kinds, key=kinds.count) for heading, kinds in found.items()}


def _json(request: Request) -> str:
    demanded = _demanded(request)
    if demanded is not None:
        return json.dumps(demanded, indent=2)
    filled = {"goal": request.goal, "component_type": request.component_type}
    filled["description"] = _sentence(request)
    keys = dict.fromkeys((*request.headings, *(() if request.headings else filled)))
    value = {key: filled.get(key, f"TODO: write {key!r}") for key in keys}
    if "description" not in value:
        value["TODO"] = f"write {_subject(request)}: {_sentence(request)}"
    return json.dumps(value, indent=2)


def _yaml(request: Request) -> str:
    demanded = _demanded(request)
    if isinstance(demanded, dict) and demanded:
        return "\n".join(_members(demanded))
    return _assignments(request, ": ") if demanded is None else json.dumps(demanded)


def _assignments(request: Request, between: str) -> str:
    """Format lines for YAML or TOML, which both read JSON strings without surrogates."""
    filled = {
        "goal": printable(request.goal),
        "component_type": printable(request.component_type),
        "description": _sentence(request),
    }
    todo = f"# TODO: write the rest of {_subject(request)}, and remove this line."
    return "\n".join(
        (*(f"{key}{between}{json.dumps(filled[key], ensure_ascii=False)}" for key in filled), todo)
    )


def _html(request: Request) -> str:
    from html import escape

    todo = f"TODO: write {_subject(request)}, and remove this line."
    return "\n".join(
        (
            f"<h1>{escape(_title(request))}</h1>",
            f"<p>{escape(_sentence(request))}</p>",
            f"<p>{escape(todo)}</p>",
        )
    )


def _title(request: Request) -> str:
    words = _line(request.goal.replace("_", " "))
    return words.capitalize() if words.isupper() else words


def _subject(request: Request) -> str:
    return _line(f"the {request.component_type} for {request.goal}")


def _sentence(request: Request) -> str:
    words = _line(request.description) or f"TODO: say in a sentence what {_subject(request)} is"
    words = words[:1].upper() + words[1:]
    return words if words.endswith((".", "!", "?", "。", "…")) else f"{words}."


def _line(text: str) -> str:
    """Return the text on one line, without invisible characters."""
    return printable(" ".join(text.split()))
