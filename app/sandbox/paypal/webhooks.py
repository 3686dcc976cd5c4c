"""Webhooks: up to ten for an app, each an address and the names of events; `*` means all."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from app.sandbox.books import JsonObject, Record
from app.sandbox.paypal.checks import Fields, Several, Text, WebAddress, check
from app.sandbox.paypal.errors import Detail, PayPalRefusal
from app.sandbox.paypal.workbench import Call, Workbench
from app.sandbox.wire import is_loopback

KIND = "paypal.webhook"
MOST = 10
EVENT_TYPES = {
    "BILLING.SUBSCRIPTION.ACTIVATED": "A billing subscription was activated.",
    "BILLING.SUBSCRIPTION.CANCELLED": "A billing subscription was canceled.",
    "BILLING.SUBSCRIPTION.CREATED": "A billing subscription was created.",
    "BILLING.SUBSCRIPTION.EXPIRED": "A billing subscription has expired.",
    "BILLING.SUBSCRIPTION.PAYMENT.FAILED": "A payment failed for a billing subscription.",
    "BILLING.SUBSCRIPTION.SUSPENDED": "A billing subscription was suspended.",
    "BILLING.SUBSCRIPTION.RE-ACTIVATED": "A billing subscription was re-activated.",
    "BILLING.SUBSCRIPTION.UPDATED": "A billing subscription was updated.",
    "CHECKOUT.ORDER.APPROVED": "An order has been approved by buyer.",
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED": "A payment has been reversed after approval.",
    "CUSTOMER.DISPUTE.CREATED": "A dispute is created.",
    "CUSTOMER.DISPUTE.RESOLVED": "A dispute is resolved.",
    "CUSTOMER.DISPUTE.UPDATED": "A dispute is updated.",
    "PAYMENT.CAPTURE.COMPLETED": "A payment capture completes.",
    "PAYMENT.CAPTURE.DECLINED": "A payment capture is declined.",
    "PAYMENT.CAPTURE.DENIED": "A payment capture is denied.",
    "PAYMENT.CAPTURE.PENDING": "The state of a payment capture changes to pending.",
    "PAYMENT.CAPTURE.REFUNDED": "A merchant refunds a payment capture.",
    "PAYMENT.CAPTURE.REVERSED": "PayPal reverses a payment capture.",
    "PAYMENT.REFUND.FAILED": "A refund failed.",
    "PAYMENT.REFUND.PENDING": "A refund is pending.",
    "PAYMENT.SALE.COMPLETED": "A sale completes.",
    "PAYMENT.SALE.DENIED": "The state of a sale changes from pending to denied.",
    "PAYMENT.SALE.PENDING": "The state of a sale changes to pending.",
    "PAYMENT.SALE.REFUNDED": "A merchant refunds a sale.",
    "PAYMENT.SALE.REVERSED": "PayPal reverses a sale.",
}

_TYPES = Several(Fields({"name": Text(100)}, ("name",)), 1, 500)
_RULES = Fields({"url": WebAddress(2048), "event_types": _TYPES}, ("url", "event_types"))
_PATCH = Several(Fields({"op": Text(10), "path": Text(200)}, ("op", "path")), 1, 100)


def create(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    given = check(call.given, _RULES)
    _check_url(bench, call.account, given["url"])
    names = _check_types(given["event_types"])
    if len(_all(bench, call.account)) >= MOST:
        raise PayPalRefusal(
            400,
            name="WEBHOOK_NUMBER_LIMIT_EXCEEDED",
            message="Number of webhooks for the app exceeded limit",
        )
    id = bench.new_code(KIND)
    body = {"id": id, "url": given["url"], "event_types": _described(names)}
    return 201, shown(bench, bench.put(call.account, KIND, body))


def listing(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    return 200, {"webhooks": [shown(bench, each) for each in _all(bench, call.account)]}


def retrieve(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    return 200, shown(bench, bench.need(call.account, KIND, call.id))


def patch(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    """Replace the address or the names of events."""
    orders = check(call.body, _PATCH)
    webhook = bench.need(call.account, KIND, call.id)
    for place, order in enumerate(orders):
        if order["op"] != "replace" or order["path"] not in ("/url", "/event_types"):
            raise _invalid(Detail("INVALID_PARAMETER_VALUE", f"/{place}/path", order["path"]))
        if order["path"] == "/url":
            check({"url": order.get("value")}, Fields({"url": WebAddress(2048)}, ("url",)))
            _check_url(bench, call.account, order["value"], besides=webhook.id)
            webhook.body["url"] = order["value"]
        else:
            check({"value": order.get("value")}, Fields({"value": _TYPES}, ("value",)))
            webhook.body["event_types"] = _described(_check_types(order["value"]))
    bench.books.save(webhook)
    return 200, shown(bench, webhook)


def delete(bench: Workbench, call: Call) -> tuple[int, None]:
    bench.books.remove(bench.need(call.account, KIND, call.id))
    return 204, None


def types_of(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    """Answer which events a webhook asked for."""
    webhook = bench.need(call.account, KIND, call.id)
    return 200, {"event_types": webhook.body["event_types"]}


def all_types(_bench: Workbench, _call: Call) -> tuple[int, JsonObject]:
    """Answer which events there are."""
    return 200, {"event_types": _described(EVENT_TYPES)}


def wanting(bench: Workbench, account: str, type: str) -> list[Record]:
    """The account's webhooks that asked for this event."""
    return [
        webhook
        for webhook in _all(bench, account)
        if not {"*", type}.isdisjoint(each["name"] for each in webhook.body["event_types"])
    ]


def shown(bench: Workbench, webhook: Record) -> JsonObject:
    path = f"/v1/notifications/webhooks/{webhook.id}"
    ways = (("self", "GET"), ("update", "PATCH"), ("delete", "DELETE"))
    return {**webhook.body, "links": [bench.link(path, rel, method) for rel, method in ways]}


def _all(bench: Workbench, account: str) -> list[Record]:
    return bench.books.select("account = ? AND kind = ?", (account, KIND))


def _check_url(bench: Workbench, account: str, url: str, besides: str = "") -> None:
    parts = urlsplit(url)
    try:
        port = parts.port or 443
    except ValueError:
        port = 0
    # In life it is https on port 443 and nothing else; a till in training listens on loopback.
    if not is_loopback(parts.hostname or "") and (parts.scheme != "https" or port != 443):
        raise _invalid(
            Detail("INVALID_PARAMETER_VALUE", "url", url, description="Not a valid webhook URL")
        )
    for other in _all(bench, account):
        if other.body["url"] == url and other.id != besides:
            raise PayPalRefusal(
                400, name="WEBHOOK_URL_ALREADY_EXISTS", message="Webhook URL already exists"
            )


def _check_types(wanted: list[JsonObject]) -> list[str]:
    names = [each["name"] for each in wanted]
    for place, name in enumerate(names):
        if name != "*" and name not in EVENT_TYPES:
            words = "Not a valid webhook event name"
            field = f"event_types[{place}].name"
            raise _invalid(Detail("INVALID_PARAMETER_VALUE", field, name, description=words))
    return names


def _described(names: Iterable[str]) -> list[JsonObject]:
    return [
        {
            "name": name,
            "description": EVENT_TYPES.get(name, "ALL"),
            "status": "ENABLED",
            "resource_versions": ["1.0", "2.0"],
        }
        for name in names
    ]


def _invalid(*details: Detail) -> PayPalRefusal:
    return PayPalRefusal(400, *details, name="VALIDATION_ERROR", message="Invalid data provided")
