"""The settings: every configuration key with its type, default and validation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jit_guard.errors import ConfigError
from jit_guard.named_tuple import NamedTuple
from jit_guard.text.names import is_git, join
from jit_guard.text.printable import cut_quotes, did_you_mean, quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


MODULES = (
    "jg001_invalid_json",
    "jg002_duplicate_key",
    "jg003_invalid_encoding",
    "jg004_nothing_to_check",
    "jg101_schema_violation",
    "jg201_missing_component",
    "jg202_case_mismatch",
    "jg203_untracked_component",
    "jg204_not_a_file",
    "jg205_unsafe_path",
    "jg206_empty_component",
    "jg207_not_text",
    "jg208_unportable_name",
    "jg301_orphan_component",
    "jg302_case_collision",
    "jg303_leftover_temporary",
    "jg401_interrupted_transaction",
    "jg501_untouched_draft",
    "jg601_front_matter",
    "jg602_schema",
    "jg603_heading",
    "jg604_required_file",
    "jg605_disagreement",
    "jg606_too_large",
)
CODES = tuple(module[:5].upper() for module in MODULES)
CONTRACTS = tuple(code for code in CODES if code.startswith("JG6"))
CONFIG_FILE = "jit-guard.toml"
PYPROJECT = "pyproject.toml"
GOAL_MAP_FILE = "goal_map.json"
PRESETS = {  # the file that shows, without a configuration, that a preset fits -> its name
    ".claude-plugin/marketplace.json": "claude-marketplace",
    ".agents/plugins/marketplace.json": "codex-marketplace",
    ".well-known/skills/index.json": "agent-skills",
}


def known_prefix(prefix: str) -> bool:
    """Check whether the code of a built-in rule starts with this prefix."""
    return any(code.startswith(prefix) for code in CODES)


class Price(NamedTuple):
    """The price of a million tokens, in any currency."""

    input: float = 0.0
    output: float = 0.0


class TypeSettings(NamedTuple):
    """The settings of one component type."""

    directory: str | None = None
    text: bool = True
    contract: Any = None  # a table; `project` makes it a contracts.contract.Contract


class Settings(NamedTuple):
    """The effective settings. Paths are normalized, relative to the root, with `/`."""

    maps: tuple[str, ...] = (GOAL_MAP_FILE,)
    components: str = "components"
    schema: str | None = None
    orphan_ignore: tuple[str, ...] = ()
    select: tuple[str, ...] = ("",)
    ignore: tuple[str, ...] = ()
    baseline: str | None = None
    allow_empty: bool = False
    types: Mapping[str, TypeSettings] = {}
    plugins: tuple[str, ...] = ()
    generator: Any = "auto"  # a name, or in the Python API a `Generator`
    model: str | None = None
    jobs: int = 4
    timeout: float = 120.0
    prompt: str | None = None
    examples: int = 3
    descriptions: str | None = None
    prices: Mapping[str, Any] = {}  # model -> generators.prices.Price
    registry: tuple[Any, ...] = ()  # tables; `project` makes each a registry.table.Table

    def directory(self, component_type: str) -> str:
        """Return the directory of a component type, relative to the components directory."""
        configured = self.types.get(component_type)
        if configured is None or configured.directory is None:
            return f"{component_type}s"
        return configured.directory

    def path(self, component_type: str, filename: str = "") -> str:
        """Return the path that an entry names (or its type's directory), relative to the root."""
        return join(join(self.components, self.directory(component_type)), filename)

    def is_text(self, component_type: str) -> bool:
        """Check whether the components of this type are text."""
        configured = self.types.get(component_type)
        return configured is None or configured.text

    def contract(self, component_type: str) -> Any:
        """Return the contract of a component type; None if it has none."""
        configured = self.types.get(component_type)
        return None if configured is None else configured.contract

    @property
    def contracts(self) -> bool:
        """Whether any type or registry has a contract."""
        every = (*self.types.values(), *self.registry)
        return any(one.contract is not None for one in every)

    def selects(self, code: str) -> bool:
        """Check whether a rule is selected: the longer prefix wins, and `ignore` wins a tie."""

        def longest(prefixes: tuple[str, ...]) -> int:
            return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)

        return longest(self.select) > longest(self.ignore)


def from_table(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the fields of Settings that a configuration table sets.

    Args:
        table: the content of `jit-guard.toml`, or of `[tool.jit-guard]`.
        where: the file (and table) to name in messages.

    Raises:
        ConfigError: with every problem of the table.
    """
    problems: list[str] = []
    found = read_keys(table, KEYS, problems, ": ")
    if problems:
        raise ConfigError([f"{where}{problem}" for problem in problems])
    return found


def read_keys(
    table: Mapping[str, Any],
    keys: Mapping[str, Callable[[Any], Any]],
    problems: list[str],
    between: str = ".",
) -> dict[str, Any]:
    """Return the validated values of a table, by field.

    Args:
        table: from a configuration.
        keys: the known keys, and what validates the value of each.
        problems: receives a line for every problem, which continues the name of the table.
        between: what is between the name of the table and a key.
    """
    found: dict[str, Any] = {}
    for key, value in table.items():
        read = keys.get(key)
        if read is None:
            problems.append(f": unknown key {quote(key)}{did_you_mean(key, keys)}")
            continue
        try:
            found[key.replace("-", "_")] = read(value)
        except ValueError as error:
            problems += (f"{between}{key}{line}" for line in str(error).split("\n"))
    return found


def toml_key(name: str) -> str:
    """Return a name as a TOML key: bare if possible, otherwise quoted."""
    plain = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if plain else toml_string(name)


def _key(name: str) -> str:
    return cut_quotes(toml_key(name))


def toml_string(text: str) -> str:
    """Return a text as a TOML string."""
    from json import dumps

    # Such strings occur in hints, in which backticks enclose a command.
    return dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f").replace("`", "\\u0060")


def inside_path(value: Any) -> str:
    """Validate a path inside the root and outside `.git`; return it normalized."""
    path = _below_root(value)
    if any(map(is_git, path.split("/"))):
        raise ValueError(f" must not lead into a .git directory, as {quote(path)} does")
    return path


def _below_root(value: Any) -> str:
    text = _string(value)
    if text.startswith("/") or "\\" in text or "\0" in text:
        raise ValueError(f" must be a relative path with /, not {quote(text)}")
    names = [name for name in text.split("/") if name not in ("", ".")]
    if ".." in names:
        raise ValueError(f" must be inside the root, not {quote(text)}")
    return "/".join(names)


def codes(value: Any) -> tuple[str, ...]:
    """Validate codes or prefixes of codes; those of plugins are checked after loading them."""
    listed = _strings(value)
    unknown = [code for code in listed if not known_prefix(code) and code.startswith("JG")]
    if unknown:
        raise ValueError("\n".join(f": no rule code starts with {quote(code)}" for code in unknown))
    return listed


def _select(value: Any) -> tuple[str, ...]:
    listed = codes(value)
    if not listed:
        raise ValueError(" is empty, so no rule would run; remove the key to select all rules")
    return listed


def _string(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f" must be a non-empty string, not {quote(value)}")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f" must be true or false, not {quote(value)}")
    return value


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueError(f" must be a list of strings, not {quote(value)}")
    return tuple(value)


def _maps(value: Any) -> tuple[str, ...]:
    listed = tuple(map(_below_root, _strings(value)))  # a map below .git is a finding
    if not listed or not all(listed):
        raise ValueError(" must name at least one file")
    return tuple(dict.fromkeys(listed))


def patterns(value: Any) -> tuple[str, ...]:
    """Validate a list of gitignore patterns."""
    listed = _strings(value)
    if listed:
        from jit_guard.text.gitignore import MOST, Ignored
        from jit_guard.text.globs import PatternError

        for pattern in listed:
            if len(pattern) > MOST:
                raise ValueError(f": {quote(pattern)} is longer than {MOST:,} characters")
            try:
                Ignored([pattern])
            except PatternError:
                raise ValueError(f": {quote(pattern)} can never match anything") from None
    return listed


def _types(value: Any) -> dict[str, TypeSettings]:
    if not isinstance(value, dict):
        raise ValueError(f" must be a table of component types, not {quote(value)}")
    problems: list[str] = []
    found: dict[str, TypeSettings] = {}
    for name, table in value.items():
        if not isinstance(table, dict):
            problems.append(f".{_key(name)} must be a table, not {quote(table)}")
            continue
        mine: list[str] = []
        found[name] = TypeSettings(**read_keys(table, _TYPE_KEYS, mine))
        problems += (f".{_key(name)}{problem}" for problem in mine)
    if problems:
        raise ValueError("\n".join(problems))
    return found


def _number(least: int, most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(
                f" must be a whole number from {least} to {most:,}, not {quote(value)}"
            )
        return value

    return read


def _prices(value: Any) -> dict[str, Any]:
    """Validate the prices of models, per million tokens."""
    if not isinstance(value, dict):
        raise ValueError(f" must be a table of models, not {quote(value)}")
    found: dict[str, Any] = {}
    for model, price in value.items():
        fits = isinstance(price, dict) and set(price) <= set(Price._fields)
        if not fits or not all(
            isinstance(amount, (int, float)) and not isinstance(amount, bool) and amount >= 0
            for amount in price.values()
        ):
            raise ValueError(f".{_key(model)} must be like {{input = 0.25, output = 2.0}}")
        found[model] = Price(**price)
    return found


def _contract(value: Any) -> dict[str, Any]:
    """Validate that a contract is a table; `contracts.contract` validates its keys."""
    if not isinstance(value, dict):
        raise ValueError(f" must be a table, not {quote(value)}")
    return value


def _tables(value: Any) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError(f" must be an array of tables, not {quote(value)}")
    return tuple(value)


_TYPE_KEYS: Mapping[str, Callable[[Any], Any]] = {
    "directory": inside_path,
    "text": _boolean,
    "contract": _contract,
}

KEYS: Mapping[str, Callable[[Any], Any]] = {
    "maps": _maps,
    "components": inside_path,
    "schema": inside_path,
    "orphan-ignore": patterns,
    "select": _select,
    "ignore": codes,
    "baseline": inside_path,
    "allow-empty": _boolean,
    "types": _types,
    "plugins": _strings,
    "generator": _string,
    "model": _string,
    "jobs": _number(1, 64),
    "timeout": _number(1, 86_400),
    "prompt": inside_path,
    "examples": _number(0, 20),
    "descriptions": inside_path,
    "prices": _prices,
    "registry": _tables,
}
