"""The fields of the templates that must agree (`equal`), and whether they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from jit_guard.contracts.contract import FRONT_MATTER
from jit_guard.registry.target import Context, MissingFieldError, parse
from jit_guard.text.printable import quote

Written = Callable[[tuple[str, ...]], str]  # returns a number as the text has it


class Disagreement(NamedTuple):
    """Why templates do not agree, and the field of the front matter that is to blame, if any."""

    reason: str
    keys: tuple[str, ...] | None = None


class Fields(NamedTuple):
    """What the templates of one component are made of.

    Args:
        path: of the component; of a directory, with a final slash.
        context: of the entry that names it.
        front_matter: the value of its front matter; None: it is not known.
        written: see `Written`.
    """

    path: str
    context: Context
    front_matter: Mapping[str, Any] | None = None
    written: Written = ".".join

    def field(self, name: str) -> str:
        """Return a field. Raises MissingFieldError."""
        if name.startswith(FRONT_MATTER):
            return self._of_front_matter(tuple(name[len(FRONT_MATTER) :].split(".")), name)
        if name in _OF_PATH:
            found = _OF_PATH[name](self.path)
            if not found:
                raise MissingFieldError(name)
            return found
        try:
            return self.context.field(name)
        except MissingFieldError:
            if name == "name":
                return own_name(self.path)
            raise

    def _of_front_matter(self, keys: tuple[str, ...], name: str) -> str:
        here: Any = self.front_matter
        for key in keys:
            here = here.get(key) if isinstance(here, Mapping) else None
        if isinstance(here, str):
            return here
        if isinstance(here, (int, float)) and not isinstance(here, bool):
            return self.written(keys)
        raise MissingFieldError(name)

    def expand(self, template: str) -> str:
        """Return the text of a template. Raises MissingFieldError."""
        parts = parse(template).parts
        return "".join(self.field(part) if is_field else part for part, is_field in parts)


def directory_of(path: str) -> str:
    """Return the directory of a component: itself, or the one that it is in."""
    return path.rpartition("/")[0]


def own_name(path: str) -> str:
    """Return the base name of a component; of a file, without its suffix."""
    name = path.rstrip("/").rpartition("/")[2]
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem and not path.endswith("/") else name


_OF_PATH: Mapping[str, Callable[[str], str]] = {
    "dir": lambda path: directory_of(path).rpartition("/")[2],
    "stem": own_name,
}


def disagreements(templates: tuple[str, ...], fields: Fields) -> Iterator[Disagreement]:
    """Yield each field that is missing, or else that the templates do not agree."""
    texts: dict[str, str] = {}
    for template in templates:
        try:
            texts[template] = fields.expand(template)
        except MissingFieldError as error:
            name = str(error)
            parent = tuple(name.split(".")[1:-1]) if name.startswith(FRONT_MATTER) else None
            others = ", ".join(one for one in templates if one != template)
            reason = f"{{{name}}} is missing or not a text; it must agree with {others}"
            yield Disagreement(reason, parent)
    if len(texts) == len(templates) and len(set(texts.values())) > 1:
        yield Disagreement(_reason(texts), _to_blame(texts))


def _reason(texts: Mapping[str, str]) -> str:
    values = [f"{template} is {quote(text)}" for template, text in texts.items()]
    return f"{', '.join(values[:-1])} and {values[-1]}; they must be equal"


def _to_blame(texts: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return the first field of the front matter, where one of the texts can be changed."""
    for template in texts:
        for part, is_field in parse(template).parts:
            if is_field and part.startswith(FRONT_MATTER):
                return tuple(part[len(FRONT_MATTER) :].split("."))
    return None
