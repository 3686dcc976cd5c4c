"""Stripe's API: from an HTTP request to one transaction, and its answer back.

Order of work: account -> parameters -> idempotency key held -> fault -> one transaction with
the effect, its events and the kept answer -> reply.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from app.sandbox.books import JsonObject
from app.sandbox.distortion import distorted
from app.sandbox.faults import Fault, Faults
from app.sandbox.limits import Limits
from app.sandbox.stripe import (
    API_VERSION,
    accounts,
    balance,
    disputes,
    endpoints,
    events,
    payments,
    readings,
    refunds,
    sessions,
    subscriptions,
    versions,
)
from app.sandbox.stripe.errors import StripeRefusal, rate_limited, unrecognized
from app.sandbox.stripe.forms import Form, decode
from app.sandbox.stripe.idempotency import Answer, Keys
from app.sandbox.stripe.parameters import EXPAND
from app.sandbox.stripe.presentation import expanded
from app.sandbox.stripe.workbench import Call, Cause, Workbench
from app.sandbox.traffic import Seen, Traffic
from app.sandbox.wire import BodyTooLarge, CutConnection, body_of, from_loopback, names_loopback

Handler = Callable[[Workbench, Call], JsonObject]

_ID = r"([^/]+)"
_ROUTES: list[tuple[str, str, Handler]] = [
    ("POST", r"/v1/checkout/sessions", sessions.create),
    ("GET", r"/v1/checkout/sessions", sessions.listing),
    ("GET", rf"/v1/checkout/sessions/{_ID}", sessions.retrieve),
    ("POST", rf"/v1/checkout/sessions/{_ID}/expire", sessions.expire),
    ("GET", rf"/v1/checkout/sessions/{_ID}/line_items", sessions.line_items),
    ("GET", r"/v1/payment_intents", readings.list_intents),
    ("GET", rf"/v1/payment_intents/{_ID}", readings.retrieve_intent),
    ("GET", r"/v1/charges", readings.list_charges),
    ("GET", rf"/v1/charges/{_ID}", readings.retrieve_charge),
    ("POST", r"/v1/refunds", refunds.create),
    ("GET", r"/v1/refunds", refunds.listing),
    ("GET", rf"/v1/refunds/{_ID}", refunds.retrieve),
    ("POST", rf"/v1/refunds/{_ID}", refunds.update),
    ("POST", rf"/v1/refunds/{_ID}/cancel", refunds.cancel),
    ("GET", r"/v1/disputes", disputes.listing),
    ("GET", rf"/v1/disputes/{_ID}", disputes.retrieve),
    ("POST", rf"/v1/disputes/{_ID}", disputes.update),
    ("POST", rf"/v1/disputes/{_ID}/close", disputes.close),
    ("GET", r"/v1/balance_transactions", balance.listing),
    ("GET", rf"/v1/balance_transactions/{_ID}", balance.retrieve),
    ("GET", r"/v1/events", events.listing),
    ("GET", rf"/v1/events/{_ID}", events.retrieve),
    ("POST", r"/v1/webhook_endpoints", endpoints.create),
    ("GET", r"/v1/webhook_endpoints", endpoints.listing),
    ("GET", rf"/v1/webhook_endpoints/{_ID}", endpoints.retrieve),
    ("POST", rf"/v1/webhook_endpoints/{_ID}", endpoints.update),
    ("DELETE", rf"/v1/webhook_endpoints/{_ID}", endpoints.delete),
    ("GET", r"/v1/subscriptions/" + _ID, subscriptions.retrieve),
    ("GET", r"/v1/invoices/" + _ID, subscriptions.retrieve_invoice),
    ("GET", r"/v1/account", accounts.retrieve),
    ("GET", r"/v1/balance", balance.retrieve_balance),
]
_PATTERNS = [(method, re.compile(path), handler) for method, path, handler in _ROUTES]


class TooFast(Exception):
    """The account asks more often than it may; `headers` say so and for how long."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(wait_s)
        self.headers = {
            "Retry-After": str(wait_s),
            "Stripe-Rate-Limited-Reason": "global-rate",
            "Stripe-Should-Retry": "false",
        }


@dataclass
class Reply:
    """What goes back, unless a fault cuts the connection first."""

    status: int
    body: str
    original: str | None = None
    replayed: bool = False
    headers: Mapping[str, str] | None = None
    fault: Fault | None = None


class StripeApi:
    """Answers everything below `/v1`; `changed` is called after each commit."""

    def __init__(
        self,
        bench: Workbench,
        faults: Faults,
        traffic: Traffic,
        limits: Limits,
        changed: Callable[[], None],
    ) -> None:
        self._bench = bench
        self._faults = faults
        self._traffic = traffic
        self._limits = limits
        self._changed = changed
        self._keys = Keys(bench)

    async def answer(self, request: Request) -> Response:
        cause = Cause(self._bench.ids("req_", 14), request.headers.get("Idempotency-Key") or None)
        seen = self._traffic.note(
            Seen(
                method=request.method,
                path=request.url.path,
                query=request.url.query,
                idempotency_key=cause.idempotency_key,
                at=self._bench.now(),
            )
        )
        account: str | None = None
        version = API_VERSION
        try:
            body = await body_of(request)
            account = seen.account = _admitted(request)
            version = versions.pinned(self._bench.books, account)
            version = versions.asked(
                self._bench.books, account, request.headers.get("Stripe-Version")
            )
            if wait_s := self._limits.wait_for(account):
                raise TooFast(wait_s)
            handler, call = _routed(request, body, account, cause)
            reply = await self._served(request, handler, call)
        except BodyTooLarge:
            refusal = StripeRefusal(413, "Request body is too large.")
            reply = self._refused(refusal, account, cause)
        except TooFast as too_fast:
            reply = self._refused(rate_limited(), account, cause)
            reply.headers = {**(reply.headers or {}), **too_fast.headers}
        except StripeRefusal as refusal:
            reply = self._refused(refusal, account, cause)
        if reply is None:
            return CutConnection()
        seen.status, seen.replayed = reply.status, reply.replayed
        response = Response(
            reply.body,
            reply.status,
            headers=self._headers(reply, cause, version),
            media_type="application/json",
        )
        return distorted(response, reply.fault, self._faults)

    async def _served(self, request: Request, handler: Handler, call: Call) -> Reply | None:
        """The reply, or None where the connection is to be cut."""
        key = call.cause.idempotency_key if request.method == "POST" else None
        if key is not None:
            self._keys.claim(call.account, key)
        try:
            fault = self._faults.take(request.method, request.url.path)
            await self._faults.delay(fault)
            if fault is not None and fault.drop == "before":
                return None
            if fault is not None and fault.status is not None:
                reply = self._faulty(fault, fault.status, call, key)
            else:
                reply = self._executed(handler, call, key)
            reply.fault = fault
            return None if fault is not None and fault.drop == "after_effect" else reply
        finally:
            if key is not None:
                self._keys.release(call.account, key)

    def _executed(self, handler: Handler, call: Call, key: str | None) -> Reply:
        self.catch_up()
        try:
            with self._bench.books.transaction():
                if key is not None and (kept := self._keys.answer(call)):
                    return _replay(kept)
                reply = self._done(handler, call)
                if key is not None:
                    self._keys.keep(call, reply.status, reply.body)
        except StripeRefusal as refusal:
            reply = self._refused(refusal, call.account, call.cause)
            if key is None or not refusal.stored:
                return reply
            with self._bench.books.transaction():
                self._keys.keep(call, reply.status, reply.body)
        self._changed()
        if key is not None:
            reply.original = call.cause.request_id
        return reply

    def _done(self, handler: Handler, call: Call) -> Reply:
        paths = EXPAND.check(call.form.get("expand", {}), "expand")
        body = expanded(self._bench, call.account, handler(self._bench, call), paths)
        return Reply(200, json.dumps(body, indent=2, ensure_ascii=False))

    def limit(self, per_second: int | None) -> int | None:
        """Set or take away the limit of requests for each account."""
        self._limits.set(per_second)
        return self._limits.per_second

    def catch_up(self) -> None:
        """Let happen what was due before now."""
        steps = (
            sessions.expire_due,
            payments.settle_due,
            refunds.settle_due,
            balance.post_due,
        )
        happened = [step(self._bench) for step in steps]
        if any(happened):
            self._changed()

    def _faulty(self, fault: Fault, status: int, call: Call, key: str | None) -> Reply:
        body, headers = fault.body, fault.headers
        if status == 429:
            headers = {**TooFast(1).headers, **headers}
        if body is None:
            unknown = StripeRefusal(status, "An unknown error occurred.", type="api_error")
            refusal = rate_limited() if status == 429 else unknown
            body = refusal.body(
                account=call.account, request_id=call.cause.request_id or "", at=self._bench.now()
            )
        text = json.dumps(body, indent=2) if fault.text is None else fault.text
        if key is not None and fault.store:
            with self._bench.books.transaction():
                if kept := self._keys.answer(call):
                    return _replay(kept)
                self._keys.keep(call, status, text)
        return Reply(status, text, headers=headers)

    def _refused(self, refusal: StripeRefusal, account: str | None, cause: Cause) -> Reply:
        body = refusal.body(
            account=account, request_id=cause.request_id or "", at=self._bench.now()
        )
        headers = {"Stripe-Should-Retry": "true" if refusal.status == 409 else "false"}
        if refusal.status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="Stripe"'
        return Reply(refusal.status, json.dumps(body, indent=2), headers=headers)

    def _headers(self, reply: Reply, cause: Cause, version: str) -> dict[str, str]:
        headers = {
            "Cache-Control": "no-cache, no-store",
            "Date": self._bench.clock.http_date(),
            "Request-Id": cause.request_id or "",
            "Stripe-Version": version,
        }
        if cause.idempotency_key is not None:
            headers["Idempotency-Key"] = cause.idempotency_key
        if reply.original is not None:
            headers["Original-Request"] = reply.original
        if reply.replayed:
            headers["Idempotent-Replayed"] = "true"
        return {**headers, **(reply.headers or {})}


def _admitted(request: Request) -> str:
    """The account that asks, or Stripe's refusal."""
    if not (from_loopback(request) and names_loopback(request)):
        raise StripeRefusal(403, "The simulator's API is for this computer only.")
    return accounts.authenticate(request.headers.get("Authorization"))


def _routed(request: Request, body: bytes, account: str, cause: Cause) -> tuple[Handler, Call]:
    path = request.url.path
    for method, pattern, handler in _PATTERNS:
        match = pattern.fullmatch(path)
        if match is not None and method == request.method:
            form = _form(request, body)
            return handler, Call(account, path, form, match.groups(), cause)
    raise unrecognized(request.method, path)


def _form(request: Request, body: bytes) -> Form:
    if request.method != "POST":
        return decode(request.url.query.encode())
    content_type = request.headers.get("Content-Type", "")
    if body and "application/x-www-form-urlencoded" not in content_type:
        raise StripeRefusal(
            400,
            "Invalid request (check that your POST content type is"
            " application/x-www-form-urlencoded). If you have any questions, we can help at"
            " https://support.stripe.com/.",
        )
    return decode(body)


def _replay(kept: Answer) -> Reply:
    return Reply(kept.status, kept.body, original=kept.request_id, replayed=True)
