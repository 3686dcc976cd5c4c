"""Disputes: opened by banks and buyers, told, listed, decided, and what they cost."""

import json
from typing import Any

import pytest

from tests.integration.sandbox.paypal.shop import PayPalShop, issue_of, money
from tests.integration.sandbox.shop import Receiver


def _disputed(paypal: PayPalShop, **wish: Any) -> tuple[str, Any]:
    capture = paypal.sold("20.00")["id"]
    return capture, paypal.control("POST", f"payments/{capture}/dispute", wish)


def _read(paypal: PayPalShop, line: Any) -> Any:
    answer = paypal.api("GET", f"/v1/customer/disputes/{line['dispute_id']}")
    assert answer.status_code == 200
    return answer.json()


def test_a_chargeback_takes_the_money_and_a_fee(paypal: PayPalShop, receiver: Receiver) -> None:
    paypal.listen(receiver, "CUSTOMER.DISPUTE.CREATED")
    capture, line = _disputed(paypal, due_by=1_900_000_000)
    assert (line["withdrawn_minor"], line["fee_minor"]) == (2000, 1500)
    receiver.wait(1)
    told = json.loads(receiver.received[0][1])
    assert told["resource_type"] == "dispute"
    dispute = told["resource"]
    assert dispute == _read(paypal, line)
    assert dispute["status"] == "WAITING_FOR_SELLER_RESPONSE"
    assert dispute["seller_response_due_date"] == "2030-03-17T17:46:40Z"
    assert (dispute["reason"], dispute["dispute_amount"]) == ("UNAUTHORISED", money("20.00"))
    (transaction,) = dispute["disputed_transactions"]
    assert (transaction["seller_transaction_id"], transaction["custom"]) == (capture, "till1-7-1")
    refund = paypal.refund(capture)
    assert issue_of(refund) == "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK"
    assert paypal.books()["balance"] == {"EUR": 2000 - 119 - 2000 - 1500}


@pytest.mark.parametrize(
    "verdict, outcome, reinstated",
    [("won", "RESOLVED_SELLER_FAVOUR", 2000), ("lost", "RESOLVED_BUYER_FAVOUR", 0)],
)
def test_it_is_decided(
    paypal: PayPalShop, receiver: Receiver, verdict: str, outcome: str, reinstated: int
) -> None:
    paypal.listen(receiver, "CUSTOMER.DISPUTE.UPDATED", "CUSTOMER.DISPUTE.RESOLVED")
    _, line = _disputed(paypal)
    path = f"disputes/{line['dispute_id']}/move"
    assert paypal.control("POST", path, {"status": "under_review"})["status"] == "UNDER_REVIEW"
    moved = paypal.control("POST", path, {"status": verdict})
    assert (moved["status"], moved["outcome"]) == ("RESOLVED", outcome)
    assert moved["reinstated_minor"] == reinstated
    receiver.wait(2)
    told = [json.loads(body) for _, body in receiver.received]
    (last,) = [each["resource"] for each in told if each["event_type"].endswith("RESOLVED")]
    assert last["dispute_outcome"]["outcome_code"] == outcome
    assert "seller_response_due_date" not in last


def test_an_inquiry_holds_nothing_unless_it_becomes_more(paypal: PayPalShop) -> None:
    capture, line = _disputed(paypal, status="warning_needs_response", amount_minor=500)
    assert (line["withdrawn_minor"], _read(paypal, line)["dispute_life_cycle_stage"]) == (
        0,
        "INQUIRY",
    )
    assert paypal.refund(capture, {"amount": money("1.00")}).status_code == 201
    path = f"disputes/{line['dispute_id']}/move"
    moved = paypal.control("POST", path, {"status": "needs_response"})
    assert moved["withdrawn_minor"] == 500
    assert _read(paypal, line)["dispute_life_cycle_stage"] == "CHARGEBACK"


def test_a_lost_one_may_be_overturned_and_nothing_else_moves_it(paypal: PayPalShop) -> None:
    _, line = _disputed(paypal)
    path = f"disputes/{line['dispute_id']}/move"
    paypal.control("POST", path, {"status": "lost"})
    refused = paypal.http.post(f"/_control/{path}", json={"status": "under_review"})
    assert refused.status_code == 400
    won = paypal.control("POST", path, {"status": "won", "fee_back": True})
    assert (won["reinstated_minor"], won["fee_minor"]) == (2000, 0)
    refused = paypal.http.post(f"/_control/{path}", json={"status": "won"})
    assert refused.status_code == 400


def test_the_shop_may_accept_a_claim(paypal: PayPalShop) -> None:
    _, line = _disputed(paypal)
    path = f"/v1/customer/disputes/{line['dispute_id']}/accept-claim"
    assert paypal.api("POST", path, {"note": "Sorry."}).status_code == 200
    assert _read(paypal, line)["dispute_outcome"]["outcome_code"] == "RESOLVED_BUYER_FAVOUR"
    assert paypal.api("POST", path, {"note": "Sorry."}).status_code == 422


def test_disputes_are_listed_by_state_and_payment(paypal: PayPalShop) -> None:
    first, line = _disputed(paypal)
    _, other = _disputed(paypal)
    paypal.control("POST", f"disputes/{other['dispute_id']}/move", {"status": "won"})
    path = "/v1/customer/disputes"

    def listed(**query: str) -> list[str]:
        items = paypal.http_get(path, query).json()["items"]
        return [each["dispute_id"] for each in items]

    assert listed() == [other["dispute_id"], line["dispute_id"]]
    assert listed(dispute_state="REQUIRED_ACTION") == [line["dispute_id"]]
    assert listed(disputed_transaction_id=first) == [line["dispute_id"]]
    assert listed(start_time="2030-01-01T00:00:00.000Z") == []
    assert paypal.http_get(path, {"dispute_state": "NONSENSE"}).status_code == 400


def test_no_more_is_disputed_than_was_captured_and_not_twice(paypal: PayPalShop) -> None:
    capture, _ = _disputed(paypal, amount_minor=100)
    path = f"/_control/payments/{capture}/dispute"
    assert paypal.http.post(path, json={}).status_code == 400
    other = paypal.sold("1.00")["id"]
    path = f"/_control/payments/{other}/dispute"
    assert paypal.http.post(path, json={"amount_minor": 101}).status_code == 400


def test_fees_are_as_agreed_and_stay_with_paypal_after_a_refund(paypal: PayPalShop) -> None:
    terms = {"provider": "paypal", "basis_points": 250, "fixed_minor": 5, "dispute_minor": 0}
    paypal.control("POST", "fees", terms)
    capture = paypal.sold("10.20")
    assert capture["seller_receivable_breakdown"]["paypal_fee"] == money("0.31")
    refund = paypal.refund(capture["id"]).json()
    assert refund["seller_payable_breakdown"]["paypal_fee"] == money("0.00")
    assert paypal.books()["balance"] == {"EUR": -31}
    paypal.control("POST", "fees", {"provider": "paypal", "basis_points": 0, "fixed_minor": 500})
    cheap = paypal.sold("3.00")["seller_receivable_breakdown"]
    assert (cheap["paypal_fee"], cheap["net_amount"]) == (money("3.00"), money("0.00"))
