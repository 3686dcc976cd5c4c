"""What a payment costs: known some time after it, and told as `payment.updated`.

Fees are illustrative, as Square's own depend on the contract. What must be rounded is rounded half
to even.
"""

from dataclasses import dataclass

from app.sandbox.agreed import Agreed, share
from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.square import events
from app.sandbox.square.workbench import Workbench

SCHEMA = """
CREATE INDEX IF NOT EXISTS square_fees_due ON objects (json_extract(private, '$.fee_at'))
    WHERE kind = 'square.payment' AND json_extract(private, '$.fee_at') IS NOT NULL;
"""
_DUE = (
    "kind = 'square.payment' AND json_extract(private, '$.fee_at') IS NOT NULL"
    " AND json_extract(private, '$.fee_at') <= ?"
)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a payment costs, and how long after it that is known."""

    per_mille: int = 29
    fixed_minor: int = 30
    after_s: int = 3


_AGREED = Agreed("square_terms", Terms())
terms = _AGREED.now
set_terms = _AGREED.change


def schedule(bench: Workbench, payment: Record) -> None:
    """Decide what a completed payment costs, to be known later; the caller commits."""
    own = terms(bench)
    fee = share(payment.body["total_money"]["amount"], own.per_mille) + own.fixed_minor
    payment.private.update(fee=fee, fee_at=bench.now() + own.after_s)
    bench.books.save(payment)


def settle_due(bench: Workbench) -> bool:
    """Tell the fees whose time has come, in a transaction of its own."""
    due = bench.books.select(_DUE, (bench.now(),), index="square_fees_due")
    if not due:
        return False
    with bench.books.transaction():
        for payment in due:
            _tell(bench, payment)
    return True


def of_payment(payment: JsonObject) -> int | None:
    """The sum of a payment's fees; None before they are known."""
    fees = payment.get("processing_fee")
    return None if fees is None else sum(each["amount_money"]["amount"] for each in fees)


def _tell(bench: Workbench, payment: Record) -> None:
    payment.private["fee_at"] = None
    currency = payment.body["total_money"]["currency"]
    payment.body["processing_fee"] = [
        {
            "effective_at": bench.stamp(),
            "type": "INITIAL",
            "amount_money": {"amount": payment.private["fee"], "currency": currency},
        }
    ]
    payment.body["updated_at"] = bench.stamp()
    payment.body["version_token"] = bench.ids("", 45)
    bench.books.save(payment)
    about = events.About("payment", payment.id, "payment", payment.body)
    events.record(bench, payment.account, "payment.updated", about, Cause())
