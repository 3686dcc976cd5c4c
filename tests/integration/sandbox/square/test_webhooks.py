"""Notices: signed with the registered address, told once per change, tried again."""

import json
from typing import Any

import pytest
from square.utils.webhooks_helper import verify_signature

from tests.integration.sandbox.shop import Receiver, eventually
from tests.integration.sandbox.square.shop import DECLINED, SquareShop

HEADER = "X-Square-HmacSha256-Signature"
PAYMENTS = ("payment.created", "payment.updated")


def told(receiver: Receiver) -> list[Any]:
    """What came, each with its signature checked by the official package."""
    for headers, body in list(receiver.received):
        assert verify_signature(
            request_body=body.decode(),
            signature_header=headers[HEADER],
            signature_key=receiver.secret,
            notification_url=receiver.url,
        )
    return [json.loads(body) for _, body in list(receiver.received)]


def test_a_payment_is_told_without_our_reference(square: SquareShop, receiver: Receiver) -> None:
    square.listen(receiver, *PAYMENTS, "order.updated")
    link = square.sold()
    receiver.wait(3)
    by_type = {event["type"]: event for event in told(receiver)}
    assert set(by_type) == {*PAYMENTS, "order.updated"}
    payment = by_type["payment.updated"]["data"]["object"]["payment"]
    assert (payment["status"], payment["order_id"]) == ("COMPLETED", link["order_id"])
    assert by_type["payment.created"]["data"]["object"]["payment"]["status"] == "APPROVED"
    assert "till1-7-1" not in receiver.received[0][1].decode()
    order = by_type["order.updated"]["data"]["object"]["order_updated"]
    assert (order["order_id"], order["state"]) == (link["order_id"], "OPEN")
    assert {event["merchant_id"] for event in by_type.values()} == {square.merchant}
    assert len({event["event_id"] for event in by_type.values()}) == 3


def test_the_signature_is_of_address_and_body_alone(square: SquareShop, receiver: Receiver) -> None:
    square.listen(receiver, "payment.updated")
    square.sold()
    receiver.wait(1)
    headers, body = receiver.received[0]
    right: Any = {
        "request_body": body.decode(),
        "signature_header": headers[HEADER],
        "signature_key": receiver.secret,
        "notification_url": receiver.url,
    }
    assert verify_signature(**right)
    for name, wrong in (
        ("request_body", body.decode() + " "),
        ("signature_key", "other"),
        ("notification_url", receiver.url + "/"),
    ):
        assert not verify_signature(**{**right, name: wrong})


def test_a_decline_is_told_as_a_failed_payment(square: SquareShop, receiver: Receiver) -> None:
    square.listen(receiver, *PAYMENTS)
    square.pay(square.sell(), DECLINED)
    receiver.wait(1)
    (event,) = told(receiver)
    assert event["data"]["object"]["payment"]["status"] == "FAILED"


def test_a_refund_and_a_deleted_link_are_told(square: SquareShop, receiver: Receiver) -> None:
    square.listen(receiver, "refund.created", "refund.updated", "order.updated")
    gone = square.sell()
    square.api("DELETE", f"/v2/online-checkout/payment-links/{gone['id']}")
    receiver.wait(1)
    link = square.sold()
    square.refund(square.payment_of(link))
    square.later()
    receiver.wait(4)
    events = told(receiver)
    states = [
        event["data"]["object"]["order_updated"]["state"]
        for event in events
        if event["type"] == "order.updated"
    ]
    assert states == ["CANCELED", "OPEN"]
    statuses = {
        event["type"]: event["data"]["object"]["refund"]["status"]
        for event in events
        if event["type"].startswith("refund")
    }
    assert statuses == {"refund.created": "PENDING", "refund.updated": "COMPLETED"}


def test_a_refused_notice_is_tried_again_with_the_same_body(
    square: SquareShop, receiver: Receiver
) -> None:
    square.control("POST", "webhooks", {"speed_up": 2000})
    square.listen(receiver, "payment.updated")
    receiver.answers = [500, 302]
    square.sold()
    receiver.wait(3)
    assert len({body for _, body in receiver.received}) == 1
    assert square.control("GET", "webhooks")["waiting"] in (0, 1)
    eventually(lambda: square.control("GET", "webhooks")["waiting"] == 0)


def test_after_a_rotation_the_new_key_alone_signs(square: SquareShop, receiver: Receiver) -> None:
    made = square.listen(receiver, "payment.updated")
    path = f"/v2/webhooks/subscriptions/{made['id']}"
    new = square.api("POST", f"{path}/signature-key", {"idempotency_key": "rotate"})
    assert new["signature_key"] != made["signature_key"]
    assert square.api("GET", path)["subscription"]["signature_key"] == new["signature_key"]
    receiver.secret = new["signature_key"]
    square.sold()
    receiver.wait(1)
    assert told(receiver)


def test_notices_can_be_withheld_turned_round_repeated_and_falsified(
    square: SquareShop, receiver: Receiver
) -> None:
    square.control("POST", "webhooks", {"mode": "withhold", "duplicate": 2})
    square.listen(receiver, *PAYMENTS)
    square.sold()
    square.control("POST", "webhooks", {"mode": "reorder"})
    square.control("POST", "webhooks/release")
    types = [event["type"] for event in told(receiver)]
    assert types == ["payment.updated"] * 2 + ["payment.created"] * 2
    square.control("POST", "webhooks", {"mode": "withhold", "duplicate": 1})
    event = told(receiver)[0]["event_id"]
    changes = {"merchant_id": "MLSOMEBODYELS", "object": {"status": "FAILED"}}
    square.control("POST", f"events/{event}/deliver", {"changes": changes})
    last = told(receiver)[-1]
    assert last["merchant_id"] == "MLSOMEBODYELS" and last["event_id"] == event
    assert last["data"]["object"]["payment"]["status"] == "FAILED"


def test_a_webhook_can_be_listed_changed_and_deleted(
    square: SquareShop, receiver: Receiver
) -> None:
    made = square.listen(receiver, "payment.updated")
    path = f"/v2/webhooks/subscriptions/{made['id']}"
    (listed,) = square.api("GET", "/v2/webhooks/subscriptions")["subscriptions"]
    assert listed["id"] == made["id"] and "signature_key" not in listed
    square.api("PUT", path, {"subscription": {"enabled": False}})
    assert square.api("GET", "/v2/webhooks/subscriptions") == {}
    all_of_them = square.api("GET", "/v2/webhooks/subscriptions?include_disabled=true")
    assert len(all_of_them["subscriptions"]) == 1
    square.sold()
    assert square.api("DELETE", path) == {}
    assert square.refused("GET", path)[:2] == (404, "NOT_FOUND")
    assert receiver.received == []


def test_a_test_notice_is_sent_when_it_is_asked_for(square: SquareShop, receiver: Receiver) -> None:
    made = square.listen(receiver, "payment.updated")
    path = f"/v2/webhooks/subscriptions/{made['id']}/test"
    result = square.api("POST", path, {"event_type": "payment.created"})
    receiver.wait(1)
    (event,) = told(receiver)
    assert json.loads(result["subscription_test_result"]["payload"]) == event


@pytest.mark.parametrize(
    "changes, code, field",
    [
        ({"notification_url": "http://till.example/x"}, "INVALID_VALUE", "notification_url"),
        ({"event_types": ["*"]}, "INVALID_ENUM_VALUE", "event_types[0]"),
        ({"event_types": []}, "ARRAY_EMPTY", "event_types"),
        ({"name": None}, "MISSING_REQUIRED_PARAMETER", "name"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused(
    merchant: SquareShop, changes: Any, code: str, field: str
) -> None:
    subscription = {
        "name": "till",
        "event_types": ["payment.updated"],
        "notification_url": "https://till.example/webhooks/square",
        **changes,
    }
    refusal = merchant.refused("POST", "/v2/webhooks/subscriptions", {"subscription": subscription})
    assert refusal == (400, code, f"subscription.{field}")
