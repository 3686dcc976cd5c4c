"""The hosted page of a payment link: a short address leads to it, and it is paid there."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.sandbox.books import JsonObject, Record
from app.sandbox.pages.challenge import Challenge, challenge_page
from app.sandbox.pages.outcome import already_paid_page, expired_page, not_found_page
from app.sandbox.pages.pay import Bill, Line, Problem, pay_page
from app.sandbox.pages.visit import (
    Form,
    HostedPages,
    every,
    now_and_then,
    times,
    verdict_in,
    with_query,
)
from app.sandbox.square import BASE, cards, catalog, links, payments, subscribers
from app.sandbox.square.money import shown
from app.sandbox.square.workbench import LINK, Workbench

_CHALLENGE = "/challenge"
_TRY_AGAIN = "Nothing was charged. Try again, or use another card."


class PayPage(HostedPages[Workbench]):
    """`/square/u/CODE`, and the page that it leads to."""

    def routes(self) -> list[Route]:
        path = BASE + "/merchant/{merchant}/checkout/{link}"
        return [
            self._route(links.SHORT + "{code}", self._answered, "GET"),
            self._route(path, self._answered),
            self._route(path + _CHALLENGE, self._answered),
        ]

    def _answered(self, request: Request, form: Form) -> Response:
        link = self._link(request.path_params)
        if link is None:
            return not_found_page()
        if "code" in request.path_params:
            return RedirectResponse(links.page_path(link), 302)
        order = subscribers.order_of(self._bench, link)
        if order.body["state"] != "DRAFT":
            return self._closed(link, order)
        if request.url.path.endswith(_CHALLENGE):
            return self._challenged(link, order, form)
        if request.method == "POST":
            return self._paid(link, order, form)
        return pay_page(self._bill(link, order, {}, None))

    def _link(self, params: Mapping[str, str]) -> Record | None:
        if "code" in params:
            return links.by_code(self._bench, params["code"])
        return self._bench.books.get(LINK, params["link"], params["merchant"])

    def _paid(self, link: Record, order: Record, form: Form) -> Response:
        payer = payments.Payer(form.get("name") or None, form.get("email") or None)
        names = ("card_number", "exp", "cvc")
        entry = cards.Entry(*(form.get(name, "") for name in names))
        with self._bench.books.transaction():
            outcome = payments.pay(self._bench, link, entry, payer)
        return self._after(link, order, outcome, form)

    def _challenged(self, link: Record, order: Record, form: Form) -> Response:
        card = payments.challenged(link)
        if card is None:
            return RedirectResponse(links.page_path(link), 303)
        verdict = verdict_in(form)
        if verdict is None:
            challenge = Challenge(
                shop=self._bench.shop_name,
                total=_total(order.body),
                brand=card["brand"],
                last4=card["last4"],
                action=links.page_path(link) + _CHALLENGE,
            )
            return challenge_page(challenge)
        with self._bench.books.transaction():
            outcome = payments.authenticate(self._bench, link, succeeded=verdict)
        return self._after(link, order, outcome, {})

    def _after(
        self, link: Record, order: Record, outcome: payments.Outcome, form: Form
    ) -> Response:
        self._changed()
        if outcome.state == "requires_action":
            return RedirectResponse(links.page_path(link) + _CHALLENGE, 303)
        problem = outcome.problem
        if problem is None:
            paid = subscribers.order_of(self._bench, link)
            return RedirectResponse(self._back(link, paid) or links.page_path(link), 303)
        if isinstance(problem, cards.Unusable):
            said = Problem(problem.code, problem.message, "", problem.field)
            return pay_page(self._bill(link, order, form, said), status=422)
        said = Problem(problem.code, cards.SAID[problem.code], _TRY_AGAIN, "card_number")
        return pay_page(self._bill(link, order, form, said), status=402)

    def _closed(self, link: Record, order: Record) -> Response:
        shop, total = self._bench.shop_name, _total(order.body)
        if order.body["state"] == "CANCELED":
            return expired_page(shop=shop, total=total, back_url=None)
        pending = payments.under_way(self._bench, order) is not None
        back = self._back(link, order)
        return already_paid_page(shop=shop, total=total, back_url=back, pending=pending)

    def _back(self, link: Record, order: Record) -> str | None:
        """Where the payer goes afterwards: Square says which order and payment it was."""
        url = self._bench.way_back(link.body.get("checkout_options", {}).get("redirect_url"))
        if url is None:
            return None
        tenders = order.body.get("tenders", [])
        which = {"orderId": order.id}
        if tenders:
            which["transactionId"] = tenders[-1]["payment_id"]
        return with_query(url, which)

    def _bill(self, link: Record, order: Record, entered: Form, problem: Problem | None) -> Bill:
        total = _total(order.body)
        plan = subscribers.plan_in(link)
        return Bill(
            shop=self._bench.shop_name,
            total=total,
            lines=[_line(item) for item in order.body["line_items"]],
            action=links.page_path(link),
            button=f"{'Pay' if plan is None else 'Subscribe for'} {total}",
            cancel_url=None,
            period="" if plan is None else now_and_then(total, self._often(link.account, plan)),
            entered=entered,
            email_asked="buyer_email" not in link.body.get("pre_populated_data", {}),
            problem=problem,
        )

    def _often(self, merchant: str, plan: str) -> str:
        days, months = catalog.cadence_of(catalog.plan_of(self._bench, merchant, plan))
        for length, parts, unit in ((months, 12, "year"), (months, 1, "month"), (days, 7, "week")):
            if length and length % parts == 0:
                return every(length // parts, unit)
        return every(days, "day")


def _total(order: JsonObject) -> str:
    return shown(order["total_money"]["amount"], order["total_money"]["currency"])


def _line(item: JsonObject) -> Line:
    total, price = item["total_money"], item["base_price_money"]
    detail = times(item["quantity"], shown(price["amount"], price["currency"]))
    return Line(item["name"], shown(total["amount"], total["currency"]), detail)
