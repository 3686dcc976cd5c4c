"""Square's payments: what was taken, what is under way, what was refused. Pure functions.

Source: Square's API reference, The Payment object, version 2026-09-16.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from app.domain.attempt import Reference
from app.domain.observation import SeenPayment
from app.errors import Message, Protocol
from app.providers.square.amounts import money_from
from app.providers.square.documents import each_of, text_of

PROVIDER: Final = "square"
UNDER_WAY: Final = frozenset({"APPROVED", "PENDING"})
REFUSED: Final = frozenset({"FAILED", "CANCELED"})
_STATUSES: Final = UNDER_WAY | REFUSED | {"COMPLETED"}
_WAYS: Final = (
    *("card_details", "bank_account_details", "wallet_details", "buy_now_pay_later_details"),
    "square_account_details",
)


def status_of(payment: Mapping[str, Any]) -> str:
    """Give a payment's status. Raises Protocol for one that the till does not know."""
    status = payment.get("status")
    if not isinstance(status, str) or status not in _STATUSES:
        raise Protocol(
            Message("Square sent a payment in a state that the till does not know"), repr(status)
        )
    return status


def seen_payment(payment: Mapping[str, Any]) -> SeenPayment:
    """Read what was taken, a tip included. Raises Protocol where that is not said."""
    total = payment.get("total_money") or payment.get("amount_money")
    return SeenPayment(text_of(payment, "id"), money_from(total))


def reference_of(payment: Mapping[str, Any]) -> str:
    """Give our reference, which is the payment's note, or an empty text for any other note."""
    note = str(payment.get("note") or "")
    return note if Reference.parse(note) is not None else ""


def is_by_kept_card(payment: Mapping[str, Any]) -> bool:
    """Say whether nobody entered the card: Square keeps it, as it does those of subscribers."""
    details = payment.get("card_details")
    return isinstance(details, Mapping) and details.get("entry_method") == "ON_FILE"


def decline_of(payments: Sequence[Mapping[str, Any]]) -> str:
    """Give Square's code for the newest try where that was refused, else an empty text."""
    newest = max(payments, key=lambda each: str(each.get("created_at") or ""), default=None)
    if newest is None or status_of(newest) not in REFUSED:
        return ""
    return next(_codes(newest), "") or "declined"


def _codes(payment: Mapping[str, Any]) -> Iterator[str]:
    for way in _WAYS:
        details = payment.get(way)
        if isinstance(details, Mapping):
            for error in each_of(details, "errors"):
                yield str(error.get("code") or "")
