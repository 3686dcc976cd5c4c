"""A reconciliation: what it asks, what it finds, and what it leaves to others, in virtual time."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.domain.attempt import AttemptState, Reference
from app.domain.delivery import Delivery
from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.domain.reconciliation import Report
from app.domain.refund import RefundObservation, RefundState, SeenRefund
from app.errors import Message, Protocol, StoreError, Unavailable
from app.providers.strategy import Recheck
from app.reconcile import EVENTS, SESSIONS
from app.store.cursors import find_cursor
from app.store.reconciliations import KEPT, save_report
from app.webhooks.inbox_worker import InboxWorker
from tests.conftest import ExpectedLogs
from tests.parts.clock import START
from tests.parts.provider import LOST, FakeSession
from tests.parts.till import Counter, begun

DAY_S = 86_400


def worker_of(till: Counter) -> InboxWorker:
    return InboxWorker(
        till.store,
        {till.strategy.account: till.strategy},
        clock=till.clock,
        recheck=lambda attempt_id: None,
    )


async def settle_inbox(till: Counter) -> None:
    worker = worker_of(till)
    while await worker.settle_round():
        pass


async def reconciled(till: Counter, trigger: str = "by hand", **options: Any) -> Report:
    """Run one, with a worker that settles the inbox meanwhile."""
    worker = worker_of(till)
    till.reconciliation.wake = worker.wake
    settling = asyncio.create_task(worker.run())
    try:
        return await till.reconciliation.run(trigger, **options)
    finally:
        settling.cancel()
        await asyncio.gather(settling, return_exceptions=True)


def cursor(till: Counter, kind: str) -> Any:
    name, whose = till.strategy.account, till.provider.account
    return till.store.read_now(lambda db: find_cursor(db, name, whose, kind))


def strange_session(till: Counter, till_id: str, minor: int = 700) -> str:
    """Give the provider a session that the books do not know."""
    reference = str(Reference(till_id, "0rder0000009", 1))
    session = FakeSession(f"fs_x_{till_id}", reference, Money(minor, "EUR"), till.provider.now())
    till.provider.sessions[session.id] = session
    return session.id


# --- what is found ---------------------------------------------------------------------------


def test_with_nothing_to_find_it_is_clean_and_kept(till: Counter) -> None:
    report = asyncio.run(reconciled(till))
    assert report.is_clean and report.trigger == "by hand"
    assert (report.payments, report.events, report.looked_at) == (0, 0, 0)
    assert report.requests == len(till.strategy.calls) == 3, "identify and the two lists"
    last = asyncio.run(till.reconciliation.last())
    assert last == report


def test_a_payment_that_nobody_told_of_is_found_by_asking(till: Counter) -> None:
    async def story() -> Report:
        order, attempt = await till.show()
        till.provider.pay(attempt.session_id or "")
        till.provider.events.clear()
        till.provider.told_at.clear()
        report = await reconciled(till)
        assert await till.state(order) == "paid"
        return report

    report = asyncio.run(story())
    assert (report.payments, report.events) == (1, 0)
    assert till.violations() == []


def test_an_event_that_was_never_delivered_is_found_on_the_list_and_counts_once(
    till: Counter,
) -> None:
    async def story() -> None:
        order, attempt = await till.show()
        till.provider.pay(attempt.session_id or "")
        first = await reconciled(till)
        second = await reconciled(till)
        assert (first.events, first.payments) == (1, 1)
        assert (second.events, second.payments, second.is_clean) == (0, 0, True)
        assert await till.state(order) == "paid"

    asyncio.run(story())
    assert till.count("inbox") == 1
    assert till.count("journal", "name = 'order.paid'") == 1
    assert till.violations() == []


def test_money_on_a_session_that_the_books_do_not_know_needs_a_person(till: Counter) -> None:
    session_id = strange_session(till, till.store.till_id)
    asyncio.run(reconciled(till))
    assert till.count("exceptions") == 0, "an open session is no money"
    till.clock.advance(1500)
    till.provider.pay(session_id)
    till.provider.events.clear()
    till.provider.told_at.clear()
    report = asyncio.run(reconciled(till))
    assert (report.payments, report.needs_person, report.is_clean) == (1, 1, False)
    kinds = till.rows("SELECT kind FROM exceptions")
    assert kinds == [(ExceptionKind.MISMATCH.value,)]


def test_what_is_a_strangers_is_counted_and_leaves_no_trace(till: Counter) -> None:
    session_id = strange_session(till, "zzzzzz")
    till.provider.pay(session_id)
    report = asyncio.run(reconciled(till))
    assert report.strangers == 2, "its session and its event"
    assert report.is_clean
    assert (till.count("inbox"), till.count("payments"), till.count("exceptions")) == (0, 0, 0)


def test_an_event_that_says_nothing_or_nothing_readable(
    till: Counter, expected_logs: ExpectedLogs
) -> None:
    for number, (kind, body) in enumerate([("nothing", b"{}"), ("gibberish", b"[]")]):
        till.provider.events.append(
            Delivery("fake", "fakepay", till.provider.account, False, f"fe_{number}", kind, body)
        )
        till.provider.told_at.append(till.provider.now())
    report = asyncio.run(reconciled(till))
    assert report.events == 1, "what cannot be read is kept, as a delivery would be"
    assert till.rows("SELECT event_type, standing FROM inbox") == [("gibberish", "failed")]
    expected_logs.take("cannot be understood")


def test_a_refund_carries_no_reference_and_goes_the_inboxs_way(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    refund = SeenRefund("re_1", "pay_elsewhere", Money(5, "EUR"), RefundState.SUCCEEDED)

    def observe(delivery: Delivery, *, at: Any) -> RefundObservation:
        return RefundObservation(
            source=till.strategy._seen(FakeSession("x", "y", refund.amount, at), None).source,  # type: ignore[arg-type]
            provider="fakepay",
            provider_account=delivery.provider_account,
            live=False,
            refund=refund,
            observed_at=at,
            event_id=delivery.event_id,
        )

    monkeypatch.setattr(till.strategy, "observe", observe)
    strange = strange_session(till, "zzzzzz")
    till.provider.pay(strange)
    report = asyncio.run(reconciled(till))
    assert report.events == 1
    assert till.rows("SELECT standing FROM inbox") == [("waiting",)]


def test_sessions_are_read_in_batches_that_are_each_committed(till: Counter) -> None:
    async def story() -> Report:
        for _ in range(230):
            strange = strange_session(till, till.store.till_id)
            session = till.provider.sessions.pop(strange)
            number = len(till.provider.sessions)
            session.id = f"fs_n_{number}"
            session.reference = str(Reference(till.store.till_id, f"0rder{number:07}", 1))
            till.provider.sessions[session.id] = session
            till.provider.pay(session.id)
        till.provider.events.clear()
        till.provider.told_at.clear()
        return await reconciled(till)

    report = asyncio.run(story())
    assert (report.sessions, report.payments, report.needs_person) == (230, 230, 230)


# --- sessions that are strange ---------------------------------------------------------------


def test_a_listed_session_that_does_not_fit_is_a_problem_in_words(till: Counter) -> None:
    async def story() -> Report:
        _, attempt = await till.show()
        twin = strange_session(till, till.store.till_id)
        till.provider.sessions[twin].reference = str(attempt.reference)
        till.provider.pay(twin)
        till.provider.events.clear()
        till.provider.told_at.clear()
        return await reconciled(till)

    report = asyncio.run(story())
    assert any("does not fit this payment" in problem for problem in report.problems)
    assert report.needs_person >= 1


def test_a_session_that_is_not_understood_is_a_problem_only_where_nobody_else_looks(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> Report:
        _, attempt = await till.show()

        async def listed(*_: Any, **__: Any) -> Any:
            yield Recheck(str(attempt.reference))
            yield Recheck(str(Reference(till.store.till_id, "0rder0000009", 1)))

        monkeypatch.setattr(till.strategy, "list_since", listed)
        return await reconciled(till)

    (problem,) = asyncio.run(story()).problems
    assert "0rder0000009" in problem and "is not understood" in problem


def test_an_open_session_on_the_list_changes_nothing_about_one_being_created(
    till: Counter,
) -> None:
    """Its answer is lost: asked for under its key it still gives the code's address."""
    order, attempt = begun(till)

    async def story() -> None:
        till.strategy.answers["open_session"] = [LOST] * 50
        report = await reconciled(till)
        assert report.still_unknown == 1 and not report.is_clean
        assert till.attempt(attempt.id).state is AttemptState.UNKNOWN
        till.strategy.answers["open_session"] = []
        report = await reconciled(till)
        assert report.is_clean and report.looked_at == 1
        assert till.attempt(attempt.id).is_payable
        assert await till.state(order) == "open"

    asyncio.run(story())
    assert len(till.provider.sessions) == 1


# --- attempts and intents --------------------------------------------------------------------


def test_what_was_asked_about_just_now_is_not_asked_about_again(till: Counter) -> None:
    async def story() -> None:
        await till.show()
        assert (await reconciled(till)).looked_at == 1
        till.clock.advance(1)
        fetches = till.strategy.count("fetch")
        assert (await reconciled(till, not_since_s=300)).looked_at == 0
        assert till.strategy.count("fetch") == fetches
        assert (await reconciled(till)).looked_at == 1

    asyncio.run(story())


def test_a_payment_that_cannot_be_asked_about_is_said_and_asked_about_next_time(
    till: Counter,
) -> None:
    async def story() -> None:
        await till.show()
        till.strategy.answers["fetch"] = [Unavailable("no network")]
        report = await reconciled(till)
        assert report.still_unknown == 1 and not report.is_clean
        assert report.problems == ["1 payments could not be asked about."]
        assert isinstance(report.problems[0], Message)
        assert (await reconciled(till)).is_clean

    asyncio.run(story())


def test_a_call_without_an_answer_needs_none_once_its_session_is_over(till: Counter) -> None:
    async def story() -> None:
        order, attempt = await till.show()
        till.strategy.answers["close_session"] = [LOST]
        await till.checkout.cancel(order.id)
        assert till.count("intents", "outcome IS NULL") == 1
        report = await reconciled(till)
        assert till.attempt(attempt.id).is_final
        assert (report.intents, till.count("intents", "outcome IS NULL")) == (1, 0)
        assert await till.state(order) == "cancelled"
        assert (await reconciled(till)).intents == 0

    asyncio.run(story())


# --- cursors ---------------------------------------------------------------------------------


def spans(till: Counter, monkeypatch: pytest.MonkeyPatch, verb: str) -> list[Any]:
    """Note from when to when a list is read."""
    noted: list[Any] = []
    real = getattr(till.strategy, verb)

    def read(since: Any, **options: Any) -> Any:
        noted.append((since, options.get("until")))
        return real(since, **options)

    monkeypatch.setattr(till.strategy, verb, read)
    return noted


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
