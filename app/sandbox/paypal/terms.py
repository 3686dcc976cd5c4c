"""What a payment costs the shop. Illustrative: PayPal's own fees depend on the contract."""

from dataclasses import dataclass

from app.sandbox.agreed import Agreed, share
from app.sandbox.books import JsonObject
from app.sandbox.paypal.money import money
from app.sandbox.paypal.workbench import Workbench


@dataclass(frozen=True, kw_only=True)
class Terms:
    """A share in hundredths of a per cent, a fixed part, and what a chargeback costs."""

    basis_points: int = 349
    fixed_minor: int = 49
    dispute_minor: int = 1500


_AGREED = Agreed("paypal_terms", Terms())
terms = _AGREED.now
set_terms = _AGREED.change


def fee_of(bench: Workbench, minor: int) -> int:
    """The fee of a capture, rounded half to even; never more than the capture."""
    agreed = terms(bench)
    return min(minor, share(minor, agreed.basis_points, 10_000) + agreed.fixed_minor)


def receivable(bench: Workbench, minor: int, currency: str) -> JsonObject:
    """The breakdown of a capture that has come to be the shop's."""
    fee = fee_of(bench, minor)
    return {
        "gross_amount": money(minor, currency),
        "paypal_fee": money(fee, currency),
        "net_amount": money(minor - fee, currency),
    }


def payable(minor: int, refunded_minor: int, currency: str) -> JsonObject:
    """The breakdown of a refund: the fee of the payment is kept."""
    return {
        "gross_amount": money(minor, currency),
        "paypal_fee": money(0, currency),
        "net_amount": money(minor, currency),
        "total_refunded_amount": money(refunded_minor, currency),
    }
