"""The watch over cards to be kept: by polling, by news, at deadlines, and after a restart."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.card_setup import CardState
from app.errors import StoreError, Unavailable
from app.providers.saving import SetupState
from app.store.card_setups import hear_of_card
from app.watch import CardWatch
from tests.conftest import ExpectedLogs
from tests.parts.inbox import Door
from tests.parts.saving import CardCounter
from tests.parts.till import until

S = CardState


@pytest.fixture
def till(tmp_path: Path) -> Iterator[CardCounter]:
    till = CardCounter(tmp_path)
    yield till
    faults = till.violations()
    till.close()
    assert faults == []


def ticked(till: CardCounter, after_s: float = 0.0) -> int:
    """Let time go by, have a round gone, and give how many calls it made."""
    till.clock.advance(after_s)
    before = len(till.strategy.calls)
    asyncio.run(till.card_watch.tick())
    return len(till.strategy.calls) - before


def hear(till: CardCounter) -> None:
    till.store.write_now(lambda tx: hear_of_card(tx, "fakepay", setup_id="fset_1", reference=""))


def test_what_is_on_a_screen_is_looked_at_every_two_seconds_until_it_is_saved(
    till: CardCounter,
) -> None:
    assert ticked(till) == 0
    asyncio.run(till.ask())
    till.card_watch.wake()
    assert [ticked(till), ticked(till, 1.9), ticked(till, 0.2), ticked(till, 1.9)] == [0, 0, 1, 0]
    till.provider.give()
    ticked(till, 0.2)
    assert till.setup().state is S.SAVED
    assert [ticked(till, 60), ticked(till, 60)] == [0, 0]


def test_what_nobody_sees_and_what_takes_its_time_is_looked_at_less(till: CardCounter) -> None:
    asyncio.run(till.cards.begin("Ada", by="Bea"))
    ticked(till)
    assert [ticked(till, 14), ticked(till, 1.5)] == [0, 1]
    till.provider.give(state=SetupState.PROCESSING)
    ticked(till, 16)
    assert till.setup().state is S.PROCESSING
    ticked(till)
    assert [ticked(till, 9), ticked(till, 1.5)] == [0, 1]


def test_news_brings_a_look_on_of_what_is_over_too(till: CardCounter) -> None:
    asyncio.run(till.ask())
    ticked(till)
    hear(till)
    till.card_watch.wake()
    assert ticked(till) == 1
    till.provider.give()
    ticked(till, 3)
    hear(till)
    assert ticked(till, 31) == 1
    assert (till.setup().state, till.setup().heard) == (S.SAVED, 0)


def test_news_of_what_does_not_answer_waits_as_the_rest_does(till: CardCounter) -> None:
    asyncio.run(till.ask())
    till.strategy.answers["fetch_setup"] = [Unavailable("down")] * 9
    ticked(till)
    assert [ticked(till, 2.1), ticked(till, 2.1), ticked(till, 2.1)] == [0, 1, 0]
    hear(till)
    till.card_watch.wake()
    assert ticked(till) == 0
    till.strategy.answers["fetch_setup"] = []
    till.provider.give()
    ticked(till, 31)
    assert till.setup().state is S.SAVED


def test_at_its_deadline_it_is_closed_and_again_until_that_is_answered(till: CardCounter) -> None:
    asyncio.run(till.ask())
    till.strategy.answers["close_setup"] = [Unavailable("down")]
    ticked(till)
    ticked(till, 899)
    assert till.setup().state is S.OPEN
    ticked(till, 2)
    assert till.setup().state is S.UNKNOWN
    ticked(till, 10)
    ticked(till, 10)
    assert till.setup().state is S.EXPIRED
    assert till.facts()[-1] == "expired"


def test_a_card_that_came_with_the_deadline_is_kept(till: CardCounter) -> None:
    asyncio.run(till.ask())
    till.provider.give()
    ticked(till, 901)
    assert till.setup().state is S.SAVED


def test_what_an_earlier_run_left_is_looked_at_at_once(till: CardCounter) -> None:
    asyncio.run(till.ask())
    till.provider.give()
    till.restart()
    assert ticked(till) == 1
    assert till.setup().state is S.SAVED


def test_a_computer_that_slept_past_the_deadline_closes_it(till: CardCounter) -> None:
    asyncio.run(till.ask())
    ticked(till)
    till.clock.suspend(1_000)
    ticked(till)
    assert till.setup().state is S.EXPIRED


def test_what_waits_longer_at_its_provider_waits_here(tmp_path: Path) -> None:
    till = CardCounter(tmp_path)
    asyncio.run(till.ask())
    lazy = type(till.pace)(at_least_s=lambda account: 8.0)
    till.card_watch = CardWatch(till.store, till.cards, clock=till.clock, pace=lazy)
    assert ticked(till) == 1
    ticked(till)
    assert [ticked(till, 7), ticked(till, 1.1)] == [0, 1]
    till.close()


def test_a_webhook_is_heard_of_and_leads_to_a_look(till: CardCounter) -> None:
    setup = asyncio.run(till.ask())
    door = Door(till)
    till.provider.give()
    door.take_in(till.provider.news(reference=setup.reference))
    till.strategy.adopt("acct_fake")
    assert door.settle() == 1
    assert (door.heard, door.poked) == (1, []) and till.setup().heard == 1
    # A crash now loses nothing.
    till.restart()
    ticked(till)
    assert till.setup().state is S.SAVED
    assert till.rows("SELECT standing FROM inbox") == [("rechecked",)]


def test_a_strangers_news_is_foreign(till: CardCounter) -> None:
    asyncio.run(till.ask())
    door = Door(till)
    door.take_in(till.provider.news(setup_id="fset_web", reference="web-shop-7"))
    door.settle()
    assert door.heard == 0 and door.standings() == [("e1", "foreign")]


def test_it_goes_on_after_faults_and_hears_of_what_is_new(
    till: CardCounter, monkeypatch: pytest.MonkeyPatch, expected_logs: ExpectedLogs
) -> None:
    faults = [StoreError("The disk is full"), ValueError("a bug")]
    tick = till.card_watch.tick

    async def faulty() -> None:
        if faults:
            raise faults.pop(0)
        await tick()

    monkeypatch.setattr(till.card_watch, "tick", faulty)

    async def watch() -> None:
        running = asyncio.create_task(till.card_watch.run())
        await until(lambda: not faults)
        await till.place()
        await till.ask()
        till.provider.give()
        await until(lambda: till.setup().state is S.SAVED)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(watch())
    expected_logs.take("the cards wait for the books")
    expected_logs.take("the cards could not be looked at")
    assert till.strategy.calls


def test_while_the_books_fail_the_look_fails_as_well(
    till: CardCounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(till.ask())

    async def fail(*_: object) -> None:
        raise StoreError("The disk is full")

    monkeypatch.setattr(till.cards, "look", fail)
    with pytest.raises(StoreError):
        ticked(till)
