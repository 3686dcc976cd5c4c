"""Razorpay's simulator as a whole: its routes, its background work, its side of the control API.

What stands outside (`server`, `control`) knows providers only through what is public here.
"""

from collections.abc import Sequence

from starlette.routing import Route

from app.sandbox.books import JsonObject, Record
from app.sandbox.control_request import Handler, Refused, flag, whole_or_none
from app.sandbox.exchange import Surroundings
from app.sandbox.providers import Landing
from app.sandbox.razorpay import (
    charges,
    invoices,
    links,
    payments,
    qr_codes,
    subscriptions,
    webhooks,
    workbench,
)
from app.sandbox.razorpay.accounts import ACCOUNT_PREFIX
from app.sandbox.razorpay.api import PREFIX, RazorpayApi
from app.sandbox.razorpay.book_lines import account_lines, session_line
from app.sandbox.razorpay.control import RazorpayControl
from app.sandbox.razorpay.currencies import LARGEST, SUPPORTED
from app.sandbox.razorpay.dashboard import RazorpayDashboard
from app.sandbox.razorpay.pay_page import PayPage
from app.sandbox.razorpay.postman import RazorpayPostman
from app.sandbox.razorpay.ways import FAILURE_VPA, SUCCESS_VPA, CardEntry, UpiEntry
from app.sandbox.razorpay.workbench import Workbench

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_KINDS = (links.KIND, qr_codes.KIND, subscriptions.KIND)


class RazorpaySandbox:
    """One provider: satisfies `Provider`. Its sessions are links, QR codes and subscriptions."""

    name = "razorpay"

    def __init__(self, bench: Workbench, surroundings: Surroundings) -> None:
        parts = (workbench, links, charges, invoices, webhooks)
        for schema in (part.SCHEMA for part in parts):
            bench.books.define(schema)
        self._bench = bench
        self._changed = surroundings.changed
        self._api = RazorpayApi(bench, surroundings)
        self._page = PayPage(bench, surroundings.faults, self.catch_up, self._changed)
        self._control = RazorpayControl(bench, self._changed)
        self.dashboard = RazorpayDashboard(bench, self.catch_up, self._changed)
        self.postman = RazorpayPostman(bench)

    def routes(self) -> list[Route]:
        return [
            Route(PREFIX + "/v1/{path:path}", self._api.answer, methods=_METHODS),
            *self.page_routes(),
        ]

    def page_routes(self) -> list[Route]:
        """The customer's pages alone."""
        return self._page.routes()

    def control_table(self) -> Sequence[tuple[str, str, Handler]]:
        return self._control.table()

    def catch_up(self) -> None:
        """Let happen what was due before now: links expire, slow money is decided."""
        self._api.catch_up()

    def pay(self, session_id: str, order: JsonObject) -> JsonObject | None:
        """Pay as a customer would, or oddly; None where there is no such session.

        By `card` (with `exp`, `cvc`) or `vpa`; without either by UPI, which `declined` refuses.
        """
        self.catch_up()
        session = self._session(session_id)
        if session is None:
            return None
        odd = _oddity(order)
        way = _way(order)
        if session.kind == qr_codes.KIND and isinstance(way, CardEntry):
            raise Refused("a UPI QR code is paid by UPI: vpa instead of card")
        with self._bench.books.transaction():
            outcome = payments.pay(
                self._bench,
                session,
                way,
                email=order.get("email"),
                odd=odd,
                delayed=flag(order, "delayed"),
            )
        self._changed()
        return _outcome_line(outcome, session)

    def authenticate(self, session_id: str, *, succeeded: bool) -> JsonObject | None:
        """Answer the bank's challenge; None where nobody was asked."""
        self.catch_up()
        session = self._session(session_id)
        if session is None or payments.challenged(self._bench, session) is None:
            return None
        with self._bench.books.transaction():
            outcome = payments.authenticate(self._bench, session, succeeded=succeeded)
        self._changed()
        return _outcome_line(outcome, session)

    def landing(self, session_id: str) -> Landing | None:
        """Say what a payer who comes back to the shop is to be told."""
        session = self._session(session_id)
        if session is None:
            return None
        if session_line(session)["payment_status"] == "paid":
            return "paid"
        return "processing" if payments.waiting(self._bench, session) else "failed"

    def expire(self, session_id: str) -> JsonObject | None:
        """Let the time of an open session be over; None where there is no such session."""
        self.catch_up()
        session = self._session(session_id)
        if session is None:
            return None
        with self._bench.books.transaction():
            if session.kind == qr_codes.KIND and session.body["status"] == "active":
                qr_codes.shut(self._bench, session, None)
            elif session.kind == links.KIND and session.body["status"] in links.OPEN:
                links.close(self._bench, session, "expired")
            elif session.kind == subscriptions.KIND and session.body["status"] == "created":
                subscriptions.end(self._bench, session, "expired")
        self._changed()
        return session_line(session)

    def settle(self, session_id: str, *, succeeded: bool) -> JsonObject | None:
        """Capture an authorised payment, or give it back; None where nothing waits for that."""
        session = self._session(session_id)
        if session is None:
            return None
        with self._bench.books.transaction():
            settled = payments.settle(self._bench, session, succeeded=succeeded)
        self._changed()
        return session_line(session) if settled else None

    def books_of(self, account: str) -> JsonObject | None:
        """What was captured, given back and disputed, in the provider's own words."""
        if not account.startswith(ACCOUNT_PREFIX):
            return None
        self.catch_up()
        return account_lines(self._bench, account)

    def _session(self, id: str) -> Record | None:
        found = (self._bench.books.get(kind, id) for kind in _KINDS)
        return next((record for record in found if record is not None), None)


def _way(order: JsonObject) -> CardEntry | UpiEntry:
    if "card" in order:
        return CardEntry(
            str(order["card"]), str(order.get("exp", "12/49")), str(order.get("cvc", "123"))
        )
    default = FAILURE_VPA if flag(order, "declined") else SUCCESS_VPA
    return UpiEntry(str(order.get("vpa", default)))


def _oddity(order: JsonObject) -> payments.Oddity:
    currency = order.get("currency")
    if currency is not None and str(currency).upper() not in SUPPORTED:
        raise Refused("currency must be a code that Razorpay supports")
    if flag(order, "livemode"):
        raise Refused("nothing that Razorpay answers tells the mode: a live key is another key")
    return payments.Oddity(
        amount=whole_or_none(order, "amount_minor", 1, LARGEST),
        currency=None if currency is None else str(currency).upper(),
        force=flag(order, "force"),
    )


def _outcome_line(outcome: payments.Outcome, session: Record) -> JsonObject:
    problem = outcome.problem
    return {
        "outcome": outcome.state,
        "code": None if problem is None else problem.code,
        "decline_code": None,
        "message": None if problem is None else problem.message,
        "payment_id": None if outcome.payment is None else outcome.payment.id,
        **session_line(session),
    }
