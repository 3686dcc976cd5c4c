"""PayPal's page for a subscription: the payer agrees to pay again and again."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.sandbox.books import Record
from app.sandbox.pages.outcome import already_paid_page, expired_page, not_found_page
from app.sandbox.pages.pay import Line, Problem
from app.sandbox.pages.visit import Form, HostedPages, every, now_and_then, with_query
from app.sandbox.pages.wallet import Approval, Source, approval_page
from app.sandbox.paypal import ROOT, subscriptions
from app.sandbox.paypal.money import shown
from app.sandbox.paypal.workbench import Workbench

PATH = f"{ROOT}{subscriptions.PAGE}"
SOURCES = (
    Source("balance", "PayPal balance", "works"),
    Source("declines", "Visa 0002", "payments fail"),
    Source("echeck", "Bank account", "takes days"),
    Source("unusable", "Visa 0069", "expired"),
)
_UNUSABLE = Problem(
    "unusable", "PayPal does not take this one.", "Nothing was charged. Choose another."
)


class SubscriptionPage(HostedPages[Workbench]):
    """`/webapps/billing/subscriptions?ba_token=…`."""

    def routes(self) -> list[Route]:
        return [self._route(PATH, self._answered)]

    def _answered(self, request: Request, form: Form) -> Response:
        subscription = self._subscription(request.query_params.get("ba_token", ""))
        if subscription is None:
            return not_found_page()
        shop, total = self._shop(subscription), _total(subscription)
        if subscription.private.get("is_over"):
            back = self._back(subscription, "cancel_url")
            return expired_page(shop=shop, total=total, back_url=back)
        if subscription.body["status"] != "APPROVAL_PENDING":
            return self._done(subscription, self._back(subscription, "return_url"))
        if request.method == "POST":
            return self._approved(subscription, form.get("funding", "balance"))
        return approval_page(self._approval(subscription, None))

    def _approved(self, subscription: Record, funding: str) -> Response:
        if funding not in [source.value for source in SOURCES]:
            return approval_page(self._approval(subscription, _UNUSABLE), status=422)
        with self._bench.books.transaction():
            done = subscriptions.approve(self._bench, subscription, funding)
        self._changed()
        if not done:
            return approval_page(self._approval(subscription, _UNUSABLE), status=402)
        back = self._back(subscription, "return_url")
        return self._done(subscription, None) if back is None else RedirectResponse(back, 303)

    def _done(self, subscription: Record, back: str | None) -> Response:
        return already_paid_page(
            shop=self._shop(subscription),
            total=_total(subscription),
            back_url=back,
            pending=subscription.body["status"] == "APPROVED",
        )

    def _approval(self, subscription: Record, problem: Problem | None) -> Approval:
        total, frequency = _total(subscription), subscription.private["cycle"]["frequency"]
        often = every(frequency["interval_count"], frequency["interval_unit"].lower())
        return Approval(
            shop=self._shop(subscription),
            wallet="PayPal",
            total=total,
            lines=[Line(subscription.private["name"], total, often)],
            sources=SOURCES,
            chosen="balance",
            action=f"{PATH}?ba_token={subscription.private['ba_token']}",
            button=_button(subscription),
            cancel_url=self._back(subscription, "cancel_url"),
            period=now_and_then(total, often),
            problem=problem,
        )

    def _subscription(self, token: str) -> Record | None:
        condition = "kind = ? AND json_extract(private, '$.ba_token') = ?"
        found = self._bench.books.select(condition, (subscriptions.KIND, token))
        return found[0] if found else None

    def _back(self, subscription: Record, name: str) -> str | None:
        url = self._bench.way_back(subscription.private["context"].get(name))
        if not url:
            return None
        private = subscription.private
        told = {"subscription_id": subscription.id, "ba_token": private["ba_token"]}
        return with_query(url, told)

    def _shop(self, subscription: Record) -> str:
        return str(subscription.private["context"].get("brand_name") or self._bench.shop_name)


def _total(subscription: Record) -> str:
    return shown(subscription.private["minor"], subscription.private["currency"])


def _button(subscription: Record) -> str:
    return "Continue" if subscriptions.is_begun_by_shop(subscription) else "Agree & Subscribe"
