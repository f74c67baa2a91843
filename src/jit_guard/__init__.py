"""jit-guard keeps a goal map and the component files that it names consistent.

from jit_guard import Guard

report = Guard(".").check()
for finding in report.findings:
print(finding.code, finding.path, finding.message)

PYTEST_DONT_REWRITE: a program may import this before it starts pytest, which would otherwise
warn that it is too late to rewrite the assertions of an installed plugin.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jit_guard.errors import ConfigError as ConfigError
    from jit_guard.errors import JitGuardError as JitGuardError
    from jit_guard.errors import MissingComponent as MissingComponent
    from jit_guard.errors import UnreadableError as UnreadableError
    from jit_guard.errors import UsageError as UsageError
    from jit_guard.guard import Guard as Guard
    from jit_guard.just_in_time import (
        handle_just_in_time_generation as handle_just_in_time_generation,
    )
    from jit_guard.report import Finding as Finding
    from jit_guard.report import Report as Report
    from jit_guard.report import Skipped as Skipped
    from jit_guard.version import __version__ as __version__

_MODULES = {
    "ConfigError": "errors",
    "Finding": "report",
    "Guard": "guard",
    "JitGuardError": "errors",
    "MissingComponent": "errors",
    "Report": "report",
    "Skipped": "report",
    "UnreadableError": "errors",
    "UsageError": "errors",
    "__version__": "version",
    "handle_just_in_time_generation": "just_in_time",
}
__all__ = sorted(set(_MODULES) - {"__version__"})  # noqa: PLE0605 - one list of names, not two


def __getattr__(name: str) -> object:
    # Public names are imported on first use (PEP 562), so that the command imports no more
    # than it needs.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"jit_guard.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
