"""The environment of `python -m tests.windows`, and the list of what cannot pass there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from .__main__ import main
from .environment import requirements
from .unsupported import WINDOWS, WINE

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_without_wine_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name if name != "wine" else None)
    assert main(["--fast", "--directory", str(tmp_path / "there")]) == 2
    assert "apt-get install --no-install-recommends wine\n" in capsys.readouterr().err
    assert not (tmp_path / "there").exists()


def test_everything_that_the_tests_import_is_required() -> None:
    wanted = " ".join(requirements())
    for name in ("jsonschema", "pluggy", "openai", "PyYAML", "pytest>", "hypothesis", "colorama"):
        assert name in wanted


def test_everything_that_is_listed_exists() -> None:
    for start, reason in {**WINDOWS, **WINE}.items():
        path, _, name = start.partition("::")
        assert (ROOT / path).exists(), start
        function = re.split(r"\W", name)[0]
        assert f"def {function}" in (ROOT / path).read_text("utf-8"), start
        assert reason
