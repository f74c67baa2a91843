"""The orphans that neither the configuration nor git ignores."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice

from jit_guard.comparison.result import Comparison, Orphans
from jit_guard.config import Settings
from jit_guard.errors import ConfigError, UnreadableError
from jit_guard.text.printable import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jit_guard.sources.source import Source

_LEAST_TIME = 5.0  # seconds to match the patterns of orphan-ignore,
_MATCHING = 5e-5  # plus this per pattern and file; usually it takes 1 or 2 microseconds
_BATCH = 50_000  # orphans per call to git that finds ignored files


def without_ignored(
    source: Source, settings: Settings, comparison: Comparison, undecided: list[UnreadableError]
) -> tuple[Orphans, list[str]]:
    """Return the orphans that neither the configuration nor git ignores, and notes.

    If git fails, the error is added to `undecided` and there are no orphans.
    """
    orphans = comparison.orphans
    notes: list[str] = []
    if settings.orphan_ignore:
        from jit_guard.text.gitignore import Ignored, SlowError

        usual = len(orphans) * len(settings.orphan_ignore) * _MATCHING
        patterns = Ignored(settings.orphan_ignore, _LEAST_TIME + usual)
        start = len(comparison.top) + 1 if comparison.top else 0
        dropped: set[str] = set()
        for path in orphans:
            try:
                if patterns.check(path[start:]):
                    dropped.add(path)
            except SlowError as error:
                slow = quote(settings.orphan_ignore[error.index])
                raise ConfigError([f"orphan-ignore: {slow} takes too long to match"]) from None
        orphans = orphans.without(dropped)
        notes = idle(settings.orphan_ignore, patterns.used)
    ignored: set[str] = set()
    paths = iter(orphans)
    try:
        while some := list(islice(paths, _BATCH)):
            ignored |= source.ignored(some)
    except UnreadableError as error:
        undecided.append(error)
        return Orphans(), notes
    return orphans.without(ignored), notes


def idle(patterns: Sequence[str], used: Collection[int] = ()) -> list[str]:
    """Return a note for each pattern that decided about no file."""
    return [
        f"orphan-ignore: {quote(pattern)} matches nothing"
        for index, pattern in enumerate(patterns)
        if index not in used and pattern.strip() and not pattern.startswith("#")
    ]
