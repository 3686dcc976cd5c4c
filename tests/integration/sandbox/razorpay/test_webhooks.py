"""Notices: what they say, how they are signed, how long they are tried, and what ends that."""

import json
from typing import Any

import pytest

from tests.integration.sandbox.razorpay.shop import WEBHOOK_SECRET, Shop, opened
from tests.integration.sandbox.shop import Receiver, eventually

PAUSES = 9


def _hook(shop: Shop) -> Any:
    [webhook] = shop.control("GET", "razorpay/webhooks")["webhooks"]
    return webhook


def test_a_paid_link_is_told_with_its_payment_and_order(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, "payment_link.paid")
    sold = shop.sold()
    receiver.wait(1)
    [event] = opened(receiver)
    assert (event["entity"], event["event"]) == ("event", "payment_link.paid")
    assert event["account_id"] == shop.account()
    assert event["contains"] == ["order", "payment", "payment_link"]
    told = event["payload"]["payment_link"]["entity"]
    assert told == sold and told["reference_id"] == "till1-7-1"
    assert event["payload"]["payment"]["entity"] == shop.payment(sold)
    headers = {name.lower() for name in receiver.received[0][0]}
    assert {"x-razorpay-signature", "x-razorpay-event-id"} <= headers
    # The id is no part of what is signed.
    assert "id" not in json.loads(receiver.received[0][1])


def test_a_webhook_hears_only_of_what_it_asked_for(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, "payment_link.cancelled", "refund.processed")
    sold = shop.sold()
    shop.post(f"payments/{shop.payment(sold)['id']}/refund")
    other = shop.sell(reference_id="till1-8-1")
    shop.post(f"payment_links/{other['id']}/cancel")
    receiver.wait(2)
    names = sorted(event["event"] for event in opened(receiver))
    assert names == ["payment_link.cancelled", "refund.processed"]


def test_all_that_happens_to_a_link_is_told_in_order(shop: Shop) -> None:
    sold = shop.sold()
    shop.post(f"payments/{shop.payment(sold)['id']}/refund")
    assert shop.told() == [
        "payment.authorized",
        "payment.captured",
        "order.paid",
        "payment_link.paid",
        "refund.created",
        "refund.processed",
    ]


def test_a_notice_that_failed_comes_again_with_the_same_id_and_body(
    shop: Shop, receiver: Receiver
) -> None:
    receiver.answers = [500, 302]
    shop.control("POST", "webhooks", {"speed_up": 10_000})
    shop.listen(receiver, "payment_link.paid")
    shop.sold()
    receiver.wait(3)
    first, second, third = opened(receiver)
    assert first == second == third


def test_a_webhook_that_takes_nothing_for_a_day_is_switched_off(
    shop: Shop, receiver: Receiver
) -> None:
    receiver.answers = [500] * 50
    shop.control("POST", "webhooks", {"speed_up": 10**6})
    shop.listen(receiver, "payment_link.paid")
    shop.sold()
    eventually(lambda: not _hook(shop)["active"])
    assert len(receiver.received) == PAUSES + 1
    assert _hook(shop)["disabled_at"] > 0
    shop.sold(reference_id="till1-8-1")
    assert shop.control("GET", "webhooks")["waiting"] == 0
    receiver.answers = []
    shop.listen(receiver, "payment_link.paid")
    assert _hook(shop)["active"]
    shop.sold(reference_id="till1-9-1")
    receiver.wait(PAUSES + 2)
    last = opened(receiver)[-1]["payload"]["payment_link"]["entity"]
    assert last["reference_id"] == "till1-9-1"
    assert _hook(shop)["active"]


def test_what_was_to_be_told_before_a_new_secret_keeps_the_old_one(
    shop: Shop, receiver: Receiver
) -> None:
    shop.listen(receiver, "payment_link.paid")
    shop.control("POST", "webhooks", {"mode": "withhold"})
    shop.sold()
    shop.listen(receiver, "payment_link.paid", secret="another one")
    shop.sold(reference_id="till1-8-1")
    shop.control("POST", "webhooks/release")
    old, new = receiver.received
    for sent, secret in ((old, WEBHOOK_SECRET), (new, "another one")):
        receiver.received = [sent]
        assert opened(receiver, secret)[0]["event"] == "payment_link.paid"


def test_notices_may_be_falsified_repeated_and_turned_round(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, "payment_link.paid", "payment.captured")
    shop.control("POST", "webhooks", {"mode": "reorder"})
    shop.sold()
    shop.control("POST", "webhooks/release")
    assert [event["event"] for event in opened(receiver)] == [
        "payment_link.paid",
        "payment.captured",
    ]
    event = shop.control("GET", "razorpay/events")["events"][-1]
    order = {"times": 3, "changes": {"object": {"amount_paid": 1}, "account_id": "acc_x"}}
    sent = shop.control("POST", f"events/{event['id']}/deliver", order)
    assert sent["statuses"] == [200, 200, 200]
    false = opened(receiver)[-1]
    assert false["account_id"] == "acc_x" and false["id"] == event["id"]
    assert false["payload"]["payment_link"]["entity"]["amount_paid"] == 1


def test_a_webhook_that_is_switched_off_hears_nothing(shop: Shop, receiver: Receiver) -> None:
    order = {"key_id": shop.key_id, "url": receiver.url, "secret": "s", "active": False}
    shop.control("POST", "razorpay/webhooks", order)
    shop.sold()
    assert shop.control("GET", "webhooks")["waiting"] == 0
    assert receiver.received == []


@pytest.mark.parametrize(
    "changes",
    [
        {"key_id": "rzp_live_123456"},
        {"url": "till"},
        {"secret": ""},
        {"events": "payment_link.paid"},
        {"active": "yes"},
        {"odd": 1},
    ],
)
def test_a_webhook_that_makes_no_sense_is_refused(shop: Shop, changes: dict[str, Any]) -> None:
    order = {"key_id": shop.key_id, "url": "http://127.0.0.1:9/", "secret": "s", **changes}
    response = shop.http.post("/_control/razorpay/webhooks", json=order)
    assert response.status_code == 400 and response.json()["error"]


def test_who_listens_elsewhere_now_leaves_no_address_behind(shop: Shop) -> None:
    """A till that starts anew listens at another port, and no account has many addresses."""

    def listen(port: int, owner: str) -> None:
        url = f"http://127.0.0.1:{port}/hook"
        order = {"key_id": shop.key_id, "url": url, "secret": "s", "owner": owner}
        shop.control("POST", "razorpay/webhooks", order)

    for port in range(1, 40):
        listen(port, "till")
    listen(50, "another")
    listen(39, "till")
    known = shop.control("GET", "razorpay/webhooks")["webhooks"]
    assert sorted(each["url"] for each in known) == [
        "http://127.0.0.1:39/hook",
        "http://127.0.0.1:50/hook",
    ]


def test_there_is_no_api_to_register_a_webhook_or_to_list_events(shop: Shop) -> None:
    for method, path in (("POST", "webhooks"), ("GET", "events")):
        error = shop.refused(method, path, {} if method == "POST" else None)
        assert error["description"] == "The requested URL was not found on the server."
