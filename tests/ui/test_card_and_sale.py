"""A card's code and a payment's never stand before a customer at once."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from app.domain.card_setup import CardState
from app.errors import Message, Unavailable
from tests.ui.fake_cards import CARD_URL, FakeCards
from tests.ui.fakes import FakeTill
from tests.ui.helpers import Recorder, add, charged, payment_of
from tests.ui.saving_cards import begun, has_none, shown
from ui.cards.state import CardAction, CardPhase
from ui.counter import Counter, Stage
from ui.pay.state import Phase

Run = Callable[[Coroutine[Any, Any, None]], None]
P = CardPhase
S = CardState
LOST = Unavailable(Message("The provider did not answer"))


@pytest.fixture
def cards(till: FakeTill) -> FakeCards:
    return till.cards


# --- one code at a time --------------------------------------------------------------------------


def test_while_a_payment_is_on_the_screen_no_card_is_begun_and_the_reason_is_said(
    run: Run, counter: Counter, till: FakeTill, cards: FakeCards
) -> None:
    async def story() -> None:
        waiting = cards.add("Bob", shown_at=till.clock.now())
        await charged(counter, till)
        before = payment_of(counter)
        for error in (counter.cards.begin("Ada", None), counter.cards.show_again(waiting)):
            assert error is not None and error.title == "A payment is on the screen"
        await counter.tasks.settled()
        assert counter.cards.model is None and cards.calls == []
        assert payment_of(counter) == before

    run(story())


def test_while_a_cards_code_stands_nothing_is_charged_and_the_reason_is_said(
    run: Run, counter: Counter, till: FakeTill, cards: FakeCards
) -> None:
    async def story() -> None:
        failed = Recorder(counter.failed)
        cards.gates["begin"] = asyncio.Event()
        assert counter.cards.begin("Ada", None) is None
        add(counter, till, "coffee")
        assert not counter.charge(), "its code may come any moment"
        cards.gates["begin"].set()
        await counter.tasks.settled()
        assert not counter.charge()
        assert counter.stage is Stage.SELLING and till.checkout.calls == []
        assert [call[0].title for call in failed.calls] == ["A card is being saved"] * 2
        assert shown(counter).phase is P.WAITING
        cards.turn(1, S.SAVED)
        assert counter.charge(), "it is over"
        assert counter.cards.model is None
        await counter.tasks.settled()

    run(story())


@pytest.mark.parametrize("state", [S.UNKNOWN, S.PROCESSING])
def test_a_card_without_a_code_makes_way_for_a_payment_and_never_comes_between(
    run: Run, counter: Counter, till: FakeTill, cards: FakeCards, state: CardState
) -> None:
    async def story() -> None:
        cards.opens_as = S.UNKNOWN
        row = await begun(counter)
        cards.turn(row, state)
        await charged(counter, till)
        assert counter.cards.model is None
        cards.turn(row, S.OPEN, url=CARD_URL, setup_id="cs_test_1")
        await counter.tasks.settled()
        assert has_none(counter) and "mark_shown" not in cards.calls
        assert payment_of(counter).phase is Phase.WAITING

    run(story())


def test_neither_an_order_of_the_list_nor_one_of_the_start_drives_a_cards_code_away(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def story() -> None:
        order_id = await charged(counter, till)
        counter._end_payment(keep_cart=False)
        await begun(counter)
        failed = Recorder(counter.failed)
        counter.continue_payment(order_id)
        await counter.tasks.settled()
        await counter.resume()
        assert counter.stage is Stage.SELLING and shown(counter).phase is P.WAITING
        assert [call[0].title for call in failed.calls] == ["A card is being saved"]
        assert not counter.cart.is_locked

    run(story())


def test_a_second_card_waits_for_the_first(run: Run, counter: Counter, cards: FakeCards) -> None:
    async def story() -> None:
        await begun(counter)
        other = cards.add("Bob")
        for error in (counter.cards.begin("Cy", None), counter.cards.show_again(other)):
            assert error is not None and error.title == "Another card is being saved"
        assert counter.cards.show_again(cards.setups[1]) is None, "it is there already"
        assert shown(counter).label == "Ada"

    run(story())


def test_the_code_of_one_that_is_open_is_shown_again(
    run: Run, counter: Counter, till: FakeTill, cards: FakeCards
) -> None:
    async def story() -> None:
        waiting = cards.add("Bob", shown_at=till.clock.now())
        till.clock.advance(minutes=5)
        assert counter.cards.show_again(waiting) is None
        assert shown(counter).url is None
        await counter.tasks.settled()
        assert (shown(counter).url, shown(counter).label) == (CARD_URL, "Bob")
        assert shown(counter).ends_at == till.clock.elapsed() + 600
        assert cards.calls == ["mark_shown"]

    run(story())


def test_shown_again_while_the_till_makes_sure_it_waits_for_the_answer(
    run: Run, counter: Counter, till: FakeTill, cards: FakeCards
) -> None:
    async def story() -> None:
        till.answers = replace(till.answers, is_making_sure=True)
        waiting = cards.add("Bob", shown_at=till.clock.now())
        assert counter.cards.show_again(waiting) is None
        await counter.tasks.settled()
        assert shown(counter).phase is P.MAKING_SURE and cards.calls == []
        till.tell_fact("till.made_sure", "", {})
        await counter.tasks.settled()
        assert cards.calls == ["look", "mark_shown"] and shown(counter).url == CARD_URL

    run(story())


@pytest.mark.parametrize("label", ["two\nlines", "4242 4242 4242 4242", "a" * 101])
def test_what_is_no_name_is_said_before_anything_is_begun(
    run: Run, counter: Counter, cards: FakeCards, label: str
) -> None:
    error = counter.cards.begin(label, None)
    assert error is not None and error.action
    assert counter.cards.model is None and cards.calls == []


def test_the_page_opens_on_this_computer_only_while_its_code_stands(
    run: Run, counter: Counter, cards: FakeCards
) -> None:
    async def story() -> None:
        wanted = Recorder(counter.page_wanted)
        counter.cards.act(CardAction.SAVE_AS_CUSTOMER)
        await begun(counter)
        counter.cards.act(CardAction.SAVE_AS_CUSTOMER)
        cards.turn(1, S.SAVED)
        counter.cards.act(CardAction.SAVE_AS_CUSTOMER)
        assert wanted.calls == [(CARD_URL,)]

    run(story())


def test_the_clock_ticks_only_while_something_is_expected(
    run: Run, counter: Counter, cards: FakeCards
) -> None:
    async def story() -> None:
        timer = counter.cards._timer
        assert not timer.isActive()
        await begun(counter)
        assert timer.isActive()
        cards.turn(1, S.SAVED)
        assert not timer.isActive()
        counter.cards.leave()
        await begun(counter)
        await counter.close()
        assert not timer.isActive()

    run(story())
