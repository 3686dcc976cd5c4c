"""What becomes of money after it was paid: fees that are told later, and disputes."""

import json

import pytest

from tests.integration.sandbox.shop import Receiver
from tests.integration.sandbox.square.shop import SquareShop


def test_a_fee_is_not_known_at_first_and_told_later(square: SquareShop, receiver: Receiver) -> None:
    square.control("POST", "fees", {"provider": "square", "after_s": 60})
    square.listen(receiver, "payment.updated")
    payment = square.payment_of(square.sold())
    assert "processing_fee" not in payment
    receiver.wait(1)
    square.later(61)
    receiver.wait(2)
    told = [json.loads(body)["data"]["object"]["payment"] for _, body in receiver.received]
    (fee,) = told[1]["processing_fee"]
    assert (fee["type"], fee["amount_money"]) == ("INITIAL", {"amount": 41, "currency": "EUR"})
    assert "processing_fee" not in told[0]
    assert told[1]["updated_at"] > told[0]["updated_at"]
    assert square.api("GET", f"/v2/payments/{payment['id']}")["payment"] == told[1]


def test_a_dispute_withholds_the_money_until_it_is_won(
    square: SquareShop, receiver: Receiver
) -> None:
    square.listen(receiver, "dispute.created", "dispute.state.updated")
    payment = square.payment_of(square.sold())
    made = square.control("POST", f"payments/{payment['id']}/dispute", {"reason": "fraudulent"})
    assert (made["status"], made["withdrawn_minor"]) == ("EVIDENCE_REQUIRED", 380)
    dispute = square.api("GET", f"/v2/disputes/{made['dispute_id']}")["dispute"]
    assert dispute["disputed_payment"] == {"payment_id": payment["id"]}
    assert (dispute["reason"], dispute["amount_money"]["amount"]) == ("NO_KNOWLEDGE", 380)
    refusal = square.refused("POST", "/v2/refunds", square.refund_body(payment))
    assert refusal[1] == "PAYMENT_NOT_REFUNDABLE_DUE_TO_DISPUTE"
    for status in ("under_review", "won"):
        square.control("POST", f"disputes/{dispute['id']}/move", {"status": status})
    receiver.wait(3)
    events = [json.loads(body) for _, body in receiver.received]
    states = [event["data"]["object"]["dispute"]["state"] for event in events]
    assert sorted(states) == ["EVIDENCE_REQUIRED", "PROCESSING", "WON"]
    (line,) = square.books()["disputes"]
    assert (line["withdrawn_minor"], line["reinstated_minor"]) == (380, 380)
    square.refund(payment)


def test_a_dispute_can_be_accepted_once(merchant: SquareShop) -> None:
    payment = merchant.payment_of(merchant.sold())
    made = merchant.control("POST", f"payments/{payment['id']}/dispute", {"amount_minor": 100})
    path = f"/v2/disputes/{made['dispute_id']}"
    assert merchant.api("POST", f"{path}/accept", {})["dispute"]["state"] == "ACCEPTED"
    assert merchant.refused("POST", f"{path}/accept", {})[1] == "BAD_REQUEST"
    (line,) = merchant.books()["disputes"]
    assert (line["withdrawn_minor"], line["reinstated_minor"]) == (100, 0)


def test_an_inquiry_withholds_nothing(merchant: SquareShop) -> None:
    payment = merchant.payment_of(merchant.sold())
    order = {"status": "warning_needs_response"}
    made = merchant.control("POST", f"payments/{payment['id']}/dispute", order)
    assert (made["status"], made["withdrawn_minor"]) == ("INQUIRY_EVIDENCE_REQUIRED", 0)
    listed = merchant.api("GET", "/v2/disputes?states=INQUIRY_EVIDENCE_REQUIRED")["disputes"]
    assert [each["id"] for each in listed] == [made["dispute_id"]]
    assert merchant.api("GET", "/v2/disputes?states=WON") == {}
    merchant.refund(payment, 100)


@pytest.mark.parametrize("status", ["PROCESSING", "odd"])
def test_a_dispute_begins_and_moves_only_as_it_can(merchant: SquareShop, status: str) -> None:
    payment = merchant.payment_of(merchant.sold())
    path = f"/_control/payments/{payment['id']}/dispute"
    assert merchant.http.post(path, json={"status": status}).status_code == 400
    made = merchant.http.post(path, json={}).json()
    assert merchant.http.post(path, json={}).status_code == 400
    move = f"/_control/disputes/{made['dispute_id']}/move"
    assert merchant.http.post(move, json={"status": "INQUIRY_CLOSED"}).status_code == 400


def test_squares_own_words_are_understood_beside_the_common_ones(merchant: SquareShop) -> None:
    payment = merchant.payment_of(merchant.sold())
    refund = merchant.refund(payment, 10)
    merchant.control("POST", f"refunds/{refund['id']}/settle", {"status": "REJECTED"})
    order = {"reason": "AMOUNT_DIFFERS", "status": "INQUIRY_EVIDENCE_REQUIRED"}
    made = merchant.control("POST", f"payments/{payment['id']}/dispute", order)
    assert (made["reason"], made["status"]) == ("AMOUNT_DIFFERS", "INQUIRY_EVIDENCE_REQUIRED")
    moved = merchant.control(
        "POST", f"disputes/{made['dispute_id']}/move", {"status": "INQUIRY_CLOSED"}
    )
    assert moved["status"] == "INQUIRY_CLOSED"
    for path in ("refunds/x/settle", "disputes/x/move"):
        response = merchant.http.post(f"/_control/{path}", json={"status": "nonsense"})
        assert response.status_code == 400
