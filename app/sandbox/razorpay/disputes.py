"""Disputes: the payer's bank asks for money back, the shop may object, the bank decides.

Nothing is deducted from the shop before a dispute is lost (razorpay.com/docs/api/disputes).
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from app.sandbox.books import JsonObject, Record
from app.sandbox.razorpay import charges, currencies, events, objects
from app.sandbox.razorpay.errors import not_allowed
from app.sandbox.razorpay.listings import page
from app.sandbox.razorpay.parameters import Body, Listing, NoFilter, Nothing, read
from app.sandbox.razorpay.workbench import Call, Workbench

KIND: Final = "razorpay.dispute"
DUE_AFTER_S = 9 * 86_400
PHASES = ("fraud", "retrieval", "chargeback", "pre_arbitration", "arbitration")
MOVES: Final[Mapping[str, tuple[str, ...]]] = {
    "open": ("under_review", "action_required", "won", "lost", "closed"),
    "under_review": ("action_required", "won", "lost", "closed"),
    "won": (),
    "lost": (),
    "closed": (),
}
"""What may follow; `action_required` is a notice that opens the dispute again."""
WORDS = ("under_review", "action_required", "won", "lost", "closed")


class Contest(Body):
    """`PATCH /v1/disputes/{id}/contest`."""

    amount: Annotated[int, Field(ge=1)] | None = None
    summary: Annotated[str, Field(max_length=1000)] | None = None
    shipping_proof: list[str] | None = None
    billing_proof: list[str] | None = None
    cancellation_proof: list[str] | None = None
    customer_communication: list[str] | None = None
    proof_of_service: list[str] | None = None
    explanation_letter: list[str] | None = None
    refund_confirmation: list[str] | None = None
    access_activity_log: list[str] | None = None
    refund_cancellation_policy: list[str] | None = None
    term_and_conditions: list[str] | None = None
    others: list[dict[str, Any]] | None = None
    action: Literal["draft", "submit"] = "draft"


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    read(NoFilter, call.params)
    return bench.need(call.account, KIND, call.id).body


def listing(bench: Workbench, call: Call) -> JsonObject:
    return page(bench, call.account, KIND, read(Listing, call.params))


def accept(bench: Workbench, call: Call) -> JsonObject:
    """Give in: it is lost."""
    read(Nothing, call.params)
    dispute = bench.need(call.account, KIND, call.id)
    if dispute.body["status"] != "open":
        raise not_allowed("Dispute cannot be accepted in its current status")
    _put(bench, dispute, "lost")
    return dispute.body


def contest(bench: Workbench, call: Call) -> JsonObject:
    """Take evidence, and hand it in with `action=submit`."""
    asked = read(Contest, call.params)
    dispute = bench.need(call.account, KIND, call.id)
    if dispute.body["status"] != "open":
        raise not_allowed("Dispute cannot be contested in its current status")
    evidence = asked.model_dump(exclude_none=True, exclude={"action"})
    dispute.body["evidence"].update(evidence)
    bench.books.save(dispute)
    if asked.action == "submit":
        dispute.body["evidence"]["submitted_at"] = bench.now()
        _put(bench, dispute, "under_review")
    return dispute.body


def begin(
    bench: Workbench,
    payment: Record,
    *,
    amount: int | None = None,
    reason: str = "chargeback",
    phase: str = "chargeback",
    respond_by: int | None = None,
) -> Record:
    """Have the payer's bank dispute a captured payment; the caller commits.

    Without `amount` it is about all that was not given back. Raises where that is exceeded, or the
    payment has an open dispute.
    """
    captured, currency = payment.body["amount"], payment.body["currency"]
    if not payment.private["was_captured"]:
        raise not_allowed("The payment status should be captured for action to be taken")
    amount = captured - payment.body["amount_refunded"] if amount is None else amount
    if not 0 < amount <= captured:
        shown = currencies.shown(captured, currency)
        raise not_allowed(f"No more than the {shown} captured can be disputed.")
    if any(other.body["status"] in ("open", "under_review") for other in of(bench, payment)):
        raise not_allowed(f"Payment {payment.id} is disputed already.")
    body = objects.dispute(
        id=bench.id_for(KIND, "disp_"),
        created=bench.now(),
        amount=amount,
        payment=payment.body,
        reason=reason,
        phase=phase,
        respond_by=bench.now() + DUE_AFTER_S if respond_by is None else respond_by,
    )
    dispute = bench.keep(payment.account, KIND, body)
    _tell(bench, dispute, "created")
    return dispute


def move(bench: Workbench, dispute: Record, word: str) -> None:
    """Have the bank say how it stands now; the caller commits. Raises where that cannot follow."""
    before = dispute.body["status"]
    if word not in MOVES[before]:
        raise not_allowed(f"A dispute cannot go from {before} to {word}.")
    _put(bench, dispute, word)


def of(bench: Workbench, payment: Record) -> list[Record]:
    return bench.of(payment.account, KIND, "payment_id", payment.id)


def _put(bench: Workbench, dispute: Record, word: str) -> None:
    dispute.body["status"] = "open" if word == "action_required" else word
    if word == "lost":
        dispute.body["amount_deducted"] = dispute.body["amount"]
    bench.books.save(dispute)
    _tell(bench, dispute, word)


def _tell(bench: Workbench, dispute: Record, word: str) -> None:
    payment = bench.need(dispute.account, charges.KIND, dispute.body["payment_id"])
    events.record(
        bench,
        f"payment.dispute.{word}",
        dispute.account,
        payment=payment.body,
        dispute=dispute.body,
    )
