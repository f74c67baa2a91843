"""Inject every fault into an in-memory copy of this project and prove that each rule fires."""

from argparse import ArgumentParser, Namespace

from jit_guard.commands.options import add_project_options, open_guard
from jit_guard.selftest import Trial
from jit_guard.text.console import Console
from jit_guard.text.printable import printable, style


def configure(parser: ArgumentParser) -> None:
    """Add the options of `selftest`."""
    add_project_options(parser)


def run(options: Namespace, started: float) -> int:  # noqa: ARG001
    """Print one line a rule. 0: each fired, 3: one did not, and the gate cannot be trusted."""
    console = Console(options.color)
    trials = []
    for trial in open_guard(options, {}).selftest():
        console.lines([_line(trial, color=console.color)])
        trials.append(trial)
    silent = [trial.code for trial in trials if trial.finding is None]
    if silent:
        console.error(f"{', '.join(silent)} did not fire on a fault that was put in on purpose")
        return 3
    console.lines(["", f"each of {len(trials)} rules fires on a copy of this project"])
    return 0


def _line(trial: Trial, *, color: bool) -> str:
    if trial.finding is None:
        verdict = style("SILENT", "bold", "red", on=color)
    else:
        verdict = style("fires ", "green", on=color)
    off = "" if trial.selected else " (the configuration turns it off)"
    found = ""
    if trial.finding is not None:
        place = trial.finding.map or trial.finding.path or ""
        line = f":{trial.finding.line}:{trial.finding.column}" if trial.finding.line else ""
        found = f" -> {printable(place)}{line}"
    return f"{trial.code} {trial.name:<19} {verdict} {trial.what}{found}{off}"
