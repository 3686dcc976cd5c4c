"""Disputes: what a payer's bank takes, what a shop may answer, and how they end."""

import time
from typing import Any

import pytest
import stripe

from tests.integration.sandbox.shop import Receiver, Shop, line

DISPUTED = "4000000000000259"
NOT_RECEIVED = "4000000000002685"
INQUIRY = "4000000000001976"

TYPES = (
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)


def _paid(shop: Shop, amount: int = 1000, card: str = "4242424242424242") -> str:
    session = shop.sell(line_items=[line("Thing", amount)])
    assert shop.pay(session.url, card).status_code == 303
    return str(shop.read(session.id).payment_intent)


def _dispute(shop: Shop, payment: str, **order: Any) -> Any:
    return shop.control("POST", f"payments/{payment}/dispute", order)


def _move(shop: Shop, dispute: str, status: str, **order: Any) -> Any:
    return shop.control("POST", f"disputes/{dispute}/move", {"status": status, **order})


def _told(shop: Shop) -> list[str]:
    """The types of the events about disputes, oldest first."""
    events = shop.client.v1.events.list({"type": "charge.dispute.*", "limit": 100}).data
    return [event.type.removeprefix("charge.dispute.") for event in reversed(events)]


def _balance(shop: Shop) -> int:
    funds = shop.client.v1.balance.retrieve().available
    return sum(fund.amount for fund in funds)


def test_a_dispute_takes_the_money_and_a_fee_and_says_until_when_to_answer(shop: Shop) -> None:
    payment = _paid(shop)
    before = _balance(shop)
    made = _dispute(shop, payment, reason="product_not_received", due_by=1_900_000_000)
    dispute = shop.client.v1.disputes.retrieve(made["dispute_id"])
    assert (dispute.amount, dispute.currency, dispute.status) == (1000, "eur", "needs_response")
    assert (dispute.reason, dispute.payment_intent) == ("product_not_received", payment)
    assert dispute.evidence_details.due_by == 1_900_000_000
    assert dispute.is_charge_refundable is False
    (taken,) = dispute.balance_transactions
    assert (taken.amount, taken.fee, taken.net, taken.type) == (-1000, 1500, -2500, "adjustment")
    assert (taken.reporting_category, taken.source) == ("dispute", dispute.id)
    assert [detail.description for detail in taken.fee_details] == ["Dispute fee"]
    assert shop.client.v1.charges.retrieve(str(dispute.charge)).disputed
    assert _balance(shop) == before - 2500
    assert _told(shop) == ["created", "funds_withdrawn"]


def test_a_part_of_a_payment_can_be_disputed_but_never_more_than_all_of_it(shop: Shop) -> None:
    payment = _paid(shop)
    refused = shop.http.post(f"/_control/payments/{payment}/dispute", json={"amount_minor": 1001})
    assert refused.status_code == 400 and "cannot be disputed" in refused.json()["error"]
    shop.control("POST", f"payments/{payment}/refund", {"amount_minor": 100})
    whole = _dispute(shop, payment)
    assert whole["amount_minor"] == 900
    _move(shop, whole["dispute_id"], "won")
    made = _dispute(shop, payment, amount_minor=400)
    assert (made["amount_minor"], made["withdrawn_minor"]) == (400, 400)
    assert made["due_by"] - time.time() > 8 * 86_400
    twice = shop.http.post(f"/_control/payments/{payment}/dispute", json={})
    assert twice.status_code == 400 and "disputed already" in twice.json()["error"]


@pytest.mark.parametrize("fee_back, left", [(False, -1500), (True, 0)])
def test_a_dispute_that_is_won_brings_the_money_back(shop: Shop, fee_back: bool, left: int) -> None:
    payment = _paid(shop)
    before = _balance(shop)
    dispute = _dispute(shop, payment)["dispute_id"]
    assert _move(shop, dispute, "under_review")["status"] == "under_review"
    won = _move(shop, dispute, "won", fee_back=fee_back)
    assert (won["withdrawn_minor"], won["reinstated_minor"]) == (1000, 1000)
    assert won["fee_minor"] == -left
    _taken, given = shop.client.v1.disputes.retrieve(dispute).balance_transactions
    assert (given.amount, given.reporting_category) == (1000, "dispute_reversal")
    assert _balance(shop) == before + left
    assert _told(shop) == ["created", "funds_withdrawn", "updated", "closed", "funds_reinstated"]


def test_a_dispute_that_is_lost_keeps_the_money_and_may_still_be_turned(shop: Shop) -> None:
    payment = _paid(shop)
    dispute = _dispute(shop, payment)["dispute_id"]
    lost = _move(shop, dispute, "lost")
    assert (lost["status"], lost["reinstated_minor"]) == ("lost", 0)
    assert _told(shop) == ["created", "funds_withdrawn", "closed"]
    assert _move(shop, dispute, "won")["reinstated_minor"] == 1000
    assert _told(shop)[3:] == ["updated", "funds_reinstated"]


def test_an_inquiry_takes_nothing_and_may_be_closed(shop: Shop) -> None:
    payment = _paid(shop)
    before = _balance(shop)
    made = _dispute(shop, payment, status="warning_needs_response")
    assert (made["withdrawn_minor"], made["fee_minor"], made["fee_currency"]) == (0, 0, None)
    dispute = shop.client.v1.disputes.retrieve(made["dispute_id"])
    assert dispute.balance_transactions == [] and dispute.is_charge_refundable
    assert dispute.payment_method_details is not None
    assert dispute.payment_method_details.card is not None
    assert dispute.payment_method_details.card.case_type == "inquiry"
    _move(shop, dispute.id, "warning_under_review")
    _move(shop, dispute.id, "warning_closed")
    assert _told(shop) == ["created", "updated", "closed"]
    assert _balance(shop) == before


def test_an_inquiry_may_become_a_dispute_and_then_takes_the_money(shop: Shop) -> None:
    made = _dispute(shop, _paid(shop), status="warning_needs_response")
    assert _move(shop, made["dispute_id"], "needs_response")["withdrawn_minor"] == 1000
    assert _told(shop) == ["created", "updated", "funds_withdrawn"]


@pytest.mark.parametrize("status", ["needs_response", "warning_closed", "warning_needs_response"])
def test_a_dispute_does_not_go_backwards(shop: Shop, status: str) -> None:
    dispute = _dispute(shop, _paid(shop))["dispute_id"]
    _move(shop, dispute, "under_review")
    path = f"/_control/disputes/{dispute}/move"
    refused = shop.http.post(path, json={"status": status})
    assert refused.status_code == 400 and "cannot go from" in refused.json()["error"]


@pytest.mark.parametrize(
    "card, reason, status",
    [
        (DISPUTED, "fraudulent", "needs_response"),
        (NOT_RECEIVED, "product_not_received", "needs_response"),
        (INQUIRY, "fraudulent", "warning_needs_response"),
    ],
)
def test_some_test_cards_dispute_by_themselves(
    shop: Shop, receiver: Receiver, card: str, reason: str, status: str
) -> None:
    shop.listen(receiver, "checkout.session.completed", "charge.dispute.created")
    shop.control("POST", "webhooks", {"mode": "withhold"})
    payment = _paid(shop, card=card)
    (dispute,) = shop.client.v1.disputes.list({"payment_intent": payment}).data
    assert (dispute.amount, dispute.reason, dispute.status) == (1000, reason, status)
    shop.control("POST", "webhooks/release")
    assert receiver.types() == ["checkout.session.completed", "charge.dispute.created"]
    told = receiver.events()[1].data.object
    assert isinstance(told, stripe.Dispute)
    assert (told.id, told.payment_intent) == (dispute.id, payment)


def test_a_delayed_payment_is_disputed_only_once_it_is_there(shop: Shop) -> None:
    session = shop.sell()
    pay = {"card": DISPUTED, "delayed": True}
    assert shop.control("POST", f"sessions/{session.id}/pay", pay)["outcome"] == "processing"
    assert shop.client.v1.disputes.list().data == []
    shop.control("POST", f"sessions/{session.id}/settle", {"succeeded": True})
    assert len(shop.client.v1.disputes.list().data) == 1


def test_what_the_bank_has_taken_cannot_be_refunded(shop: Shop) -> None:
    payment = _paid(shop)
    dispute = _dispute(shop, payment)["dispute_id"]
    with pytest.raises(stripe.InvalidRequestError, match="charged back") as error:
        shop.client.v1.refunds.create({"payment_intent": payment})
    assert error.value.code == "charge_disputed"
    refused = shop.http.post(f"/_control/payments/{payment}/refund", json={})
    assert refused.status_code == 400 and "charged back" in refused.json()["error"]
    _move(shop, dispute, "won")
    assert shop.client.v1.refunds.create({"payment_intent": payment}).amount == 1000


def test_an_inquiry_leaves_room_for_a_refund(shop: Shop) -> None:
    payment = _paid(shop)
    _dispute(shop, payment, status="warning_needs_response")
    assert shop.client.v1.refunds.create({"payment_intent": payment}).status == "succeeded"


def test_the_shop_may_hand_in_evidence_or_accept(shop: Shop) -> None:
    disputes = shop.client.v1.disputes
    first = _dispute(shop, _paid(shop))["dispute_id"]
    draft = disputes.update(
        first, {"evidence": {"customer_name": "Ada"}, "submit": False, "metadata": {"till": "1"}}
    )
    assert (draft.status, draft.evidence_details.has_evidence) == ("needs_response", True)
    assert draft.evidence_details.submission_count == 0
    handed_in = disputes.update(first, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert (handed_in.status, handed_in.evidence.customer_name) == ("won", "Ada")
    assert handed_in.metadata["till"] == "1"
    second = _dispute(shop, _paid(shop))["dispute_id"]
    assert disputes.close(second).status == "lost"
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        disputes.close(second)
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        disputes.update(second, {"metadata": {"a": "b"}})


def test_evidence_that_loses_or_that_is_only_read_decides_accordingly(shop: Shop) -> None:
    dispute = _dispute(shop, _paid(shop))["dispute_id"]
    update = shop.client.v1.disputes.update
    assert update(dispute, {"evidence": {"customer_name": "Ada"}}).status == "under_review"
    assert update(dispute, {"evidence": {"uncategorized_text": "losing_evidence"}}).status == "lost"
    inquiry = _dispute(shop, _paid(shop), status="warning_needs_response")["dispute_id"]
    assert update(inquiry, {"evidence": {"receipt": "file_1"}}).status == "warning_under_review"
    assert shop.client.v1.disputes.close(inquiry).status == "warning_closed"


def test_an_answer_that_is_overdue_is_called_so(shop: Shop) -> None:
    due_by = int(time.time()) + 100
    dispute = _dispute(shop, _paid(shop), due_by=due_by)["dispute_id"]
    assert shop.client.v1.disputes.retrieve(dispute).evidence_details.past_due is False
    shop.control("POST", "clock", {"advance_s": 200})
    assert shop.client.v1.disputes.retrieve(dispute).evidence_details.past_due is True


def test_a_disputed_bank_debit_says_nothing_of_a_card(shop: Shop) -> None:
    session = shop.sell()
    pay = {"iban": "DE89370400440532013000", "name": "Ada"}
    shop.control("POST", f"sessions/{session.id}/pay", pay)
    shop.control("POST", "clock", {"advance_s": 60})
    payment = str(shop.read(session.id).payment_intent)
    made = _dispute(shop, payment, reason="debit_not_authorized")
    dispute = shop.client.v1.disputes.retrieve(made["dispute_id"])
    assert dispute.payment_method_details is None
    assert dispute.reason == "debit_not_authorized"


def test_money_that_never_came_cannot_be_disputed(shop: Shop) -> None:
    session = shop.sell()
    shop.pay(session.url, "4000000000000002")
    payment = str(shop.read(session.id).payment_intent)
    response = shop.http.post(f"/_control/payments/{payment}/dispute", json={})
    assert response.status_code == 400
    assert shop.http.post("/_control/payments/pi_x/dispute", json={}).status_code == 404
    missing = shop.http.post("/_control/disputes/dp_x/move", json={"status": "won"})
    assert missing.status_code == 404


@pytest.mark.parametrize(
    "order",
    [
        {"amount_minor": 0},
        {"amount_minor": "all"},
        {"reason": "anger"},
        {"status": "won"},
        {"due_by": -1},
        {"amount": 100},
    ],
)
def test_a_dispute_that_makes_no_sense_is_refused(shop: Shop, order: Any) -> None:
    response = shop.http.post(f"/_control/payments/{_paid(shop)}/dispute", json=order)
    assert response.status_code == 400 and response.json()["error"]
    assert shop.client.v1.disputes.list().data == []
