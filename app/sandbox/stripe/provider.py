"""Stripe's simulator as a whole: its routes, its background work, and its side of the control API.

What stands outside (`server`, `control`) knows providers only through what is public here.
"""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.routing import Route

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.control_request import Handler, Refused, json_of, whole
from app.sandbox.exchange import Surroundings
from app.sandbox.providers import Landing
from app.sandbox.stripe import (
    balance,
    intent_payments,
    intents,
    oddities,
    payment_links,
    payments,
    refunds,
    renewals,
    sessions,
    versions,
)
from app.sandbox.stripe.accounts import ACCOUNT_PREFIX
from app.sandbox.stripe.api import StripeApi
from app.sandbox.stripe.book_lines import account_lines, intent_line, link_line, session_line
from app.sandbox.stripe.cards import Entry
from app.sandbox.stripe.dashboard import StripeDashboard
from app.sandbox.stripe.debits import Mandate
from app.sandbox.stripe.elements import elements_routes
from app.sandbox.stripe.outcomes import Outcome, Payer
from app.sandbox.stripe.pay_page import PayPage
from app.sandbox.stripe.postman import StripePostman
from app.sandbox.stripe.subscription_control import SubscriptionControl
from app.sandbox.stripe.workbench import Workbench

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class StripeSandbox:
    """One provider: satisfies `Provider`.

    A payment link's id stands for the page that its newest visitor has open; `pay` begins a visit
    where nobody has one.
    """

    name = "stripe"

    def __init__(self, bench: Workbench, surroundings: Surroundings) -> None:
        bench.books.define(sessions.SCHEMA)
        bench.books.define(payment_links.SCHEMA)
        bench.books.define(refunds.SCHEMA)
        bench.books.define(payments.SCHEMA)
        bench.books.define(balance.SCHEMA)
        bench.books.define(renewals.SCHEMA)
        self._bench = bench
        self._changed = surroundings.changed
        self._api = StripeApi(bench, surroundings)
        self._page = PayPage(bench, surroundings.faults, self.catch_up, self._changed)
        self.dashboard = StripeDashboard(bench, self.catch_up, self._changed)
        self.postman = StripePostman(bench)
        self._billing = SubscriptionControl(bench, self.catch_up, self._changed)

    def routes(self) -> list[Route]:
        return [
            Route("/v1/{path:path}", self._api.answer, methods=_METHODS),
            *elements_routes(),
            *self.page_routes(),
        ]

    def page_routes(self) -> list[Route]:
        """The customer's pages alone."""
        return self._page.routes()

    def control_table(self) -> Sequence[tuple[str, str, Handler]]:
        return (
            ("POST", "debits", self._set_debits),
            ("POST", "versions", self._pin_version),
            *self._billing.table(),
        )

    def catch_up(self) -> None:
        """Let happen what was due before now: sessions expire, slow money is decided."""
        self._api.catch_up()

    def pay(self, session_id: str, order: JsonObject) -> JsonObject | None:
        """Pay as a customer would, or oddly; None where there is no such session."""
        self.catch_up()
        subject = self._visited(session_id) or self._intent(session_id)
        if subject is None:
            return None
        odd, delayed = oddities.read(order), bool(order.get("delayed"))
        payer = Payer(name=order.get("name"), email=order.get("email"))
        way: Entry | Mandate
        if "iban" in order:
            way = Mandate(str(order["iban"]), payer.name or "Ada Sample")
        else:
            way = Entry(
                number=str(order.get("card", "")),
                exp=str(order.get("exp", "12/49")),
                cvc=str(order.get("cvc", "123")),
            )
        with self._bench.books.transaction():
            if subject.kind == intents.KIND:
                outcome = self._pay_intent(subject, way, payer, odd, delayed=delayed)
            else:
                outcome = oddities.pay(self._bench, subject, way, payer, odd, delayed=delayed)
        self._changed()
        is_intent = subject.kind == intents.KIND
        return _outcome_line(outcome, (intent_line if is_intent else session_line)(subject))

    def authenticate(self, session_id: str, *, succeeded: bool) -> JsonObject | None:
        """Answer the bank's challenge; None where nobody was asked."""
        self.catch_up()
        if (intent := self._intent(session_id)) is not None:
            with self._bench.books.transaction():
                proven = intent_payments.authenticate(self._bench, intent, succeeded=succeeded)
            self._changed()
            is_asked = proven.state != "nothing_to_prove"
            return _outcome_line(proven, intent_line(intent)) if is_asked else None
        session = self._session(session_id)
        if session is None or payments.challenged_method(self._bench, session) is None:
            return None
        with self._bench.books.transaction():
            outcome = payments.authenticate(self._bench, session, succeeded=succeeded)
        self._changed()
        return _outcome_line(outcome, session_line(session))

    def landing(self, session_id: str) -> Landing | None:
        """Say what a payer who comes back to the shop is to be told."""
        if (intent := self._intent(session_id)) is not None:
            landed: dict[str, Landing] = {"succeeded": "paid", "processing": "processing"}
            return landed.get(intent.body["status"], "failed")
        session = self._session(session_id)
        if session is None:
            return None
        if session.body["payment_status"] != "unpaid":
            return "paid"
        return "processing" if payments.is_processing(self._bench, session) else "failed"

    def expire(self, session_id: str) -> JsonObject | None:
        """Expire a session if it is open, or end a link; None where there is neither.

        A payment intent never expires by itself: it is canceled as if at the dashboard.
        """
        self.catch_up()
        link = self._bench.books.get(payment_links.KIND, session_id)
        if link is not None:
            with self._bench.books.transaction():
                payment_links.shut(self._bench, link)
            self._changed()
            return link_line(link)
        if (intent := self._intent(session_id)) is not None:
            if intent.body["status"] in intents.OPEN:
                with self._bench.books.transaction():
                    intents.close(self._bench, intent, "abandoned", Cause())
                self._changed()
            return intent_line(intent)
        session = self._session(session_id)
        if session is None:
            return None
        if session.body["status"] == "open":
            with self._bench.books.transaction():
                sessions.close(self._bench, session, Cause())
            self._changed()
        return session_line(session)

    def settle(self, session_id: str, *, succeeded: bool) -> JsonObject | None:
        """Decide a delayed payment; None where nothing waits for that."""
        if (intent := self._intent(session_id)) is not None:
            with self._bench.books.transaction():
                is_settled = payments.settle_intent(self._bench, intent, succeeded=succeeded)
            self._changed()
            return intent_line(intent) if is_settled else None
        session = self._session(session_id)
        if session is None:
            return None
        with self._bench.books.transaction():
            settled = payments.settle_delayed(self._bench, session, succeeded=succeeded)
        self._changed()
        return session_line(session) if settled else None

    def books_of(self, account: str) -> JsonObject | None:
        """What was captured, given back and disputed, in the provider's own words."""
        if not account.startswith(ACCOUNT_PREFIX):
            return None
        self.catch_up()
        return account_lines(self._bench, account)

    async def _set_debits(self, request: Request) -> JsonObject:
        delay_s = whole(await json_of(request), "delay_s", 0, 0, 10**7)
        return {"delay_s": payments.debits_take(self._bench, delay_s)}

    async def _pin_version(self, request: Request) -> JsonObject:
        order = await json_of(request)
        account, version = str(order.get("account", "")), str(order.get("api_version", ""))
        if not versions.pin(self._bench.books, account, version):
            raise Refused("this API version is not known")
        return {"account": account, "api_version": version}

    def _pay_intent(
        self,
        intent: Record,
        way: Entry | Mandate,
        payer: Payer,
        odd: oddities.Oddity,
        *,
        delayed: bool,
    ) -> Outcome:
        if odd == oddities.Oddity():
            return intent_payments.pay(self._bench, intent, way, payer, delayed=delayed)
        return intent_payments.pay_oddly(self._bench, intent, way, payer, odd, delayed=delayed)

    def _session(self, id: str) -> Record | None:
        """The session of that id, or a link's newest."""
        link = self._bench.books.get(payment_links.KIND, id)
        if link is None:
            return self._bench.books.get(sessions.KIND, id)
        return next(reversed(payment_links.sessions_of(self._bench, link)), None)

    def _visited(self, id: str) -> Record | None:
        """The session of that id, or of whoever stands before a link's page."""
        link = self._bench.books.get(payment_links.KIND, id)
        if link is None:
            return self._session(id)
        if open_now := payment_links.open_sessions(self._bench, link):
            return open_now[-1]
        if not payment_links.takes_visits(link):
            return self._session(id)
        with self._bench.books.transaction():
            return payment_links.visit(self._bench, link, {})

    def _intent(self, id: str) -> Record | None:
        """An intent of a shop's own page; that of a Checkout session is paid by its session."""
        found = self._bench.books.get(intents.KIND, id)
        return found if intents.is_own(found) else None


def _outcome_line(outcome: Outcome, line: JsonObject) -> JsonObject:
    problem = outcome.problem
    return {
        "outcome": outcome.state,
        "code": None if problem is None else problem.code,
        "decline_code": getattr(problem, "decline_code", None),
        "message": None if problem is None else problem.message,
        **line,
    }
