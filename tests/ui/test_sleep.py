"""After the computer slept: no code is seen before its session was asked about."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from app.domain.attempt import AttemptState
from app.events import Fact
from tests.ui.fakes import START, URL, FakeTill
from tests.ui.helpers import charged, payment_of
from ui.counter import Counter
from ui.pay.state import Phase
from ui.strip import StatusStrip
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]


def fact(name: str) -> Fact:
    return Fact(4711, START, f"till.{name}")


def test_the_code_leaves_the_screen_at_once_and_comes_back_when_it_is_sure(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def story() -> None:
        await charged(counter, till)
        till.tell(fact("resumed"))
        assert (payment_of(counter).phase, payment_of(counter).url) == (Phase.MAKING_SURE, None)
        await counter.tasks.settled()
        assert payment_of(counter).phase is Phase.MAKING_SURE
        till.tell(fact("made_sure"))
        assert payment_of(counter).url is None, "not before the books were read again"
        await counter.tasks.settled()
        assert (payment_of(counter).phase, payment_of(counter).url) == (Phase.WAITING, URL)

    run(story())


def asked_about(order_id: str) -> Fact:
    return Fact(4712, START, "attempt.made_sure", order_id, 1)


def test_the_code_comes_back_with_its_own_answer_and_not_with_anothers(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def story() -> None:
        order_id = await charged(counter, till)
        till.tell(fact("resumed"))
        await counter.tasks.settled()
        till.tell(asked_about("another"))
        await counter.tasks.settled()
        assert payment_of(counter).phase is Phase.MAKING_SURE
        till.tell(asked_about(order_id))
        await counter.tasks.settled()
        assert (payment_of(counter).phase, payment_of(counter).url) == (Phase.WAITING, URL)
        till.tell(fact("made_sure"))
        assert payment_of(counter).phase is Phase.WAITING
        await counter.tasks.settled()

    run(story())


def test_what_was_asked_about_and_ended_is_never_shown_again(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def story() -> None:
        order_id = await charged(counter, till)
        till.tell(fact("resumed"))
        attempt = next(iter(till.orders.attempts.values()))
        till.orders.attempts[attempt.id] = replace(
            attempt, state=AttemptState.FAILED, version=attempt.version + 1
        )
        till.tell(fact("made_sure"))
        await counter.tasks.settled()
        assert payment_of(counter).url is None and order_id
        assert payment_of(counter).phase is Phase.FAILED

    run(story())


def test_paid_while_the_computer_slept_is_paid(run: Run, counter: Counter, till: FakeTill) -> None:
    async def story() -> None:
        order_id = await charged(counter, till)
        till.tell(fact("resumed"))
        till.pay(order_id)
        till.tell(fact("made_sure"))
        await counter.tasks.settled()

    run(story())


def test_news_of_a_sleep_that_is_over_takes_no_code_away(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def story() -> None:
        till.tell(fact("resumed"))
        await charged(counter, till)
        till.tell(fact("made_sure"))
        assert payment_of(counter).phase is Phase.WAITING
        await asyncio.sleep(0)

    run(story())


@pytest.mark.parametrize(
    "off_s, words",
    [
        (0.0, "Webhooks"),
        (600.0, "This computer's clock is 10 min fast"),
        (-180.0, "This computer's clock is 3 min slow"),
    ],
)
def test_the_strip_says_that_the_clock_is_wrong(
    make_window: Callable[..., Window], till: FakeTill, off_s: float, words: str
) -> None:
    window = make_window(till)
    till.answers = replace(till.answers, clock_off_s=off_s, webhook_address="http://127.0.0.1:1")
    window._on_status()
    strip: StatusStrip = window.strip
    assert words in strip._door.text
