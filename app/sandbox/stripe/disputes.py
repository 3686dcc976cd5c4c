"""Disputes: the payer's bank takes money back, the shop may object, the bank decides.

States and events follow docs.stripe.com/disputes: a dispute takes the money and a fee when it is
opened, a lost one keeps both, a won one brings the money back. An inquiry (`warning_...`) takes
nothing unless it becomes a dispute.
"""

from collections.abc import Mapping
from typing import Final

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.stripe import balance, events
from app.sandbox.stripe.currencies import shown
from app.sandbox.stripe.errors import not_allowed
from app.sandbox.stripe.objects import dispute as objects
from app.sandbox.stripe.parameters import (
    EXPAND,
    LISTING,
    Fields,
    Flag,
    Ignored,
    Metadata,
    Rule,
    Span,
    Text,
    check_all,
)
from app.sandbox.stripe.presentation import listed_page, presented
from app.sandbox.stripe.workbench import Call, Workbench

KIND = "dispute"
DUE_AFTER_S = 9 * 86_400
REASONS = (
    "bank_cannot_process check_returned credit_not_processed customer_initiated"
    " debit_not_authorized duplicate fraudulent general incorrect_account_details"
    " insufficient_funds noncompliant product_not_received product_unacceptable"
    " subscription_canceled unrecognized"
).split()
OPENINGS = ("needs_response", "warning_needs_response")
MOVES: Final[Mapping[str, tuple[str, ...]]] = {
    "warning_needs_response": ("warning_under_review", "warning_closed", "needs_response"),
    "warning_under_review": ("warning_closed", "needs_response"),
    "needs_response": ("under_review", "won", "lost"),
    "under_review": ("won", "lost"),
    "lost": ("won",),  # the bank may still change its mind
    "won": (),
    "warning_closed": (),
}

_CLOSED = ("won", "lost", "warning_closed")
_REFUNDABLE = ("won", "warning_needs_response", "warning_under_review", "warning_closed")
_LIST_RULES: Mapping[str, Rule] = {
    **LISTING,
    "charge": Text(200),
    "created": Span(),
    "payment_intent": Text(200),
}
_UPDATE_RULES: Mapping[str, Rule] = {
    "evidence": Fields({name: Text(150_000) for name in objects.EVIDENCE}),
    "expand": EXPAND,
    "intended_submission_method": Ignored(),
    "metadata": Metadata(),
    "submit": Flag(),
}
_VERDICTS = {"winning_evidence": "won", "losing_evidence": "lost"}
"""What a test account may write as `uncategorized_text` to decide its dispute."""


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND})
    return presented(bench, _need(bench, call))


def listing(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, _LIST_RULES)
    return listed_page(bench, call, KIND, params, equal=("charge", "payment_intent"))


def update(bench: Workbench, call: Call) -> JsonObject:
    """Take evidence, and hand it in unless `submit` is false."""
    params = check_all(call.form, _UPDATE_RULES)
    dispute = _need(bench, call)
    if dispute.body["status"] in _CLOSED:
        raise not_allowed("This dispute is already closed.")
    dispute.body["metadata"] = {**dispute.body["metadata"], **params.get("metadata", {})}
    evidence = params.get("evidence", {})
    dispute.body["evidence"].update(evidence)
    details = dispute.body["evidence_details"]
    details["has_evidence"] = details["has_evidence"] or bool(evidence)
    status = dispute.body["status"]
    if details["has_evidence"] and params.get("submit", True):
        details["submission_count"] += 1
        details["submission_method"] = "manual"
        status = status.replace("needs_response", "under_review")
    _put(bench, dispute, status, call.cause)
    verdict = _VERDICTS.get(dispute.body["evidence"]["uncategorized_text"] or "")
    if verdict is not None and status == "under_review":
        _put(bench, dispute, verdict, Cause())
    return presented(bench, dispute)


def close(bench: Workbench, call: Call) -> JsonObject:
    """Accept the dispute: it is lost."""
    check_all(call.form, {"expand": EXPAND})
    dispute = _need(bench, call)
    if dispute.body["status"] in _CLOSED:
        raise not_allowed("This dispute is already closed.")
    is_inquiry = dispute.body["status"].startswith("warning")
    _put(bench, dispute, "warning_closed" if is_inquiry else "lost", call.cause)
    return presented(bench, dispute)


def begin(
    bench: Workbench,
    charge: Record,
    *,
    amount: int | None = None,
    reason: str = "fraudulent",
    due_by: int | None = None,
    status: str = "needs_response",
) -> Record:
    """Have the payer's bank dispute a captured charge, or ask about it; the caller commits.

    Without `amount` it is about all that was not given back; a bank may ask for more, up to what
    was captured. Raises where that is exceeded, or the charge has an open dispute.
    """
    captured, currency = charge.body["amount_captured"], charge.body["currency"]
    amount = captured - charge.body["amount_refunded"] if amount is None else amount
    if not 0 < amount <= captured:
        raise not_allowed(
            f"{shown(amount, currency)} of {shown(captured, currency)} captured cannot be disputed."
        )
    if any(other.body["status"] not in _CLOSED for other in of_charge(bench, charge)):
        raise not_allowed(f"Charge {charge.id} is disputed already.")
    body = objects.dispute(
        id=bench.new_id(KIND, "dp_1", 23),
        created=bench.now(),
        amount=amount,
        charge=charge.body,
        reason=reason,
        status=status,
        due_by=bench.now() + DUE_AFTER_S if due_by is None else due_by,
    )
    dispute = bench.add(charge.account, KIND, body, {"transactions": []})
    is_withdrawn = status == "needs_response"
    if is_withdrawn:
        _withdraw(bench, dispute)
    charge.body["disputed"] = True
    bench.books.save(charge)
    events.record(bench, "charge.dispute.created", dispute, Cause())
    if is_withdrawn:
        events.record(bench, "charge.dispute.funds_withdrawn", dispute, Cause())
    return dispute


def begin_by_card(bench: Workbench, charge: Record) -> None:
    """Have the holder of one of the test cards for that dispute a charge at once."""
    disputed_as = charge.private.get("disputed_as")
    if disputed_as is not None:
        reason, status = disputed_as
        begin(bench, charge, reason=reason, status=status)


def move(bench: Workbench, dispute: Record, status: str, *, fee_back: bool = False) -> None:
    """Have the bank say how it stands now; the caller commits. Raises where that cannot follow."""
    before = dispute.body["status"]
    if status not in MOVES[before]:
        raise not_allowed(f"A dispute cannot go from {before} to {status}.")
    _put(bench, dispute, status, Cause(), fee_back=fee_back)


def of_charge(bench: Workbench, charge: Record) -> list[Record]:
    condition = "account = ? AND kind = ? AND json_extract(body, '$.payment_intent') = ?"
    found = bench.books.select(condition, (charge.account, KIND, charge.body["payment_intent"]))
    return [dispute for dispute in found if dispute.body["charge"] == charge.id]


def forbids_refund(bench: Workbench, charge: Record) -> bool:
    """Say whether the payer's bank has the money, so that the shop cannot give it back."""
    if not charge.body["disputed"]:
        return False
    return any(not each.body["is_charge_refundable"] for each in of_charge(bench, charge))


def _need(bench: Workbench, call: Call) -> Record:
    return bench.need(call.account, KIND, call.id, "dispute")


def _put(
    bench: Workbench, dispute: Record, status: str, cause: Cause, *, fee_back: bool = False
) -> None:
    before = dispute.body["status"]
    dispute.body["status"] = status
    dispute.body["is_charge_refundable"] = status in _REFUNDABLE
    money = ""
    if status == "won":
        _reinstate(bench, dispute, fee_back=fee_back)
        money = "charge.dispute.funds_reinstated"
    elif status == "needs_response" and before != status:
        _withdraw(bench, dispute)
        money = "charge.dispute.funds_withdrawn"
    bench.books.save(dispute)
    is_closed = status in _CLOSED and before not in _CLOSED
    type = "charge.dispute.closed" if is_closed else "charge.dispute.updated"
    events.record(bench, type, dispute, cause)
    if money:
        events.record(bench, money, dispute, Cause())


def _withdraw(bench: Workbench, dispute: Record) -> None:
    fee = balance.terms(bench).dispute_minor
    _post(bench, dispute, -1, "dispute", "Chargeback withdrawal for", fee)


def _reinstate(bench: Workbench, dispute: Record, *, fee_back: bool) -> None:
    fee = sum(
        transaction.body["fee"]
        for id in dispute.private["transactions"]
        if (transaction := bench.books.get(balance.KIND, id)) is not None
    )
    _post(bench, dispute, 1, "dispute_reversal", "Chargeback reversal for", -fee * fee_back)


def _post(
    bench: Workbench, dispute: Record, sign: int, category: str, words: str, fee: int
) -> None:
    transaction = balance.post(
        bench,
        dispute,
        sign * dispute.body["amount"],
        type="adjustment",
        category=category,
        description=f"{words} {dispute.body['charge']}",
        fee=fee,
        fee_name="Dispute fee",
    )
    dispute.private["transactions"].append(transaction.id)
    bench.books.save(dispute)
