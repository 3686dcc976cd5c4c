"""What happens outside the API: the owner at Square's dashboard, and the banks.

Orders may be given in Square's words, or in those that the control API has for every provider.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import TypeVar

from app.sandbox.books import JsonObject
from app.sandbox.control_request import Refused, only, whole, whole_or_none, word
from app.sandbox.square import disputes, fees, refunds
from app.sandbox.square.book_lines import dispute_line, refund_line
from app.sandbox.square.errors import SquareRefusal
from app.sandbox.square.refunds import Fate
from app.sandbox.square.workbench import DISPUTE, PAYMENT, REFUND, Workbench

T = TypeVar("T")

_LARGEST = 10**12
_LONGEST_S = 10**9
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


class SquareDashboard:
    """Acts on all merchants' payments; `changed` is called after each commit."""

    def __init__(
        self, bench: Workbench, catch_up: Callable[[], None], changed: Callable[[], None]
    ) -> None:
        self._bench = bench
        self._catch_up = catch_up
        self._changed = changed

    def refund(self, id: str, order: JsonObject) -> JsonObject | None:
        """Give money back: `amount_minor` or the rest, `reason`, `outcome` and `after_s`."""
        self._catch_up()
        payment = self._bench.books.get(PAYMENT, id)
        if payment is None:
            return None
        only(order, ("amount_minor", "reason", "outcome", "after_s"))
        amount = whole_or_none(order, "amount_minor", 1, _LARGEST)
        reason = None if order.get("reason") is None else str(order["reason"])[:192]
        fate = _fate(order)
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

    def set_refunds(self, order: JsonObject) -> JsonObject:
        """Set what becomes of all refunds from now on; without `outcome` Square's usual way."""
        only(order, ("outcome", "after_s"))
        fate = _fate(order)
        refunds.set_fates(self._bench, fate)
        return {"outcome": None, "after_s": None} if fate is None else asdict(fate)

    def dispute(self, id: str, order: JsonObject) -> JsonObject | None:
        """Dispute a payment: `amount_minor` or the whole, `reason`, `due_by`, first `status`."""
        self._catch_up()
        payment = self._bench.books.get(PAYMENT, id)
        if payment is None:
            return None
        only(order, ("amount_minor", "reason", "due_by", "status"))
        amount = whole_or_none(order, "amount_minor", 1, _LARGEST)
        reason = _meant(order, "reason", "NO_KNOWLEDGE", _REASONS)
        state = _meant(order, "status", "EVIDENCE_REQUIRED", _OPENINGS)
        due_by = whole_or_none(order, "due_by", 0, 10**11)
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
        limits = {"after_s": _LONGEST_S, "fixed_minor": _LARGEST, "per_mille": 1000}
        changes = {name: whole(order, name, 0, 0, limits[name]) for name in order}
        return asdict(fees.set_terms(self._bench, changes))

    @contextmanager
    def _acting(self) -> Iterator[None]:
        """Run an effect in one transaction; what Square refuses is refused in its words."""
        try:
            with self._bench.books.transaction():
                yield
        except SquareRefusal as refusal:
            raise Refused(refusal.message) from refusal
        self._changed()


def _meant(order: JsonObject, name: str, default: str, words: Mapping[str, T]) -> T:
    return words[word(order, name, default, tuple(words))]


def _fate(order: JsonObject) -> Fate | None:
    after_s = whole(order, "after_s", refunds.SETTLES_AFTER_S, 0, _LONGEST_S)
    if order.get("outcome") is None:
        return None
    return Fate(word(order, "outcome", "", refunds.OUTCOMES), after_s)
