"""The choice of the generator of a run, and the built-in generators."""

from __future__ import annotations

from collections.abc import Mapping

from jit_guard.errors import UsageError
from jit_guard.generators.generator import Generator, Options, Writer

AUTO = "auto"
NO_NETWORK = "JIT_GUARD_NO_NETWORK"


def choose(name: str, environ: Mapping[str, str], *, base_url: str | None = None) -> str:
    """Resolve the generator `auto`, and return other names unchanged.

    `auto` is `openai` if a key or a server is set in the environment, else `scaffold`.

    Args:
        name: `auto`, or the name from a flag or the configuration.
        environ: the environment of the process.
        base_url: as given by `--base-url`.

    Raises:
        UsageError: `auto` would choose a paid generator under `CI`, where nothing can be asked.
    """
    if name != AUTO:
        return name
    for source in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        if environ.get(source, "").strip():
            break
    else:
        source = "--base-url"
        if not base_url:
            return "scaffold"
    if _is_on(environ.get("CI")):
        raise UsageError(
            f"{source} is set, but under CI a paid generator is never chosen automatically; "
            "pass --generator openai or --generator scaffold"
        )
    return "openai"


def forbid_network(generator: Generator, environ: Mapping[str, str]) -> None:
    """Refuse a generator that needs the network if `JIT_GUARD_NO_NETWORK=1` is set.

    Raises:
        UsageError: it needs the network.
    """
    if generator.network and _is_on(environ.get(NO_NETWORK)):
        raise UsageError(
            f"the generator {generator.name!r} needs the network, which {NO_NETWORK} forbids"
        )


def _is_on(value: str | None) -> bool:
    return (value or "").strip().lower() not in ("", "0", "false", "no", "off")


def _scaffold(options: Options) -> Writer:
    from jit_guard.generators.scaffold import writer

    return writer(options)


def _command(options: Options) -> Writer:
    from jit_guard.generators.command import writer

    return writer(options)


def _openai(options: Options) -> Writer:
    from jit_guard.generators.chat.writer import writer

    return writer(options)


EMBEDDED = {
    one.name: one
    for one in (
        Generator(
            "scaffold",
            "a draft to finish by hand; no key, no network",
            _scaffold,
            network=False,
            paid=False,
            deterministic=True,
        ),
        # Whether the program uses the network is up to it; it inherits JIT_GUARD_NO_NETWORK.
        Generator("command", "any program: JSON in, text out", _command, network=False),
        Generator("openai", "a model behind the Chat Completions API of any server", _openai),
    )
}
