"""A generator that fills in a letterhead."""

from __future__ import annotations

from jit_guard.hookspecs import (
    GenerationError,
    Generator,
    Options,
    Request,
    Text,
    Usage,
    Writer,
    hookimpl,
)

_VERSION = "1"  # change it if the same request should get a new text


def make(options: Options) -> Writer:
    """Called once per run: read a key or open a client here."""
    tone = options.model or "plain"  # the generator decides what --model means

    def write(request: Request) -> Text:
        """Called once per missing file, from several threads at the same time."""
        if not request.description:
            raise GenerationError("a letterhead needs a description")
        lines = [f"# {request.goal}", "", f"In a {tone} tone: {request.description}", ""]
        for heading in request.headings:
            lines += [heading, "", "Dear reader,", ""]
        words = sum(len(line.split()) for line in lines)
        return Text("\n".join(lines), Usage(input_tokens=0, output_tokens=words))

    return Writer(write, model=tone, version=_VERSION)


@hookimpl
def jit_guard_generators() -> list[Generator]:
    """The generators of this plugin."""
    return [
        Generator(
            name="letterhead",
            summary="fills in a letterhead",
            factory=make,
            network=False,
            paid=False,
        )
    ]
