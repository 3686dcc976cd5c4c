"""Square's official package, pointed at the simulator, believes it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from square import Square
from square.core.api_error import ApiError

from tests.integration.sandbox.shop import Receiver
from tests.integration.sandbox.square.shop import DECLINED, SquareShop
from tests.integration.sandbox.square.test_subscriptions import subscribed
from tests.integration.sandbox.square.test_webhooks import told


@pytest.fixture
def client(square: SquareShop) -> Iterator[Square]:
    with httpx.Client(timeout=10) as http:
        yield Square(token=square.token, base_url=f"{square.origin}/square", httpx_client=http)


def _order(square: SquareShop) -> Any:
    price = {"amount": 380, "currency": "EUR"}
    item = {"name": "Coffee", "quantity": "2", "base_price_money": price}
    return {
        "location_id": square.location,
        "reference_id": "till1-7-1",
        "line_items": [item],
    }


def _created(client: Square, square: SquareShop, key: str = "once") -> Any:
    return client.checkout.payment_links.create(
        idempotency_key=key,
        order=_order(square),
        checkout_options={"redirect_url": "http://127.0.0.1:9/thanks"},
    ).payment_link


def test_it_creates_reads_and_refunds(client: Square, square: SquareShop) -> None:
    link = _created(client, square)
    assert client.checkout.payment_links.get(link.id).payment_link == link
    order = client.orders.get(link.order_id).order
    assert order is not None and order.state == "DRAFT" and order.reference_id == "till1-7-1"
    assert square.pay({"url": link.url}).status_code == 303
    order = client.orders.get(link.order_id).order
    assert order is not None and order.tenders is not None
    assert (order.state, order.net_amount_due_money.amount) == ("OPEN", 0)
    payment_id = order.tenders[0].payment_id
    assert payment_id is not None
    payment = client.payments.get(payment_id).payment
    assert payment is not None and payment.total_money is not None
    assert (payment.status, payment.total_money.amount) == ("COMPLETED", 760)
    refund = client.refunds.refund_payment(
        idempotency_key="refund-1",
        amount_money={"amount": 60, "currency": "EUR"},
        payment_id=payment_id,
    ).refund
    assert refund is not None and refund.status == "PENDING"
    square.later()
    again = client.refunds.get(refund.id).refund
    assert again is not None and again.status == "COMPLETED"
    assert [each.id for each in client.refunds.list()] == [refund.id]
    assert [each.id for each in client.payments.list()] == [payment_id]
    payment = client.payments.get(payment_id).payment
    assert payment is not None and payment.processing_fee is not None
    assert payment.refunded_money is not None and payment.refunded_money.amount == 60


def test_its_pager_goes_through_all_pages(client: Square, square: SquareShop) -> None:
    made = {_created(client, square, str(number)).id for number in range(5)}
    assert {each.id for each in client.checkout.payment_links.list(limit=2)} == made


def test_the_same_key_is_the_same_link_and_another_body_is_refused(
    client: Square, square: SquareShop
) -> None:
    first, second = (_created(client, square) for _ in range(2))
    assert first == second
    with pytest.raises(ApiError) as caught:
        client.checkout.payment_links.create(
            idempotency_key="once", order={**_order(square), "reference_id": "till1-8-1"}
        )
    assert caught.value.status_code == 400
    assert caught.value.errors[0].code == "IDEMPOTENCY_KEY_REUSED"


def test_it_deletes_a_link_and_learns_what_became_of_it(client: Square, square: SquareShop) -> None:
    link = _created(client, square)
    gone = client.checkout.payment_links.delete(link.id)
    assert (gone.id, gone.cancelled_order_id) == (link.id, link.order_id)
    with pytest.raises(ApiError) as caught:
        client.checkout.payment_links.get(link.id)
    assert (caught.value.status_code, caught.value.errors[0].code) == (404, "NOT_FOUND")
    order = client.orders.get(link.order_id).order
    assert order is not None and order.state == "CANCELED"


def test_it_tries_again_by_itself_and_gets_one_link(client: Square, square: SquareShop) -> None:
    path = "/square/v2/online-checkout/payment-links"
    fault = {"match": {"path": path}, "fault": {"status": 503, "headers": {"Retry-After": "1"}}}
    square.control("POST", "faults", fault)
    assert _created(client, square).id
    assert len(square.books()["sessions"]) == 1
    seen = square.control("GET", "requests")["requests"]
    assert [each["status"] for each in seen] == [503, 200]


def test_it_checks_a_key_and_finds_the_locations(client: Square, square: SquareShop) -> None:
    merchant = client.merchants.get("me").merchant
    assert merchant is not None and merchant.main_location_id == square.location
    locations = client.locations.list().locations
    assert locations is not None
    assert [each.status for each in locations] == ["ACTIVE", "ACTIVE", "INACTIVE"]
    with httpx.Client() as http:
        base = f"{square.origin}/square"
        stranger = Square(token="sk_test_x", base_url=base, httpx_client=http)
        with pytest.raises(ApiError) as caught:
            stranger.merchants.get("me")
    assert caught.value.errors[0].code == "UNAUTHORIZED"


def test_it_registers_a_webhook_and_verifies_what_comes(
    client: Square, square: SquareShop, receiver: Receiver
) -> None:
    made = client.webhooks.subscriptions.create(
        idempotency_key="hook",
        subscription={
            "name": "till",
            "event_types": ["payment.created"],
            "notification_url": receiver.url,
        },
    ).subscription
    assert made is not None and made.signature_key is not None and made.id is not None
    receiver.secret = made.signature_key
    square.pay(square.sell(), DECLINED)
    receiver.wait(1)
    assert told(receiver)[0]["type"] == "payment.created"
    rotated = client.webhooks.subscriptions.update_signature_key(made.id, idempotency_key="new")
    assert rotated.signature_key != made.signature_key
    client.webhooks.subscriptions.delete(made.id)


def test_it_finds_what_was_missed(client: Square, square: SquareShop) -> None:
    client.events.enable_events()
    square.later(1)
    link = square.sold()
    events = client.events.search_events(query={"filter": {"event_types": ["order.updated"]}})
    assert events.events is not None and len(events.events) == 1
    found = client.orders.search(
        location_ids=[square.location], query={"filter": {"state_filter": {"states": ["OPEN"]}}}
    )
    assert found.orders is not None and [each.id for each in found.orders] == [link["order_id"]]
    dispute = square.control("POST", f"payments/{square.payment_of(link)['id']}/dispute", {})
    assert [each.id for each in client.disputes.list()] == [dispute["dispute_id"]]
    read = client.disputes.get(dispute["dispute_id"]).dispute
    assert read is not None and read.state == "EVIDENCE_REQUIRED"


def test_it_reads_and_cancels_a_subscription(client: Square, square: SquareShop) -> None:
    id = subscribed(square)["id"]
    subscription = client.subscriptions.get(id).subscription
    assert subscription is not None and subscription.status == "ACTIVE"
    cancelled = client.subscriptions.cancel(id).subscription
    assert cancelled is not None
    assert cancelled.canceled_date == subscription.charged_through_date
    plan = client.catalog.object.get(str(subscription.plan_variation_id)).object
    assert plan is not None and plan.type == "SUBSCRIPTION_PLAN_VARIATION"
