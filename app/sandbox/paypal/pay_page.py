"""PayPal's page for an order: the payer approves it and goes back; no money moves here."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.sandbox.books import Record
from app.sandbox.pages.challenge import Challenge, challenge_page
from app.sandbox.pages.outcome import (
    already_paid_page,
    expired_page,
    not_debited_page,
    not_found_page,
)
from app.sandbox.pages.pay import Line, Problem
from app.sandbox.pages.visit import Form, HostedPages, times, verdict_in, with_query
from app.sandbox.pages.wallet import Approval, Source, approval_page
from app.sandbox.paypal import ROOT, orders, payments
from app.sandbox.paypal.money import minor_of, shown
from app.sandbox.paypal.payments import Choice
from app.sandbox.paypal.workbench import Workbench

PATH = f"{ROOT}{orders.PAGE}"
_CHALLENGE = f"{PATH}/challenge"
SOURCES = (
    Source("balance", "PayPal balance", "works"),
    Source("echeck", "Bank account", "arrives later"),
    Source("review", "New card", "checked first"),
    Source("challenged", "Visa 3155", "bank asks"),
    Source("declines", "Visa 0002", "declined later"),
    Source("unusable", "Visa 0069", "expired"),
)
_UNUSABLE = Problem(
    "unusable", "PayPal does not take this one.", "Nothing was charged. Choose another."
)
_DECLINED = Problem(
    "declined", "Your bank declined the payment.", "Nothing was charged. Choose another."
)


class PayPage(HostedPages[Workbench]):
    """`/checkoutnow?token=…`."""

    def routes(self) -> list[Route]:
        return [
            self._route(PATH, self._answered),
            self._route(_CHALLENGE, self._challenged),
        ]

    def _answered(self, request: Request, form: Form) -> Response:
        order = self._order(request)
        if order is None:
            return not_found_page()
        if orders.is_over(order):
            total = self._total(order)
            back = self._back(order, "cancel_url")
            return expired_page(shop=self._shop(order), total=total, back_url=back)
        if not payments.is_to_be_chosen(order):
            return self._done(order)
        if request.method == "POST":
            return self._approved(order, form)
        return approval_page(self._approval(order, self._last_problem(order)))

    def _approved(self, order: Record, form: Form) -> Response:
        known = [source.value for source in SOURCES]
        funding = form.get("funding", known[0])
        if funding not in known:
            return approval_page(self._approval(order, _UNUSABLE), status=422)
        with self._bench.books.transaction():
            state = payments.approve(self._bench, order, Choice(funding=funding))
        self._changed()
        if state == "declined":
            return approval_page(self._approval(order, _UNUSABLE, funding), status=402)
        if payments.is_challenged(order):
            return RedirectResponse(f"{_CHALLENGE}?token={order.id}", 303)
        return self._sent_back(order)

    def _challenged(self, request: Request, form: Form) -> Response:
        order = self._order(request)
        if order is None or orders.is_over(order):
            return not_found_page()
        if not payments.is_challenged(order):
            return RedirectResponse(f"{PATH}?token={order.id}", 303)
        verdict = verdict_in(form)
        if verdict is None:
            challenge = Challenge(
                shop=self._shop(order),
                total=self._total(order),
                brand="visa",
                last4="3155",
                action=f"{_CHALLENGE}?token={order.id}",
            )
            return challenge_page(challenge)
        with self._bench.books.transaction():
            payments.authenticate(self._bench, order, succeeded=verdict)
        self._changed()
        if not verdict:
            return approval_page(self._approval(order, _DECLINED), status=402)
        return self._sent_back(order)

    def _sent_back(self, order: Record) -> Response:
        back = self._back(order, "return_url")
        return self._done(order) if back is None else RedirectResponse(back, 303)

    def _done(self, order: Record) -> Response:
        shop, total = self._shop(order), self._total(order)
        if payments.came_to_nothing(self._bench, order):
            back_url = self._back(order, "cancel_url")
            return not_debited_page(shop=shop, total=total, back_url=back_url)
        return already_paid_page(
            shop=shop,
            total=total,
            back_url=self._back(order, "return_url"),
            pending=order.body["status"] == "APPROVED"
            or payments.pending_capture(self._bench, order) is not None,
        )

    def _last_problem(self, order: Record) -> Problem | None:
        declined = order.body["status"] == "APPROVED" and order.private["funding"] == "declines"
        return _DECLINED if declined else None

    def _approval(
        self, order: Record, problem: Problem | None, chosen: str = "balance"
    ) -> Approval:
        total = self._total(order)
        pays_now = order.private["context"].get("user_action") == "PAY_NOW"
        return Approval(
            shop=self._shop(order),
            wallet="PayPal",
            total=total,
            lines=_lines(order),
            sources=SOURCES,
            chosen=chosen,
            action=f"{PATH}?token={order.id}",
            button=f"Pay {total}" if pays_now else "Continue",
            cancel_url=self._back(order, "cancel_url"),
            problem=problem,
        )

    def _order(self, request: Request) -> Record | None:
        token = request.query_params.get("token", "")
        return self._bench.books.get(orders.KIND, token)

    def _back(self, order: Record, name: str) -> str | None:
        """The shop's own address, with what PayPal puts there; None where the shop gave none."""
        url = self._bench.way_back(order.private["context"].get(name))
        if not url:
            return None
        told = {"token": order.id}
        payer = order.body.get("payer")
        if name == "return_url" and payer is not None:
            told["PayerID"] = payer["payer_id"]
        return with_query(url, told)

    def _shop(self, order: Record) -> str:
        return str(order.private["context"].get("brand_name") or self._bench.shop_name)

    def _total(self, order: Record) -> str:
        amount = order.body["purchase_units"][0]["amount"]
        return shown(minor_of(amount), amount["currency_code"])


def _lines(order: Record) -> list[Line]:
    unit = order.body["purchase_units"][0]
    lines = []
    for item in unit.get("items", []):
        price, count = item["unit_amount"], int(item["quantity"])
        detail = times(count, shown(minor_of(price), price["currency_code"]))
        total = shown(minor_of(price) * count, price["currency_code"])
        lines.append(Line(item["name"], total, detail))
    if not lines and unit.get("description"):
        total = shown(minor_of(unit["amount"]), unit["amount"]["currency_code"])
        lines.append(Line(unit["description"], total))
    return lines
