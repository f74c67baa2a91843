"""What a component violates, and where in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from jit_guard.contracts.component import (
    MOST_READ,
    Component,
    Content,
    LoadedContract,
    files,
    goal_map_context,
    load,
)
from jit_guard.contracts.contract import parse_contract
from jit_guard.contracts.examination import Examiner, is_text, violations_of
from jit_guard.errors import ConfigError

GUIDE = {
    "type": "object",
    "required": ["name", "owner"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z-]+$"},
        "owner": {"type": "object", "required": ["team"]},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "additionalProperties": False,
}
SCHEMAS = {"guide.json": json.dumps(GUIDE).encode(), "any.json": b"true"}


def contract(**keys: Any) -> LoadedContract:
    table = {key.replace("_", "-"): value for key, value in keys.items()}
    return load(parse_contract(table), "types.guide.contract", SCHEMAS.get)


def found(
    loaded: LoadedContract,
    text: str | bytes | Mapping[str, str | bytes],
    path: str = "guides/pack.md",
    missing: Mapping[str, str] = {},
) -> list[tuple[Any, ...]]:
    """Return code, line, column and message of each violation of a file, or of a directory."""
    texts = text if isinstance(text, Mapping) else {path: text}
    contents = {}
    for one, content in texts.items():
        data = content.encode() if isinstance(content, str) else content
        contents[one] = Content(data[:MOST_READ], len(data))
    context = goal_map_context("PACK", "guide", "pack.md")
    component = Component(path, contents, missing, (context,))
    return [
        (one.code, one.line, one.column, one.message) for one in violations_of(loaded, component)
    ]


def test_front_matter_that_satisfies_the_schema_has_no_violation() -> None:
    text = "---\nname: pack\nowner: {team: travel}\n---\n# Packing\n"
    assert found(contract(front_matter="guide.json"), text) == []
    assert found(contract(front_matter="guide.json"), text.replace("\n", "\r\n")) == []
    assert found(contract(front_matter="guide.json"), "\ufeff" + text) == []


def test_a_schema_that_allows_nothing_says_what_is_not_allowed() -> None:
    schema = {"refused.json": b'{"properties": {"old": false}}'}
    loaded = load(parse_contract({"front-matter": "refused.json"}), "x", schema.get)
    assert found(loaded, "---\nold: a\n---\n")[0][-1] == "'a' is not allowed (false)"


def test_front_matter_may_be_toml() -> None:
    text = '+++\nname = "pack"\nowner.team = "travel"\n+++\n'
    assert found(contract(front_matter="guide.json"), text) == []
    assert found(contract(front_matter="guide.json"), text.replace('"pack"', "5"))[0][:3] == (
        "JG601",
        2,
        8,
    )


def test_a_violation_of_the_schema_is_at_the_value_the_key_or_the_object() -> None:
    text = "---\nname: Pack it\nowner:\n  lead: me\ntags: [a, 5]\ncolour: red\n---\n"
    assert found(contract(front_matter="guide.json"), text) == [
        ("JG601", 2, 7, "name: 'Pack it' does not match '^[a-z-]+$' (pattern)"),
        ("JG601", 3, 1, "owner: 'team' is a required property (required)"),
        ("JG601", 5, 11, "tags.1: 5 is not of type 'string' (type)"),
        (
            "JG601",
            6,
            1,
            (
                "Additional properties are not allowed ('colour' was unexpected) "
                "(additionalProperties)"
            ),
        ),
    ]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("# Packing\n", 1, "the file does not start with front matter (a line ---)"),
        ("", 1, "the file does not start with front matter (a line ---)"),
        ("\n---\nname: a\n---\n", 1, "the file does not start with front matter (a line ---)"),
        ("---\nname: a\n", 1, "the front matter has no end: no line --- follows"),
        ("---\nname: [a\n---\n", 3, "while parsing a flow sequence did not find expected ',' or"),
        ("---\njust words\n---\n", 2, "the front matter has no keys: it must be like `name: x`"),
        ("---\nowner: {team: x}\nname: a\nname: b\n---\n", 4, "the key 'name' is defined twice"),
        ("+++\nname = \n+++\n", 2, "invalid value"),
        (b"---\nname: \xff\n---\n", 1, "the file is not valid UTF-8"),
        ("---\n---\n", 1, "'name' is a required property (required)"),
    ],
)
def test_front_matter_that_is_not_there_or_cannot_be_read(
    text: str | bytes, line: int, message: str
) -> None:
    first = found(contract(front_matter="guide.json"), text)[0]
    assert (first[0], first[1]) == ("JG601", line)
    assert first[3].startswith(message)


def test_words_and_dates_of_front_matter_are_texts_as_in_yaml_1_2() -> None:
    loaded = contract(front_matter="guide.json")
    text = "---\nname: no\nowner: {team: 2024-05-01}\n---\n"
    assert found(loaded, text) == []


def test_aliases_that_mean_a_huge_document_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    text = "---\n" + "\n".join(lines) + "\n---\n"
    ((code, _, _, message),) = found(contract(front_matter="any.json"), text)
    assert (code, message) == ("JG601", "its aliases mean too many copies")


def test_a_number_that_python_cannot_write_is_a_violation() -> None:
    text = f"---\nname: 0x{'f' * 3900}\n---\n"
    assert found(contract(front_matter="guide.json"), text) == [
        ("JG601", 2, 1, "a number in it has too many digits")
    ]


def test_front_matter_has_a_limit() -> None:
    text = f"---\nname: {'x' * 200_000}\n---\n"
    ((code, line, _, message),) = found(contract(front_matter="guide.json"), text)
    assert (code, line) == ("JG601", 2)
    assert message == "the front matter is longer than 200,000 characters"


def test_very_many_violations_in_one_file_are_placed_in_linear_time() -> None:
    rows = "\n".join(["- 5"] * 4_000)
    document = f"name: pack\nowner: {{team: x}}\ntags:\n{rows}\n"
    violations = found(contract(schema="guide.json"), document, "guides/pack.yaml")
    assert len(violations) == 4_000
    assert violations[-1][1:3] == (4_003, 3)


def test_a_column_does_not_count_a_byte_order_mark() -> None:
    assert found(contract(front_matter="any.json"), "\ufeff---\na: 1\n")[0][:3] == ("JG601", 1, 1)


def test_a_document_satisfies_its_schema() -> None:
    loaded = contract(schema="guide.json")
    good = '{"name": "pack",\n "owner": {"team": "travel"}}'
    assert found(loaded, good, "guides/pack.json") == []
    assert found(loaded, "name: pack\nowner: {team: x}\n", "guides/pack.yaml") == []
    bad = good.replace('"travel"', '"travel", "team": 5')
    assert found(loaded, bad, "guides/pack.json") == [
        ("JG602", 2, 30, "the key 'team' is defined twice")
    ]
    assert found(loaded, good.replace('"pack"', "5"), "guides/pack.json") == [
        ("JG602", 1, 10, "name: 5 is not of type 'string' (type)")
    ]


@pytest.mark.parametrize(
    ("path", "data", "message"),
    [
        ("guides/pack.md", "{}", "its suffix means neither JSON, YAML nor TOML"),
        ("guides/pack.json", "{,}", "trailing comma before }; remove it"),
        ("guides/pack.json", b"\xef\xbb\xbf{}", "the file starts with a UTF-8 byte order mark;"),
        ("guides/pack.json", b'{"a": "\xff"}', "byte 0xff is not UTF-8"),
        ("guides/pack.json", "[" * 200 + "]" * 200, "nested deeper than 100 levels"),
        ("guides/pack.json", b" " * (MOST_READ + 1), "it has 4,000,001 bytes, too many to check"),
    ],
)
def test_a_document_that_cannot_be_read(path: str, data: str | bytes, message: str) -> None:
    ((code, line, _, reason),) = found(contract(schema="any.json"), data, path)
    assert (code, line) == ("JG602", 1)
    assert reason.startswith(message)


def test_headings_are_in_order_and_others_may_be_between_them() -> None:
    loaded = contract(headings=["# Purpose", "## Steps", "# End"])
    text = "---\na: 1\n---\n# Purpose\n\n## Before\n## Steps ##\n\n# End\n"
    assert found(loaded, text) == []
    assert found(loaded, text.replace("\n", "\r\n")) == []
    assert found(loaded, text.replace("## Steps ##", "# Steps")) == [
        ("JG603", 4, 1, "the heading '## Steps' is missing after '# Purpose'")
    ]
    assert found(loaded, "## Steps\n# Purpose\n# End\n") == [
        ("JG603", 1, 1, "the heading '## Steps' must come after '# Purpose'")
    ]
    assert [one[:3] for one in found(loaded, "Nothing.\n")] == [("JG603", 1, 1)] * 3
    assert [one[:3] for one in found(loaded, "---\na: 1\n---\nText.\n")] == [("JG603", 3, 1)] * 3


def test_headings_in_code_in_comments_and_in_front_matter_do_not_count() -> None:
    loaded = contract(headings=["# Purpose"])
    hidden = (
        "---\n# Purpose\n---\n",
        "```\n# Purpose\n```\n",
        "~~~~ md\n# Purpose\n~~~\n# Purpose\n~~~~\n",
        "```\n``` sh\n# Purpose\n",
        "    # Purpose\n",
        "<!--\n# Purpose\n-->\n",
        "> # Purpose\n",
        "- ```\n  # Purpose\n  ```\n",
        "1. - ~~~ sh\n     # Purpose\n     ~~~\n",
        "#Purpose\n",
    )
    for text in hidden:
        assert [one[0] for one in found(loaded, text)] == ["JG603"], text
    shown = (
        "```\nx\n````\n# Purpose\n",
        "~~~ a`b\n~~~\n# Purpose\n",
        "``` a`b\n# Purpose\n",
        "<!-- x -->\n# Purpose\n",
        "   #\tPurpose #\n",
    )
    after_a_list = ("- ```\n  # x\n  ```\n# Purpose\n", "- ```\n  open\n\n# Purpose\n")
    for text in (*shown, *after_a_list):
        assert found(loaded, text) == [], text


def test_a_file_is_not_larger_than_the_limit() -> None:
    assert found(contract(max_bytes=5), "12345") == []
    assert found(contract(max_bytes=5), "123456") == [
        ("JG606", 1, 1, "the file has 6 bytes, 1 more than 5")
    ]


def test_a_character_that_the_end_of_what_is_read_cuts_is_text() -> None:
    """Only the start of a large file is read, which may end within a character."""
    for character in "é☃𝄞":
        data = character.encode()
        for count in range(1, len(data)):
            text = b"text " + data[:count]
            assert is_text(Content(text, MOST_READ + 1)), text
            assert not is_text(Content(text, len(text))), text
            assert not is_text(Content(text + b"text", MOST_READ + 1)), text


def test_names_directories_and_front_matter_agree() -> None:
    loaded = contract(equal=["{stem}", "{front-matter.id.short}"])
    assert found(loaded, "---\nid: {short: pack}\n---\n") == []
    assert found(loaded, "---\nid:\n  short: unpack\n---\n") == [
        (
            "JG605",
            3,
            10,
            "{stem} is 'pack' and {front-matter.id.short} is 'unpack'; they must be equal",
        )
    ]
    assert found(loaded, "---\nid: {}\n---\n") == [
        (
            "JG605",
            2,
            5,
            "{front-matter.id.short} is missing or not a text; it must agree with {stem}",
        )
    ]
    assert [one[:3] for one in found(loaded, "# Packing\n")] == [("JG605", 1, 1)]


def test_a_number_is_compared_as_it_is_written() -> None:
    loaded = contract(equal=["1.10", "{front-matter.version}"])
    assert found(loaded, "---\nversion: 1.10\n---\n") == []
    assert len(found(loaded, "---\nversion: 1.1\n---\n")) == 1


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{name}", "pack"),
        ("{stem}", "pack"),
        ("{dir}", "guides"),
        ("{value}", "pack.md"),
        ("{key}", "guide"),
        ("{keys[0]}", "PACK"),
        ("a {dir}!", "a guides!"),
    ],
)
def test_the_fields_of_a_component_of_a_goal_map(template: str, text: str) -> None:
    assert found(contract(equal=[template, text]), "") == []
    assert len(found(contract(equal=[template, text + "x"]), "")) == 1


def test_a_missing_field_of_an_entry_is_named() -> None:
    ((code, line, _, message),) = found(contract(equal=["{colour}", "{stem}"]), "")
    assert (code, line) == ("JG605", None)
    assert message == "{colour} is missing or not a text; it must agree with {stem}"


def test_a_required_file_that_is_missing_is_a_violation_of_the_directory() -> None:
    loaded = contract(requires=["GUIDE.md", "scripts/run.sh"])
    missing = {"scripts/run.sh": "does not exist"}
    assert found(loaded, {}, "guides/pack/", missing) == [
        ("JG604", None, None, "scripts/run.sh does not exist")
    ]


def test_of_a_directory_the_first_required_file_of_each_kind_is_examined() -> None:
    loaded = contract(
        front_matter="any.json",
        schema="guide.json",
        requires=["meta.yaml", "GUIDE.md", "other.md"],
        max_bytes=100,
    )
    assert files(loaded, "guides/pack/") == ("guides/pack/GUIDE.md", "guides/pack/meta.yaml")
    texts = {"guides/pack/GUIDE.md": "Hello\n", "guides/pack/meta.yaml": "name: 5\n"}
    component = Component("guides/pack/", {k: Content(v.encode(), 999) for k, v in texts.items()})
    places = [(one.path, one.code, one.line) for one in violations_of(loaded, component)]
    assert places == [
        ("guides/pack/GUIDE.md", "JG601", 1),
        ("guides/pack/GUIDE.md", "JG606", 1),
        ("guides/pack/meta.yaml", "JG602", 1),
        ("guides/pack/meta.yaml", "JG606", 1),
    ]


@pytest.mark.parametrize("key", ["front_matter", "schema"])
def test_a_contract_that_cannot_apply_to_a_directory_is_an_error(key: str) -> None:
    loaded = contract(**{key: "any.json"})
    with pytest.raises(ConfigError, match=r"is a directory; name its .*file in requires"):
        found(loaded, {}, "guides/pack/")


def test_with_a_schema_beside_demands_on_the_text_the_suffix_decides() -> None:
    loaded = contract(front_matter="any.json", schema="any.json")
    assert found(loaded, "{}", "guides/pack.json") == []
    assert found(loaded, "---\n---\n", "guides/pack.md") == []


def test_a_schema_that_cannot_be_read_is_an_error_of_the_configuration() -> None:
    with pytest.raises(ConfigError, match=r"contract\.schema: none\.json does not exist"):
        contract(schema="none.json")


def test_components_are_examined_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    from jit_guard.contracts import examination
    from jit_guard.registry import bounded

    calls: list[int] = []
    apply = bounded.apply

    def counted(schema: Any, values: list[Any]) -> Any:
        calls.append(len(values))
        return apply(schema, values)

    monkeypatch.setattr(bounded, "apply", counted)
    monkeypatch.setattr(examination, "_BATCH", 40)
    examiner = Examiner(contract(front_matter="guide.json"))
    for number in range(5):
        data = b"---\nname: pack\ntags: [5]\n---\n"
        contents = {f"{number}.md": Content(data, len(data))}
        examiner.add(Component(f"{number}.md", contents))
    assert [len(one) for one in examiner.violations().values()] == [2] * 5
    assert sum(calls) == 5
    assert len(calls) > 1
