"""The content of the letterhead, and the requests that it refuses."""

from __future__ import annotations

import jit_guard_generator_example as plugin
import pytest

from jit_guard.hookspecs import GenerationError, Options, Request

REQUEST = Request(
    goal="GREET",
    component_type="persona",
    filename="autogen_persona_for_greet.txt",
    path="components/personas/autogen_persona_for_greet.txt",
    description="welcomes people",
    headings=("# Role",),
)


def test_description_and_headings_are_filled_in() -> None:
    (generator,) = plugin.jit_guard_generators()
    text = generator.factory(Options(root=".")).write(REQUEST)
    assert "welcomes people" in text.content
    assert "# Role" in text.content


def test_the_model_is_part_of_the_request() -> None:
    assert plugin.make(Options(root=".", model="stern")).model == "stern"


def test_without_a_description_the_component_fails() -> None:
    with pytest.raises(GenerationError, match="needs a description"):
        plugin.make(Options(root=".")).write(REQUEST._replace(description=""))
