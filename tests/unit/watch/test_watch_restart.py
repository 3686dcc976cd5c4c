"""The watch over restarts, late money, pokes and stops, in virtual time."""

import asyncio
from typing import Any

import pytest

from app.domain.attempt import Attempt, AttemptState
from app.domain.exceptions import ExceptionKind
from app.domain.order import Order
from app.errors import CheckoutRefused, Protocol, Rejected, Unavailable
from app.events import Fact
from app.store.attempts import find_attempt
from app.watch import Pace
from tests.parts.provider import LOST, Call
from tests.parts.till import DEADLINE, Counter, until, until_state
from tests.parts.values import attempt as an_attempt
from tests.unit.watch.rounds import TICK_S, gaps, live, settled_down, times_of, watched, with_stop


def test_after_a_restart_what_was_in_doubt_is_asked_about_at_once(till: Counter) -> None:
    async def begin() -> tuple[Order, Attempt, Order, Attempt]:
        order, attempt = await till.show()
        till.strategy.answers["open_session"] = [LOST] * 100
        lost_order = await till.place()
        lost = await till.open(lost_order)
        till.strategy.answers["open_session"] = []
        return order, attempt, lost_order, lost

    order, attempt, _lost_order, lost = asyncio.run(begin())
    assert lost.state is AttemptState.UNKNOWN
    till.provider.pay(attempt.session_id or "")
    till.clock.advance(60)
    till.restart()

    async def story() -> None:
        await till.watch.tick()
        await settled_down(till)
        assert await till.state(order) == "paid"
        assert till.attempt(lost.id).state is AttemptState.OPEN
        assert set(till.strategy.keys_of("open_session")) == {
            attempt.reference.key("create"),
            lost.reference.key("create"),
        }

    watched(till, story)


def test_after_a_restart_past_the_deadline_the_session_is_closed_and_read_again(
    till: Counter,
) -> None:
    order, attempt = asyncio.run(till.show())
    till.provider.pay(attempt.session_id or "")
    till.clock.advance(8 * 3600)
    till.restart()

    async def story() -> None:
        await live(till, 1)
        assert await till.state(order) == "paid"

    watched(till, story)


def test_what_was_cancelled_without_an_answer_is_watched_until_money_is_ruled_out(
    till: Counter,
) -> None:
    """The late watch: the session stays payable at the provider, and is paid after all."""

    async def story() -> None:
        order, attempt = await till.show()
        till.strategy.answers["close_session"] = [Unavailable("no") for _ in range(3)]
        await till.checkout.cancel(order.id)
        till.provider.pay(attempt.session_id or "")
        await live(till, 60)
        assert await till.state(order) == "paid"

    watched(till, story)


def test_a_session_that_is_over_but_not_final_is_looked_at_and_late_money_found(
    till: Counter,
) -> None:
    """The provider called the session closed without ruling money out."""

    async def story() -> None:
        order, attempt = await till.show()
        await till.checkout.cancel(order.id)
        till.store.write_now(lambda tx: tx.execute("UPDATE attempts SET is_final = 0"))
        session = till.provider.sessions[attempt.session_id or ""]
        session.state = type(session.state).OPEN
        till.provider.pay(session.id)
        till.watch._stale = True
        times = times_of(till, "fetch")
        await live(till, 130)
        assert await till.state(order) == "cancelled"
        assert await till.waiting(order) == [ExceptionKind.PAID_LATE]
        assert len(times) == 1

    watched(till, story)


def test_a_poke_brings_a_look_at_once(till: Counter) -> None:
    async def story() -> None:
        attempt = await till.open(await till.place())
        await live(till, 1)
        times = times_of(till, "fetch")
        till.watch.poke(attempt.id)
        till.watch.poke(attempt.id)
        await asyncio.sleep(0)
        await live(till, 1)
        assert len(times) == 1

    watched(till, story)


def test_it_says_how_long_it_took_to_come_back(
    till: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="app.watch.watch")

    async def story() -> None:
        _, first = await till.show()
        await till.show()
        till.restart()
        till.strategy.answers["fetch"] = [Unavailable("no network")]
        await live(till, 1)
        assert "back after" not in caplog.text
        await live(till, 10)
        await till.open(await till.place())
        await live(till, 30)
        assert till.attempt(first.id).state is AttemptState.OPEN

    watched(till, story)
    told = [r.getMessage() for r in caplog.records if r.getMessage().startswith("back after")]
    assert len(told) == 1 and 1 < float(told[0].split()[2]) < 10


def test_where_news_may_have_gone_astray_all_that_is_watched_is_looked_at_again(
    till: Counter,
) -> None:
    """A code that no screen shows is asked about each fifteen seconds only."""

    async def story() -> None:
        orders = [await till.place() for _ in range(3)]
        attempts = [await till.open(order) for order in orders]
        await live(till, 1)
        for attempt in attempts:
            till.provider.pay(attempt.session_id or "")
        till.watch.look_again()
        await live(till, 1)
        assert [await till.state(order) for order in orders] == ["paid"] * 3

    watched(till, story)


def test_a_poke_brings_a_look_even_at_what_was_thought_to_be_over(till: Counter) -> None:
    """An event may say that something happened without saying what: it must be asked about."""

    async def story() -> None:
        order, attempt = await till.show()
        await till.checkout.cancel(order.id)
        await live(till, 5)
        session = till.provider.sessions[attempt.session_id or ""]
        session.state = type(session.state).OPEN
        till.provider.pay(session.id)
        till.strategy.answers["fetch"] = [Unavailable("no network")]
        till.watch.poke(attempt.id)
        till.watch.poke(4711)
        await asyncio.sleep(0)
        await live(till, 1)
        till.watch._stale = True
        await live(till, 200)
        assert await till.waiting(order) == [ExceptionKind.PAID_LATE]
        assert till.watch._turns == {} and till.watch._poked == set()

    watched(till, story)


def test_a_poke_before_the_start_or_after_the_end_harms_nobody(till: Counter) -> None:
    till.watch.poke(1)

    async def story() -> None:
        await live(till, 1)

    watched(till, story)
    till.watch.poke(1)
    asyncio.run(till.show())
    till.watch._on_fact(Fact(1, till.clock.now(), "attempt.open", attempt_id=1))


def test_what_another_way_has_ended_is_dropped_when_there_is_other_news(till: Counter) -> None:
    async def story() -> None:
        order, attempt = await till.show()
        await live(till, 1)
        till.provider.pay(attempt.session_id or "")
        await till.look(attempt)
        fetches = till.strategy.count("fetch")
        await till.open(await till.place())
        await live(till, 5)
        assert await till.state(order) == "paid"
        assert till.strategy.count("fetch") == fetches
        assert attempt.id not in till.watch._turns

    watched(till, story)


def test_a_look_that_is_under_way_is_not_begun_again(till: Counter) -> None:
    async def story() -> None:
        await till.show()
        gate = asyncio.Event()

        async def slow(call: Call) -> None:
            await gate.wait()

        till.strategy.pause = slow
        for _ in range(60):
            await till.watch.tick()
            await asyncio.sleep(0)
            till.clock.advance(TICK_S)
        assert till.strategy.count("fetch") == 1
        gate.set()
        await settled_down(till)

    watched(till, story)


def test_only_so_many_are_asked_about_at_once(till: Counter) -> None:
    under_way, most = 0, 0

    async def counted(call: Call) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        for _ in range(5):
            await asyncio.sleep(0)
        under_way -= 1

    async def story() -> None:
        for _ in range(30):
            await till.show()
        till.clock.advance(5)
        till.strategy.pause = counted
        await live(till, 1)
        assert till.strategy.count("fetch") == 30

    watched(till, story)
    assert most == 8


def test_stopping_drops_looks_under_way_and_the_next_start_asks_again(till: Counter) -> None:
    async def first() -> Order:
        order, attempt = await till.show()
        till.provider.pay(attempt.session_id or "")

        async def for_ever(call: Call) -> None:
            await asyncio.Event().wait()

        till.strategy.pause = for_ever
        till.watch.start()
        await until(lambda: till.strategy.count("fetch"))
        await till.watch.stop()
        return order

    order = asyncio.run(first())
    assert asyncio.run(till.state(order)) == "open"
    till.strategy.pause = None

    async def second() -> None:
        till.watch._stale = True
        till.watch.start()
        await until_state(till, order, "paid")

    asyncio.run(with_stop(till, second))


def test_with_nothing_to_watch_the_watch_sleeps_until_there_is(till: Counter) -> None:
    async def story() -> None:
        till.watch.start()
        for _ in range(50):
            await asyncio.sleep(0)
        slept = len(till.clock.slept)
        for _ in range(200):
            await asyncio.sleep(0)
        assert len(till.clock.slept) == slept
        order, attempt = await till.show()
        till.provider.pay(attempt.session_id or "")
        await until_state(till, order, "paid")

    asyncio.run(with_stop(till, story))


def test_a_wall_clock_that_goes_back_does_not_stop_the_looking(till: Counter) -> None:
    async def story() -> None:
        order, attempt = await till.show()
        await live(till, 3)
        till.clock.set_wrong_by(-3600)
        till.provider.pay(attempt.session_id or "")
        await live(till, 3)
        assert await till.state(order) == "paid"

    watched(till, story)


def test_expiring_what_another_way_has_ended_meanwhile_is_no_fault(till: Counter) -> None:
    async def story() -> None:
        order, attempt = await till.show()
        await live(till, 1)
        till.provider.pay(attempt.session_id or "")
        await till.look(attempt)
        till.clock.advance(DEADLINE.total_seconds())
        await live(till, 1)
        assert await till.state(order) == "paid"
        assert till.count("journal", "name = 'attempt.closing'") == 0

    watched(till, story)


@pytest.mark.parametrize(
    "changes, failures, wait",
    [
        ({}, 0, 15),
        ({"shown_at": "x"}, 0, 2),
        ({"shown_at": "x"}, 1, 4),
        ({"shown_at": "x"}, 50, 30),
        ({"state": AttemptState.CREATING}, 0, 3),
        ({"state": AttemptState.UNKNOWN}, 0, 3),
        ({"state": AttemptState.UNKNOWN}, 9, 192),
        ({"state": AttemptState.UNKNOWN, "shown_at": "x"}, 9, 192),
        ({"close_reason": "cancelled"}, 0, 3),
        ({"state": AttemptState.PROCESSING}, 0, 10),
        ({"state": AttemptState.PROCESSING, "close_reason": "cancelled"}, 0, 10),
        ({"state": AttemptState.CANCELLED}, 0, 60),
        ({"state": AttemptState.CANCELLED}, 9, 300),
        ({"state": AttemptState.PAID}, 0, 60),
    ],
)
def test_the_pace_follows_from_what_is_known(
    changes: dict[str, Any], failures: int, wait: float
) -> None:
    assert Pace().after(an_attempt(**changes), failures) == wait


def test_a_wait_that_the_provider_asked_for_is_kept(till: Counter) -> None:
    async def story() -> None:
        await till.show()
        till.strategy.answers["fetch"] = [Unavailable("later", retry_after_s=60)]
        times = times_of(till, "fetch")
        await live(till, 70)
        assert gaps(times)[0] >= 60

    watched(till, story)


def test_a_refused_creation_is_found_out_and_left_alone(till: Counter) -> None:
    async def story() -> None:
        till.strategy.answers["open_session"] = [Protocol("gibberish"), Rejected("no")]
        order = await till.place()
        attempt = await till.open(order)
        await live(till, 30)
        found = till.store.read_now(lambda db: find_attempt(db, attempt.id))
        assert found is not None and found.state is AttemptState.FAILED
        with pytest.raises(CheckoutRefused):
            await till.checkout.mark_shown(attempt.id)
        assert till.watch._turns == {}

    watched(till, story)


def test_news_of_one_attempt_has_that_one_read_and_not_all(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        await till.show()
        await live(till, 1)
        whole: list[int] = []

        def all_of_them(_: Any) -> list[Any]:
            whole.append(1)
            return []

        monkeypatch.setattr("app.watch.watch.watched_attempts", all_of_them)
        _, attempt = await till.show()
        till.provider.pay(attempt.session_id or "")
        await live(till, 5)
        assert till.attempt(attempt.id).is_final and whole == []
        assert len(till.watch._turns) == 1

    watched(till, story)
