"""What a reconciliation finds beside payments: refunds, disputes and fees."""

import asyncio
from datetime import timedelta

import pytest

from app.domain.exceptions import ExceptionKind
from app.domain.fee import FeeKind, SeenFee
from app.domain.money import Money
from app.domain.refund import RefundState
from app.errors import Unavailable
from app.reconcile_money import MoneyChores
from tests.parts.giving_back import FIRST
from tests.parts.till import Counter


@pytest.fixture
def whole(till: Counter) -> Counter:
    """A till whose reconciliation has every chore of a real one's."""
    chores = MoneyChores(till.store, till.gateway, till.refunds, clock=till.clock)
    chores.add_to(till.reconciliation)
    return till


def reconciled(till: Counter) -> list[str]:
    report = asyncio.run(till.reconciliation.run("by hand"))
    return [str(problem) for problem in report.problems]


def sold(till: Counter) -> str:
    """Sell something that is paid, and give the payment's id."""

    async def story() -> str:
        order, attempt = await till.show()
        till.provider.pay(attempt.session_id or "")
        await till.look(attempt)
        assert await till.state(order) == "paid"
        return str(till.rows("SELECT payment_id FROM payments")[0][0])

    return asyncio.run(story())


def late(till: Counter) -> str:
    """Have money arrive for an order that is cancelled, and give the payment's id."""

    async def story() -> str:
        order, attempt = await till.show()
        await till.checkout.cancel(order.id)
        session = till.provider.sessions[attempt.session_id or ""]
        session.state, session.closed_at = type(session.state).OPEN, None
        till.provider.pay(session.id)
        await till.reconciliation.run("by hand")
        assert await till.waiting(order) == [ExceptionKind.PAID_LATE]
        return str(till.rows("SELECT payment_id FROM payments")[0][0])

    return asyncio.run(story())


def test_money_that_waits_and_went_back_at_the_provider_is_off_the_list(whole: Counter) -> None:
    payment_id = late(whole)
    # Older than anything that its list is read for.
    whole.provider.refunds.give_back(payment_id, Money(500, "EUR")).made_at = FIRST
    assert reconciled(whole) == []
    assert whole.count("exceptions", "resolved_at IS NULL") == 1, "it was looked at just now"
    whole.clock.advance(3600)
    assert reconciled(whole) == []
    assert whole.count("exceptions", "resolved_at IS NULL") == 0
    assert whole.rows("SELECT state FROM refunds") == [("succeeded",)]
    assert whole.violations() == []


def test_a_refund_on_its_way_is_seen_to_its_end(whole: Counter) -> None:
    payment_id = sold(whole)
    whole.provider.refunds.first_state = RefundState.PENDING

    async def ask() -> None:
        await whole.refunds.ask(
            payment_id, Money(200, "EUR"), press="one", by="Ada", reason="returned"
        )

    asyncio.run(ask())
    (refund_id,) = whole.provider.refunds.rows
    whole.provider.refunds.decide(refund_id, RefundState.SUCCEEDED)
    whole.clock.advance(3600)
    assert reconciled(whole) == []
    assert whole.rows("SELECT state FROM refunds") == [("succeeded",)]
    assert whole.violations() == []


def test_a_dispute_that_no_webhook_told_of_is_on_the_list_and_counts_once(whole: Counter) -> None:
    payment_id = sold(whole)
    whole.provider.disputes.open(payment_id)
    whole.provider.events.clear()
    whole.provider.told_at.clear()
    for _ in range(2):
        assert reconciled(whole) == []
        whole.clock.advance(300)
    assert whole.count("disputes") == 1
    assert whole.rows("SELECT kind FROM exceptions") == [("disputed",)]
    assert whole.violations() == []


def test_the_list_of_disputes_is_read_on_from_where_it_was_read_to(whole: Counter) -> None:
    old = sold(whole)
    assert reconciled(whole) == []
    whole.clock.advance(timedelta(days=40).total_seconds())
    whole.provider.disputes.open(old)
    assert reconciled(whole) == []
    assert whole.count("disputes") == 1


def test_a_list_of_disputes_that_cannot_be_read_is_said_and_keeps_fees_from_nothing(
    whole: Counter,
) -> None:
    payment_id = sold(whole)
    fee = SeenFee("ff_1", payment_id, FeeKind.PAYMENT, Money(45, "EUR"))
    whole.provider.disputes.fees[payment_id] = (fee,)
    whole.strategy.answers["list_disputes"] = [Unavailable("no answer")]
    assert any("no answer" in problem for problem in reconciled(whole))
    assert whole.rows("SELECT amount_minor FROM fees") == [(45,)]
    assert whole.violations() == []
