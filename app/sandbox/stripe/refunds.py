"""Refunds: whole or in parts, never more than was captured and not yet given back."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.stripe import balance, disputes, events
from app.sandbox.stripe.cards import RefundOutcome
from app.sandbox.stripe.currencies import check_last_digit, shown
from app.sandbox.stripe.errors import bad_parameter, not_allowed
from app.sandbox.stripe.objects import refund as objects
from app.sandbox.stripe.parameters import (
    EXPAND,
    LISTING,
    Absent,
    Choice,
    Email,
    Metadata,
    Rule,
    Span,
    Text,
    Whole,
    check_all,
)
from app.sandbox.stripe.presentation import listed_page, presented
from app.sandbox.stripe.workbench import Call, Workbench

KIND = "refund"
SETTLES_AFTER_S = 60
"""How long a refund of the cards for later results stays undecided."""
STATUSES = ("pending", "requires_action", "succeeded", "failed", "canceled")

_RULES: Mapping[str, Rule] = {
    "amount": Whole(1),
    "charge": Text(200),
    "currency": Absent("refunds of a customer's balance"),
    "customer": Absent("refunds of a customer's balance"),
    "expand": EXPAND,
    "instructions_email": Email(),
    "metadata": Metadata(),
    "origin": Absent("refunds of a customer's balance"),
    "payment_intent": Text(200),
    "reason": Choice(["duplicate", "fraudulent", "requested_by_customer"]),
    "refund_application_fee": Absent("platforms"),
    "reverse_transfer": Absent("platforms"),
}
_LIST_RULES = {**LISTING, "charge": Text(200), "created": Span(), "payment_intent": Text(200)}
_FATE = "stripe_refund_fate"
_UNDONE = ("failed", "canceled")
_COURSES: Mapping[RefundOutcome, tuple[str, str | None]] = {
    "succeeds": ("succeeded", None),
    "succeeds_later": ("pending", "succeeded"),
    "fails": ("pending", None),
    "fails_later": ("succeeded", "failed"),
    "pends": ("pending", None),
    "pends_then_fails": ("pending", "failed"),
    "requires_action": ("requires_action", None),
}
"""The first state of a refund, and the one that time brings."""
OUTCOMES = tuple(_COURSES)
_DUE = (
    "kind = 'refund' AND json_extract(private, '$.settles_at') IS NOT NULL"
    " AND json_extract(private, '$.settles_at') <= ?"
)
SCHEMA = """
CREATE INDEX IF NOT EXISTS stripe_refunds_due ON objects (json_extract(private, '$.settles_at'))
    WHERE kind = 'refund' AND json_extract(private, '$.settles_at') IS NOT NULL;
"""


@dataclass(frozen=True)
class Fate:
    """What becomes of a refund; `after_s` where that takes time."""

    outcome: RefundOutcome
    after_s: int = SETTLES_AFTER_S


def create(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, _RULES)
    charge = _charge(bench, call, params.get("payment_intent"), params.get("charge"))
    return presented(bench, give(bench, charge, params, call.cause))


def give(
    bench: Workbench,
    charge: Record,
    params: JsonObject,
    cause: Cause,
    *,
    fate: Fate | None = None,
) -> Record:
    """Give back a captured charge's `amount`, or what is left of it; the caller commits.

    Raises as Stripe refuses it. Without a fate it is what was set for all, else the card's own.
    """
    amount = _refundable(bench, charge, params)
    fate = fate or fates(bench) or Fate(charge.private["refunds"])
    first, later = _COURSES[fate.outcome]
    body = objects.refund(
        id=bench.new_id(KIND, "re_3", 23),
        created=bench.now(),
        amount=amount,
        charge=charge.body,
        status=first,
        params=params,
    )
    if first == "requires_action":
        email = params.get("instructions_email") or charge.body["billing_details"]["email"]
        body["next_action"] = objects.next_action(email, bench.now())
    private: JsonObject = {}
    if later is not None:
        private = {"settles_at": bench.now() + fate.after_s, "settles_as": later}
    refund = bench.add(charge.account, KIND, body, private)
    transaction = balance.post(bench, refund, -amount, type="refund", fee=0)
    refund.body["balance_transaction"] = transaction.id
    bench.books.save(refund)
    _book(bench, charge, amount)
    events.record(bench, "refund.created", refund, cause)
    events.record(bench, "charge.refunded", charge, cause)
    if fate.outcome == "fails":
        settle(bench, refund, "failed")
    return refund


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND})
    return presented(bench, bench.need(call.account, KIND, call.id, "refund"))


def update(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, {"expand": EXPAND, "metadata": Metadata()})
    refund = bench.need(call.account, KIND, call.id, "refund")
    refund.body["metadata"] = {**refund.body["metadata"], **params.get("metadata", {})}
    bench.books.save(refund)
    _tell(bench, refund, call.cause)
    return presented(bench, refund)


def cancel(bench: Workbench, call: Call) -> JsonObject:
    """Take back a refund that still waits for the payer."""
    check_all(call.form, {"expand": EXPAND})
    refund = bench.need(call.account, KIND, call.id, "refund")
    if refund.body["status"] != "requires_action":
        raise not_allowed(
            f"Refund {refund.id} cannot be canceled because it has a status of"
            f" {refund.body['status']}."
        )
    settle(bench, refund, "canceled", cause=call.cause)
    return presented(bench, refund)


def listing(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, _LIST_RULES)
    return listed_page(bench, call, KIND, params, equal=("charge", "payment_intent"))


def fates(bench: Workbench) -> Fate | None:
    """What was set for all refunds to come; None where each card has its own."""
    kept = bench.books.fact(_FATE)
    return None if not kept else Fate(**json.loads(kept))


def set_fates(bench: Workbench, fate: Fate | None) -> None:
    """Set the fate of the refunds to come, in a transaction of its own."""
    with bench.books.transaction():
        bench.books.set_fact(_FATE, "" if fate is None else json.dumps(asdict(fate)))


def settle(
    bench: Workbench,
    refund: Record,
    status: str,
    *,
    failure_reason: str = "expired_or_canceled_card",
    cause: Cause | None = None,
) -> None:
    """Change a refund's state; money that did not arrive is the shop's again. The caller commits.

    One that has failed or was canceled stays as it is.
    """
    refund.private.pop("settles_at", None)
    before = refund.body["status"]
    if before in (*_UNDONE, status):
        bench.books.save(refund)
        return
    refund.body["status"] = status
    refund.body.pop("next_action", None)
    if status in _UNDONE:
        _undo(bench, refund)
    if status == "failed":
        refund.body["failure_reason"] = failure_reason
    bench.books.save(refund)
    _tell(bench, refund, cause or Cause())
    if status == "failed":
        events.record(bench, "refund.failed", refund, Cause())


def settle_due(bench: Workbench) -> bool:
    """Decide the refunds that take their time, in a transaction of its own."""
    due = bench.books.select(_DUE, (bench.now(),), index="stripe_refunds_due")
    if not due:
        return False
    with bench.books.transaction():
        for refund in due:
            settle(bench, refund, refund.private["settles_as"])
    return True


def _refundable(bench: Workbench, charge: Record, params: JsonObject) -> int:
    """The amount that is to be given back, or Stripe's refusal."""
    if not charge.body["captured"]:
        raise not_allowed(f"Charge {charge.id} was not captured and cannot be refunded.")
    if disputes.forbids_refund(bench, charge):
        raise not_allowed(
            f"Charge {charge.id} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    unrefunded = charge.body["amount_captured"] - charge.body["amount_refunded"]
    if unrefunded == 0:
        raise not_allowed(
            f"Charge {charge.id} has already been refunded.", code="charge_already_refunded"
        )
    amount = int(params.get("amount", unrefunded))
    currency = charge.body["currency"]
    check_last_digit(amount, currency, "amount")
    if amount > unrefunded:
        raise not_allowed(
            f"Refund amount ({shown(amount, currency)}) is greater than unrefunded amount on"
            f" charge ({shown(unrefunded, currency)})",
            param="amount",
        )
    return amount


def _tell(bench: Workbench, refund: Record, cause: Cause) -> None:
    events.record(bench, "refund.updated", refund, cause)
    events.record(bench, "charge.refund.updated", refund, cause)


def _undo(bench: Workbench, refund: Record) -> None:
    amount = refund.body["amount"]
    transaction = balance.post(bench, refund, amount, type="refund_failure", fee=0)
    refund.body["failure_balance_transaction"] = transaction.id
    charge = bench.need(refund.account, "charge", refund.body["charge"], "charge")
    _book(bench, charge, -amount)


def _charge(bench: Workbench, call: Call, intent_id: str | None, charge_id: str | None) -> Record:
    if intent_id is not None and charge_id is not None:
        raise bad_parameter(
            "You may only specify one of these parameters: payment_intent, charge.", "charge"
        )
    if charge_id is not None:
        charge = bench.need(call.account, "charge", charge_id, "charge")
    elif intent_id is not None:
        intent = bench.need(call.account, "payment_intent", intent_id, "payment_intent")
        charge_id = intent.body["latest_charge"]
        if charge_id is None or intent.body["status"] != "succeeded":
            raise not_allowed(
                f"This PaymentIntent ({intent.id}) does not have a successful charge to refund."
            )
        charge = bench.need(call.account, "charge", charge_id, "charge")
    else:
        raise bad_parameter(
            "One of the following params should be provided for this request: payment_intent or"
            " charge.",
            "payment_intent",
            "parameter_missing",
        )
    return charge


def _book(bench: Workbench, charge: Record, amount: int) -> None:
    charge.body["amount_refunded"] += amount
    charge.body["refunded"] = charge.body["amount_refunded"] == charge.body["amount_captured"]
    bench.books.save(charge)
