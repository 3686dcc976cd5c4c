"""Square's subscriptions: how they stand, what they took, how they end."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.subscription import SubscriptionObservation, SubscriptionState
from app.errors import Protocol, Rejected, Unavailable
from tests.integration.sandbox.square.description import description
from tests.parts.clock import START
from tests.parts.square import (
    MERCHANT,
    money,
    order,
    payment,
    refusal,
    refused_try,
    said,
    strategy,
)
from tests.parts.square_plans import VARIATION, Shelf, invoice, subscription, variation
from tests.parts.stripe import REFERENCE

S = SubscriptionState
SUBSCRIPTION = "GET subscriptions/sub-1"
CANCEL = "POST subscriptions/sub-1/cancel"
DUE = datetime(2026, 12, 21, tzinfo=UTC)
"""When the day after what was paid for begins in Dublin."""


def shelf(
    told: dict[str, Any] | None = None, ways: Mapping[str, Any] = MappingProxyType({})
) -> Shelf:
    """Give what Square knows of a subscription that took its first payment."""
    return Shelf(
        {
            SUBSCRIPTION: {"subscription": told or subscription()},
            f"GET catalog/object/{VARIATION}": {"object": variation()},
            "GET invoices/inv-1": {"invoice": invoice()},
            "GET orders/order-9": {"order": order("OPEN", "pay-1", id="order-9")},
            "GET payments/pay-1": {"payment": payment()},
        }
        | dict(ways)
    )


def renewed(status: str = "PAID", *paid_by: str, **changes: Any) -> Shelf:
    """Give what Square knows of one that was to be renewed."""
    wire = shelf(subscription(invoice_ids=["inv-2", "inv-1"]))
    second = invoice(status, "order-10", id="inv-2", **changes)
    wire.ways["GET invoices/inv-2"] = {"invoice": second}
    sold = order("OPEN", *paid_by, id="order-10", reference_id=None)
    wire.ways["GET orders/order-10"] = {"order": sold}
    renewal = payment(id="pay-2", note=None, order_id="order-10")
    wire.ways["GET payments/pay-2"] = {"payment": renewal}
    wire.ways["GET payments"] = {}
    return wire


def looked(wire: Shelf) -> SubscriptionObservation:
    return asyncio.run(strategy(wire).fetch_subscription("sub-1", source=Source.POLL))


def test_a_look_says_what_was_agreed_and_all_that_was_taken() -> None:
    seen = looked(renewed("PAID", "pay-2"))
    assert (seen.provider, seen.provider_account, seen.live) == ("square", MERCHANT, False)
    assert (seen.source, seen.observed_at) == (Source.POLL, START)
    assert (seen.subscription_id, seen.state, seen.decline) == ("sub-1", S.ACTIVE, "")
    assert (seen.amount, seen.interval) == (Money(500, "EUR"), BillingInterval.MONTHLY)
    assert [each.payment_id for each in seen.payments] == ["pay-1", "pay-2"]
    assert (seen.first_payment_id, seen.reference) == ("pay-1", str(REFERENCE))
    assert (seen.current_until, seen.ends_at, seen.ended_at) == (DUE, None, None)


def test_every_status_of_the_description_is_known_and_a_new_one_proves_nothing() -> None:
    expected = {
        "PENDING": S.PENDING,
        "ACTIVE": S.ACTIVE,
        "CANCELED": S.ENDED,
        "DEACTIVATED": S.PAUSED,
        "PAUSED": S.PAUSED,
    }
    assert set(expected) == set(
        description()["components"]["schemas"]["SubscriptionStatus"]["enum"]
    )
    for status, state in expected.items():
        assert looked(shelf(subscription(status))).state is state
    for unknown in ("NEWLY_INVENTED", None):
        with pytest.raises(Protocol):
            looked(shelf(subscription() | {"status": unknown}))


def test_before_its_first_invoice_it_took_nothing() -> None:
    seen = looked(shelf(subscription("PENDING") | {"invoice_ids": None}))
    assert (seen.state, seen.payments, seen.first_payment_id) == (S.PENDING, (), "")


@pytest.mark.parametrize("status", ["UNPAID", "PARTIALLY_PAID", "FAILED"])
def test_an_invoice_that_is_owed_means_that_it_is_past_due(status: str) -> None:
    wire = renewed(status)
    tried = refused_try("CARD_EXPIRED", id="pay-3", order_id="order-10")
    wire.ways["GET payments"] = {"payments": [tried, refused_try("CVV_FAILURE", order_id="x")]}
    seen = looked(wire)
    assert (seen.state, seen.decline) == (S.PAST_DUE, "CARD_EXPIRED")
    assert [each.payment_id for each in seen.payments] == ["pay-1"]


def test_a_refusal_that_the_list_does_not_know_yet_is_past_due_all_the_same() -> None:
    seen = looked(renewed("UNPAID"))
    assert (seen.state, seen.decline) == (S.PAST_DUE, "")


@pytest.mark.parametrize(
    "status, due",
    [("SCHEDULED", "2026-11-21"), ("PAYMENT_PENDING", "2026-11-21"), ("UNPAID", "2026-11-22")],
)
def test_an_invoice_that_is_not_due_yet_is_not_owed(status: str, due: str) -> None:
    request = {"uid": "u", "request_type": "BALANCE", "due_date": due}
    assert looked(renewed(status, payment_requests=[request])).state is S.ACTIVE


def test_every_status_of_an_invoice_is_read() -> None:
    for status in description()["components"]["schemas"]["InvoiceStatus"]["enum"]:
        assert looked(renewed(status)).state in (S.ACTIVE, S.PAST_DUE)


def test_one_that_was_given_back_was_taken_before() -> None:
    for status in ("PARTIALLY_REFUNDED", "REFUNDED"):
        wire = shelf(ways={"GET invoices/inv-1": {"invoice": invoice(status)}})
        assert [each.payment_id for each in looked(wire).payments] == ["pay-1"]


def first(**changes: Any) -> dict[str, Any]:
    """Give the payment that began it, of an order that no invoice is for."""
    return payment(**{"id": "pay-0", "order_id": "order-8", "customer_id": "customer-1"} | changes)


def uninvoiced(*payments: dict[str, Any]) -> Shelf:
    """Give one whose only invoice is that of a renewal, and the payments of when it was made."""
    wire = shelf(subscription(invoice_ids=["inv-2"]))
    wire.ways["GET invoices/inv-2"] = {"invoice": invoice("PAID", "order-10")}
    wire.ways["GET orders/order-10"] = {"order": order("OPEN", "pay-2", id="order-10")}
    renewal = payment(id="pay-2", order_id="order-10", created_at="2026-12-21T06:00:00.000Z")
    wire.ways["GET payments/pay-2"] = {"payment": renewal}
    wire.ways["GET payments"] = {"payments": list(payments)}
    return wire


def test_a_first_payment_that_has_no_invoice_is_found_by_our_reference_and_the_customer() -> None:
    others = [
        first(id="x", customer_id="customer-2"),
        first(id="y", note="table 7"),
        first(id="z", status="FAILED"),
    ]
    wire = uninvoiced(*others, first())
    seen = looked(wire)
    assert [each.payment_id for each in seen.payments] == ["pay-0", "pay-2"]
    assert (seen.first_payment_id, seen.reference) == ("pay-0", str(REFERENCE))
    (query,) = [dict(each.url.params) for each in wire.requests if each.url.path == "/v2/payments"]
    assert (query["begin_time"], query["end_time"]) == (
        "2026-11-21T08:00:01.000Z",
        "2026-11-21T10:00:01.000Z",
    )


@pytest.mark.parametrize("found", [[], [first(), first(id="pay-9")]])
def test_where_the_first_payment_cannot_be_told_no_renewal_passes_for_it(
    found: list[dict[str, Any]],
) -> None:
    seen = looked(uninvoiced(*found))
    assert [each.payment_id for each in seen.payments] == ["pay-2"]
    assert seen.first_payment_id not in ("", "pay-2") and seen.reference == ""


def test_one_without_the_time_of_its_making_names_no_first_payment() -> None:
    seen = looked(shelf(subscription(created_at=None)))
    assert seen.first_payment_id not in ("", "pay-1")


def test_a_price_of_its_own_counts_before_the_plans() -> None:
    seen = looked(shelf(subscription(price_override_money=money(450))))
    assert seen.amount == Money(450, "EUR")


def test_a_plan_that_is_not_there_any_more_leaves_open_what_was_agreed() -> None:
    wire = shelf()
    del wire.ways[f"GET catalog/object/{VARIATION}"]
    seen = looked(wire)
    assert (seen.amount, seen.interval, seen.state) == (None, None, S.ACTIVE)


@pytest.mark.parametrize("zone", ["Nowhere/Land", None, "../etc/passwd", ""])
def test_in_a_zone_that_is_not_known_days_are_those_of_utc(zone: Any) -> None:
    assert looked(shelf(subscription(timezone=zone))).current_until == DUE


def test_a_day_ends_where_it_is_sold() -> None:
    seen = looked(shelf(subscription(timezone="America/Los_Angeles")))
    assert seen.current_until == datetime(2026, 12, 21, 8, tzinfo=UTC)


@pytest.mark.parametrize("told", [None, "soon", "9999-12-31", 7])
def test_a_day_that_is_none_is_not_known(told: Any) -> None:
    assert looked(shelf(subscription(charged_through_date=told))).current_until is None


@pytest.mark.parametrize(
    "way, answer",
    [
        (SUBSCRIPTION, {}),
        (SUBSCRIPTION, {"subscription": subscription(id=None)}),
        (SUBSCRIPTION, {"subscription": subscription(plan_variation_id=None)}),
        ("GET invoices/inv-1", {"invoice": invoice(order_id="")}),
        ("GET invoices/inv-1", {"invoice": invoice(status="")}),
        ("GET payments/pay-1", {"payment": payment("NEWLY_INVENTED")}),
        ("GET payments/pay-1", {"payment": payment(total_money=money("5"))}),
        (f"GET catalog/object/{VARIATION}", {"object": {}}),
        (f"GET catalog/object/{VARIATION}", {"object": variation(price=money(None))}),
    ],
)
def test_what_cannot_be_understood_proves_nothing(way: str, answer: Any) -> None:
    with pytest.raises(Protocol):
        looked(shelf(ways={way: answer}))


def test_one_that_is_not_there_is_a_refusal() -> None:
    with pytest.raises(Rejected) as refused:
        looked(Shelf({}))
    assert refused.value.status == 404


# --- its end -----------------------------------------------------------------------------------


def ended(wire: Shelf, *, at_period_end: bool = True) -> SubscriptionObservation:
    till = strategy(wire)
    return asyncio.run(
        till.cancel_subscription("sub-1", at_period_end=at_period_end, key="the-end-key")
    )


def test_one_is_ended_with_what_was_paid_for_and_looked_at_again() -> None:
    wire = shelf(subscription(canceled_date="2026-12-20"))
    wire.ways[CANCEL] = {"subscription": subscription()}
    seen = ended(wire)
    assert (seen.state, seen.ends_at, seen.ended_at) == (S.ACTIVE, DUE, None)
    assert seen.source is Source.CLOSE
    assert said(wire.requests[0]) == {}


def test_square_ends_none_at_once_and_is_not_asked_to() -> None:
    wire = shelf()
    with pytest.raises(Rejected) as refused:
        ended(wire, at_period_end=False)
    assert refused.value.title == "Square ends a subscription only with what was paid for"
    assert refused.value.action and wire.requests == []


@pytest.mark.parametrize(
    "told", [subscription("CANCELED"), subscription(canceled_date="2026-12-20")]
)
def test_a_refusal_for_one_that_is_ended_already_says_what_it_is(told: dict[str, Any]) -> None:
    seen = ended(shelf(told, {CANCEL: refusal(400)}))
    assert seen.state is S.ENDED or seen.ends_at == DUE


def test_a_refusal_for_one_that_goes_on_is_a_refusal() -> None:
    with pytest.raises(Rejected) as refused:
        ended(shelf(ways={CANCEL: refusal(400)}))
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "status, code", [(401, "UNAUTHORIZED"), (403, "FORBIDDEN"), (404, "NOT_FOUND")]
)
def test_a_refusal_of_the_token_or_of_what_is_not_there_needs_no_look(
    status: int, code: str
) -> None:
    wire = shelf(ways={CANCEL: refusal(status, code)})
    with pytest.raises(Rejected) as refused:
        ended(wire)
    assert refused.value.status == status and len(wire.requests) == 1


def test_an_end_without_an_answer_says_nothing() -> None:
    with pytest.raises(Unavailable):
        ended(shelf(ways={CANCEL: refusal(503, "SERVICE_UNAVAILABLE")}))


@pytest.mark.parametrize(
    "day, at",
    [("2026-11-19", datetime(2026, 11, 20, tzinfo=UTC)), ("2026-12-20", START), (None, START)],
)
def test_when_it_ended_is_its_day_as_far_as_that_is_over(day: Any, at: datetime) -> None:
    seen = looked(shelf(subscription("CANCELED", canceled_date=day)))
    assert (seen.ended_at, seen.ends_at) == (at, None)
