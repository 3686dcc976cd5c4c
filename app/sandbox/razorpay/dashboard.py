"""What happens outside the API: the owner at Razorpay's dashboard, and the banks.

A refund that is made here carries no notes of the till's.
"""

from dataclasses import asdict

from app.sandbox.books import JsonObject, Record
from app.sandbox.control_request import Refused, only, whole, word
from app.sandbox.dashboard import LONGEST_S, ActsOutside, amount_in, due_in, fate_in
from app.sandbox.razorpay import charges, disputes, fees, refunds
from app.sandbox.razorpay.book_lines import dispute_line, refund_line
from app.sandbox.razorpay.workbench import Workbench

_FEE_NAMES = ("after_s", "fixed_minor", "per_mille", "tax_per_mille")


class RazorpayDashboard(ActsOutside[Workbench, refunds.Fate]):
    """Acts on all accounts' payments."""

    def refund(self, id: str, order: JsonObject) -> JsonObject | None:
        """Give money back: `amount_minor` or the rest, `outcome` and `after_s`."""
        self._catch_up()
        payment = self._payment(id)
        if payment is None:
            return None
        only(order, ("amount_minor", "reason", "outcome", "after_s"))
        amount = amount_in(order)
        fate = self._fate(order)
        params = {} if amount is None else {"amount": amount}
        with self._acting():
            refund = refunds.give(self._bench, payment, params, fate=fate)
        return refund_line(refund)

    def settle_refund(self, id: str, order: JsonObject) -> JsonObject | None:
        """Say what became of a pending refund: `status`."""
        refund = self._bench.books.get(refunds.KIND, id)
        if refund is None:
            return None
        only(order, ("status",))
        status = word(order, "status", "processed", refunds.STATUSES)
        if refund.body["status"] not in ("pending", status):
            raise Refused(f"a refund that is {refund.body['status']} stays so")
        with self._acting():
            refunds.settle(self._bench, refund, status)
        return refund_line(refund)

    def dispute(self, id: str, order: JsonObject) -> JsonObject | None:
        """Dispute a payment: `amount_minor` or the whole, `reason`, `phase`, `due_by`."""
        self._catch_up()
        payment = self._payment(id)
        if payment is None:
            return None
        only(order, ("amount_minor", "reason", "phase", "due_by"))
        amount = amount_in(order)
        phase = word(order, "phase", "chargeback", disputes.PHASES)
        reason = order.get("reason", "chargeback")
        if not isinstance(reason, str):
            raise Refused("reason must be a text")
        due_by = due_in(order)
        with self._acting():
            dispute = disputes.begin(
                self._bench, payment, amount=amount, reason=reason, phase=phase, respond_by=due_by
            )
        return dispute_line(dispute)

    def move_dispute(self, id: str, order: JsonObject) -> JsonObject | None:
        """Have the bank say how it stands: `status`."""
        dispute = self._bench.books.get(disputes.KIND, id)
        if dispute is None:
            return None
        only(order, ("status",))
        status = word(order, "status", "", disputes.WORDS)
        with self._acting():
            disputes.move(self._bench, dispute, status)
        return dispute_line(dispute)

    def set_fees(self, order: JsonObject) -> JsonObject:
        """Change what payments cost and when it is known; see `fees.Terms`."""
        changes: JsonObject = {
            name: whole(order, name, 0, 0, LONGEST_S) for name in only(order, _FEE_NAMES)
        }
        if max(changes.get("per_mille", 0), changes.get("tax_per_mille", 0)) > 1000:
            raise Refused("per_mille and tax_per_mille must be integers from 0 to 1000")
        return asdict(fees.set_terms(self._bench, changes))

    def _fate(self, order: JsonObject) -> refunds.Fate | None:
        found = fate_in(order, refunds.OUTCOMES, refunds.SETTLES_AFTER_S)
        return None if found is None else refunds.Fate(*found)

    def _set_fates(self, fate: refunds.Fate | None) -> None:
        refunds.set_fates(self._bench, fate)

    def _payment(self, id: str) -> Record | None:
        return self._bench.books.get(charges.KIND, id)
