"""`python -m benchmarks.hints DIR`: how many real mismatches the hints explain.

DIR has one directory per registry with `goal_map.json`, `tree.txt` (lines `f PATH`,
`l PATH TARGET`, `d PATH`) and `expected.json`. The snapshot is built in memory.
"""

from __future__ import annotations

import sys
from pathlib import Path

from jit_guard.check import check
from jit_guard.config import Settings
from jit_guard.sources.memory import Link, Memory


def snapshot(registry: Path) -> Memory:
    """The registry as a snapshot; the text of every file is its own path."""
    files: dict[str, bytes | str | Link] = {
        "goal_map.json": (registry / "goal_map.json").read_bytes()
    }
    for line in (registry / "tree.txt").read_text("utf-8").splitlines():
        kind, _, rest = line.partition(" ")
        path, _, target = rest.rstrip().partition(" ") if kind == "l" else (rest.rstrip(), "", "")
        if kind == "d":
            files[f"{path}/"] = ""
        else:
            files[path] = Link(target) if kind == "l" else path
    return Memory(files)


def main() -> None:
    """Print a Markdown table of missing files and orphans, and how many of them are paired."""
    print("| registry | missing | explained | orphans | explained |")
    print("| --- | --- | --- | --- | --- |")
    for registry in sorted(Path(sys.argv[1]).iterdir()):
        if not (registry / "tree.txt").is_file():
            continue
        findings = check(snapshot(registry), Settings()).findings
        row = [registry.name]
        for code in ("JG201", "JG301"):
            some = [finding for finding in findings if finding.code == code]
            row += [str(len(some)), str(sum(bool(finding.related) for finding in some))]
            if "-v" in sys.argv:
                print(*(f"  {f.path} -> {', '.join(f.related) or '-'}" for f in some), sep="\n")
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
