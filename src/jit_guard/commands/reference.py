"""Examples, exit codes and environment variables of the commands.

`--help`, the manual page and `docs/commands.md` print them, beside the options.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Reference(NamedTuple):
    """What a command's help says beyond its options.

    Attributes:
        examples: commands, each with what it does.
        exits: the exit codes whose meaning differs from `EXITS`.
        variables: the names of the environment variables that it reads, beside `COMMON`.
    """

    examples: tuple[tuple[str, str], ...]
    exits: Mapping[int, str] = MappingProxyType({})
    variables: tuple[str, ...] = ()


EXITS = {
    0: "it is done",
    2: "the call, the configuration or the environment is wrong",
    3: "an internal error (-v shows the traceback)",
    130: "interrupted",
}
COMMON = ("NO_COLOR", "FORCE_COLOR")
_LEDGER = ("JIT_GUARD_LEDGER", "JIT_GUARD_PROJECT")
VARIABLES = {
    "CI": "nothing that costs money is chosen automatically, and progress is printed as lines",
    "COLUMNS": "width of the output, if the terminal does not know it",
    "FORCE_COLOR": "use colours, even in a pipe",
    "FORCE_HYPERLINK": "0: no hyperlinks on a terminal; 1: hyperlinks on any terminal",
    "JIT_GUARD_COMMAND": "program that writes each text, as --command",
    "JIT_GUARD_LEDGER": "URL of a PostgreSQL server, for one ledger of several machines",
    "JIT_GUARD_NO_NETWORK": "1: refuse every generator that uses the network",
    "JIT_GUARD_PROJECT": "name of the project in that ledger (default: from the git remote)",
    "NO_COLOR": "use no colours, and no hyperlinks",
    "OPENAI_API_KEY": "key of the server of models",
    "OPENAI_BASE_URL": "URL of an OpenAI-compatible server, as --base-url",
    "PRE_COMMIT": "1: this is a git hook; nothing is asked, and written files exit with 1",
    "PRE_COMMIT_TO_REF": "commit that --source commit checks: the one that is pushed",
    "VISUAL, EDITOR": "editor for a text before it is used (default: vi)",
}
REFERENCES = {
    "check": Reference(
        (
            ("jit-guard", "check the project that contains the working directory"),
            ("jit-guard --fix --dry-run", "show what --fix would do, as a diff"),
            ("jit-guard --fix --yes", "fix without asking"),
            ("jit-guard --source index", "check what is staged in git"),
            ("jit-guard --format concise", "print one line per finding"),
            ("jit-guard --format text --format sarif=out.sarif", "write two reports"),
        ),
        {
            0: "nothing is wrong; with --strict there is no warning, either",
            1: "there are findings, or --dry-run has something to do",
        },
        (
            "CI",
            "COLUMNS",
            "FORCE_HYPERLINK",
            "JIT_GUARD_COMMAND",
            "JIT_GUARD_LEDGER",
            "JIT_GUARD_NO_NETWORK",
            "JIT_GUARD_PROJECT",
            "OPENAI_API_KEY",
            "OPENAI_BASE_URL",
            "PRE_COMMIT",
            "PRE_COMMIT_TO_REF",
            "VISUAL, EDITOR",
        ),
    ),
    "init": Reference(
        (
            ("jit-guard init", "configure what exists, or write an example project"),
            ("jit-guard init --components prompts", "bring the library in prompts/ in"),
            ("jit-guard init --contract", "propose what all components of a type have in common"),
        ),
        {0: "it is done; findings are what is left to do"},
    ),
    "explain": Reference(
        (
            ("jit-guard explain", "list all rules"),
            ("jit-guard explain JG201", "explain one rule, with examples"),
        )
    ),
    "recover": Reference(
        (
            ("jit-guard recover", "finish a commit that was interrupted"),
            ("jit-guard recover --abandon", "undo it; its texts stay in the ledger"),
        ),
        variables=_LEDGER,
    ),
    "prune": Reference(
        (
            ("jit-guard prune --dry-run", "show the files that no entry names"),
            ("jit-guard prune --force", "remove them all without asking"),
        ),
        {1: "something was kept, or --dry-run would remove something"},
    ),
    "mv": Reference(
        (
            (
                "jit-guard mv components/protocols/triage.md components/protocols/alerts.md",
                "rename a component and set its entries",
            ),
            (
                "jit-guard mv --dry-run components/protocols/web components/protocols/site",
                "show what the rename of a directory would do",
            ),
        ),
        variables=_LEDGER,
    ),
    "log": Reference(
        (
            ("jit-guard log -n 5", "show the newest five texts"),
            ("jit-guard log GREET persona -v", "show the texts of one component, in full"),
        ),
        variables=_LEDGER,
    ),
    "selftest": Reference(
        (("jit-guard selftest", "prove that every rule fires on this project"),),
        {0: "every rule fired", 3: "a rule never fires, or always does, or an internal error"},
    ),
    "config": Reference((("jit-guard config", "show each setting and where it comes from"),)),
    "completion": Reference(
        (
            (
                "jit-guard completion bash > ~/.local/share/bash-completion/completions/jit-guard",
                "complete in bash",
            ),
            ("jit-guard completion zsh > ~/.zfunc/_jit-guard", "in zsh, if fpath has ~/.zfunc"),
            ("jit-guard completion fish > ~/.config/fish/completions/jit-guard.fish", "in fish"),
        )
    ),
}


def reference(name: str) -> Reference:
    """Return what is said about a command."""
    return REFERENCES.get(name, Reference(()))


def exits(name: str) -> dict[int, str]:
    """Return the exit codes of a command."""
    return dict(sorted({**EXITS, **reference(name).exits}.items()))


def variables(name: str) -> dict[str, str]:
    """Return the environment variables that a command reads."""
    names = sorted((*COMMON, *reference(name).variables))
    return {name: VARIABLES[name] for name in names}
