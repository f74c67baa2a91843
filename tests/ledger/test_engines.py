"""What every engine of the ledger promises: texts are kept, and a component has one worker."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jit_guard.generators.generator import Text, Usage
from jit_guard.ledger.choice import open_engine
from jit_guard.ledger.history import history, replacements, reusable, stored
from jit_guard.ledger.ledger import Ledger, record_moves
from jit_guard.ledger.records import Arrival, Key, Placed, Stored, Wanted
from ledger_work import KEY, OTHER, REQUEST, WANTED, arrival, buy, end, in_a_fork, offered, worker

ANY = st.text(st.characters())  # including NUL and lone surrogates, which JSON can contain

pytestmark = pytest.mark.usefixtures("engine")


def test_a_text_is_found_again_by_its_key(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        assert offered(ledger) is None
        (stored,) = ledger.arrived([arrival()])
        assert stored == Stored(stored.id, "Hello.\n", False, "command", False)
    with Ledger(str(tmp_path)) as ledger:
        assert offered(ledger) == "Hello.\n"


def test_everything_in_the_key_counts(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.arrived([arrival()])
        for field in Key._fields:
            other = Wanted(WANTED.component, KEY._replace(**{field: "another"}))
            assert offered(ledger, other) is None, field
        better = Wanted(WANTED.component, KEY._replace(goal="X"), ("none", KEY.digest()))
        assert offered(ledger, better) == "Hello.\n"


def test_the_place_of_the_missing_file_does_not_count(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.arrived([arrival()])
        assert offered(ledger, WANTED._replace(component="elsewhere")) == "Hello.\n"


def test_the_latest_text_is_offered(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.arrived([arrival("old"), arrival("new")])
        assert offered(ledger) == "new"


def test_a_rejected_text_is_not_offered_again(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        old, new = ledger.arrived([arrival("old"), arrival("new")])
        ledger.reject(new.id, "the user said no")
        assert offered(ledger) == "old"
        ledger.reject(old.id, "the user said no")
        assert offered(ledger) is None


def test_a_committed_text_is_offered_again(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        (stored,) = ledger.arrived([arrival()])
        ledger.committed([Placed(stored.id, REQUEST.path, b"Hello.\n")])
        assert offered(ledger) == "Hello.\n"


def test_fresh_ignores_texts_from_before_the_run(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.arrived([arrival("old")])
        began = ledger.last()
        assert offered(ledger, after=began) is None
        ledger.arrived([arrival("new")])
        assert offered(ledger, after=began) == "new"


@settings(max_examples=25)  # each creates a ledger and waits for the disk
@given(content=ANY, word=ANY)
def test_any_text_survives_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, content: str, word: str
) -> None:
    root = str(tmp_path_factory.mktemp("root"))
    os.environ["JIT_GUARD_PROJECT"] = root
    key = Key(word, word, word, word, "command", word, word)
    details: dict[Any, Any] = {"odd": {1, 2}, word: word, (1, 2): "no key of JSON"}
    text = Text(content, details=details)
    with Ledger(root) as ledger:
        request = REQUEST._replace(goal=word, description=word, path=word)
        ledger.arrived([Arrival(Wanted(word, key), request, text, 0.0)])
        assert offered(ledger, Wanted(word, key)) == content
    (record,) = history(root, goal=word)
    assert record.usage == Usage()


def test_the_log_shows_everything_that_led_to_a_text(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.arrived([arrival()])
    (record,) = history(str(tmp_path))
    assert record[1:8] == (*KEY[:2], REQUEST.path, "waves", "command", "cat-2", Usage(10, 20, 1))
    assert record.asked == 1.5
    assert record.arrived > 1.5


def test_the_log_is_filtered_by_goal_and_type(tmp_path: Path) -> None:
    other = Wanted("other", KEY._replace(goal="LEAVE", component_type="protocol"))
    with Ledger(str(tmp_path)) as ledger:
        ledger.arrived([arrival(), arrival(wanted=other)])
    root = str(tmp_path)
    assert [one.goal for one in history(root)] == ["GREET", "LEAVE"]
    assert [one.goal for one in history(root, "LEAVE")] == ["LEAVE"]
    assert [one.goal for one in history(root, "LEAVE", "protocol")] == ["LEAVE"]
    assert list(history(root, "LEAVE", "persona")) == []


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (b"Hello.\n", "as generated"),
        (b"Hello.\r\n", "as generated"),
        (b"Hello!\n", "edited by hand"),
        (None, "gone"),
    ],
)
def test_the_log_shows_what_became_of_a_text(
    tmp_path: Path, data: bytes | None, state: str
) -> None:
    with Ledger(str(tmp_path)) as ledger:
        (stored,) = ledger.arrived([arrival()])
        ledger.committed([Placed(stored.id, REQUEST.path, b"Hello.\n")])
    (record,) = history(str(tmp_path))
    assert record.state(data) == state


def test_a_text_whose_commit_was_not_recorded_is_recognized_by_its_hash(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.arrived([arrival("Hello.")])
    (record,) = history(str(tmp_path))
    assert record.state(b"Hello.\n") == "as generated"
    assert record.state(b"theirs") == record.state(None) == "not committed"


def test_stored_texts_can_be_read_without_a_claim(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        assert ledger.stored(WANTED) is None
        (stored,) = ledger.arrived([arrival()])
        assert ledger.stored(WANTED) == stored
        assert ledger.stored(WANTED, after=stored.id) is None
        assert not list((tmp_path / ".jit-guard").glob("claims/*"))


def test_the_ledger_records_where_texts_were_placed(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        first, second = ledger.arrived([arrival(), arrival()])
        assert replacements(str(tmp_path)) == {}
        ledger.committed([Placed(first.id, "old", b""), Placed(second.id, "new", b"")])
        assert replacements(str(tmp_path)) == {WANTED.component: "new"}


def test_only_one_process_can_claim_a_component(tmp_path: Path) -> None:
    process = worker(tmp_path)
    with Ledger(str(tmp_path)) as ledger:
        mine, other = ledger.claim([WANTED, OTHER])
        assert mine is None
        assert other is not None
        assert not ledger.wait(WANTED.component, 0.05)
    end(process)


def test_a_claim_ends_with_its_process(tmp_path: Path) -> None:
    process = worker(tmp_path)
    with Ledger(str(tmp_path)) as ledger:
        assert ledger.claim([WANTED]) == [None]
        threading.Timer(0.1, process.kill).start()
        assert ledger.wait(WANTED.component, 10)
        assert ledger.claim([WANTED]) != [None]
    end(process)


def test_a_stopped_process_keeps_its_claim(tmp_path: Path) -> None:
    process = worker(tmp_path)
    process.send_signal(signal.SIGSTOP)
    with Ledger(str(tmp_path)) as ledger:
        assert not ledger.wait(WANTED.component, 0.2)
        assert ledger.claim([WANTED]) == [None]
    end(process)


def test_a_released_claim_is_free_while_its_process_lives(tmp_path: Path) -> None:
    process = worker(tmp_path, "release")
    with Ledger(str(tmp_path)) as ledger:
        assert ledger.claim([WANTED]) == [None]
        assert process.stdin is not None
        process.stdin.close()
        assert ledger.wait(WANTED.component, 10)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_threads_exclude_each_other(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as one, Ledger(str(tmp_path)) as other:
        (claim,) = one.claim([WANTED])
        assert claim is not None
        assert other.claim([WANTED]) == [None]
        assert one.claim([WANTED]) == [None]
        assert not other.wait(WANTED.component, 0.05)
        one.release([WANTED.component])
        assert other.wait(WANTED.component, 1)
        assert other.claim([WANTED]) != [None]
        other.release([WANTED.component])


def test_the_last_ledger_of_a_process_releases_its_claims(tmp_path: Path) -> None:
    one, other = Ledger(str(tmp_path)), Ledger(str(tmp_path))
    one.claim([WANTED])
    one.close()
    one.close()
    assert other.claim([WANTED]) == [None]
    other.close()
    with Ledger(str(tmp_path)) as ledger:
        assert ledger.claim([WANTED]) != [None]


def test_a_component_wanted_twice_is_claimed_once(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        first, second = ledger.claim([WANTED, WANTED])
        assert first is not None
        assert second is None


def test_releasing_an_unclaimed_component_is_harmless(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.release(["nothing"])


def test_a_commit_releases_what_it_placed(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.claim([WANTED])
        ledger.arrived([arrival()])
        ledger.committed([], release=[WANTED.component])
        assert ledger.claim([WANTED]) != [None]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_claims_of_its_own(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as ledger:
        ledger.claim([WANTED])

        def claim() -> bytes:
            answer = ledger.claim([WANTED, OTHER])
            return b"%d%d" % (answer[0] is None, answer[1] is not None)

        assert in_a_fork(claim) == b"11"
        assert ledger.claim([WANTED]) == [None]  # the child took nothing from us
        assert ledger.wait(OTHER.component, 10)  # and its claim ended with it
        assert ledger.claim([OTHER]) != [None]
        ledger.release([OTHER.component, OTHER.component])
        assert in_a_fork(claim) == b"11"


def test_threads_pay_for_a_text_once(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(buy(str(tmp_path), str(counter))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert counter.read_bytes() == b"x"


def test_a_long_history_is_read_page_by_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jit_guard.ledger.history._PAGE", 3000)
    with Ledger(str(tmp_path)) as ledger:
        ledger.arrived([arrival(f"{number}{'x' * 500}") for number in range(20)])
    oldest = [record.id for record in history(str(tmp_path))]
    assert len(oldest) == 20
    assert [record.id for record in history(str(tmp_path), newest_first=True)] == oldest[::-1]


def test_no_more_rows_are_read_after_the_one_that_exceeds_a_number_of_bytes(tmp_path: Path) -> None:
    query = " UNION ALL ".join(["SELECT 'abcde', 7"] * 4)
    with closing(open_engine(str(tmp_path))) as engine:
        for most, count in ((None, 4), (0, 1), (4, 1), (5, 2), (9, 2), (10, 3), (99, 4)):
            assert engine.read(query, (), most) == [("abcde", 7)] * count


def test_what_the_ledger_knows_is_found_without_a_claim(tmp_path: Path) -> None:
    root = str(tmp_path)
    drafts = Wanted("draft", KEY._replace(generator="scaffold", goal="DRAFT"))
    with Ledger(root) as ledger:
        first, _, bad = ledger.arrived([arrival(), arrival(wanted=drafts), arrival("bad")])
        ledger.reject(bad.id, "no")
        ledger.committed([Placed(first.id, "here/host.txt", b"Hello.\n")])
    missing = Wanted("else", KEY._replace(goal="NEVER"))
    assert stored(root, [WANTED, missing]) == {WANTED.component: first}
    assert reusable(root) == {("GREET", "persona", KEY.filename, "waves"): KEY.digest()}
    record_moves(root, [("here/host.txt", "there/host.txt"), ("other", "nowhere")])
    assert replacements(root) == {WANTED.component: "there/host.txt"}


def test_a_released_claim_wakes_another_thread_soon(tmp_path: Path) -> None:
    with Ledger(str(tmp_path)) as one, Ledger(str(tmp_path)) as other:
        one.claim([WANTED, OTHER])
        timer = threading.Timer(0.2, one.release, [[WANTED.component]])
        timer.start()
        assert other.wait(WANTED.component, 10)
        timer.join()
        assert not other.wait(OTHER.component, 0.05)


def test_after_an_error_nothing_stays_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with Ledger(str(tmp_path)) as ledger:
        with monkeypatch.context() as context:
            context.setattr("jit_guard.ledger.ledger.find", fail)
            with pytest.raises(KeyboardInterrupt):
                ledger.claim([WANTED])
        assert ledger.claim([WANTED]) != [None]
