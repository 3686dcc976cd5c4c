"""The control API's part for subscriptions: what time, card holders and the owner would do."""

from collections.abc import Callable

from starlette.requests import Request

from app.sandbox.books import JsonObject, Record
from app.sandbox.control_request import Handler, Refused, json_of, only
from app.sandbox.stripe import cards, invoices, renewals, subscriptions
from app.sandbox.stripe.charges import NOBODY
from app.sandbox.stripe.workbench import Workbench


class SubscriptionControl:
    """Acts on subscriptions that run; `changed` is called after each commit."""

    def __init__(
        self, bench: Workbench, catch_up: Callable[[], None], changed: Callable[[], None]
    ) -> None:
        self._bench = bench
        self._catch_up = catch_up
        self._changed = changed

    def table(self) -> list[tuple[str, str, Handler]]:
        at = "stripe/subscriptions/{id}"
        return [
            ("POST", f"{at}/card", self._set_card),
            ("POST", f"{at}/renew", self._about(self._renew)),
            ("POST", f"{at}/retry", self._about(self._retry)),
            ("POST", f"{at}/cancel", self._about(self._cancel)),
        ]

    async def _set_card(self, request: Request) -> JsonObject:
        """`card` and `exp`: what the payments to come are made by."""
        order = only(await json_of(request), ("card", "exp"))
        subscription = self._running(request)
        entry = cards.Entry(str(order.get("card", "")), str(order.get("exp", "12/49")), "123")
        with self._bench.books.transaction():
            problem = renewals.set_card(self._bench, subscription, entry)
        if problem is not None:
            raise Refused(problem.message)
        self._changed()
        return _line(subscription)

    def _renew(self, subscription: Record) -> None:
        """Let the period be over now; what is due is paid without the hour that drafts wait."""
        invoice = renewals.renew(self._bench, subscription)
        if invoice is not None and invoice.private.get("due_at") is not None:
            renewals.advance(self._bench, invoice, self._bench.now())

    def _retry(self, subscription: Record) -> None:
        """Try everything again that is owed."""
        for invoice in invoices.unpaid(self._bench, subscription):
            if invoice.body["status"] == "open":
                renewals.advance(self._bench, invoice, self._bench.now())

    def _cancel(self, subscription: Record) -> None:
        subscriptions.end(self._bench, subscription, NOBODY)

    def _about(self, act: Callable[[Record], None]) -> Handler:
        async def answer(request: Request) -> JsonObject:
            only(await json_of(request), ())
            subscription = self._running(request)
            with self._bench.books.transaction():
                act(subscription)
            self._changed()
            return _line(found_again(self._bench, subscription))

        return answer

    def _running(self, request: Request) -> Record:
        self._catch_up()
        record = self._bench.books.get(subscriptions.KIND, request.path_params["id"])
        if record is None or record.body["status"] in subscriptions.OVER:
            raise Refused("there is no subscription of that id that runs", 404)
        return record


def found_again(bench: Workbench, subscription: Record) -> Record:
    """What it is after something happened to it by way of its invoices."""
    return bench.need(subscription.account, subscriptions.KIND, subscription.id, "id")


def _line(subscription: Record) -> JsonObject:
    return {
        "id": subscription.id,
        "status": subscription.body["status"],
        "reference": subscription.body["metadata"].get("reference"),
        "latest_invoice": subscription.body["latest_invoice"],
    }
