"""What was renamed: the only existing file or directory that has what a missing one had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from jit_guard.sources.answers import Twin

_MOST_ALIKE = 50  # directories with the same file; such a file says little about any of them

Contents = Mapping[str, AbstractSet[str]]  # path below a directory -> ids that the file may have


def only_twins(found: Mapping[str, Sequence[str]]) -> dict[str, Twin]:
    """Return missing file -> its twin, for each that has only one of the orphans found for it."""
    return {path: Twin(next(iter(orphans))) for path, orphans in found.items() if len(orphans) == 1}


def find_twins(
    missing: Mapping[str, Mapping[str, str]], orphans: Mapping[str, Contents]
) -> dict[str, Twin]:
    """Return missing directory -> its twin, if there is only one.

    A twin has every file of the missing directory unchanged, or (not `whole`) more than half.

    Args:
        missing: directory -> the ids of its last committed files, by their paths below it.
        orphans: directory -> its contents.
    """
    having: dict[tuple[str, str], list[str]] = {}
    for orphan, contents in orphans.items():
        for path, ids in contents.items():
            for id_ in ids:
                having.setdefault((path, id_), []).append(orphan)
    found: dict[str, Twin] = {}
    for directory, files in missing.items():
        rare = (having[item] for item in files.items() if item in having)
        likely = {one for some in rare if len(some) <= _MOST_ALIKE for one in some}
        counts = {
            one: sum(id_ in orphans[one].get(path, ()) for path, id_ in files.items())
            for one in likely
        }
        whole = [one for one, count in counts.items() if count == len(files)]
        most = [one for one, count in counts.items() if 2 * count > len(files)]
        if len(whole) == 1:
            found[directory] = Twin(next(iter(whole)))
        elif len(most) == 1:
            found[directory] = Twin(next(iter(most)), whole=False)
    return found
