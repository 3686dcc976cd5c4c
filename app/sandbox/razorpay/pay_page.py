"""The hosted pages behind the short addresses: shown on GET, paid by POST to the same path.

Behind the address of a QR code is no page but a picture.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.sandbox.books import JsonObject, Record
from app.sandbox.pages.challenge import Challenge, challenge_page
from app.sandbox.pages.outcome import (
    already_paid_page,
    expired_page,
    not_found_page,
    success_page,
    underway_page,
)
from app.sandbox.pages.pay import UPI, Bill, Line, Problem, pay_page
from app.sandbox.pages.visit import (
    Form,
    HostedPages,
    every,
    now_and_then,
    verdict_in,
    with_query,
)
from app.sandbox.razorpay import (
    accounts,
    links,
    payments,
    plans,
    qr_codes,
    short_urls,
    subscriptions,
)
from app.sandbox.razorpay.currencies import shown
from app.sandbox.razorpay.picture import poster
from app.sandbox.razorpay.ways import CardEntry, Failure, Unusable, UpiEntry
from app.sandbox.razorpay.workbench import Workbench

_CHALLENGE = "/bank"
_UNITS = {
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
}
_HINT = "Nothing was charged. Try again, or pay another way."


class PayPage(HostedPages[Workbench]):
    """`/razorpay/i/{slug}` and the bank's question."""

    def routes(self) -> list[Route]:
        path = short_urls.PAGE_PATH + "{slug}"
        return [
            self._route(path, self._answered),
            self._route(path + _CHALLENGE, self._answered),
        ]

    def _answered(self, request: Request, form: Form) -> Response:
        session = short_urls.find(self._bench, request.path_params["slug"])
        if session is None:
            return not_found_page()
        if session.kind == qr_codes.KIND:
            return self._picture(session)
        if not _is_open(session):
            return self._closed(session)
        if request.url.path.endswith(_CHALLENGE):
            return self._challenged(session, form)
        if request.method == "POST":
            with self._bench.books.transaction():
                outcome = payments.pay(
                    self._bench, session, _way(form), email=form.get("email") or None
                )
            return self._after(session, outcome, form)
        if payments.waiting(self._bench, session) is not None:
            return underway_page()
        return pay_page(self._bill(session, {}, None))

    def _picture(self, code: Record) -> Response:
        picture = poster(qr_codes.upi_text(self._bench, code))
        return Response(picture, media_type="image/png", headers={"Cache-Control": "no-store"})

    def _challenged(self, link: Record, form: Form) -> Response:
        payment = payments.challenged(self._bench, link)
        page = self._path(link)
        if payment is None:
            return RedirectResponse(page, 303)
        verdict = verdict_in(form)
        if verdict is None:
            card = payment.body["card"]
            challenge = Challenge(
                shop=self._bench.shop_name,
                total=shown(payment.body["amount"], payment.body["currency"]),
                brand=card["network"],
                last4=card["last4"],
                action=page + _CHALLENGE,
            )
            return challenge_page(challenge)
        with self._bench.books.transaction():
            outcome = payments.authenticate(self._bench, link, succeeded=verdict)
        return self._after(link, outcome, {})

    def _after(self, session: Record, outcome: payments.Outcome, form: Form) -> Response:
        self._changed()
        if outcome.state == "requires_action":
            return RedirectResponse(self._path(session) + _CHALLENGE, 303)
        if outcome.state == "processing":
            return underway_page()
        if outcome.state == "paid" and outcome.payment is not None:
            url = self._callback(session, outcome.payment.id)
            return success_page() if url is None else RedirectResponse(url, 303)
        if outcome.problem is None:
            return self._closed(session)
        status = 402 if outcome.state == "declined" else 422
        return pay_page(self._bill(session, form, _problem(outcome.problem)), status=status)

    def _closed(self, session: Record) -> Response:
        shop, total = self._bench.shop_name, _total(session)
        if session.body["status"] in ("expired", "cancelled"):
            return expired_page(shop=shop, total=total, back_url=None)
        return already_paid_page(shop=shop, total=total, back_url=None)

    def _callback(self, session: Record, payment: str) -> str | None:
        """Where the payer goes from here: the shop's own address, with what happened, signed."""
        url = self._bench.way_back(session.body.get("callback_url"))
        if not url:
            return None
        reference, status = session.body["reference_id"], session.body["status"]
        params = {
            "razorpay_payment_id": payment,
            "razorpay_payment_link_id": session.id,
            "razorpay_payment_link_reference_id": reference,
            "razorpay_payment_link_status": status,
            "razorpay_signature": accounts.signature(
                self._bench.books, session.account, session.id, reference, status, payment
            ),
        }
        return with_query(url, params)

    def _bill(self, session: Record, entered: Form, problem: Problem | None) -> Bill:
        total = _total(session)
        plan = self._plan(session)
        name = session.body.get("description") or self._bench.shop_name
        return Bill(
            shop=self._bench.shop_name,
            total=total,
            lines=[Line(name if plan is None else str(plan["item"]["name"]), total)],
            action=self._path(session),
            button=f"{'Pay' if plan is None else 'Subscribe for'} {total}",
            cancel_url=None,
            period="" if plan is None else now_and_then(total, _often(plan)),
            entered=entered,
            problem=problem,
            other_way=UPI,
            by_other=entered.get("method") == UPI.value,
        )

    def _plan(self, session: Record) -> JsonObject | None:
        """The plan of what is a subscription."""
        if session.kind != subscriptions.KIND:
            return None
        return self._bench.need(session.account, plans.KIND, session.body["plan_id"]).body

    def _path(self, session: Record) -> str:
        return f"{short_urls.PAGE_PATH}{session.private['slug']}"


def _is_open(session: Record) -> bool:
    if session.kind == links.KIND:
        return session.body["status"] in links.OPEN
    return bool(session.body["status"] == "created")


def _total(session: Record) -> str:
    if session.kind == subscriptions.KIND:
        return shown(session.private["amount"], session.private["currency"])
    due = session.body["amount"] - session.body["amount_paid"]
    amount = due if due > 0 else session.body["amount"]
    return shown(amount, session.body["currency"])


def _often(plan: JsonObject) -> str:
    return every(plan["interval"], _UNITS[plan["period"]])


def _way(form: Form) -> CardEntry | UpiEntry:
    if form.get("method") == UPI.value:
        return UpiEntry(form.get("vpa", ""))
    return CardEntry(form.get("card_number", ""), form.get("exp", ""), form.get("cvc", ""))


def _problem(why: Failure | Unusable) -> Problem:
    if isinstance(why, Unusable):
        return Problem(why.code, why.message, "Nothing was charged.", why.field)
    return Problem(why.code, why.message, _HINT)
