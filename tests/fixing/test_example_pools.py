"""Which existing components a generator may be shown, and the headings that they share."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from jit_guard.comparison.compare import compare
from jit_guard.config import Settings, TypeSettings
from jit_guard.errors import UnreadableError
from jit_guard.fixing.examples import ExamplePools
from jit_guard.fixing.steps import Generate, Located
from jit_guard.generators.generator import Request
from jit_guard.sources.memory import Memory
from jit_guard.sources.read_maps import read_maps
from jit_guard.sources.tree import Tree
from jit_guard.text.generated import mark

STEP = Generate(
    "components/personas/new.md", "components/personas/new.md", "NEW", "persona", "new.md"
)
REQUEST = Request("NEW", "persona", "new.md", "components/personas/new.md", "A guard at the gate.")


class Counted(Memory):
    """A project in memory that counts what is read, and may fail to."""

    broken: str | None = None  # a path, or "git"

    def __init__(self, files: Mapping[str, bytes | str], ignored: Iterable[str] = ()) -> None:
        super().__init__(files, ignored)
        self.reads: list[str] = []

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file."""
        self.reads.append(path)
        if path == self.broken:
            raise UnreadableError(path, "permission denied")
        return super().read(path)

    def ignored(self, paths: list[str]) -> set[str]:
        """Return what git ignores."""
        if self.broken == "git":
            raise UnreadableError(".git", "broken")
        return super().ignored(paths)


def pools(
    personas: Mapping[str, bytes | str],
    *,
    ignored: Iterable[str] = (),
    broken: str | None = None,
    **types: TypeSettings,
) -> tuple[ExamplePools, Counted]:
    """The pools of a project whose map names these personas and one protocol."""
    settings = Settings(types=types)
    base = settings.path("persona")
    goals = {
        "NEW": {"persona": "new.md", "protocol": "steps.md"},
        **{f"G{number}": {"persona": name} for number, name in enumerate(personas)},
    }
    source = Counted(
        {
            "goal_map.json": json.dumps(goals),
            f"{settings.path('protocol')}/steps.md": "# Steps\nGuard the gate.\n",
            f"{base}/unnamed.md": "# Unnamed\nA guard at the gate.\n",
            **{f"{base}/{name}": text for name, text in personas.items()},
        },
        [f"{base}/{name}" for name in ignored],
    )
    maps, tree = read_maps(source, settings.maps), Tree(source)
    comparison = compare(maps, tree, settings)
    source.broken = broken
    source.reads.clear()
    return ExamplePools(source, settings, comparison), source


def shown(found: ExamplePools, count: int = 99) -> list[str]:
    """The names of the examples, sorted."""
    examples = found.examples(STEP, REQUEST, count)
    return sorted(one.path.partition("personas/")[2] for one in examples)


def test_examples_are_whole_texts_of_the_type_that_the_map_names() -> None:
    personas: dict[str, bytes | str] = {
        "guard.md": "# Role\nYou guard the gate.\n",
        "deep/host.md": "# Role\nYou host.\n",
        "draft.md": mark("# Role\nA draft.\n", ".md"),
        "empty.md": "",
        "binary.md": b"\xff\xfe",
        "secret.md": "# Role\nYou know the code of the gate.\n",
        "broken.md": "# Role\nYou cannot be read.\n",
    }
    found, source = pools(personas, ignored=["secret.md"], broken="components/personas/broken.md")
    examples = found.examples(STEP, REQUEST, 3)
    assert [tuple(one) for one in examples] == [  # the most similar one first
        ("components/personas/guard.md", "# Role\nYou guard the gate.\n"),
        ("components/personas/deep/host.md", "# Role\nYou host.\n"),
    ]
    assert "components/personas/secret.md" not in source.reads
    assert shown(found, 1) == ["guard.md"]
    assert shown(found, 0) == []


def test_they_are_read_once_and_at_most_300_of_them() -> None:
    personas = {f"p{number:03}.md": f"# Role\nNumber {number}.\n" for number in range(302)}
    found, source = pools(personas)
    assert len(shown(found, 999)) == 300
    assert found.headings(STEP, REQUEST) == ("# Role",)
    assert sorted(source.reads) == [f"components/personas/p{number:03}.md" for number in range(300)]


def test_a_long_component_is_not_sent() -> None:
    most = "# Long\n" + "x" * 63_993  # 64,000 bytes
    assert pools({"a.md": most})[0].headings(STEP, REQUEST) == ("# Long",)
    assert pools({"a.md": most + "x"})[0].headings(STEP, REQUEST) == ()


def test_nothing_is_sent_if_git_cannot_say_what_it_ignores() -> None:
    found, source = pools({"guard.md": "# Role\nYou guard the gate.\n"}, broken="git")
    assert shown(found) == []
    assert found.headings(STEP, REQUEST) == ()
    assert source.reads == []


def test_a_directory_with_a_similar_name_is_another_type() -> None:
    found, _ = pools({"a.md": "# A\n"}, protocol=TypeSettings("personas2"))
    assert shown(found) == ["a.md"]
    found, _ = pools({"a.md": "# A\n"}, persona=TypeSettings("staff/personas"))
    assert shown(found) == ["a.md"]


def test_a_component_that_a_registry_names_too_has_the_examples_of_its_type() -> None:
    found, _ = pools({"guard.md": "# Role\nYou guard the gate.\n"})
    names = (("NEW", "persona"), Located("index.json", "pages[0]"))
    (example,) = found.examples(STEP._replace(names=names), REQUEST, 1)
    assert example.path == "components/personas/guard.md"


def test_headings_are_those_of_files_with_the_suffix_if_there_are_any() -> None:
    personas = {"a.txt": "# Text\n", "b.txt": "# Text\n", "c.MD": "# Page\n"}
    found, _ = pools(personas)
    assert found.headings(STEP, REQUEST) == ("# Page",)
    del personas["c.MD"]
    found, _ = pools(personas)
    assert found.headings(STEP, REQUEST) == ("# Text",)
