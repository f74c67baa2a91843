"""What a project is checked against: what flags name, and what the configuration names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jit_guard.config import Settings
from jit_guard.criteria import Criteria
from jit_guard.errors import ConfigError
from jit_guard.project import Configuration
from jit_guard.sources.memory import Memory
from projects import MAP, SOUND, TEXT, Files, call, lay_out

STRICT = '{"maxProperties": 0}'
ORPHAN = {**SOUND, "components/left.txt": TEXT}
LFS = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 1\n"


def criteria(config: str | None = None) -> Criteria:
    return Criteria(config, None, None, {})


def loaded(files: Files, **overrides: object) -> Configuration:
    return Criteria(None, None, None, overrides).configuration(Memory(files))


def test_a_schema_is_that_of_the_flag_or_else_the_configured_one(tmp_path: Path) -> None:
    files = {**SOUND, "jit-guard.toml": 'schema = "team.json"', "team.json": "{}"}
    lay_out(tmp_path / "project", {**files, "strict.json": STRICT})
    root = tmp_path / "project"
    assert call(cwd=root).code == 0
    assert call("--schemafile", "strict.json", "--format", "json", cwd=root).codes == ["JG101"]
    (root / "team.json").write_text(STRICT)
    assert call("--format", "json", cwd=root).codes == ["JG101"]
    (root / "team.json").unlink()
    done = call(cwd=root)
    assert (done.code, done.err) == (2, "jit-guard: error: schema: team.json does not exist\n")
    done = call("--schemafile", "gone.json", cwd=root)
    assert (done.code, done.err) == (2, "jit-guard: error: gone.json does not exist\n")


def test_a_baseline_is_that_of_the_flag_or_else_the_configured_one(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**ORPHAN, "jit-guard.toml": 'baseline = "own.jsonl"'})
    assert call("--update-baseline", cwd=root).code == 0
    assert call(cwd=root).code == 0
    (root / "empty.jsonl").write_text("")
    assert call("--baseline", "empty.jsonl", cwd=root).code == 1
    (root / "own.jsonl").rename(root / "other.jsonl")
    assert call("--baseline", "other.jsonl", cwd=root).code == 0
    assert call("--baseline", "third.jsonl", "--update-baseline", cwd=root).code == 0
    assert (root / "third.jsonl").exists()
    assert not (root / "own.jsonl").exists()


def test_a_code_that_a_flag_selects_is_not_ignored_by_the_file() -> None:
    files = {"jit-guard.toml": 'ignore = ["JG301", "JG2"]'}
    assert loaded(files, select=("JG301",)).settings.ignore == ("JG2",)
    assert loaded(files, select=("JG3",)).settings.ignore == ("JG301", "JG2")
    assert loaded(files).settings.ignore == ("JG301", "JG2")
    both = loaded(files, select=("JG301",), ignore=("JG301",))
    assert both.settings.ignore == ("JG301",)
    assert both.origins == {"select": "a flag", "ignore": "a flag"}
    assert loaded({"jit-guard.toml": 'select = ["JG2"]\nignore = ["JG2"]'}).settings.ignore


def test_a_code_that_no_rule_has_is_refused_after_the_plugins_are_loaded(tmp_path: Path) -> None:
    root = lay_out(tmp_path, {**SOUND, "jit-guard.toml": 'select = ["JG", "ACME1"]'})
    done = call(cwd=root)
    assert (done.code, done.err) == (2, "jit-guard: error: no rule code starts with 'ACME1'\n")
    settings = Settings(select=("", "JG301"), ignore=("ACME2",))
    with pytest.raises(ConfigError, match=r"^no rule code starts with 'ACME2'$"):
        criteria().plugin_rules(Memory(SOUND), settings)


def test_a_preset_is_taken_unless_there_is_a_map_or_a_configuration(tmp_path: Path) -> None:
    market: Files = {".claude-plugin/marketplace.json": '{"plugins": []}'}
    assert loaded(market).preset == "claude-marketplace"
    assert loaded(market).file is None
    assert loaded({**market, "goal_map.json": MAP}).preset is None
    assert loaded({**market, "jit-guard.toml": "jobs = 2"}).preset is None
    assert loaded(SOUND).preset is None
    other = lay_out(tmp_path, {"c.toml": "jobs = 2"}) / "c.toml"
    found = criteria(str(other)).configuration(Memory({"jit-guard.toml": "jobs = 3"}))
    assert (found.settings.jobs, found.file) == (2, str(other))


@pytest.mark.parametrize("key", ["prompt", "descriptions"])
def test_a_file_that_is_sent_to_a_model_is_one_that_git_has(key: str, tmp_path: Path) -> None:
    files = {
        "text.md": "Write calmly.",
        "secret.env": "TOKEN=1",
        ".jit-guard/ledger.txt": "paid",
        "stored.md": LFS,
        "versions.md": "version https://example.invalid",
    }
    source = Memory(files, ignored=["secret.env"])

    def sent(path: str, made: Criteria) -> str:
        named: dict[str, Any] = {key: path}
        given = getattr(made, key)(source, Settings(**named))
        if isinstance(given, str):
            return given
        named_path, data = given
        assert named_path == path
        return bytes(data).decode()

    for path in ("text.md", "versions.md"):
        assert sent(path, criteria()) == files[path]
    assert getattr(criteria(), key)(source, Settings()) is None
    for path, words in {
        "gone.md": f"{key}: gone.md does not exist",
        "secret.env": f"{key}: secret.env is ignored by git; ignored files are never sent",
        ".jit-guard/ledger.txt": "ledger.txt is in .jit-guard, which is never sent",
        "stored.md": f"{key}: stored.md cannot be read: it is a Git LFS pointer",
    }.items():
        with pytest.raises(ConfigError) as caught:
            sent(path, criteria())
        assert words in str(caught.value)
    # With a configuration that a flag names, it is the user who names the file.
    mine = criteria(str(tmp_path / "mine.toml"))
    assert sent("secret.env", mine) == "TOKEN=1"
