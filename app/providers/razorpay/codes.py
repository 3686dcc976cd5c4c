"""Razorpay's UPI QR codes: parameters out, observations in. Pure functions.

Source: Razorpay's API reference, QR Codes. A code knows our reference from its notes alone, and
what was tried by it in vain it does not tell.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from app.domain.observation import Observation, SessionState, Source
from app.errors import Message, Protocol
from app.providers.razorpay.client import PROVIDER
from app.providers.razorpay.documents import note_of, text_of
from app.providers.razorpay.links import description_of
from app.providers.razorpay.payments import taken_by, waits_for_capture
from app.providers.strategy import SessionRequest

_SINCE: Final = "since"
_CODE: Final = "code"


def code_parameters(request: SessionRequest, *, since: int, close_by: int) -> dict[str, Any]:
    """Build what a code is created with, and from when on it may exist, in epoch seconds."""
    return {
        _SINCE: since,
        _CODE: {
            "type": "upi_qr",
            "usage": "single_use",
            "fixed_amount": True,
            "payment_amount": request.amount.minor,
            "description": description_of(request),
            "close_by": close_by,
            "notes": {"reference": str(request.reference)},
        },
    }


def taken_apart(parameters: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
    """Give back from when on a code may exist, and what it is created with."""
    return int(parameters[_SINCE]), parameters[_CODE]


def reference_of(code: Mapping[str, Any]) -> str:
    """Give our reference as Razorpay gives it back, or an empty text."""
    return note_of(code, "reference")


def is_active(code: Mapping[str, Any]) -> bool:
    """Say whether a code can be paid."""
    return code.get("status") == "active"


def is_paid(code: Mapping[str, Any]) -> bool:
    """Say whether money came by a code."""
    return code.get("close_reason") == "paid" or bool(code.get("payments_count_received"))


def may_be_paid(code: Mapping[str, Any]) -> bool:
    """Say whether its payments have to be read."""
    return not is_active(code) or code.get("payments_count_received") != 0


def observation_from(
    code: Mapping[str, Any],
    payments: Sequence[Mapping[str, Any]],
    *,
    source: Source,
    provider_account: str,
    live: bool,
    at: datetime,
    event_id: str = "",
) -> Observation:
    """Read a code with the payments that came by it. Raises Protocol where it proves nothing."""
    taken = taken_by(payments)
    state = SessionState.PAID if taken else _state(code, waits=waits_for_capture(payments))
    return Observation(
        source=source,
        provider=PROVIDER,
        provider_account=provider_account,
        live=live,
        reference=reference_of(code),
        session_id=text_of(code, "id"),
        state=state,
        observed_at=at,
        payments=taken,
        is_final=state in {SessionState.PAID, SessionState.EXPIRED},
        event_id=event_id,
    )


def _state(code: Mapping[str, Any], *, waits: bool) -> SessionState:
    match code.get("status"), code.get("close_reason"):
        case "active" | "closed", _ if waits:
            return SessionState.PROCESSING
        case "active", _:
            return SessionState.OPEN
        case "closed", "paid":
            # Its payment is not on the list yet.
            return SessionState.PROCESSING
        case "closed", _:
            return SessionState.EXPIRED
        case _:
            raise Protocol(
                Message("Razorpay sent a code in a state that the till does not know"),
                repr(code.get("status")),
            )
