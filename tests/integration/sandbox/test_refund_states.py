"""Refunds besides the plain ones: at the dashboard, pending, failing late, asking the payer."""

from typing import Any

import pytest
import stripe

from tests.integration.sandbox.shop import Receiver, Shop, line

TYPES = ("refund.created", "refund.updated", "refund.failed", "charge.refunded")


def _paid(shop: Shop, amount: int = 1000, card: str = "4242424242424242") -> str:
    session = shop.sell(line_items=[line("Thing", amount)])
    assert shop.pay(session.url, card).status_code == 303
    return str(shop.read(session.id).payment_intent)


def _refund(shop: Shop, payment: str, **order: Any) -> Any:
    """As the owner does it at the provider's own dashboard."""
    return shop.control("POST", f"payments/{payment}/refund", order)


def _settle(shop: Shop, refund: str, **order: Any) -> Any:
    return shop.control("POST", f"refunds/{refund}/settle", order)


def _refunded(shop: Shop) -> int:
    (payment,) = shop.books()["payments"]
    return int(payment["refunded_minor"])


def _told(shop: Shop) -> list[str]:
    events = shop.client.v1.events.list({"types": list(TYPES), "limit": 100}).data
    return [event.type for event in reversed(events)]


def test_a_refund_at_the_dashboard_knows_nothing_of_the_till(
    shop: Shop, receiver: Receiver
) -> None:
    payment = _paid(shop)
    shop.listen(receiver, "refund.created", "charge.refunded")
    made = _refund(shop, payment, amount_minor=300, reason="requested_by_customer")
    refund = shop.client.v1.refunds.retrieve(made["refund_id"])
    assert (refund.amount, refund.status) == (300, "succeeded")
    assert refund.to_dict()["metadata"] == {}
    assert (refund.payment_intent, refund.reason) == (payment, "requested_by_customer")
    receiver.wait(2)
    for event in receiver.events():
        assert event.request is not None
        assert (event.request.id, event.request.idempotency_key) == (None, None)
    assert _refunded(shop) == 300
    assert _refund(shop, payment)["amount_minor"] == 700
    refused = shop.http.post(f"/_control/payments/{payment}/refund", json={})
    assert refused.status_code == 400 and "already been refunded" in refused.json()["error"]


def test_the_dashboard_refuses_more_than_is_left_and_takes_a_charge_too(shop: Shop) -> None:
    payment = _paid(shop)
    charge = str(shop.client.v1.payment_intents.retrieve(payment).latest_charge)
    refused = shop.http.post(f"/_control/payments/{charge}/refund", json={"amount_minor": 1001})
    assert refused.status_code == 400 and "greater than" in refused.json()["error"]
    assert _refund(shop, charge)["payment_id"] == payment
    assert shop.http.post("/_control/payments/pi_x/refund", json={}).status_code == 404


@pytest.mark.parametrize(
    "outcome, first, then",
    [
        ("succeeds", "succeeded", "succeeded"),
        ("succeeds_later", "pending", "succeeded"),
        ("fails_later", "succeeded", "failed"),
        ("pends", "pending", "pending"),
        ("pends_then_fails", "pending", "failed"),
        ("requires_action", "requires_action", "requires_action"),
        ("fails", "failed", "failed"),
    ],
)
@pytest.mark.parametrize("by", ["dashboard", "till"])
def test_what_becomes_of_a_refund_can_be_chosen(
    shop: Shop, outcome: str, first: str, then: str, by: str
) -> None:
    payment = _paid(shop)
    if by == "dashboard":
        id = _refund(shop, payment, outcome=outcome, after_s=1000)["refund_id"]
    else:
        order = {"outcome": outcome, "after_s": 1000}
        assert shop.control("POST", "refunds", order) == order
        id = shop.client.v1.refunds.create({"payment_intent": payment}).id
    assert shop.client.v1.refunds.retrieve(id).status == first
    shop.control("POST", "clock", {"advance_s": 900})
    assert shop.client.v1.refunds.retrieve(id).status == first
    shop.control("POST", "clock", {"advance_s": 200})
    assert shop.client.v1.refunds.retrieve(id).status == then
    assert _refunded(shop) == (0 if then == "failed" else 1000)


def test_each_card_has_its_own_way_again_when_no_other_is_set(shop: Shop) -> None:
    shop.control("POST", "refunds", {"outcome": "pends"})
    payment = _paid(shop)
    refunds = shop.client.v1.refunds
    assert refunds.create({"payment_intent": payment, "amount": 1}).status == "pending"
    assert shop.control("POST", "refunds", {}) == {"outcome": None, "after_s": None}
    assert refunds.create({"payment_intent": payment, "amount": 1}).status == "succeeded"


def test_a_refund_that_fails_after_it_had_succeeded_says_why_and_gives_the_money_back(
    shop: Shop, receiver: Receiver
) -> None:
    payment = _paid(shop)
    shop.listen(receiver, *TYPES)
    shop.control("POST", "webhooks", {"mode": "withhold"})
    id = _refund(shop, payment, amount_minor=400)["refund_id"]
    _settle(shop, id, status="failed", failure_reason="lost_or_stolen_card")
    refund = shop.client.v1.refunds.retrieve(id, {"expand": ["failure_balance_transaction"]})
    assert (refund.status, refund.failure_reason) == ("failed", "lost_or_stolen_card")
    undone = refund.failure_balance_transaction
    assert isinstance(undone, stripe.BalanceTransaction)
    assert (undone.amount, undone.type, undone.source) == (400, "refund_failure", id)
    shop.control("POST", "webhooks/release")
    assert receiver.types() == [
        "refund.created",
        "charge.refunded",
        "refund.updated",
        "refund.failed",
    ]
    told = receiver.events()[3].data.object
    assert isinstance(told, stripe.Refund) and told.status == "failed"
    charge = shop.client.v1.charges.retrieve(str(refund.charge))
    assert (charge.amount_refunded, charge.refunded) == (0, False)


def test_a_refund_that_failed_stays_failed(shop: Shop) -> None:
    id = _refund(shop, _paid(shop))["refund_id"]
    _settle(shop, id, status="failed")
    assert _settle(shop, id, status="succeeded")["status"] == "failed"
    assert _told(shop).count("refund.failed") == 1
    assert _refunded(shop) == 0


def test_a_refund_that_waits_for_the_payer_says_what_for_and_can_be_taken_back(
    shop: Shop,
) -> None:
    refunds = shop.client.v1.refunds
    waiting = refunds.retrieve(_refund(shop, _paid(shop), outcome="requires_action")["refund_id"])
    assert waiting.next_action is not None
    assert waiting.next_action.type == "display_details"
    assert waiting.next_action.display_details is not None
    assert waiting.next_action.display_details.email_sent.email_sent_to
    canceled = refunds.cancel(waiting.id)
    assert canceled.status == "canceled" and "next_action" not in canceled.to_dict()
    assert _refunded(shop) == 0
    assert _told(shop) == ["refund.created", "charge.refunded", "refund.updated"]
    with pytest.raises(stripe.InvalidRequestError, match="cannot be canceled"):
        refunds.cancel(waiting.id)


def test_a_refund_that_waited_goes_on_when_the_payer_has_acted(shop: Shop) -> None:
    id = _refund(shop, _paid(shop), outcome="requires_action")["refund_id"]
    assert _settle(shop, id, status="pending")["status"] == "pending"
    assert _settle(shop, id)["status"] == "succeeded"
    refused = shop.http.post(f"/_control/refunds/{id}/settle", json={"status": "pending"})
    assert refused.status_code == 400 and "has succeeded" in refused.json()["error"]


def test_the_till_marks_its_own_refunds_and_may_mark_them_again(shop: Shop) -> None:
    refunds = shop.client.v1.refunds
    made = refunds.create(
        {"payment_intent": _paid(shop), "metadata": {"reference": "till1-7-1", "n": "1"}}
    )
    kept = refunds.retrieve(made.id).to_dict()["metadata"]
    assert kept == {"reference": "till1-7-1", "n": "1"}
    changed = refunds.update(made.id, {"metadata": {"n": "2"}}).to_dict()["metadata"]
    assert changed == {"reference": "till1-7-1", "n": "2"}
    (line_,) = shop.books()["refunds"]
    assert line_["metadata"]["reference"] == "till1-7-1"


def test_the_same_key_gives_the_same_refund_and_another_sum_is_refused(shop: Shop) -> None:
    payment = _paid(shop)

    def create(amount: int) -> stripe.Refund:
        order: stripe.params.RefundCreateParams = {"payment_intent": payment, "amount": amount}
        return shop.client.v1.refunds.create(order, {"idempotency_key": "refund-1"})

    first = create(100)
    assert create(100).id == first.id
    with pytest.raises(stripe.IdempotencyError):
        create(101)
    assert _refunded(shop) == 100


@pytest.mark.parametrize(
    "path, order",
    [
        ("refunds", {"outcome": "maybe"}),
        ("refunds", {"outcome": "pends", "after_s": -1}),
        ("refunds", {"result": "pends"}),
        ("payments/{payment}/refund", {"amount_minor": 0}),
        ("payments/{payment}/refund", {"amount_minor": True}),
        ("payments/{payment}/refund", {"reason": "anger"}),
        ("payments/{payment}/refund", {"amount": 5}),
        ("refunds/{refund}/settle", {"status": "odd"}),
        ("refunds/{refund}/settle", {"status": "failed", "failure_reason": "anger"}),
    ],
)
def test_an_order_about_refunds_that_makes_no_sense_is_refused(
    shop: Shop, path: str, order: Any
) -> None:
    payment = _paid(shop)
    refund = _refund(shop, payment, amount_minor=1)["refund_id"]
    address = path.format(payment=payment, refund=refund)
    response = shop.http.post(f"/_control/{address}", json=order)
    assert response.status_code == 400 and response.json()["error"]
    assert _refunded(shop) == 1
