"""The budget of requests: its rate, who goes first, and pauses, in exact virtual time."""

import asyncio
from email.utils import format_datetime

import pytest

from app.errors import Unavailable
from app.providers.budget import (
    LONGEST_PAUSE_S,
    RequestBudget,
    Urgency,
    asked_pause_s,
    asking,
    retry_after_s,
)
from app.providers.transport import Transport
from tests.parts.clock import START
from tests.parts.stripe import Raw, Wire
from tests.parts.virtual_loop import LoopClock, run_in

URL = "https://api.stripe.com/v1/account"


class Drawn:
    """Chance that always falls the same way."""

    def __init__(self, drawn: float = 0.0) -> None:
        self.drawn = drawn

    def random(self) -> float:
        return self.drawn


def a_budget(clock: LoopClock, *, drawn: float = 0.0) -> RequestBudget:
    return RequestBudget(clock, jitter=Drawn(drawn), per_s=20, burst=5)


async def take(budget: RequestBudget, urgency: Urgency, told: list[Urgency]) -> None:
    with asking(urgency):
        await budget.turn()
    told.append(urgency)


def test_no_more_than_the_rate_and_the_burst_are_ever_made() -> None:
    clock = LoopClock()
    budget = a_budget(clock)
    times: list[float] = []

    async def one() -> None:
        await budget.turn()
        times.append(clock.monotonic() - 1000)

    async def story() -> None:
        await asyncio.gather(*(one() for _ in range(105)))

    run_in(clock, story)
    assert times[:5] == [0.0] * 5
    assert times[-1] == pytest.approx(5.0, abs=0.01)
    assert budget.spent == 105
    for first, later in zip(times, times[25:], strict=False):
        assert later - first >= 1 - 0.01, "at most rate and burst in any second"


def test_what_is_not_used_is_saved_up_to_the_burst_only() -> None:
    clock = LoopClock()
    budget = a_budget(clock)

    async def story() -> float:
        await clock.sleep(3600)
        began = clock.monotonic()
        for _ in range(6):
            await budget.turn()
        return clock.monotonic() - began

    assert run_in(clock, story) == pytest.approx(0.05, abs=0.001)


def test_the_counter_goes_before_the_watch_and_that_before_the_backlog() -> None:
    clock = LoopClock()
    budget = a_budget(clock)
    told: list[Urgency] = []

    async def story() -> None:
        order = [Urgency.BACKLOG] * 20 + [Urgency.WATCH] * 3 + [Urgency.COUNTER] * 2
        await asyncio.gather(*(take(budget, urgency, told) for urgency in order))

    run_in(clock, story)
    # The burst goes to whoever was there first.
    assert told[:5] == [Urgency.BACKLOG] * 5
    assert told[5:10] == [Urgency.COUNTER] * 2 + [Urgency.WATCH] * 3
    assert told[10:] == [Urgency.BACKLOG] * 15


def test_one_that_gives_up_waiting_costs_the_others_nothing() -> None:
    clock = LoopClock()
    budget = a_budget(clock)
    told: list[Urgency] = []

    async def story() -> float:
        for _ in range(5):
            await budget.turn()
        began = clock.monotonic()
        gone = [asyncio.create_task(take(budget, Urgency.COUNTER, told)) for _ in range(10)]
        last = asyncio.create_task(take(budget, Urgency.BACKLOG, told))
        await asyncio.sleep(0)
        for task in gone:
            task.cancel()
        await last
        return clock.monotonic() - began

    assert run_in(clock, story) == pytest.approx(0.05, abs=0.001)
    assert told == [Urgency.BACKLOG]


def test_a_turn_that_was_given_to_one_who_is_gone_is_given_again() -> None:
    clock = LoopClock()
    budget = a_budget(clock)

    async def story() -> float:
        for _ in range(5):
            await budget.turn()
        task = asyncio.create_task(budget.turn())
        await asyncio.sleep(0)
        began = clock.monotonic()
        # As the server gives it, and in the same turn of the loop its task is cancelled.
        _, _, future = budget._waiting.pop()
        budget._left -= 1
        future.set_result(None)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await budget.turn()
        return clock.monotonic() - began

    assert run_in(clock, story) == pytest.approx(0.05, abs=0.001)
    assert budget.spent == 6


@pytest.mark.parametrize("drawn", [0.0, 1.0])
def test_a_short_pause_is_waited_for_by_all_and_ends_without_a_rush(drawn: float) -> None:
    clock = LoopClock()
    budget = a_budget(clock, drawn=drawn)

    async def story() -> list[float]:
        budget.pause(1)
        began, times = clock.monotonic(), []
        for _ in range(3):
            await budget.turn()
            times.append(clock.monotonic() - began)
        return times

    pause = 1 * (1 + drawn / 4)
    wanted = [pause + 0.05 * n for n in (1, 2, 3)]
    assert run_in(clock, story) == pytest.approx(wanted, abs=0.001)


def test_a_long_pause_is_told_at_once_to_who_comes_and_to_who_waits() -> None:
    clock = LoopClock()
    budget = a_budget(clock)

    async def story() -> list[float | None]:
        for _ in range(5):
            await budget.turn()
        waiting = [asyncio.create_task(budget.turn()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.sleep(0)
        budget.pause(60)
        told = []
        for task in [*waiting[1:], asyncio.create_task(budget.turn())]:
            with pytest.raises(Unavailable) as refused:
                await task
            told.append(refused.value.retry_after_s)
        assert clock.monotonic() < 1001
        await clock.sleep(60)
        await budget.turn()
        return told

    assert run_in(clock, story) == pytest.approx([60, 60, 60], abs=0.1)
    assert budget.spent == 6


def test_no_provider_can_pause_the_till_for_ever_and_a_shorter_wish_ends_no_pause() -> None:
    clock = LoopClock()
    budget = a_budget(clock)
    budget.pause(10**9)
    assert budget.paused_s == LONGEST_PAUSE_S
    budget.pause(1)
    assert budget.paused_s == LONGEST_PAUSE_S


@pytest.mark.parametrize(
    "status, headers, pause_s",
    [
        (200, {"Retry-After": "5"}, None),
        (429, {}, 1.0),
        (429, {"Retry-After": "7"}, 7.0),
        (429, {"retry-after": "soon"}, 1.0),
        (503, {}, None),
        (503, {"RETRY-AFTER": "9"}, 9.0),
        (500, {"Retry-After": "9"}, None),
    ],
)
def test_what_pauses_an_account(
    status: int, headers: dict[str, str], pause_s: float | None
) -> None:
    assert asked_pause_s(status, headers) == pause_s


def test_a_date_to_come_back_at_is_read_by_the_providers_own_clock() -> None:
    told = format_datetime(START, usegmt=True)
    later = "Sat, 21 Nov 2026 09:00:30 GMT"
    assert retry_after_s({"Retry-After": later, "Date": told}) == 30
    assert retry_after_s({"Retry-After": told, "Date": later}) == 0
    assert retry_after_s({"Retry-After": later}) is None
    assert retry_after_s({"Retry-After": "9" * 400}) == LONGEST_PAUSE_S


def test_a_reply_of_too_fast_pauses_every_call_of_the_account_and_nothing_is_sent() -> None:
    clock = LoopClock()
    wire = Wire(Raw(429, b"", {"Retry-After": "30"}), Raw(200))
    transport = Transport(
        "https://api.stripe.com", clock=clock, transport=wire, budget=a_budget(clock)
    )

    async def story() -> None:
        assert (await transport.send("GET", URL, {})).status == 429
        with pytest.raises(Unavailable) as refused:
            await transport.send("POST", URL, {})
        assert refused.value.retry_after_s == 30
        assert len(wire.requests) == 1
        await clock.sleep(30)
        assert (await transport.send("GET", URL, {})).status == 200

    run_in(clock, story)
