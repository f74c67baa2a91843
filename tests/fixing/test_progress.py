"""The progress of a fix: its words, and when they are shown."""

from __future__ import annotations

import io
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyte
import pytest

from jit_guard import Guard
from jit_guard.commit import transaction
from jit_guard.fixing import displays
from jit_guard.fixing.displays import (
    Lines,
    LineScreen,
    Live,
    RichScreen,
    display,
    is_terminal,
)
from jit_guard.fixing.interaction import Silent
from jit_guard.fixing.job import FixOptions
from jit_guard.fixing.progress import ELSEWHERE, Display, Running, Tracker, duration
from jit_guard.fixing.session import InterruptedRun
from jit_guard.generators.generator import Generator, Options, Request, Text, Writer
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import Key, Wanted
from jit_guard.text.width import width
from projects import lay_out


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def tracker() -> tuple[Tracker, Clock]:
    clock = Clock()
    return Tracker(clock), clock


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown after a while is shown soon."""
    for name, seconds in (("_EVERY", 0.02), ("_DELAY", 0.05), ("_SHORT", 0.1)):
        monkeypatch.setattr(displays, name, seconds)


def until(condition: Callable[[], object]) -> None:
    """Wait for another thread."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# Words


def test_every_text_has_its_seconds_its_tokens_and_its_pause() -> None:
    one, clock = tracker()
    one.expect(3, 2, "a model")
    one.started("a.txt")
    clock.now += 70
    one.started("longer/b.txt")
    one.tokens("a.txt", 1234)
    one.waiting("longer/b.txt", 30, "429\x1b[2J slow down")
    clock.now += 2
    assert one.state().lines(clock.now, 80, 24) == [
        f"{'a.txt':<12}  1 min 12 s  1,234 tokens",
        "longer/b.txt  2 s  waiting 28 s: 429\\x1b[2J slow down",
        "0/2 generated, 1 min 12 s",
    ]
    clock.now += 28
    assert "waiting" not in "".join(one.state().lines(clock.now, 80, 24))
    one.finished("a.txt", ok=True)
    one.finished("longer/b.txt", ok=False)
    assert one.state().lines(clock.now, 80, 24) == [
        "1/2 generated, 1 failed, 1 min 40 s, about 0 s left"
    ]


def test_the_rest_is_estimated_from_the_texts_that_arrived() -> None:
    one, clock = tracker()
    one.expect(8, 8, "a model")
    for name in "abcd":
        one.started(name)
    assert one.state().left is None
    clock.now += 10
    for name in "abcd":
        one.finished(name, ok=True)
    assert one.state().left == 10  # four more, as many at a time
    for name in "efgh":
        one.started(name)
    clock.now += 6
    assert one.state().left == 4
    clock.now += 20  # they take longer than the first ones
    assert one.state().left == 0

    one, clock = tracker()
    one.expect(3, 3, "a model")
    assert one.state().words() == "0/3 generated, 0 s"
    assert one.state().seconds == 0
    one.started("a")
    clock.now += 10
    one.finished("a", ok=True)
    assert one.state().left == 20  # two more, one at a time


def test_another_text_for_a_component_counts_as_one_more() -> None:
    one, _ = tracker()
    one.expect(1, 1, "a model")
    for _ in range(2):
        one.started("a")
        one.finished("a", ok=True)
    assert one.state().words().startswith("2/2 generated")


@pytest.mark.parametrize("columns", [8, 20, 30, 80])
def test_pictures_fit_the_terminal(columns: int) -> None:
    one, clock = tracker()
    one.expect(40, 40, "a model")
    for number in range(30):
        path = f"components/personas/autogen_persona_for_会议纪要与记录员_{number}.txt"
        one.started(path)
        one.tokens(path, 10**number)
        one.waiting(path, 12345, "the server 会议 answered 429 " * number)
    one.finished("components/personas/autogen_persona_for_会议纪要与记录员_0.txt", ok=True)
    clock.now += 4000
    lines = one.state().lines(clock.now, columns, 10)
    assert len(lines) == 9
    assert lines[-2].startswith("… and 2")
    assert max(map(width, lines)) <= columns


def test_a_narrow_terminal_has_the_number_alone_until_the_rest_can_be_estimated() -> None:
    one, _ = tracker()
    one.expect(20, 20, "a model")
    assert one.state().words(16) == "0/20"
    one.started("a.txt")
    one.finished("a.txt", ok=False)
    assert one.state().words(20) == "0/20, 1 failed"


def test_a_short_terminal_has_the_whole_and_the_end_of_each_name() -> None:
    one, clock = tracker()
    one.expect(2, 2, "a model")
    for name in ("first", "second"):
        one.started(f"components/personas/autogen_persona_for_{name}.txt")
    one.finished("components/personas/autogen_persona_for_first.txt", ok=True)
    clock.now += 3
    assert one.state().lines(clock.now, 20, 24) == ["…for_second.txt  3 s", "1/2, 0 s left"]


def test_a_picture_is_as_high_and_as_wide_as_the_terminal() -> None:
    one, clock = tracker()
    one.expect(3, 3, "a model")
    for name in "abc":
        one.started(f"components/personas/{name * 40}.txt")
    one.tokens(f"components/personas/{'a' * 40}.txt", 1234)
    clock.now += 72
    whole, words = "0/3 generated, 1 min 12 s", "1 min 12 s  1,234 tokens"
    for rows, shown in ((9, 3), (5, 3), (4, 1), (3, 0), (2, 0), (1, 0)):
        lines = one.state().lines(clock.now, 80, rows)
        more = [f"… and {3 - shown} more"] if shown < 3 else []
        assert lines[shown:] == [*more, whole]
    for columns, name in (
        (90, f"components/personas/{'a' * 40}.txt"),
        (89, f"…mponents/personas/{'a' * 40}.txt"),
        (46, f"…{'a' * 15}.txt"),
        (40, f"…{'a' * 15}.txt"),
        (30, f"…{'a' * 10}.txt"),
    ):
        line, *_ = one.state().lines(clock.now, columns, 9)
        full = f"{name}  {words}"
        assert line == (full if len(full) <= columns else f"{full[: columns - 1]}…")
    assert one.state().words(len(whole)) == whole
    assert one.state().words(len(whole) - 1) == "0/3"


def test_only_a_pause_that_is_one_replaces_another() -> None:
    one, clock = tracker()
    one.started("a")
    one.waiting("a", 30, "429")
    for seconds in (0, -0.5):
        one.waiting("a", seconds, "no pause")
    assert one.state().running[0].words(clock.now) == "0 s  waiting 30 s: 429"
    one.waiting("a", 0.75, "503")
    assert one.state().running[0].words(clock.now) == "0 s  waiting 1 s: 503"


def test_odd_reports_of_a_plugin_change_nothing() -> None:
    one, clock = tracker()
    one.started("a")
    odd: list[Any] = [-1, 1.5, None, "7", True, 10**30]
    for value in odd:
        one.tokens("a", value)
    one.tokens("b", 5)
    one.waiting("b", 5, "no such text")
    one.waiting("a", float("nan"), "")
    one.waiting("a", -3, "")
    one.finished("b", ok=True)
    assert [line.words(clock.now) for line in one.state().running] == ["0 s"]


def test_a_pause_has_no_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSE_TOKEN", "t0ken-of-the-house")
    one, clock = tracker()
    one.started("a")
    one.waiting("a", 5, "refused t0ken-of-the-house")
    assert "t0ken" not in one.state().running[0].words(clock.now)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        *((-1, "0 s"), (0.4, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (125, "2 min 5 s")),
        *((3599, "59 min 59 s"), (3600, "1 h 0 min"), (3780, "1 h 3 min")),
        *((7080, "1 h 58 min"), (7200, "2 h 0 min")),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


# In a pipe


def lines(silence: float = 60.0) -> tuple[Lines, list[str]]:
    said: list[str] = []
    return Lines(said.append, silence), said


def test_in_a_pipe_every_committed_text_has_a_line() -> None:
    one, said = lines()
    one.expect(3, 2, "gpt-5-mini")
    for path in ("a", "b", "c"):
        one.committed(path)
    one.close()
    assert said == ["generating 2 texts with gpt-5-mini", "1/3 a", "2/3 b", "3/3 c"]


def test_in_a_pipe_a_pause_is_announced_once_for_all_texts() -> None:
    one, said = lines()
    for path in ("a", "b"):
        one.started(path)
        one.waiting(path, 30, "429")
    one.waiting("a", 0.5, "too short to mention")
    one.waiting("a", 90, "429 again")
    one.close()
    assert said == ["waiting 30 s: 429", "waiting 1 min 30 s: 429 again"]


def test_in_a_pipe_nothing_is_silent_for_long() -> None:
    one, said = lines(silence=0.1)
    one.expect(1, 1, "a model")
    one.started("components/a.txt")
    until(lambda: len(said) >= 3)
    one.close()
    assert said[:2] == [
        "generating 1 text with a model",
        "0/1 generated, 0 s; components/a.txt: 0 s",
    ]


def test_in_a_pipe_the_longest_silence_is_ten_seconds() -> None:
    said: list[str] = []
    one, clock = Lines(said.append), Clock()
    clock.now = one.clock()
    one.clock = clock
    one.started("a.txt")
    for seconds in (9.9, 0.2, 9.8, 0.3):
        clock.now += seconds
        one.tick()
    whole = "0/1 generated, {0}; a.txt: {0}"
    assert said == [whole.format("10 s"), whole.format("20 s")]
    for seconds in (0.9, 1.0):
        one.waiting("a.txt", seconds, "too short to mention")
    one.waiting("a.txt", 1.1, "429")
    assert said[2:] == ["waiting 1 s: 429"]


@pytest.mark.usefixtures("quick")
def test_in_a_pipe_the_wait_for_another_process_is_announced_soon() -> None:
    one, said = lines(silence=60.0)
    began = time.monotonic()
    with one.blocked("components/a.txt"):
        until(lambda: said)
    one.close()
    assert time.monotonic() - began < 2.5
    assert said[0].startswith("components/a.txt: ")
    assert said[0].endswith("generated by another jit-guard process")


def test_in_a_pipe_the_oldest_text_is_named_a_second_after_the_wait_began() -> None:
    said: list[str] = []
    one, one.clock = Lines(said.append), (clock := Clock())
    with one.blocked("a"), one.blocked("b"):
        for seconds in (0, 0.75, 0.25, 9.25, 0.75):
            clock.now += seconds
            one.tick()
    one.close()
    elsewhere = "generated by another jit-guard process"
    assert said == [f"a: 1 s  {elsewhere}", f"a: 11 s  {elsewhere}"]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("error", [BrokenPipeError, ValueError, ImportError])
def test_a_pipe_that_is_closed_ends_the_thread_and_not_the_run(error: type[Exception]) -> None:
    def note(_: str) -> None:
        raise error

    one = Lines(note, 0.05)
    with one.blocked("a"):
        until(lambda: one._thread and not one._thread.is_alive())
    one.close()


# On a terminal


class Screen:
    """A screen that records what happens to it."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def draw(self, tracker: Tracker) -> None:
        self.events.append(tracker.state().words())

    def clear(self) -> None:
        self.events.append("clear")


@pytest.mark.usefixtures("quick")
def test_a_question_has_the_screen_for_itself() -> None:
    screen = Screen()
    one = Live(screen)
    one.expect(1, 1, "a model")
    one.started("a")
    until(lambda: any(one.startswith("0/1 generated, ") for one in screen.events))
    with one.paused():
        assert screen.events[-1] == "clear"
        before = len(screen.events)
        time.sleep(0.15)
        assert len(screen.events) == before
    until(lambda: len(screen.events) > before)
    one.close()
    assert screen.events[-1] == "clear"
    assert threading.active_count() < 50
    assert not any(thread.name == "jit-guard-progress" for thread in threading.enumerate())


@pytest.mark.usefixtures("quick")
def test_the_wait_for_another_process_is_live() -> None:
    screen = Screen()
    one = Live(screen)
    with one.blocked("components/a.txt"):
        assert [line.path for line in one.state().running] == ["components/a.txt"]
        until(lambda: any(one.startswith("0/0 generated, ") for one in screen.events))
    assert one.state().running == ()
    one.close()


def test_a_picture_is_drawn_eight_times_a_second_until_the_process_ends() -> None:
    class Counted(Live):
        ticks = 0

        def tick(self) -> None:
            self.ticks += 1

    one = Counted(Screen())
    one.started("a")
    one.started("b")
    names = [thread.name for thread in threading.enumerate()]
    assert names.count("jit-guard-progress") == 1
    assert one._thread
    assert one._thread.daemon  # nothing waits for it
    until(lambda: one.ticks == 2)
    time.sleep(0.05)
    assert one.ticks < 9
    one.close()


def test_a_fast_run_draws_nothing() -> None:
    screen = Screen()
    one = Live(screen)
    one.started("a")
    time.sleep(0.2)
    one.finished("a", ok=True)
    one.close()
    assert set(screen.events) == {"clear"}


def test_without_rich_the_whole_and_one_text_share_a_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = io.StringIO()
    screen = LineScreen(out)
    one, clock = tracker()
    one.expect(2, 2, "a model")
    path = "components/personas/autogen_persona_for_greet.txt"
    one.started(path)
    one.started("another.txt")
    screen.clear()
    assert out.getvalue() == ""
    used = 0
    for columns, shown in [
        (30, "0/2 generated, 5 s"),
        (51, "0/2 generated, 5 s; …en_persona_for_greet.txt  5 s"),
        (60, "0/2 generated, 5 s; …nas/autogen_persona_for_greet.txt  5 s"),
        (90, f"0/2 generated, 5 s; {path}  5 s"),
        (50, "0/2 generated, 5 s"),
    ]:
        monkeypatch.setenv("COLUMNS", str(columns))
        clock.now = 1005
        screen.draw(one)
        last = out.getvalue().rpartition("\r")[2]
        assert last == shown + " " * (used - len(shown))
        used = len(shown)
    for _ in range(2):
        screen.clear()
    assert out.getvalue().endswith(f"{last}\r{' ' * 18}\r")


def test_rich_draws_the_lines_in_place_and_removes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rich", reason="the extra jit-guard[openai] is not installed")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", "10")
    out = io.StringIO()
    seen = pyte.Screen(60, 10)

    def shown() -> list[str]:
        pyte.Stream(seen).feed(out.getvalue().replace("\n", "\r\n"))
        out.seek(0)
        out.truncate()
        return [line.rstrip() for line in seen.display if line.strip()]

    screen = RichScreen(out)
    one, clock = tracker()
    one.expect(2, 2, "a model")
    for path in ("a.txt", "b[red].txt"):
        one.started(path)
    out.write("Answer? yes")  # typed before it was asked for
    before = sys.stdout, sys.stderr, threading.active_count()
    for seconds in (1, 2):
        clock.now = 1000 + seconds
        screen.draw(one)
        words = f"{seconds} s"
        assert shown()[-3:] == [
            f"a.txt       {words}",
            f"b[red].txt  {words}",
            f"0/2 generated, {words}",
        ]
        assert (sys.stdout, sys.stderr, threading.active_count()) == before
    screen.clear()
    assert not [line for line in shown() if "generated" in line or ".txt" in line]
    screen.clear()
    assert out.getvalue() == ""


def test_between_two_texts_the_screen_is_empty() -> None:
    screen = Screen()
    one = Live(screen)
    one.tick()
    assert screen.events == ["clear"]
    one.clock = lambda: time.monotonic() + 1  # no fast run any more
    with one.lock:
        one._running["a"] = Running("a", 0.0)
        one.tick()
    assert screen.events == ["clear", "0/0 generated, 0 s"]
    one.close()


def test_a_display_that_shows_nothing_stops_nothing() -> None:
    one = Display()
    with one.paused(), one.blocked("components/a.txt"):
        one.expect(1, 1, "a model")
        one.committed("components/a.txt")
    one.close()


def test_the_display_depends_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def chosen(stream: io.StringIO, **environ: str) -> Display:
        return display(stream, print, environ=environ)

    closed = Terminal()
    closed.close()
    assert [is_terminal(one) for one in (None, closed, io.StringIO(), Terminal())] == [
        *(False, False, False),
        True,
    ]
    assert isinstance(chosen(io.StringIO()), Lines)
    assert isinstance(chosen(Terminal(), TERM="dumb"), Lines)
    assert isinstance(chosen(Terminal(), CI="true"), Lines)
    assert type(display(Terminal(), print, quiet=True, environ={})) is Display
    live = chosen(Terminal(), TERM="xterm")
    assert isinstance(live, Live)
    assert isinstance(live._screen, RichScreen)
    monkeypatch.setitem(sys.modules, "rich", None)
    live = chosen(Terminal())
    assert isinstance(live, Live)
    assert isinstance(live._screen, LineScreen)


# In a run


class Recorder(Display):
    """A display that records what it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    def expect(self, texts: int, generated: int, by: str) -> None:
        self.events.append(("expect", texts, generated, by))

    def started(self, path: str) -> None:
        self.events.append(("started", path))

    def tokens(self, path: str, count: int) -> None:
        self.events.append(("tokens", path, count))

    def finished(self, path: str, *, ok: bool) -> None:
        self.events.append(("finished", path, ok))

    def committed(self, path: str) -> None:
        self.events.append(("committed", path))

    @contextmanager
    def blocked(self, component: str, reason: str = ELSEWHERE) -> Iterator[None]:
        self.events.append(("blocked", component))
        yield

    def close(self) -> None:
        self.events.append(("close",))


def generator(write: Callable[[Request, Options], str]) -> Generator:
    return Generator(
        "own",
        "a test's own",
        lambda options: Writer(lambda request: Text(write(request, options)), model="m"),
        network=False,
        paid=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    goals = {"B": {"persona": "b.txt"}, "A": {"persona": "a.txt", "protocol": "a.md"}}
    return lay_out(tmp_path, {"goal_map.json": json.dumps(goals)})


def test_a_run_reports_each_text_from_its_request_to_its_commit(project: Path) -> None:
    def write(request: Request, options: Options) -> str:
        options.progress.tokens(request.path, 3)
        return "" if request.goal == "B" else "A text.\n"

    shown = Recorder()
    options = FixOptions(generator=generator(write), jobs=1, consent=True)
    Guard(project).fix(options, Silent(yes=True, progress=shown))
    b, a = (f"components/personas/autogen_persona_for_{goal}.txt" for goal in "ba")
    assert shown.events[0] == ("expect", 3, 3, "m")
    assert shown.events[-1] == ("close",)
    for path, last in [(a, ("committed", a)), (b, ("finished", b, False))]:
        events = [one for one in shown.events if path in one]
        assert events[:2] == [("started", path), ("tokens", path, 3)]
        assert events[2] == ("finished", path, path == a)
        assert events[-1] == last


def test_a_text_does_not_wait_for_the_next_one_to_be_committed(project: Path) -> None:
    first = project / "components/personas/autogen_persona_for_b.txt"
    waited: list[bool] = []

    def write(request: Request, options: Options) -> str:
        if request.goal != "B":
            for _ in range(100):
                if first.exists():
                    break
                time.sleep(0.05)
            waited.append(first.exists())
        return "A text.\n"

    options = FixOptions(generator=generator(write), jobs=3, consent=True)
    Guard(project).fix(options, Silent(yes=True))
    assert waited == [True, True]


def test_the_report_is_in_the_order_of_the_map(project: Path) -> None:
    waits = {"b.txt": 0.3, "a.md": 0.0, "a.txt": 0.15}

    def write(request: Request, options: Options) -> str:
        time.sleep(waits[request.path.rpartition("_")[2]])
        return "A text.\n"

    shown = Recorder()
    options = FixOptions(generator=generator(write), jobs=3, consent=True)
    report = Guard(project).fix(options, Silent(yes=True, progress=shown))
    finished = [one[1][-5:] for one in shown.events if one[0] == "finished"]
    assert finished == ["_a.md", "a.txt", "b.txt"]
    assert [(one.goal, one.component_type) for one in report.fixed] == [
        ("B", "persona"),
        ("A", "persona"),
        ("A", "protocol"),
    ]


def test_a_text_of_another_process_is_shown_as_one(project: Path) -> None:
    component = "components/personas/b.txt"
    with Ledger(str(project)) as other:

        class Shown(Recorder):
            @contextmanager
            def blocked(self, component: str, reason: str = ELSEWHERE) -> Iterator[None]:
                with super().blocked(component, reason):
                    other.release([component])
                    yield

        other.claim([Wanted(component, Key("B", "persona", "x", "", "", "", ""))])
        shown = Shown()
        options = FixOptions(generator="scaffold", only=component)
        Guard(project).fix(options, Silent(yes=True, progress=shown))
    assert shown.events[0] == ("blocked", component)
    assert shown.events[-2][0] == "committed"


def test_a_draft_that_is_edited_while_its_text_is_generated_stays(project: Path) -> None:
    Guard(project).fix(FixOptions(generator="scaffold"), Silent(yes=True))
    draft = project / "components/personas/autogen_persona_for_b.txt"

    def write(request: Request, options: Options) -> str:
        if request.goal == "B":
            draft.write_text("Mine.\n")
        return "A model's text.\n"

    options = FixOptions(generator=generator(write), consent=True)
    report = Guard(project).fix(options, Silent(yes=True))
    assert draft.read_text() == "Mine.\n"
    assert len(report.fixed) == 2
    (message,) = report.messages
    assert message.endswith(
        "_for_b.txt was edited while its text was generated; it stays as it is, and the text "
        "stays in the ledger"
    )


@pytest.mark.parametrize(("times", "recorded"), [(1, True), (2, False)])
def test_ctrl_c_during_a_commit_takes_effect_after_it(
    times: int, recorded: bool, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = transaction.commit

    def interrupted(*arguments: Any) -> Any:
        done = commit(*arguments)
        for _ in range(times):  # for the second one, the user does not want to wait
            signal.raise_signal(signal.SIGINT)
        return done

    monkeypatch.setattr("jit_guard.fixing.placing.commit", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(InterruptedRun) as caught:
            Guard(project).fix(FixOptions(generator="scaffold"), Silent(yes=True))
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert (len(caught.value.outcome.fixed) == 3) is recorded
