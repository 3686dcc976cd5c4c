"""What Razorpay keeps of each payment: a fee that includes the tax on it.

Illustrative, as the real fee depends on the contract. Integers of the smallest unit; what must be
rounded is rounded half to even.
"""

from dataclasses import dataclass

from app.sandbox.agreed import Agreed, share
from app.sandbox.books import Record
from app.sandbox.razorpay.workbench import Workbench


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The share of the amount, a fixed part, the tax on both, and when it is known.

    `after_s` after its capture; until then a payment's `fee` and `tax` are null.
    """

    per_mille: int = 20
    fixed_minor: int = 0
    tax_per_mille: int = 180
    after_s: int = 0


_AGREED = Agreed("razorpay_terms", Terms())
terms = _AGREED.now
set_terms = _AGREED.change


def post(bench: Workbench, payment: Record) -> None:
    """Charge for a captured payment now, or see to it that it is charged; the caller saves it."""
    if after_s := terms(bench).after_s:
        payment.private["fee_at"] = bench.now() + after_s
    else:
        _charge(bench, payment)


def post_due(bench: Workbench) -> bool:
    """Charge for the payments whose time has come, in a transaction of its own; no notice tells."""
    due = bench.due("razorpay.payment", "fee_at")
    if not due:
        return False
    with bench.books.transaction():
        for payment in due:
            del payment.private["fee_at"]
            _charge(bench, payment)
            bench.books.save(payment)
    return True


def _charge(bench: Workbench, payment: Record) -> None:
    agreed, amount = terms(bench), payment.body["amount"]
    fee = share(amount, agreed.per_mille) + agreed.fixed_minor
    tax = share(fee, agreed.tax_per_mille)
    payment.body.update(fee=min(amount, fee + tax), tax=min(amount, tax))
