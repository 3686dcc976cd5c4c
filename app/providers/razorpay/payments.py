"""What Razorpay says of payments: money only once it is captured, by the payment itself.

Source: Razorpay's API reference, Payments. Authorized is not paid: what nobody captures goes back.
A payment that failed may be authorized late, so that a session with a try is not over at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from app.domain.observation import SeenPayment
from app.errors import Message, Protocol
from app.providers.razorpay.amounts import money_from
from app.providers.razorpay.documents import moment_from, text_of

LATE_WITHIN: Final = timedelta(days=3)
"""For how long after a try its money may still come; Razorpay returns it uncaptured after that."""
_STATUSES: Final = frozenset({"created", "authorized", "captured", "refunded", "failed"})


def seen_payment(payment: Mapping[str, Any]) -> SeenPayment:
    """Read a captured payment."""
    amount = money_from(payment.get("amount"), payment.get("currency"))
    if amount.minor <= 0:
        raise Protocol(Message("Razorpay sent an amount that is none"), str(amount))
    return SeenPayment(text_of(payment, "id"), amount)


def is_captured(payment: Mapping[str, Any]) -> bool:
    """Say whether money was taken, whatever was given back since; a state must be a known one."""
    status = payment.get("status")
    if status not in _STATUSES:
        raise Protocol(
            Message("Razorpay sent a payment in a state that the till does not know"), repr(status)
        )
    # What was returned without ever being captured is `refunded` as well.
    return status == "captured" or (status == "refunded" and payment.get("captured") is True)


def taken_by(payments: Iterable[Mapping[str, Any]]) -> tuple[SeenPayment, ...]:
    """Give the money that was taken."""
    return tuple(seen_payment(payment) for payment in payments if is_captured(payment))


def waits_for_capture(tries: Iterable[Mapping[str, Any]]) -> bool:
    """Say whether a bank has promised money that is not taken yet."""
    return any(payment.get("status") == "authorized" for payment in tries)


def may_come_late(tries: Iterable[Mapping[str, Any]], now: datetime) -> bool:
    """Say whether a try that brought nothing may still bring money."""
    return any(
        payment.get("status") in {"created", "failed"}
        and now - (moment_from(payment.get("created_at")) or now) < LATE_WITHIN
        for payment in tries
    )


def decline_of(tries: Sequence[Mapping[str, Any]]) -> str:
    """Give Razorpay's reason for refusing the newest try, or an empty text."""
    if not tries:
        return ""
    newest = max(enumerate(tries), key=lambda each: (_made(each[1]), -each[0]))[1]
    if newest.get("status") != "failed":
        return ""
    return str(newest.get("error_reason") or newest.get("error_code") or "payment_failed")


def _made(payment: Mapping[str, Any]) -> int:
    made = payment.get("created_at")
    return made if isinstance(made, int) else 0
