"""Signed notices: to whom, how often, in which order, and what a test may do to them."""

import time

import pytest
import stripe

from app.sandbox import SandboxServer
from tests.integration.sandbox.shop import DECLINED, Receiver, Shop, eventually, line


def test_a_payment_is_told_with_a_signature_that_the_sdk_accepts(
    shop: Shop, receiver: Receiver
) -> None:
    shop.listen(receiver)
    session = shop.sold()
    receiver.wait(4)
    assert sorted(receiver.types()) == [
        "charge.succeeded",
        "checkout.session.completed",
        "payment_intent.created",
        "payment_intent.succeeded",
    ]
    (event,) = [e for e in receiver.events() if e.type == "checkout.session.completed"]
    told = event.data.object
    assert isinstance(told, stripe.checkout.Session)
    assert (told.id, told.payment_status) == (session.id, "paid")
    assert told.client_reference_id == "till1-7-1"
    assert event.api_version == "2026-10-28.endive"
    assert shop.client.v1.events.retrieve(event.id).type == event.type


def test_a_signature_of_another_secret_is_not_accepted(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver)
    shop.sold()
    receiver.wait(4)
    receiver.secret = "whsec_other"
    with pytest.raises(stripe.SignatureVerificationError):
        receiver.events()


def test_only_what_was_asked_for_is_sent(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, "checkout.session.completed", "checkout.session.expired")
    shop.sold()
    shop.client.v1.checkout.sessions.expire(shop.sell().id)
    receiver.wait(2)
    assert sorted(receiver.types()) == ["checkout.session.completed", "checkout.session.expired"]


def test_a_decline_is_told(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, "payment_intent.payment_failed")
    shop.pay(shop.sell().url, DECLINED)
    receiver.wait(1)
    (event,) = receiver.events()
    intent = event.data.object
    assert isinstance(intent, stripe.PaymentIntent)
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.decline_code == "generic_decline"


def test_another_accounts_endpoint_hears_nothing(shop: Shop, receiver: Receiver) -> None:
    other = Shop(shop.origin, "sk_test_another")
    other.listen(receiver)
    shop.sold()
    other.sold()
    receiver.wait(4)
    time.sleep(0.1)
    assert len(receiver.received) == 4
    other.close()


def test_a_refused_notice_is_tried_again_until_it_is_taken(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, "checkout.session.completed")
    receiver.answers = [500, 302]
    shop.sold()
    receiver.wait(3)
    first, second, third = receiver.received
    assert first[1] == second[1] == third[1]
    (event,) = shop.client.v1.events.list({"type": "checkout.session.completed"}).data
    eventually(lambda: shop.client.v1.events.retrieve(event.id).pending_webhooks == 0)
    assert shop.client.v1.events.list({"delivery_success": False}).data == []


def test_after_three_tries_a_notice_is_given_up_and_can_be_found_as_missed(
    shop: Shop, receiver: Receiver
) -> None:
    shop.listen(receiver, "checkout.session.completed")
    receiver.answers = [500] * 10
    shop.sold()
    receiver.wait(3)
    time.sleep(0.3)
    assert len(receiver.received) == 3
    missed = shop.client.v1.events.list(
        {
            "types": ["checkout.session.completed", "checkout.session.expired"],
            "created": {"gte": int(time.time()) - 60},
            "delivery_success": False,
        }
    )
    assert [event.type for event in missed.data] == ["checkout.session.completed"]
    delivered = shop.client.v1.events.list({"delivery_success": True})
    assert "checkout.session.completed" not in [event.type for event in delivered.data]


def test_a_redirect_is_not_followed(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, "checkout.session.completed")
    receiver.answers = [307]
    shop.sold()
    receiver.wait(2)
    assert len(receiver.received) == 2


def test_a_deleted_endpoint_gets_nothing_more(shop: Shop, receiver: Receiver) -> None:
    endpoint = shop.listen(receiver)
    shop.control("POST", "webhooks", {"mode": "withhold"})
    shop.sold()
    assert shop.client.v1.webhook_endpoints.delete(endpoint.id).deleted
    assert shop.control("POST", "webhooks/release") == {"sent": []}
    assert shop.control("GET", "webhooks")["waiting"] == 0
    assert receiver.received == []


def test_the_secret_is_told_once_and_sixteen_endpoints_are_enough(
    shop: Shop, receiver: Receiver
) -> None:
    endpoint = shop.listen(receiver)
    endpoints = shop.client.v1.webhook_endpoints
    assert "secret" not in endpoints.retrieve(endpoint.id).to_dict()
    assert all("secret" not in each.to_dict() for each in endpoints.list().data)
    for _ in range(15):
        shop.listen(receiver)
    with pytest.raises(stripe.InvalidRequestError, match="maximum of 16"):
        shop.listen(receiver)


def test_withheld_notices_wait_until_they_are_released(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver)
    shop.control("POST", "webhooks", {"mode": "withhold"})
    shop.sold()
    time.sleep(0.4)
    assert receiver.received == []
    sent = shop.control("POST", "webhooks/release")["sent"]
    assert [each["status"] for each in sent] == [200] * 4
    assert receiver.types()[0] == "payment_intent.created"
    assert receiver.types()[-1] == "checkout.session.completed"


def test_reordered_notices_come_backwards(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver)
    shop.control("POST", "webhooks", {"mode": "reorder"})
    shop.sold()
    shop.control("POST", "webhooks/release")
    assert receiver.types()[0] == "checkout.session.completed"
    assert receiver.types()[-1] == "payment_intent.created"


def test_withheld_notices_go_out_when_delivery_is_switched_on_again(
    shop: Shop, receiver: Receiver
) -> None:
    shop.listen(receiver)
    shop.control("POST", "webhooks", {"mode": "withhold"})
    shop.sold()
    shop.control("POST", "webhooks", {"mode": "deliver"})
    receiver.wait(4)


def test_each_notice_can_be_sent_several_times_at_once(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, "checkout.session.completed")
    shop.control("POST", "webhooks", {"duplicate": 5})
    shop.sold()
    receiver.wait(5)
    assert len({event.id for event in receiver.events()}) == 1
    assert len(receiver.received) == 5


def test_one_event_can_be_sent_again_and_again(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, "checkout.session.completed")
    shop.sold()
    receiver.wait(1)
    (event,) = receiver.events()
    receiver.answers = [409]
    path = f"events/{event.id}/deliver"
    answer = shop.control("POST", path, {"times": 50, "concurrency": 8})
    assert sorted(answer["statuses"]) == [200] * 49 + [409]
    assert len(receiver.received) == 51


def test_an_event_can_be_sent_with_an_old_signature(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, "checkout.session.completed")
    shop.sold()
    receiver.wait(1)
    (event,) = receiver.events()
    shop.control("POST", f"events/{event.id}/deliver", {"age_s": 400})
    with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
        receiver.events()


def test_a_moved_clock_does_not_age_a_signature(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, "checkout.session.expired")
    shop.sell()
    shop.control("POST", "clock", {"advance_s": 25 * 3600})
    receiver.wait(1)
    headers, _ = receiver.received[0]
    signed_at = int(headers["Stripe-Signature"].split(",")[0].removeprefix("t="))
    assert abs(signed_at - time.time()) < 5


def test_a_receiver_that_is_not_there_costs_nobody_anything(
    shop: Shop, server: SandboxServer
) -> None:
    shop.client.v1.webhook_endpoints.create(
        {"url": "http://127.0.0.1:9/webhooks", "enabled_events": ["*"]}
    )
    shop.sold()
    eventually(lambda: shop.control("GET", "webhooks")["waiting"] == 0)


def test_events_are_listed_newest_first_and_by_pattern(shop: Shop) -> None:
    shop.sold()
    events = shop.client.v1.events
    assert events.list().data[0].type == "checkout.session.completed"
    assert {e.type for e in events.list({"type": "payment_intent.*"}).data} == {
        "payment_intent.created",
        "payment_intent.succeeded",
    }
    with pytest.raises(stripe.InvalidRequestError):
        events.list({"type": "charge.succeeded", "types": ["charge.succeeded"]})


def test_an_event_names_the_request_that_brought_it_about(shop: Shop) -> None:
    session = shop.sell()
    shop.client.v1.checkout.sessions.expire(session.id, None, {"idempotency_key": "close-1"})
    (event,) = shop.client.v1.events.list({"type": "checkout.session.expired"}).data
    assert event.request is not None
    assert event.request.idempotency_key == "close-1"
    assert event.request.id is not None and event.request.id.startswith("req_")


def test_a_delayed_payment_completes_unpaid_and_is_decided_later(
    shop: Shop, receiver: Receiver
) -> None:
    shop.listen(
        receiver,
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
    )
    for succeeded, status in ((True, "paid"), (False, "unpaid")):
        session = shop.sell(line_items=[line()])
        pay = {"card": "4242424242424242", "delayed": True}
        assert shop.control("POST", f"sessions/{session.id}/pay", pay)["outcome"] == "processing"
        waiting = shop.read(session.id, "payment_intent")
        assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
        assert isinstance(waiting.payment_intent, stripe.PaymentIntent)
        assert waiting.payment_intent.status == "processing"
        assert "on its way" in shop.http.get(session.url or "").text
        shop.control("POST", f"sessions/{session.id}/settle", {"succeeded": succeeded})
        assert shop.read(session.id).payment_status == status
        again = shop.http.post(f"/_control/sessions/{session.id}/settle", json={})
        assert again.status_code == 404
    receiver.wait(4)
    assert sorted(receiver.types()) == [
        "checkout.session.async_payment_failed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.completed",
        "checkout.session.completed",
    ]


def test_an_endpoint_can_be_switched_off_and_moved(shop: Shop, receiver: Receiver) -> None:
    endpoint = shop.listen(receiver, "checkout.session.completed")
    endpoints = shop.client.v1.webhook_endpoints
    assert endpoints.update(endpoint.id, {"disabled": True}).status == "disabled"
    shop.sold()
    moved = endpoints.update(
        endpoint.id,
        {"disabled": False, "url": receiver.url + "/2", "metadata": {"till": "1"}},
    )
    assert (moved.status, moved.url) == ("enabled", receiver.url + "/2")
    shop.sold()
    receiver.wait(1)
    assert len(receiver.received) == 1
