"""PayPal at a whole till: the customer only agrees, and what is taken is a call of the till's."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.bootstrap import Till
from app.domain.attempt import AttemptState
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.order import OrderState
from app.domain.refund import RefundState
from tests.integration.till.errands import LaterClock
from tests.integration.till.house import (
    NEVER,
    Customer,
    elsewhere,
    open_till,
    rows,
    show,
    state,
    until,
    until_state,
    violations,
    with_till,
)
from tests.integration.till.paypal_house import (
    approve,
    captures,
    set_up,
    until_registered,
)

INTENTS = "SELECT key, outcome FROM intents WHERE operation = 'capture'"
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


def test_what_was_agreed_to_is_taken_at_a_webhook_alone(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        await until(lambda: till.status().reconciled is not None)
        order, attempt = await show(till)
        assert await elsewhere(customer.pay, attempt.url) == 303
        await until_state(till, order, "paid", within_s=3)
        told = "SELECT count(*) FROM inbox WHERE event_type = 'PAYMENT.CAPTURE.COMPLETED'"
        # Whichever was first, the capture's own answer or the word of it.
        heard = f"{told} AND standing IN ('settled', 'nothing_new')"
        await until(lambda: rows(root, heard) == [(1,)])
        keys = await elsewhere(captures, customer, attempt.session_id)
        assert keys == [attempt.reference.key("capture")]

    with_paypal(root, customer, story, pace=NEVER)
    assert [outcome for _, outcome in rows(root, INTENTS)] == ["done"]
    ((received,),) = rows(root, "SELECT count(*) FROM inbox")
    assert received == 2


def test_what_was_agreed_to_is_taken_by_polling_alone(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        assert await elsewhere(approve, customer, attempt.session_id) == "approved"
        await until_state(till, order, "paid")

    with_paypal(root, customer, story, register_webhooks=False)
    assert rows(root, "SELECT count(*) FROM inbox") == [(0,)]


def test_a_late_approval_after_the_cancelling_takes_no_money(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        assert (await till.checkout.cancel(order.id)).state is OrderState.CANCELLED
        assert await elsewhere(approve, customer, attempt.session_id) == "approved"
        told = "SELECT count(*) FROM inbox WHERE event_type = 'CHECKOUT.ORDER.APPROVED'"
        await until(lambda: rows(root, f"{told} AND standing IS NOT NULL") == [(1,)])
        await till.sessions.look(attempt.id, Source.MANUAL)
        await till.reconcile()
        assert await elsewhere(captures, customer, attempt.session_id) == []
        assert await state(till, order) == "cancelled"

    with_paypal(root, customer, story)
    assert customer.taken() == []


def test_cancelling_what_the_customer_has_agreed_to_takes_no_money(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        assert await elsewhere(approve, customer, attempt.session_id) == "approved"
        assert (await till.checkout.cancel(order.id)).state is OrderState.CANCELLED
        assert await elsewhere(captures, customer, attempt.session_id) == []

    with_paypal(root, customer, story, register_webhooks=False, pace=NEVER)
    assert customer.taken() == []


def test_cancelling_while_the_money_is_taken_ends_paid(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        assert await elsewhere(approve, customer, attempt.session_id) == "approved"
        path = f"/paypal/v2/checkout/orders/{attempt.session_id}/capture"
        await elsewhere(customer.fault, "POST", path, times=None, drop="after_effect")
        look = asyncio.create_task(till.sessions.look(attempt.id, Source.POLL))
        await until(lambda: customer.taken() != [], within_s=5)
        await elsewhere(customer.control, "DELETE", "faults")
        assert (await till.checkout.cancel(order.id)).state is OrderState.PAID
        await look

    with_paypal(root, customer, story, register_webhooks=False, pace=NEVER)
    assert len(customer.taken()) == 1


def test_a_lost_answer_to_a_capture_is_asked_for_under_its_key(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        path = f"/paypal/v2/checkout/orders/{attempt.session_id}/capture"
        await elsewhere(customer.fault, "POST", path, drop="after_effect")
        assert await elsewhere(approve, customer, attempt.session_id) == "approved"
        await until_state(till, order, "paid")
        keys = await elsewhere(captures, customer, attempt.session_id)
        assert len(keys) == 2 and len(set(keys)) == 1

    with_paypal(root, customer, story, register_webhooks=False)


def test_a_declined_customer_chooses_again_and_pays_once(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        await elsewhere(approve, customer, attempt.session_id, funding="declines")

        async def is_told() -> bool:
            detail = await till.orders.detail(order.id)
            return detail is not None and bool(detail.attempts[-1].decline)

        await until(is_told)
        # What was declined is not asked for again and again.
        await asyncio.sleep(0.5)
        assert len(await elsewhere(captures, customer, attempt.session_id)) == 1
        await elsewhere(approve, customer, attempt.session_id)
        await until_state(till, order, "paid")
        assert len(set(await elsewhere(captures, customer, attempt.session_id))) == 2

    with_paypal(root, customer, story, register_webhooks=False)


@pytest.mark.parametrize("succeeded", [True, False])
def test_a_pending_capture_is_decided_later(
    root: Path, customer: Customer, succeeded: bool
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        await elsewhere(approve, customer, attempt.session_id, funding="echeck")

        async def is_processing() -> bool:
            detail = await till.orders.detail(order.id)
            return detail is not None and detail.attempts[-1].state is AttemptState.PROCESSING

        await until(is_processing)
        settled = f"sessions/{attempt.session_id}/settle"
        await elsewhere(customer.control, "POST", settled, succeeded=succeeded)
        if succeeded:
            await until_state(till, order, "paid")
        else:
            ended = "SELECT 1 FROM attempts WHERE state = 'failed' AND is_final = 1"
            await until(lambda: rows(root, ended) == [(1,)])
            assert await state(till, order) == "open"

    with_paypal(root, customer, story, pace=NEVER)


def test_money_goes_back_once_and_its_notice_is_no_news(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        await elsewhere(approve, customer, attempt.session_id)
        await until_state(till, order, "paid")
        detail = await till.orders.detail(order.id)
        assert detail is not None
        payment_id = detail.tenders[0].payment_id
        asked = [
            till.refunds.ask(payment_id, Money(100, "EUR"), press="p1", by="Ada", reason="cold")
            for _ in range(3)
        ]
        assert {r.state for r in await asyncio.gather(*asked)} == {RefundState.SUCCEEDED}
        told = "SELECT standing FROM inbox WHERE event_type = 'PAYMENT.CAPTURE.REFUNDED'"
        await until(lambda: rows(root, told) == [("nothing_new",)])

    with_paypal(root, customer, story)
    assert [taken.refunded_minor for taken in customer.taken()] == [100]


def test_a_refund_made_at_paypal_is_told(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        await elsewhere(approve, customer, attempt.session_id)
        await until_state(till, order, "paid")
        (paid,) = customer.taken()
        path = f"payments/{paid.payment_id}/refund"
        await elsewhere(customer.control, "POST", path, amount_minor=100)
        await until(lambda: rows(root, "SELECT amount_minor, press FROM refunds") != [])

    with_till(root, customer, story)
    assert [taken.refunded_minor for taken in customer.taken()] == [100]


def test_an_order_that_paypal_has_forgotten_has_run_out_and_needs_nobody(
    root: Path, customer: Customer
) -> None:
    async def run() -> None:
        quiet: dict[str, Any] = {"register_webhooks": False}
        async with open_till(root, customer.origin, pace=NEVER, **quiet) as till:
            order, _ = await show(till)
        await elsewhere(customer.control, "POST", "clock", advance_s=4 * 3600)
        async with open_till(root, customer.origin, clock=LaterClock(), **quiet) as till:
            await until_state(till, order, "expired")

    asyncio.run(run())
    assert rows(root, WAITING) == [] and violations(root, customer) == []
    assert rows(root, "SELECT state, is_final FROM attempts") == [("expired", 1)]


def test_a_dispute_is_on_the_list_with_its_day(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        await elsewhere(approve, customer, attempt.session_id)
        await until_state(till, order, "paid")
        (paid,) = customer.taken()
        due = 1_900_000_000
        path = f"payments/{paid.payment_id}/dispute"
        await elsewhere(customer.control, "POST", path, due_by=due)
        await until(lambda: rows(root, WAITING) == [("disputed",)])
        assert await state(till, order) == "paid"

    with_till(root, customer, story)


def test_what_is_not_signed_for_this_till_is_refused_without_a_trace(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        forged = {
            "Paypal-Auth-Algo": "SHA256withRSA",
            "Paypal-Cert-Url": "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1",
            "Paypal-Transmission-Id": "t-1",
            "Paypal-Transmission-Time": "2026-11-21T18:00:00Z",
            "Paypal-Transmission-Sig": "A" * 344,
        }
        answer = await elsewhere(
            httpx.post,
            f"{till.door.address}/webhooks/paypal",
            headers=forged,
            content=b'{"id":"WH-1","event_type":"PAYMENT.CAPTURE.COMPLETED","resource":{}}',
        )
        assert answer.status_code == 400
        paths = [each["path"] for each in customer.control("GET", "requests")["requests"]]
        assert not [path for path in paths if "verify" in path]

    with_paypal(root, customer, story, pace=NEVER)
    assert rows(root, "SELECT count(*) FROM inbox") == [(0,)]


def checks(customer: Customer) -> int:
    """Count the notices that the till put before PayPal's own check."""
    return len(customer.requests("POST", "/paypal/v1/notifications/verify-webhook-signature"))


def test_a_new_certificate_is_fetched_and_without_one_paypal_is_asked(
    root: Path, customer: Customer
) -> None:
    async def sell(till: Till) -> None:
        order, attempt = await show(till)
        await elsewhere(approve, customer, attempt.session_id)
        await until_state(till, order, "paid")

    async def sign(**order: Any) -> dict[str, Any]:
        made = await elsewhere(customer.control, "POST", "paypal/signing", **order)
        return dict(made)

    async def story(till: Till) -> None:
        await until_registered(till, customer)
        # By its list of events a sale may be known before its notice is.
        await until(lambda: till.status().reconciled is not None)
        await sell(till)
        url = str((await sign(rotate=True))["cert_url"])
        await sell(till)
        assert await elsewhere(checks, customer) == 0
        await sign(cert_url=f"{url}-gone")
        await sell(till)
        assert await elsewhere(checks, customer) > 0

    with_paypal(root, customer, story, pace=NEVER)
    assert len(customer.taken()) == 3
