"""The rules in words: `jit-guard explain` and `docs/rules.md` come from here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from jit_guard.rules.rule import Example, Rule
from jit_guard.text.printable import printable

_WIDTH = 88


def listing(rules: Sequence[Rule]) -> Iterator[str]:
    """One line a rule."""
    width = max(len(rule.name) for rule in rules)
    for rule in rules:
        yield f"{rule.code}  {rule.name:<{width}}  {rule.severity:<7}  {rule.summary}"


def page(rule: Rule) -> Iterator[str]:
    """All that is known of a rule, for a terminal."""
    yield f"{rule.code} {rule.name} ({rule.severity})"
    yield from _paragraph(f"{rule.summary[0].upper()}{rule.summary[1:]}.")
    yield from _paragraph(rule.why)
    for title, example in (("Fires on:", rule.bad), ("Silent on:", rule.good)):
        yield from ("", title)
        yield from (f"    {line}" for line in _example(example))
    yield from _paragraph(f"To fix: {rule.fix}")
    yield from _paragraph(f"To silence: {silence(rule)}")


def markdown(rules: Sequence[Rule]) -> Iterator[str]:
    """`docs/rules.md`."""
    yield "# Rules"
    yield ""
    yield "Codes are stable and never renumbered. This page is written by"
    yield "`python -m jit_guard.rules.explained`; `jit-guard explain CODE` shows the same."
    yield ""
    yield from table(rules)
    for rule in rules:
        yield from ("", f"## {rule.code} {rule.name}", "")
        yield from section(rule)


def section(rule: Rule) -> Iterator[str]:
    """All that is known of a rule, in Markdown and without a heading."""
    yield from (f"*{rule.severity}* · {rule.summary}", "", rule.why)
    for title, example in (("Fires on:", rule.bad), ("Silent on:", rule.good)):
        yield from ("", title, "", "```text", *_example(example), "```")
    yield from ("", f"**To fix:** {rule.fix}", "", f"**To silence:** {silence(rule)}")


def table(rules: Sequence[Rule]) -> Iterator[str]:
    """The Markdown table of the README."""
    yield "| code | name | severity | when |"
    yield "| --- | --- | --- | --- |"
    for rule in rules:
        yield f"| {rule.code} | {rule.name} | {rule.severity} | {rule.summary} |"


def silence(rule: Rule) -> str:
    """How a rule is turned off."""
    how = f'`--ignore {rule.code}`, or `ignore = ["{rule.code}"]` in the configuration.'
    if rule.code.startswith(("JG0", "JG4")):
        return f"{how} A baseline cannot accept it."
    return f"{how} `--update-baseline` accepts the findings of today."


def _paragraph(text: str) -> Iterator[str]:
    yield ""
    yield from wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _example(example: Example) -> Iterator[str]:
    for key, value in example.settings.items():
        yield f"configuration: {key.replace('_', '-')} = {str(value).lower()}"
    if example.tracked is not None:
        yield f"in git: {', '.join(example.tracked)}"
    for path, content in example.files.items():
        shown = content if isinstance(content, str) else content.decode("utf-8", "surrogateescape")
        lines = shown.rstrip("\n").split("\n") if shown else ["(empty)"]
        if shown.startswith("\ufeff"):
            lines[0] = f"(byte order mark){lines[0][1:]}"
        if len(lines) == 1:
            yield f"{path}: {printable(lines[0])}"
        else:
            yield f"{path}:"
            yield from (f"    {printable(line)}" for line in lines)


if __name__ == "__main__":
    from jit_guard.rules import load_rules

    print("\n".join(markdown(load_rules())))  # noqa: T201
