"""Six small repositories, and faults to plant in them: what linters are compared on."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

_TEXT = "Read the question once. Answer in the first sentence, then give the reasons.\n"
_SKILL = """\
---
name: {name}
description: {description}
---

# {title}

Read the text once. Say what is wrong with it in one sentence, then correct it.
"""


class Fault(NamedTuple):
    """A fault: what it is, what a line that reports it contains, and how to plant it."""

    what: str
    pattern: str
    plant: Callable[[Path], None]


class Repository(NamedTuple):
    """A repository to generate."""

    title: str
    kind: str  # what its registry is
    registry: str  # the registry's file
    files: Mapping[str, str | bytes]  # the clean state
    faults: tuple[Fault, ...]
    wanted: str  # Python, for the hand-written script: what the registry names
    there: str  # and what exists
    schema: Mapping[str, Any] | None = None  # None: the published schema of goal maps

    def build(self, directory: Path) -> None:
        """Write the clean repository, and commit it."""
        for path, content in self.files.items():
            _write(directory, path, content)
        for words in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "All")):
            _git(directory, *words)


def _git(directory: Path, *words: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(("git", *who, *words), cwd=directory, check=True, capture_output=True)


def _write(directory: Path, path: str, content: str | bytes) -> None:
    file = directory / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)


def _edit(directory: Path, path: str, change: Callable[[Any], None]) -> None:
    value = json.loads((directory / path).read_bytes())
    change(value)
    _write(directory, path, _json(value))


def _json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"


def _replace(directory: Path, path: str, old: str, new: str) -> None:
    text = (directory / path).read_text("utf-8")
    assert old in text
    _write(directory, path, text.replace(old, new))


# A goal map, three times.

_GOALS = {
    "TRIAGE_ALERT": {"persona": "first_responder.txt", "protocol": "severity_scale.txt"},
    "FIND_CAUSE": {"persona": "investigator.txt", "protocol": "five_whys.txt"},
    "INFORM_CUSTOMERS": {"persona": "spokesperson.txt", "protocol": "status_update.txt"},
}
_GOAL_MAP: dict[str, str | bytes] = {
    "goal_map.json": _json(_GOALS),
    **{
        f"components/{kind}s/{name}": _TEXT
        for parts in _GOALS.values()
        for kind, name in parts.items()
    },
}
_WANTED = (
    "{f'components/{kind}s/{name}' for goal in json.load(open('goal_map.json')).values()"
    " for kind, name in goal.items()}"
)
_THERE = "{str(path) for path in Path('components').rglob('*') if path.is_file()}"


def _goal(directory: Path, **parts: object) -> None:
    _edit(directory, "goal_map.json", lambda goals: goals.update(CLOSE=parts))


def _missing(directory: Path) -> None:
    (directory / "components/protocols/five_whys.txt").unlink()


def _orphan(directory: Path) -> None:
    _write(directory, "components/personas/night_shift.txt", "You hand over to the next shift.\n")
    _git(directory, "add", ".")


def _twice(directory: Path) -> None:
    text = (directory / "goal_map.json").read_text("utf-8").rstrip("}\n")
    again = '  "TRIAGE_ALERT": {"persona": "first_responder.txt"}'
    _write(directory, "goal_map.json", f"{text}}},\n{again}\n}}\n")


def _other_case(directory: Path) -> None:
    here = "components/personas"
    _git(directory, "mv", f"{here}/investigator.txt", f"{here}/Investigator.txt")


def _renamed(directory: Path) -> None:
    here = "components/protocols"
    _git(directory, "mv", f"{here}/status_update.txt", f"{here}/status_report.txt")


def _list(directory: Path) -> None:
    _edit(directory, "goal_map.json", lambda it: it["TRIAGE_ALERT"].update(protocol=["pager.txt"]))
    _write(directory, "components/protocols/pager.txt", _TEXT)


def _untracked(directory: Path) -> None:
    _goal(directory, persona="archivist.txt")
    _write(directory, "components/personas/archivist.txt", _TEXT)


def _ignored(directory: Path) -> None:
    _write(directory, ".gitignore", "last_*\n")
    _goal(directory, protocol="last_check.txt")
    _write(directory, "components/protocols/last_check.txt", _TEXT)


def _empty(directory: Path) -> None:
    _write(directory, "components/protocols/five_whys.txt", "")


# A marketplace of plugins.

_PLUGINS = ("deploy", "review", "release")
_MARKET = {
    "name": "market",
    "description": "Plugins for the release of a service.",
    "owner": {"name": "Someone"},
    "plugins": [
        {"name": name, "source": f"./plugins/{name}", "description": f"Helps you {name}."}
        for name in _PLUGINS
    ],
}


def _plugin(name: str) -> dict[str, str | bytes]:
    described = {
        "name": name,
        "description": f"Helps you {name}.",
        "version": "1.0.0",
        "author": {"name": "Someone"},
    }
    skill = _SKILL.format(
        name=f"{name}-plan",
        description=f"Use when someone asks how to {name} a service, or for a plan of it.",
        title="Plan",
    )
    return {
        f"plugins/{name}/.claude-plugin/plugin.json": _json(described),
        f"plugins/{name}/README.md": f"# {name}\n\nHelps you {name} a service.\n",
        f"plugins/{name}/skills/{name}-plan/SKILL.md": skill,
    }


_MARKET_FILE = ".claude-plugin/marketplace.json"


def _listed(directory: Path, **plugin: str) -> None:
    _edit(directory, _MARKET_FILE, lambda market: market["plugins"].append(plugin))


def _no_plugin(directory: Path) -> None:
    _git(directory, "rm", "-q", "-r", "plugins/release")


def _unlisted_plugin(directory: Path) -> None:
    for path, content in _plugin("rollback").items():
        _write(directory, path, content)
    _git(directory, "add", ".")


def _broken_plugin(directory: Path) -> None:
    _write(directory, "plugins/deploy/.claude-plugin/plugin.json", '{"name": "deploy",}\n')


def _plugin_twice(directory: Path) -> None:
    _listed(directory, name="review", source="./plugins/review", description="Once more.")


def _no_source(directory: Path) -> None:
    _listed(directory, name="audit", description="Reads the log of a release.")


# Skills, and an index of them.

_SKILLS = ("plan", "draft", "proofread", "publish")
_INDEX = {"skills": [{"name": name, "path": f"skills/{name}"} for name in _SKILLS]}


def _skill(name: str) -> str:
    described = f"Use when someone asks to {name} an article, or for help to {name} it."
    return _SKILL.format(name=name, description=described, title=name.title())


def _no_skill(directory: Path) -> None:
    _git(directory, "rm", "-q", "-r", "skills/plan")


def _unlisted_skill(directory: Path) -> None:
    _write(directory, "skills/translate/SKILL.md", _skill("translate"))
    _git(directory, "add", ".")


def _no_description(directory: Path) -> None:
    described = _skill("draft").splitlines()[2]
    _replace(directory, "skills/draft/SKILL.md", f"{described}\n", "")


def _other_name(directory: Path) -> None:
    _replace(directory, "skills/proofread/SKILL.md", "name: proofread", "name: check-spelling")


# A manifest of prompts in YAML.

_PROMPTS = ("greet", "answer", "apologize")
_MANIFEST = "prompts:\n" + "".join(
    f"  {name}:\n    file: {name}.md\n    model: small\n" for name in _PROMPTS
)


def _no_prompt(directory: Path) -> None:
    _git(directory, "rm", "-q", "prompts/apologize.md")


def _unused_prompt(directory: Path) -> None:
    _write(directory, "prompts/upsell.md", "Say what else there is.\n")
    _git(directory, "add", ".")


def _not_utf8(directory: Path) -> None:
    _write(directory, "prompts/greet.md", "Grüße zuerst.\n".encode("latin-1"))


def _misspelled(directory: Path) -> None:
    answer = "file: answer.md\n    "
    _replace(directory, "prompts/registry.yaml", f"{answer}model", f"{answer}modle")


def _objects(name: str, *required: str) -> dict[str, Any]:
    """A schema of `{name: [{required: …}]}`, or of an object of such objects."""
    described = {
        "type": "object",
        "required": list(required),
        "properties": {one: {"type": "string"} for one in required},
    }
    several = {"items": described, "additionalProperties": described}
    return {"type": "object", "required": [name], "properties": {name: several}}


def _goal_map(title: str, *faults: Fault) -> Repository:
    return Repository(title, "goal map", "goal_map.json", _GOAL_MAP, faults, _WANTED, _THERE)


REPOSITORIES = (
    _goal_map(
        "a goal map",
        Fault("a component that does not exist", "five_whys", _missing),
        Fault("a component that no entry names", "night_shift", _orphan),
        Fault("a goal that is defined twice", "TRIAGE_ALERT", _twice),
    ),
    _goal_map(
        "a goal map: names",
        Fault("a file in another case", "nvestigator", _other_case),
        Fault("a renamed file", "status_update", _renamed),
        Fault("a list instead of a filename", "pager", _list),
    ),
    _goal_map(
        "a goal map: git",
        Fault("an untracked component", "archivist", _untracked),
        Fault("a component that git ignores", "last_check", _ignored),
        Fault("an empty component", "five_whys", _empty),
    ),
    Repository(
        "a plugin marketplace",
        "marketplace",
        _MARKET_FILE,
        {
            _MARKET_FILE: _json(_MARKET),
            **{path: text for name in _PLUGINS for path, text in _plugin(name).items()},
        },
        (
            Fault("a plugin whose directory does not exist", r"plugins/release\b", _no_plugin),
            Fault("a plugin that is not listed", "rollback", _unlisted_plugin),
            Fault("a plugin.json that is not JSON", "deploy", _broken_plugin),
            Fault("a plugin that is listed twice", "review", _plugin_twice),
            Fault("a plugin without a source", r"audit|plugins[.[]3\b", _no_source),
        ),
        f"{{p.get('source', '')[2:] for p in json.load(open('{_MARKET_FILE}'))['plugins']}}",
        "{str(path) for path in Path('plugins').iterdir()}",
        _objects("plugins", "name", "source"),
    ),
    Repository(
        "skills with an index",
        "skills",
        "skills/index.json",
        {
            "jit-guard.toml": (
                '[[registry]]\nfile = "skills/index.json"\nentries = "$.skills[*].path"\n'
                'target = "{value}/SKILL.md"\ntree = ["skills/*/SKILL.md"]\n'
                'contract.equal = ["{dir}", "{front-matter.name}"]\n'
                'contract.front-matter = "skills/schema.json"\n'
            ),
            "skills/schema.json": '{"required": ["description"]}\n',
            "skills/index.json": _json(_INDEX),
            **{f"skills/{name}/SKILL.md": _skill(name) for name in _SKILLS},
        },
        (
            Fault("a skill that does not exist", "plan", _no_skill),
            Fault("a skill that is not in the index", "translate", _unlisted_skill),
            Fault("a skill without a description", "draft", _no_description),
            Fault("a skill with a name unlike its directory", "proofread", _other_name),
        ),
        "{one['path'] + '/SKILL.md' for one in json.load(open('skills/index.json'))['skills']}",
        "{str(path) for path in Path('skills').glob('*/SKILL.md')}",
        _objects("skills", "name", "path"),
    ),
    Repository(
        "a manifest of prompts",
        "prompts",
        "prompts/registry.yaml",
        {
            "jit-guard.toml": (
                '[[registry]]\nfile = "prompts/registry.yaml"\nentries = "$.prompts.*.file"\n'
                'target = "{value}"\nbase = "{dir}"\ntree = ["prompts/*.md"]\n'
            ),
            "prompts/registry.yaml": _MANIFEST,
            **{f"prompts/{name}.md": _TEXT for name in _PROMPTS},
        },
        (
            Fault("a prompt that does not exist", "apologize", _no_prompt),
            Fault("a prompt that no entry names", "upsell", _unused_prompt),
            Fault("a prompt that is not UTF-8", "greet.md", _not_utf8),
            Fault("a misspelled key", "modle|answer.*model", _misspelled),
        ),
        "{'prompts/' + one['file'] for one in"
        " yaml.safe_load(open('prompts/registry.yaml'))['prompts'].values()}",
        "{str(path) for path in Path('prompts').glob('*.md')}",
        _objects("prompts", "file", "model"),
    ),
)
