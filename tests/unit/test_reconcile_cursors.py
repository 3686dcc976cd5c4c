"""How far a reconciliation read, what goes wrong with one, and what is kept of it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.domain.reconciliation import Report
from app.errors import Message, Protocol, StoreError, Unavailable
from app.reconcile import EVENTS, SESSIONS
from app.store.reconciliations import KEPT, save_report
from tests.conftest import ExpectedLogs
from tests.parts.clock import START
from tests.parts.till import Counter
from tests.unit.reconciling import (
    DAY_S,
    cursor,
    reconciled,
    settle_inbox,
    spans,
    strange_session,
)

# --- cursors ---------------------------------------------------------------------------------


def test_a_list_is_read_from_where_it_was_read_to_with_some_overlap(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    events, sessions = (spans(till, monkeypatch, v) for v in ("events_since", "list_since"))
    asyncio.run(reconciled(till))
    assert cursor(till, EVENTS) == cursor(till, SESSIONS) == START
    till.clock.advance(300)
    asyncio.run(reconciled(till))
    assert events[1] == (START - timedelta(minutes=10), None)
    assert sessions[1] == (START - timedelta(minutes=45), None), "a page's life longer"
    assert cursor(till, EVENTS) == START + timedelta(minutes=5)


def test_a_long_time_is_read_day_by_day_and_what_was_read_is_not_read_again(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(reconciled(till))
    till.clock.advance(3.5 * DAY_S)
    till.strategy.answers["list_since"] = [None, None, Unavailable("no network")]
    sessions = spans(till, monkeypatch, "list_since")
    report = asyncio.run(reconciled(till))
    assert len(sessions) == 3 and not report.is_clean
    assert cursor(till, SESSIONS) == sessions[1][1]
    assert cursor(till, EVENTS) == till.clock.now()
    asyncio.run(reconciled(till))
    assert sessions[3][0] == cursor_before(sessions[1][1])
    assert cursor(till, SESSIONS) == till.clock.now()


def test_a_list_that_is_late_is_read_from_as_much_earlier(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(reconciled(till))
    late = replace(till.strategy.capabilities, lists_after=timedelta(hours=4))
    till.strategy.capabilities = late
    events, sessions = (spans(till, monkeypatch, v) for v in ("events_since", "list_since"))
    asyncio.run(reconciled(till))
    assert events[0] == (START - timedelta(minutes=10), None)
    assert sessions[0] == (START - timedelta(hours=4, minutes=45), None)


def cursor_before(position: Any) -> Any:
    return position - timedelta(minutes=45)


def test_events_that_the_provider_has_forgotten_are_left_to_the_list_of_sessions(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(reconciled(till))
    strange = strange_session(till, till.store.till_id)
    till.provider.pay(strange)
    till.provider.events.clear()
    till.provider.told_at.clear()
    till.clock.advance(40 * DAY_S)
    events = spans(till, monkeypatch, "events_since")
    report = asyncio.run(reconciled(till))
    assert events[0][0] == till.clock.now() - timedelta(days=30)
    assert (report.payments, report.needs_person) == (1, 1)


@pytest.mark.parametrize("wrong_s", [-600, 600, -36_000, 36_000])
def test_cursors_go_by_the_providers_clock_however_wrong_ours_is(
    till: Counter, wrong_s: float
) -> None:
    till.provider.behind_s = wrong_s
    asyncio.run(reconciled(till))
    assert cursor(till, EVENTS) == till.provider.now()
    till.clock.advance(60)
    strange = strange_session(till, till.store.till_id)
    till.provider.pay(strange)
    report = asyncio.run(reconciled(till))
    assert (report.events, report.payments) == (1, 1)


def test_a_provider_that_has_told_no_time_yet_tells_it_with_its_list(till: Counter) -> None:
    asyncio.run(reconciled(till))
    till.clock.advance(300)
    till.restart()
    till.strategy.calls.clear()
    till.provider.behind_s = -600
    report = asyncio.run(reconciled(till))
    assert [call.verb for call in till.strategy.calls] == ["events_since", "list_since"]
    assert report.requests == 2 and cursor(till, EVENTS) == till.provider.now()


def test_a_provider_whose_clock_went_back_is_read_from_its_own_now(till: Counter) -> None:
    asyncio.run(reconciled(till))
    till.provider.behind_s = 2 * DAY_S
    asyncio.run(reconciled(till))
    assert cursor(till, EVENTS) == till.provider.now() == START - timedelta(days=2)


# --- what goes wrong -------------------------------------------------------------------------


def test_a_list_that_cannot_be_read_keeps_no_other_chore_from_being_done(till: Counter) -> None:
    async def story() -> Report:
        order, attempt = await till.show()
        till.provider.pay(attempt.session_id or "")
        till.strategy.answers["events_since"] = [Unavailable("no network")]
        till.strategy.answers["list_since"] = [Protocol("gibberish")]
        report = await reconciled(till)
        assert await till.state(order) == "paid"
        return report

    report = asyncio.run(story())
    assert len(report.problems) == 2 and report.payments == 1
    assert cursor(till, EVENTS) is None, "nothing was read"


def test_a_bug_in_a_chore_is_loud_and_the_others_are_done(
    till: Counter, expected_logs: ExpectedLogs
) -> None:
    done = []

    async def broken(report: Report) -> None:
        raise ZeroDivisionError("ours")

    async def refunds(report: Report) -> None:
        done.append(report.trigger)

    till.reconciliation.add("disputes", broken)
    till.reconciliation.add("refunds", refunds)
    report = asyncio.run(reconciled(till))
    assert done == ["by hand"] and not report.is_clean
    assert "A fault of the till's own" in report.problems[0]
    expected_logs.take("a bug met while reconciling disputes")


def test_books_that_cannot_be_used_end_the_run(till: Counter) -> None:
    async def full(report: Report) -> None:
        raise StoreError("The disk is full")

    till.reconciliation.add("refunds", full)
    with pytest.raises(StoreError):
        asyncio.run(reconciled(till))
    assert till.count("reconciliations") == 0


def test_an_inbox_that_is_not_settled_in_time_is_not_waited_for_for_ever(till: Counter) -> None:
    async def story() -> Report:
        _, attempt = await till.show()
        till.provider.pay(attempt.session_id or "")
        # Looked at too late to matter: no worker runs.
        return await till.reconciliation.run("by hand")

    assert asyncio.run(story()).events == 1
    asyncio.run(settle_inbox(till))
    assert till.violations() == []


def test_two_at_once_are_one_after_the_other(till: Counter) -> None:
    under_way, most = 0, 0

    async def slow(report: Report) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1

    till.reconciliation.add("slow", slow)

    async def story() -> None:
        await asyncio.gather(*(till.reconciliation.run("by hand") for _ in range(3)))

    asyncio.run(story())
    assert most == 1 and till.count("reconciliations") == 3


# --- reports ---------------------------------------------------------------------------------


def test_a_report_is_read_back_with_its_words_and_the_oldest_are_let_go(till: Counter) -> None:
    problem = Message("{count} payments could not be asked about.", count=3)
    report = Report("interval", START, START + timedelta(seconds=4), problems=[problem])

    def write(tx: Any) -> None:
        for _ in range(KEPT + 5):
            save_report(tx, report)

    till.store.write_now(write)
    last = asyncio.run(till.reconciliation.last())
    assert last == report and last is not None
    assert isinstance(last.problems[0], Message) and last.problems[0].parameters == {"count": 3}
    assert last.took == timedelta(seconds=4)
    assert till.count("reconciliations") == KEPT


def test_a_report_of_another_version_is_read_as_far_as_it_is_known() -> None:
    report = Report.of("start", START, START - timedelta(hours=1), {"payments": 2, "novelty": 1})
    assert report.payments == 2 and report.took == timedelta(0)
