"""The clockwork of reconciliation, beside a watch, on a loop of virtual time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.domain.attempt import AttemptState
from app.domain.reconciliation import Report
from app.errors import StoreError, Unavailable
from app.events import Fact
from app.watch import Reconciler
from app.watch.reconciler import INTERVAL_S
from tests.conftest import ExpectedLogs
from tests.parts.provider import Call
from tests.parts.till import DEADLINE, Counter
from tests.parts.virtual_loop import LoopClock, run_in

HOURS_8 = 8 * 3600.0


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    till = Counter(tmp_path, clock=LoopClock())
    yield till
    faults = till.violations()
    till.close()
    assert faults == []


class Clockwork:
    """A reconciler with what it reported and what the till told."""

    def __init__(self, till: Counter) -> None:
        self.till = till
        self.reports: list[Report] = []
        self.facts: list[Fact] = []
        self.times: list[float] = []
        self.reconciler = Reconciler(
            till.reconciliation,
            till.store,
            clock=till.clock,
            jitter=till.jitter,
            look_at_codes=till.watch.look_at_codes,
            on_report=self._note,
        )
        till.store.bus.subscribe(self.facts.append)

    def _note(self, report: Report) -> None:
        self.reports.append(report)
        self.times.append(self.till.clock.monotonic())

    def is_unsure(self) -> bool:
        return self.reconciler.is_making_sure

    def names(self) -> list[str]:
        return [fact.name for fact in self.facts if fact.name.startswith("till.")]


def lived(till: Counter, story: Callable[[Clockwork], Awaitable[Any]]) -> Clockwork:
    """Run a story with watch and clockwork going."""
    work = Clockwork(till)

    async def run() -> None:
        till.watch.start()
        work.reconciler.start()
        try:
            await story(work)
        finally:
            await work.reconciler.stop()
            await till.watch.stop()

    run_in(till.clock, run)
    return work


async def wait(till: Counter, seconds: float) -> None:
    await asyncio.sleep(seconds)


def test_it_runs_at_start_and_every_five_minutes(till: Counter) -> None:
    async def story(work: Clockwork) -> None:
        await wait(till, 3600)

    work = lived(till, story)
    assert [report.trigger for report in work.reports[:3]] == ["start", "interval", "interval"]
    gaps = [later - sooner for sooner, later in zip(work.times, work.times[1:], strict=False)]
    assert all(INTERVAL_S <= gap <= INTERVAL_S * 1.25 + 3 for gap in gaps)
    assert work.reconciler.last is work.reports[-1]
    assert work.names() == []


def test_a_run_can_be_had_sooner_and_by_hand(till: Counter) -> None:
    async def story(work: Clockwork) -> None:
        await wait(till, 10)
        work.reconciler.soon()
        await wait(till, 3)
        assert [report.trigger for report in work.reports] == ["start", "interval"]
        assert (await work.reconciler.run("by hand")).trigger == "by hand"

    assert len(lived(till, story).reports) == 3


def test_the_watch_and_the_runs_never_ask_twice(till: Counter) -> None:
    """In ten minutes a shown code is asked about as often as by the watch alone."""

    async def story(work: Clockwork) -> None:
        await till.show()
        await wait(till, 600)

    work = lived(till, story)
    assert len(work.reports) >= 2
    assert 600 / 2.5 * 0.9 <= till.strategy.count("fetch") <= 600 / 2 + 1
    assert sum(report.looked_at for report in work.reports[1:]) == 0


@pytest.mark.parametrize(
    "fault, words",
    [
        (StoreError("The disk is full"), "waits, the books cannot be written: The disk is full"),
        (ZeroDivisionError("ours"), "could not be run"),
    ],
)
def test_a_run_that_fails_is_heard_and_the_next_comes(
    till: Counter,
    expected_logs: ExpectedLogs,
    monkeypatch: pytest.MonkeyPatch,
    fault: Exception,
    words: str,
) -> None:
    faults, run = [fault], till.reconciliation.run

    async def broken(*given: Any, **named: Any) -> Report:
        if faults:
            raise faults.pop()
        return await run(*given, **named)

    monkeypatch.setattr(till.reconciliation, "run", broken)

    async def story(work: Clockwork) -> None:
        await wait(till, 400)

    work = lived(till, story)
    assert [report.trigger for report in work.reports] == ["interval"]
    expected_logs.take(words)


def test_stopping_in_a_run_leaves_nothing_behind(till: Counter) -> None:
    async def for_ever(call: Call) -> None:
        await asyncio.sleep(10**6)

    async def story(work: Clockwork) -> None:
        till.strategy.pause = for_ever
        await wait(till, 5)
        assert work.reports == []

    lived(till, story)
    assert till.count("reconciliations") == 0


def test_stopping_what_was_never_started_is_no_fault(till: Counter) -> None:
    run_in(till.clock, Clockwork(till).reconciler.stop)


# --- sleep -----------------------------------------------------------------------------------


def test_after_a_sleep_all_is_asked_about_before_a_code_may_be_shown_again(
    till: Counter, expected_logs: ExpectedLogs
) -> None:
    async def story(work: Clockwork) -> None:
        order, attempt = await till.show()
        await wait(till, 10)
        till.provider.pay(attempt.session_id or "")
        # It was paid in the last second before the lid was closed: nobody told.
        till.provider.events.clear()
        till.provider.told_at.clear()
        gate = asyncio.Event()

        async def slow(call: Call) -> None:
            await gate.wait()

        till.strategy.pause = slow
        till.clock.suspend(HOURS_8)
        await wait(till, 2)
        assert work.names() == ["till.resumed"] and work.is_unsure()
        gate.set()
        await wait(till, 5)
        assert work.names() == ["till.resumed", "till.made_sure"]
        assert not work.is_unsure()
        assert await till.state(order) == "paid"
        assert work.facts[-1].name == "till.made_sure"

    work = lived(till, story)
    assert "resume" in [report.trigger for report in work.reports]
    resumed = next(fact for fact in work.facts if fact.name == "till.resumed")
    assert resumed.data["gap_s"] == HOURS_8
    expected_logs.take("the computer slept or its clock was set")


def made_sure_of(work: Clockwork) -> list[int | None]:
    return [fact.attempt_id for fact in work.facts if fact.name == "attempt.made_sure"]


def test_a_code_comes_back_once_its_own_session_was_asked_about_whatever_else_takes_long(
    till: Counter, expected_logs: ExpectedLogs
) -> None:
    async def story(work: Clockwork) -> None:
        _, silent = await till.show()
        order, ours = await till.show()
        await wait(till, 30)
        gate = asyncio.Event()

        async def slow(call: Call) -> None:
            if call.subject != ours.session_id:
                await gate.wait()

        till.strategy.pause = slow
        till.clock.suspend(120)
        await wait(till, 5)
        assert made_sure_of(work) == [ours.id] and work.is_unsure()
        told = next(fact for fact in work.facts if fact.name == "attempt.made_sure")
        assert told.order_id == order.id
        gate.set()
        await wait(till, 5)
        assert made_sure_of(work) == [ours.id, silent.id] and not work.is_unsure()

    lived(till, story)
    expected_logs.take("the computer slept")


def test_the_lists_of_the_provider_are_read_only_after_the_codes_are_back(
    till: Counter, expected_logs: ExpectedLogs
) -> None:
    async def story(work: Clockwork) -> None:
        _, attempt = await till.show()
        await wait(till, 30)
        gate = asyncio.Event()

        async def slow(call: Call) -> None:
            if call.verb in ("events_since", "list_since"):
                await gate.wait()

        till.strategy.pause = slow
        till.clock.suspend(HOURS_8 / 100)
        await wait(till, 5)
        assert work.names() == ["till.resumed", "till.made_sure"]
        assert made_sure_of(work) == [attempt.id] and not work.is_unsure()
        assert "resume" not in [report.trigger for report in work.reports]
        gate.set()
        await wait(till, 20)
        assert work.reports[-1].trigger == "resume"

    lived(till, story)
    expected_logs.take("the computer slept")


def test_an_answer_from_before_the_sleep_does_not_count(
    till: Counter, expected_logs: ExpectedLogs
) -> None:
    async def story(work: Clockwork) -> None:
        _, attempt = await till.show()
        await wait(till, 30)
        gate = asyncio.Event()

        async def slow(call: Call) -> None:
            await gate.wait()

        till.strategy.pause = slow
        await wait(till, 3)
        asked = till.strategy.count("fetch")
        till.clock.suspend(120)
        await wait(till, 3)
        assert made_sure_of(work) == []
        gate.set()
        await wait(till, 5)
        assert made_sure_of(work) == [attempt.id]
        assert till.strategy.count("fetch") > asked, "it was asked anew"

    lived(till, story)
    expected_logs.take("the computer slept")


def test_without_a_watch_that_runs_codes_are_asked_about_all_the_same(till: Counter) -> None:
    answered: list[int] = []

    async def note(attempt: Any) -> None:
        answered.append(attempt.id)

    async def story() -> None:
        _, first = await till.show()
        order, second = await till.show()
        unshown = await till.open(await till.place())
        till.strategy.answers["fetch"] = [Unavailable("no network")]
        silent = await till.watch.look_at_codes(note)
        assert {*answered, *silent} == {first.id, second.id} and len(silent) == 1
        till.provider.pay(second.session_id or "")
        assert await till.watch.look_at_codes(note) == frozenset()
        assert await till.state(order) == "paid" and unshown.id not in answered
        await till.watch.stop()

    run_in(till.clock, story)


def test_after_a_sleep_past_its_deadline_a_code_is_closed_and_never_shown_again(
    till: Counter, expected_logs: ExpectedLogs
) -> None:
    async def story(work: Clockwork) -> None:
        order, attempt = await till.show()
        await wait(till, 10)
        till.clock.suspend(HOURS_8)
        # Nobody settles the inbox here; a run waits ten seconds for that.
        await wait(till, 20)
        assert await till.state(order) == "expired"
        assert till.attempt(attempt.id).is_final
        assert work.names() == ["till.resumed", "till.made_sure"]

    lived(till, story)
    expected_logs.take("the computer slept")


def test_without_an_answer_the_code_stays_away_until_there_is_one(
    till: Counter, expected_logs: ExpectedLogs
) -> None:
    async def story(work: Clockwork) -> None:
        _, attempt = await till.show()
        await wait(till, 10)
        till.strategy.answers["fetch"] = [Unavailable("no network")] * 4
        till.clock.suspend(120)
        await wait(till, 6)
        assert work.is_unsure() and "till.made_sure" not in work.names()
        await wait(till, 60)
        assert not work.is_unsure()
        assert work.names()[-1] == "till.made_sure"
        assert till.attempt(attempt.id).is_payable, "two minutes are no deadline"

    lived(till, story)
    expected_logs.take("the computer slept")


def test_books_that_cannot_be_written_after_a_sleep_keep_the_code_away(
    till: Counter, expected_logs: ExpectedLogs
) -> None:
    faults = [StoreError("The disk is full")]

    async def story(work: Clockwork) -> None:
        look = work.reconciler._look_at_codes

        async def broken(on_answer: Any) -> frozenset[int]:
            if faults:
                raise faults.pop()
            return await look(on_answer)

        work.reconciler._look_at_codes = broken
        await till.show()
        await wait(till, 10)
        till.clock.suspend(120)
        await wait(till, 3)
        assert work.is_unsure()
        await wait(till, 15)
        assert work.names() == ["till.resumed", "till.made_sure"], "a sleep is told once"

    lived(till, story)
    expected_logs.take("the computer slept")
    expected_logs.take("nothing could be made sure of")


def test_a_wall_clock_that_leaps_ahead_is_taken_for_a_sleep_but_ends_no_deadline(
    till: Counter, expected_logs: ExpectedLogs
) -> None:
    """Some systems have no clock that goes on during sleep: the wall clock leaps then."""

    async def story(work: Clockwork) -> None:
        order, attempt = await till.show()
        await wait(till, 10)
        till.clock.set_wrong_by(2 * 3600)
        await wait(till, 5)
        assert work.names() == ["till.resumed", "till.made_sure"]
        assert till.attempt(attempt.id).state is AttemptState.OPEN
        await wait(till, DEADLINE.total_seconds())
        assert await till.state(order) == "expired"

    lived(till, story)
    expected_logs.take("the computer slept or its clock was set")


@pytest.mark.parametrize("jump_s", [-3600.0, -600.0, -31.0, 20.0])
def test_a_wall_clock_that_is_set_back_or_mended_a_little_is_no_sleep(
    till: Counter, jump_s: float
) -> None:
    async def story(work: Clockwork) -> None:
        await till.show()
        await wait(till, 10)
        till.clock.set_wrong_by(jump_s)
        await wait(till, 10)
        assert work.names() == []

    lived(till, story)
