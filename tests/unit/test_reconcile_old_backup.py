"""A comparison after a long absence, or after an old backup, goes back to before it began."""

import asyncio
from datetime import datetime, timedelta

import pytest

from app.domain.dispute import DisputeState
from app.domain.money import Money
from app.domain.reconciliation import Report
from app.domain.refund import RefundState
from app.errors import Rejected, Unavailable
from app.reconcile_money import MoneyChores
from app.store.backup import make_backup
from app.store.epochs import begin_epoch, needs_reconciliation, restored_from
from app.store.restore import restore_books
from tests.conftest import ExpectedLogs
from tests.parts.clock import START
from tests.parts.till import Counter
from tests.unit.reconciling import DAY_S, reconciled


def with_money(till: Counter) -> Counter:
    """Give a till's reconciliation every chore of a real one's."""
    chores = MoneyChores(till.store, till.gateway, till.refunds, clock=till.clock)
    chores.add_to(till.reconciliation)
    return till


@pytest.fixture
def whole(till: Counter) -> Counter:
    return with_money(till)


def run(till: Counter) -> Report:
    return asyncio.run(reconciled(till))


def sold(till: Counter) -> str:
    """Sell something that is paid, and give the payment's id."""

    async def story() -> str:
        _order, attempt = await till.show()
        till.provider.pay(attempt.session_id or "")
        await till.look(attempt)
        return str(till.rows("SELECT max(payment_id) FROM payments")[0][0])

    return asyncio.run(story())


def forget_events(till: Counter) -> None:
    till.provider.events.clear()
    till.provider.told_at.clear()


def back_up(till: Counter) -> None:
    make_backup(till.store.path, till.directory / "kept.db", at=till.clock.now())


def restore(till: Counter) -> None:
    """Lose the books, and take up again with the backup."""
    till.close()
    restore_books(
        till.directory,
        till.directory / "kept.db",
        mode="training",
        at=till.clock.now(),
        actor="tester",
    )
    till._start()
    with_money(till)


def is_closed(till: Counter) -> bool:
    return till.store.read_now(needs_reconciliation)


def test_a_refund_and_a_dispute_older_than_any_event_are_found_after_a_long_absence(
    whole: Counter,
) -> None:
    payments = [sold(whole) for _ in range(2)]
    assert run(whole).is_clean
    whole.clock.advance(10 * DAY_S)
    whole.provider.refunds.give_back(payments[0], Money(200, "EUR"))
    whole.provider.disputes.open(payments[1])
    whole.clock.advance(80 * DAY_S)
    forget_events(whole)
    report = run(whole)
    assert (report.refunds, report.disputes) == (1, 1)
    assert whole.rows("SELECT payment_id, state FROM refunds") == [(payments[0], "succeeded")]
    assert report.problems == [] and whole.violations() == []


def test_after_an_old_backup_all_that_came_since_is_found_however_long_ago(whole: Counter) -> None:
    known = [sold(whole) for _ in range(2)]
    assert run(whole).is_clean
    back_up(whole)
    made_at = whole.clock.now()
    whole.clock.advance(2 * DAY_S)
    lost = sold(whole)
    for payment_id in (known[0], lost):
        whole.provider.refunds.give_back(payment_id, Money(200, "EUR"))
    whole.provider.disputes.open(known[1])
    whole.clock.advance(200 * DAY_S)
    forget_events(whole)
    restore(whole)
    report = run(whole)
    assert report.problems == [] and not is_closed(whole)
    assert (report.payments, report.refunds, report.disputes) == (1, 2, 1)
    assert datetime.fromisoformat(report.looked_back_to) < made_at - timedelta(days=1)
    assert whole.violations() == []


def test_a_refund_that_a_bank_sent_back_after_the_backup_is_found_to_have_failed(
    whole: Counter,
) -> None:
    payment_id = sold(whole)
    refund = whole.provider.refunds.give_back(payment_id, Money(200, "EUR"))
    assert run(whole).refunds == 1
    whole.clock.advance(20 * DAY_S)
    assert run(whole).problems == []
    back_up(whole)
    whole.provider.refunds.decide(refund.id, RefundState.FAILED)
    whole.clock.advance(90 * DAY_S)
    forget_events(whole)
    restore(whole)
    run(whole)
    assert whole.rows("SELECT state FROM refunds") == [("failed",)]


def test_every_open_dispute_of_restored_books_is_looked_at_before_they_are_sold_with(
    whole: Counter,
) -> None:
    disputes = [whole.provider.disputes.open(sold(whole)) for _ in range(30)]
    run(whole)
    back_up(whole)
    for dispute in disputes:
        dispute.state = DisputeState.LOST
    whole.clock.advance(90 * DAY_S)
    forget_events(whole)
    restore(whole)
    run(whole)
    assert whole.rows("SELECT DISTINCT state FROM disputes") == [("lost",)]


def test_books_that_were_never_compared_are_read_up_from_their_backup_on(whole: Counter) -> None:
    payment_id = sold(whole)
    back_up(whole)
    whole.clock.advance(DAY_S)
    whole.provider.refunds.give_back(payment_id, Money(100, "EUR"))
    whole.clock.advance(100 * DAY_S)
    restore(whole)
    report = run(whole)
    assert report.refunds == 1
    assert datetime.fromisoformat(report.looked_back_to) <= START - timedelta(days=1)


def test_a_till_that_never_slept_reads_no_further_back_than_it_must(whole: Counter) -> None:
    run(whole)
    whole.clock.advance(300)
    report = run(whole)
    assert datetime.fromisoformat(report.looked_back_to) == START - timedelta(minutes=45)
    assert whole.strategy.count("refunds_since") == 2


def test_books_of_an_older_program_read_refunds_from_where_disputes_were_read_to(
    whole: Counter,
) -> None:
    payment_id = sold(whole)
    assert run(whole).is_clean
    whole.store.write_now(lambda tx: tx.execute("DELETE FROM cursors WHERE kind = 'refunds'"))
    whole.clock.advance(10 * DAY_S)
    whole.provider.refunds.give_back(payment_id, Money(100, "EUR"))
    whole.clock.advance(50 * DAY_S)
    forget_events(whole)
    assert run(whole).refunds == 1


@pytest.mark.parametrize("verb", ["refunds_since", "list_disputes"])
def test_restored_books_stay_closed_until_refunds_and_disputes_were_read(
    whole: Counter, verb: str
) -> None:
    whole.store.write_now(lambda tx: begin_epoch(tx, actor="tester", cause="test"))
    whole.strategy.answers[verb] = [Unavailable("no answer")]
    assert run(whole).problems and is_closed(whole)
    assert run(whole).problems == [] and not is_closed(whole)


@pytest.mark.parametrize("verb", ["refunds_since", "list_disputes"])
def test_a_key_without_the_right_to_a_list_sells_all_the_same(
    whole: Counter, verb: str, expected_logs: ExpectedLogs
) -> None:
    whole.store.write_now(lambda tx: begin_epoch(tx, actor="tester", cause="test"))
    whole.strategy.answers[verb] = [Rejected("not with this key", status=403)]
    assert run(whole).problems and not is_closed(whole)
    expected_logs.take("the keys of fake are refused")


def test_of_two_restorations_that_wait_the_one_that_knew_of_least_counts(whole: Counter) -> None:
    assert whole.store.read_now(restored_from) is None
    sold(whole)
    for _ in range(2):
        whole.clock.advance(DAY_S)
        whole.store.write_now(lambda tx: begin_epoch(tx, actor="tester", cause="test"))
    assert whole.store.read_now(restored_from) == START
    assert run(whole).problems == []
    assert whole.store.read_now(restored_from) is None
