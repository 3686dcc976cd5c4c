"""PayPal's subscriptions at a whole till: agreed to once, paid by webhook, renewed, ended."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Till
from app.domain.attempt import Attempt, AttemptState
from app.domain.cart import Cart
from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.order import Order, OrderState
from app.domain.refund import RefundState
from app.domain.subscription import SubscriptionState
from tests.integration.till.house import (
    NEVER,
    Customer,
    elsewhere,
    rows,
    until,
    until_state,
    with_till,
)
from tests.integration.till.paypal_house import approve, set_up, until_registered

A_MONTH_S = 31 * 86_400
CANCEL = "/paypal/v1/billing/subscriptions"
STATES = "SELECT state FROM subscriptions"
RENEWALS = "SELECT count(*) FROM payments WHERE renewal_of IS NOT NULL"
WAITING = "SELECT kind FROM exceptions WHERE resolved_at IS NULL"


@pytest.fixture
def root(root: Path) -> Path:
    set_up(root)
    return root


def with_paypal(
    root: Path, customer: Customer, story: Callable[[Till], Awaitable[Any]], **options: Any
) -> None:
    with_till(root, customer, story, **options)
    assert rows(root, WAITING) == []


async def offer(till: Till) -> tuple[Order, Attempt]:
    """Sell a subscription up to the point where the code is on the screen."""
    cart = Cart()
    monthly = BillingInterval.MONTHLY
    cart.add(next(p for p in till.catalog.on_sale() if p.billing_interval is monthly))
    order = await till.checkout.place_order(cart.content)
    attempt = await till.checkout.open_session(order.id, till.accounts[0])
    return order, await till.checkout.mark_shown(attempt.id)


async def sell(root: Path, till: Till, customer: Customer) -> tuple[Order, Attempt]:
    order, attempt = await offer(till)
    assert await elsewhere(approve, customer, attempt.session_id) == "paid"
    await until_state(till, order, "paid")
    await until(lambda: rows(root, STATES) == [("active",)])
    return order, attempt


async def let_a_month_pass(customer: Customer) -> None:
    await elsewhere(customer.control, "POST", "clock", advance_s=A_MONTH_S)


def test_what_was_agreed_to_is_paid_at_a_webhook_alone(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        await until(lambda: till.status().reconciled is not None)
        order, attempt = await offer(till)
        assert attempt.session_id is not None and attempt.session_id.startswith("I-")
        assert await elsewhere(approve, customer, attempt.session_id) == "paid"
        await until_state(till, order, "paid", within_s=5)
        await until(lambda: rows(root, STATES) == [("active",)])

    with_paypal(root, customer, story, pace=NEVER)
    assert len(customer.taken()) == 1


def test_it_is_paid_by_polling_alone(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        order, attempt = await offer(till)
        assert await elsewhere(approve, customer, attempt.session_id) == "paid"
        await until_state(till, order, "paid")
        await until(lambda: rows(root, STATES) == [("active",)])

    with_paypal(root, customer, story, register_webhooks=False)


def test_a_renewal_is_money_of_the_subscription_and_can_be_given_back(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        await sell(root, till, customer)
        await let_a_month_pass(customer)
        await until(lambda: rows(root, RENEWALS) == [(1,)])
        ((payment_id,),) = rows(root, "SELECT payment_id FROM payments WHERE renewal_of = 1")
        back = await till.refunds.ask(
            payment_id, Money(100, "EUR"), press="p1", by="Ada", reason="broken"
        )
        assert back.state is RefundState.SUCCEEDED

    with_paypal(root, customer, story)
    assert [taken.refunded_minor for taken in customer.taken()] == [0, 100]


def test_a_refused_renewal_is_told_and_takes_nothing(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        _, attempt = await sell(root, till, customer)
        await elsewhere(approve, customer, attempt.session_id, funding="declines")
        await let_a_month_pass(customer)
        await until(lambda: rows(root, STATES) == [("past_due",)])
        assert rows(root, "SELECT decline FROM subscriptions") == [("payment_denied",)]

    with_till(root, customer, story)
    assert len(customer.taken()) == 1


def test_it_is_ended_at_the_till_and_takes_nothing_more(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        await sell(root, till, customer)
        ended = await till.subscriptions.cancel(1, at_period_end=False, by="Ada", reason="enough")
        assert ended.state is SubscriptionState.ENDED
        await let_a_month_pass(customer)
        await till.reconcile()

    with_paypal(root, customer, story)
    assert len(customer.taken()) == 1


def test_cancelling_what_was_paid_meanwhile_ends_paid_and_goes_on(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, attempt = await offer(till)
        assert await elsewhere(approve, customer, attempt.session_id) == "paid"
        assert (await till.checkout.cancel(order.id)).state is OrderState.PAID
        path = f"{CANCEL}/{attempt.session_id}/cancel"
        assert await elsewhere(customer.requests, "POST", path) == []
        await until(lambda: rows(root, STATES) == [("active",)])

    with_paypal(root, customer, story, register_webhooks=False, pace=NEVER)


def test_who_agrees_after_the_cancelling_is_seen_and_needs_a_person(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, attempt = await offer(till)
        assert (await till.checkout.cancel(order.id)).state is OrderState.CANCELLED
        cancelled = await till.sessions.known(attempt.id)
        assert (cancelled.state, cancelled.is_final) == (AttemptState.CANCELLED, False)
        assert await elsewhere(approve, customer, attempt.session_id) == "paid"
        await till.sessions.look(attempt.id, Source.MANUAL)
        assert rows(root, WAITING) == [("paid_late",)]
        await until(lambda: rows(root, STATES) == [("active",)])

    with_till(root, customer, story, register_webhooks=False, pace=NEVER)


def test_a_first_payment_that_is_refused_is_told_and_called_off(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, attempt = await offer(till)
        assert await elsewhere(approve, customer, attempt.session_id, funding="declines")

        async def is_told() -> bool:
            return bool((await till.sessions.known(attempt.id)).decline)

        await until(is_told)
        assert (await till.checkout.cancel(order.id)).state is OrderState.CANCELLED
        await let_a_month_pass(customer)

    with_paypal(root, customer, story, register_webhooks=False)
    assert customer.taken() == []


@pytest.mark.parametrize("succeeded", [True, False])
def test_a_first_payment_that_pends_is_decided_at_a_webhook_alone(
    root: Path, customer: Customer, succeeded: bool
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        await until(lambda: till.status().reconciled is not None)
        order, attempt = await offer(till)
        assert await elsewhere(approve, customer, attempt.session_id, funding="echeck")

        async def is_processing() -> bool:
            return (await till.sessions.known(attempt.id)).state is AttemptState.PROCESSING

        await until(is_processing)
        settled = f"sessions/{attempt.session_id}/settle"
        await elsewhere(customer.control, "POST", settled, succeeded=succeeded)
        if succeeded:
            await until_state(till, order, "paid")
        else:
            await until(lambda: rows(root, STATES) == [("past_due",)])
            assert (await till.orders.detail(order.id)) is not None
            assert await is_processing()

    with_paypal(root, customer, story, pace=NEVER)
    assert [taken.captured_minor > 0 for taken in customer.taken()] == [succeeded]


def test_the_plan_is_made_once_for_all_sales(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await sell(root, till, customer)
        await offer(till)
        made = await elsewhere(customer.requests, "POST", "/paypal/v1/billing/plans")
        assert len(made) == 1

    with_paypal(root, customer, story, register_webhooks=False)
