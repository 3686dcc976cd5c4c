"""Razorpay's payment links: parameters out, observations in. Pure functions.

Source: Razorpay's API reference, Payment Links. A link has no lines; its amount paid comes without
a currency, so that the payments themselves are read.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from app.domain.observation import Observation, SessionState, Source
from app.errors import Message, Protocol
from app.providers.razorpay.client import PROVIDER
from app.providers.razorpay.documents import note_of, objects_in, text_of
from app.providers.razorpay.payments import decline_of, may_come_late, taken_by, waits_for_capture
from app.providers.strategy import SessionRequest

LONGEST_DESCRIPTION: Final = 2048


def link_parameters(request: SessionRequest, *, expire_by: int) -> dict[str, Any]:
    """Build what a link is created with; plain JSON data, the same for the same request."""
    reference = str(request.reference)
    parameters: dict[str, Any] = {
        "amount": request.amount.minor,
        "currency": request.amount.currency,
        "accept_partial": False,
        "reference_id": reference,
        "description": description_of(request),
        "expire_by": expire_by,
        # The customer stands at the counter: nobody is written to.
        "notify": {"sms": False, "email": False},
        "reminder_enable": False,
        "notes": {"reference": reference},
    }
    if callback := _callback(request.success_url):
        parameters |= {"callback_url": callback, "callback_method": "get"}
    return parameters


def description_of(request: SessionRequest) -> str:
    """Say in one text what is paid for."""
    return ", ".join(line.name for line in request.lines)[:LONGEST_DESCRIPTION]


def reference_of(link: Mapping[str, Any]) -> str:
    """Give our reference as Razorpay gives it back, or an empty text."""
    reference = link.get("reference_id")
    return reference if isinstance(reference, str) and reference else note_of(link, "reference")


def page_of(link: Mapping[str, Any]) -> str:
    """Give the page of a link that can be paid, nothing of one that is over."""
    return str(link.get("short_url") or "") if link.get("status") == "created" else ""


def payment_ids(link: Mapping[str, Any]) -> list[str]:
    """Name the payments that a link tells of; each is to be read by itself."""
    return [text_of(entry, "payment_id") for entry in objects_in(link, "payments")]


def observation_from(
    link: Mapping[str, Any],
    tries: Sequence[Mapping[str, Any]] | None,
    *,
    source: Source,
    provider_account: str,
    live: bool,
    at: datetime,
    now: datetime,
    event_id: str = "",
) -> Observation:
    """Read a link with the payments made or tried by it, None where nothing is known of these.

    `now` is the provider's clock. Raises Protocol where it proves nothing.
    """
    known = tries or ()
    taken = taken_by(known)
    state = _state(link, is_taken=bool(taken), waits=waits_for_capture(known))
    is_over = state is SessionState.EXPIRED and not may_come_late(known, now)
    return Observation(
        source=source,
        provider=PROVIDER,
        provider_account=provider_account,
        live=live,
        reference=reference_of(link),
        session_id=text_of(link, "id"),
        state=state,
        observed_at=at,
        payments=taken,
        is_final=is_over or state is SessionState.PAID,
        decline=decline_of(known) if state is SessionState.OPEN and tries is not None else None,
        event_id=event_id,
    )


def _state(link: Mapping[str, Any], *, is_taken: bool, waits: bool) -> SessionState:
    match link.get("status"):
        case "partially_paid":
            return SessionState.PROCESSING
        case "created" | "expired" | "cancelled" | "paid" if is_taken:
            # Money that was taken counts, whatever became of the link before it.
            return SessionState.PAID
        case "created" | "expired" | "cancelled" if waits:
            return SessionState.PROCESSING
        case "created":
            return SessionState.OPEN
        case "expired" | "cancelled":
            return SessionState.EXPIRED
        case "paid":
            raise Protocol(Message("Razorpay calls a link paid without saying by which payment"))
        case _:
            raise Protocol(
                Message("Razorpay sent a link in a state that the till does not know"),
                repr(link.get("status")),
            )


def _callback(url: str) -> str:
    """Give the address to come back to without another provider's placeholder in it."""
    parts = urlsplit(url)
    kept = [each for each in parts.query.split("&") if each and "{" not in each]
    return urlunsplit(parts._replace(query="&".join(kept)))
