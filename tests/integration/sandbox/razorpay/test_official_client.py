"""Razorpay's own client, pointed at the simulator: it creates, reads, refunds and verifies."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import razorpay
from razorpay.errors import BadRequestError, GatewayError, ServerError, SignatureVerificationError

from tests.integration.sandbox.razorpay.shop import WEBHOOK_SECRET, Shop, code, link
from tests.integration.sandbox.shop import Receiver


@pytest.fixture
def client(shop: Shop) -> Iterator[Any]:
    client = razorpay.Client(auth=(shop.key_id, shop.secret), base_url=shop.base)
    yield client
    client.session.close()


def test_it_sells_by_a_link_and_gives_the_money_back(shop: Shop, client: Any) -> None:
    made = client.payment_link.create(link())
    assert client.payment_link.fetch(made["id"])["status"] == "created"
    found = client.payment_link.all({"reference_id": "till1-7-1"})["payment_links"]
    assert [one["id"] for one in found] == [made["id"]]
    assert shop.pay(made["short_url"]).status_code == 303
    [paid] = client.payment_link.fetch(made["id"])["payments"]
    payment = client.payment.fetch(paid["payment_id"])
    assert (payment["status"], payment["amount"]) == ("captured", 38000)
    headers = {"X-Refund-Idempotency": "till1-7-1-r1"}
    first = client.payment.refund(payment["id"], {"amount": 500}, headers=dict(headers))
    again = client.payment.refund(payment["id"], {"amount": 500}, headers=dict(headers))
    assert first == again and first["status"] == "processed"
    assert client.refund.fetch(first["id"])["payment_id"] == payment["id"]
    assert client.payment.fetch_multiple_refund(payment["id"])["count"] == 1
    assert client.payment.all({"count": 10})["count"] == 1
    assert client.refund.all({"count": 10})["count"] == 1


def test_it_cancels_a_link_and_is_told_that_a_reference_was_used(client: Any) -> None:
    made = client.payment_link.create(link())
    assert client.payment_link.cancel(made["id"])["status"] == "cancelled"
    with pytest.raises(BadRequestError, match="reference ID already attempted"):
        client.payment_link.create(link())
    with pytest.raises(BadRequestError, match="already cancelled"):
        client.payment_link.cancel(made["id"])


def test_it_shows_a_code_and_closes_it(shop: Shop, client: Any) -> None:
    made = client.qrcode.create(code())
    assert client.qrcode.fetch(made["id"])["status"] == "active"
    assert client.qrcode.close(made["id"])["close_reason"] == "on_demand"
    other = client.qrcode.create(code())
    shop.control("POST", f"sessions/{other['id']}/pay", {})
    paid = client.qrcode.fetch_all_payments(other["id"])
    assert [one["amount"] for one in paid["items"]] == [38000]


def test_it_reads_and_accepts_a_dispute(shop: Shop, client: Any) -> None:
    payment = shop.payment(shop.sold())["id"]
    made = shop.control("POST", f"payments/{payment}/dispute", {})
    assert client.dispute.fetch(made["dispute_id"])["status"] == "open"
    assert client.dispute.accept(made["dispute_id"])["status"] == "lost"
    assert client.dispute.all()["count"] == 1


def test_it_sells_a_subscription(shop: Shop, client: Any) -> None:
    item = {"name": "Coffee club", "amount": 99900, "currency": "INR"}
    plan = client.plan.create({"period": "monthly", "interval": 1, "item": item})
    made = client.subscription.create({"plan_id": plan["id"], "total_count": 12})
    assert shop.pay(made["short_url"]).status_code == 200
    assert client.subscription.fetch(made["id"])["status"] == "active"
    [invoice] = client.invoice.all({"subscription_id": made["id"]})["items"]
    assert client.invoice.fetch(invoice["id"]) == invoice
    assert client.payment.fetch(invoice["payment_id"])["invoice_id"] == invoice["id"]
    assert client.subscription.pause(made["id"], {"pause_at": "now"})["status"] == "paused"
    assert client.subscription.resume(made["id"], {"resume_at": "now"})["status"] == "active"
    assert client.subscription.cancel(made["id"])["status"] == "cancelled"


def test_it_verifies_a_notice(shop: Shop, client: Any, receiver: Receiver) -> None:
    shop.listen(receiver, "payment_link.paid")
    shop.sold()
    receiver.wait(1)
    headers, body = receiver.received[0]
    signed = {name.lower(): value for name, value in headers.items()}["x-razorpay-signature"]
    assert client.utility.verify_webhook_signature(body.decode(), signed, WEBHOOK_SECRET)
    with pytest.raises(SignatureVerificationError):
        client.utility.verify_webhook_signature(body.decode() + " ", signed, WEBHOOK_SECRET)


def test_it_verifies_the_way_back_only_under_other_names_than_it_comes_with(
    shop: Shop, client: Any
) -> None:
    location = shop.pay(shop.sell()["short_url"]).headers["location"]
    came = dict(parse_qsl(urlsplit(location).query))
    assert client.utility.verify_payment_link_signature(came) is False
    renamed = {name.replace("razorpay_payment_link_", "payment_link_"): came[name] for name in came}
    assert client.utility.verify_payment_link_signature(renamed)
    with pytest.raises(SignatureVerificationError):
        client.utility.verify_payment_link_signature(
            {**renamed, "payment_link_status": "cancelled"}
        )


@pytest.mark.parametrize(
    "status, error",
    [
        (401, BadRequestError),
        (429, BadRequestError),
        (500, ServerError),
        (502, GatewayError),
    ],
)
def test_it_loses_the_status_of_an_error(
    shop: Shop, client: Any, status: int, error: type[Exception]
) -> None:
    fault = {"match": {"path": "/razorpay/v1/*"}, "fault": {"status": status}}
    shop.control("POST", "faults", fault)
    with pytest.raises(error) as caught:
        client.payment.all()
    assert str(status) not in str(caught.value)


def test_it_stumbles_over_an_error_that_is_no_json(shop: Shop, client: Any) -> None:
    fault = {"match": {"path": "/razorpay/v1/*"}, "fault": {"status": 502, "text": "<html>"}}
    shop.control("POST", "faults", fault)
    with pytest.raises(json.JSONDecodeError):
        client.payment.all()
