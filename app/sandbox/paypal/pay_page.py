"""PayPal's page for an order: the payer approves it and goes back; no money moves here."""

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.sandbox.books import Record
from app.sandbox.distortion import distorted
from app.sandbox.faults import Fault, Faults
from app.sandbox.pages.challenge import Challenge, challenge_page
from app.sandbox.pages.outcome import (
    already_paid_page,
    expired_page,
    not_debited_page,
    not_found_page,
)
from app.sandbox.pages.pay import Line, Problem
from app.sandbox.pages.wallet import Approval, Source, approval_page
from app.sandbox.paypal import ROOT, orders, payments
from app.sandbox.paypal.money import minor_of, shown
from app.sandbox.paypal.payments import Choice
from app.sandbox.paypal.workbench import Workbench
from app.sandbox.wire import BodyTooLarge, CutConnection, body_of

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


class PayPage:
    """`/checkoutnow?token=…`, for browsers and for plain HTTP clients alike."""

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
        methods = ["GET", "POST"]
        return [
            Route(PATH, served(self._faults, self._answered), methods=methods),
            Route(_CHALLENGE, served(self._faults, self._challenged), methods=methods),
        ]

    def _answered(self, request: Request, form: Mapping[str, str]) -> Response:
        self._catch_up()
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

    def _approved(self, order: Record, form: Mapping[str, str]) -> Response:
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

    def _challenged(self, request: Request, form: Mapping[str, str]) -> Response:
        self._catch_up()
        order = self._order(request)
        if order is None or orders.is_over(order):
            return not_found_page()
        if not payments.is_challenged(order):
            return RedirectResponse(f"{PATH}?token={order.id}", 303)
        verdict = form.get("verdict") if request.method == "POST" else None
        if verdict not in ("complete", "fail"):
            challenge = Challenge(
                shop=self._shop(order),
                total=self._total(order),
                brand="visa",
                last4="3155",
                action=f"{_CHALLENGE}?token={order.id}",
            )
            return challenge_page(challenge)
        with self._bench.books.transaction():
            payments.authenticate(self._bench, order, succeeded=verdict == "complete")
        self._changed()
        if verdict == "fail":
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


def served(
    faults: Faults, answer: Callable[[Request, Mapping[str, str]], Response]
) -> Callable[[Request], Awaitable[Response]]:
    """A page as it should be, or as a fault wants it."""

    async def page(request: Request) -> Response:
        try:
            body = await body_of(request)
        except BodyTooLarge:
            return Response("Too large", 413)
        fault = faults.take(request.method, request.url.path)
        await faults.delay(fault)
        if fault is not None and fault.drop == "before":
            return CutConnection()
        if fault is not None and fault.status is not None:
            return distorted(_faulty(fault, fault.status), fault, faults)
        response = answer(request, _fields(body))
        dropped = fault is not None and fault.drop == "after_effect"
        return CutConnection() if dropped else distorted(response, fault, faults)

    return page


def with_query(url: str, more: Mapping[str, str]) -> str:
    """The address with more parameters at the end of its query."""
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(more)) if part)
    return urlunsplit(parts._replace(query=query))


def _faulty(fault: Fault, status: int) -> Response:
    return Response(fault.text, status, headers=fault.headers)


def _fields(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode("ascii", "replace"), max_num_fields=20)
    except ValueError:
        return {}
    return {name: value[:200] for name, value in pairs}


def _lines(order: Record) -> list[Line]:
    unit = order.body["purchase_units"][0]
    lines = []
    for item in unit.get("items", []):
        price, count = item["unit_amount"], int(item["quantity"])
        each = shown(minor_of(price), price["currency_code"])
        detail = f"{count} \N{MULTIPLICATION SIGN} {each}" if count > 1 else ""
        total = shown(minor_of(price) * count, price["currency_code"])
        lines.append(Line(item["name"], total, detail))
    if not lines and unit.get("description"):
        total = shown(minor_of(unit["amount"]), unit["amount"]["currency_code"])
        lines.append(Line(unit["description"], total))
    return lines
