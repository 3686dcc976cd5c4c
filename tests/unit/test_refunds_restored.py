"""On restored books nothing is given back or decided before the provider was asked."""

import asyncio

import pytest

from app.domain.resolution import Action
from app.errors import CheckoutRefused, MoneyMoved
from app.store.epochs import begin_epoch, reconciled
from tests.parts.till import Counter
from tests.parts.trouble import ask, entry, eur, paid_otherwise, refunds, resolved, sold
from tests.unit.reconciling import reconciled as run_reconciled


def begin(till: Counter) -> None:
    till.store.write_now(lambda tx: begin_epoch(tx, actor="tester", cause="test"))


def test_nothing_is_given_back_before_it_is_reconciled(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        begin(till)
        with pytest.raises(CheckoutRefused, match="restored and are not compared") as refused:
            await ask(till, payment_id)
        assert refused.value.money is MoneyMoved.NO and "reconcile" in refused.value.action
        assert till.strategy.count("refund") == 0 and refunds(till, order) == []
        till.store.write_now(reconciled)
        await ask(till, payment_id)
        assert refunds(till, order) == [("succeeded", 200)]

    asyncio.run(story())


@pytest.mark.parametrize("action", [Action.ACCEPT, Action.REFUND, Action.WRITE_OFF])
def test_nothing_on_the_list_is_decided_before_it_is_reconciled(
    till: Counter, action: Action
) -> None:
    async def story() -> None:
        await paid_otherwise(till, 400)
        begin(till)
        with pytest.raises(CheckoutRefused, match="restored and are not compared"):
            await resolved(till, action)
        assert (entry(till).action, entry(till).resolved_at) == ("", None)
        assert till.strategy.count("refund") == 0
        till.store.write_now(reconciled)
        await resolved(till, action)
        assert entry(till).resolved_at is not None

    asyncio.run(story())


def test_it_is_reconciled_only_once_what_the_lists_told_is_settled(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        begin(till)
        lost = till.provider.refunds.give_back(payment_id, eur(200))
        till.provider.events.append(till.provider.refunds.delivery(lost.id, "fe_refund"))
        till.provider.told_at.append(till.clock.now())
        await till.reconciliation.run("by hand")
        assert refunds(till, order) == []
        with pytest.raises(CheckoutRefused, match="restored and are not compared"):
            await ask(till, payment_id, 300)
        await run_reconciled(till)
        assert refunds(till, order) == [("succeeded", 200)]
        with pytest.raises(CheckoutRefused, match=r"Only 3\.00 EUR"):
            await ask(till, payment_id, 400)

    asyncio.run(story())
