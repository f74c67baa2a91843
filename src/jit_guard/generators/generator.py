"""The interface of generators: records shared by the fix, built-in generators and plugins.

A generator is described by a `Generator` (name, summary, factory). The factory is called once per
run and returns a `Writer`, which is called once for each missing file, from several threads. The
design follows simonw/llm's register_models, without a base class.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from jit_guard.errors import JitGuardError
from jit_guard.generators.budget import Budget
from jit_guard.generators.progress import UNREPORTED, Progress

if TYPE_CHECKING:
    from jit_guard.generators.batch import Batches

_MOST_TOKENS = 1_000_000_000  # for one text; no model supports as many


def _nothing() -> None:
    pass


class Example(NamedTuple):
    """An existing component of the type, as an example: its path and its whole text."""

    path: str
    text: str


class Demands(NamedTuple):
    """The contract that a component must meet.

    `where` is its name in the configuration; `words` are its demands, one sentence each; `value`
    is all of it as JSON (the keys of the configuration, with the schemas in place of their paths,
    and `values`, the fields of the front matter that are known beforehand).
    """

    where: str
    words: tuple[str, ...]
    value: Mapping[str, Any]


class Request(NamedTuple):
    """One component to write. Paths are relative to the root, with `/`.

    `headings` are the headings that the type's components share, each with its `#`s; `examples`
    are the components that the generator may be shown (see the key `examples`). `contract` is
    what is demanded of the component; a text that does not meet it is not committed.

    On a second attempt, `rejected` is the generator's first text and `objection` says what was
    wrong with it; both are empty on the first.
    """

    goal: str
    component_type: str
    filename: str  # as the map will name it
    path: str  # where the component will be placed
    description: str
    headings: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    rejected: str = ""
    objection: str = ""
    contract: Demands | None = None

    @property
    def suffix(self) -> str:
        """The suffix (`.txt`, `.md`, …) in lower case; empty if the filename has none."""
        return suffix_of(self.filename)


def suffix_of(filename: str) -> str:
    """Return the suffix of a filename in lower case; empty if it has none."""
    stem, dot, suffix = filename.rpartition("/")[2].rpartition(".")
    return f".{suffix.lower()}" if dot and stem else ""


class Usage(NamedTuple):
    """The usage for a text, as far as the generator knows it."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    retries: int = 0


def token_count(value: object) -> int | None:
    """Return a reported number of tokens; None if it is not plausible."""
    return value if type(value) is int and 0 <= value <= _MOST_TOKENS else None


class Text(NamedTuple):
    """The result of a generator. It is stored in the ledger as it is, before it is checked.

    `model` is the model that answered, if known more precisely than `Writer.model`; `details`
    is stored as provenance and must be JSON-serializable.
    """

    content: str
    usage: Usage = Usage()
    model: str | None = None
    details: Mapping[str, Any] = {}


class Options(NamedTuple):
    """The options of a run for its generator, which may ignore those that do not apply."""

    root: str
    model: str | None = None
    timeout: float = 120.0  # seconds for one text, including all attempts
    command: str | None = None
    base_url: str | None = None
    prompt: str | None = None  # the text of the configured system prompt
    budget: Budget | None = None  # the token budget, updated by a generator that knows its usage
    progress: Progress = UNREPORTED  # for a generator that streams or waits


class Writer(NamedTuple):
    """A generator in use. `write` must be safe to call from several threads.

    `model` and `version` are part of the key under which the ledger stores texts: a text is
    reused as long as goal, names, description, generator, model and version are the same.
    Change `version` whenever the prompt changes.

    `close` is called once at the end of the run, even if it was interrupted; a `write` that is
    still waiting must then raise an error.

    `most_tokens` returns the worst case of one call for a request, in tokens; None: not known.

    `batches` writes many texts that are collected later (`--batch`); None: it cannot.
    """

    write: Callable[[Request], Text]
    model: str = ""
    version: str = "1"
    close: Callable[[], None] = _nothing
    most_tokens: Callable[[Request], int] | None = None
    batches: "Batches | None" = None


class Generator(NamedTuple):
    """A generator that can be chosen by name.

    `network`: it needs the network, so `JIT_GUARD_NO_NETWORK=1` forbids it. `paid`: a text may
    cost money, so the user is asked first. `deterministic`: the same request always gives the same
    text, so the user is not offered another one.
    """

    name: str
    summary: str  # one line, no final period
    factory: Callable[[Options], Writer]
    network: bool = True
    paid: bool = True
    deterministic: bool = False


class GenerationError(JitGuardError):
    """One component could not be generated; the others continue.

    Args:
        reason: short and lower case, as shown after "failed: ".
        text: what did arrive and may have been paid for; the ledger stores it as rejected.
    """

    def __init__(self, reason: str, text: Text | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.text = text


class GeneratorUnusableError(JitGuardError):
    """No component can be generated (no key, host unreachable, no such program); the run ends.

    Texts generated before are kept and committed. The message says what to do.
    """
