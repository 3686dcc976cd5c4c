"""A page that several may have open: once it is paid it is closed, so that nobody pays it again."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.attempt import Attempt, AttemptState
from app.domain.observation import Source
from app.domain.order import Order
from app.errors import Rejected, Unavailable
from tests.parts.inbox import Door
from tests.parts.provider import LOST
from tests.parts.shared_page import FakeSharing, pay_again
from tests.parts.till import Counter


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    till = Counter(tmp_path / "till", strategy=FakeSharing)
    yield till
    till.close()


def bought(till: Counter) -> tuple[Order, Attempt]:
    order, attempt = asyncio.run(till.show())
    assert till.provider.pay(attempt.session_id or "")
    return order, attempt


def look(till: Counter, attempt: Attempt) -> Attempt:
    return asyncio.run(till.sessions.look(attempt.id, Source.POLL))


def closings(till: Counter) -> int:
    return till.strategy.count("close_session")


def test_the_look_that_finds_it_paid_closes_it_to_everybody_else(till: Counter) -> None:
    order, attempt = bought(till)
    seen = look(till, attempt)
    assert (seen.state, seen.is_final, closings(till)) == (AttemptState.PAID, True, 1)
    assert not pay_again(till.provider, attempt.session_id or "")
    assert asyncio.run(till.state(order)) == "paid"
    assert till.violations() == []


@pytest.mark.parametrize("fault", [Unavailable("the line is cut"), LOST])
def test_what_was_not_closed_is_paid_all_the_same_and_closed_by_the_next_look(
    till: Counter, fault: object
) -> None:
    order, attempt = bought(till)
    till.strategy.answers["close_session"] = [fault]  # type: ignore[list-item]
    seen = look(till, attempt)
    assert (seen.state, seen.is_final) == (AttemptState.PAID, False)
    assert asyncio.run(till.state(order)) == "paid"
    assert look(till, attempt).is_final
    assert till.violations() == []


def test_one_who_was_quicker_than_the_closing_is_a_surplus(till: Counter) -> None:
    _, attempt = bought(till)
    till.strategy.answers["close_session"] = [Unavailable("the line is cut")]
    look(till, attempt)
    assert pay_again(till.provider, attempt.session_id or "")
    assert look(till, attempt).is_final
    assert till.rows("SELECT held_as FROM payments ORDER BY id") == [(None,), ("surplus",)]
    assert till.violations() == []


def test_what_cannot_be_closed_is_tried_at_each_look_and_watched(till: Counter) -> None:
    _, attempt = bought(till)
    till.strategy.answers["close_session"] = [Rejected("It cannot be closed", status=400)] * 2
    for _ in range(2):
        assert not look(till, attempt).is_final
    assert closings(till) == 2


def test_one_that_no_session_is_left_of_is_over(till: Counter) -> None:
    _, attempt = bought(till)
    till.strategy.answers["close_session"] = [Rejected("The fake has no such session", status=404)]
    seen = look(till, attempt)
    assert (seen.state, seen.is_final) == (AttemptState.PAID, True)


def test_what_was_closed_once_and_is_not_final_yet_is_not_closed_for_ever(till: Counter) -> None:
    """A debit of somebody else's may be under way for days: it can only be waited for."""
    _, attempt = bought(till)
    assert isinstance(till.strategy, FakeSharing)
    till.strategy.has_slow_payers = True
    for _ in range(3):
        assert not look(till, attempt).is_final
    till.strategy.has_slow_payers = False
    assert look(till, attempt).is_final
    assert closings(till) == 1


def test_news_of_the_payment_has_it_looked_at_at_once(till: Counter) -> None:
    order, attempt = bought(till)
    door = Door(till)
    door.take_in(till.provider.events[-1])
    door.settle()
    assert door.poked == [attempt.id]
    assert asyncio.run(till.state(order)) == "paid"


def test_news_of_a_strangers_payment_has_nothing_looked_at(till: Counter, tmp_path: Path) -> None:
    bought(till)
    other = Counter(tmp_path / "other", seed=2, strategy=FakeSharing)
    asyncio.run(other.show())
    door = Door(other)
    door.take_in(till.provider.events[-1])
    door.settle()
    other.close()
    assert door.poked == []
