"""The watch's pace, deadlines and failures, in virtual time."""

import asyncio

import pytest

from app.domain.attempt import Attempt, AttemptState
from app.domain.exceptions import ExceptionKind
from app.errors import Protocol, Rejected, StoreError, Unavailable
from tests.conftest import ExpectedLogs
from tests.parts.provider import Call
from tests.parts.till import DEADLINE, Counter, until_state
from tests.unit.watch.rounds import gaps, live, times_of, watched, with_stop


def test_a_session_is_looked_at_every_two_seconds_while_its_code_is_shown(till: Counter) -> None:
    async def story() -> None:
        await till.show()
        times = times_of(till, "fetch")
        await live(till, 30)
        assert 12 <= len(times) <= 16
        assert all(2 <= gap <= 2.5 for gap in gaps(times))

    watched(till, story)


def test_a_session_that_nobody_sees_is_looked_at_less_often(till: Counter) -> None:
    async def story() -> None:
        await till.open(await till.place())
        times = times_of(till, "fetch")
        await live(till, 60)
        assert 2 <= len(times) <= 4

    watched(till, story)


def test_showing_a_code_brings_its_next_look_on(till: Counter) -> None:
    async def story() -> None:
        attempt = await till.open(await till.place())
        await live(till, 1)
        await till.checkout.mark_shown(attempt.id)
        await asyncio.sleep(0)
        times = times_of(till, "fetch")
        await live(till, 3)
        assert len(times) >= 1

    watched(till, story)


def test_polling_alone_finds_a_payment_within_the_interval(till: Counter) -> None:
    async def story() -> None:
        order, attempt = await till.show()
        await live(till, 7)
        till.provider.pay(attempt.session_id or "")
        await live(till, 2.5)
        assert await till.state(order) == "paid"
        calls = len(till.strategy.calls)
        await live(till, 300)
        assert len(till.strategy.calls) == calls, "what is final is left alone"

    watched(till, story)


def test_a_payment_that_takes_days_is_waited_for_slowly(till: Counter) -> None:
    async def story() -> None:
        order, attempt = await till.show()
        till.provider.pay_slowly(attempt.session_id or "")
        await live(till, 20)
        times = times_of(till, "fetch")
        await live(till, 7200)
        assert all(gap >= 10 for gap in gaps(times))
        assert till.strategy.count("close_session") == 0
        till.provider.decide(attempt.session_id or "", succeeded=True)
        await live(till, 15)
        assert await till.state(order) == "paid"

    watched(till, story)


def test_a_payment_in_progress_that_is_to_be_closed_is_only_waited_for(till: Counter) -> None:
    async def story() -> None:
        order, attempt = await till.show()
        till.provider.pay_slowly(attempt.session_id or "")
        await till.checkout.cancel(order.id)
        closes = till.strategy.count("close_session")
        await live(till, 600)
        assert till.strategy.count("close_session") == closes
        till.provider.decide(attempt.session_id or "", succeeded=False)
        await live(till, 30)
        assert await till.state(order) == "cancelled"

    watched(till, story)


def test_a_deadline_that_passes_closes_the_session_and_ends_the_order(till: Counter) -> None:
    async def story() -> None:
        order, attempt = await till.show()
        await live(till, DEADLINE.total_seconds() - 1)
        assert await till.state(order) == "open"
        await live(till, 2)
        assert await till.state(order) == "expired"
        assert not till.provider.pay(attempt.session_id or "")
        assert till.strategy.count("close_session") == 1

    watched(till, story)


def test_a_payment_in_the_last_second_before_the_deadline_counts(till: Counter) -> None:
    async def story() -> None:
        order, attempt = await till.show()
        till.clock.advance(DEADLINE.total_seconds())
        till.provider.pay(attempt.session_id or "")
        await live(till, 1)
        assert await till.state(order) == "paid"

    watched(till, story)


def test_after_the_deadline_without_an_answer_closing_is_tried_until_it_is_known(
    till: Counter,
) -> None:
    async def story() -> None:
        order, attempt = await till.show()
        till.strategy.answers["close_session"] = [Unavailable("no network") for _ in range(5)]
        till.clock.advance(DEADLINE.total_seconds())
        await live(till, 1)
        assert till.attempt(attempt.id).state is AttemptState.UNKNOWN
        assert await till.waiting(order) == [ExceptionKind.UNKNOWN]
        await live(till, 200)
        assert await till.state(order) == "expired"
        assert await till.waiting(order) == []

    watched(till, story)


class Drawn:
    """Chance that always falls the same way."""

    def __init__(self, drawn: float) -> None:
        self.drawn = drawn

    def random(self) -> float:
        return self.drawn


def test_sessions_that_were_opened_together_are_not_looked_at_in_step(till: Counter) -> None:
    async def story() -> None:
        _, first = await till.show()
        _, second = await till.show()
        looks: dict[str, list[float]] = {first.session_id or "": [], second.session_id or "": []}

        def note(call: Call) -> None:
            looks[call.subject].append(till.clock.monotonic())

        till.strategy.before = note
        await live(till, 60)
        one, other = looks.values()
        assert len(set(one) & set(other)) < len(one) / 2

    watched(till, story)


@pytest.mark.parametrize("drawn", [0.0, 1.0])
def test_a_wait_that_the_provider_asks_for_is_kept_however_chance_falls(
    till: Counter, drawn: float
) -> None:
    async def story() -> None:
        till.watch._jitter = Drawn(drawn)
        await till.show()
        till.strategy.answers["fetch"] = [Unavailable("later", retry_after_s=60)] * 2
        times = times_of(till, "fetch")
        await live(till, 170)
        assert [60 * (1 + drawn / 4)] * 2 == [round(gap) for gap in gaps(times)[:2]]

    watched(till, story)


def test_failures_back_off_by_half_as_much_where_chance_falls_low(till: Counter) -> None:
    async def story() -> None:
        till.watch._jitter = Drawn(0.0)
        await till.show()
        till.strategy.answers["fetch"] = [Unavailable("no network") for _ in range(6)]
        times = times_of(till, "fetch")
        await live(till, 80)
        assert [round(gap) for gap in gaps(times)[:4]] == [2, 4, 8, 15]

    watched(till, story)


def test_failures_back_off_up_to_half_a_minute_and_success_starts_afresh(till: Counter) -> None:
    async def story() -> None:
        till.watch._jitter = Drawn(1.0)
        await till.show()
        till.strategy.answers["fetch"] = [Unavailable("no network") for _ in range(6)]
        times = times_of(till, "fetch")
        await live(till, 130)
        waits = [round(gap) for gap in gaps(times)]
        assert waits[:4] == [4, 8, 16, 30]
        assert max(waits) == 30
        assert gaps(times)[-1] == 2.5

    watched(till, story)


@pytest.mark.parametrize("answer", [Unavailable("no"), Protocol("gibberish"), Rejected("no")])
def test_no_kind_of_failure_ends_the_watch(till: Counter, answer: Exception) -> None:
    async def story() -> None:
        order, attempt = await till.show()
        till.strategy.answers["fetch"] = [answer, answer]
        await live(till, 5)
        till.provider.pay(attempt.session_id or "")
        await live(till, 20)
        assert await till.state(order) == "paid"

    watched(till, story)


def test_an_account_whose_keys_are_gone_is_reported_and_the_watch_goes_on(
    till: Counter, expected_logs: ExpectedLogs
) -> None:
    async def story() -> None:
        await till.show()
        till.gateway._strategies = {}
        await live(till, 40)
        assert 2 <= len(expected_logs.take_all("could not be looked at")) <= 6

    watched(till, story)


@pytest.mark.parametrize(
    "faults, said",
    [
        (["The disk is full"] * 30, 1),
        (["The disk is full", "The disk fails", "The disk fails"], 2),
        (["The disk is full", "", "The disk is full"], 2),
    ],
)
def test_books_that_cannot_be_used_are_told_once_a_trouble_and_do_not_end_the_watch(
    till: Counter,
    expected_logs: ExpectedLogs,
    monkeypatch: pytest.MonkeyPatch,
    faults: list[str],
    said: int,
) -> None:
    left = list(reversed(faults))

    async def story() -> None:
        order, attempt = await till.show()
        till.provider.pay(attempt.session_id or "")
        tick = till.watch.tick

        async def broken() -> None:
            if left and (title := left.pop()):
                raise StoreError(title)
            if not left:
                await tick()

        monkeypatch.setattr(till.watch, "tick", broken)
        till.watch.start()
        await until_state(till, order, "paid")
        told = expected_logs.take_all("waits for the books")
        assert len(told) == said
        assert not any(record.exc_info for record in told)

    asyncio.run(with_stop(till, story))


def test_a_bug_in_a_look_is_heard_and_backs_off(
    till: Counter, expected_logs: ExpectedLogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        await till.show()

        async def broken(attempt: Attempt) -> Attempt:
            raise ZeroDivisionError("ours")

        monkeypatch.setattr(till.watch, "_act", broken)
        await live(till, 10)

    watched(till, story)
    assert 1 <= len(expected_logs.take_all("a bug met while looking")) <= 6
