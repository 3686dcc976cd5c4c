"""What happens outside the API: the owner at Stripe's dashboard, and the banks.

A refund that is made here carries no metadata of the till's, and its events name no request.
"""

from dataclasses import asdict
from typing import Any

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.control_request import Refused, flag, only, whole, word
from app.sandbox.dashboard import LARGEST, LONGEST_S, ActsOutside, amount_in, due_in, fate_in
from app.sandbox.stripe import balance, disputes, refunds
from app.sandbox.stripe.book_lines import dispute_line, refund_line
from app.sandbox.stripe.currencies import SUPPORTED
from app.sandbox.stripe.refunds import Fate
from app.sandbox.stripe.workbench import Workbench

_REASONS = ("duplicate", "fraudulent", "requested_by_customer")
_FAILURES = (
    "expired_or_canceled_card",
    "lost_or_stolen_card",
    "charge_for_pending_refund_disputed",
    "insufficient_funds",
    "declined",
    "merchant_request",
    "unknown",
)
_FEE_NAMES = (
    "after_s",
    "available_after_s",
    "currency",
    "dispute_minor",
    "fixed_minor",
    "per_mille",
    "rate_ppm",
)


class StripeDashboard(ActsOutside[Workbench, Fate]):
    """Acts on all accounts' payments."""

    def refund(self, id: str, order: JsonObject) -> JsonObject | None:
        """Give money back: `amount_minor` or the rest, `reason`, `outcome` and `after_s`."""
        only(order, ("amount_minor", "reason", "outcome", "after_s"))
        params: dict[str, Any] = {}
        amount = amount_in(order)
        if amount is not None:
            params["amount"] = amount
        if order.get("reason") is not None:
            params["reason"] = word(order, "reason", "", _REASONS)
        fate = self._fate(order)
        self._catch_up()
        charge = self._charge(id)
        if charge is None:
            return None
        with self._acting():
            refund = refunds.give(self._bench, charge, params, Cause(), fate=fate)
        return refund_line(refund)

    def settle_refund(self, id: str, order: JsonObject) -> JsonObject | None:
        """Say what became of a refund: `status`, and `failure_reason` of a failed one."""
        only(order, ("status", "failure_reason"))
        status = word(order, "status", "succeeded", refunds.STATUSES)
        reason = word(order, "failure_reason", _FAILURES[0], _FAILURES)
        refund = self._bench.books.get("refund", id)
        if refund is None:
            return None
        if refund.body["status"] == "succeeded" and status not in ("succeeded", "failed"):
            raise Refused(f"a refund that has succeeded cannot be {status}")
        with self._acting():
            refunds.settle(self._bench, refund, status, failure_reason=reason)
        return refund_line(refund)

    def dispute(self, id: str, order: JsonObject) -> JsonObject | None:
        """Dispute a payment: `amount_minor` or the whole, `reason`, `due_by`, first `status`."""
        only(order, ("amount_minor", "reason", "due_by", "status"))
        amount = amount_in(order)
        reason = word(order, "reason", "fraudulent", disputes.REASONS)
        status = word(order, "status", "needs_response", disputes.OPENINGS)
        due_by = due_in(order)
        self._catch_up()
        charge = self._charge(id)
        if charge is None:
            return None
        with self._acting():
            dispute = disputes.begin(
                self._bench, charge, amount=amount, reason=reason, due_by=due_by, status=status
            )
        return dispute_line(self._bench, dispute)

    def move_dispute(self, id: str, order: JsonObject) -> JsonObject | None:
        """Have the bank say how it stands: `status`; `fee_back` where a won one costs nothing."""
        only(order, ("status", "fee_back"))
        status = word(order, "status", "", tuple(disputes.MOVES))
        fee_back = flag(order, "fee_back")
        dispute = self._bench.books.get("dispute", id)
        if dispute is None:
            return None
        with self._acting():
            disputes.move(self._bench, dispute, status, fee_back=fee_back)
        return dispute_line(self._bench, dispute)

    def set_fees(self, order: JsonObject) -> JsonObject:
        """Change what money costs and when it is known; see `balance.Terms`."""
        changes: JsonObject = {
            name: whole(order, name, 0, 0, LARGEST if name.endswith("minor") else LONGEST_S)
            for name in only(order, _FEE_NAMES)
            if name != "currency"
        }
        if "currency" in order:
            changes["currency"] = order["currency"]
            if order["currency"] not in (None, *SUPPORTED):
                raise Refused("currency must be a code that Stripe supports, or null")
        if changes.get("per_mille", 0) > 1000:
            raise Refused("per_mille must be an integer from 0 to 1000")
        return asdict(balance.set_terms(self._bench, changes))

    def _fate(self, order: JsonObject) -> Fate | None:
        found = fate_in(order, refunds.OUTCOMES, refunds.SETTLES_AFTER_S)
        return None if found is None else Fate(*found)

    def _set_fates(self, fate: Fate | None) -> None:
        refunds.set_fates(self._bench, fate)

    def _charge(self, id: str) -> Record | None:
        """The newest charge of a payment intent, or the charge itself."""
        books = self._bench.books
        intent = books.get("payment_intent", id)
        return books.get("charge", id if intent is None else intent.body["latest_charge"] or "")
