"""The saving of one card as the counter follows it: its way, doubt, and its cancellation."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from app.card_refusals import not_asked
from app.domain.card_setup import CardClosing, CardState
from app.errors import CheckoutRefused, Message, ScantillError, StoreError, Unavailable
from tests.ui.fake_cards import CARD_URL, VISA, FakeCards
from tests.ui.fakes import FakeClock, FakeTill
from tests.ui.helpers import Recorder
from tests.ui.saving_cards import begun, phases, shown
from ui.cards.state import CardAction, CardModel, CardPhase
from ui.counter import Counter
from ui.theme import Tone

Run = Callable[[Coroutine[Any, Any, None]], None]
P = CardPhase
S = CardState
LOST = Unavailable(Message("The provider did not answer"))


@pytest.fixture
def cards(till: FakeTill) -> FakeCards:
    return till.cards


# --- its way -------------------------------------------------------------------------------------


def test_the_books_know_that_the_code_is_shown_before_anybody_sees_it(
    run: Run, counter: Counter, till: FakeTill, cards: FakeCards
) -> None:
    seen: list[tuple[str | None, bool]] = []

    def look(model: CardModel) -> None:
        known = cards.setups.get(1)
        seen.append((model.url, known is not None and known.shown_at is not None))

    async def story() -> None:
        counter.cards.changed.connect(look)
        cards.gates["mark_shown"] = asyncio.Event()
        assert counter.cards.begin("Ada", None) is None
        assert shown(counter).phase is P.OPENING
        await cards.called("mark_shown")
        await asyncio.sleep(0.02)
        assert shown(counter).url is None
        cards.gates["mark_shown"].set()
        await counter.tasks.settled()
        assert (shown(counter).phase, shown(counter).url) == (P.WAITING, CARD_URL)
        assert shown(counter).host == "checkout.stripe.com"
        assert shown(counter).ends_at == till.clock.elapsed() + 900
        assert all(known for url, known in seen if url is not None)
        assert cards.calls == ["begin", "mark_shown"] and cards.begun == [("Ada", None)]

    run(story())


def test_saved_it_goes_from_the_screen_in_the_turn_in_which_it_is_told(
    run: Run, counter: Counter, cards: FakeCards
) -> None:
    async def story() -> None:
        row = await begun(counter)
        told = Recorder(counter.cards.told)
        cards.change(row, state=S.SAVED, card=VISA)
        cards.tell(row, "saved")
        # No turn of the loop has passed.
        assert (shown(counter).phase, shown(counter).url) == (P.SAVED, None)
        assert told.calls == [("The card is saved", "No money was taken.", Tone.GOOD)]
        await counter.tasks.settled()
        assert shown(counter).card == VISA
        assert len(told.calls) == 1
        counter.cards.act(CardAction.LEAVE)
        assert counter.cards.model is None

    run(story())


@pytest.mark.parametrize(
    "what, phase",
    [
        ("saved", P.SAVED),
        ("failed", P.FAILED),
        ("expired", P.EXPIRED),
        ("cancelled", P.CANCELLED),
        ("processing", P.PROCESSING),
        ("closing", P.CLOSING),
    ],
)
def test_whatever_takes_the_code_away_does_so_at_once_and_old_readings_never_bring_it_back(
    run: Run, counter: Counter, cards: FakeCards, what: str, phase: CardPhase
) -> None:
    async def story() -> None:
        row = await begun(counter)
        recorder = Recorder(counter.cards.changed)
        cards.tell(row, what, reason="cancelled")
        assert shown(counter).phase is phase and shown(counter).url is None
        # The books, as this story has them, still say what they said before.
        await counter.tasks.settled()
        cards.tell(row, "shown")
        await counter.tasks.settled()
        assert P.WAITING not in phases(recorder) and shown(counter).url is None

    run(story())


def test_facts_of_another_card_change_nothing(run: Run, counter: Counter, cards: FakeCards) -> None:
    async def story() -> None:
        await begun(counter)
        other = cards.add("Bob")
        cards.turn(other.id, S.SAVED)
        await counter.tasks.settled()
        assert shown(counter).phase is P.WAITING

    run(story())


def test_a_refused_card_is_told_and_the_code_stays(
    run: Run, counter: Counter, cards: FakeCards
) -> None:
    async def story() -> None:
        row = await begun(counter)
        cards.change(row, decline="incorrect_cvc")
        cards.tell(row, "declined", code="incorrect_cvc")
        await counter.tasks.settled()
        assert (shown(counter).phase, shown(counter).url) == (P.DECLINED, CARD_URL)
        cards.turn(row, S.SAVED, decline="")
        await counter.tasks.settled()
        assert shown(counter).phase is P.SAVED

    run(story())


def test_the_code_goes_at_its_deadline_though_nobody_tells(
    run: Run, counter: Counter, clock: FakeClock, cards: FakeCards
) -> None:
    async def story() -> None:
        row = await begun(counter)
        clock.advance(minutes=14, seconds=59)
        counter.cards._on_tick()
        assert shown(counter).url is not None
        clock.advance(seconds=1)
        counter.cards._on_tick()
        assert (shown(counter).phase, shown(counter).url) == (P.CLOSING, None)
        cards.change(row, close_reason=CardClosing.EXPIRED)
        cards.turn(row, S.EXPIRED)
        await counter.tasks.settled()
        assert shown(counter).phase is P.EXPIRED

    run(story())


# --- doubt and refusal ---------------------------------------------------------------------------


def test_a_lost_answer_is_unknown_and_shows_the_code_when_it_comes(
    run: Run, counter: Counter, cards: FakeCards
) -> None:
    async def story() -> None:
        cards.opens_as = S.UNKNOWN
        row = await begun(counter)
        assert shown(counter).phase is P.UNKNOWN and not shown(counter).was_shown
        assert "mark_shown" not in cards.calls
        cards.turn(row, S.OPEN, url=CARD_URL, setup_id="cs_test_1")
        await counter.tasks.settled()
        assert (shown(counter).phase, shown(counter).url) == (P.WAITING, CARD_URL)

    run(story())


def test_what_cannot_be_begun_says_why_and_is_tried_again_with_the_same_words(
    run: Run, counter: Counter, cards: FakeCards
) -> None:
    async def story() -> None:
        cards.errors["begin"] = not_asked(LOST)
        told = Recorder(counter.cards.told)
        assert counter.cards.begin("Ada", "stripe_checkout") is None
        await counter.tasks.settled()
        assert shown(counter).phase is P.REFUSED and shown(counter).error is not None
        assert told.calls == [], "it stands on the screen, and nothing was begun"
        del cards.errors["begin"]
        counter.cards.act(CardAction.NEW_CODE)
        counter.cards.act(CardAction.NEW_CODE)
        await counter.tasks.settled()
        assert shown(counter).phase is P.WAITING and shown(counter).error is None
        assert cards.begun == [("Ada", "stripe_checkout")] * 2

    run(story())


def test_a_code_that_the_books_refuse_is_not_shown(
    run: Run, counter: Counter, cards: FakeCards
) -> None:
    async def story() -> None:
        cards.errors["mark_shown"] = CheckoutRefused(Message("This code must not be shown"))
        assert counter.cards.begin("Ada", None) is None
        await counter.tasks.settled()
        assert shown(counter).phase is P.OPENING and shown(counter).url is None
        assert shown(counter).error is cards.errors["mark_shown"]
        del cards.errors["mark_shown"]
        counter.cards.act(CardAction.CHECK_NOW)
        await counter.tasks.settled()
        assert shown(counter).phase is P.WAITING

    run(story())


def test_check_now_asks_once_and_says_what_went_wrong(
    run: Run, counter: Counter, cards: FakeCards
) -> None:
    async def story() -> None:
        await begun(counter)
        cards.gates["look"] = asyncio.Event()
        cards.errors["look"] = LOST
        for _press in range(3):
            counter.cards.act(CardAction.CHECK_NOW)
        assert shown(counter).is_busy
        cards.gates["look"].set()
        await counter.tasks.settled()
        assert cards.calls.count("look") == 1
        assert not shown(counter).is_busy and shown(counter).error is LOST
        assert shown(counter).phase is P.WAITING, "no answer is no end"

    run(story())


def test_after_sleep_the_code_comes_back_only_once_the_provider_was_asked(
    run: Run, counter: Counter, till: FakeTill, cards: FakeCards
) -> None:
    async def story() -> None:
        await begun(counter)
        cards.gates["look"] = asyncio.Event()
        till.tell_fact("till.resumed", "", {})
        assert (shown(counter).phase, shown(counter).url) == (P.MAKING_SURE, None)
        cards.gates["look"].set()
        await counter.tasks.settled()
        assert shown(counter).phase is P.WAITING
        till.tell_fact("till.made_sure", "", {})
        assert shown(counter).phase is P.WAITING
        cards.errors["look"] = LOST
        till.tell_fact("till.resumed", "", {})
        await counter.tasks.settled()
        assert shown(counter).phase is P.MAKING_SURE
        del cards.errors["look"]
        till.tell_fact("till.made_sure", "", {})
        await counter.tasks.settled()
        assert (shown(counter).phase, shown(counter).url) == (P.WAITING, CARD_URL)

    run(story())


# --- cancelled -----------------------------------------------------------------------------------


def test_cancelled_the_code_goes_first_and_the_page_is_closed_once(
    run: Run, counter: Counter, cards: FakeCards
) -> None:
    async def story() -> None:
        await begun(counter)
        told = Recorder(counter.cards.told)
        cards.gates["close"] = asyncio.Event()
        for _press in range(2):
            counter.cards.act(CardAction.CANCEL)
        assert (shown(counter).phase, shown(counter).url) == (P.CLOSING, None)
        await cards.called("close")
        cards.gates["close"].set()
        await counter.tasks.settled()
        assert counter.cards.model is None, "who cancelled it is back at the list"
        assert cards.calls.count("close") == 1
        assert told.calls == [
            ("No card was saved", "The code cannot be used any more.", Tone.NEUTRAL)
        ]

    run(story())


def test_a_card_that_was_given_before_the_cancellation_is_said_to_be_saved(
    run: Run, counter: Counter, cards: FakeCards
) -> None:
    async def story() -> None:
        await begun(counter)
        cards.closes_as = S.SAVED
        counter.cards.act(CardAction.CANCEL)
        await counter.tasks.settled()
        assert shown(counter).phase is P.SAVED and shown(counter).card == VISA

    run(story())


def test_cancelled_while_it_is_begun_it_is_closed_and_its_code_never_seen(
    run: Run, counter: Counter, cards: FakeCards
) -> None:
    async def story() -> None:
        cards.gates["begin"] = asyncio.Event()
        recorder = Recorder(counter.cards.changed)
        assert counter.cards.begin("Ada", None) is None
        await cards.called("begin")
        counter.cards.act(CardAction.CANCEL)
        assert shown(counter).phase is P.CLOSING
        cards.gates["begin"].set()
        await counter.tasks.settled()
        assert cards.calls == ["begin", "close"]
        assert cards.setups[1].state is S.CANCELLED and cards.setups[1].shown_at is None
        assert phases(recorder) == [P.OPENING, P.CLOSING, P.CANCELLED, None]

    run(story())


@pytest.mark.parametrize("error", [LOST, StoreError(Message("The disk is full"))])
def test_a_cancellation_that_was_not_begun_says_so_and_the_code_stands_again(
    run: Run, counter: Counter, cards: FakeCards, error: ScantillError
) -> None:
    async def story() -> None:
        await begun(counter)
        cards.errors["close"] = error
        counter.cards.act(CardAction.CANCEL)
        await counter.tasks.settled()
        assert (shown(counter).phase, shown(counter).url) == (P.WAITING, CARD_URL)
        assert shown(counter).error is error
        cards.turn(1, S.CANCELLED, close_reason=CardClosing.CANCELLED)
        await counter.tasks.settled()
        assert shown(counter).phase is P.CANCELLED, "nobody here cancelled it: it is said"

    run(story())


def test_a_cancellation_without_an_answer_goes_on_and_may_be_left(
    run: Run, counter: Counter, cards: FakeCards
) -> None:
    async def story() -> None:
        row = await begun(counter)
        cards.closes_as = S.UNKNOWN
        counter.cards.act(CardAction.CANCEL)
        await counter.tasks.settled()
        assert shown(counter).phase is P.CLOSING
        counter.cards.act(CardAction.LEAVE)
        assert counter.cards.model is None
        recorder = Recorder(counter.cards.changed)
        cards.turn(row, S.SAVED)
        await counter.tasks.settled()
        assert recorder.calls == []

    run(story())


def test_a_code_that_stands_cannot_be_left_by_mistake(
    run: Run, counter: Counter, cards: FakeCards
) -> None:
    async def story() -> None:
        await begun(counter)
        counter.cards.act(CardAction.LEAVE)
        assert shown(counter).phase is P.WAITING

    run(story())
