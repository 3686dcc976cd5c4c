"""PayPal's API: its routes, its JSON, and how it says yes and no."""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from starlette.requests import Request

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject
from app.sandbox.exchange import Answering, Exchange, Reply, Surroundings
from app.sandbox.keys import Answer
from app.sandbox.paypal import (
    ROOT,
    accounts,
    billing,
    captures,
    catalog,
    disputes,
    events,
    mock_events,
    orders,
    payments,
    refunds,
    subscriptions,
    transactions,
    webhooks,
)
from app.sandbox.paypal.errors import PayPalRefusal, bad_request
from app.sandbox.paypal.idempotency import RequestIds
from app.sandbox.paypal.signing import Signer
from app.sandbox.paypal.verification import Verification
from app.sandbox.paypal.workbench import Call, Workbench

Handler: TypeAlias = Callable[[Workbench, Call], tuple[int, JsonObject | None]]
Replay: TypeAlias = Callable[[Workbench, Call, str], JsonObject]

TOKEN_PATH = "/v1/oauth2/token"  # noqa: S105 - a path
_ID = r"([^/]+)"
_ROUTES: list[tuple[str, str, Handler]] = [
    ("POST", TOKEN_PATH, accounts.give_token),
    ("POST", r"/v2/checkout/orders", orders.create),
    ("GET", rf"/v2/checkout/orders/{_ID}", orders.retrieve),
    ("PATCH", rf"/v2/checkout/orders/{_ID}", orders.patch),
    ("POST", rf"/v2/checkout/orders/{_ID}/capture", payments.capture),
    ("GET", rf"/v2/payments/captures/{_ID}", captures.retrieve),
    ("POST", rf"/v2/payments/captures/{_ID}/refund", refunds.create),
    ("GET", rf"/v2/payments/refunds/{_ID}", refunds.retrieve),
    ("POST", r"/v1/notifications/webhooks", webhooks.create),
    ("GET", r"/v1/notifications/webhooks", webhooks.listing),
    ("GET", rf"/v1/notifications/webhooks/{_ID}", webhooks.retrieve),
    ("PATCH", rf"/v1/notifications/webhooks/{_ID}", webhooks.patch),
    ("DELETE", rf"/v1/notifications/webhooks/{_ID}", webhooks.delete),
    ("GET", rf"/v1/notifications/webhooks/{_ID}/event-types", webhooks.types_of),
    ("GET", r"/v1/notifications/webhooks-event-types", webhooks.all_types),
    ("GET", r"/v1/notifications/webhooks-events", events.listing),
    ("GET", rf"/v1/notifications/webhooks-events/{_ID}", events.retrieve),
    ("POST", rf"/v1/notifications/webhooks-events/{_ID}/resend", events.resend),
    ("POST", r"/v1/notifications/simulate-event", mock_events.create),
    ("POST", r"/v1/catalogs/products", catalog.create_product),
    ("GET", r"/v1/catalogs/products", catalog.list_products),
    ("GET", rf"/v1/catalogs/products/{_ID}", catalog.retrieve_product),
    ("POST", r"/v1/billing/plans", catalog.create_plan),
    ("GET", r"/v1/billing/plans", catalog.list_plans),
    ("GET", rf"/v1/billing/plans/{_ID}", catalog.retrieve_plan),
    ("POST", rf"/v1/billing/plans/{_ID}/activate", catalog.activate_plan),
    ("POST", rf"/v1/billing/plans/{_ID}/deactivate", catalog.deactivate_plan),
    ("POST", r"/v1/billing/subscriptions", subscriptions.create),
    ("GET", rf"/v1/billing/subscriptions/{_ID}", subscriptions.retrieve),
    ("POST", rf"/v1/billing/subscriptions/{_ID}/cancel", subscriptions.cancel),
    ("POST", rf"/v1/billing/subscriptions/{_ID}/suspend", subscriptions.suspend),
    ("POST", rf"/v1/billing/subscriptions/{_ID}/activate", subscriptions.activate),
    ("GET", rf"/v1/billing/subscriptions/{_ID}/transactions", subscriptions.transactions),
    ("GET", rf"/v1/payments/sale/{_ID}", billing.retrieve_sale),
    ("GET", r"/v1/reporting/transactions", transactions.listing),
    ("GET", r"/v1/customer/disputes", disputes.listing),
    ("GET", rf"/v1/customer/disputes/{_ID}", disputes.retrieve),
    ("POST", rf"/v1/customer/disputes/{_ID}/accept-claim", disputes.accept),
]


def _order_now(bench: Workbench, call: Call, id: str) -> JsonObject:
    return orders.answered(bench, orders.need(bench, call.account, id), call)


def _refund_now(bench: Workbench, call: Call, id: str) -> JsonObject:
    return refunds.answered(bench, bench.need(call.account, refunds.KIND, id), call)


def _product_now(bench: Workbench, call: Call, id: str) -> JsonObject:
    return catalog.shown_product(bench, bench.need(call.account, catalog.PRODUCT, id))


def _plan_now(bench: Workbench, call: Call, id: str) -> JsonObject:
    return catalog.shown_plan(bench, bench.need(call.account, catalog.PLAN, id))


def _subscription_now(bench: Workbench, call: Call, id: str) -> JsonObject:
    found = subscriptions.need(bench, call.account, id)
    return subscriptions.answered(bench, found, call)


_REPLAYS: list[tuple[str, Replay]] = [
    (r"/v2/checkout/orders", _order_now),
    (rf"/v2/checkout/orders/{_ID}/capture", _order_now),
    (rf"/v2/payments/captures/{_ID}/refund", _refund_now),
    (r"/v1/catalogs/products", _product_now),
    (r"/v1/billing/plans", _plan_now),
    (r"/v1/billing/subscriptions", _subscription_now),
]
"""The calls that a request id makes safe to repeat, and how things stand since."""


class PayPalApi(Exchange[Call, PayPalRefusal]):
    """Answers everything of `/v1` and `/v2` below its root."""

    refusal = PayPalRefusal
    key_header = "PayPal-Request-Id"
    request_id = ("f", 12)

    def __init__(self, bench: Workbench, surroundings: Surroundings, signer: Signer) -> None:
        super().__init__(bench, RequestIds(bench), surroundings)
        self._desk = bench
        verify = Verification(signer).answer
        routes = [*_ROUTES, ("POST", r"/v1/notifications/verify-webhook-signature", verify)]
        self._routes = [(method, re.compile(path), handler) for method, path, handler in routes]

    def account_of(self, request: Request) -> str:
        authorization = request.headers.get("Authorization")
        if request.url.path == ROOT + TOKEN_PATH:
            return accounts.of_client(authorization)
        return accounts.of_token(self._desk, authorization)

    def read(
        self, request: Request, body: bytes, account: str, cause: Cause
    ) -> tuple[Answering[Call], Call]:
        path = request.url.path.removeprefix(ROOT)
        for method, pattern, handler in self._routes:
            match = pattern.fullmatch(path)
            if match is None or method != request.method:
                continue
            call = Call(
                account,
                path,
                match.groups(),
                cause,
                None if path == TOKEN_PATH else _json(request, body),
                body,
                dict(request.query_params),
                "return=representation" in request.headers.get("Prefer", ""),
            )
            return partial(handler, self._desk), call
        raise PayPalRefusal(404)

    def key_of(self, request: Request, call: Call) -> str | None:
        key = super().key_of(request, call)
        if key is None or _replay_of(call.path) is None:
            return None
        # One request id may serve an order and its capture: PayPal keeps them by kind of request.
        return f"{key} {call.path}"

    def replay(self, kept: Answer, call: Call) -> Reply:
        replay = _replay_of(call.path)
        if replay is None:
            return super().replay(kept, call)
        now = replay(self._desk, call, str(json.loads(kept.body)["id"]))
        return Reply(200, json.dumps(now), replayed=True)

    def refused(self, refusal: PayPalRefusal, account: str | None, cause: Cause) -> Reply:
        return Reply(refusal.status, json.dumps(refusal.body(_debug_id(cause))))

    def plain_refusal(self, status: int) -> PayPalRefusal:
        if status == 403:
            return PayPalRefusal(403, message="The simulator's API is for this computer only.")
        return PayPalRefusal(status)

    def headers(
        self, request: Request, reply: Reply, account: str | None, cause: Cause
    ) -> dict[str, str]:
        return {
            "Cache-Control": "max-age=0, no-cache, no-store, must-revalidate",
            "Date": self._desk.clock.http_date(),
            "Paypal-Debug-Id": _debug_id(cause),
        }

    def catch_up(self) -> None:
        steps = (orders.end_due, refunds.settle_due, subscriptions.charge_due)
        happened = [step(self._desk) for step in steps]
        if any(happened):
            self._changed()


def _replay_of(path: str) -> Replay | None:
    return next((replay for pattern, replay in _REPLAYS if re.fullmatch(pattern, path)), None)


def _debug_id(cause: Cause) -> str:
    return (cause.request_id or "").lower()


def _json(request: Request, body: bytes) -> Any:
    if request.method not in ("POST", "PATCH") or not body:
        return None
    if "application/json" not in request.headers.get("Content-Type", ""):
        raise PayPalRefusal(415)
    try:
        value = json.loads(body.decode(), parse_constant=_not_json)
        # Half a surrogate pair is read without complaint, and could not be written again.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise bad_request("MALFORMED_REQUEST_JSON", "/") from error
    return value


def _not_json(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
