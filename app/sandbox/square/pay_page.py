"""The hosted page of a payment link: a short address leads to it, and it is paid there."""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.sandbox.books import JsonObject, Record
from app.sandbox.distortion import distorted
from app.sandbox.faults import Faults
from app.sandbox.pages.challenge import Challenge, challenge_page
from app.sandbox.pages.outcome import already_paid_page, expired_page, not_found_page
from app.sandbox.pages.pay import Bill, Line, Problem, pay_page
from app.sandbox.square import BASE, cards, links, payments, subscribers
from app.sandbox.square.money import shown
from app.sandbox.square.workbench import LINK, Workbench
from app.sandbox.wire import BodyTooLarge, CutConnection, body_of

_LONGEST_FIELD = 200
_SHOWN_AGAIN = ("card_number", "exp", "name", "email")
_CHALLENGE = "/challenge"
_TRY_AGAIN = "Nothing was charged. Try again, or use another card."


class PayPage:
    """`/square/u/CODE`, and the page that it leads to."""

    def __init__(
        self,
        bench: Workbench,
        faults: Faults,
        catch_up: Callable[[], None],
        changed: Callable[[], None],
    ) -> None:
        self._bench = bench
        self._faults = faults
        self._catch_up = catch_up
        self._changed = changed

    def routes(self) -> list[Route]:
        path, methods = BASE + "/merchant/{merchant}/checkout/{link}", ["GET", "POST"]
        return [
            Route(links.SHORT + "{code}", self.answer, methods=["GET"]),
            Route(path, self.answer, methods=methods),
            Route(path + _CHALLENGE, self.answer, methods=methods),
        ]

    async def answer(self, request: Request) -> Response:
        try:
            form = _fields(await body_of(request))
        except BodyTooLarge:
            return Response("Too large", 413)
        fault = self._faults.take(request.method, request.url.path)
        await self._faults.delay(fault)
        if fault is not None and fault.drop == "before":
            return CutConnection()
        if fault is not None and fault.status is not None:
            response = Response(fault.text, fault.status, headers=fault.headers)
            return distorted(response, fault, self._faults)
        response = self._answered(request, form)
        dropped = fault is not None and fault.drop == "after_effect"
        return CutConnection() if dropped else distorted(response, fault, self._faults)

    def _answered(self, request: Request, form: Mapping[str, str]) -> Response:
        self._catch_up()
        link = self._link(request.path_params)
        if link is None:
            return not_found_page()
        if "code" in request.path_params:
            return RedirectResponse(links.page_path(link), 302)
        order = subscribers.order_of(self._bench, link)
        if order.body["state"] != "DRAFT":
            return self._closed(link, order)
        if request.url.path.endswith(_CHALLENGE):
            return self._challenged(link, order, form if request.method == "POST" else {})
        if request.method == "POST":
            return self._paid(link, order, form)
        return pay_page(self._bill(link, order, {}, None))

    def _link(self, params: Mapping[str, str]) -> Record | None:
        if "code" in params:
            return links.by_code(self._bench, params["code"])
        return self._bench.books.get(LINK, params["link"], params["merchant"])

    def _paid(self, link: Record, order: Record, form: Mapping[str, str]) -> Response:
        payer = payments.Payer(form.get("name") or None, form.get("email") or None)
        names = ("card_number", "exp", "cvc")
        entry = cards.Entry(*(form.get(name, "") for name in names))
        with self._bench.books.transaction():
            outcome = payments.pay(self._bench, link, entry, payer)
        return self._after(link, order, outcome, form)

    def _challenged(self, link: Record, order: Record, form: Mapping[str, str]) -> Response:
        card = payments.challenged(link)
        if card is None:
            return RedirectResponse(links.page_path(link), 303)
        verdict = form.get("verdict")
        if verdict not in ("complete", "fail"):
            challenge = Challenge(
                shop=self._bench.shop_name,
                total=_total(order.body),
                brand=card["brand"],
                last4=card["last4"],
                action=links.page_path(link) + _CHALLENGE,
            )
            return challenge_page(challenge)
        with self._bench.books.transaction():
            outcome = payments.authenticate(self._bench, link, succeeded=verdict == "complete")
        return self._after(link, order, outcome, {})

    def _after(
        self, link: Record, order: Record, outcome: payments.Outcome, form: Mapping[str, str]
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
        url = link.body.get("checkout_options", {}).get("redirect_url")
        if url is None:
            return None
        tenders = order.body.get("tenders", [])
        which = {"orderId": order.id}
        if tenders:
            which["transactionId"] = tenders[-1]["payment_id"]
        joint = "&" if "?" in url else "?"
        return f"{self._bench.way_back(url)}{joint}{urlencode(which)}"

    def _bill(
        self, link: Record, order: Record, entered: Mapping[str, str], problem: Problem | None
    ) -> Bill:
        total = _total(order.body)
        is_club = "subscription_plan_id" in link.body.get("checkout_options", {})
        return Bill(
            shop=self._bench.shop_name,
            total=total,
            lines=[_line(item) for item in order.body["line_items"]],
            action=links.page_path(link),
            button=f"{'Subscribe for' if is_club else 'Pay'} {total}",
            cancel_url=None,
            period="now, then as the plan says" if is_club else "",
            entered={name: entered.get(name, "") for name in _SHOWN_AGAIN},
            email_asked="buyer_email" not in link.body.get("pre_populated_data", {}),
            problem=problem,
        )


def _fields(body: bytes) -> dict[str, str]:
    text = body.decode("ascii", "replace")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return {}
    return {name: value.strip()[:_LONGEST_FIELD] for name, value in pairs}


def _total(order: JsonObject) -> str:
    return shown(order["total_money"]["amount"], order["total_money"]["currency"])


def _line(item: JsonObject) -> Line:
    total, price = item["total_money"], item["base_price_money"]
    detail = ""
    if item["quantity"] != "1":
        each = shown(price["amount"], price["currency"])
        detail = f"{item['quantity']} \N{MULTIPLICATION SIGN} {each}"
    return Line(item["name"], shown(total["amount"], total["currency"]), detail)
