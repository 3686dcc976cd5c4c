"""The hosted page of a Checkout session: shown on GET, paid by POST to the same path."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.sandbox.books import JsonObject, Record
from app.sandbox.pages.challenge import Challenge, challenge_page
from app.sandbox.pages.outcome import (
    already_paid_page,
    deactivated_page,
    expired_page,
    not_debited_page,
    not_found_page,
    saved_page,
)
from app.sandbox.pages.pay import BANK_DEBIT, Bill, Line, Problem, pay_page
from app.sandbox.pages.visit import Form, HostedPages, every, times, verdict_in
from app.sandbox.stripe import debits, payment_links, payments, sessions
from app.sandbox.stripe.cards import Decline, Entry, Unusable
from app.sandbox.stripe.currencies import shown
from app.sandbox.stripe.objects.payment_link import LINK_PATH
from app.sandbox.stripe.objects.session import PAGE_PATH
from app.sandbox.stripe.outcomes import Outcome, Payer
from app.sandbox.stripe.workbench import Workbench

_CHALLENGE = "/challenge"
_HINTS = {
    "generic_decline": "Nothing was charged. Try another card.",
    "insufficient_funds": "Nothing was charged. Try another card.",
    "expired_card": "Nothing was charged. Check the date, or try another card.",
    "incorrect_number": "Check the digits and try again.",
    "invalid_iban": "Check the digits and try again.",
    "payment_intent_authentication_failure": "Nothing was charged.",
    "processing_error": "Nothing was charged. Try again, or use another card.",
}
_BUTTONS = {"book": "Book", "donate": "Donate", "subscribe": "Subscribe for"}


class PayPage(HostedPages[Workbench]):
    """`/c/pay/{session}` with its challenge, and `/test_{link}`, which leads to a new session.

    For browsers and for plain HTTP clients alike.
    """

    def routes(self) -> list[Route]:
        path = PAGE_PATH + "{session}"
        return [
            self._route(path, self._answered),
            self._route(path + _CHALLENGE, self._answered),
            self._route(LINK_PATH + "{link}", self._visited, "GET"),
        ]

    def _answered(self, request: Request, form: Form) -> Response:
        session = self._bench.books.get(sessions.KIND, request.path_params["session"])
        if session is None:
            return not_found_page()
        if session.body["status"] != "open":
            return self._closed(session)
        if request.url.path.endswith(_CHALLENGE):
            return self._challenged(session, form)
        if request.method == "POST":
            return self._paid(session, form)
        return pay_page(self._bill(session, {}, None))

    def _visited(self, request: Request, _: Form) -> Response:
        """Open a session of the visitor's own, unless somebody only asks whether this is here."""
        link = payment_links.by_code(self._bench, request.path_params["link"])
        if link is None:
            return not_found_page()
        if not payment_links.takes_visits(link):
            return deactivated_page(shop=self._bench.shop_name, text=link.body["inactive_message"])
        if request.method == "HEAD":
            return Response()
        with self._bench.books.transaction():
            session = payment_links.visit(self._bench, link, request.query_params)
        self._changed()
        return RedirectResponse(PAGE_PATH + session.id, 303)

    def _paid(self, session: Record, form: Form) -> Response:
        payer = Payer(form.get("name") or None, form.get("email") or None)
        with self._bench.books.transaction():
            outcome = payments.pay(self._bench, session, _way(form), payer)
        return self._after(session, outcome, form)

    def _challenged(self, session: Record, form: Form) -> Response:
        method = payments.challenged_method(self._bench, session)
        if method is None:
            return RedirectResponse(PAGE_PATH + session.id, 303)
        verdict = verdict_in(form)
        if verdict is None:
            challenge = Challenge(
                shop=self._shop(session),
                total=_total(session.body),
                brand=method["card"]["brand"],
                last4=method["card"]["last4"],
                action=PAGE_PATH + session.id + _CHALLENGE,
            )
            return challenge_page(challenge)
        with self._bench.books.transaction():
            outcome = payments.authenticate(self._bench, session, succeeded=verdict)
        return self._after(session, outcome, {})

    def _after(self, session: Record, outcome: Outcome, form: Form) -> Response:
        self._changed()
        if outcome.state == "requires_action":
            return RedirectResponse(PAGE_PATH + session.id + _CHALLENGE, 303)
        if outcome.problem is None:
            return RedirectResponse(self._success_url(session), 303)
        problem = _problem(outcome.problem)
        status = 402 if outcome.state == "declined" else 422
        return pay_page(self._bill(session, form, problem), status=status)

    def _closed(self, session: Record) -> Response:
        shop, total = self._shop(session), _total(session.body)
        if session.body["status"] == "expired":
            return expired_page(shop=shop, total=total, back_url=self._cancel_url(session))
        if session.body["mode"] == "setup":
            return saved_page(shop=shop, back_url=self._success_url(session))
        pending = session.body["payment_status"] == "unpaid"
        if pending and not payments.is_processing(self._bench, session):
            return not_debited_page(shop=shop, total=total, back_url=self._cancel_url(session))
        back_url = self._success_url(session) if session.body["success_url"] else None
        return already_paid_page(shop=shop, total=total, back_url=back_url, pending=pending)

    def _bill(self, session: Record, entered: Form, problem: Problem | None) -> Bill:
        body, total = session.body, _total(session.body)
        free = body["amount_total"] == 0
        default = "subscribe" if body["mode"] == "subscription" else "pay"
        verb = _BUTTONS.get(body["submit_type"] or default, "Pay")
        return Bill(
            shop=self._shop(session),
            total=total,
            lines=[_line(item) for item in session.private["line_items"]],
            action=PAGE_PATH + session.id,
            button=_button(body, f"{verb} {total}"),
            cancel_url=self._cancel_url(session),
            free=free,
            period="now, then as listed" if body["mode"] == "subscription" else "",
            entered=entered,
            email_asked=body["customer_email"] is None,
            problem=problem,
            other_way=BANK_DEBIT if debits.METHOD in body["payment_method_types"] else None,
            by_other=_is_debit(entered),
            keeps=body["mode"] == "setup",
        )

    def _success_url(self, session: Record) -> str:
        url = self._bench.way_back(session.body["success_url"]) or PAGE_PATH + session.id
        return url.replace("{CHECKOUT_SESSION_ID}", session.id)

    def _cancel_url(self, session: Record) -> str | None:
        return self._bench.way_back(session.body["cancel_url"])

    def _shop(self, session: Record) -> str:
        branding = session.body["branding_settings"] or {}
        return str(branding.get("display_name") or self._bench.shop_name)


def _is_debit(form: Form) -> bool:
    return form.get("method") == debits.METHOD


def _way(form: Form) -> Entry | debits.Mandate:
    if _is_debit(form):
        return debits.Mandate(form.get("iban", ""), form.get("name") or None)
    return Entry(form.get("card_number", ""), form.get("exp", ""), form.get("cvc", ""))


def _button(body: JsonObject, pays: str) -> str:
    if body["mode"] == "setup":
        return "Save this card"
    return "Complete the order" if body["amount_total"] == 0 else pays


def _total(body: JsonObject) -> str:
    if body["mode"] == "setup":
        return "Nothing"
    return shown(body["amount_total"], body["currency"])


def _line(item: JsonObject) -> Line:
    price = item["price"]
    details = []
    if each := times(item["quantity"], shown(price["unit_amount"], price["currency"])):
        details.append(each)
    if price["recurring"] is not None:
        details.append(every(price["recurring"]["interval_count"], price["recurring"]["interval"]))
    return Line(
        item["description"], shown(item["amount_total"], item["currency"]), ", ".join(details)
    )


def _problem(why: Decline | Unusable) -> Problem:
    if isinstance(why, Unusable):
        return Problem(why.code, why.message, _HINTS.get(why.code, ""), why.field)
    code = why.decline_code or why.code
    hint = _HINTS.get(code, "Nothing was charged. Try another card.")
    return Problem(code, why.message, hint, "card_number")
