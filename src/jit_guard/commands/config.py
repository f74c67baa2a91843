"""Show the settings in force, and where each of them comes from."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
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
        if key in _PARTS:
            parts = {f"{key}{name}": _toml(setting) for name, setting in _PARTS[key](value)}
            shown |= {name: (setting, origin) for name, setting in parts.items()}
        elif value is None:
            shown[f"# {key}"] = "none", origin
        else:
            shown[key] = _toml(list(value) if isinstance(value, tuple) else value), origin
    width = max(len(f"{key} = {value}") for key, (value, _) in shown.items())
    for key, (value, origin) in shown.items():
        line = printable(f"{key} = {value}")
        yield f"{line:<{min(width, 60)}}  {style(f'# {printable(origin)}', 'dim', on=color)}"


def _types(types: dict[str, TypeSettings]) -> Iterator[tuple[str, Any]]:
    for name, settings in types.items():
        if settings.directory is not None:
            yield f".{toml_key(name)}.directory", settings.directory
        if not settings.text:
            yield f".{toml_key(name)}.text", False
        demands = {} if settings.contract is None else settings.contract.table
        yield from ((f".{toml_key(name)}.contract.{key}", one) for key, one in demands.items())


def _prices(prices: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for model, price in prices.items():
        for part, amount in price._asdict().items():
            yield f".{toml_key(model)}.{part}", amount


def _tables(tables: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    for number, table in enumerate(tables, start=1):
        for part, setting in table.given.items():
            yield f"[{number}].{part}", setting


# The keys whose value is a table, each with the function that yields its lines.
_PARTS: dict[str, Callable[[Any], Iterator[tuple[str, Any]]]] = {
    "types": _types,
    "prices": _prices,
    "registry": _tables,
}


def _toml(value: Any) -> str:
    if value == [""]:
        value = ["JG"]  # the empty prefix selects everything
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, dict):
        pairs = (f"{toml_key(key)} = {_toml(one)}" for key, one in value.items())
        return f"{{{', '.join(pairs)}}}"
    return dumps(value, ensure_ascii=False)
