"""The edits that hints describe in words, as a user would make them."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jit_guard.rules import load_rules
from projects import SOUND, TEXT, lay_out

Finding = Mapping[str, Any]
PERSONAS = "components/personas"
Editor = Callable[[Path, Finding, Mapping[str, str]], None]


def change(root: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    """Change the map."""
    path = root / "goal_map.json"
    goals = json.loads(path.read_text("utf-8"))
    edit(goals)
    path.write_text(json.dumps(goals), "utf-8")


def set_entry(root: Path, finding: Finding, value: str) -> None:
    change(root, lambda goals: goals[finding["goal"]].update({finding["component_type"]: value}))


def set_entry_of(root: Path, _: Finding, fields: Mapping[str, str]) -> None:
    goal, component_type = fields["entry"].rsplit("/", 1)
    value = json.loads(fields["value"])
    change(root, lambda goals: goals[goal].update({component_type: value}))


def rename_type(root: Path, goal: str, old: str, new: str) -> None:
    change(root, lambda goals: goals[goal].update({json.loads(new): goals[goal].pop(old)}))


def rename_type_of(root: Path, _: Finding, fields: Mapping[str, str]) -> None:
    goal, component_type = fields["entry"].rsplit("/", 1)
    rename_type(root, goal, component_type, fields["value"])


def remove_entry(root: Path, finding: Finding, _: Mapping[str, str]) -> None:
    change(root, lambda goals: goals[finding["goal"]].pop(finding["component_type"]))


def configure(line: str) -> Editor:
    """Return an edit that adds a line to the configuration."""

    def edit(root: Path, finding: Finding, fields: Mapping[str, str]) -> None:
        below = (finding["path"] or "").partition("/")[2]
        path = root / "jit-guard.toml"
        text = path.read_text("utf-8") if path.exists() else ""
        path.write_text(f"{line.format(below=below, **fields)}\n{text}", "utf-8")

    return edit


def configure_registry(root: Path, *_: object) -> None:
    """Say in the only table of the configuration that its files are not text."""
    with (root / "jit-guard.toml").open("a") as file:
        file.write("text = false\n")


def write(root: Path, finding: Finding, _: Mapping[str, str]) -> None:
    path = root / finding["path"]
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXT)


def as_in_good_example(root: Path, finding: Finding, _: Mapping[str, str]) -> None:
    """Correct a component of the rule's bad example."""
    (rule,) = (one for one in load_rules() if one.code == finding["code"])
    changed = rule.good.files.items() - rule.bad.files.items()
    lay_out(root, dict(changed))


def remove(root: Path, finding: Finding, _: Mapping[str, str]) -> None:
    (root / finding["path"]).unlink()


def remove_both(root: Path, finding: Finding, fields: Mapping[str, str]) -> None:
    remove(root, finding, fields)
    remove_entry(root, finding, fields)


def rename_path(root: Path, finding: Finding, *_: object) -> None:
    path = root / finding["path"]
    path.rename(path.with_name("renamed.txt"))


def rename_mapped(root: Path, finding: Finding, *_: object) -> None:
    rename_path(root, finding)
    set_entry(root, finding, "renamed.txt")


def rename_collided(root: Path, finding: Finding, *_: object) -> None:
    rename_path(root, finding)
    change(root, lambda goals: goals["PART"].update({"persona": "renamed.txt"}))


def merge_keys(root: Path, *_: object) -> None:
    change(root, lambda goals: None)  # a JSON parser keeps the last of two keys


def add_map(root: Path, *_: object) -> None:
    (root / "goal_map.json").write_text(str(SOUND["goal_map.json"]))


def replace_map(root: Path, finding: Finding, fields: Mapping[str, str]) -> None:
    remove(root, finding, fields)
    add_map(root)


def add_entry(root: Path, finding: Finding, fields: Mapping[str, str]) -> None:
    name = finding["path"].rpartition("/")[2]
    change(root, lambda goals: goals.update(ADDED={fields["component_type"]: name}))


def move_and_add(root: Path, finding: Finding, _: Mapping[str, str]) -> None:
    path = root / finding["path"]
    path.rename(root / PERSONAS / path.name)
    change(root, lambda goals: goals.update(ADDED={"persona": path.name}))


def rename_directory(root: Path, *_: object) -> None:
    (root / "components/Personas").rename(root / PERSONAS)


def replace_listed(root: Path, finding: Finding, value: str | None) -> None:
    """Replace or remove an element of the only array in a registry of another shape."""
    path = root / "index.json"
    index = json.loads(path.read_text("utf-8"))
    listed = index["prompts"]
    at = int(finding["pointer"].rpartition("/")[2]) if finding["pointer"] else len(listed)
    listed[at : at + 1] = [] if value is None else [value]
    path.write_text(json.dumps(index), "utf-8")


def name_other_half(root: Path, finding: Finding, _: Mapping[str, str]) -> None:
    path = root / "index.json"
    (missing,) = finding["related"]
    path.write_text(path.read_text("utf-8").replace(missing, finding["path"]), "utf-8")


def add_directory(root: Path, finding: Finding, _: Mapping[str, str]) -> None:
    lay_out(root, {f"{finding['path']}a.md": TEXT})


def correct(root: Path, finding: Finding, fields: Mapping[str, str]) -> None:
    if finding["goal"] is None:
        replace_listed(root, finding, None)
    else:
        remove_entry(root, finding, fields)


def correct_entries(root: Path, *_: object) -> None:
    path = root / "jit-guard.toml"
    path.write_text(path.read_text("utf-8").replace("$.nothing", "$.prompts"), "utf-8")


def exclude(root: Path, finding: Finding, _: Mapping[str, str]) -> None:
    path = root / "jit-guard.toml"
    text = path.read_text("utf-8")
    excluded = re.sub(r"(tree = \[.*)\]", rf'\1, "!{finding["path"]}"]', text)
    path.write_text(excluded, "utf-8")


EDITS: Mapping[str, Editor] = {
    "remedies.NAME_IT": lambda root, finding, fields: replace_listed(root, finding, fields["path"]),
    "remedies.NAME_IT_IN": name_other_half,
    "jg004.CORRECT_ENTRIES": correct_entries,
    "jg201.ADD_DIRECTORY": add_directory,
    "jg205.NAME_INSIDE": lambda root, finding, _: replace_listed(root, finding, "prompts/a.md"),
    "jg301.ADD_PLAINLY": lambda root, finding, _: replace_listed(root, finding, finding["path"]),
    "jg301.EXCLUDE": exclude,
    "remedies.CHANGE_ENTRY": lambda root, finding, fields: set_entry(
        root, finding, json.loads(fields["value"])
    ),
    "remedies.CHANGE_ENTRY_OF": set_entry_of,
    "remedies.RENAME_TYPE": lambda root, finding, fields: rename_type(
        root, finding["goal"], finding["component_type"], fields["value"]
    ),
    "remedies.RENAME_TYPE_OF": rename_type_of,
    "remedies.REMOVE_FILE": remove,
    "jg002.MERGE_KEYS": merge_keys,
    "jg004.ADD_MAP": add_map,
    "jg004.CONFIGURE_MAP": configure('maps = ["other.json"]'),
    "jg004.ADD_GOAL": add_map,
    "jg004.ALLOW_EMPTY": configure("allow-empty = true"),
    "jg201.SET_DIRECTORY": configure("types.{component_type}.directory = {value}"),
    "jg201.ADD_FILE": write,
    "jg201.CORRECT": correct,
    "jg202.RENAME_IN_REVISION": rename_directory,
    "jg202.KEEP_ONE": remove_entry,
    "jg204.NAME_FILE": lambda root, finding, _: set_entry(root, finding, "host.txt"),
    "jg204.PUT_FILE": write,
    "jg205.REPLACE_MAP": replace_map,
    "jg205.NORMALIZE": lambda root, finding, fields: set_entry(root, finding, fields["normal"]),
    "jg205.NAME_TYPE": lambda root, finding, _: rename_type(
        root, finding["goal"], finding["component_type"], '"persona"'
    ),
    "jg205.WRITE_RELATIVE": lambda root, finding, _: set_entry(root, finding, "host.txt"),
    "jg205.REPLACE_LINK": write,
    "jg205.NAME_OTHER": lambda root, finding, _: set_entry(root, finding, "host.txt"),
    "jg206.WRITE": write,
    "jg206.REMOVE_BOTH": remove_both,
    "jg207.SAVE": write,
    "jg207.NOT_TEXT": configure("types.{component_type}.text = false"),
    "jg207.NONE_TEXT": configure_registry,
    "jg208.RENAME": rename_mapped,
    "jg208.RENAME_ORPHAN": rename_path,
    "jg208.NAME_PORTABLY": lambda root, finding, _: set_entry(root, finding, "fine.txt"),
    "jg301.ADD_ENTRY": add_entry,
    "jg301.MOVE_TO_TYPE": move_and_add,
    "jg301.LIST": configure("orphan-ignore = [{below!r}]"),
    "jg302.RENAME_ONE": rename_collided,
    "jg501.WRITE": write,
    "jg601.CORRECT": as_in_good_example,
    "jg602.CORRECT": as_in_good_example,
    "jg603.PUT": as_in_good_example,
    "jg604.ADD": as_in_good_example,
    "jg605.AGREE": as_in_good_example,
    "jg606.SHORTEN": as_in_good_example,
    "remedies.CHANGE_CONTRACT": lambda root, *_: (root / "jit-guard.toml").write_text(""),
}
