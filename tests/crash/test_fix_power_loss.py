"""Power loss during a whole `jit-guard --fix`, including its SQLite ledger.

SQLite is tested as well: its journal, its syncs and its recovery run on every disk that a crash
may leave, with our settings (DELETE, synchronous = EXTRA).
"""

from __future__ import annotations

import os
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

import pytest

from crash.conftest import Record
from crash.disk_model import Crash, Disk, _Names, _Sync, _Write, write_state
from crash.fix_project import TEXT, FixProject
from crash.tracing import Call, trace_command, why_not_strace
from sampling import FULL, SEED, sample

_WHY_NOT = why_not_strace()
pytestmark = pytest.mark.skipif(_WHY_NOT is not None, reason=str(_WHY_NOT))
_AT_EACH_SYNC = 200 if FULL else 2  # disks
_LEDGER = ".jit-guard/ledger.db"


class Traced:
    """One run and its model. `asked` and `stored` are points in time, as numbers of events.

    Args:
        project: where it runs.
        without: calls that were not made, for a control.
    """

    def __init__(self, project: FixProject, without: Callable[[Disk, Call], bool]) -> None:
        project.lay_out()
        calls, ran = trace_command(
            project.command,
            cwd=os.path.dirname(project.root),
            log=f"{project.root}.strace",
            env=project.env,
        )
        assert ran.returncode == project.done, ran
        self.disk = Disk(project.root, project.before)
        self.asked = self.stored = self.journals = 0
        written = committed = False
        for call in calls:
            # The text in the ledger, then the removal of the journal, then its sync.
            if call.name == "fork" and not call.args[1] and not self.asked:
                self.asked = len(self.disk.events)
            before = len(self.disk.events)
            if not without(self.disk, call):
                self.disk.replay([call])
            for number, event in enumerate(self.disk.events[before:], before):
                if isinstance(event, _Write) and TEXT.encode() in event.data:
                    written = written or self._is(event.inode, _LEDGER)
                elif isinstance(event, _Names) and event.changes[0][1:] == (
                    "ledger.db-journal", None,
                ):  # fmt: skip
                    self.journals += 1
                    committed = written
                elif not committed or self.stored or not isinstance(event, _Sync):
                    continue
                elif self._is(event.inode, ".jit-guard"):
                    self.stored = number

    def _is(self, inode: int, path: str) -> bool:
        return self.disk._names_walk(path) == inode


def _chosen(crashes: Sequence[Crash], most: int) -> Iterator[Crash]:
    """Return all disks at each crash point, or a sample."""
    at: dict[int, list[Crash]] = defaultdict(list)
    for crash in crashes:
        at[crash.after].append(crash)
    for after, some in at.items():
        chance = random.Random(f"{SEED} {after}")
        yield from some if len(some) <= most else chance.sample(some, most)


@pytest.mark.parametrize("generator", ["command", "scaffold"])
def test_power_loss_during_a_fix(generator: str, fast_directory: str, record: Record) -> None:
    project = FixProject(fast_directory, generator)
    run = Traced(project, lambda *_: False)
    assert {path: run.disk.now().get(path) for path in project.new} == project.new
    if generator == "command":
        assert 0 < run.asked < run.stored < len(run.disk.events)
    ends: Counter[str] = Counter()
    crashes = list(run.disk.crashes())
    chosen = list(_chosen(crashes, _AT_EACH_SYNC))
    for crash in chosen:
        at = f"after {crash.after} of {len(run.disk.events)} events"
        write_state(project.root, crash.state)
        project.asked(generator == "command" and crash.after > run.asked)
        if run.stored and crash.after > run.stored:
            assert project.texts(), f"{at}: a text is lost"
        if crash.done:
            project.is_new(at)
        ends[project.ends_well(at)] += 1
    record(
        f"power loss, --fix, {generator}: {len(chosen)} of {len(crashes)} disks, {run.journals} "
        f"commits of the ledger, {dict(ends)}, nothing else, no text paid for twice"
    )
    assert {one.partition(",")[0] for one in ends} == {"old", "new"}


def test_without_the_syncs_of_the_ledger_a_text_is_lost(
    fast_directory: str, record: Record
) -> None:
    """The control: the same run without the syncs of SQLite."""
    project = FixProject(fast_directory)

    def of_the_ledger(disk: Disk, call: Call) -> bool:
        if call.name != "fsync":
            return False
        handle = disk._open.get(call.process, {}).get(call.args[0])
        names = {name for (_, name), inode in disk._names.items() if handle and inode == handle[0]}
        return any(name.startswith("ledger.db") for name in names)

    whole, run = Traced(project, lambda *_: False), Traced(project, of_the_ledger)
    assert whole.stored
    lost = 0
    chosen = [crash for crash in run.disk.crashes() if crash.after > run.stored]
    chosen = sample(chosen, 60)
    for crash in chosen:
        write_state(project.root, crash.state)
        try:
            lost += not project.texts()
        except Exception:  # noqa: BLE001  (a corrupted ledger is a loss, too)
            lost += 1
    record(f"power loss, --fix, control, no sync of the ledger: {lost} of {len(chosen)} lost")
    assert lost
