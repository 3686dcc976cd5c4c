"""PayPal's simulator as a whole: its routes, its background work, and its side of control.

What stands outside (`server`, `control`) knows providers only through what is public here.
"""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.sandbox.books import JsonObject, Record
from app.sandbox.control_request import Handler, Refused, flag, json_of, only, whole_or_none, word
from app.sandbox.exchange import Surroundings
from app.sandbox.paypal import (
    ROOT,
    accounts,
    billing,
    captures,
    orders,
    payments,
    refunds,
    subscriptions,
)
from app.sandbox.paypal.api import PayPalApi
from app.sandbox.paypal.book_lines import account_lines, session_line, subscription_line
from app.sandbox.paypal.dashboard import PayPalDashboard
from app.sandbox.paypal.errors import PayPalRefusal
from app.sandbox.paypal.money import SUPPORTED, minor_of
from app.sandbox.paypal.pay_page import PayPage
from app.sandbox.paypal.payments import Choice
from app.sandbox.paypal.postman import PayPalPostman
from app.sandbox.paypal.signing import CERTIFICATES, Signer
from app.sandbox.paypal.subscription_page import SubscriptionPage
from app.sandbox.paypal.workbench import Workbench
from app.sandbox.providers import Landing

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_LARGEST = 10**12
_ORDER = (
    *("amount_minor", "capture", "card", "currency", "cvc", "declined", "delayed", "email", "exp"),
    *("force", "funding", "name", "reason"),
)
_CARDS = {
    "4000000000000002": "unusable",
    "4000000000009995": "unusable",
    "4000000000000069": "unusable",
    "4000002500003155": "challenged",
}
"""What the other providers' test cards come to at PayPal's page."""


class PayPalSandbox:
    """One provider: satisfies `Provider`."""

    name = "paypal"

    def __init__(self, bench: Workbench, surroundings: Surroundings) -> None:
        for schema in (orders.SCHEMA, captures.SCHEMA, refunds.SCHEMA, billing.SCHEMA):
            bench.books.define(schema)
        self._bench = bench
        self._changed = surroundings.changed
        self._signer = Signer(bench)
        self._api = PayPalApi(bench, surroundings, self._signer)
        self._page = PayPage(bench, surroundings.faults, self.catch_up, self._changed)
        self._subscribe = SubscriptionPage(bench, surroundings.faults, self.catch_up, self._changed)
        self.dashboard = PayPalDashboard(bench, self.catch_up, self._changed)
        self.postman = PayPalPostman(bench, self._signer)

    def routes(self) -> list[Route]:
        return [
            *self.page_routes(),
            Route(ROOT + CERTIFICATES + "{name}", self._certificate),
            Route(ROOT + "/{version:path}", self._api.answer, methods=_METHODS),
        ]

    def page_routes(self) -> list[Route]:
        """The customer's pages alone."""
        return [*self._page.routes(), *self._subscribe.routes()]

    def control_table(self) -> Sequence[tuple[str, str, Handler]]:
        return (
            ("GET", "paypal/signing", self._show_signing),
            ("POST", "paypal/signing", self._set_signing),
        )

    def catch_up(self) -> None:
        """Let happen what was due before now: orders end, slow refunds are decided."""
        self._api.catch_up()

    def pay(self, session_id: str, order: JsonObject) -> JsonObject | None:
        """Approve as a customer would, or oddly; None where there is no such session.

        With `capture` the money is taken at once, as if the shop had done it. With `force` an
        order whose time is over is approved late, and one that is paid is paid a second time.
        """
        self.catch_up()
        session = self._session(session_id)
        if session is None:
            return self._agree(session_id, order)
        choice = _choice(only(order, _ORDER))
        captures_now, force = flag(order, "capture"), flag(order, "force")
        try:
            with self._bench.books.transaction():
                state = self._pay(session, choice, captures_now=captures_now, force=force)
        except PayPalRefusal as refusal:
            raise Refused(refusal.words) from refusal
        self._changed()
        return self._outcome(state, session)

    def authenticate(self, session_id: str, *, succeeded: bool) -> JsonObject | None:
        """Answer the bank's challenge; None where nobody was asked."""
        self.catch_up()
        session = self._session(session_id)
        if session is None or orders.is_over(session) or not payments.is_challenged(session):
            return None
        with self._bench.books.transaction():
            state = payments.authenticate(self._bench, session, succeeded=succeeded)
        self._changed()
        return self._outcome(state, session)

    def landing(self, session_id: str) -> Landing | None:
        """Say what a payer who comes back to the shop is to be told."""
        session = self._session(session_id)
        if session is None:
            return None
        made = [self._bench.books.get(captures.KIND, id) for id in session.private["captures"]]
        states = {capture.body["status"] for capture in made if capture is not None}
        if not states.isdisjoint(captures.TAKEN):
            return "paid"
        return "failed" if "DECLINED" in states or orders.is_over(session) else "processing"

    def expire(self, session_id: str) -> JsonObject | None:
        """Let an order's time be over; None where there is no such session."""
        self.catch_up()
        session = self._session(session_id)
        if session is None:
            return self._forget(session_id)
        if session.body["status"] != "COMPLETED" and not orders.is_over(session):
            with self._bench.books.transaction():
                orders.end(self._bench, session)
            self._changed()
        return session_line(session)

    def settle(self, session_id: str, *, succeeded: bool) -> JsonObject | None:
        """Decide a pending capture; None where nothing waits for that."""
        session = self._session(session_id)
        if session is None:
            return self._settle_subscription(session_id, succeeded=succeeded)
        capture = payments.pending_capture(self._bench, session)
        if capture is None:
            return None
        with self._bench.books.transaction():
            if succeeded:
                captures.complete(self._bench, capture)
            else:
                captures.decline(self._bench, capture)
        self._changed()
        return session_line(session)

    def books_of(self, account: str) -> JsonObject | None:
        """What was captured, given back and disputed, in the provider's own words."""
        if not accounts.is_merchant(account):
            return None
        self.catch_up()
        return account_lines(self._bench, account)

    def _pay(
        self, session: Record, choice: Choice, *, captures_now: bool, force: bool
    ) -> payments.State:
        if force and session.body["status"] == "COMPLETED":
            return self._pay_again(session, choice)
        if force and orders.is_over(session):
            session.private["is_over"] = False
            if session.body["status"] == "APPROVED":
                session.body["status"] = "PAYER_ACTION_REQUIRED"
        state = payments.approve(self._bench, session, choice)
        if captures_now and state == "approved":
            taken = payments.take(self._bench, session)
            return "processing" if taken.body["status"] == "PENDING" else "paid"
        return state

    def _agree(self, id: str, order: JsonObject) -> JsonObject | None:
        """Subscribe as a customer would; with a funding that `declines`, its payments fail.

        With `capture` it is begun at once, as if the shop had activated it.
        """
        subscription = self._bench.books.get(billing.KIND, id)
        if subscription is None:
            return None
        choice, begins_now = _choice(only(order, _ORDER)), flag(order, "capture")
        with self._bench.books.transaction():
            done = subscriptions.approve(self._bench, subscription, choice.funding)
            if begins_now and subscription.body["status"] == "APPROVED":
                subscriptions.begin(self._bench, subscription)
            if not done and subscription.body["status"] == "ACTIVE":
                # The payer of a running subscription may choose what the next payments come from.
                subscription.private["funding"] = choice.funding
                self._bench.books.save(subscription)
        self._changed()
        private = subscription.private
        outcome = "paid" if private["done"] else "processing" if private["sales"] else "declined"
        if subscription.body["status"] == "APPROVED":
            outcome = "approved"
        line = subscription_line(subscription)
        return {"outcome": outcome, "code": None, "message": None, **line}

    def _settle_subscription(self, id: str, *, succeeded: bool) -> JsonObject | None:
        subscription = self._bench.books.get(billing.KIND, id)
        if subscription is None:
            return None
        with self._bench.books.transaction():
            is_settled = subscriptions.settle(self._bench, subscription, succeeded=succeeded)
        self._changed()
        return subscription_line(subscription) if is_settled else None

    def _forget(self, id: str) -> JsonObject | None:
        """Let the time to approve a subscription be over."""
        subscription = self._bench.books.get(billing.KIND, id)
        if subscription is None:
            return None
        if subscription.body["status"] == "APPROVAL_PENDING":
            subscription.private["is_over"] = True
            with self._bench.books.transaction():
                self._bench.books.save(subscription)
        return subscription_line(subscription)

    def _pay_again(self, session: Record, choice: Choice) -> payments.State:
        amount = session.body["purchase_units"][0]["amount"]
        minor = choice.minor or minor_of(amount)
        currency = choice.currency or amount["currency_code"]
        captures.add(self._bench, session, minor, currency)
        self._bench.books.save(session)
        return "paid"

    def _outcome(self, state: payments.State, session: Record) -> JsonObject:
        problem = state if state == "declined" else None
        return {"outcome": state, "code": problem, "message": None, **session_line(session)}

    async def _certificate(self, request: Request) -> Response:
        pem = self._signer.certificate(request.path_params["name"])
        return Response(status_code=404) if pem is None else PlainTextResponse(pem)

    async def _show_signing(self, _: Request) -> JsonObject:
        return {"authority": self._signer.authority_pem, "cert_url": self._signer.certificate_url}

    async def _set_signing(self, request: Request) -> JsonObject:
        order = only(await json_of(request), ("cert_url", "rotate"))
        if flag(order, "rotate"):
            self._signer.rotate()
        if "cert_url" in order:
            url = order["cert_url"]
            if url is not None and not isinstance(url, str):
                raise Refused("cert_url must be an address, or null for the true one")
            self._signer.tell_url(url)
        return await self._show_signing(request)

    def _session(self, id: str) -> Record | None:
        return self._bench.books.get(orders.KIND, id)


def _choice(order: JsonObject) -> Choice:
    """What a payer does, from an order to the control API; raises `Refused`."""
    funding = order.get("funding") or _CARDS.get(str(order.get("card", "")).replace(" ", ""))
    if flag(order, "delayed"):
        funding = "echeck"
    elif flag(order, "declined"):
        funding = "declines"
    if funding not in (None, *payments.FUNDINGS):
        raise Refused(f"funding must be one of {', '.join(payments.FUNDINGS)}")
    currency = order.get("currency")
    currency = currency.upper() if isinstance(currency, str) else currency
    if currency not in (None, *SUPPORTED):
        raise Refused("currency must be a code that PayPal supports")
    reason = None
    if order.get("reason") is not None:
        reason = word(order, "reason", "", captures.PENDING_REASONS)
    return Choice(
        funding=funding or "balance",
        name=order.get("name"),
        email=order.get("email"),
        minor=whole_or_none(order, "amount_minor", 1, _LARGEST),
        currency=currency,
        reason=reason,
    )
