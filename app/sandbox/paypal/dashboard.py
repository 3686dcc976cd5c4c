"""What happens outside the API: the owner at paypal.com, buyers who complain, and banks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

from app.sandbox.books import JsonObject, Record
from app.sandbox.control_request import Refused, flag, only, whole, whole_or_none, word
from app.sandbox.paypal import captures, disputes, orders, refunds, terms
from app.sandbox.paypal.book_lines import dispute_line, refund_line
from app.sandbox.paypal.errors import PayPalRefusal
from app.sandbox.paypal.money import money
from app.sandbox.paypal.refunds import Fate
from app.sandbox.paypal.workbench import Workbench

_LARGEST = 10**12
_LONGEST_S = 10**9
_SETTLED_AS = {
    "pending": "PENDING",
    "succeeded": "COMPLETED",
    "failed": "FAILED",
    "canceled": "CANCELLED",
}
"""The control API's common words for what becomes of a refund."""


class PayPalDashboard:
    """Acts on all accounts' payments; `changed` is called after each commit."""

    def __init__(
        self, bench: Workbench, catch_up: Callable[[], None], changed: Callable[[], None]
    ) -> None:
        self._bench = bench
        self._catch_up = catch_up
        self._changed = changed

    def refund(self, id: str, order: JsonObject) -> JsonObject | None:
        """Give money back: `amount_minor` or the rest, `note`, `outcome` and `after_s`."""
        only(order, ("amount_minor", "note", "reason", "outcome", "after_s"))
        amount = whole_or_none(order, "amount_minor", 1, _LARGEST)
        fate = _fate(order)
        self._catch_up()
        capture = self._capture(id)
        if capture is None:
            return None
        given: JsonObject = {}
        if amount is not None:
            given["amount"] = money(amount, capture.body["amount"]["currency_code"])
        if order.get("note") is not None:
            given["note_to_payer"] = str(order["note"])[:255]
        with self._acting():
            refund = refunds.give(self._bench, capture, given, fate)
        return refund_line(refund)

    def settle_refund(self, id: str, order: JsonObject) -> JsonObject | None:
        """Say what became of a refund: `status`."""
        only(order, ("status", "failure_reason"))
        names = (*_SETTLED_AS, *refunds.STATUSES)
        status = word(order, "status", "succeeded", names)
        refund = self._bench.books.get(refunds.KIND, id)
        if refund is None:
            return None
        with self._acting():
            refunds.settle(self._bench, refund, _SETTLED_AS.get(status, status))
        return refund_line(refund)

    def set_refunds(self, order: JsonObject) -> JsonObject:
        """Set what becomes of all refunds from now on; without `outcome` they succeed at once."""
        only(order, ("outcome", "after_s"))
        fate = _fate(order)
        refunds.set_fates(self._bench, fate)
        return {"outcome": None, "after_s": None} if fate is None else asdict(fate)

    def dispute(self, id: str, order: JsonObject) -> JsonObject | None:
        """Dispute a payment: `amount_minor` or the whole, `reason`, `due_by`, first `status`."""
        only(order, ("amount_minor", "reason", "due_by", "status"))
        amount = whole_or_none(order, "amount_minor", 1, _LARGEST)
        reason = word(order, "reason", "UNAUTHORISED", disputes.REASONS)
        opening = word(order, "status", "needs_response", tuple(disputes.OPENINGS))
        due_by = whole_or_none(order, "due_by", 0, 10**11)
        self._catch_up()
        capture = self._capture(id)
        if capture is None:
            return None
        with self._acting():
            dispute = disputes.begin(
                self._bench, capture, amount=amount, reason=reason, due_by=due_by, opening=opening
            )
        return dispute_line(dispute)

    def move_dispute(self, id: str, order: JsonObject) -> JsonObject | None:
        """Have PayPal say how it stands: `status`; `fee_back` where a won one costs nothing."""
        only(order, ("status", "fee_back"))
        status = word(order, "status", "", disputes.MOVES)
        fee_back = flag(order, "fee_back")
        dispute = self._bench.books.get(disputes.KIND, id)
        if dispute is None:
            return None
        with self._acting():
            disputes.move(self._bench, dispute, status, fee_back=fee_back)
        return dispute_line(dispute)

    def set_fees(self, order: JsonObject) -> JsonObject:
        """Change what money costs; see `terms.Terms`."""
        only(order, ("basis_points", "dispute_minor", "fixed_minor"))
        changes = {
            name: whole(order, name, 0, 0, 10_000 if name == "basis_points" else _LARGEST)
            for name in order
        }
        return asdict(terms.set_terms(self._bench, changes))

    @contextmanager
    def _acting(self) -> Iterator[None]:
        """Run an effect in one transaction; what PayPal refuses is refused in its words."""
        try:
            with self._bench.books.transaction():
                yield
        except PayPalRefusal as refusal:
            raise Refused(refusal.words or refusal.message) from refusal
        self._changed()

    def _capture(self, id: str) -> Record | None:
        """A capture, or the newest one of an order."""
        books = self._bench.books
        order = books.get(orders.KIND, id)
        made = order.private["captures"] if order is not None else [id]
        return books.get(captures.KIND, made[-1]) if made else None


def _fate(order: JsonObject) -> Fate | None:
    after_s = whole(order, "after_s", refunds.SETTLES_AFTER_S, 0, _LONGEST_S)
    if order.get("outcome") is None:
        return None
    outcome = word(order, "outcome", "", refunds.OUTCOMES)
    return Fate(next(known for known in refunds.OUTCOMES if known == outcome), after_s)
