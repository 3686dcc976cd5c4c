"""Stripe's payment links in small: the objects, and their strategy over a scripted wire."""

import asyncio
from typing import Any

import httpx

from app.domain.observation import Observation, Source
from app.providers.kinds.stripe_links import StripeLinks
from tests.parts.clock import START, VirtualClock
from tests.parts.stripe import (
    REFERENCE,
    SECRET,
    Wire,
    intent,
    session,
)

LINK = "https://buy.stripe.com/test_14k5nQ2Ob7Ix3mgcMM"
STAMP = int(START.timestamp())


def strategy(wire: Wire, **changes: Any) -> StripeLinks:
    usual: dict[str, Any] = {"clock": VirtualClock(), "webhook_secrets": (SECRET,)}
    made = StripeLinks("links", "sk_test_1", transport=wire, **usual | changes)
    made.adopt("acct_1")
    return made


def link(**changes: Any) -> dict[str, Any]:
    """Give an active link of 5.00 EUR as Stripe sends it."""
    return {
        "id": "plink_1",
        "object": "payment_link",
        "active": True,
        "currency": "eur",
        "livemode": False,
        "line_items": page(item(300), item(200)),
        "metadata": {"reference": str(REFERENCE), "made": str(STAMP)},
        "restrictions": {"completed_sessions": {"count": 0, "limit": 1}},
        "url": LINK,
        **changes,
    }


def item(minor: Any, currency: str = "eur") -> dict[str, Any]:
    return {"id": "li_1", "object": "item", "amount_total": minor, "currency": currency}


def visit(name: str = "cs_1", **changes: Any) -> dict[str, Any]:
    usual = {"payment_link": "plink_1", "client_reference_id": None}
    return session(id=name, **usual | changes)


def bought(name: str = "cs_1", payment: str = "pi_1") -> dict[str, Any]:
    taken = intent(id=payment)
    return visit(name, status="complete", payment_status="paid", payment_intent=taken)


def page(*data: Any, has_more: bool = False) -> dict[str, Any]:
    return {"object": "list", "url": "/v1/x", "data": list(data), "has_more": has_more}


def looked_at(*answers: Any) -> Observation:
    return asyncio.run(strategy(Wire(*answers)).fetch("plink_1", source=Source.POLL))


USED_UP = {"restrictions": {"completed_sessions": {"count": 1, "limit": 1}}}
OFF = {"active": False}
TRIED: dict[str, Any] = {
    "payment_intent": intent("requires_payment_method", last_payment_error={"code": "no"})
}


def closed(*answers: Any) -> tuple[Observation, list[httpx.Request]]:
    wire = Wire(*answers)
    seen = asyncio.run(strategy(wire).close_session("plink_1", key="t-1-close-1"))
    return seen, wire.requests
