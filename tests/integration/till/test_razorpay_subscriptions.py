"""Subscriptions by Razorpay of a whole till: sold, renewed, refused, ended, money given back."""

from pathlib import Path

import pytest

from app.bootstrap import Till
from app.charging import NotBegun
from app.domain.cart import Cart
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.order import Order
from app.domain.refund import RefundState
from app.domain.renewal import Subscription
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

MONTH = 31 * 86_400
CATALOG = b"""[shop]
currency = "INR"
[[products]]
id = "club"
name = "Club"
billing_interval = "monthly"
[products.price]
amount = 50000
"""
WEBHOOKS = "razorpay/webhooks"


@pytest.fixture(autouse=True)
def _no_keys_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KEY_ID", "KEY_SECRET", "WEBHOOK_SECRET", "ACCOUNT_ID", "API_BASE"):
        monkeypatch.delenv(f"RAZORPAY_{name}", raising=False)


@pytest.fixture(autouse=True)
def _a_club_in_india(root: Path) -> None:
    (root / "catalog.toml").write_bytes(CATALOG)
    (root / "scantill.toml").write_text("[accounts.razorpay]\n")


async def sold(till: Till, customer: Customer) -> Order:
    """Sell a month of the club and have the customer pay it."""
    cart = Cart()
    cart.add(till.catalog.on_sale()[0])
    order = await till.checkout.place_order(cart.content)
    attempt = await till.checkout.open_session(order.id, "razorpay")
    attempt = await till.checkout.mark_shown(attempt.id)
    assert str(attempt.url).startswith(f"{customer.origin}/razorpay/i/")
    assert str(attempt.session_id).startswith("sub_")
    done = await elsewhere(customer.control, "POST", f"sessions/{attempt.session_id}/pay")
    assert done["outcome"] == "paid"
    await until_state(till, order, "paid")
    return order


async def until_heard(till: Till, customer: Customer) -> None:
    async def is_known() -> bool:
        return bool((await elsewhere(customer.control, "GET", WEBHOOKS))["webhooks"])

    await until(is_known)
    await until(lambda: till.status().reconciled is not None)


async def the_one(till: Till) -> Subscription:
    (subscription,) = await till.subscriptions.page()
    return subscription


async def until_it_is(till: Till, wanted: SubscriptionState, *, renewals: int) -> Subscription:
    async def is_so() -> bool:
        detail = await till.subscriptions.detail((await the_one(till)).id)
        return detail.subscription.state is wanted and len(detail.renewals) == renewals

    await until(is_so)
    return await the_one(till)


async def let_a_month_pass(customer: Customer) -> None:
    await elsewhere(customer.control, "POST", "clock", advance_s=MONTH)


def test_a_subscription_is_sold_renewed_and_given_back_by_webhooks_alone(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        await until_heard(till, customer)
        await sold(till, customer)
        await until_it_is(till, SubscriptionState.ACTIVE, renewals=0)
        for count in (1, 2):
            await let_a_month_pass(customer)
            await until_it_is(till, SubscriptionState.ACTIVE, renewals=count)

    with_till(root, customer, story, pace=NEVER)
    assert (
        rows(root, "SELECT amount_minor, currency, held_as FROM payments")
        == [(50_000, "INR", None)] * 3
    )
    assert rows(root, "SELECT count(*) FROM exceptions") == [(0,)]


def test_it_is_sold_by_polling_alone_and_its_plan_is_made_once(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        for _ in range(2):
            await sold(till, customer)

    with_till(root, customer, story, register_webhooks=False)
    assert len(customer.requests("POST", "/razorpay/v1/plans")) == 1
    assert rows(root, "SELECT count(*) FROM subscriptions") == [(2,)]


@pytest.mark.parametrize("drop", ["before", "after_effect"])
def test_a_subscription_whose_answer_was_lost_is_one(
    root: Path, customer: Customer, drop: str
) -> None:
    customer.fault("POST", "/razorpay/v1/subscriptions", drop=drop)

    async def story(till: Till) -> None:
        await sold(till, customer)

    with_till(root, customer, story)
    assert len(customer.books()["sessions"]) == 1


@pytest.mark.parametrize("drop", ["before", "after_effect"])
def test_without_an_answer_about_its_plan_nothing_is_begun_and_the_next_try_finds_it(
    root: Path, customer: Customer, drop: str
) -> None:
    customer.fault("POST", "/razorpay/v1/plans", drop=drop)

    async def story(till: Till) -> None:
        with pytest.raises(NotBegun):
            await sold(till, customer)
        await sold(till, customer)

    with_till(root, customer, story)
    made = customer.requests("POST", "/razorpay/v1/plans")
    assert len(made) == (2 if drop == "before" else 1)
    assert len(customer.books()["sessions"]) == 1


def test_a_refused_month_is_past_due_and_paid_the_day_after(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await until_heard(till, customer)
        await sold(till, customer)
        one = await the_one(till)
        bank = f"razorpay/subscriptions/{one.subscription_id}"
        await elsewhere(customer.control, "POST", bank, fails=True)
        await let_a_month_pass(customer)
        one = await until_it_is(till, SubscriptionState.PAST_DUE, renewals=0)
        assert one.decline
        await elsewhere(customer.control, "POST", bank, fails=False)
        await elsewhere(customer.control, "POST", "clock", advance_s=86_401)
        one = await until_it_is(till, SubscriptionState.ACTIVE, renewals=1)
        assert one.decline == ""

    with_till(root, customer, story)


@pytest.mark.parametrize("at_period_end", [True, False])
def test_it_is_ended_from_the_till(root: Path, customer: Customer, at_period_end: bool) -> None:
    async def story(till: Till) -> None:
        await until_heard(till, customer)
        await sold(till, customer)
        one = await until_it_is(till, SubscriptionState.ACTIVE, renewals=0)
        ended = await till.subscriptions.cancel(
            one.id, at_period_end=at_period_end, by="Ada", reason="moved away"
        )
        assert ended.is_over is not at_period_end
        assert (ended.ends_at is not None) is at_period_end
        # Razorpay tells nothing of an end that it agreed to for later: it stays known here.
        again = await till.subscriptions.look(one.id, Source.POLL)
        assert (again.ends_at, again.end_wanted) == (ended.ends_at, ended.end_wanted)
        await let_a_month_pass(customer)
        await until_it_is(till, SubscriptionState.ENDED, renewals=0)

    with_till(root, customer, story)


def test_a_renewal_is_given_back(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await until_heard(till, customer)
        await sold(till, customer)
        await let_a_month_pass(customer)
        one = await until_it_is(till, SubscriptionState.ACTIVE, renewals=1)
        (renewal,) = (await till.subscriptions.detail(one.id)).renewals
        refund = await till.refunds.ask(
            renewal.payment_id, Money(20_000, "INR"), press="p1", by="Ada", reason="late"
        )
        assert refund.state is RefundState.SUCCEEDED

    with_till(root, customer, story)


def test_a_session_that_is_cancelled_leaves_nothing_behind(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        cart = Cart()
        cart.add(till.catalog.on_sale()[0])
        order = await till.checkout.place_order(cart.content)
        attempt = await till.checkout.open_session(order.id, "razorpay")
        await till.checkout.mark_shown(attempt.id)
        await till.checkout.cancel(order.id)
        await until_state(till, order, "cancelled")

    with_till(root, customer, story)
    (session,) = customer.books()["sessions"]
    assert session["status"] == "cancelled"
    assert rows(root, "SELECT count(*) FROM subscriptions") == [(0,)]


def test_cancelling_what_the_customer_just_paid_keeps_the_subscription(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        cart = Cart()
        cart.add(till.catalog.on_sale()[0])
        order = await till.checkout.place_order(cart.content)
        attempt = await till.checkout.open_session(order.id, "razorpay")
        attempt = await till.checkout.mark_shown(attempt.id)
        await elsewhere(customer.control, "POST", f"sessions/{attempt.session_id}/pay")
        assert (await till.checkout.cancel(order.id)).state.value == "paid"
        await until_it_is(till, SubscriptionState.ACTIVE, renewals=0)

    with_till(root, customer, story, pace=NEVER, register_webhooks=False)


def test_a_plan_that_razorpay_has_no_more_is_made_anew_within_the_same_sale(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        await sold(till, customer)
        await till.store.write(lambda tx: tx.execute("UPDATE plans SET plan_id = 'plan_gone'"))
        await sold(till, customer)
        attempts = "SELECT state, number FROM attempts ORDER BY id"
        assert rows(root, attempts) == [("paid", 1), ("failed", 1), ("paid", 2)]

    with_till(root, customer, story, register_webhooks=False)
    assert len(customer.requests("POST", "/razorpay/v1/plans")) == 2
