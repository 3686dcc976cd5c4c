"""Stripe's API: its routes, its forms, and how it says yes and no."""

import json
import re
from collections.abc import Callable
from functools import partial

from starlette.requests import Request

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject
from app.sandbox.exchange import Answering, Exchange, Reply, Surroundings
from app.sandbox.keys import Answer, Keys
from app.sandbox.stripe import (
    API_VERSION,
    accounts,
    balance,
    disputes,
    endpoints,
    events,
    intents,
    invoices,
    payment_links,
    payments,
    publishable,
    readings,
    refunds,
    renewals,
    sessions,
    setups,
    subscription_calls,
    versions,
)
from app.sandbox.stripe.errors import StripeRefusal, rate_limited, unrecognized
from app.sandbox.stripe.forms import Form, decode
from app.sandbox.stripe.idempotency import StripeKeyRules
from app.sandbox.stripe.parameters import EXPAND
from app.sandbox.stripe.presentation import expanded
from app.sandbox.stripe.workbench import Call, Workbench

Handler = Callable[[Workbench, Call], JsonObject]

_ID = r"([^/]+)"
_ROUTES: list[tuple[str, str, Handler]] = [
    ("POST", r"/v1/checkout/sessions", sessions.create),
    ("GET", r"/v1/checkout/sessions", sessions.listing),
    ("GET", rf"/v1/checkout/sessions/{_ID}", sessions.retrieve),
    ("POST", rf"/v1/checkout/sessions/{_ID}/expire", sessions.expire),
    ("GET", rf"/v1/checkout/sessions/{_ID}/line_items", sessions.line_items),
    ("POST", r"/v1/payment_links", payment_links.create),
    ("GET", r"/v1/payment_links", payment_links.listing),
    ("GET", rf"/v1/payment_links/{_ID}", payment_links.retrieve),
    ("POST", rf"/v1/payment_links/{_ID}", payment_links.update),
    ("GET", rf"/v1/payment_links/{_ID}/line_items", payment_links.line_items),
    ("POST", r"/v1/payment_intents", intents.create),
    ("GET", r"/v1/payment_intents", readings.list_intents),
    ("GET", rf"/v1/payment_intents/{_ID}", readings.retrieve_intent),
    ("POST", rf"/v1/payment_intents/{_ID}", intents.update),
    ("POST", rf"/v1/payment_intents/{_ID}/cancel", intents.cancel),
    ("POST", rf"/v1/payment_intents/{_ID}/confirm", intents.confirm),
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
    ("GET", r"/v1/subscriptions", subscription_calls.listing),
    ("GET", rf"/v1/subscriptions/{_ID}", subscription_calls.retrieve),
    ("POST", rf"/v1/subscriptions/{_ID}", subscription_calls.update),
    ("DELETE", rf"/v1/subscriptions/{_ID}", subscription_calls.cancel),
    ("GET", r"/v1/invoices", invoices.listing),
    ("GET", rf"/v1/invoices/{_ID}", invoices.retrieve),
    ("GET", r"/v1/invoice_payments", invoices.list_payments),
    ("GET", rf"/v1/invoice_payments/{_ID}", invoices.retrieve_payment),
    ("GET", r"/v1/setup_intents", setups.listing),
    ("GET", rf"/v1/setup_intents/{_ID}", setups.retrieve),
    ("GET", rf"/v1/payment_methods/{_ID}", setups.retrieve_method),
    ("GET", rf"/v1/customers/{_ID}", setups.retrieve_customer),
    ("GET", r"/v1/account", accounts.retrieve),
    ("GET", r"/v1/balance", balance.retrieve_balance),
]
_FOR_BROWSERS: list[tuple[str, str, Handler]] = [
    ("GET", rf"/v1/payment_intents/{_ID}", publishable.retrieve),
    ("POST", rf"/v1/payment_intents/{_ID}/confirm", publishable.confirm),
    ("POST", rf"/v1/payment_intents/{_ID}/authenticate", publishable.authenticate),
]


def _compiled(
    routes: list[tuple[str, str, Handler]],
) -> list[tuple[str, re.Pattern[str], Handler]]:
    return [(method, re.compile(path), handler) for method, path, handler in routes]


_PATTERNS, _BROWSERS_PATTERNS = _compiled(_ROUTES), _compiled(_FOR_BROWSERS)


class StripeApi(Exchange[Call, StripeRefusal]):
    """Answers everything below `/v1`."""

    refusal = StripeRefusal

    def __init__(self, bench: Workbench, surroundings: Surroundings) -> None:
        super().__init__(bench, Keys(bench, StripeKeyRules()), surroundings)
        self._desk = bench

    def account_of(self, request: Request) -> str:
        return accounts.authenticate(request.headers.get("Authorization"))

    def read(
        self, request: Request, body: bytes, account: str, cause: Cause
    ) -> tuple[Answering[Call], Call]:
        versions.asked(self._desk.books, account, request.headers.get("Stripe-Version"))
        path = request.url.path
        is_browser = accounts.is_publishable(request.headers.get("Authorization"))
        for method, pattern, handler in _BROWSERS_PATTERNS if is_browser else _PATTERNS:
            match = pattern.fullmatch(path)
            if match is not None and method == request.method:
                form = _form(request, body)
                call = Call(account, path, match.groups(), cause, form)
                return partial(self._done, handler), call
        raise (
            publishable.secret_key_required() if is_browser else unrecognized(request.method, path)
        )

    def refused(self, refusal: StripeRefusal, account: str | None, cause: Cause) -> Reply:
        body = refusal.body(account=account, request_id=cause.request_id or "", at=self._desk.now())
        headers = {"Stripe-Should-Retry": "true" if refusal.status == 409 else "false"}
        if refusal.status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="Stripe"'
        return Reply(refusal.status, json.dumps(body, indent=2), headers)

    def plain_refusal(self, status: int) -> StripeRefusal:
        if status == 429:
            return rate_limited()
        words = {
            403: "The simulator's API is for this computer only.",
            413: "Request body is too large.",
        }
        if status in words:
            return StripeRefusal(status, words[status])
        return StripeRefusal(status, "An unknown error occurred.", type="api_error")

    def waiting_headers(self, wait_s: int) -> dict[str, str]:
        return {
            "Retry-After": str(wait_s),
            "Stripe-Rate-Limited-Reason": "global-rate",
            "Stripe-Should-Retry": "false",
        }

    def headers(
        self, request: Request, reply: Reply, account: str | None, cause: Cause
    ) -> dict[str, str]:
        headers = {
            "Cache-Control": "no-cache, no-store",
            "Date": self._desk.clock.http_date(),
            "Request-Id": cause.request_id or "",
            "Stripe-Version": self._version(request, account),
        }
        if cause.idempotency_key is not None:
            headers["Idempotency-Key"] = cause.idempotency_key
        if reply.is_kept:
            headers["Original-Request"] = cause.request_id or ""
        return headers

    def replay(self, kept: Answer, call: Call) -> Reply:
        headers = {"Original-Request": kept.request_id, "Idempotent-Replayed": "true"}
        return Reply(kept.status, kept.body, headers, replayed=True)

    def catch_up(self) -> None:
        steps = (
            sessions.expire_due,
            payments.settle_due,
            renewals.charge_due,
            refunds.settle_due,
            balance.post_due,
        )
        happened = [step(self._desk) for step in steps]
        if any(happened):
            self._changed()

    def _done(self, handler: Handler, call: Call) -> tuple[int, JsonObject]:
        paths = EXPAND.check(call.form.get("expand", {}), "expand")
        body = handler(self._desk, call)
        # A declined card is an error that has happened: a charge and its events are in the books.
        if "error" in body:
            return 402, body
        return 200, expanded(self._desk, call.account, body, paths)

    def _version(self, request: Request, account: str | None) -> str:
        """Say in which version is answered: the asked one, the account's, or the newest."""
        if account is None:
            return API_VERSION
        try:
            return versions.asked(self._desk.books, account, request.headers.get("Stripe-Version"))
        except StripeRefusal:
            return versions.pinned(self._desk.books, account)


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
