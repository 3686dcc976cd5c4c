"""Every route of the simulated Stripe answers with objects as the package's classes say.

Compared are names, types and words, as deep as the classes go; what the package takes for granted
must be there.
"""

import json
import re
from typing import Any

import stripe

from app.sandbox.stripe.api import _FOR_BROWSERS, _ROUTES
from tests.integration.sandbox.shop import Receiver, Shop, line, order
from tests.parts.stripe_objects import class_of, object_faults

Asked = dict[tuple[str, str], list[Any]]


class Asking:
    """Asks one route after the other, and keeps what was answered by the route."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.answers: Asked = {}
        self.for_browsers: Asked = {}

    def __call__(self, method: str, path: str, form: Any = None, **options: Any) -> Any:
        answer = self._shop.api(method, path, data=_flat(form or {}), **options)
        assert answer.status_code == 200, answer.text
        is_browser = "pk_" in str(options)
        [route] = [
            pattern
            for verb, pattern, _ in (_FOR_BROWSERS if is_browser else _ROUTES)
            if verb == method and re.fullmatch(pattern, path.partition("?")[0])
        ]
        body = answer.json()
        answers = self.for_browsers if is_browser else self.answers
        answers.setdefault((method, route), []).append(body)
        return body


def _flat(form: Any, prefix: str = "") -> dict[str, str]:
    """Write a form as Stripe reads it."""
    flat: dict[str, str] = {}
    items = enumerate(form) if isinstance(form, list) else form.items()
    for name, value in items:
        key = f"{prefix}[{name}]" if prefix else str(name)
        if isinstance(value, dict | list):
            flat |= _flat(value, key)
        else:
            flat[key] = str(value).lower() if isinstance(value, bool) else str(value)
    return flat


def _sales(ask: Asking, shop: Shop) -> str:
    made = ask("POST", "/v1/checkout/sessions", order())
    ask("POST", f"/v1/checkout/sessions/{made['id']}/expire")
    sold = shop.sold()
    everything = "?expand[]=payment_intent.latest_charge&expand[]=line_items&expand[]=customer"
    ask("GET", f"/v1/checkout/sessions/{sold.id}{everything}")
    ask("GET", "/v1/checkout/sessions")
    ask("GET", f"/v1/checkout/sessions/{sold.id}/line_items")
    intent = str(sold.payment_intent)
    fees = "?expand[]=latest_charge.balance_transaction"
    charge = ask("GET", f"/v1/payment_intents/{intent}{fees}")["latest_charge"]
    ask("GET", f"/v1/charges/{charge['id']}")
    ask("GET", "/v1/charges")
    ask("GET", f"/v1/balance_transactions/{charge['balance_transaction']['id']}")
    return intent


def _links(ask: Asking, shop: Shop) -> None:
    link = ask("POST", "/v1/payment_links", {"line_items": [line()], "expand": ["line_items"]})
    shop.http.get(link["url"])
    ask("GET", f"/v1/payment_links/{link['id']}")
    ask("POST", f"/v1/payment_links/{link['id']}", {"active": False})
    ask("GET", "/v1/payment_links")
    ask("GET", f"/v1/payment_links/{link['id']}/line_items")
    ask("GET", f"/v1/checkout/sessions?payment_link={link['id']}")


def _intents(ask: Asking, shop: Shop) -> None:
    wish: Any = {"amount": 500, "currency": "eur", "automatic_payment_methods": {"enabled": True}}
    first = ask("POST", "/v1/payment_intents", wish)
    ask("POST", f"/v1/payment_intents/{first['id']}", {"amount": 600})
    ask("POST", f"/v1/payment_intents/{first['id']}/cancel", {"cancellation_reason": "abandoned"})
    wish["automatic_payment_methods"]["allow_redirects"] = "never"
    second = ask("POST", "/v1/payment_intents", wish)["id"]
    ask("POST", f"/v1/payment_intents/{second}/confirm", {"payment_method": "pm_card_visa"})
    ask("GET", "/v1/payment_intents")


def _browsers(ask: Asking, shop: Shop) -> None:
    wish = {"amount": 500, "currency": "eur", "automatic_payment_methods": {"enabled": True}}
    intent = ask("POST", "/v1/payment_intents", wish)
    headers = {"Authorization": f"Bearer {shop.key.replace('sk_', 'pk_', 1)}"}
    secret, path = intent["client_secret"], f"/v1/payment_intents/{intent['id']}"
    ask("GET", f"{path}?client_secret={secret}", headers=headers)
    card = {"number": "4000002500003155", "exp_month": "12", "exp_year": "2034", "cvc": "123"}
    method = {"type": "card", "card": card}
    form = {"client_secret": secret, "payment_method_data": method}
    ask("POST", f"{path}/confirm", form, headers=headers)
    ask(
        "POST",
        f"{path}/authenticate",
        {"client_secret": secret, "verdict": "complete"},
        headers=headers,
    )


def _money_back(ask: Asking, shop: Shop, intent: str) -> None:
    refund = ask("POST", "/v1/refunds", {"payment_intent": intent, "amount": 100})["id"]
    ask("GET", f"/v1/refunds/{refund}")
    ask("POST", f"/v1/refunds/{refund}", {"metadata": {"a": "b"}})
    ask("GET", "/v1/refunds?expand[]=data.balance_transaction")
    shop.control("POST", "refunds", {"outcome": "requires_action"})
    waits = ask("POST", "/v1/refunds", {"payment_intent": intent, "amount": 10})["id"]
    ask("POST", f"/v1/refunds/{waits}/cancel")
    disputed = str(shop.sold().payment_intent)
    dispute = shop.control("POST", f"payments/{disputed}/dispute", {})["dispute_id"]
    ask("GET", f"/v1/disputes/{dispute}")
    ask("POST", f"/v1/disputes/{dispute}", {"metadata": {"a": "b"}})
    ask("POST", f"/v1/disputes/{dispute}/close")
    ask("GET", "/v1/disputes")
    ask("GET", "/v1/balance_transactions")
    ask("GET", "/v1/balance")
    ask("GET", "/v1/account")


def _subscriptions(ask: Asking, shop: Shop) -> None:
    wish = {"mode": "subscription", "line_items": [line(recurring={"interval": "year"}), line()]}
    club = shop.sold(**wish).subscription
    ask("GET", f"/v1/subscriptions/{club}")
    ask("GET", "/v1/subscriptions")
    ask("POST", f"/v1/subscriptions/{club}", {"cancel_at_period_end": True})
    invoice = ask("GET", f"/v1/invoices?subscription={club}&expand[]=data.payments")["data"][0]
    ask("GET", f"/v1/invoices/{invoice['id']}?expand[]=payments.data.payment.payment_intent")
    ask("GET", f"/v1/invoice_payments?invoice={invoice['id']}")
    ask("GET", f"/v1/invoice_payments/{invoice['payments']['data'][0]['id']}")
    ask("DELETE", f"/v1/subscriptions/{club}")


def _cards(ask: Asking, shop: Shop) -> None:
    wish = {"mode": "setup", "currency": "eur", "customer_creation": "always"}
    kept = shop.sell(line_items=None, **wish)
    shop.pay(kept.url)
    found = shop.read(kept.id)
    intent = ask("GET", f"/v1/setup_intents/{found.setup_intent}")
    ask("GET", "/v1/setup_intents")
    ask("GET", f"/v1/payment_methods/{intent['payment_method']}")
    ask("GET", f"/v1/customers/{found.customer}")


def _told(ask: Asking) -> None:
    wish = {"url": "http://127.0.0.1:9/", "enabled_events": ["refund.created"]}
    path = f"/v1/webhook_endpoints/{ask('POST', '/v1/webhook_endpoints', wish)['id']}"
    ask("GET", "/v1/webhook_endpoints")
    ask("GET", path)
    ask("POST", path, {"disabled": True})
    ask("DELETE", path)
    ask("GET", f"/v1/events/{ask('GET', '/v1/events')['data'][0]['id']}")


def everything(shop: Shop) -> Asking:
    ask = Asking(shop)
    intent = _sales(ask, shop)
    for part in (_links, _intents, _browsers, _subscriptions, _cards):
        part(ask, shop)
    _money_back(ask, shop, intent)
    _told(ask)
    return ask


def faults_in(answer: Any) -> list[str]:
    """Compare an answer with its class; of a list each of its objects, of an event its own."""
    if answer["object"] == "list":
        assert answer["data"]
        return [fault for each in answer["data"] for fault in faults_in(each)]
    if answer.get("deleted"):
        return [] if set(answer) == {"id", "object", "deleted"} else [str(answer)]
    kind = class_of(answer["object"])
    assert kind is not stripe.StripeObject
    found = object_faults(answer, kind, answer["object"])
    return found + (faults_in(answer["data"]["object"]) if answer["object"] == "event" else [])


def test_every_route_answers_as_the_package_says(shop: Shop) -> None:
    asked = everything(shop)
    assert set(asked.answers) == {(method, path) for method, path, _ in _ROUTES}
    assert set(asked.for_browsers) == {(method, path) for method, path, _ in _FOR_BROWSERS}
    found = {
        route: faults
        for route, given in asked.answers.items()
        if (faults := {fault for each in given for fault in faults_in(each)})
    }
    assert found == {}
    # A browser is told less of a payment intent.
    for given in asked.for_browsers.values():
        for fault in faults_in(given[0]):
            assert fault.endswith("is missing")


def test_every_event_is_one_that_the_package_knows_and_holds_what_it_says(
    shop: Shop, receiver: Receiver
) -> None:
    shop.listen(receiver)
    everything(shop)
    shop.control("POST", "clock", {"advance_s": 3600})
    listed = shop.api("GET", "/v1/events?limit=100").json()["data"]
    types = {event["type"] for event in listed}
    assert len(types) > 25, types
    for event in listed:
        assert faults_in(event) == [], event["type"]
    for _, body in list(receiver.received):
        assert faults_in(json.loads(body)) == []
