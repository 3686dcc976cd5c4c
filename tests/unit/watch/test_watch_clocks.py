"""The watch under clocks that jump, after long absences, and beside a till that is busy."""

import asyncio

import pytest

from app.domain.attempt import AttemptState
from app.domain.observation import SessionState
from app.errors import Unavailable
from tests.parts.provider import LOST
from tests.parts.till import DEADLINE, Counter, begun
from tests.unit.watch.rounds import gaps, live, settled_down, times_of, watched

MINUTES_10 = 600.0


@pytest.mark.parametrize("jump_s", [-86_400.0, -MINUTES_10, MINUTES_10, 3600.0, 86_400.0])
def test_a_deadline_comes_when_it_was_due_whatever_is_done_to_the_wall_clock(
    till: Counter, jump_s: float
) -> None:
    async def story() -> None:
        order, attempt = await till.show()
        await live(till, 60)
        till.clock.set_wrong_by(jump_s)
        await live(till, DEADLINE.total_seconds() - 62)
        assert till.attempt(attempt.id).state is AttemptState.OPEN
        await live(till, 5)
        assert await till.state(order) == "expired"

    watched(till, story)


@pytest.mark.parametrize("jump_s", [-MINUTES_10, MINUTES_10])
def test_polling_goes_on_at_its_pace_whatever_is_done_to_the_wall_clock(
    till: Counter, jump_s: float
) -> None:
    async def story() -> None:
        order, attempt = await till.show()
        await live(till, 10)
        till.clock.set_wrong_by(jump_s)
        times = times_of(till, "fetch")
        await live(till, 30)
        assert len(times) >= 12 and all(2 <= gap <= 2.5 for gap in gaps(times))
        till.provider.pay(attempt.session_id or "")
        await live(till, 3)
        assert await till.state(order) == "paid"

    watched(till, story)


def test_time_that_the_computer_slept_counts_for_a_deadline(till: Counter) -> None:
    async def story() -> None:
        order, _ = await till.show()
        await live(till, 60)
        till.clock.suspend(8 * 3600)
        await live(till, 1)
        assert await till.state(order) == "expired"

    watched(till, story)


def test_after_a_restart_under_a_clock_set_back_no_deadline_is_further_away_than_it_was_made(
    till: Counter,
) -> None:
    order, _ = asyncio.run(till.show())
    till.clock.set_wrong_by(-30 * 86_400)
    till.restart()

    async def story() -> None:
        await live(till, DEADLINE.total_seconds() + 5)
        assert await till.state(order) == "expired"

    watched(till, story)


def test_what_is_over_at_the_provider_when_the_till_comes_back_takes_one_look(
    till: Counter,
) -> None:
    order, attempt = asyncio.run(till.show())
    till.clock.advance(8 * 3600)
    till.provider.sessions[attempt.session_id or ""].state = SessionState.EXPIRED
    till.restart()

    async def story() -> None:
        await live(till, 1)
        assert await till.state(order) == "expired"

    watched(till, story)
    assert (till.strategy.count("fetch"), till.strategy.count("close_session")) == (1, 0)


def test_what_is_still_open_past_its_deadline_when_the_till_comes_back_is_closed(
    till: Counter,
) -> None:
    order, attempt = asyncio.run(till.show())
    till.clock.advance(20 * 60)
    till.restart()

    async def story() -> None:
        await live(till, 1)
        assert await till.state(order) == "expired"

    watched(till, story)
    assert till.provider.sessions[attempt.session_id or ""].state is SessionState.EXPIRED


def test_a_creation_left_in_doubt_past_its_deadline_is_made_sure_of_and_closed(
    till: Counter,
) -> None:
    order, attempt = begun(till)
    till.clock.advance(20 * 60)
    till.restart()

    async def story() -> None:
        await live(till, 5)
        assert await till.state(order) == "expired"
        assert till.attempt(attempt.id).is_final

    watched(till, story)


def test_what_an_earlier_run_left_open_is_looked_at_eagerly_at_first(till: Counter) -> None:
    """Its customer may be paying while the till comes back: that must not take a quarter minute."""

    async def begin() -> tuple[object, str]:
        order = await till.place()
        attempt = await till.open(order)
        return order, attempt.session_id or ""

    order, session_id = asyncio.run(begin())
    till.clock.advance(5)
    till.restart()

    async def story() -> None:
        await live(till, 1)
        till.provider.pay(session_id)
        await live(till, 3)
        assert await till.state(order) == "paid"  # type: ignore[arg-type]

    watched(till, story)


def test_eagerness_ends_where_nobody_pays(till: Counter) -> None:
    async def begin() -> None:
        await till.open(await till.place())

    asyncio.run(begin())
    till.clock.advance(5)
    till.restart()

    async def story() -> None:
        await live(till, 40)
        times = times_of(till, "fetch")
        await live(till, 60)
        assert len(times) <= 5

    watched(till, story)


def test_a_round_asks_about_everything_once_and_says_who_did_not_answer(till: Counter) -> None:
    async def story() -> None:
        attempts = [(await till.show())[1] for _ in range(5)]
        till.strategy.answers["fetch"] = [None, Unavailable("no network")]
        looks = await till.watch.look_at_all()
        assert (looks.looked_at, len(looks.unanswered)) == (4, 1)
        assert looks.unanswered < {attempt.id for attempt in attempts}
        assert till.strategy.count("fetch") == 5
        assert (await till.watch.look_at_all()).looked_at == 5

    watched(till, story)


def test_a_round_over_what_ends_meanwhile_counts_it_as_asked(till: Counter) -> None:
    async def story() -> None:
        _, attempt = await till.show()
        till.provider.pay(attempt.session_id or "")
        looks = await till.watch.look_at_all()
        assert (looks.looked_at, looks.unanswered) == (1, frozenset())
        assert (await till.watch.look_at_all()).looked_at == 0

    watched(till, story)


def test_a_round_counts_what_stays_in_doubt_as_unanswered(till: Counter) -> None:
    _, attempt = begun(till)

    async def story() -> None:
        till.strategy.answers["open_session"] = [LOST] * 100
        assert (await till.watch.look_at_all()).unanswered == {attempt.id}
        till.strategy.answers["open_session"] = []
        await settled_down(till)

    watched(till, story)
