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
    """Print one line per rule. 0: every rule fired, 3: one did not, so the check is unreliable."""
    console = Console(options.color)
    trials = []
    for trial in open_guard(options, {}).selftest():
        console.lines([_line(trial, color=console.color)])
        trials.append(trial)
    silent = [trial.code for trial in trials if trial.finding is None]
    if silent:
        console.error(f"{', '.join(silent)} did not fire on an injected fault")
        return 3
    console.lines(["", f"all {len(trials)} rules fire on a copy of this project"])
    return 0


def _line(trial: Trial, *, color: bool) -> str:
    if trial.finding is None:
        result = style("SILENT", "bold", "red", on=color)
    else:
        result = style("fires ", "green", on=color)
    off = "" if trial.selected else " (disabled by the configuration)"
    found = ""
    if trial.finding is not None:
        place = trial.finding.map or trial.finding.path or ""
        line = f":{trial.finding.line}:{trial.finding.column}" if trial.finding.line else ""
        found = f" -> {printable(place)}{line}"
    return f"{trial.code} {trial.name:<19} {result} {trial.what}{found}{off}"
