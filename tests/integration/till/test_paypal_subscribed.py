"""PayPal's subscriptions at a whole till: agreed to, begun by the till, paid, renewed, ended."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
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
from app.sandbox import SANDBOX_KEYS
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
SUBSCRIPTIONS = "/paypal/v1/billing/subscriptions"
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


async def agree(till: Till, customer: Customer, attempt: Attempt, funding: str) -> Attempt:
    """Have the customer agree, of which no event tells, and look as the till does."""
    told = await elsewhere(approve, customer, attempt.session_id, funding=funding)
    assert told == "approved"
    return await till.checkout.check_now(attempt.id)


async def asked(customer: Customer, attempt: Attempt, verb: str) -> int:
    """Say how often the till asked for something of a subscription."""
    path = f"{SUBSCRIPTIONS}/{attempt.session_id}/{verb}"
    return len(await elsewhere(customer.requests, "POST", path))


async def sell(root: Path, till: Till, customer: Customer) -> tuple[Order, Attempt]:
    order, attempt = await offer(till)
    assert await elsewhere(approve, customer, attempt.session_id) == "approved"
    await until_state(till, order, "paid")
    await until(lambda: rows(root, STATES) == [("active",)])
    return order, attempt


async def let_a_month_pass(customer: Customer) -> None:
    await elsewhere(customer.control, "POST", "clock", advance_s=A_MONTH_S)


def test_what_was_agreed_to_is_begun_once_and_paid(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        order, attempt = await offer(till)
        assert attempt.session_id is not None and attempt.session_id.startswith("I-")
        assert await elsewhere(approve, customer, attempt.session_id) == "approved"
        await until_state(till, order, "paid")
        await until(lambda: rows(root, STATES) == [("active",)])
        assert await asked(customer, attempt, "activate") == 1

    with_paypal(root, customer, story, register_webhooks=False)
    assert len(customer.taken()) == 1


@pytest.mark.parametrize("drop", ["before", "after_effect"])
def test_a_lost_answer_to_its_beginning_begins_it_once(
    root: Path, customer: Customer, drop: str
) -> None:
    async def story(till: Till) -> None:
        order, attempt = await offer(till)
        match = {"path": f"{SUBSCRIPTIONS}/*/activate"}
        await elsewhere(customer.control, "POST", "faults", match=match, fault={"drop": drop})
        assert (await agree(till, customer, attempt, "balance")).state is AttemptState.PAID
        await until_state(till, order, "paid")

    with_paypal(root, customer, story, register_webhooks=False, pace=NEVER)
    assert len(customer.taken()) == 1


def test_one_that_paypal_will_not_begin_is_told_at_the_counter_and_takes_nothing(
    root: Path, customer: Customer
) -> None:
    refused = {
        "name": "UNPROCESSABLE_ENTITY",
        "details": [{"issue": "SUBSCRIBER_ACCOUNT_RESTRICTED"}],
    }

    async def story(till: Till) -> None:
        _, attempt = await offer(till)
        match, fault = {"path": f"{SUBSCRIPTIONS}/*/activate"}, {"status": 422, "body": refused}
        await elsewhere(customer.control, "POST", "faults", match=match, fault=fault, times=1)
        told = await agree(till, customer, attempt, "balance")
        assert (told.state, told.decline) == (AttemptState.OPEN, "subscriber_account_restricted")
        for _ in range(3):
            # PayPal goes on to call it approved; nothing is asked again so soon.
            told = await till.checkout.check_now(attempt.id)
            assert (told.state, told.decline) == (
                AttemptState.OPEN,
                "subscriber_account_restricted",
            )
        assert await asked(customer, attempt, "activate") == 1

    with_paypal(root, customer, story, register_webhooks=False, pace=NEVER)
    assert customer.taken() == []


def test_what_nobody_begins_takes_nothing_ever(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        _, attempt = await offer(till)
        assert await elsewhere(approve, customer, attempt.session_id) == "approved"
        await let_a_month_pass(customer)
        await let_a_month_pass(customer)
        assert customer.taken() == [] and rows(root, STATES) == []
        # It is looked at after all: by then it is called off.
        seen = await till.checkout.check_now(attempt.id)
        assert (seen.state, seen.is_final) == (AttemptState.EXPIRED, True)
        assert await asked(customer, attempt, "activate") == 0

    with_paypal(root, customer, story, register_webhooks=False, pace=NEVER)
    assert customer.taken() == []


def test_a_renewal_is_money_of_the_subscription_and_can_be_given_back(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        await sell(root, till, customer)
        await let_a_month_pass(customer)
        await until(lambda: rows(root, RENEWALS) == [(1,)], within_s=15)
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
        await until(lambda: rows(root, STATES) == [("past_due",)], within_s=15)
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
        done = await elsewhere(approve, customer, attempt.session_id, capture=True)
        assert done == "paid"
        assert (await till.checkout.cancel(order.id)).state is OrderState.PAID
        assert await asked(customer, attempt, "cancel") == 0
        await until(lambda: rows(root, STATES) == [("active",)])

    with_paypal(root, customer, story, register_webhooks=False, pace=NEVER)


def test_cancelling_what_was_agreed_to_and_not_begun_takes_nothing(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, attempt = await offer(till)
        assert await elsewhere(approve, customer, attempt.session_id) == "approved"
        assert (await till.checkout.cancel(order.id)).state is OrderState.CANCELLED
        assert (await till.sessions.known(attempt.id)).is_final
        assert await asked(customer, attempt, "cancel") == 1
        await let_a_month_pass(customer)
        assert await asked(customer, attempt, "activate") == 0

    with_paypal(root, customer, story, register_webhooks=False, pace=NEVER)
    assert customer.taken() == [] and rows(root, STATES) == []


def test_who_agrees_after_the_cancelling_pays_nothing_and_is_called_off(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, attempt = await offer(till)
        assert (await till.checkout.cancel(order.id)).state is OrderState.CANCELLED
        cancelled = await till.sessions.known(attempt.id)
        assert (cancelled.state, cancelled.is_final) == (AttemptState.CANCELLED, False)
        before = await asked(customer, attempt, "cancel")
        assert await elsewhere(approve, customer, attempt.session_id) == "approved"
        for _ in range(2):
            seen = await till.sessions.look(attempt.id, Source.SWEEP)
            assert (seen.state, seen.is_final) == (AttemptState.CANCELLED, True)
        assert await asked(customer, attempt, "cancel") > before
        assert await asked(customer, attempt, "activate") == 0
        await let_a_month_pass(customer)
        await till.reconcile()

    with_paypal(root, customer, story, register_webhooks=False, pace=NEVER)
    assert customer.taken() == [] and rows(root, STATES) == []


def test_money_that_comes_by_a_cancelled_sale_after_all_needs_a_person(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, attempt = await offer(till)
        assert (await till.checkout.cancel(order.id)).state is OrderState.CANCELLED
        # Somebody else has it begin, with the shop's own keys.
        done = await elsewhere(approve, customer, attempt.session_id, capture=True)
        assert done == "paid"
        await till.sessions.look(attempt.id, Source.SWEEP)
        # The money, and the subscription that goes on taking more.
        assert sorted(rows(root, WAITING)) == [("mismatch",), ("paid_late",)]
        await until(lambda: rows(root, STATES) == [("active",)], within_s=15)

    with_till(root, customer, story, register_webhooks=False, pace=NEVER)


def test_a_first_payment_that_is_refused_is_told_and_called_off(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, attempt = await offer(till)
        seen = await agree(till, customer, attempt, "declines")
        assert (seen.state, seen.decline) == (AttemptState.OPEN, "payment_denied")
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
        seen = await agree(till, customer, attempt, "echeck")
        assert seen.state is AttemptState.PROCESSING
        settled = f"sessions/{attempt.session_id}/settle"
        await elsewhere(customer.control, "POST", settled, succeeded=succeeded)
        if succeeded:
            await until_state(till, order, "paid")
        else:
            await until(lambda: rows(root, STATES) == [("past_due",)])
            assert (await till.orders.detail(order.id)) is not None
            known = await till.sessions.known(attempt.id)
            assert known.state is AttemptState.PROCESSING

    with_paypal(root, customer, story, pace=NEVER)
    assert [taken.captured_minor > 0 for taken in customer.taken()] == [succeeded]


def test_the_plan_is_made_once_for_all_sales(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await sell(root, till, customer)
        await offer(till)
        made = await elsewhere(customer.requests, "POST", "/paypal/v1/billing/plans")
        assert len(made) == 1

    with_paypal(root, customer, story, register_webhooks=False)


def test_a_plan_that_was_switched_off_at_paypal_is_made_anew_within_the_same_sale(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        await sell(root, till, customer)
        ((dead,),) = rows(root, "SELECT plan_id FROM plans")
        await elsewhere(switch_off, customer, dead)
        await offer(till)
        plans = "SELECT plan_id FROM plans ORDER BY made_at"
        assert [row[0] for row in rows(root, plans)][:1] == [dead] and len(rows(root, plans)) == 2
        attempts = "SELECT state, number FROM attempts ORDER BY id"
        assert rows(root, attempts) == [("paid", 1), ("failed", 1), ("open", 2)]
        await offer(till)
        made = await elsewhere(customer.requests, "POST", "/paypal/v1/billing/plans")
        assert len(made) == 2

    with_paypal(root, customer, story, register_webhooks=False)


def switch_off(customer: Customer, plan_id: str) -> None:
    """Deactivate a plan, as the owner does at PayPal."""
    base, keys = f"{customer.origin}/paypal/v1", SANDBOX_KEYS["paypal"]
    given = httpx.post(
        f"{base}/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(keys["client_id"], keys["client_secret"]),
    )
    done = httpx.post(
        f"{base}/billing/plans/{plan_id}/deactivate",
        json={},
        headers={"Authorization": f"Bearer {given.json()['access_token']}"},
    )
    assert done.status_code == 204, done.text
