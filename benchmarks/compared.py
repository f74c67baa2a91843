"""`python -m benchmarks.compared`: what jit-guard and other tools find in six repositories.

Each fault of `faulty.py` is planted alone. A tool finds it if a line of its output names it, and
the tool does not print that line for the clean repository. What is planted includes faults that
jit-guard does not look for.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from benchmarks.faulty import REPOSITORIES, Repository

DOCUMENTS = [Path(__file__).parent.parent / name for name in ("README.md", "docs/comparison.md")]
BLOCK = re.compile(
    r"(<!-- the table of `python -m benchmarks\.compared` -->)\n.*?(<!-- end -->)", re.DOTALL
)
_LONGEST = 60  # seconds for one run
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_SCRIPT = """\
import json, sys
from pathlib import Path
try: import yaml
except ImportError: pass
wanted = {wanted}
there = {there}
for path in sorted(wanted - there): print(path, "does not exist")
for path in sorted(there - wanted): print(path, "is not used")
sys.exit(wanted != there)
"""


class Tool(NamedTuple):
    """A contender: its program, its arguments, and the kinds of repositories that it checks."""

    name: str
    program: str
    arguments: Callable[[Repository, Path], Sequence[str]]
    kinds: frozenset[str]


class Result(NamedTuple):
    """The first line in which a tool reports each fault of a repository; None: it does not."""

    found: dict[str, str | None]

    @property
    def reported(self) -> int:
        """The number of faults that are reported."""
        return sum(line is not None for line in self.found.values())


def _schema(repository: Repository, scratch: Path) -> Sequence[str]:
    if repository.schema is None:
        file = Path(str(files("jit_guard").joinpath("goal_map.schema.json")))
    else:
        file = scratch / "schema.json"
        file.write_text(json.dumps(repository.schema), encoding="utf-8")
    return ("--schemafile", str(file), repository.registry)


def _script(repository: Repository, _: Path) -> Sequence[str]:
    return ("-c", _SCRIPT.format(wanted=repository.wanted, there=repository.there))


_ALL = frozenset(one.kind for one in REPOSITORIES)
TOOLS = (
    Tool("jit-guard", "jit-guard", lambda *_: (), _ALL),
    Tool("check-jsonschema", "check-jsonschema", _schema, _ALL),
    Tool("skillsaw", "skillsaw", lambda *_: ("lint",), frozenset({"marketplace", "skills"})),
    Tool("agnix", "agnix", lambda *_: (".",), frozenset({"marketplace", "skills"})),
    Tool(
        "claude plugin validate",
        "claude",
        lambda *_: ("plugin", "validate", "."),
        frozenset({"marketplace"}),
    ),
    Tool("script", sys.executable, _script, _ALL),
)


def main() -> None:
    """Run every tool that is installed, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--show", action="store_true", help="also print the line of each fault")
    parser.add_argument("--write", action="store_true", help="write the table into the documents")
    options = parser.parse_args()
    installed = {tool: find(tool.program) for tool in TOOLS}
    results = {
        (repository.title, tool.name): measure(repository, tool, program)
        for repository in REPOSITORIES
        for tool, program in installed.items()
        if program is not None and repository.kind in tool.kinds
    }
    print(*table(results), sep="\n")
    print("", ", ".join(version(tool.name, found) for tool, found in installed.items()), sep="\n")
    if options.show:
        print(*details(results), sep="\n")
    if options.write:
        if not all(installed.values()):
            parser.error("only a table of all tools is written")
        for document in DOCUMENTS:
            written = BLOCK.sub(
                "\n".join([r"\1", *table(results), r"\2"]), document.read_text("utf-8")
            )
            document.write_text(written, encoding="utf-8")


def find(program: str) -> str | None:
    """A program of this environment, or else of the PATH."""
    return shutil.which(program, path=str(Path(sys.executable).parent)) or shutil.which(program)


def version(name: str, program: str | None) -> str:
    """A tool with its version, as it prints it itself."""
    if program is None:
        return f"{name} (not installed)"
    done = subprocess.run((program, "--version"), capture_output=True, text=True, check=False)
    found = re.search(r"\d+(\.\d+)+", done.stdout)
    return f"{name} {found[0]}" if found else name


def measure(repository: Repository, tool: Tool, program: str) -> Result:
    """Run a tool on the clean repository, and on a copy with each fault."""
    found: dict[str, str | None] = {}
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory)
        command = (program, *tool.arguments(repository, scratch))
        clean = scratch / "clean"
        clean.mkdir()
        repository.build(clean)
        before = set(_run(command, shutil.copytree(clean, scratch / "repository")))
        for fault in repository.faults:
            shutil.rmtree(scratch / "repository")
            broken = shutil.copytree(clean, scratch / "repository")
            fault.plant(broken)
            lines = (line for line in _run(command, broken) if line not in before)
            found[fault.what] = next((one for one in lines if re.search(fault.pattern, one)), None)
    return Result(found)


def _run(command: Sequence[str], repository: Path) -> list[str]:
    """The lines that a tool prints, with a home directory of its own."""
    home = repository.parent / "home"
    home.mkdir(exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "LANG": "C.UTF-8",
    }
    done = subprocess.run(
        command,
        cwd=repository,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_LONGEST,
        check=False,
    )
    text = done.stdout.decode("utf-8", "replace").replace(str(repository), ".")
    return [line.strip() for line in _ESCAPES.sub("", text).splitlines()]


def table(results: dict[tuple[str, str], Result]) -> Iterator[str]:
    """A row for each repository, a column for each tool; a dash: not made for such."""
    yield " | ".join(["| found of planted", *(tool.name for tool in TOOLS)]) + " |"
    yield "| --- |" + " ---: |" * len(TOOLS)
    for repository in REPOSITORIES:
        cells = []
        for tool in TOOLS:
            result = results.get((repository.title, tool.name))
            dash = "not run" if repository.kind in tool.kinds else "-"
            cells.append(dash if result is None else f"{result.reported} of {len(result.found)}")
        yield f"| {repository.title} | {' | '.join(cells)} |"


def details(results: dict[tuple[str, str], Result]) -> Iterator[str]:
    """The first line in which each tool reports each fault."""
    for (title, tool), result in results.items():
        yield f"\n{title}: {tool}"
        for what, line in result.found.items():
            yield f"  {what}: {line or '(not found)'}"


if __name__ == "__main__":
    main()
