"""What PayPal's events come to: news of money, or a reason to look."""

import json
from typing import Any

import pytest

from app.domain.delivery import Delivery
from app.domain.dispute import DisputeObservation, DisputeState
from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.domain.refund import RefundObservation, RefundState
from app.errors import Protocol, WebhookRejected
from app.providers.paypal.events import WANTED, seen_in
from app.providers.paypal.webhooks import read_event
from app.providers.strategy import Recheck, Seen, WebhookRequest
from tests.parts.clock import START
from tests.parts.paypal import (
    CAPTURE,
    ORDER,
    REFERENCE,
    REFUND,
    capture,
    dispute,
    event,
    money,
    order,
    refund,
)
from tests.parts.paypal_subscriptions import sale, subscription

S = SessionState


def told(kind: str, resource: Any) -> Seen | None:
    body = json.dumps(event(kind, resource)).encode()
    return seen_in(delivery_of(body), at=START)


def delivery_of(body: bytes) -> Delivery:
    request = WebhookRequest({}, body, START)
    return read_event(request, account="main", provider_account="app:1", live=False)


def test_an_approval_is_news_of_the_order_and_of_no_money() -> None:
    seen = told("CHECKOUT.ORDER.APPROVED", order("APPROVED"))
    assert isinstance(seen, Observation)
    assert (seen.state, seen.source, seen.payments) == (S.APPROVED, Source.WEBHOOK, ())
    assert (seen.reference, seen.session_id) == (str(REFERENCE), ORDER)
    assert (seen.provider_account, seen.event_id) == ("app:1", "WH-19973212T1154-1")


def test_a_completed_capture_is_a_payment() -> None:
    seen = told("PAYMENT.CAPTURE.COMPLETED", capture())
    assert isinstance(seen, Observation)
    assert (seen.state, seen.is_final) == (S.PAID, True)
    assert seen.payments == (SeenPayment(CAPTURE, Money(500, "EUR")),)
    assert (seen.reference, seen.session_id) == (str(REFERENCE), ORDER)


@pytest.mark.parametrize(
    "kind, status, state, is_final",
    [
        ("PENDING", "PENDING", S.PROCESSING, False),
        ("DENIED", "DECLINED", S.FAILED, True),
        ("DECLINED", "DECLINED", S.FAILED, True),
        # PayPal tells in any order: what the capture is now counts.
        ("PENDING", "COMPLETED", S.PAID, True),
    ],
)
def test_a_capture_says_by_its_state_what_it_is(
    kind: str, status: str, state: SessionState, is_final: bool
) -> None:
    seen = told(f"PAYMENT.CAPTURE.{kind}", capture(status))
    assert isinstance(seen, Observation)
    assert (seen.state, seen.is_final) == (state, is_final)
    assert bool(seen.payments) is (state is S.PAID)


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"status": "NEW"}, Recheck(str(REFERENCE), Money(500, "EUR"), ORDER)),
        ({"custom_id": None}, Recheck("", Money(500, "EUR"), ORDER)),
        ({"supplementary_data": None}, Recheck(str(REFERENCE), Money(500, "EUR"), "")),
        ({"amount": money("5.001")}, Recheck(str(REFERENCE), None, ORDER)),
    ],
)
def test_a_capture_that_does_not_suffice_is_looked_at(changes: Any, expected: Recheck) -> None:
    assert told("PAYMENT.CAPTURE.COMPLETED", capture(**changes)) == expected


def test_an_approval_that_ran_out_or_is_odd_is_looked_at() -> None:
    gone = {"order_id": ORDER, "purchase_units": order()["purchase_units"]}
    seen = told("CHECKOUT.PAYMENT-APPROVAL.REVERSED", gone)
    assert seen == Recheck(str(REFERENCE), session_id=ORDER)
    seen = told("CHECKOUT.ORDER.APPROVED", order("SOMETHING_NEW"))
    assert seen == Recheck(str(REFERENCE), session_id=ORDER)


@pytest.mark.parametrize(
    "kind, status, state",
    [
        ("PAYMENT.CAPTURE.REFUNDED", "COMPLETED", RefundState.SUCCEEDED),
        ("PAYMENT.CAPTURE.REVERSED", "COMPLETED", RefundState.SUCCEEDED),
        ("PAYMENT.REFUND.PENDING", "PENDING", RefundState.PENDING),
        ("PAYMENT.REFUND.FAILED", "FAILED", RefundState.FAILED),
    ],
)
def test_a_refund_names_its_payment_and_our_key(kind: str, status: str, state: RefundState) -> None:
    seen = told(kind, refund(status))
    assert isinstance(seen, RefundObservation)
    assert (seen.refund.refund_id, seen.refund.payment_id) == (REFUND, CAPTURE)
    assert (seen.refund.state, seen.refund.amount) == (state, Money(200, "EUR"))
    assert seen.refund.key == REFERENCE.key("refund-1")


def test_a_refund_made_at_paypal_has_no_key_though_it_has_our_reference() -> None:
    seen = told("PAYMENT.CAPTURE.REFUNDED", refund(custom_id=str(REFERENCE)))
    assert isinstance(seen, RefundObservation) and seen.refund.key == ""


def test_a_reversal_that_comes_as_the_capture_is_looked_at() -> None:
    up = [{"href": f"https://api-m.paypal.com/v2/checkout/orders/{ORDER}", "rel": "up"}]
    seen = told("PAYMENT.CAPTURE.REVERSED", capture("REFUNDED", links=up))
    assert seen == Recheck(str(REFERENCE), session_id=ORDER)


@pytest.mark.parametrize("verb", ["CREATED", "UPDATED", "RESOLVED"])
def test_a_dispute_is_read_with_its_day(verb: str) -> None:
    seen = told(f"CUSTOMER.DISPUTE.{verb}", dispute())
    assert isinstance(seen, DisputeObservation)
    assert (seen.dispute.payment_id, seen.dispute.state) == (CAPTURE, DisputeState.NEEDS_RESPONSE)
    assert seen.dispute.due_at is not None and seen.told_at < START


def test_what_is_none_of_the_tills_is_nothing() -> None:
    assert told("CUSTOMER.DISPUTE.CREATED", dispute(disputed_transactions=[])) is None
    for kind in ("PAYMENT.SALE.COMPLETED", "BILLING.SUBSCRIPTION.CREATED", "SOMETHING.NEW"):
        assert told(kind, {}) is None


def test_a_refund_that_is_odd_is_told_loudly_by_whoever_settles_it() -> None:
    with pytest.raises(Protocol):
        told("PAYMENT.CAPTURE.REFUNDED", refund("SOMETHING_NEW"))


def test_every_event_that_is_asked_for_is_one_that_is_read() -> None:
    assert len(WANTED) == len(set(WANTED)) == 25
    resources = {
        "CUSTOMER": dispute(),
        "CHECKOUT": order("APPROVED"),
        "BILLING": subscription("ACTIVE"),
    }
    for kind in WANTED:
        resource = resources.get(kind.partition(".")[0], refund())
        if kind.startswith("PAYMENT.CAPTURE") and not kind.endswith(("REFUNDED", "REVERSED")):
            resource = capture()
        if kind.startswith("PAYMENT.SALE"):
            resource = sale()
        assert told(kind, resource) is not None, kind


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"id":"WH-1"}',
        b'{"id":"WH-1","event_type":"X"}',
        b'{"id":7,"event_type":"X","resource":{}}',
        b'{"id":"","event_type":"X","resource":{}}',
        b'{"id":"WH-1","event_type":"X","resource":[]}',
        b'{"id":"WH-1","id":"WH-2","event_type":"X","resource":{}}',
        b'{"id":"WH-1","event_type":"X","resource":{"a":NaN}}',
        b'{"a":' * 100_000,
    ],
)
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookRejected) as refused:
        delivery_of(body)
    assert refused.value.status == 400


def test_an_event_is_of_the_mode_and_account_that_it_was_signed_for() -> None:
    delivery = delivery_of(json.dumps(event("X", {})).encode())
    assert (delivery.provider, delivery.account, delivery.live) == ("paypal", "main", False)
    assert (delivery.provider_account, delivery.event_type) == ("app:1", "X")
