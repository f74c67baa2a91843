"""Start a project: configure its registries, bring a library in, or write an example.

Existing files are kept.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from importlib.resources import files
from typing import NamedTuple

from jit_guard import formats
from jit_guard.commands import hook
from jit_guard.commands.fix_options import report_staging
from jit_guard.commands.library import Library, NameType, read_library
from jit_guard.commands.questions import ask, can_ask
from jit_guard.comparison.compare import components_directory
from jit_guard.config import CONFIG_FILE, Settings, inside_path, toml_string
from jit_guard.errors import UsageError
from jit_guard.fixing.staging import not_staged_yet
from jit_guard.guard import Guard
from jit_guard.project import Configuration, load
from jit_guard.sources.tree import Tree
from jit_guard.sources.worktree import Worktree
from jit_guard.text.console import Console
from jit_guard.text.names import join, never_counts, unsafe_type
from jit_guard.text.printable import printable
from jit_guard.text.shell import quoted

SCHEMA = "goal_map.schema.json"
GOAL_MAP = """\
{
  "$schema": "goal_map.schema.json",
  "ANSWER_QUESTION": {
    "persona": "helpful_expert.txt",
    "protocol": "answer_with_sources.txt"
  }
}
"""
COMPONENTS = {
    "personas/helpful_expert.txt": """\
# Role
You are an expert in the field of the question. You explain as to a capable colleague.

# Limits
You say what you do not know. You never make up a source.
""",
    "protocols/answer_with_sources.txt": """\
# Purpose
Answer one question so that the reader can check the answer.

# Steps
1. Say in one sentence what is asked. If two readings are possible, name both and take one.
2. Answer in the first sentence, then give the reasons, the strongest first.
3. Name the source of every fact that the answer depends on.

# Stop when
The question is answered, or you have said what is missing to answer it.
""",
}
# Where people keep prompts, if not in `components`.
_USUAL = ("prompts", "prompt", "skills", "agents", "personas", "instructions", "library")
_MOST_LEFT_OUT = 20


class Plan(NamedTuple):
    """The files to write, and what to say about them."""

    wanted: dict[str, str]  # path -> text
    lines: tuple[str, ...] = ()  # of the configuration
    library: Library | None = None


def configure(parser: ArgumentParser) -> None:
    """Add the options of `init`."""
    parser.add_argument(
        "--root",
        metavar="DIR",
        default=".",
        help="directory to write to (default: the working directory)",
    )
    parser.add_argument(
        "--components", metavar="DIR", help="directory of an existing library, below the root"
    )
    parser.add_argument(
        "--hook", action="store_true", help=f"also write {hook.FILE}, unless there is one"
    )
    parser.add_argument(
        "--contract",
        action="store_true",
        help="also propose contracts, as comments: what all components of a type have in common",
    )
    parser.add_argument("--no-input", action="store_true", help="never ask, even on a terminal")


def run(options: Namespace, started: float) -> int:
    """Write the files that do not exist yet, print what was written and kept, and check."""
    if not os.path.isdir(options.root):
        raise UsageError(f"--root {options.root} is not a directory")
    console = Console(options.color)
    asks = can_ask(console) and not options.no_input
    worktree = Worktree(options.root)
    written = _write(worktree, options, console, asks=asks)
    return 0 if written is None else _finish(worktree, options, console, started, written)


def _write(
    worktree: Worktree, options: Namespace, console: Console, *, asks: bool
) -> list[str] | None:
    """Write the files that do not exist yet; return their paths, or None if a check cannot follow.

    Raises:
        UsageError: nothing was written, and why.
    """
    found = load(worktree.read)
    existing = [path for path in found.settings.maps if _exists(worktree, path)]
    if existing:
        return _keep(worktree, console, found, existing)
    if found.settings.registry:
        console.lines([f"kept   {printable(str(found.file).split(' ')[0])}"])
        return []
    if _writes_registries(worktree, options, found, console, asks=asks):
        return [CONFIG_FILE]
    components = _components(worktree, options, found, console if asks else None)
    plan = _plan(worktree, found, components, console if asks else None)
    written = [path for path in plan.wanted if not _exists(worktree, path)]
    for path in written:
        worktree.target(path)  # before anything is written
    for path, text in plan.wanted.items():
        if path in written:
            _write_new(worktree, path, text)
        console.lines([f"{'wrote' if path in written else 'kept '}  {printable(path)}"])
    if plan.library is not None:
        console.lines(_left_out(plan.library, components))
    if plan.lines and found.file is not None:
        console.lines(["", f"Add to {printable(found.file)}, then run jit-guard:", ""])
        console.lines(f"    {printable(line)}" for line in plan.lines)
        return None
    if not plan.wanted:
        raise UsageError(f"no file in {components} can get an entry; nothing was written")
    return written


def _writes_registries(
    worktree: Worktree, options: Namespace, found: Configuration, console: Console, *, asks: bool
) -> bool:
    """Write the configuration of registries that exist already; False if there are none."""
    if options.components or found.file or _exists(worktree, found.settings.components):
        return False
    try:
        from jit_guard.commands.proposal import propose
    except ModuleNotFoundError:  # a library that has no wheel for every platform
        return False
    proposal = propose(worktree)
    if proposal is None:
        return False
    console.lines([*map(printable, proposal.text.splitlines()), "", printable(proposal.summary)])
    if asks:
        answer = ask(console, f"Write this to {CONFIG_FILE}? [Y/n]")
        if answer is None or answer.lower() not in ("", "y", "yes"):
            return False
    _write_new(worktree, CONFIG_FILE, proposal.text)
    console.lines([f"wrote  {CONFIG_FILE}"])
    return True


def _exists(worktree: Worktree, path: str) -> bool:
    return os.path.lexists(os.path.join(worktree.root, path))


def _keep(worktree: Worktree, console: Console, found: Configuration, maps: list[str]) -> list[str]:
    """List the files of a project that has a map already, and write a missing schema."""
    written = []
    mine = [*maps]
    if found.file is not None:
        mine.append(found.file.split(" ")[0])
    schema = _beside(maps[0], SCHEMA)
    data = worktree.read(maps[0]) or b""
    if _exists(worktree, schema):
        mine.append(schema)
    elif SCHEMA.encode() in data:
        _write_new(worktree, schema, _schema())
        written.append(schema)
        console.lines([f"wrote  {printable(schema)}"])
    components = found.settings.components
    if _exists(worktree, components):
        mine.append(f"{components}/")
    console.lines(f"kept   {printable(path)}" for path in mine)
    return written


def _components(
    worktree: Worktree, options: Namespace, found: Configuration, console: Console | None
) -> str:
    """Return the components directory: given, configured, or as the user answers."""
    configured = found.settings.components
    if options.components is not None:
        full = os.path.join(os.getcwd(), options.components)
        if not os.path.isdir(full):
            full = os.path.join(worktree.root, options.components)
        if not os.path.isdir(full):
            raise UsageError(f"--components {options.components} is not a directory")
        given = Guard(root=options.root).inside(full, "--components")
        _refuse_root(given)
        if found.file is not None and "components" in found.origins and given != configured:
            raise UsageError(
                f"{found.file} sets components to {configured!r}; change it there, "
                "or leave out --components"
            )
        return given
    if "components" in found.origins or _exists(worktree, configured):
        return configured
    usual = [name for name in _USUAL if _has_files(worktree, name)]
    if console is None:
        if usual:
            raise UsageError(
                f"{usual[0]} has files; to bring them in, run: jit-guard init --components "
                f"{quoted(usual[0])} (for an example project instead, create the directory "
                f"{configured} first)"
            )
        return configured
    answer = ask(console, "Which directory has the components?", usual[0] if usual else configured)
    if answer is None:
        raise UsageError("no answer; nothing was written")
    try:
        given = inside_path(answer)
    except ValueError as error:
        raise UsageError(f"the components directory{error}") from None
    _refuse_root(given)
    return given


def _refuse_root(components: str) -> None:
    if not components:
        raise UsageError("the components directory must be below the root, not the root itself")


def _has_files(worktree: Worktree, directory: str) -> bool:
    found = Tree(worktree).walk(directory).values() if _exists(worktree, directory) else ()
    return any(not never_counts(name) for listing in found for name in listing.files)


def _plan(
    worktree: Worktree, found: Configuration, components: str, console: Console | None
) -> Plan:
    settings = found.settings._replace(components=components)
    goal_map = settings.maps[0]
    top = components_directory(Tree(worktree), settings)
    library = None
    if top is not None:
        library = read_library(worktree, top, _name_types(settings, console))
    if library is None or not (library.goals or _counts(library)):
        if console is not None and not _agrees_to_example(console):
            raise UsageError("nothing was written")
        wanted = {goal_map: GOAL_MAP}
        wanted.update((join(components, path), text) for path, text in COMPONENTS.items())
        lines: list[str] = []
    elif library.goals:
        wanted = {goal_map: library.map(SCHEMA)}
        lines = _new_lines(library, settings)
    else:
        return Plan({}, (), library)
    wanted[_beside(goal_map, SCHEMA)] = _schema()
    if components != found.settings.components:
        lines.insert(0, f"components = {toml_string(components)}")
    if lines and found.file is None:
        head = "# `jit-guard config` shows all settings in force."
        wanted[CONFIG_FILE] = "\n".join([head, *lines, ""])
    return Plan(wanted, tuple(lines), library)


def _counts(library: Library) -> bool:
    """Check whether a file was left out that may be a component."""
    return any(not never_counts(one.path.rpartition("/")[2]) for one in library.left_out)


def _new_lines(library: Library, settings: Settings) -> list[str]:
    """Return the configuration lines that the settings do not have yet."""
    directories = {
        name: directory
        for name, directory in library.directories.items()
        if name not in settings.types or settings.directory(name) != directory
    }
    return library._replace(directories=directories).settings()


def _agrees_to_example(console: Console) -> bool:
    answer = ask(console, "There are no components yet. Write an example project? [Y/n]")
    return answer is not None and answer.lower() in ("", "y", "yes")


def _name_types(settings: Settings, console: Console | None) -> NameType:
    """Return the function that names the component type of a directory."""
    configured = {settings.directory(name): name for name in settings.types}
    given: set[str] = set()

    def name_type(directory: str, suggestion: str) -> str:
        name = configured.get(directory, suggestion)
        where = f"in {directory}/" if directory else "at the top"
        plain = directory in (f"{suggestion}s", *map(settings.directory, settings.types))
        while console is not None and not plain:
            answer = ask(console, f"Component type of the files {where}?", suggestion)
            name = suggestion if answer is None else answer
            why = unsafe_type(name) or (f"{name} is taken" if name in given else None)
            if why is None or answer is None:
                break
            console.note(why)
        given.add(name)
        return name

    return name_type


def _beside(path: str, name: str) -> str:
    return join(path.rpartition("/")[0], name)


def _schema() -> str:
    return files("jit_guard").joinpath(SCHEMA).read_text("utf-8")


def _write_new(worktree: Worktree, path: str, text: str) -> None:
    with open(worktree.create(path, new=True), "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def _left_out(library: Library, components: str) -> list[str]:
    """Return a line for each file that got no entry."""
    lines = [
        f"left   {printable(join(components, one.path))}: {printable(one.why)}"
        + (" (now in orphan-ignore)" if one.pattern else "")
        for one in library.left_out[:_MOST_LEFT_OUT]
    ]
    more = len(library.left_out) - _MOST_LEFT_OUT
    return [*lines, *([f"left   {more:,} more files"] if more > 0 else [])]


def _finish(
    worktree: Worktree, options: Namespace, console: Console, started: float, written: list[str]
) -> int:
    """Offer the hook, check, print the report, and then what to stage.

    The exit code is 0 also with findings: they are what the user has left to do.
    """
    guard = Guard(root=options.root)
    if options.contract:
        _propose_contracts(worktree, guard, console, appends=CONFIG_FILE in written)
    report = guard.check()
    if written or options.hook:
        written = [*written, *hook.offer(worktree, console, report.maps, write=options.hook)]
    console.lines([""])
    untracked = [one.path for one in report.findings if one.code == "JG203" and one.path]
    findings = not_staged_yet(worktree, report, untracked)
    shown = formats.Options(color=console.color, started=started)
    console.lines(formats.render("text", report._replace(findings=findings), shown))
    for problem in report.unreadable:
        console.error(problem)
    report_staging(guard, _directories(guard, [*written, *untracked]), console, "these files")
    return 2 if report.unreadable else 0


def _propose_contracts(
    worktree: Worktree, guard: Guard, console: Console, *, appends: bool
) -> None:
    """Append contracts, as comments, to the configuration that was just written, or print them."""
    from jit_guard.commands.contract_proposal import proposed_contracts

    configuration = guard.configuration()
    lines = proposed_contracts(worktree, configuration.settings)
    if not lines:
        console.lines(["", "No components have enough in common to propose a contract."])
        return
    if appends:
        path = os.path.join(worktree.root, CONFIG_FILE)
        with open(path, "a", encoding="utf-8", newline="\n") as file:
            file.write("\n".join(["", *lines, ""]))
        console.lines([f"added  contracts, as comments, to {CONFIG_FILE}"])
        return
    file_name = (configuration.file or CONFIG_FILE).split(" ")[0]
    console.lines(["", f"Add to {printable(file_name)} what you want to keep:", ""])
    console.lines(f"    {printable(line)}" for line in lines)


def _directories(guard: Guard, paths: list[str]) -> list[str]:
    """Return the paths, with the components directory instead of what is in it."""
    components = guard.configuration().settings.components
    inside = f"{components}/"
    return list(dict.fromkeys(components if one.startswith(inside) else one for one in paths))
