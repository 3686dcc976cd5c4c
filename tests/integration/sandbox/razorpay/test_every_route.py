"""Every route of the simulated Razorpay answers with objects as its reference documents them.

Razorpay has no machine-readable description: the names are those of `test_object_fields`.
"""

import re
from typing import Any

from app.sandbox.razorpay.api import _ROUTES
from tests.integration.sandbox.razorpay import test_object_fields as fields
from tests.integration.sandbox.razorpay.shop import Shop, code, link

NAMES = {
    "payment": fields.PAYMENT,
    "order": fields.ORDER,
    "refund": fields.REFUND,
    "qr_code": fields.QR_CODE,
    "dispute": fields.DISPUTE,
    "plan": fields.PLAN,
    "subscription": fields.SUBSCRIPTION,
    "invoice": fields.INVOICE,
}
ONLY_THERE = {"payment": {"card", "upi"}, "link": {"order_id"}}
"""What an object has besides, by how it was paid."""


class Asking:
    """Asks one route after the other; each answer has to be documented."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.asked: set[tuple[str, str]] = set()

    def __call__(self, method: str, path: str, body: Any = None, **params: str) -> Any:
        answer = self._shop.ask(method, path, body, params=params)
        assert answer.status_code == 200, answer.text
        # The first that fits, as the simulator itself goes by.
        route = next(
            pattern
            for verb, pattern, _ in _ROUTES
            if verb == method and re.fullmatch(pattern, f"/v1/{path}")
        )
        self.asked.add((method, route))
        found = answer.json()
        check(found, path)
        return found


def check(found: Any, path: str) -> None:
    """Compare an object with its names; of a list each of its objects."""
    listed = found.get("items", found.get("payment_links"))
    if listed is not None:
        assert listed, path
        if "payment_links" not in found:
            assert set(found) == {"entity", "count", "items"}
            assert (found["entity"], found["count"]) == ("collection", len(listed))
        for each in listed:
            check(each, path)
        return
    kind = found.get("entity", "link")
    names = fields.LINK if kind == "link" else NAMES[kind]
    assert names - set(found) == set(), path
    assert set(found) - names <= ONLY_THERE.get(kind, set()), path


def _links(ask: Asking, shop: Shop) -> None:
    made = ask("POST", "payment_links", link(reference_id="till1-8-1"))
    ask("POST", f"payment_links/{made['id']}/cancel")
    sold = shop.sold()
    ask("GET", f"payment_links/{sold['id']}")
    ask("GET", "payment_links")
    ask("GET", f"orders/{sold['order_id']}")
    ask("GET", f"orders/{sold['order_id']}/payments")
    payment = str(sold["payments"][0]["payment_id"])
    ask("GET", f"payments/{payment}")
    ask("GET", "payments")
    refund = ask("POST", f"payments/{payment}/refund", {"amount": 100})["id"]
    ask("GET", f"payments/{payment}/refunds")
    ask("GET", f"payments/{payment}/refunds/{refund}")
    ask("GET", "refunds")
    ask("GET", f"refunds/{refund}")


def _codes(ask: Asking, shop: Shop) -> None:
    shown = ask("POST", "payments/qr_codes", code())["id"]
    ask("GET", "payments/qr_codes")
    ask("GET", f"payments/qr_codes/{shown}")
    shop.control("POST", f"sessions/{shown}/pay", {})
    ask("GET", f"payments/qr_codes/{shown}/payments")
    ask("POST", f"payments/qr_codes/{ask('POST', 'payments/qr_codes', code())['id']}/close")


def _captured(ask: Asking, shop: Shop) -> None:
    slow = shop.sell(reference_id="till1-9-1")
    shop.control("POST", f"sessions/{slow['id']}/pay", {"delayed": True})
    [promised] = [each for each in shop.get("payments")["items"] if each["status"] == "authorized"]
    order = {"amount": promised["amount"], "currency": promised["currency"]}
    ask("POST", f"payments/{promised['id']}/capture", order)


def _disputes(ask: Asking, shop: Shop) -> None:
    def disputed(reference: str) -> str:
        paid = shop.sold(reference_id=reference)["payments"][0]["payment_id"]
        return str(shop.control("POST", f"payments/{paid}/dispute", {})["dispute_id"])

    first = disputed("till1-10-1")
    ask("GET", f"disputes/{first}")
    ask("GET", "disputes")
    ask("POST", f"disputes/{first}/accept")
    second = disputed("till1-11-1")
    contest = {"amount": 38000, "summary": "It was sold", "action": "submit"}
    ask("PATCH", f"disputes/{second}/contest", contest)


def _subscriptions(ask: Asking, shop: Shop) -> None:
    item = {"name": "Club", "amount": 99900, "currency": "INR"}
    plan = ask("POST", "plans", {"period": "monthly", "interval": 1, "item": item})["id"]
    ask("GET", "plans")
    ask("GET", f"plans/{plan}")
    made = ask("POST", "subscriptions", {"plan_id": plan, "total_count": 3})["id"]
    shop.control("POST", f"sessions/{made}/pay", {})
    ask("GET", "subscriptions")
    ask("GET", f"subscriptions/{made}")
    invoice = ask("GET", "invoices", subscription_id=made)["items"][0]["id"]
    ask("GET", f"invoices/{invoice}")
    ask("POST", f"subscriptions/{made}/pause", {"pause_at": "now"})
    ask("POST", f"subscriptions/{made}/resume", {"resume_at": "now"})
    ask("POST", f"subscriptions/{made}/cancel", {"cancel_at_cycle_end": False})


def test_every_route_answers_as_documented(shop: Shop) -> None:
    ask = Asking(shop)
    _links(ask, shop)
    _codes(ask, shop)
    _captured(ask, shop)
    _disputes(ask, shop)
    _subscriptions(ask, shop)
    assert ask.asked == {(method, path) for method, path, _ in _ROUTES}
