"""Money that the customer agreed to and the till has to take: once, and only while it is wanted."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.attempt import Attempt, AttemptState
from app.domain.observation import Source
from app.domain.order import Order, OrderState
from app.errors import Rejected, Unavailable
from tests.parts.capturing import FakeCapturing, agree
from tests.parts.inbox import Door
from tests.parts.provider import LOST
from tests.parts.till import Counter


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    till = Counter(tmp_path / "till", strategy=FakeCapturing)
    yield till
    till.close()


def agreed(till: Counter) -> tuple[Order, Attempt]:
    order, attempt = asyncio.run(till.show())
    assert agree(till.provider, attempt.session_id or "")
    return order, attempt


def look(till: Counter, attempt: Attempt) -> Attempt:
    return asyncio.run(till.sessions.look(attempt.id, Source.POLL))


def captures(till: Counter) -> list[str]:
    return [call.key for call in till.strategy.calls if call.verb == "capture"]


def intents(till: Counter) -> list[tuple[object, ...]]:
    found = till.rows("SELECT key, outcome FROM intents WHERE operation = 'capture' ORDER BY id")
    return [(str(key).rsplit("-", 1)[-1], outcome) for key, outcome in found]


def everything(till: Counter) -> list[list[tuple[object, ...]]]:
    """Give all that a look may write."""
    tables = ("attempts", "journal", "exceptions", "audit", "intents")
    return [till.rows(f"SELECT * FROM {table}") for table in tables]


def test_what_a_customer_agreed_to_is_taken_at_the_next_look_and_pays_the_order(
    till: Counter,
) -> None:
    order, attempt = agreed(till)
    assert look(till, attempt).state is AttemptState.PAID
    assert asyncio.run(till.state(order)) == "paid"
    assert intents(till) == [("capture", "done")]
    assert captures(till) == [attempt.reference.key("capture")]
    assert till.violations() == []


def test_without_a_word_of_the_customer_nothing_is_taken(till: Counter) -> None:
    _, attempt = asyncio.run(till.show())
    assert look(till, attempt).state is AttemptState.OPEN
    assert captures(till) == [] and intents(till) == []


def test_the_intent_is_in_the_books_before_the_call(till: Counter) -> None:
    _, attempt = agreed(till)
    seen: list[list[tuple[object, ...]]] = []
    till.strategy.before = lambda call: (
        seen.append(intents(till)) if call.verb == "capture" else None
    )
    look(till, attempt)
    assert seen == [[("capture", None)]]


def test_a_lost_answer_is_asked_for_under_the_same_key_and_the_money_is_taken_once(
    till: Counter,
) -> None:
    order, attempt = agreed(till)
    till.strategy.answers["capture"] = [LOST]
    assert look(till, attempt).state is AttemptState.PAID
    assert len(captures(till)) == 2 and len(set(captures(till))) == 1
    assert len(till.provider.taken()) == 1
    assert asyncio.run(till.state(order)) == "paid"
    assert till.violations() == []


def test_without_any_answer_it_is_not_known_and_the_next_look_finds_out(till: Counter) -> None:
    order, attempt = agreed(till)
    till.strategy.answers["capture"] = [Unavailable("the line is cut")] * 100
    assert look(till, attempt).state is AttemptState.UNKNOWN
    assert intents(till) == [("capture", None)]
    till.strategy.answers["capture"] = []
    assert look(till, attempt).state is AttemptState.PAID
    assert len(set(captures(till))) == 1
    assert intents(till) == [("capture", "done")]
    assert asyncio.run(till.state(order)) == "paid"
    assert till.violations() == []


def test_looks_that_bring_nothing_new_leave_it_in_doubt_and_write_nothing(till: Counter) -> None:
    """Till the answer is there, the entry stays on the list and the journal as long as it is."""
    _, attempt = agreed(till)
    till.strategy.answers["capture"] = [Unavailable("the line is cut")] * 1000
    look(till, attempt)
    written = everything(till)
    for _ in range(3):
        assert look(till, attempt).state is AttemptState.UNKNOWN
        door = Door(till)
        door.take_in(till.provider.events[-1])
        door.settle()
        assert everything(till) == written
    assert till.rows("SELECT kind FROM exceptions WHERE resolved_at IS NULL") == [("unknown",)]
    till.strategy.answers["capture"] = []
    assert look(till, attempt).state is AttemptState.PAID
    assert till.count("exceptions", "resolved_at IS NULL") == 0
    assert till.count("journal", "name = 'attempt.unknown'") == 1
    assert till.violations() == []


def test_what_was_refused_after_a_lost_answer_is_known_again_at_the_next_look(
    till: Counter,
) -> None:
    _, attempt = agreed(till)
    till.strategy.answers["capture"] = [Unavailable("the line is cut")] * 100
    look(till, attempt)
    till.strategy.answers["capture"] = [Rejected("Not this one", status=422)]
    with pytest.raises(Rejected):
        look(till, attempt)
    assert look(till, attempt).state is AttemptState.PAID
    assert intents(till) == [("capture", "rejected"), ("2", "done")]
    assert till.violations() == []


def test_after_a_crash_in_the_call_it_is_asked_for_under_the_same_key(till: Counter) -> None:
    _, attempt = agreed(till)

    def die(call: object) -> None:
        if getattr(call, "verb", "") == "capture":
            raise SystemExit

    till.strategy.before = die
    with pytest.raises(SystemExit):
        look(till, attempt)
    till.strategy.before = lambda call: None
    till.restart()
    assert look(till, attempt).state is AttemptState.PAID
    assert len(set(captures(till))) == 1
    assert till.violations() == []


def test_a_declined_card_leaves_it_open_and_the_next_word_is_taken_under_a_key_of_its_own(
    till: Counter,
) -> None:
    order, attempt = agreed(till)
    assert isinstance(till.strategy, FakeCapturing)
    till.strategy.declines = ["instrument_declined"]
    declined = look(till, attempt)
    assert (declined.state, declined.decline) == (AttemptState.OPEN, "instrument_declined")
    assert agree(till.provider, attempt.session_id or "")
    assert look(till, attempt).state is AttemptState.PAID
    assert intents(till) == [("capture", "done"), ("2", "done")]
    assert asyncio.run(till.state(order)) == "paid"
    assert till.violations() == []


def test_a_refusal_is_told_and_may_be_tried_again(till: Counter) -> None:
    _, attempt = agreed(till)
    till.strategy.answers["capture"] = [Rejected("The account is restricted", status=422)]
    with pytest.raises(Rejected, match="restricted"):
        look(till, attempt)
    assert intents(till) == [("capture", "rejected")]
    assert look(till, attempt).state is AttemptState.PAID
    assert till.violations() == []


def test_once_it_is_cancelled_the_customers_word_takes_nothing(till: Counter) -> None:
    order, _ = agreed(till)
    assert asyncio.run(till.checkout.cancel(order.id)).state is OrderState.CANCELLED
    assert captures(till) == [] and till.provider.taken() == []
    assert till.violations() == []


def test_a_word_that_comes_after_the_cancelling_takes_nothing(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())
    till.strategy.answers["close_session"] = [Unavailable("the line is cut")]
    asyncio.run(till.checkout.cancel(order.id))
    assert agree(till.provider, attempt.session_id or "")
    look(till, attempt)
    assert captures(till) == [] and till.provider.taken() == []


def test_a_word_that_comes_after_the_cancelling_is_called_off(till: Counter) -> None:
    _, attempt = asyncio.run(till.show())
    till.strategy.answers["close_session"] = [Unavailable("the line is cut")]
    asyncio.run(till.checkout.cancel(attempt.order_id))
    assert agree(till.provider, attempt.session_id or "")
    seen = look(till, attempt)
    assert (seen.state, seen.is_final) == (AttemptState.CANCELLED, True)
    closes = [call for call in till.strategy.calls if call.verb == "close_session"]
    assert len(closes) == 2 and captures(till) == []
    assert till.violations() == []


def test_cancelling_while_it_is_taken_first_finds_out_what_became_of_that(till: Counter) -> None:
    order, attempt = agreed(till)
    till.strategy.answers["capture"] = [Unavailable("the line is cut")] * 100
    look(till, attempt)
    till.strategy.answers["capture"] = []
    assert asyncio.run(till.checkout.cancel(order.id)).state is OrderState.PAID
    assert len(till.provider.taken()) == 1
    assert till.violations() == []


def test_nothing_is_called_cancelled_while_it_may_be_taken_yet(till: Counter) -> None:
    order, attempt = agreed(till)
    till.strategy.answers["capture"] = [Unavailable("it takes too long")] * 100
    look(till, attempt)
    assert asyncio.run(till.checkout.cancel(order.id)).state is OrderState.OPEN
    assert till.strategy.count("close_session") == 0
    assert intents(till) == [("capture", None)]
    # The call of before arrives now; the next round of the watch hears of it.
    till.strategy.answers["capture"] = []
    assert isinstance(till.strategy, FakeCapturing)
    asyncio.run(till.strategy.capture(attempt.session_id or "", key=captures(till)[0]))
    assert asyncio.run(till.sessions.close(attempt.id)).state is AttemptState.PAID
    assert asyncio.run(till.state(order)) == "paid"
    assert till.rows("SELECT count(*) FROM exceptions WHERE resolved_at IS NULL") == [(0,)]
    assert till.violations() == []


def test_what_a_bank_declined_while_nobody_heard_of_it_is_closed_all_the_same(
    till: Counter,
) -> None:
    order, attempt = agreed(till)
    assert isinstance(till.strategy, FakeCapturing)
    till.strategy.declines = ["instrument_declined"]
    till.strategy.answers["capture"] = [LOST, *[Unavailable("the line is cut")] * 100]
    look(till, attempt)
    assert asyncio.run(till.checkout.cancel(order.id)).state is OrderState.CANCELLED
    assert till.provider.taken() == []
    assert till.violations() == []


def test_news_of_it_has_the_attempt_looked_at_at_once(till: Counter) -> None:
    _, attempt = agreed(till)
    door = Door(till)
    door.take_in(till.provider.events[-1])
    door.settle()
    assert door.poked == [attempt.id]
    assert door.standings() == [(till.provider.events[-1].event_id, "nothing_new")]


def test_news_of_a_strangers_word_has_nothing_looked_at(till: Counter, tmp_path: Path) -> None:
    agreed(till)
    other = Counter(tmp_path / "other", seed=2, strategy=FakeCapturing)
    asyncio.run(other.show())
    door = Door(other)
    door.take_in(till.provider.events[-1])
    door.settle()
    other.close()
    assert door.poked == []
