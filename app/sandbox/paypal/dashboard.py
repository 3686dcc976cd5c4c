"""What happens outside the API: the owner at paypal.com, buyers who complain, and banks."""

from dataclasses import asdict

from app.sandbox.books import JsonObject, Record
from app.sandbox.control_request import flag, only, whole, word
from app.sandbox.dashboard import LARGEST, ActsOutside, amount_in, due_in, fate_in
from app.sandbox.paypal import captures, disputes, orders, refunds, terms
from app.sandbox.paypal.book_lines import dispute_line, refund_line
from app.sandbox.paypal.errors import PayPalRefusal
from app.sandbox.paypal.money import money
from app.sandbox.paypal.refunds import Fate
from app.sandbox.paypal.workbench import Workbench
from app.sandbox.refusal import Refusal

_SETTLED_AS = {
    "pending": "PENDING",
    "succeeded": "COMPLETED",
    "failed": "FAILED",
    "canceled": "CANCELLED",
}
"""The control API's common words for what becomes of a refund."""


class PayPalDashboard(ActsOutside[Workbench, Fate]):
    """Acts on all accounts' payments."""

    def refund(self, id: str, order: JsonObject) -> JsonObject | None:
        """Give money back: `amount_minor` or the rest, `note`, `outcome` and `after_s`."""
        only(order, ("amount_minor", "note", "reason", "outcome", "after_s"))
        amount = amount_in(order)
        fate = self._fate(order)
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

    def dispute(self, id: str, order: JsonObject) -> JsonObject | None:
        """Dispute a payment: `amount_minor` or the whole, `reason`, `due_by`, first `status`."""
        only(order, ("amount_minor", "reason", "due_by", "status"))
        amount = amount_in(order)
        reason = word(order, "reason", "UNAUTHORISED", disputes.REASONS)
        opening = word(order, "status", "needs_response", tuple(disputes.OPENINGS))
        due_by = due_in(order)
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
            name: whole(order, name, 0, 0, 10_000 if name == "basis_points" else LARGEST)
            for name in order
        }
        return asdict(terms.set_terms(self._bench, changes))

    def _fate(self, order: JsonObject) -> Fate | None:
        found = fate_in(order, refunds.OUTCOMES, refunds.SETTLES_AFTER_S)
        return None if found is None else Fate(*found)

    def _set_fates(self, fate: Fate | None) -> None:
        refunds.set_fates(self._bench, fate)

    def _said(self, refusal: Refusal) -> str:
        words = refusal.words if isinstance(refusal, PayPalRefusal) else ""
        return words or refusal.message

    def _capture(self, id: str) -> Record | None:
        """A capture, or the newest one of an order."""
        books = self._bench.books
        order = books.get(orders.KIND, id)
        made = order.private["captures"] if order is not None else [id]
        return books.get(captures.KIND, made[-1]) if made else None
