"""Stripe Checkout's strategy over a scripted wire."""

import json
from typing import Any
from urllib.parse import parse_qs

import httpx

from app.domain.observation import Source
from app.providers.kinds.stripe_checkout import StripeCheckout
from tests.parts.clock import START, VirtualClock
from tests.parts.stripe import SECRET, Raw, Wire

ACCOUNT = {"id": "acct_1", "object": "account"}


def strategy(wire: Wire, *, adopted: bool = True, **changes: Any) -> StripeCheckout:
    usual: dict[str, Any] = {"clock": VirtualClock(), "webhook_secrets": (SECRET,)}
    made = StripeCheckout("main", "sk_test_1", transport=wire, **usual | changes)
    if adopted:
        made.adopt("acct_1")
    return made


def dated(date: str) -> Raw:
    return Raw(200, json.dumps(ACCOUNT).encode(), {"Date": date})


def form(request: httpx.Request) -> dict[str, list[str]]:
    return parse_qs(request.content.decode())


async def listed(till: StripeCheckout) -> Any:
    return [seen async for seen in till.list_since(START, source=Source.SWEEP)]
