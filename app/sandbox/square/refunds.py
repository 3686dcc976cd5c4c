"""Refunds: whole or in parts, of one's own amount, PENDING at first as Square has it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.square import disputes, events, listing, merchants, orders, payments, readings
from app.sandbox.square.errors import missing, not_found, refund_error
from app.sandbox.square.money import Amount, check_currency, shown
from app.sandbox.square.parameters import (
    Absent,
    Choice,
    Ignored,
    Rule,
    Text,
    body_of,
    query_of,
)
from app.sandbox.square.workbench import ORDER, PAYMENT, REFUND, Call, Workbench

SETTLES_AFTER_S = 2
STATUSES = ("PENDING", "COMPLETED", "REJECTED", "FAILED")
LONGEST_KEY = 45
SCHEMA = """
CREATE INDEX IF NOT EXISTS square_refunds_due ON objects (json_extract(private, '$.settles_at'))
    WHERE kind = 'square.refund' AND json_extract(private, '$.settles_at') IS NOT NULL;
"""
_DUE = (
    "kind = 'square.refund' AND json_extract(private, '$.settles_at') IS NOT NULL"
    " AND json_extract(private, '$.settles_at') <= ?"
)
_FATE = "square_refund_fate"
_UNDONE = ("REJECTED", "FAILED")
_COURSES: Mapping[str, tuple[str, str | None]] = {
    "succeeds": ("COMPLETED", None),
    "succeeds_later": ("PENDING", "COMPLETED"),
    "fails": ("FAILED", None),
    "pends": ("PENDING", None),
    "pends_then_fails": ("PENDING", "FAILED"),
    "rejected": ("PENDING", "REJECTED"),
}
"""The first state of a refund, and the one that time brings."""
OUTCOMES = tuple(_COURSES)

_RULES: Mapping[str, Rule] = {
    "amount_money": Amount(1),
    "app_fee_money": Absent("fees of applications"),
    "cash_details": Absent("refunds in cash"),
    "customer_id": Absent("refunds that are not of a payment"),
    "destination_id": Absent("refunds that are not of a payment"),
    "external_details": Absent("refunds of other providers"),
    "idempotency_key": Text(LONGEST_KEY, 1),
    "location_id": Text(50),
    "payment_id": Text(192, 1),
    "payment_version_token": Text(192),
    "reason": Text(192),
    "team_member_id": Ignored(),
    "unlinked": Absent("refunds that are not of a payment"),
}
_LIST_RULES: Mapping[str, Rule] = {
    **listing.PAGE,
    **listing.SPANS,
    "location_id": Text(50),
    "sort_field": Choice(["CREATED_AT", "UPDATED_AT"]),
    "source_type": Choice(["CARD", "BANK_ACCOUNT"]),
    "status": Choice(STATUSES),
}


@dataclass(frozen=True)
class Fate:
    """What becomes of a refund; `after_s` where that takes time."""

    outcome: str
    after_s: int = SETTLES_AFTER_S


def create(bench: Workbench, call: Call) -> JsonObject:
    said = body_of(call.body, _RULES, ("idempotency_key", "amount_money"))
    if "payment_id" not in said:
        raise missing("payment_id")
    check_currency(call.account, said["amount_money"], "amount_money")
    payment = bench.books.get(PAYMENT, said["payment_id"], call.account)
    if payment is None:
        raise not_found("payment", said["payment_id"], "payment_id")
    token = said.get("payment_version_token")
    if token is not None and token != payment.body["version_token"]:
        raise refund_error("REFUND_DECLINED", "The payment has changed.", "payment_version_token")
    refund = give(bench, payment, said["amount_money"]["amount"], said.get("reason"))
    return {"refund": refund.body}


def give(
    bench: Workbench,
    payment: Record,
    amount: int | None,
    reason: str | None,
    fate: Fate | None = None,
) -> Record:
    """Give back some of a payment, or the rest where no amount is said; the caller commits.

    Raises as Square refuses it. Without a fate it is what was set for all, else later success.
    """
    amount = _refundable(bench, payment, amount)
    fate = fate or fates(bench) or Fate("succeeds_later")
    first, later = _COURSES[fate.outcome]
    id = f"{payment.id}_{bench.new_id(REFUND, '', 43)}"
    source = bench.known(ORDER, payment.body["order_id"])
    now = bench.stamp()
    body: JsonObject = {
        "id": id,
        "status": "PENDING",
        "location_id": payment.body["location_id"],
        "destination_type": payment.body["source_type"],
        "amount_money": {**payment.body["total_money"], "amount": amount},
        "payment_id": payment.id,
        "order_id": orders.returned(bench, source, amount, id).id,
        "created_at": now,
        "updated_at": now,
    }
    if reason:
        body["reason"] = reason
    private: JsonObject = {"settles_at": None}
    if later is not None:
        private = {"settles_at": bench.now() + fate.after_s, "settles_as": later}
    refund = bench.keep(payment.account, REFUND, id, body, private)
    payment.private["refunding"] += amount
    bench.books.save(payment)
    _tell(bench, refund, "refund.created")
    ids = [*payment.body.get("refund_ids", []), id]
    payments.change(bench, payment, refund_ids=ids)
    if first != "PENDING":
        settle(bench, refund, first)
    return refund


def settle(bench: Workbench, refund: Record, status: str) -> None:
    """Change a refund's state; money that did not arrive is the shop's again. The caller commits.

    One that is decided stays as it is.
    """
    refund.private["settles_at"] = None
    if refund.body["status"] != "PENDING" or status == "PENDING":
        bench.books.save(refund)
        return
    refund.body.update(status=status, updated_at=bench.stamp())
    bench.books.save(refund)
    _tell(bench, refund, "refund.updated")
    payment = bench.known(PAYMENT, refund.body["payment_id"])
    amount = refund.body["amount_money"]
    if status in _UNDONE:
        payment.private["refunding"] -= amount["amount"]
        bench.books.save(payment)
        return
    before = payment.body.get("refunded_money", {**amount, "amount": 0})["amount"]
    given = {**amount, "amount": before + amount["amount"]}
    payments.change(bench, payment, refunded_money=given)


def settle_due(bench: Workbench) -> bool:
    """Decide the refunds that take their time, in a transaction of its own."""
    due = bench.books.select(_DUE, (bench.now(),), index="square_refunds_due")
    if not due:
        return False
    with bench.books.transaction():
        for refund in due:
            settle(bench, refund, refund.private["settles_as"])
    return True


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    query_of(call.query, {})
    return {"refund": bench.need(call.account, REFUND, call.id, "refund_id").body}


def list_refunds(bench: Workbench, call: Call) -> JsonObject:
    """List all locations' refunds unless one is named; new ones come late."""
    asked = query_of(call.query, _LIST_RULES)
    conditions: list[listing.Condition] = [
        ("created <= ?", [bench.now() - readings.lag(bench)]),
        *listing.spans(asked),
    ]
    if "location_id" in asked:
        merchants.check(call.account, asked["location_id"], "location_id")
    names = {"location_id": "location_id", "status": "status", "source_type": "destination_type"}
    for name, path in names.items():
        if name in asked:
            conditions.append((f"json_extract(body, '$.{path}') = ?", [asked[name]]))
    wanted = listing.Wanted(
        account=call.account,
        kind=REFUND,
        conditions=conditions,
        by="updated_at" if asked.get("sort_field") == "UPDATED_AT" else "created_at",
        downwards=asked.get("sort_order", "DESC") == "DESC",
        limit=asked.get("limit", 100),
        cursor=asked.get("cursor"),
        shape=tuple(asked.get(name) for name in (*listing.SPANS, *names)),
    )
    found, cursor = listing.page(bench, wanted)
    return listing.in_page("refunds", [refund.body for refund in found], cursor)


def fates(bench: Workbench) -> Fate | None:
    """What was set for all refunds to come."""
    kept = bench.books.fact(_FATE)
    return None if not kept else Fate(**json.loads(kept))


def set_fates(bench: Workbench, fate: Fate | None) -> None:
    """Set the fate of the refunds to come, in a transaction of its own."""
    with bench.books.transaction():
        bench.books.set_fact(_FATE, "" if fate is None else json.dumps(asdict(fate)))


def _refundable(bench: Workbench, payment: Record, asked: int | None) -> int:
    """The amount that is to be given back, or Square's refusal."""
    if payment.body["status"] != "COMPLETED":
        raise refund_error(
            "REFUND_ERROR_PAYMENT_NEEDS_COMPLETION",
            f"Payment {payment.id} is {payment.body['status']}: only a completed one can be"
            " refunded.",
            "payment_id",
        )
    if disputes.forbids_refund(bench, payment):
        raise refund_error(
            "PAYMENT_NOT_REFUNDABLE_DUE_TO_DISPUTE",
            "The payment is disputed and cannot be refunded.",
            "payment_id",
        )
    total = payment.body["total_money"]
    given = payment.body.get("refunded_money", {"amount": 0})["amount"]
    left = total["amount"] - payment.private["refunding"]
    amount = left if asked is None else asked
    if 0 < amount <= left:
        return amount
    if 0 < amount <= total["amount"] - given:
        detail = "The payment already has a pending refund."
        raise refund_error("REFUND_ALREADY_PENDING", detail, "payment_id")
    raise refund_error(
        "REFUND_AMOUNT_INVALID",
        f"The requested refund amount exceeds the {shown(left, total['currency'])} left of the"
        " payment.",
        "amount_money.amount",
    )


def _tell(bench: Workbench, refund: Record, type: str) -> None:
    about = events.About("refund", refund.id, "refund", refund.body)
    events.record(bench, refund.account, type, about, Cause())
