"""Inject every fault into an in-memory copy of this project and prove that each rule fires."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from jit_guard.commands.options import add_project_options, open_guard
from jit_guard.selftest import Trial
from jit_guard.text.console import Console
from jit_guard.text.layout import hang
from jit_guard.text.printable import printable, style


def configure(parser: ArgumentParser) -> None:
    """Add the options of `selftest`."""
    add_project_options(parser)


def run(options: Namespace, started: float) -> int:  # noqa: ARG001
    """Print one line per rule. 3: one never fires, or always, so the check is unreliable."""
    console = Console(options.color)
    trials: list[Trial] = []
    seen: set[str] = set()  # of the registry that is tested
    for trial in open_guard(options, {}).selftest():
        if trial.code in seen:
            console.lines(["", f"in {printable(trial.map)}:"])
            seen.clear()
        seen.add(trial.code)
        console.lines(_lines(trial, console.columns(), color=console.color))
        trials.append(trial)
    silent = dict.fromkeys(trial.code for trial in trials if trial.silent)
    everywhere = dict.fromkeys(trial.code for trial in trials if trial.everywhere)
    if silent:
        console.error(f"{', '.join(silent)} did not fire on an injected fault")
    if everywhere:
        console.error(f"{', '.join(everywhere)} fired without a fault")
    if silent or everywhere:
        return 3
    rules = {trial.code for trial in trials}
    fired = {trial.code for trial in trials if trial.finding is not None}
    console.lines(["", _summary(len(fired), len(rules))])
    return 0


def _summary(fired: int, rules: int) -> str:
    if fired == rules:
        return f"all {rules} rules fire on a copy of this project"
    rest = rules - fired
    others = "1 fault" if rest == 1 else f"{rest} faults"
    return f"{fired} of {rules} rules fire on a copy of this project; {others} cannot be injected"


def _lines(trial: Trial, columns: int | None, *, color: bool) -> Iterator[str]:
    off = "" if trial.selected else " (disabled by the configuration)"
    head = f"{trial.code} {trial.name:<23}"
    if trial.impossible and not trial.everywhere:
        why = f"cannot be injected here: {trial.impossible}{off}"
        yield from hang(f"{head} -      ", why, 37, columns)
        return
    if trial.everywhere:
        result = style("ALWAYS", "bold", "red", on=color)
    elif trial.finding is None:
        result = style("SILENT", "bold", "red", on=color)
    else:
        result = style("fires ", "green", on=color)
    found = ""
    if trial.finding is not None:
        place = trial.finding.file or trial.finding.path or ""
        line = f":{trial.finding.line}:{trial.finding.column}" if trial.finding.line else ""
        found = f" -> {printable(place)}{line}"
    yield from hang(f"{head} {result} ", f"{trial.what}{found}{off}", 37, columns)
