"""Refunds: whole or in parts, never more than was captured and not yet given back."""

from collections.abc import Mapping

from app.sandbox.books import JsonObject, Record
from app.sandbox.stripe import events
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
from app.sandbox.stripe.workbench import Call, Cause, Workbench

KIND = "refund"
SETTLES_AFTER_S = 60
"""How long a refund of the cards for later results stays undecided."""

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
_DUE = (
    "kind = 'refund' AND json_extract(private, '$.settles_at') IS NOT NULL"
    " AND json_extract(private, '$.settles_at') <= ?"
)
SCHEMA = """
CREATE INDEX IF NOT EXISTS stripe_refunds_due ON objects (json_extract(private, '$.settles_at'))
    WHERE kind = 'refund' AND json_extract(private, '$.settles_at') IS NOT NULL;
"""


def create(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, _RULES)
    charge = _charge(bench, call, params.get("payment_intent"), params.get("charge"))
    unrefunded = charge.body["amount_captured"] - charge.body["amount_refunded"]
    if unrefunded == 0:
        raise not_allowed(
            f"Charge {charge.id} has already been refunded.", code="charge_already_refunded"
        )
    amount = params.get("amount", unrefunded)
    currency = charge.body["currency"]
    check_last_digit(amount, currency, "amount")
    if amount > unrefunded:
        raise not_allowed(
            f"Refund amount ({shown(amount, currency)}) is greater than unrefunded amount on"
            f" charge ({shown(unrefunded, currency)})",
            param="amount",
        )
    outcome = charge.private["refunds"]
    transaction = objects.balance_transaction(
        id=bench.new_id("balance_transaction", "txn_3", 23),
        created=bench.now(),
        amount=-amount,
        fee=0,
        currency=currency,
        source=charge.id,
        type="refund",
    )
    bench.add(call.account, "balance_transaction", transaction)
    body = objects.refund(
        id=bench.new_id(KIND, "re_3", 23),
        created=bench.now(),
        amount=amount,
        charge=charge.body,
        status="pending" if outcome == "succeeds_later" else "succeeded",
        params=params,
        transaction=transaction["id"],
    )
    private: JsonObject = {}
    if outcome != "succeeds":
        private = {
            "settles_at": bench.now() + SETTLES_AFTER_S,
            "settles_as": "failed" if outcome == "fails_later" else "succeeded",
        }
    refund = bench.add(call.account, KIND, body, private)
    _book(bench, charge, amount)
    events.record(bench, "refund.created", refund, call.cause)
    events.record(bench, "charge.refunded", charge, call.cause)
    return presented(bench, refund)


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND})
    return presented(bench, bench.need(call.account, KIND, call.id, "refund"))


def listing(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, _LIST_RULES)
    return listed_page(bench, call, KIND, params, equal=("charge", "payment_intent"))


def settle(bench: Workbench, refund: Record, status: str) -> None:
    """Change a refund's state; money of a failed one is the shop's again. The caller commits."""
    refund.private.pop("settles_at", None)
    if refund.body["status"] in ("failed", status):
        bench.books.save(refund)
        return
    refund.body["status"] = status
    if status == "failed":
        refund.body["failure_reason"] = "expired_or_canceled_card"
        charge = bench.need(refund.account, "charge", refund.body["charge"], "charge")
        _book(bench, charge, -refund.body["amount"])
    bench.books.save(refund)
    events.record(bench, "refund.updated", refund, Cause())
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
    if not charge.body["captured"]:
        raise not_allowed(f"Charge {charge.id} was not captured and cannot be refunded.")
    return charge


def _book(bench: Workbench, charge: Record, amount: int) -> None:
    charge.body["amount_refunded"] += amount
    charge.body["refunded"] = charge.body["amount_refunded"] == charge.body["amount_captured"]
    bench.books.save(charge)
