"""Razorpay's API: its routes, its JSON, and how it says yes and no."""

import json
import re
from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qsl

from starlette.requests import Request

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject
from app.sandbox.exchange import Answering, Exchange, Reply, Surroundings
from app.sandbox.keys import Keys
from app.sandbox.razorpay import (
    accounts,
    disputes,
    errors,
    features,
    fees,
    invoices,
    links,
    payments,
    plans,
    qr_codes,
    readings,
    refund_keys,
    refunds,
    renewals,
    subscriptions,
    webhooks,
)
from app.sandbox.razorpay.errors import RazorpayRefusal, bad_request
from app.sandbox.razorpay.workbench import Call, Workbench

Handler = Callable[[Workbench, Call], JsonObject]

PREFIX = "/razorpay"
_ID = r"([^/]+)"
_REFUND = rf"/v1/payments/{_ID}/refund"
_ROUTES: list[tuple[str, str, Handler]] = [
    ("POST", r"/v1/payment_links", links.create),
    ("GET", r"/v1/payment_links", links.listing),
    ("GET", rf"/v1/payment_links/{_ID}", links.retrieve),
    ("POST", rf"/v1/payment_links/{_ID}/cancel", links.cancel),
    ("POST", r"/v1/payments/qr_codes", qr_codes.create),
    ("GET", r"/v1/payments/qr_codes", qr_codes.listing),
    ("GET", rf"/v1/payments/qr_codes/{_ID}", qr_codes.retrieve),
    ("GET", rf"/v1/payments/qr_codes/{_ID}/payments", qr_codes.payments),
    ("POST", rf"/v1/payments/qr_codes/{_ID}/close", qr_codes.close),
    ("GET", r"/v1/payments", readings.list_payments),
    ("GET", rf"/v1/payments/{_ID}", readings.retrieve_payment),
    ("POST", rf"/v1/payments/{_ID}/capture", payments.capture),
    ("POST", _REFUND, refunds.create),
    ("GET", rf"/v1/payments/{_ID}/refunds", refunds.of_payment),
    ("GET", rf"/v1/payments/{_ID}/refunds/{_ID}", refunds.retrieve),
    ("GET", r"/v1/refunds", refunds.listing),
    ("GET", rf"/v1/refunds/{_ID}", refunds.retrieve),
    ("GET", rf"/v1/orders/{_ID}", readings.retrieve_order),
    ("GET", rf"/v1/orders/{_ID}/payments", readings.order_payments),
    ("GET", r"/v1/disputes", disputes.listing),
    ("GET", rf"/v1/disputes/{_ID}", disputes.retrieve),
    ("POST", rf"/v1/disputes/{_ID}/accept", disputes.accept),
    ("PATCH", rf"/v1/disputes/{_ID}/contest", disputes.contest),
    ("POST", r"/v1/plans", plans.create),
    ("GET", r"/v1/plans", plans.listing),
    ("GET", rf"/v1/plans/{_ID}", plans.retrieve),
    ("POST", r"/v1/subscriptions", subscriptions.create),
    ("GET", r"/v1/subscriptions", subscriptions.listing),
    ("GET", rf"/v1/subscriptions/{_ID}", subscriptions.retrieve),
    ("POST", rf"/v1/subscriptions/{_ID}/cancel", subscriptions.cancel),
    ("POST", rf"/v1/subscriptions/{_ID}/pause", subscriptions.pause),
    ("POST", rf"/v1/subscriptions/{_ID}/resume", subscriptions.resume),
    ("GET", r"/v1/invoices", invoices.listing),
    ("GET", rf"/v1/invoices/{_ID}", invoices.retrieve),
]
_PATTERNS = [(method, re.compile(path), handler) for method, path, handler in _ROUTES]
_REFUND_PATH = re.compile(_REFUND)


class RazorpayApi(Exchange[Call, RazorpayRefusal]):
    """Answers everything below `/razorpay/v1`."""

    refusal = RazorpayRefusal
    key_header = refund_keys.HEADER
    keeps_faults = False

    def __init__(self, bench: Workbench, surroundings: Surroundings) -> None:
        super().__init__(bench, Keys(bench, refund_keys.RefundKeyRules()), surroundings)
        self._desk = bench

    def account_of(self, request: Request) -> str:
        return accounts.authenticate(self._desk.books, request.headers.get("Authorization"))

    def read(
        self, request: Request, body: bytes, account: str, cause: Cause
    ) -> tuple[Answering[Call], Call]:
        path = request.url.path.removeprefix(PREFIX).rstrip("/")
        features.check_enabled(self._desk, path)
        for method, pattern, handler in _PATTERNS:
            match = pattern.fullmatch(path)
            if match is not None and method == request.method:
                params = _params(request, body)
                call = Call(account, path, match.groups(), cause, params)
                return partial(self._done, handler), call
        raise errors.unrecognized()

    def key_of(self, request: Request, call: Call) -> str | None:
        """A refund has a key, and nothing else: a link that is made twice is refused or is two."""
        is_refund = request.method == "POST" and _REFUND_PATH.fullmatch(call.path)
        return call.cause.idempotency_key if is_refund else None

    def refused(self, refusal: RazorpayRefusal, account: str | None, cause: Cause) -> Reply:
        return Reply(refusal.status, json.dumps(refusal.body(), separators=(",", ":")))

    def plain_refusal(self, status: int) -> RazorpayRefusal:
        return errors.plain(status)

    def headers(
        self, request: Request, reply: Reply, account: str | None, cause: Cause
    ) -> dict[str, str]:
        return {
            "Cache-Control": "no-cache, private",
            "Date": self._desk.clock.http_date(),
            "Request-Id": cause.request_id or "",
        }

    def catch_up(self) -> None:
        steps = (
            links.expire_due,
            qr_codes.close_due,
            subscriptions.expire_due,
            renewals.charge_due,
            payments.settle_due,
            refunds.settle_due,
            fees.post_due,
            webhooks.switch_off_failing,
        )
        happened = [step(self._desk) for step in steps]
        if any(happened):
            self._changed()

    def _done(self, handler: Handler, call: Call) -> tuple[int, JsonObject]:
        return 200, handler(self._desk, call)


def _params(request: Request, body: bytes) -> JsonObject:
    if request.method == "GET":
        return dict(parse_qsl(request.url.query, keep_blank_values=True))
    if not body:
        return {}
    if "application/json" not in request.headers.get("Content-Type", ""):
        raise errors.not_simulated("other bodies than JSON (Content-Type: application/json)")
    try:
        values = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise bad_request("Please provide a valid JSON body") from error
    if values == []:  # how some languages spell an empty object
        return {}
    if not isinstance(values, dict):
        raise bad_request("Please provide a valid JSON body")
    return values
