"""Stripe's payment links: parameters out, observations in. Pure functions.

A link opens a Checkout Session for each visit, and any of them may be paid: what is known of a link
is what is known of all its sessions. Source: Stripe's API reference, Payment Links, version
2026-10-28.endive. Its documents do not say whether a session that was open before its link was used
up or deactivated can still be paid; here it is taken for payable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from app.domain.money import Money
from app.domain.observation import Observation, SessionState, Source
from app.errors import Message, Protocol
from app.providers.strategy import SessionRequest
from app.providers.stripe.sessions import (
    PROVIDER,
    asked_for,
    decline_of,
    link_of,
    money_from,
    observation_from,
    reference_of,
    text_of,
)

_MADE: Final = "made"
_MONEY: Final = (SessionState.PAID, SessionState.PROCESSING)


def link_parameters(request: SessionRequest, *, made_at: datetime) -> dict[str, Any]:
    """Build what a link is created with; plain JSON data.

    A link does not say when it was made, so its metadata does, by Stripe's clock.
    """
    asked = asked_for(request)
    return {
        **asked,
        "metadata": {**asked["metadata"], _MADE: str(int(made_at.timestamp()))},
        "restrictions": {"completed_sessions": {"limit": 1}},
        "after_completion": {"type": "redirect", "redirect": {"url": request.success_url}},
        "expand": ["line_items"],
    }


def made_at(link: Mapping[str, Any]) -> datetime | None:
    """Say when one of ours was asked for, None where it does not tell."""
    metadata = link.get("metadata")
    text = str(metadata.get(_MADE)) if isinstance(metadata, Mapping) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 11):
        return None
    return datetime.fromtimestamp(int(text), UTC)


def amount_of(link: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> Money:
    """Add up what a link asks for. Raises Protocol where its lines do not make one amount."""
    lines = [money_from(item.get("amount_total"), item.get("currency")) for item in items]
    total = money_from(sum(line.minor for line in lines), link.get("currency"))
    if not lines or any(line.currency != total.currency for line in lines):
        raise Protocol(Message("Stripe sent a payment link without a sum"))
    return total


def observation_of(
    link: Mapping[str, Any],
    sessions: Sequence[Mapping[str, Any]],
    *,
    source: Source,
    provider_account: str,
    at: datetime,
    is_whole: bool = True,
) -> Observation:
    """Read a link with its sessions, newest first. Raises Protocol where they prove nothing.

    The link is to be read before its sessions: one that takes no more visits then has no others.
    Where `sessions` may not be all of them (`is_whole`), only money is told, and nothing is final.
    """
    link_id = text_of(link, "id")
    if any(link_of(session) != link_id for session in sessions):
        raise Protocol(Message("Stripe lists sessions that are not of this payment link"))
    visits = [
        observation_from(each, source=source, provider_account=provider_account, at=at)
        for each in sessions
    ]
    live = link.get("livemode") is True
    if any(visit.live != live for visit in visits):
        raise Protocol(Message("Stripe mixes test money and live money in one payment link"))
    states = {visit.state for visit in visits}
    takes_visits = _takes_visits(link)
    if not is_whole or takes_visits:
        states.add(SessionState.OPEN)
    state = next((known for known in _BY_WEIGHT if known in states), SessionState.EXPIRED)
    return Observation(
        source=source,
        provider=PROVIDER,
        provider_account=provider_account,
        live=live,
        reference=reference_of(link),
        session_id=link_id,
        state=state,
        observed_at=at,
        # Who paid first is accepted first.
        payments=tuple(paid for visit in reversed(visits) for paid in visit.payments),
        is_final=states.isdisjoint(_UNDECIDED),
        decline=_decline(sessions) if state is SessionState.OPEN else None,
        subscription_id=_subscription(visits),
    )


def news_of_visit(seen: Observation, link_id: str) -> Observation | None:
    """Say what a look at one session means for its link: money, or nothing that counts.

    Another session of it may be open, so nothing is final.
    """
    if seen.state not in _MONEY:
        return None
    return replace(seen, session_id=link_id, is_final=False, decline=None)


def open_sessions(sessions: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name those that can still be paid."""
    return [text_of(each, "id") for each in sessions if each.get("status") == "open"]


def _subscription(visits: Sequence[Observation]) -> str:
    """Name the subscription of whoever began one first; visits come newest first."""
    begun = (visit.subscription_id for visit in reversed(visits) if visit.state in _MONEY)
    return next((each for each in begun if each), "")


def _takes_visits(link: Mapping[str, Any]) -> bool:
    """Say whether a link opens further sessions: active, and not paid as often as it may be."""
    active = link.get("active")
    if not isinstance(active, bool):
        raise Protocol(Message("Stripe sent a payment link in a state that the till does not know"))
    restrictions = link.get("restrictions")
    limit = restrictions.get("completed_sessions") if isinstance(restrictions, Mapping) else None
    if not active or not isinstance(limit, Mapping):
        return active
    count, most = limit.get("count"), limit.get("limit")
    return not (type(count) is int and type(most) is int and count >= most)


def _decline(sessions: Sequence[Mapping[str, Any]]) -> str | None:
    """Give the refusal of the newest session at which somebody tried to pay."""
    tries = (decline_of(each.get("payment_intent")) for each in sessions)
    return next((told for told in tries if told is not None), None)


_UNDECIDED: Final = frozenset({SessionState.OPEN, SessionState.PROCESSING})
_BY_WEIGHT: Final = (*_MONEY, SessionState.OPEN, SessionState.FAILED)
"""What counts most: money, then that money may come, then that it did not."""
