"""Reports for the tests of the formats: written by hand, by hypothesis, and with hostile names."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from jit_guard import formats
from jit_guard.report import Finding, Report, Skipped, order

# Names that some reader would interpret.
HOSTILE = (
    "a\nb",
    "a\r::error::owned",
    "::error::owned",
    "##[error]owned",
    "##vso[task.complete result=Failed]owned",
    "a|b",
    "a\\|b",
    "`whoami`",
    "``",
    "<script>alert(1)</script>",
    "</code></details><img src=x>",
    "%0A::error::owned",
    "a:b,c",
    "[words](https://example.invalid)",
    "https://example.invalid/x",
    "www.example.invalid",
    "@everyone",
    "\x1b[31mred",
    "\u202egpj.exe",
    "\u2028",
    "**bold** _it_ ~~gone~~",
    "{0} $x$ :smile:",
    "caf\udce9",  # a byte that is not UTF-8
    "日本語 🎉",
    "&lt;b&gt;",
    " lead and trail ",
    "\"quoted\" 'too'",
    "x" * 3000,
)


def finding(number: int = 1, *, severity: str = "error", **fields: Any) -> Finding:
    """A missing component, with some fields replaced."""
    found = Finding(
        "JG201",
        "missing-component",
        "error" if severity == "error" else "warning",
        f"components/personas/{number}.txt does not exist",
        hint="`jit-guard --fix` writes it",
        map="goal_map.json",
        path=f"components/personas/{number}.txt",
        line=number,
        column=17,
        pointer=f"/GOAL_{number}/persona",
        goal=f"GOAL_{number}",
        component_type="persona",
        related=(f"components/personas/{number}a.txt",),
        fixable=True,
    )
    return found._replace(**fields)


def orphan(path: str = "components/personas/left.txt") -> Finding:
    """A file that no entry names."""
    return Finding("JG301", "orphan-component", "error", "no entry references this file", path=path)


def report(*findings: Finding, **fields: Any) -> Report:
    """A report on one map."""
    made = Report(".", "worktree", ("goal_map.json",), 12, 11, tuple(sorted(findings, key=order)))
    return made._replace(**fields)


def hostile(name: str) -> Report:
    """A report in which everything from a file is this name."""
    path = f"components/{name}"
    return report(
        finding(
            message=f"{path} does not exist",
            hint=f"did you mean {name} (similar name)?",
            map=f"{name}.json",
            path=path,
            goal=name,
            component_type=name,
            pointer=f"/{name}",
            related=(name,),
        ),
        orphan(path),
        maps=(f"{name}.json",),
        skipped=(Skipped("JG301", name, f"{name} cannot be read"),),
        unreadable=(f"{name}: permission denied",),
    )


def lines(name: str, sample: Report, prefix: str = "") -> list[str]:
    """The lines of a report in a format."""
    return list(formats.render(name, sample, formats.Options(prefix=prefix)))


def text(name: str, sample: Report, prefix: str = "") -> str:
    """The lines as one text."""
    return "\n".join(lines(name, sample, prefix))


# Every character that a name may contain, including lone surrogates (bytes that are not UTF-8).
_names = st.one_of(st.sampled_from(HOSTILE[:-1]), st.text(st.characters(), min_size=1, max_size=12))
_maybe = st.none() | _names
findings = st.builds(
    Finding,
    code=st.sampled_from(("JG001", "JG101", "JG201", "JG208", "JG301", "JG401", "ACME101")),
    name=st.just("some-name"),
    severity=st.sampled_from(("error", "warning")),
    message=_names,
    hint=_maybe,
    map=_maybe,
    path=_maybe,
    line=st.none() | st.integers(1, 99),
    column=st.none() | st.integers(1, 99),
    pointer=_maybe,
    goal=_maybe,
    component_type=_maybe,
    related=st.lists(_names, max_size=2).map(tuple),
    fixable=st.booleans(),
)
reports = st.builds(
    lambda found, maps, skipped, unreadable: report(
        *found, maps=tuple(maps), skipped=tuple(skipped), unreadable=tuple(unreadable)
    ),
    st.lists(findings, max_size=30),
    st.lists(_names, max_size=2),
    st.lists(st.builds(Skipped, st.just("JG301"), _maybe, _names), max_size=2),
    st.lists(_names, max_size=1),
)


def moved(sample: Report, by: int) -> Report:
    """The same report after lines were added at the top of every map."""
    return sample._replace(
        findings=tuple(
            found._replace(line=found.line + by if found.line else found.line)
            for found in sample.findings
        )
    )
