"""Sales by Razorpay of a whole till: links and UPI codes, events, a cancel race, money back."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Till
from app.domain.attempt import Attempt, AttemptState
from app.domain.cart import Cart
from app.domain.money import Money
from app.domain.order import Order
from app.domain.refund import RefundState
from app.providers.razorpay.events import CODE_EVENTS, LINK_EVENTS
from app.sandbox.razorpay import SANDBOX_KEY_ID
from tests.integration.till.house import (
    NEVER,
    Customer,
    elsewhere,
    rows,
    state,
    until,
    until_state,
    with_till,
)
from tests.parts.catalog import toml

LINKS, CODES = "razorpay", "razorpay_upi"
KINDS = (LINKS, CODES)
CREATE = {LINKS: "/razorpay/v1/payment_links", CODES: "/razorpay/v1/payments/qr_codes"}


@pytest.fixture(autouse=True)
def _no_keys_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KEY_ID", "KEY_SECRET", "WEBHOOK_SECRET", "ACCOUNT_ID", "API_BASE"):
        monkeypatch.delenv(f"RAZORPAY_{name}", raising=False)


@pytest.fixture(autouse=True)
def _a_shop_in_india(root: Path) -> None:
    (root / "catalog.toml").write_bytes(toml(25_000, head='[shop]\ncurrency = "INR"\n'))


def accounts(root: Path, *kinds: str) -> None:
    (root / "scantill.toml").write_text("".join(f"[accounts.{kind}]\n" for kind in kinds))


async def show(till: Till, account: str) -> tuple[Order, Attempt]:
    """Sell two pieces of 250 rupees, up to the code on the screen."""
    cart = Cart()
    for _ in range(2):
        cart.add(till.catalog.on_sale()[0])
    order = await till.checkout.place_order(cart.content)
    attempt = await till.checkout.open_session(order.id, account)
    return order, await till.checkout.mark_shown(attempt.id)


async def pay(customer: Customer, attempt: Attempt) -> None:
    """Pay as the customer's own app does, by card or UPI."""
    path = f"sessions/{attempt.session_id}/pay"
    done = await elsewhere(customer.control, "POST", path)
    assert done["outcome"] == "paid"


async def until_heard(till: Till, customer: Customer, addresses: int = 1) -> None:
    """Wait until the simulator knows where to send its events, and all is read up on."""

    async def is_known() -> bool:
        told = await elsewhere(customer.control, "GET", "razorpay/webhooks")
        return len(told["webhooks"]) == addresses

    await until(is_known)
    await until(lambda: till.status().reconciled is not None)


async def sold(till: Till, customer: Customer, account: str) -> tuple[Order, str]:
    order, attempt = await show(till, account)
    await pay(customer, attempt)
    await until_state(till, order, "paid")
    detail = await till.orders.detail(order.id)
    assert detail is not None
    return order, detail.tenders[0].payment_id


@pytest.mark.parametrize("kind", KINDS)
def test_a_sale_is_paid_by_webhook_alone(root: Path, customer: Customer, kind: str) -> None:
    accounts(root, kind)

    async def story(till: Till) -> None:
        await until_heard(till, customer)
        order, attempt = await show(till, kind)
        await pay(customer, attempt)
        await until_state(till, order, "paid", within_s=2)

    with_till(root, customer, story, pace=NEVER)
    ((data,),) = rows(root, "SELECT data FROM journal WHERE name = 'attempt.paid'")
    assert "webhook" in data


def test_a_secret_of_another_providers_webhooks_keeps_no_event_away(
    root: Path, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_somebody_registered_that")
    monkeypatch.setenv("CODES_RAZORPAY_WEBHOOK_SECRET", "somebody registered this")
    (root / "scantill.toml").write_text(
        '[accounts.links]\nkind = "razorpay"\n[accounts.codes]\nkind = "razorpay_upi"\n'
    )

    async def story(till: Till) -> None:
        await until_heard(till, customer)
        told = await elsewhere(customer.control, "GET", "razorpay/webhooks")
        assert [each["url"].rsplit("/", 1)[1] for each in told["webhooks"]] == ["links"]
        order, attempt = await show(till, "links")
        await pay(customer, attempt)
        await until_state(till, order, "paid", within_s=2)

    with_till(root, customer, story, pace=NEVER)


@pytest.mark.parametrize("sells, told", [(CODES, LINKS), (LINKS, CODES)])
def test_one_address_is_enough_for_both_kinds_of_one_account(
    root: Path, customer: Customer, monkeypatch: pytest.MonkeyPatch, sells: str, told: str
) -> None:
    """An owner enters one address in the dashboard, with all the events."""
    monkeypatch.setenv("RAZORPAY_WEBHOOK_SECRET", "one secret")
    accounts(root, *KINDS)

    async def story(till: Till) -> None:
        await until(lambda: till.status().reconciled is not None)
        address = {
            "key_id": SANDBOX_KEY_ID,
            "url": f"{till.door.address}/webhooks/{told}",
            "secret": "one secret",
            "owner": "the shop",
            "events": [*LINK_EVENTS, *CODE_EVENTS],
        }
        await elsewhere(customer.control, "POST", "razorpay/webhooks", **address)
        order, attempt = await show(till, sells)
        await pay(customer, attempt)
        await until_state(till, order, "paid")

    with_till(root, customer, story, pace=NEVER)
    assert rows(root, "SELECT account FROM payments") == [(sells,)]
    ((data,),) = rows(root, "SELECT data FROM journal WHERE name = 'attempt.paid'")
    assert "webhook" in data
    assert set(rows(root, "SELECT account FROM inbox")) == {(told,)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_sale_is_paid_by_polling_alone(root: Path, customer: Customer, kind: str) -> None:
    accounts(root, kind)

    async def story(till: Till) -> None:
        await sold(till, customer, kind)

    with_till(root, customer, story, register_webhooks=False)
    assert rows(root, "SELECT count(*) FROM inbox") == [(0,)]
    assert rows(root, "SELECT amount_minor, currency FROM payments") == [(50_000, "INR")]


def test_a_customer_pays_on_the_page_of_a_link_and_comes_back(
    root: Path, customer: Customer
) -> None:
    accounts(root, LINKS)

    async def story(till: Till) -> None:
        order, attempt = await show(till, LINKS)
        assert str(attempt.url).startswith(f"{customer.origin}/razorpay/i/")
        assert await elsewhere(customer.pay, attempt.url, "4000000000000002") == 402

        async def is_told() -> bool:
            detail = await till.orders.detail(order.id)
            return detail is not None and detail.attempts[0].decline == "payment_failed"

        await until(is_told)
        assert await elsewhere(customer.pay, attempt.url) == 303
        await until_state(till, order, "paid")

    with_till(root, customer, story, register_webhooks=False)


@pytest.mark.parametrize("tells_text", [True, False])
def test_a_upi_code_is_the_text_for_the_very_amount(
    root: Path, customer: Customer, tells_text: bool
) -> None:
    accounts(root, CODES)
    customer.control("POST", "razorpay/features", image_content=tells_text)

    async def story(till: Till) -> None:
        _, attempt = await show(till, CODES)
        text = str(attempt.url)
        assert text.startswith("upi://pay?") and "am=500.00" in text and "cu=INR" in text
        assert attempt.amount == Money(50_000, "INR")

    with_till(root, customer, story)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("drop", ["before", "after_effect"])
def test_a_creation_whose_answer_was_lost_is_one_session(
    root: Path, customer: Customer, kind: str, drop: str
) -> None:
    accounts(root, kind)

    async def story(till: Till) -> None:
        customer.fault("POST", CREATE[kind], drop=drop, times=1)
        order, attempt = await show(till, kind)
        assert attempt.state is AttemptState.OPEN
        await pay(customer, attempt)
        await until_state(till, order, "paid")

    with_till(root, customer, story)
    assert len(customer.books()["sessions"]) == 1
    assert rows(root, "SELECT count(*) FROM payments") == [(1,)]


@pytest.mark.parametrize("kind", KINDS)
def test_cancelling_while_the_customer_pays_ends_in_paid(
    root: Path, customer: Customer, kind: str
) -> None:
    accounts(root, kind)

    async def story(till: Till) -> None:
        order, attempt = await show(till, kind)
        await pay(customer, attempt)
        assert (await till.checkout.cancel(order.id)).state.value == "paid"

    with_till(root, customer, story, pace=NEVER, register_webhooks=False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cancelled_session_takes_no_money_any_more(
    root: Path, customer: Customer, kind: str
) -> None:
    accounts(root, kind)

    async def story(till: Till) -> None:
        order, attempt = await show(till, kind)
        assert (await till.checkout.cancel(order.id)).state.value == "cancelled"
        path = f"sessions/{attempt.session_id}/pay"
        late = await elsewhere(customer.control, "POST", path)
        assert late["outcome"] in {"cancelled", "expired"}

    with_till(root, customer, story)


def test_a_try_that_is_authorized_late_is_found_by_polling_alone(
    root: Path, customer: Customer
) -> None:
    """The bank said no, the order was cancelled, and then the bank had taken the money."""
    accounts(root, LINKS)

    async def story(till: Till) -> None:
        order, attempt = await show(till, LINKS)
        assert await elsewhere(customer.pay, attempt.url, "4000000000000002") == 402
        assert (await till.checkout.cancel(order.id)).state.value == "cancelled"
        path = f"sessions/{attempt.session_id}/settle"
        await elsewhere(customer.control, "POST", path, succeeded=True)
        held = "SELECT kind, amount_minor FROM exceptions"
        await until(lambda: rows(root, held) == [("paid_late", 50_000)])

    with_till(root, customer, story, register_webhooks=False)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("drop", [None, "before", "after_effect"])
def test_money_is_given_back_once(
    root: Path, customer: Customer, kind: str, drop: str | None
) -> None:
    accounts(root, kind)

    async def story(till: Till) -> None:
        await until_heard(till, customer)
        order, payment_id = await sold(till, customer, kind)
        if drop is not None:
            customer.fault("POST", f"/razorpay/v1/payments/{payment_id}/refund", drop=drop)
        amount = Money(20_000, "INR")
        asked = [
            till.refunds.ask(payment_id, amount, press="p1", by="Asha", reason="cold chai")
            for _ in range(3)
        ]
        found = await asyncio.gather(*asked)
        assert {refund.state for refund in found} == {RefundState.SUCCEEDED}
        of_refunds = "event_type LIKE 'refund.%' AND standing IS NOT NULL"
        told = f"SELECT count(*) > 0 FROM inbox WHERE {of_refunds}"
        await until(lambda: rows(root, told) == [(1,)])
        await till.refunds.sweep()
        assert await state(till, order) == "paid"

    with_till(root, customer, story)
    assert [each["amount_minor"] for each in customer.books()["refunds"]] == [20_000]
    assert rows(root, "SELECT count(*) FROM refunds") == [(1,)]


def test_links_and_codes_of_one_account_side_by_side_take_nothing_twice(
    root: Path, customer: Customer
) -> None:
    """Razorpay tells each address of everything; each kind takes what is its own."""
    accounts(root, *KINDS)

    async def story(till: Till) -> None:
        await until_heard(till, customer, addresses=2)
        for kind in KINDS:
            order, payment_id = await sold(till, customer, kind)
            amount = Money(20_000, "INR")
            await till.refunds.ask(payment_id, amount, press=kind, by="Asha", reason="cold chai")
            dispute: dict[str, Any] = {"amount_minor": 10_000}
            path = f"payments/{payment_id}/dispute"
            await elsewhere(customer.control, "POST", path, **dispute)
            assert await state(till, order) == "paid"
        unhandled = "SELECT count(*) FROM inbox WHERE standing IS NULL"
        await until(lambda: rows(root, "SELECT count(*) FROM disputes") == [(2,)])
        await until(lambda: rows(root, unhandled) == [(0,)])
        await till.refunds.sweep()

    with_till(root, customer, story)
    assert rows(root, "SELECT count(*) FROM payments") == [(2,)]
    assert rows(root, "SELECT count(*) FROM refunds") == [(2,)]
    mismatches = "SELECT count(*) FROM exceptions WHERE kind = 'mismatch'"
    assert rows(root, mismatches) == [(0,)]
    assert rows(root, "SELECT count(*) FROM inbox WHERE standing = 'quarantined'") == [(0,)]
