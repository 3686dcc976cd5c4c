"""Refunds: whole or in parts, never more than was captured and not yet given back."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from app.sandbox.books import JsonObject, Record
from app.sandbox.razorpay import charges, currencies, events, objects
from app.sandbox.razorpay.errors import bad_request, not_allowed, unknown_id
from app.sandbox.razorpay.listings import page
from app.sandbox.razorpay.parameters import Listing, NewRefund, NoFilter, read
from app.sandbox.razorpay.workbench import Call, Workbench, collection

KIND: Final = "razorpay.refund"
SETTLES_AFTER_S = 60
"""How long a refund stays undecided where it takes its time."""
STATUSES = ("pending", "processed", "failed")
OLDEST_PAYMENT_S = 183 * 86_400
_FATE = "razorpay_refund_fate"
_COURSES: Mapping[str, tuple[str, str | None]] = {
    "succeeds": ("processed", None),
    "succeeds_later": ("pending", "processed"),
    "fails": ("pending", None),
    "pends": ("pending", None),
    "pends_then_fails": ("pending", "failed"),
}
"""The first state of a refund, and the one that time brings."""
OUTCOMES = tuple(_COURSES)


@dataclass(frozen=True)
class Fate:
    """What becomes of a refund; `after_s` where that takes time."""

    outcome: str = "succeeds"
    after_s: int = SETTLES_AFTER_S


def create(bench: Workbench, call: Call) -> JsonObject:
    asked = read(NewRefund, call.params)
    payment = bench.need(call.account, charges.KIND, call.id)
    return give(bench, payment, asked.model_dump(exclude_none=True)).body


def give(
    bench: Workbench, payment: Record, params: JsonObject, *, fate: Fate | None = None
) -> Record:
    """Give back a captured payment's `amount`, or what is left of it; the caller commits.

    Raises as Razorpay refuses it. Without a fate it is what was set for all.
    """
    amount = _refundable(bench, payment, params)
    fate = fate or fates(bench) or Fate()
    first, later = _COURSES[fate.outcome]
    refund = _add(bench, payment, amount, params)
    if later is not None:
        refund.private.update(settles_at=bench.now() + fate.after_s, settles_as=later)
        bench.books.save(refund)
    _tell(bench, "refund.created", refund)
    if first == "processed":
        _processed(bench, refund)
    if fate.outcome == "fails":
        settle(bench, refund, "failed")
    return refund


def return_uncaptured(bench: Workbench, payment: Record) -> None:
    """Give back what a bank had promised and nobody captured; the caller commits."""
    payment.private["settles_at"] = None
    refund = _add(bench, payment, payment.body["amount"], {})
    _tell(bench, "refund.created", refund)
    _processed(bench, refund)


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    read(NoFilter, call.params)
    refund = bench.need(call.account, KIND, call.ids[-1])
    if len(call.ids) > 1 and refund.body["payment_id"] != call.id:
        raise unknown_id()
    return refund.body


def listing(bench: Workbench, call: Call) -> JsonObject:
    return page(bench, call.account, KIND, read(Listing, call.params))


def of_payment(bench: Workbench, call: Call) -> JsonObject:
    asked = read(Listing, call.params)
    payment = bench.need(call.account, charges.KIND, call.id)
    found = bench.of(call.account, KIND, "payment_id", payment.id)[::-1]
    return collection([refund.body for refund in found[asked.skip : asked.skip + asked.count]])


def fates(bench: Workbench) -> Fate | None:
    """What was set for all refunds to come."""
    kept = bench.books.fact(_FATE)
    return None if not kept else Fate(**json.loads(kept))


def set_fates(bench: Workbench, fate: Fate | None) -> None:
    """Set the fate of the refunds to come, in a transaction of its own."""
    with bench.books.transaction():
        bench.books.set_fact(_FATE, "" if fate is None else json.dumps(asdict(fate)))


def settle(bench: Workbench, refund: Record, status: str) -> None:
    """Decide a pending refund; money that did not arrive is the shop's again. The caller commits.

    One that is decided stays as it is.
    """
    refund.private["settles_at"] = None
    bench.books.save(refund)
    if refund.body["status"] != "pending" or status == "pending":
        return
    if status == "processed":
        _processed(bench, refund)
        return
    refund.body.update(status="failed", speed_processed=None)
    bench.books.save(refund)
    _book(bench, refund, -refund.body["amount"])
    _tell(bench, "refund.failed", refund)


def settle_due(bench: Workbench) -> bool:
    """Decide the refunds that take their time, in a transaction of its own."""
    due = bench.due(KIND, "settles_at")
    if not due:
        return False
    with bench.books.transaction():
        for refund in due:
            settle(bench, refund, refund.private["settles_as"])
    return True


def _refundable(bench: Workbench, payment: Record, params: JsonObject) -> int:
    """The amount that is to be given back, or Razorpay's refusal."""
    body = payment.body
    left = body["amount"] - body["amount_refunded"]
    if body["status"] == "refunded" and left == 0:
        raise not_allowed("The payment has been fully refunded already")
    if body["status"] != "captured":
        raise not_allowed("The payment status should be captured for action to be taken")
    if bench.now() - payment.created > OLDEST_PAYMENT_S:
        raise not_allowed("Refund is not supported for payments older than 6 months")
    amount = int(params.get("amount", left))
    if amount > left:
        raise bad_request("The refund amount provided is greater than amount captured", "amount")
    currencies.check(amount, body["currency"])
    return amount


def _add(bench: Workbench, payment: Record, amount: int, params: JsonObject) -> Record:
    body = objects.refund(
        id=bench.id_for(KIND, "rfnd_"),
        created=bench.now(),
        amount=amount,
        payment=payment.body,
        params=params,
    )
    private = {"was_captured": payment.private["was_captured"]}
    refund = bench.keep(payment.account, KIND, body, private)
    _book(bench, refund, amount, payment)
    return refund


def _processed(bench: Workbench, refund: Record) -> None:
    refund.body.update(status="processed", acquirer_data={"arn": bench.ids("1000", 10)})
    bench.books.save(refund)
    _tell(bench, "refund.processed", refund)


def _book(bench: Workbench, refund: Record, amount: int, payment: Record | None = None) -> None:
    payment = payment or bench.need(refund.account, charges.KIND, refund.body["payment_id"])
    refunded = payment.body["amount_refunded"] + amount
    is_whole = refunded == payment.body["amount"]
    part = "partial" if refunded else None
    payment.body.update(
        amount_refunded=refunded,
        refund_status="full" if is_whole else part,
        status="refunded" if is_whole else "captured",
    )
    bench.books.save(payment)


def _tell(bench: Workbench, name: str, refund: Record) -> None:
    payment = bench.need(refund.account, charges.KIND, refund.body["payment_id"])
    events.record(bench, name, refund.account, payment=payment.body, refund=refund.body)
