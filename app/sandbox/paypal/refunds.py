"""Refunds of captures: whole, in parts, and never more than was captured."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

from app.sandbox.books import JsonObject, Record
from app.sandbox.paypal import captures, events
from app.sandbox.paypal.checks import Amount, Fields, Text, check
from app.sandbox.paypal.errors import unprocessable
from app.sandbox.paypal.money import minor_of, money
from app.sandbox.paypal.order_checks import checked_amount
from app.sandbox.paypal.terms import payable
from app.sandbox.paypal.workbench import Call, Workbench

KIND = "paypal.refund"
STATUSES = ("PENDING", "COMPLETED", "CANCELLED", "FAILED")
SETTLES_AFTER_S = 60
WITHIN_S = 180 * 86_400
SCHEMA = """
CREATE INDEX IF NOT EXISTS paypal_refunds_due ON objects (json_extract(private, '$.settles_at'))
    WHERE kind = 'paypal.refund' AND json_extract(private, '$.settles_at') IS NOT NULL;
"""
Outcome: TypeAlias = Literal["succeeds", "succeeds_later", "fails", "pends", "pends_then_fails"]

_COURSES: Mapping[Outcome, tuple[str, str | None]] = {
    "succeeds": ("COMPLETED", None),
    "succeeds_later": ("PENDING", "COMPLETED"),
    "fails": ("FAILED", None),
    "pends": ("PENDING", None),
    "pends_then_fails": ("PENDING", "FAILED"),
}
"""The first state of a refund, and the one that time brings."""
OUTCOMES = tuple(_COURSES)
_UNDONE = ("FAILED", "CANCELLED")
_FATE = "paypal_refund_fate"
_RULES = Fields(
    {
        "amount": Amount(),
        "custom_id": Text(127),
        "invoice_id": Text(127),
        "note_to_payer": Text(255),
    }
)
_DUE = (
    "kind = 'paypal.refund' AND json_extract(private, '$.settles_at') IS NOT NULL"
    " AND json_extract(private, '$.settles_at') <= ?"
)


@dataclass(frozen=True)
class Fate:
    """What becomes of a refund; `after_s` where that takes time."""

    outcome: Outcome
    after_s: int = SETTLES_AFTER_S


def create(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    given = check(call.given, _RULES)
    capture = bench.need(call.account, captures.KIND, call.id)
    refund = give(bench, capture, given)
    return 201, answered(bench, refund, call)


def retrieve(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    return 200, presented(bench, bench.need(call.account, KIND, call.id))


def give(bench: Workbench, capture: Record, given: JsonObject, fate: Fate | None = None) -> Record:
    """Give back an amount of a capture, or what is left of it; the caller commits.

    Raises as PayPal refuses it.
    """
    minor = _refundable(bench, capture, given)
    fate = fate or fates(bench) or Fate("succeeds")
    first, later = _COURSES[fate.outcome]
    currency = capture.body["amount"]["currency_code"]
    body: JsonObject = {
        "id": bench.new_code(KIND),
        "amount": money(minor, currency),
        **{
            name: capture.body[name] for name in ("custom_id", "invoice_id") if name in capture.body
        },
        **{
            name: given[name]
            for name in ("custom_id", "invoice_id", "note_to_payer")
            if given.get(name)
        },
        "status": "PENDING",
        "payer": {"email_address": "shop@example.com", "merchant_id": capture.account},
        "create_time": bench.time(),
        "update_time": bench.time(),
    }
    private: JsonObject = {"capture": capture.id}
    if later is not None:
        private |= {"settles_at": bench.now() + fate.after_s, "settles_as": later}
    captures.refund_so_far(bench, capture, minor)
    so_far = capture.private["refunded_minor"]
    body["seller_payable_breakdown"] = payable(minor, so_far, currency)
    if first == "PENDING":
        body["status_details"] = {"reason": "ECHECK"}
    refund = bench.put(capture.account, KIND, body, private)
    _note(bench, capture, refund)
    if first == "PENDING":
        _tell(bench, refund, "PAYMENT.REFUND.PENDING", "pending")
    else:
        settle(bench, refund, first)
    return refund


def settle(bench: Workbench, refund: Record, status: str) -> None:
    """Change a refund's state; money that did not leave is the shop's again. The caller commits.

    One that has failed or was cancelled stays as it is.
    """
    refund.private.pop("settles_at", None)
    if refund.body["status"] in (*_UNDONE, status):
        bench.books.save(refund)
        return
    refund.body["status"] = status
    refund.body["update_time"] = bench.time()
    refund.body.pop("status_details", None)
    if status in _UNDONE:
        minor = minor_of(refund.body["amount"])
        refund.body.pop("seller_payable_breakdown", None)
        captures.refund_so_far(bench, capture_of(bench, refund), -minor)
    bench.books.save(refund)
    if status == "COMPLETED":
        _tell(bench, refund, "PAYMENT.CAPTURE.REFUNDED", "was refunded")
    elif status == "FAILED":
        _tell(bench, refund, "PAYMENT.REFUND.FAILED", "could not be refunded")


def settle_due(bench: Workbench) -> bool:
    """Decide the refunds that take their time, in a transaction of its own."""
    due = bench.books.select(_DUE, (bench.now(),), index="paypal_refunds_due")
    if not due:
        return False
    with bench.books.transaction():
        for refund in due:
            settle(bench, refund, refund.private["settles_as"])
    return True


def fates(bench: Workbench) -> Fate | None:
    """What was set for all refunds to come."""
    kept = bench.books.fact(_FATE)
    return None if not kept else Fate(**json.loads(kept))


def set_fates(bench: Workbench, fate: Fate | None) -> None:
    """Set the fate of the refunds to come, in a transaction of its own."""
    with bench.books.transaction():
        bench.books.set_fact(_FATE, "" if fate is None else json.dumps(asdict(fate)))


def capture_of(bench: Workbench, refund: Record) -> Record:
    return bench.need(refund.account, captures.KIND, refund.private["capture"])


def answered(bench: Workbench, refund: Record, call: Call) -> JsonObject:
    """As much of a refund as the caller prefers to be told."""
    whole = presented(bench, refund)
    return whole if call.wants_all else {name: whole[name] for name in ("id", "status", "links")}


def presented(bench: Workbench, refund: Record) -> JsonObject:
    return {
        **refund.body,
        "links": [
            bench.link(f"/v2/payments/refunds/{refund.id}", "self"),
            bench.link(f"/v2/payments/captures/{refund.private['capture']}", "up"),
        ],
    }


def in_order(bench: Workbench, refund: Record) -> JsonObject:
    """As its order shows it."""
    whole = presented(bench, refund)
    return {name: value for name, value in whole.items() if name != "payer"}


def _refundable(bench: Workbench, capture: Record, given: JsonObject) -> int:
    """The amount that is to be given back, or PayPal's refusal."""
    amount, status = capture.body["amount"], capture.body["status"]
    if status == "PENDING":
        raise unprocessable("PENDING_CAPTURE")
    if status == "REFUNDED":
        raise unprocessable("CAPTURE_FULLY_REFUNDED")
    if status not in captures.TAKEN:
        raise unprocessable("REFUND_NOT_ALLOWED")
    if capture.private.get("is_charged_back"):
        raise unprocessable("REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK")
    if bench.now() > capture.created + WITHIN_S:
        raise unprocessable("REFUND_TIME_LIMIT_EXCEEDED")
    left = minor_of(amount) - int(capture.private["refunded_minor"])
    wanted = given.get("amount")
    if wanted is None:
        return left
    if wanted["currency_code"] != amount["currency_code"]:
        raise unprocessable("REFUND_CAPTURE_CURRENCY_MISMATCH", "/amount/currency_code")
    minor = checked_amount(wanted, "/amount")
    if minor > left:
        raise unprocessable("REFUND_AMOUNT_EXCEEDED", "/amount/value", wanted["value"])
    return minor


def _note(bench: Workbench, capture: Record, refund: Record) -> None:
    order = bench.books.get("paypal.order", capture.private["order"])
    if order is not None:
        order.private["refunds"].append(refund.id)
        bench.books.save(order)


def _tell(bench: Workbench, refund: Record, type: str, words: str) -> None:
    amount = refund.body["amount"]
    if type == "PAYMENT.CAPTURE.REFUNDED" and captures.is_sale(capture_of(bench, refund)):
        _tell_of_sale(bench, refund)
        return
    summary = f"A {amount['currency_code']} {amount['value']} capture payment {words}"
    resource = presented(bench, refund)
    events.record(bench, refund.account, type, "refund", resource, summary)


def _tell_of_sale(bench: Workbench, refund: Record) -> None:
    """A subscription's payment is told of in the older form, with a sum below zero."""
    amount, sale = refund.body["amount"], refund.private["capture"]
    resource: JsonObject = {
        "id": refund.id,
        "state": "completed",
        "amount": {"total": f"-{amount['value']}", "currency": amount["currency_code"]},
        "sale_id": sale,
        "create_time": refund.body["create_time"],
        "update_time": refund.body["update_time"],
        "links": [
            bench.link(f"/v2/payments/refunds/{refund.id}", "self"),
            bench.link(f"/v1/payments/sale/{sale}", "sale"),
        ],
    }
    if "custom_id" in refund.body:
        resource["custom"] = refund.body["custom_id"]
    type, summary = "PAYMENT.SALE.REFUNDED", "A sale payment was refunded"
    events.record(bench, refund.account, type, "refund", resource, summary)
