"""What the simulator answers, refuses and tells is as Square's official description says."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

import app.sandbox.square as package
from app.sandbox.square import catalog, disputes, refunds
from tests.integration.sandbox.shop import Receiver, eventually
from tests.integration.sandbox.square.description import (
    answer_of,
    description,
    faults,
    request_of,
    resolved,
)
from tests.integration.sandbox.square.shop import DECLINED, LINKS, SquareShop, line
from tests.integration.sandbox.square.test_subscriptions import subscribed

TOLD = (
    "payment.created",
    "payment.updated",
    "order.created",
    "order.updated",
    "refund.created",
    "refund.updated",
    "dispute.created",
    "dispute.state.updated",
    "subscription.created",
    "invoice.created",
    "invoice.payment_made",
    "invoice.scheduled_charge_failed",
    "subscription.updated",
    "customer.created",
    "catalog.version.updated",
)


def _asked(square: SquareShop) -> list[tuple[str, str, Any]]:
    """Everything that can be asked for, with the path as the description has it."""
    body = square.link_body(line_items=[line("Coffee", 380, "2", note="hot")], metadata={"a": "b"})
    body |= {"description": "a link", "payment_note": "note"}
    body["pre_populated_data"] = {"buyer_email": "ada@example.org"}
    asked: list[tuple[str, str, Any]] = []

    def ask(method: str, path: str, body: Any = None, query: str = "", **ids: str) -> Any:
        answer = square.api(method, path.format(**ids) + query, body)
        asked.append((method, path, answer))
        return answer

    link = ask("POST", LINKS, body)["payment_link"]
    declined = square.sell()
    square.pay(declined, DECLINED)
    square.pay(link)
    square.control("POST", f"sessions/{declined['id']}/pay", {"delayed": True})
    payment = square.payment_of(link)
    refund = ask("POST", "/v2/refunds", square.refund_body(payment, 10, reason="cold"))["refund"]
    square.later()
    dispute = square.control("POST", f"payments/{payment['id']}/dispute", {})["dispute_id"]
    gone = square.sell()
    ask("GET", "/v2/online-checkout/payment-links/{id}", id=link["id"])
    ask("DELETE", "/v2/online-checkout/payment-links/{id}", id=gone["id"])
    ask("GET", LINKS)
    for order in (link["order_id"], declined["order_id"], refund["order_id"]):
        ask("GET", "/v2/orders/{order_id}", order_id=order)
    ask("POST", "/v2/orders/search", {"location_ids": [square.location]})
    both = {"location_ids": [square.location], "return_entries": True}
    ask("POST", "/v2/orders/search", both)
    ask("GET", "/v2/payments/{payment_id}", payment_id=payment["id"])
    ask("GET", "/v2/payments")
    ask("GET", "/v2/refunds/{refund_id}", refund_id=refund["id"])
    ask("GET", "/v2/refunds")
    ask("GET", "/v2/disputes/{dispute_id}", dispute_id=dispute)
    ask("GET", "/v2/disputes")
    ask("POST", "/v2/disputes/{dispute_id}/accept", {}, dispute_id=dispute)
    ask("GET", "/v2/locations")
    ask("GET", "/v2/locations/{location_id}", location_id="main")
    ask("GET", "/v2/merchants")
    ask("GET", "/v2/merchants/{merchant_id}", merchant_id="me")
    subscription = {
        "name": "till",
        "event_types": ["payment.updated"],
        "notification_url": "http://127.0.0.1:9/",
    }
    hooks = "/v2/webhooks/subscriptions"
    hook = ask("POST", hooks, {"subscription": subscription})["subscription"]["id"]
    path = hooks + "/{subscription_id}"
    ask("GET", hooks)
    ask("GET", path, subscription_id=hook)
    ask("PUT", path, {"subscription": {"enabled": True}}, subscription_id=hook)
    ask("POST", path + "/signature-key", {}, subscription_id=hook)
    ask("POST", path + "/test", {}, subscription_id=hook)
    ask("DELETE", path, subscription_id=hook)
    ask("GET", "/v2/webhooks/event-types")
    ask("PUT", "/v2/events/enable", {})
    square.later(1)
    square.sold()
    ask("POST", "/v2/events", {})
    ask("PUT", "/v2/events/disable", {})
    club = subscribed(square)
    path = "/v2/subscriptions/{subscription_id}"
    ask("GET", path, subscription_id=club["id"], query="?include=actions")
    ask("POST", "/v2/subscriptions/search", {})
    action = ask("POST", path + "/cancel", {}, subscription_id=club["id"])["actions"][0]["id"]
    ask(
        "DELETE",
        path + "/actions/{action_id}",
        subscription_id=club["id"],
        action_id=action,
    )
    ask("GET", "/v2/invoices/{invoice_id}", invoice_id=club["invoice_ids"][0])
    ask("GET", "/v2/customers/{customer_id}", customer_id=club["customer_id"])
    ask("GET", "/v2/catalog/list")
    ask("GET", "/v2/catalog/object/{object_id}", object_id=club["plan_variation_id"])
    plan = {"type": "SUBSCRIPTION_PLAN", "id": "#p", "subscription_plan_data": {"name": "Club"}}
    ask("POST", "/v2/catalog/object", {"idempotency_key": "plan", "object": plan})
    return asked


def test_every_answer_is_as_described(square: SquareShop) -> None:
    asked = _asked(square)
    for method, path, answer in asked:
        assert answer or method in ("DELETE", "PUT"), (method, path)
        assert faults(answer, answer_of(method, path)) == [], (method, path)
    described = {(method, path) for method, path, _ in asked}
    from app.sandbox.square.api import _ROUTES

    assert len(described) == len(_ROUTES) - 1  # the types of events have two paths


def test_every_event_is_as_described(square: SquareShop, receiver: Receiver) -> None:
    square.listen(receiver, *TOLD)
    link = square.sold()
    payment = square.payment_of(link)
    square.refund(payment, 10)
    square.later()
    dispute = square.control("POST", f"payments/{payment['id']}/dispute", {})["dispute_id"]
    square.control("POST", f"disputes/{dispute}/move", {"status": "won"})
    club = subscribed(square)
    path = f"square/subscriptions/{club['id']}/renew"
    square.control("POST", path, {"succeeded": False})
    eventually(lambda: {json.loads(body)["type"] for _, body in receiver.received} == set(TOLD))
    told = {event["type"]: event for event in (json.loads(body) for _, body in receiver.received)}
    for type, event in told.items():
        words = type.replace("_", ".").split(".")
        name = "".join(word.capitalize() for word in words) + "Event"
        described = description()["components"]["schemas"][name]["example"]
        assert faults(_as_the_schema_has_it(event), name) == [], type
        assert set(described["data"]) - {"deleted"} <= set(event["data"]), type
        assert described["type"] == type
        assert described["data"]["type"] == event["data"]["type"], type
        assert set(described["data"]["object"]) == set(event["data"]["object"]), type


def _as_the_schema_has_it(event: Any) -> Any:
    """The description's schemas and its own examples differ in two places; the examples are sent.

    In the schema a dispute stands under `object`, and news of the catalog has no id.
    """
    data = dict(event["data"])
    if "dispute" in data["object"]:
        data["object"] = {"object": data["object"]["dispute"]}
    if "catalog_version" in data["object"]:
        del data["id"]
    return {**event, "data": data}


def test_every_refusal_has_a_category_and_a_code_of_squares() -> None:
    schemas = description()["components"]["schemas"]
    categories, codes = schemas["ErrorCategory"]["enum"], schemas["ErrorCode"]["enum"]
    said: set[tuple[str | None, str]] = set()
    folder = Path(package.__file__).parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            words = [a.value for a in node.args if isinstance(a, ast.Constant)]
            if node.func.id in ("invalid", "refund_error") and words:
                said.add((None, str(words[0])))
    from app.sandbox.square import errors

    for category, code, _ in errors._PLAIN.values():
        said.add((category, code))
    assert len(said) > 30
    assert {code for _, code in said if code.isupper()} <= set(codes)
    assert {category for category, _ in said if category} <= set(categories)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 429, 500, 502, 503, 504])
def test_a_fault_is_refused_in_squares_words(square: SquareShop, status: int) -> None:
    fault = {"match": {"path": "/square/v2/*"}, "fault": {"status": status}}
    square.control("POST", "faults", fault)
    response = square.ask("GET", "/v2/locations")
    assert response.status_code == status
    for error in response.json()["errors"]:
        assert faults(error, "Error") == []


def test_the_words_that_a_test_may_use_are_squares_own() -> None:
    schemas = description()["components"]["schemas"]
    assert set(disputes.MOVES) == set(schemas["DisputeState"]["enum"])
    assert set(disputes.REASONS) == set(schemas["DisputeReason"]["enum"])
    assert set(catalog.CADENCES) == set(schemas["SubscriptionCadence"]["enum"])
    described = schemas["PaymentRefund"]["properties"]["status"]["description"]
    assert all(f"`{status}`" in described for status in refunds.STATUSES)


@pytest.mark.parametrize(
    "path, field, name",
    [
        (LINKS, "idempotency_key", None),
        (LINKS, "payment_note", None),
        (LINKS, "reference_id", "Order"),
        ("/v2/refunds", "reason", None),
    ],
)
def test_lengths_are_those_of_the_description(
    merchant: SquareShop, path: str, field: str, name: str | None
) -> None:
    _, request = resolved(request_of("POST", path))
    rules = request if name is None else description()["components"]["schemas"][name]
    longest = rules["properties"][field]["maxLength"]
    for length, taken in ((longest, True), (longest + 1, False)):
        text = "x" * length
        if path == LINKS:
            body = merchant.link_body()
        else:
            body = merchant.refund_body(merchant.payment_of(merchant.sold()), 1)
        (body if name is None else body["order"])[field] = text
        response = merchant.ask("POST", path, body)
        assert (response.status_code == 200) is taken
