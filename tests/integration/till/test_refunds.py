"""Money given back through the real till: the simulator over HTTP, webhooks, crashes."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.bootstrap import Till
from app.domain.money import Money
from app.domain.order import Order
from app.domain.refund import RefundState
from app.providers.kinds.stripe_checkout import StripeCheckout
from app.sandbox import SANDBOX_KEY
from tests.integration.till.house import (
    Customer,
    elsewhere,
    open_till,
    rows,
    show,
    until,
    until_registered,
    until_state,
    violations,
    with_till,
)

BY, WHY = "Ada", "cold coffee"
LATE = "4000000000007726"
FAILS = "4000000000005126"
PATH = "/v1/refunds"


async def sold(till: Till, customer: Customer, card: str = "4242424242424242") -> tuple[Order, str]:
    order, attempt = await show(till)
    assert await elsewhere(customer.pay, attempt.url, card) == 303
    await until_state(till, order, "paid")
    detail = await till.orders.detail(order.id)
    assert detail is not None
    return order, detail.tenders[0].payment_id


async def ask(till: Till, payment_id: str, minor: int = 100, press: str = "p1") -> RefundState:
    amount = Money(minor, "EUR")
    return (await till.refunds.ask(payment_id, amount, press=press, by=BY, reason=WHY)).state


async def states(till: Till, order: Order) -> list[str]:
    detail = await till.orders.detail(order.id)
    assert detail is not None
    return [refund.state.value for refund in detail.refunds]


@pytest.mark.parametrize("webhooks", [True, False])
def test_a_refund_by_answer_webhook_and_sweep_is_booked_once(
    root: Path, customer: Customer, webhooks: bool
) -> None:
    async def story(till: Till) -> None:
        if webhooks:
            await until_registered(till, customer)
        order, payment_id = await sold(till, customer)
        found = await asyncio.gather(*(ask(till, payment_id) for _ in range(5)))
        assert found == [RefundState.SUCCEEDED] * 5
        await till.refunds.sweep()
        if webhooks:
            told = "SELECT count(*) FROM inbox WHERE event_type = 'refund.created'"
            await until(lambda: rows(root, told) == [(1,)])
            handled = f"{told} AND standing = 'nothing_new'"
            await until(lambda: rows(root, handled) == [(1,)])
        assert await states(till, order) == ["succeeded"]

    with_till(root, customer, story, register_webhooks=webhooks)
    (sent,) = customer.requests("POST", PATH)
    assert str(sent["idempotency_key"]).endswith("-refund-1")
    assert rows(root, "SELECT count(*) FROM ledger_transactions WHERE kind = 'refund'") == [(1,)]


@pytest.mark.parametrize("fault", ["before", "after_effect"])
def test_a_lost_answer_is_asked_for_again_and_gives_one_refund(
    root: Path, customer: Customer, fault: str
) -> None:
    async def story(till: Till) -> None:
        order, payment_id = await sold(till, customer)
        await elsewhere(customer.fault, "POST", PATH, drop=fault)
        assert await ask(till, payment_id) is RefundState.SUCCEEDED
        assert await states(till, order) == ["succeeded"]

    with_till(root, customer, story, register_webhooks=False)
    keys = {str(r["idempotency_key"]) for r in customer.requests("POST", PATH)}
    assert len(keys) == 1


class PowerCut(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("point", ["before the call", "after the call", "before the save"])
def test_a_crash_in_a_refund_is_made_good_at_the_next_start(
    root: Path, customer: Customer, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = StripeCheckout.refund

    async def cut(self: StripeCheckout, *arguments: Any, **more: Any) -> Any:
        if point == "after the call":
            await original(self, *arguments, **more)
        raise PowerCut

    def unsaved(*_: Any, **__: Any) -> None:
        raise PowerCut

    async def dying() -> str:
        async with open_till(root, customer.origin, register_webhooks=False) as till:
            _, payment_id = await sold(till, customer)
            where: tuple[str, Callable[..., Any]] = (
                ("app.refund_answers.settle_refund", unsaved)
                if point == "before the save"
                else ("app.providers.kinds.stripe_checkout.StripeCheckout.refund", cut)
            )
            with monkeypatch.context() as patches:
                patches.setattr(*where)
                with pytest.raises(PowerCut):
                    await ask(till, payment_id)
            return payment_id

    payment_id = asyncio.run(dying())
    assert rows(root, "SELECT state FROM refunds") == [("requested",)]
    assert violations(root, customer) == []

    async def again(till: Till) -> None:
        # By itself, at start.
        await until(lambda: rows(root, "SELECT state FROM refunds") == [("succeeded",)])
        assert await ask(till, payment_id) is RefundState.SUCCEEDED

    with_till(root, customer, again, register_webhooks=False)
    assert len({str(r["idempotency_key"]) for r in customer.requests("POST", PATH)}) == 1
    assert customer.books()["refunds"][0]["metadata"]["key"].endswith("-refund-1")


@pytest.mark.parametrize("ends, expected", [("succeeded", []), ("failed", ["refund_failed"])])
def test_a_refund_that_takes_its_time_is_watched_to_its_end(
    root: Path, customer: Customer, ends: str, expected: list[str]
) -> None:
    async def story(till: Till) -> None:
        order, payment_id = await sold(till, customer, LATE)
        assert await ask(till, payment_id) is RefundState.PENDING
        refund_id = customer.books()["refunds"][0]["refund_id"]
        await elsewhere(customer.control, "POST", f"refunds/{refund_id}/settle", status=ends)
        await till.refunds.sweep()
        assert await states(till, order) == [ends]
        detail = await till.orders.detail(order.id)
        assert detail is not None
        assert [entry.kind.value for entry in detail.exceptions] == expected

    with_till(root, customer, story, register_webhooks=False)


def test_what_the_owner_gave_back_in_the_dashboard_is_noticed_by_looking(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, payment_id = await sold(till, customer)
        await elsewhere(by_hand, customer, payment_id)
        payment = await till.refunds.payment(payment_id)
        (first,) = await till.refunds.look_at(payment)
        (refund,) = await till.refunds.look_at(payment)
        assert refund == first
        assert (refund.amount, refund.asked_by) == (Money(70, "EUR"), "")
        assert await states(till, order) == ["succeeded"]

    with_till(root, customer, story, register_webhooks=False)


def by_hand(customer: Customer, payment_id: str) -> None:
    answer = httpx.post(
        f"{customer.origin}{PATH}",
        data={"payment_intent": payment_id, "amount": "70"},
        headers={"Authorization": f"Bearer {SANDBOX_KEY}"},
    )
    assert answer.status_code == 200, answer.text
