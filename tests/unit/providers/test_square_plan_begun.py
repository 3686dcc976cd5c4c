"""Which subscription a session of Square's began: proven, or not named."""

from typing import Any

import pytest

from app.domain.observation import SessionState
from tests.conftest import ExpectedLogs
from tests.parts.square import refusal
from tests.parts.square_plans import (
    SEARCH,
    invoice,
    looked,
    paid,
    session_shelf,
    subscription,
    unnamed,
)

S = SessionState


def test_of_two_to_the_same_by_one_customer_the_first_invoice_proves_which_it_began() -> None:
    wire = session_shelf(paid())
    both = [subscription(id="sub-0", invoice_ids=["inv-0"]), subscription()]
    for found in (both, both[::-1]):
        wire.ways[SEARCH] = {"subscriptions": found}
        wire.ways["GET invoices/inv-0"] = {"invoice": invoice(order_id="order-7")}
        assert looked(wire).subscription_id == "sub-1"


def test_a_renewal_proves_nothing_of_what_was_begun() -> None:
    wire = session_shelf(paid())
    renewed = subscription(invoice_ids=["inv-1", "inv-0"])
    wire.ways[SEARCH] = {"subscriptions": [renewed, subscription(id="sub-2", invoice_ids=[])]}
    wire.ways["GET invoices/inv-0"] = {"invoice": invoice(order_id="order-7")}
    assert looked(wire).subscription_id == ""


@pytest.mark.parametrize("invoice_ids", [[], ["inv-0"]])
def test_where_no_invoice_proves_it_the_only_one_of_the_customer_and_the_variation_is_meant(
    invoice_ids: list[str],
) -> None:
    wire = session_shelf(paid())
    wire.ways[SEARCH] = {
        "subscriptions": [
            subscription(invoice_ids=invoice_ids),
            subscription(id="other", plan_variation_id="OTHER", invoice_ids=[]),
            subscription(id="older", created_at="2026-11-21T08:59:59.000Z", invoice_ids=[]),
        ]
    }
    wire.ways["GET invoices/inv-0"] = {"invoice": invoice(order_id="order-7")}
    wire.ways["GET orders/order-7"] = {"order": unnamed("OPEN", id="order-7")}
    assert looked(wire).subscription_id == "sub-1"


def test_where_two_could_be_meant_none_is_named() -> None:
    wire = session_shelf(paid())
    two = [subscription(id=name, invoice_ids=[]) for name in ("sub-1", "sub-2")]
    wire.ways[SEARCH] = {"subscriptions": two}
    seen = looked(wire)
    assert (seen.state, seen.subscription_id, seen.is_final) == (S.PAID, "", False)


def test_one_whose_first_payment_is_another_sessions_is_not_meant() -> None:
    wire = session_shelf(paid())
    wire.ways[SEARCH] = {"subscriptions": [subscription(invoice_ids=["inv-0"])]}
    wire.ways["GET invoices/inv-0"] = {"invoice": invoice(order_id="order-7")}
    wire.ways["GET orders/order-7"] = {"order": unnamed("OPEN", "pay-7", id="order-7")}
    other = paid(id="pay-7", order_id="order-7", note="t11111-0rder0000002-1")
    wire.ways["GET payments/pay-7"] = {"payment": other}
    assert looked(wire).subscription_id == ""


def test_without_a_customer_nothing_is_searched_for() -> None:
    wire = session_shelf(paid(customer_id=None))
    seen = looked(wire)
    assert (seen.state, seen.subscription_id, seen.is_final) == (S.PAID, "", False)
    assert all(each.method == "GET" for each in wire.requests)


@pytest.mark.parametrize(
    "answer", [refusal(403, "INSUFFICIENT_SCOPES"), refusal(503, "SERVICE_UNAVAILABLE")]
)
def test_money_is_told_though_what_it_began_cannot_be_asked_for(
    answer: Any, expected_logs: ExpectedLogs
) -> None:
    wire = session_shelf(paid())
    wire.ways[SEARCH] = answer
    seen = looked(wire)
    assert (seen.state, seen.subscription_id, seen.is_final) == (S.PAID, "", False)
    expected_logs.take("is not known yet")


def test_a_renewal_that_has_our_reference_too_is_no_money_of_the_session() -> None:
    renewal = paid(id="pay-2", order_id="order-8", created_at="2026-12-21T09:00:00.000Z")
    wire = session_shelf(renewal, paid())
    wire.ways[SEARCH] = {"subscriptions": [subscription(invoice_ids=["inv-2", "inv-1"])]}
    wire.ways["GET invoices/inv-2"] = {"invoice": invoice(order_id="order-8")}
    seen = looked(wire)
    assert [each.payment_id for each in seen.payments] == ["pay-1"]
    assert seen.subscription_id == "sub-1"


def test_a_link_that_was_subscribed_by_twice_took_money_twice() -> None:
    second = paid(id="pay-2", order_id="order-8", created_at="2026-11-21T09:05:00.000Z")
    wire = session_shelf(second, paid())
    other = subscription(id="sub-2", invoice_ids=["inv-2"])
    wire.ways[SEARCH] = {"subscriptions": [other, subscription()]}
    wire.ways["GET invoices/inv-2"] = {"invoice": invoice(order_id="order-8")}
    seen = looked(wire)
    assert {each.payment_id for each in seen.payments} == {"pay-1", "pay-2"}
    assert seen.subscription_id == "sub-1"
