"""Square's API: its routes, its JSON, and how it says yes and no."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.requests import Request

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject
from app.sandbox.exchange import Answering, Exchange, Reply, Surroundings
from app.sandbox.keys import Keys
from app.sandbox.square import (
    API_VERSION,
    BASE,
    catalog,
    disputes,
    events,
    fees,
    links,
    merchants,
    order_search,
    orders,
    readings,
    refunds,
    subscribing,
    subscriptions,
    webhooks,
)
from app.sandbox.square.errors import (
    SquareRefusal,
    invalid,
    no_such_method,
    no_such_resource,
    plain,
)
from app.sandbox.square.idempotency import SquareKeyRules
from app.sandbox.square.workbench import Call, Workbench

Handler = Callable[[Workbench, Call], JsonObject]

_ID = r"([^/]+)"
_LINKS = r"/v2/online-checkout/payment-links"
_HOOKS = r"/v2/webhooks/subscriptions"
_ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", r"/v2/locations", merchants.list_locations),
    ("GET", rf"/v2/locations/{_ID}", merchants.retrieve_location),
    ("GET", r"/v2/merchants", merchants.list_merchants),
    ("GET", rf"/v2/merchants/{_ID}", merchants.retrieve),
    ("POST", _LINKS, links.create),
    ("GET", _LINKS, links.list_links),
    ("GET", rf"{_LINKS}/{_ID}", links.retrieve),
    ("DELETE", rf"{_LINKS}/{_ID}", links.delete),
    ("POST", r"/v2/orders/search", order_search.search),
    ("GET", rf"/v2/orders/{_ID}", orders.retrieve),
    ("GET", r"/v2/payments", readings.list_payments),
    ("GET", rf"/v2/payments/{_ID}", readings.retrieve),
    ("POST", r"/v2/refunds", refunds.create),
    ("GET", r"/v2/refunds", refunds.list_refunds),
    ("GET", rf"/v2/refunds/{_ID}", refunds.retrieve),
    ("GET", r"/v2/disputes", disputes.list_disputes),
    ("GET", rf"/v2/disputes/{_ID}", disputes.retrieve),
    ("POST", rf"/v2/disputes/{_ID}/accept", disputes.accept),
    ("POST", r"/v2/events", events.search),
    ("PUT", r"/v2/events/enable", events.enable),
    ("PUT", r"/v2/events/disable", events.disable),
    ("GET", r"/v2/events/types", events.types),
    ("GET", r"/v2/webhooks/event-types", events.types),
    ("POST", _HOOKS, webhooks.create),
    ("GET", _HOOKS, webhooks.list_subscriptions),
    ("GET", rf"{_HOOKS}/{_ID}", webhooks.retrieve),
    ("PUT", rf"{_HOOKS}/{_ID}", webhooks.update),
    ("DELETE", rf"{_HOOKS}/{_ID}", webhooks.delete),
    ("POST", rf"{_HOOKS}/{_ID}/signature-key", webhooks.rotate),
    ("POST", rf"{_HOOKS}/{_ID}/test", webhooks.test),
    ("POST", r"/v2/catalog/object", catalog.upsert),
    ("GET", rf"/v2/catalog/object/{_ID}", catalog.retrieve),
    ("GET", r"/v2/catalog/list", catalog.list_objects),
    ("POST", r"/v2/subscriptions/search", subscribing.search),
    ("GET", rf"/v2/subscriptions/{_ID}", subscribing.retrieve),
    ("POST", rf"/v2/subscriptions/{_ID}/cancel", subscribing.cancel),
    ("DELETE", rf"/v2/subscriptions/{_ID}/actions/{_ID}", subscribing.undo),
    ("GET", rf"/v2/invoices/{_ID}", subscribing.retrieve_invoice),
    ("GET", rf"/v2/customers/{_ID}", subscribing.retrieve_customer),
]
_PATTERNS = [(method, re.compile(path), handler) for method, path, handler in _ROUTES]
_VERSION = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])-[0-3][0-9]")


class SquareApi(Exchange[Call, SquareRefusal]):
    """Answers everything below `/square/v2`."""

    refusal = SquareRefusal
    keeps_faults = False

    def __init__(self, bench: Workbench, surroundings: Surroundings) -> None:
        super().__init__(bench, Keys(bench, SquareKeyRules()), surroundings)
        self._desk = bench

    def account_of(self, request: Request) -> str:
        return merchants.authenticate(request.headers.get("Authorization"))

    def read(
        self, request: Request, body: bytes, account: str, cause: Cause
    ) -> tuple[Answering[Call], Call]:
        version = request.headers.get("Square-Version")
        if version is not None and not _VERSION.fullmatch(version):
            detail = "The Square-Version header is not of the form YYYY-MM-DD."
            raise invalid("INVALID_SQUARE_VERSION_FORMAT", detail)
        path = request.url.path.removeprefix(BASE)
        found = [
            (method, match, handler)
            for method, pattern, handler in _PATTERNS
            if (match := pattern.fullmatch(path)) is not None
        ]
        for method, match, handler in found:
            if method == request.method:
                said = _json(request, body)
                key = said.get("idempotency_key")
                cause = replace(cause, idempotency_key=key if isinstance(key, str) else None)
                call = Call(
                    account,
                    path,
                    match.groups(),
                    cause,
                    method,
                    said,
                    dict(request.query_params),
                )
                return partial(self._done, handler), call
        raise no_such_method() if found else no_such_resource()

    def key_of(self, request: Request, call: Call) -> str | None:
        """Give the body's key; an empty one is none."""
        return call.cause.idempotency_key or None

    def refused(self, refusal: SquareRefusal, account: str | None, cause: Cause) -> Reply:
        return Reply(refusal.status, json.dumps(refusal.body(), indent=1))

    def plain_refusal(self, status: int) -> SquareRefusal:
        return plain(status)

    def headers(
        self, request: Request, reply: Reply, account: str | None, cause: Cause
    ) -> dict[str, str]:
        return {
            "Cache-Control": "no-cache, no-store",
            "Date": self._desk.clock.http_date(),
            "Square-Version": request.headers.get("Square-Version", API_VERSION),
            "X-Request-Id": cause.request_id or "",
        }

    def catch_up(self) -> None:
        steps = (fees.settle_due, refunds.settle_due, subscriptions.settle_due)
        happened = [step(self._desk) for step in steps]
        if any(happened):
            self._changed()

    def _done(self, handler: Handler, call: Call) -> tuple[int, JsonObject]:
        return 200, handler(self._desk, call)


def _json(request: Request, body: bytes) -> dict[str, Any]:
    if request.method in ("GET", "DELETE") or not body:
        return {}
    try:
        said = json.loads(body)
        # Half a surrogate is JSON, and no text that could be answered or kept.
        json.dumps(said, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise invalid("EXPECTED_JSON_BODY", "The request body is not a JSON object.")
    return said
