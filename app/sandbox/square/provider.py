"""Square's simulator as a whole: its routes, its background work, and its side of the control API.

What stands outside (`server`, `control`) knows providers only through what is public here.
"""

from collections.abc import Sequence
from typing import Literal

from starlette.requests import Request
from starlette.routing import Route

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.control_request import Handler, Refused, flag, found, json_of, whole, whole_or_none
from app.sandbox.exchange import Surroundings
from app.sandbox.providers import Landing
from app.sandbox.square import (
    BASE,
    CURRENCIES,
    cards,
    fees,
    links,
    merchants,
    orders,
    payments,
    readings,
    refunds,
    subscribers,
    subscriptions,
)
from app.sandbox.square.api import SquareApi
from app.sandbox.square.book_lines import account_lines, session_line
from app.sandbox.square.dashboard import SquareDashboard
from app.sandbox.square.pay_page import PayPage
from app.sandbox.square.postman import SquarePostman
from app.sandbox.square.subscription_control import SubscriptionControl
from app.sandbox.square.workbench import LINK, ORDER, Workbench

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_DECLINED = "4000000000000002"


class SquareSandbox:
    """One provider: satisfies `Provider`. A session is a payment link, known by its order too."""

    name = "square"

    def __init__(self, bench: Workbench, surroundings: Surroundings) -> None:
        for part in (links, fees, refunds, subscriptions):
            bench.books.define(part.SCHEMA)
        self._bench = bench
        self._changed = surroundings.changed
        self._api = SquareApi(bench, surroundings)
        self._page = PayPage(bench, surroundings.faults, self.catch_up, self._changed)
        self.dashboard = SquareDashboard(bench, self.catch_up, self._changed)
        self.postman = SquarePostman(bench)
        self._subscriptions = SubscriptionControl(bench, self.catch_up, self._changed)

    def routes(self) -> list[Route]:
        return [
            Route(BASE + "/v2/{path:path}", self._api.answer, methods=_METHODS),
            *self.page_routes(),
        ]

    def page_routes(self) -> list[Route]:
        """The customer's pages alone."""
        return self._page.routes()

    def control_table(self) -> Sequence[tuple[str, str, Handler]]:
        return (
            ("POST", "square/lists", self._set_lag),
            ("POST", "square/orders/{id}/purge", self._purge),
            *self._subscriptions.table(),
        )

    def catch_up(self) -> None:
        """Let happen what was due before now: fees, refunds, renewals."""
        self._api.catch_up()

    def pay(self, session_id: str, order: JsonObject) -> JsonObject | None:
        """Pay as a customer would, or oddly; None where there is no such link.

        `delayed` leaves it PENDING from a bank account, or APPROVED where it says so.
        """
        self.catch_up()
        link = self._link(session_id)
        if link is None:
            return None
        card = _DECLINED if flag(order, "declined") else str(order.get("card", ""))
        entry = cards.Entry(card, str(order.get("exp", "12/49")), str(order.get("cvc", "123")))
        payer = payments.Payer(order.get("name"), order.get("email"))
        delayed, odd = _delayed(order), _odd(order)
        with self._bench.books.transaction():
            outcome = payments.pay(self._bench, link, entry, payer, delayed=delayed, odd=odd)
        self._changed()
        return self._outcome_line(outcome, link)

    def expire(self, session_id: str) -> JsonObject | None:
        """Cancel a link that was not paid, as its deletion does; None where there is none."""
        self.catch_up()
        link = self._link(session_id)
        if link is None:
            return None
        if subscribers.order_of(self._bench, link).body["state"] == "DRAFT":
            order = self._bench.known(ORDER, link.body["order_id"])
            with self._bench.books.transaction():
                links.close(self._bench, link, order, Cause())
            self._changed()
        return session_line(self._bench, link)

    def authenticate(self, session_id: str, *, succeeded: bool) -> JsonObject | None:
        """Answer the bank's challenge; None where nobody was asked."""
        self.catch_up()
        link = self._link(session_id)
        if link is None or payments.challenged(link) is None:
            return None
        with self._bench.books.transaction():
            outcome = payments.authenticate(self._bench, link, succeeded=succeeded)
        self._changed()
        return self._outcome_line(outcome, link)

    def settle(self, session_id: str, *, succeeded: bool) -> JsonObject | None:
        """Decide a payment that is on its way; None where nothing is."""
        link = self._link(session_id)
        if link is None:
            return None
        with self._bench.books.transaction():
            settled = payments.settle(self._bench, link, succeeded=succeeded)
        self._changed()
        return session_line(self._bench, link) if settled else None

    def landing(self, session_id: str) -> Landing | None:
        """Say what a payer who comes back to the shop is to be told."""
        link = self._link(session_id)
        if link is None:
            return None
        order = subscribers.order_of(self._bench, link)
        if order.body["state"] in ("DRAFT", "CANCELED"):
            return "failed"
        return "paid" if payments.under_way(self._bench, order) is None else "processing"

    def books_of(self, account: str) -> JsonObject | None:
        """What was captured, given back and disputed, in the provider's own words."""
        if not merchants.is_merchant(account) or not self._is_ours(account):
            return None
        self.catch_up()
        return account_lines(self._bench, account)

    async def _set_lag(self, request: Request) -> JsonObject:
        lag_s = whole(await json_of(request), "lag_s", 0, 0, 3600)
        return {"lag_s": readings.lag(self._bench, lag_s)}

    async def _purge(self, request: Request) -> JsonObject:
        order = self._bench.books.get(ORDER, request.path_params["id"])
        if order is None:
            return found(None)
        with self._bench.books.transaction():
            gone = orders.purge(self._bench, order)
        return found({"id": order.id} if gone else None)

    def _is_ours(self, account: str) -> bool:
        row = self._bench.books.connection.execute(
            "SELECT 1 FROM objects WHERE account = ? AND kind GLOB 'square.*' LIMIT 1", (account,)
        ).fetchone()
        return row is not None

    def _link(self, id: str) -> Record | None:
        """Find a link by its id or its order's, after which the till may have put more."""
        return self._bench.books.get(LINK, id) or links.of_order(self._bench, id.partition(".")[0])

    def _outcome_line(self, outcome: payments.Outcome, link: Record) -> JsonObject:
        problem = outcome.problem
        said = getattr(problem, "detail", None) or getattr(problem, "message", None)
        return {
            "outcome": outcome.state,
            "code": None if problem is None else problem.code,
            "decline_code": None,
            "message": said,
            **session_line(self._bench, link),
        }


def _delayed(order: JsonObject) -> Literal["APPROVED", "PENDING"] | None:
    wanted = order.get("delayed", False)
    if wanted == "APPROVED":
        return "APPROVED"
    if wanted not in (True, False, "PENDING"):
        raise Refused("delayed must be true, false, APPROVED or PENDING")
    return "PENDING" if wanted else None


def _odd(order: JsonObject) -> payments.Odd:
    """Read the odd part of an order to pay; raises `Refused`."""
    if order.get("livemode"):
        raise Refused("at Square the host says whether money is real, never a payment")
    currency = order.get("currency")
    if currency is not None and str(currency).upper() not in CURRENCIES.values():
        raise Refused(f"currency must be one of {', '.join(CURRENCIES.values())}")
    return payments.Odd(
        amount=whole_or_none(order, "amount_minor", 1, 10**12),
        currency=None if currency is None else str(currency).upper(),
        force=flag(order, "force"),
    )
