"""What happens outside the API: the owner at Square's dashboard, and the banks.

Orders may be given in Square's words, or in those that the control API has for every provider.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TypeVar

from app.sandbox.books import JsonObject
from app.sandbox.control_request import Refused, only, whole, word
from app.sandbox.dashboard import LARGEST, LONGEST_S, ActsOutside, amount_in, due_in, fate_in
from app.sandbox.square import disputes, fees, refunds
from app.sandbox.square.book_lines import dispute_line, refund_line
from app.sandbox.square.refunds import Fate
from app.sandbox.square.workbench import DISPUTE, PAYMENT, REFUND, Workbench

T = TypeVar("T")

_STATUSES = {
    **{status: status for status in refunds.STATUSES},
    "canceled": "REJECTED",
    "failed": "FAILED",
    "pending": "PENDING",
    "succeeded": "COMPLETED",
}
_STATES = {
    **{state: state for state in disputes.MOVES},
    "lost": "LOST",
    "needs_response": "EVIDENCE_REQUIRED",
    "under_review": "PROCESSING",
    "warning_closed": "INQUIRY_CLOSED",
    "warning_needs_response": "INQUIRY_EVIDENCE_REQUIRED",
    "warning_under_review": "INQUIRY_PROCESSING",
    "won": "WON",
}
_OPENINGS = {word: state for word, state in _STATES.items() if state in disputes.OPENINGS}
_REASONS = {
    **{reason: reason for reason in disputes.REASONS},
    "credit_not_processed": "CUSTOMER_REQUESTS_CREDIT",
    "duplicate": "DUPLICATE",
    "fraudulent": "NO_KNOWLEDGE",
    "product_not_received": "NOT_RECEIVED",
    "product_unacceptable": "NOT_AS_DESCRIBED",
    "unrecognized": "NO_KNOWLEDGE",
}


class SquareDashboard(ActsOutside[Workbench, Fate]):
    """Acts on all merchants' payments."""

    def refund(self, id: str, order: JsonObject) -> JsonObject | None:
        """Give money back: `amount_minor` or the rest, `reason`, `outcome` and `after_s`."""
        self._catch_up()
        payment = self._bench.books.get(PAYMENT, id)
        if payment is None:
            return None
        only(order, ("amount_minor", "reason", "outcome", "after_s"))
        amount = amount_in(order)
        reason = None if order.get("reason") is None else str(order["reason"])[:192]
        fate = self._fate(order)
        with self._acting():
            refund = refunds.give(self._bench, payment, amount, reason, fate)
        return refund_line(refund)

    def settle_refund(self, id: str, order: JsonObject) -> JsonObject | None:
        """Say what became of a refund: `status`."""
        refund = self._bench.books.get(REFUND, id)
        if refund is None:
            return None
        only(order, ("status", "failure_reason"))
        status = _meant(order, "status", "succeeded", _STATUSES)
        if refund.body["status"] not in ("PENDING", status):
            raise Refused(f"a refund that is {refund.body['status']} cannot be {status}")
        with self._acting():
            refunds.settle(self._bench, refund, status)
        return refund_line(refund)

    def dispute(self, id: str, order: JsonObject) -> JsonObject | None:
        """Dispute a payment: `amount_minor` or the whole, `reason`, `due_by`, first `status`."""
        self._catch_up()
        payment = self._bench.books.get(PAYMENT, id)
        if payment is None:
            return None
        only(order, ("amount_minor", "reason", "due_by", "status"))
        amount = amount_in(order)
        reason = _meant(order, "reason", "NO_KNOWLEDGE", _REASONS)
        state = _meant(order, "status", "EVIDENCE_REQUIRED", _OPENINGS)
        due_by = due_in(order)
        with self._acting():
            dispute = disputes.begin(
                self._bench, payment, amount=amount, reason=reason, due_by=due_by, state=state
            )
        return dispute_line(dispute)

    def move_dispute(self, id: str, order: JsonObject) -> JsonObject | None:
        """Have the bank say how it stands: `status`. Square has no fee to give back."""
        dispute = self._bench.books.get(DISPUTE, id)
        if dispute is None:
            return None
        only(order, ("status", "fee_back"))
        state = _meant(order, "status", "", _STATES)
        with self._acting():
            disputes.move(self._bench, dispute, state)
        return dispute_line(dispute)

    def set_fees(self, order: JsonObject) -> JsonObject:
        """Change what money costs and when it is known; see `fees.Terms`."""
        only(order, ("after_s", "fixed_minor", "per_mille"))
        limits = {"after_s": LONGEST_S, "fixed_minor": LARGEST, "per_mille": 1000}
        changes = {name: whole(order, name, 0, 0, limits[name]) for name in order}
        return asdict(fees.set_terms(self._bench, changes))

    def _fate(self, order: JsonObject) -> Fate | None:
        found = fate_in(order, refunds.OUTCOMES, refunds.SETTLES_AFTER_S)
        return None if found is None else Fate(*found)

    def _set_fates(self, fate: Fate | None) -> None:
        refunds.set_fates(self._bench, fate)


def _meant(order: JsonObject, name: str, default: str, words: Mapping[str, T]) -> T:
    return words[word(order, name, default, tuple(words))]
