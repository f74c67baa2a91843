"""`init --contract`: what the components of a type have in common, as comments that hold."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from jit_guard.commands.contract_proposal import proposed_contracts
from jit_guard.config import Settings
from jit_guard.errors import UnreadableError
from jit_guard.project import load
from jit_guard.sources.memory import Memory
from projects import Content, call, lay_out

FRONT_MATTER = "---\nname: {0}\nlevel: 3\nonly-{0}: 1\n---\n"
TEXT = "# Purpose\n\nTo help.\n\n## Only {0}\n\n## Steps\n\n1. Help.\n"
LIBRARY: dict[str, Content] = {
    f"prompts/personas/{name}.md": FRONT_MATTER.format(name) + TEXT.format(name)
    for name in ("host", "usher")
}
PERSONAS = [
    "# 2 components have this in common:",
    "# [types.persona.contract]",
    '# front-matter = "persona.schema.json"  # with this content:',
    (
        '#     {"type": "object", "required": ["name", "level"], "properties": '
        '{"name": {"type": "string"}, "level": {"type": "integer"}}}'
    ),
    '# headings = ["# Purpose", "## Steps"]',
    '# equal = ["{front-matter.name}", "{stem}"]',
    "# max-bytes = 1000",
]


def proposed(files: dict[str, Content]) -> list[str]:
    source = Memory(files)
    return proposed_contracts(source, load(source.read).settings)


def personas(*texts: str) -> list[str]:
    """The proposal for personas with these texts."""
    files: dict[str, Content] = {
        f"components/personas/{number}.md": text for number, text in enumerate(texts)
    }
    goals = {f"G{number}": {"persona": f"{number}.md"} for number, _ in enumerate(texts)}
    return proposed({**files, "goal_map.json": json.dumps(goals)})


def test_a_new_configuration_has_the_contract_as_comments_and_uncommented_it_holds(
    tmp_path: Path,
) -> None:
    root = lay_out(tmp_path, LIBRARY)
    outcome = call("init", "--components", "prompts", "--contract", cwd=root)
    assert outcome.code == 0
    assert "added  contracts, as comments, to jit-guard.toml" in outcome.out
    text = (root / "jit-guard.toml").read_text()
    assert text.splitlines()[-len(PERSONAS) :] == PERSONAS
    assert call("--format", "json", cwd=root).codes == []
    schema = re.search(r"(?m)^#     (\{.*\})$", text)
    assert schema is not None
    (root / "persona.schema.json").write_text(schema[1])
    (root / "jit-guard.toml").write_text(re.sub(r"(?m)^# (?=[\[fhem])", "", text))
    assert call("--format", "json", cwd=root).codes == []
    assert call("config", cwd=root).out.count("contract") > 0
    path = root / "prompts/personas/host.md"
    path.write_text(path.read_text().replace("## Steps", "## Step").replace("level: 3", "level: x"))
    assert call("--format", "json", cwd=root).codes == ["JG601", "JG603"]


def test_an_existing_configuration_is_not_changed(tmp_path: Path) -> None:
    goals = {"A": {"persona": "host.md"}, "B": {"persona": "usher.md"}}
    config = 'components = "prompts"\n'
    root = lay_out(
        tmp_path, {**LIBRARY, "goal_map.json": json.dumps(goals), "jit-guard.toml": config}
    )
    out = call("init", "--contract", cwd=root).out
    assert "Add to jit-guard.toml what you want to keep:" in out
    assert [line[4:] for line in out.splitlines() if line.startswith("    #")] == PERSONAS
    assert (root / "jit-guard.toml").read_text() == config


@pytest.mark.parametrize("texts", [[], ["# A\n"]])
def test_one_component_has_nothing_in_common(texts: list[str]) -> None:
    assert personas(*texts) == []


def test_a_component_without_front_matter_means_that_none_is_demanded() -> None:
    assert personas("---\na: 1\n---\n# A\n", "# A\n")[2:] == ['# headings = ["# A"]', TAIL]


TAIL = "# max-bytes = 1000"


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [("1", "2.5", '{"type": "number"}'), ("1", "x", "{}"), ("null", "null", "{}")],
)
def test_a_type_is_demanded_only_if_all_values_have_it(one: str, other: str, kind: str) -> None:
    lines = personas(f"---\nk: {one}\n---\nx\n", f"---\nk: {other}\n---\nx\n")
    assert f'"properties": {{"k": {kind}}}' in lines[3]


def test_headings_are_demanded_in_an_order_that_all_have() -> None:
    lines = personas("# A\n# B\n# C\n# D\n", "# B\n# A\n# C\n```\n# X\n```\n# D\n")
    (headings,) = (line for line in lines if "headings" in line)
    assert headings in ('# headings = ["# A", "# C", "# D"]', '# headings = ["# B", "# C", "# D"]')


def test_the_largest_size_is_rounded_up() -> None:
    assert personas("x" * 12_345, "y")[-1] == "# max-bytes = 13000"
    assert personas("x" * 345_678, "y")[-1] == "# max-bytes = 350000"


def test_drafts_other_encodings_and_types_with_a_contract_are_left_out() -> None:
    files: dict[str, Content] = {
        "goal_map.json": json.dumps({g: {"persona": f"{g}.md"} for g in "AB"}),
        "components/personas/A.md": b"\xff",
        "components/personas/B.md": "# B\n",
    }
    assert proposed(files) == []
    files["components/personas/A.md"] = "# A\n"
    assert proposed(files) != []
    files["jit-guard.toml"] = "types.persona.contract.max-bytes = 9\n"
    assert proposed(files) == []


def test_the_files_that_a_registry_names_get_a_contract_below_its_table() -> None:
    table = '[[registry]]\nfile = "index.json"\nentries = "$[*]"\ntarget = "{value}"\n'
    files: dict[str, Content] = {
        "jit-guard.toml": table,
        "index.json": '["a.md", "b.md"]',
        "a.md": "# Use\n",
        "b.md": "# Use\n",
    }
    assert proposed(files)[1:3] == [
        "# [registry.contract]  # below table 1",
        '# headings = ["# Use"]',
    ]


def test_without_components_it_says_so(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {"goal_map.json": '{"A": {"persona": "a.txt"}}'})
    out = call("init", "--contract", cwd=root).out
    assert "No components have enough in common to propose a contract." in out


def test_settings_without_a_map_propose_nothing() -> None:
    assert proposed_contracts(Memory({}), Settings()) == []


def headings_of(*texts: str) -> str:
    """The headings that are proposed for components with these."""
    found = [one for one in personas(*texts) if one.startswith("# headings = ")]
    return found[0].removeprefix("# headings = ") if found else ""


@pytest.mark.parametrize(
    ("texts", "shared"),
    [
        (("# A\n# B\n", "# A\n"), '["# A"]'),
        (("# A\n", "# B\n# A\n"), '["# A"]'),
        (("# A\n# B\n# C\n", "# C\n# A\n# B\n"), '["# A", "# B"]'),
        (("# A\n# B\n# C\n", "# A\n# C\n# B\n", "# A\n# B\n"), '["# A", "# B"]'),
        (("# A\n# A\n", "# A\n# A\n# A\n"), '["# A", "# A"]'),
        (("# A\n", "# B\n"), ""),
    ],
)
def test_as_many_headings_as_all_have_in_order_are_shared(
    texts: tuple[str, ...], shared: str
) -> None:
    assert headings_of(*texts) == shared


def test_what_cannot_be_read_hides_no_other_component(monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, Content] = {
        "goal_map.json": json.dumps({g: {"a.b": f"{g}.md"} for g in "ABC"}),
        "components/a.bs/A.md": b"\xff",
        "components/a.bs/B.md": "---\ngröße: 1\n---\n# B\n",
        "components/a.bs/C.md": "---\ngröße: 2\n---\n# B\n",
    }
    lines = proposed(files)
    assert lines[0] == "# 2 components have this in common:"
    assert lines[2] == '# front-matter = "a-b.schema.json"  # with this content:'
    assert '"größe"' in lines[3], "as people read it"
    files["components/a.bs/C.md"] = "---\nlevel: [\n---\n# B\n"
    without = [lines[0], lines[1], '# headings = ["# B"]', TAIL]
    assert proposed(files) == without
    files["components/a.bs/C.md"] = files["components/a.bs/B.md"]
    monkeypatch.setitem(sys.modules, "yaml", None)
    monkeypatch.delitem(sys.modules, "jit_guard.registry.syntax.yaml_files", raising=False)
    assert proposed(files) == without, "without a reader for front matter, none is demanded"


def test_forty_headings_are_looked_at() -> None:
    many = "".join(f"# H{number}\n" for number in range(50))
    assert headings_of(many, many).count("# H") == 40


def test_the_keys_of_front_matter_have_the_order_of_the_first_component() -> None:
    written = [
        "---\na: 1\nb: x\nc: 2\n---\n",
        "---\nc: 1.5\nb: y\na: 1\n---\n",
        "---\na: 1\nc: 2\n---\n",
    ]
    for some, keys in ((written[:2], ["a", "b", "c"]), (written[::-1], ["a", "c"])):
        (line,) = (one for one in personas(*some) if "properties" in one)
        schema = json.loads(line.removeprefix("#"))
        assert schema["required"] == list(schema["properties"]) == keys
        assert schema["properties"]["c"] == {"type": "number"}


def test_what_is_too_large_empty_or_unreadable_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("jit_guard.commands.contract_proposal._MOST_BYTES", 20)
    fits, larger = "# A\n" + "x" * 16, "# A\n" + "x" * 17
    assert personas(fits, fits)[0] == "# 2 components have this in common:"
    assert personas(fits, larger) == []
    assert personas(fits, "", fits)[0] == "# 2 components have this in common:"
    real = Memory.read

    def read(self: Memory, path: str) -> bytes | None:
        if path.endswith("/1.md"):
            raise UnreadableError(path, "permission denied")
        return real(self, path)

    monkeypatch.setattr(Memory, "read", read)
    assert personas(fits, fits, fits)[0] == "# 2 components have this in common:"
