"""Show the settings in force, and where each of them comes from."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from json import dumps
from typing import Any

from jit_guard.commands.options import add_project_options, open_guard
from jit_guard.config import KEYS, TypeSettings, toml_key
from jit_guard.project import Configuration
from jit_guard.text.console import Console
from jit_guard.text.printable import printable, style


def configure(parser: ArgumentParser) -> None:
    """Add the options of `config`."""
    add_project_options(parser)


def run(options: Namespace, started: float) -> int:  # noqa: ARG001
    """Print the settings as TOML, each with its origin in a comment."""
    console = Console(options.color)
    guard = open_guard(options, {})
    found = guard.configuration()
    console.lines([f"# root: {printable(guard.root)}", *_lines(found, color=console.color)])
    return 0


def _lines(found: Configuration, *, color: bool) -> Iterator[str]:
    shown: dict[str, tuple[str, str]] = {}
    for key in KEYS:
        field = key.replace("-", "_")
        origin = found.origins.get(field, "default")
        value = getattr(found.settings, field)
        if key == "types":
            for name, settings in value.items():
                for part, setting in _type_fields(settings):
                    shown[f"types.{toml_key(name)}.{part}"] = _toml(setting), origin
        elif key == "prices":
            for model, price in value.items():
                for part, amount in price._asdict().items():
                    shown[f"prices.{toml_key(model)}.{part}"] = _toml(amount), origin
        elif value is None:
            shown[f"# {key}"] = "none", origin
        else:
            shown[key] = _toml(list(value) if isinstance(value, tuple) else value), origin
    width = max(len(f"{key} = {value}") for key, (value, _) in shown.items())
    for key, (value, origin) in shown.items():
        line = printable(f"{key} = {value}")
        yield f"{line:<{min(width, 60)}}  {style(f'# {printable(origin)}', 'dim', on=color)}"


def _type_fields(settings: TypeSettings) -> Iterator[tuple[str, Any]]:
    if settings.directory is not None:
        yield "directory", settings.directory
    if not settings.text:
        yield "text", False


def _toml(value: Any) -> str:
    if value == [""]:
        value = ["JG"]  # the empty prefix selects everything
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return dumps(value, ensure_ascii=False)
