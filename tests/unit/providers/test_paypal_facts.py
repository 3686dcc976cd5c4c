"""What is known of PayPal and easily missed: lifetimes, keys, words, late notices."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.domain.attempt import Reference
from app.domain.capabilities import Demand, objection
from app.domain.ids import ORDER_ID_LENGTH, TILL_ID_LENGTH
from app.domain.money import EXPONENTS, Money
from app.domain.observation import Source
from app.domain.presentation import MAX_NAME, PresentedLine
from app.domain.subscription import SubscriptionState
from app.errors import ProviderError, Rejected, Unavailable
from app.providers.paypal import signers
from app.providers.paypal.disputes import DISPUTE_EVENTS
from app.providers.paypal.events import WANTED
from app.providers.paypal.orders import observation_from, order_parameters
from app.providers.paypal.refunds import refund_from
from app.providers.paypal.subscriptions import Payments, subscription_from
from app.providers.paypal.webhooks import register
from tests.integration.sandbox.paypal.official import check_named, document_of
from tests.parts.clock import START
from tests.parts.paypal import (
    ORDER,
    Authority,
    Desk,
    capture,
    certified,
    delivered,
    event,
    order,
    refund,
    refusal,
    strategy,
)
from tests.parts.paypal_subscriptions import subscription
from tests.parts.stripe import Raw, request

ORDERS = "/v2/checkout/orders"
TAKES = strategy(Desk()).capabilities


# --- times -------------------------------------------------------------------------------------


def test_an_order_is_shown_for_the_shorter_of_the_times_that_paypal_names() -> None:
    """Its package says six hours, its older description and its pages three."""
    assert TAKES.session_lifetime == timedelta(hours=3)
    desk = Desk().on("POST", ORDERS, order())
    opened = asyncio.run(strategy(desk).open_session(order_parameters(request()), key="k"))
    assert opened.expires_at == START + timedelta(hours=3)


def test_a_key_is_used_for_less_than_the_six_hours_that_paypal_keeps_an_orders() -> None:
    assert TAKES.session_lifetime < TAKES.key_lifetime < timedelta(hours=6)


def test_it_is_asked_about_a_session_every_five_seconds_at_most() -> None:
    assert TAKES.poll_pause >= timedelta(seconds=5)


def test_the_longest_key_is_within_paypals_limit() -> None:
    reference = Reference("z" * TILL_ID_LENGTH, "z" * ORDER_ID_LENGTH, 99_999)
    assert len(reference.key("capture-99999")) <= 108
    assert len(str(reference)) <= 127


# --- amounts and texts -------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["BRL", "CNY", "MYR", "INR", "KWD", "BHD"])
def test_what_only_accounts_of_that_country_take_is_refused_in_words(code: str) -> None:
    assert code in EXPONENTS
    assert objection(TAKES, Demand(Money(10_000, code))) == f"It takes no {code}."


def test_the_longest_name_of_a_line_is_within_paypals_limit() -> None:
    line = PresentedLine("\u2615" * MAX_NAME, 500)
    asked = order_parameters(request(lines=(line,)))
    (item,) = asked["purchase_units"][0]["items"]
    assert len(item["name"]) <= 127 and item["quantity"] == "1"
    check_named("checkout_orders_v2", "order_request", asked)


# --- words -------------------------------------------------------------------------------------


def words_of(document: str, schema: str) -> list[str]:
    found = document_of(document)["components"]["schemas"][schema]
    words: list[str] = (found.get("properties", {}).get("status") or found)["enum"]
    assert len(words) >= 4
    return words


def look() -> Any:
    return strategy(Desk())._look(Source.POLL)


def test_every_state_of_an_order_of_the_official_description_is_read() -> None:
    for status in words_of("checkout_orders_v2", "order_status"):
        captured = [capture()] if status == "COMPLETED" else []
        assert observation_from(order(status, *captured), look()).session_id == ORDER


@pytest.mark.parametrize("document", ["checkout_orders_v2", "payments_payment_v2"])
def test_every_state_of_a_capture_and_a_refund_of_the_official_descriptions_is_read(
    document: str,
) -> None:
    for status in words_of(document, "capture_status"):
        seen = observation_from(order("COMPLETED", capture(status)), look())
        assert bool(seen.payments) is (status in {"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"})
    for status in words_of(document, "refund_status"):
        assert refund_from(refund(status)).refund_id


def test_every_state_of_a_subscription_of_the_official_description_is_read() -> None:
    states = {
        status: subscription_from(subscription(status), Payments(), look()).state
        for status in words_of("billing_subscriptions_v1", "subscription_status")
    }
    assert set(states.values()) <= set(SubscriptionState) and len(states) == 6


def test_whatever_tells_of_money_is_asked_for() -> None:
    words = "COMPLETED PENDING DENIED DECLINED REFUNDED REVERSED".split()
    told = {f"PAYMENT.CAPTURE.{word}" for word in words}
    told |= {"CHECKOUT.ORDER.APPROVED", "CHECKOUT.PAYMENT-APPROVAL.REVERSED"}
    told |= {"PAYMENT.SALE.COMPLETED", *DISPUTE_EVENTS}
    assert told <= set(WANTED) and len(DISPUTE_EVENTS) == 3


def test_the_webhook_that_is_asked_for_is_one_that_the_official_description_takes() -> None:
    path = "/v1/notifications/webhooks"
    desk = Desk().on("GET", path, {"webhooks": []}).on("POST", path, {"id": "W1"})
    asyncio.run(register(strategy(desk)._client, "https://till.example/webhooks/p", owner="t1"))
    check_named("notifications_webhooks_v1", "webhook", json.loads(desk.requests[-1].content))


# --- asking once -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer, error",
    [
        (refusal(409), Unavailable),
        (refusal(429), Unavailable),
        (refusal(500), Unavailable),
        (httpx.ReadTimeout("slow"), Unavailable),
        (refusal(422, "ORDER_COMPLETION_IN_PROGRESS"), Unavailable),
        (refusal(400), Rejected),
        (refusal(403), Rejected),
        (refusal(404), Rejected),
        (refusal(422, "DUPLICATE_INVOICE_ID"), Rejected),
    ],
)
def test_what_is_asked_for_again_is_the_tills_to_say(
    answer: Any, error: type[ProviderError]
) -> None:
    desk = Desk().on("POST", f"{ORDERS}/{ORDER}/capture", answer)
    with pytest.raises(error):
        asyncio.run(strategy(desk).capture(ORDER, key="k-capture"))
    assert len(desk.requests) == 1


# --- notices -----------------------------------------------------------------------------------


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Authority:
    root = Authority()
    monkeypatch.setattr(signers, "_system_authorities", lambda: [root.root])
    return root


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=3), timedelta(days=10)])
def test_a_notice_that_is_sent_again_days_later_is_genuine(
    root: Authority, late: timedelta
) -> None:
    """PayPal tries 25 times in three days and names no age at which one is to be refused."""
    signer = certified(by=root)
    path = "/v1/notifications/certs/CERT-360caa42-fca2a594"
    till = strategy(Desk().on("GET", path, Raw(200, signer.pem.encode())))
    sent = delivered(event("PAYMENT.CAPTURE.COMPLETED", capture()), signer)
    received = type(sent)(sent.headers, sent.body, sent.received_at + late)
    asyncio.run(till.learn_signer(received))
    assert till.read_webhook(received).event_id


def test_an_amount_has_the_decimals_that_paypal_writes() -> None:
    asked = order_parameters(request(amount=Money(500, "JPY"), lines=(PresentedLine("B", 500),)))
    assert asked["purchase_units"][0]["amount"]["value"] == "500"
